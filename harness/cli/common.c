#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "core/nearest.h"

/* ---- Saying */

void weir_cli_say(const char *format, ...) {
  va_list arguments;
  char text[WEIR_PLACE_MAX];
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  (void)fprintf(stderr, "weir: %s\n", text);
}

int weir_cli_fail(weir_status status, const weir_problem *problem) {
  weir_cli_say("%s", problem->text[0] != '\0' ? problem->text : weir_status_name(status));
  return status == WEIR_UNAVAILABLE ? WEIR_EXIT_NOTHING : WEIR_EXIT_USAGE;
}

/* ---- Commands */

char **weir_cli_cut_command(int *argc, char **argv) {
  for (int i = 1; i < *argc; i++) {
    if (strcmp(argv[i], "--") != 0) continue;
    argv[i] = NULL;
    *argc = i;
    return &argv[i + 1];
  }
  return NULL;
}

void weir_cli_command_name(char *const *command, char *out, size_t size) {
  size_t used = (size_t)snprintf(out, size, "--");
  for (size_t i = 0; command[i] != NULL && used < size; i++) {
    int more = snprintf(out + used, size - used, " %s", command[i]);
    used += more > 0 ? (size_t)more : 0;
  }
}

/* ---- Output */

/* A pipe or a device cannot be moved into place. */
static bool is_special(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && !S_ISREG(about.st_mode);
}

static weir_status open_temporary(weir_cli_output *output, weir_problem *problem) {
  int size = snprintf(output->temporary, sizeof output->temporary, "%s.XXXXXX", output->path);
  if (size < 0 || (size_t)size >= sizeof output->temporary)
    return weir_fail(problem, WEIR_IO, 0, "%s: the name is too long", output->path);
  int descriptor = mkostemp(output->temporary, O_CLOEXEC);
  if (descriptor < 0) return weir_fail(problem, WEIR_IO, 0, "%s: %s", output->path, strerror(errno));
  mode_t mask = umask(0);
  (void)umask(mask);
  (void)fchmod(descriptor, 0666 & ~mask);
  output->stream = fdopen(descriptor, "w");
  if (output->stream != NULL) return WEIR_OK;
  (void)close(descriptor);
  (void)unlink(output->temporary);
  return weir_fail(problem, WEIR_NO_MEMORY, 0, "%s: no memory", output->path);
}

weir_status weir_cli_output_open(weir_cli_output *output, const char *path, weir_problem *problem) {
  *output = (weir_cli_output){.stream = stdout};
  if (path == NULL || strcmp(path, "-") == 0) return WEIR_OK;
  output->path = path;
  if (!is_special(path)) return open_temporary(output, problem);
  output->stream = fopen(path, "we");
  if (output->stream == NULL) return weir_fail(problem, WEIR_IO, 0, "%s: %s", path, strerror(errno));
  return WEIR_OK;
}

weir_status weir_cli_output_close(weir_cli_output *output, weir_problem *problem) {
  const char *name = output->path != NULL ? output->path : "standard output";
  /* Where a write failed before, what it left in errno is the reason. */
  int reason = errno;
  bool failed = ferror(output->stream) != 0;
  if (!failed) errno = 0;
  if (output->path == NULL)
    failed = fflush(output->stream) != 0 || failed;
  else
    failed = fclose(output->stream) != 0 || failed;
  if (errno != 0) reason = errno;
  output->stream = NULL;
  if (!failed && output->temporary[0] != '\0' && rename(output->temporary, output->path) != 0) {
    reason = errno;
    failed = true;
  }
  if (!failed) return WEIR_OK;
  if (output->temporary[0] != '\0') (void)unlink(output->temporary);
  return weir_fail(problem, WEIR_IO, 0, "%s cannot be written: %s", name,
                   reason != 0 ? strerror(reason) : "an error of output");
}

void weir_cli_output_discard(weir_cli_output *output) {
  if (output->path != NULL) (void)fclose(output->stream);
  if (output->temporary[0] != '\0') (void)unlink(output->temporary);
  output->stream = NULL;
}

bool weir_cli_color(const weir_cli_output *output) {
  const char *no = getenv("NO_COLOR");
  return (no == NULL || no[0] == '\0') && isatty(fileno(output->stream)) == 1;
}

/* ---- Scenarios */

weir_status weir_cli_cases_folder(const char *folder, char *out, size_t size, weir_problem *problem) {
  char data[WEIR_PLACE_MAX];
  if (folder == NULL) {
    weir_status status = weir_data_folder(data, sizeof data, problem);
    if (status != WEIR_OK) return status;
  }
  int length = folder != NULL ? snprintf(out, size, "%s", folder) : snprintf(out, size, "%s/cases", data);
  if (length < 0 || (size_t)length >= size)
    return weir_fail(problem, WEIR_BOUND, 0, "the name of the folder is too long");
  return WEIR_OK;
}

static weir_status unknown_scenario(const char *name, const char *folder, weir_problem *problem) {
  weir_nearest nearest;
  weir_nearest_init(&nearest, name);
  weir_suite suite = {.count = 0};
  if (weir_suite_load(folder, NULL, &suite, NULL) == WEIR_OK)
    for (size_t i = 0; i < suite.count; i++) weir_nearest_offer(&nearest, suite.cases[i].name);
  weir_suite_free(&suite);
  const char *best = weir_nearest_best(&nearest);
  if (best != NULL)
    return weir_fail(problem, WEIR_BAD_INPUT, 0, "there is no file and no case `%s`; did you mean `%s`?", name, best);
  return weir_fail(problem, WEIR_BAD_INPUT, 0, "there is no file and no case `%s`: see `weir list cases`", name);
}

static bool is_there(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && !S_ISDIR(about.st_mode);
}

weir_status weir_cli_load_scenario(const char *name, weir_suite *suite, weir_problem *problem) {
  if (is_there(name)) return weir_suite_load(name, NULL, suite, problem);
  char folder[WEIR_PLACE_MAX], path[WEIR_PLACE_MAX + WEIR_CASE_NAME_MAX + 8];
  weir_status status = weir_cli_cases_folder(NULL, folder, sizeof folder, problem);
  if (status != WEIR_OK) return status;
  (void)snprintf(path, sizeof path, "%s/%.*s.weir", folder, WEIR_CASE_NAME_MAX, name);
  if (!is_there(path)) return unknown_scenario(name, folder, problem);
  status = weir_suite_load(path, NULL, suite, problem);
  if (status == WEIR_OK) (void)snprintf(suite->cases[0].name, sizeof suite->cases[0].name, "%s", name);
  return status;
}

weir_status weir_cli_print_trace(const weir_record *records, size_t count, FILE *out) {
  uint8_t *depths = calloc(count + 1, sizeof *depths);
  if (depths == NULL) return WEIR_NO_MEMORY;
  weir_trace_depths(records, count, depths);
  for (size_t i = 0; i < count; i++) {
    char line[512];
    (void)weir_trace_print(&records[i], depths[i], line, sizeof line);
    (void)fprintf(out, "%5zu  %s\n", i, line);
  }
  free(depths);
  return WEIR_OK;
}

/* ---- What verbs write */

void weir_cli_write_comment(FILE *out, const char *label, const char *text) {
  (void)fprintf(out, "# %-7s", label);
  size_t room = WEIR_LINE_MAX - 64;
  for (const char *c = text; *c != '\0' && room > 0; c++, room--)
    (void)fputc((unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c, out);
  (void)fputc('\n', out);
}
