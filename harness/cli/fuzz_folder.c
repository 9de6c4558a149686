/* The folder of a search: everything is written as soon as it is known, so that
 * an end at any moment loses nothing. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/fuzz.h"
#include "weir/spec.h"

enum { PATH_SIZE = WEIR_PLACE_MAX + 64 };

static weir_status complain(const char *path, weir_problem *problem) {
  return weir_fail(problem, WEIR_IO, 0, "%s: %s", path, strerror(errno != 0 ? errno : EIO));
}

/* Every folder on the way, too. */
static weir_status make_folder(const char *path, weir_problem *problem) {
  char part[PATH_SIZE];
  (void)snprintf(part, sizeof part, "%s", path);
  for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (mkdir(part, 0777) != 0 && errno != EEXIST) return complain(part, problem);
    *slash = '/';
  }
  if (mkdir(part, 0777) != 0 && errno != EEXIST) return complain(part, problem);
  return WEIR_OK;
}

bool weir_fuzz_folder_place(weir_fuzz_folder *folder, const char *out) {
  int size = out != NULL ? snprintf(folder->path, sizeof folder->path, "%s", out)
                         : snprintf(folder->path, sizeof folder->path, "weir-fuzz/%s", folder->target);
  for (char *at = folder->path + sizeof "weir-fuzz"; out == NULL && *at != '\0'; at++)
    if (*at == '/' || *at == ' ') *at = '-'; /* the name of one folder */
  if (size >= 0 && (size_t)size < sizeof folder->path) return true;
  weir_cli_say("the name of the folder is too long");
  return false;
}

weir_status weir_fuzz_folder_open(weir_fuzz_folder *folder, weir_problem *problem) {
  static const char *const inner[] = {"pool", "findings"};
  for (size_t i = 0; i < sizeof inner / sizeof *inner; i++) {
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/%s", folder->path, inner[i]);
    weir_status status = make_folder(path, problem);
    if (status != WEIR_OK) return status;
  }
  return WEIR_OK;
}

/* ---- State */

uint64_t weir_fuzz_folder_runs(const weir_fuzz_folder *folder) {
  char path[PATH_SIZE];
  uint64_t runs = 0;
  (void)snprintf(path, sizeof path, "%s/state", folder->path);
  FILE *in = fopen(path, "re");
  if (in == NULL) return 0;
  char line[64] = "";
  if (fgets(line, sizeof line, in) != NULL && strncmp(line, "runs ", 5) == 0) runs = strtoull(line + 5, NULL, 10);
  (void)fclose(in);
  return runs;
}

weir_status weir_fuzz_folder_keep_runs(const weir_fuzz_folder *folder, uint64_t runs, weir_problem *problem) {
  char path[PATH_SIZE];
  weir_cli_output output;
  (void)snprintf(path, sizeof path, "%s/state", folder->path);
  weir_status status = weir_cli_output_open(&output, path, problem);
  if (status != WEIR_OK) return status;
  (void)fprintf(output.stream, "runs %" PRIu64 "\n", runs);
  return weir_cli_output_close(&output, problem);
}

/* ---- The pool */

weir_status weir_fuzz_folder_put(const weir_fuzz_folder *folder, const weir_scenario *scenario, bool in,
                                 weir_problem *problem) {
  char path[PATH_SIZE];
  (void)snprintf(path, sizeof path, "%s/pool/%016" PRIx64, folder->path, weir_scenario_hash(scenario));
  if (!in) {
    (void)unlink(path);
    return WEIR_OK;
  }
  uint8_t *bytes = malloc(WEIR_ENCODED_MAX);
  weir_cli_output output;
  if (bytes == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a scenario");
  size_t size = weir_scenario_encode(scenario, bytes, WEIR_ENCODED_MAX);
  weir_status status = weir_cli_output_open(&output, path, problem);
  if (status == WEIR_OK) {
    (void)fwrite(bytes, 1, size, output.stream);
    status = weir_cli_output_close(&output, problem);
  }
  free(bytes);
  return status;
}

/* ---- Findings */

void weir_fuzz_folder_name(const weir_fuzz_folder *folder, const weir_discovery *discovery, char *out, size_t size) {
  (void)snprintf(out, size, "%s/findings/%s-%08" PRIx32 ".weir", folder->path, weir_rule_get(discovery->rule)->id,
                 (uint32_t)weir_shape_hash(discovery->shape));
}

static void write_header(const weir_fuzz_folder *folder, const weir_discovery *discovery, const char *path, FILE *out) {
  const weir_rule_info *rule = weir_rule_get(discovery->rule);
  char text[WEIR_PLACE_MAX * 2];
  (void)snprintf(text, sizeof text, "%s %s: %s", rule->id, weir_level_name(rule->level), rule->sentence);
  weir_cli_write_comment(out, "rule", text);
  (void)snprintf(text, sizeof text, "%s  %s", folder->target, folder->version);
  weir_cli_write_comment(out, "target", text);
  (void)snprintf(text, sizeof text, WEIR_VERSION ", seed %" PRIu64 ", run %" PRIu64 "%s", folder->seed, discovery->run,
                 discovery->minimal ? "" : "; not minimal");
  weir_cli_write_comment(out, "weir", text);
  weir_cli_write_comment(out, "shape", discovery->shape);
  if (strncmp(folder->target, "-- ", 3) == 0)
    (void)snprintf(text, sizeof text, "weir run %s %s", path, folder->target);
  else
    (void)snprintf(text, sizeof text, "weir run %s %s", folder->target, path);
  weir_cli_write_comment(out, "again", text);
}

weir_status weir_fuzz_folder_write(const weir_fuzz_folder *folder, const weir_discovery *discovery,
                                   weir_problem *problem) {
  char path[PATH_SIZE];
  weir_scenario_about about = {.title = ""};
  weir_cli_output output;
  const char *id = weir_rule_get(discovery->rule)->id;
  weir_fuzz_folder_name(folder, discovery, path, sizeof path);
  (void)snprintf(about.title, sizeof about.title, "%s: %.*s", id, (int)(sizeof about.title - strlen(id) - 3),
                 discovery->message);
  (void)snprintf(about.rules, sizeof about.rules, "%s", id);
  size_t size = weir_scenario_print(discovery->scenario, &about, NULL, 0) + 1;
  char *printed = malloc(size);
  if (printed == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for the text of a scenario");
  (void)weir_scenario_print(discovery->scenario, &about, printed, size);
  weir_status status = weir_cli_output_open(&output, path, problem);
  if (status == WEIR_OK) {
    write_header(folder, discovery, path, output.stream);
    (void)fputs(printed, output.stream);
    status = weir_cli_output_close(&output, problem);
  }
  free(printed);
  return status;
}

/* ---- Going on from it */

static int by_name(const struct dirent **left, const struct dirent **right) {
  return strcmp((*left)->d_name, (*right)->d_name);
}

static int is_shown(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

static weir_status try_file(const char *path, weir_scenario *scenario, weir_search *search, weir_problem *problem) {
  FILE *in = fopen(path, "rbe");
  if (in == NULL) return errno == ENOENT ? WEIR_OK : complain(path, problem); /* another job has taken it out */
  uint8_t *bytes = malloc(WEIR_ENCODED_MAX);
  size_t size = bytes != NULL ? fread(bytes, 1, WEIR_ENCODED_MAX, in) : 0;
  weir_status status = bytes == NULL     ? weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for %s", path)
                       : ferror(in) != 0 ? complain(path, problem)
                                         : WEIR_OK;
  (void)fclose(in);
  if (status == WEIR_OK) weir_scenario_decode(bytes, size, scenario);
  free(bytes);
  return status == WEIR_OK ? weir_search_try(search, scenario, problem) : status;
}

weir_status weir_fuzz_folder_replay(const weir_fuzz_folder *folder, const char *name, weir_search *search,
                                    bool (*stop)(void *context), void *context, weir_problem *problem) {
  char path[PATH_SIZE];
  struct dirent **entries = NULL;
  (void)snprintf(path, sizeof path, "%s/%s", folder->path, name);
  int count = scandir(path, &entries, is_shown, by_name);
  if (count < 0) return complain(path, problem);
  weir_scenario *scenario = malloc(sizeof *scenario);
  weir_status status = scenario != NULL ? WEIR_OK : weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a scenario");
  for (int i = 0; i < count; i++) {
    char file[PATH_SIZE + 256];
    (void)snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
    if (status == WEIR_OK && !stop(context)) status = try_file(file, scenario, search, problem);
    free(entries[i]);
  }
  free(entries);
  free(scenario);
  return status;
}

weir_status weir_fuzz_folder_reopen(const weir_fuzz_folder *folder, weir_search *search, weir_problem *problem) {
  char path[PATH_SIZE];
  weir_suite suite = {.count = 0};
  (void)snprintf(path, sizeof path, "%s/findings", folder->path);
  weir_status status = weir_suite_load(path, NULL, &suite, problem);
  for (size_t i = 0; i < suite.count && status == WEIR_OK; i++)
    status = weir_search_try(search, suite.cases[i].scenario, problem);
  weir_suite_free(&suite);
  return status;
}
