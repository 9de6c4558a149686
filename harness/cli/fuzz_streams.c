/* `weir fuzz TARGET --stream FILE...`: the role `protocol`.  The folder is as
 * that of scenarios, with streams in it, as they are:
 *
 *   pool/HASH               shows something that none before it has shown
 *   findings/RULE-KEY       the stream, reduced
 *   findings/RULE-KEY.txt   what is broken, and the command that repeats it */
#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/fuzz.h"
#include "engine/shape.h"
#include "engine/stream_search.h"
#include "weir/spec.h"

enum { PATH_SIZE = WEIR_PLACE_MAX + 320, RUNS_KEPT_EVERY = 256, RULE_ID_MAX = 8 };

typedef struct campaign {
  const weir_fuzz_streams *how;
  weir_fuzz_folder folder;
  weir_stream_search *search;
  unsigned found, musts; /* in this part */
  unsigned before;       /* in earlier ones */
  unsigned musts_before;
  int caught;
  struct timespec begun;
  weir_status status; /* of writing to the folder */
  weir_problem problem;
} campaign;

static bool stopped(void *context) {
  campaign *self = context;
  if (self->caught == 0) self->caught = weir_cli_signals_take();
  return self->caught != 0;
}

static double seconds_since(const struct timespec *from) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

/* ---- What is kept */

static void write_bytes(campaign *self, const char *path, const void *bytes, size_t size) {
  weir_cli_output output;
  if (self->status == WEIR_OK) self->status = weir_cli_output_open(&output, path, &self->problem);
  if (self->status != WEIR_OK) return;
  (void)fwrite(bytes, 1, size, output.stream);
  self->status = weir_cli_output_close(&output, &self->problem);
}

static void on_keep(void *context, const uint8_t *bytes, size_t size) {
  campaign *self = context;
  uint64_t hash = UINT64_C(14695981039346656037);
  char path[PATH_SIZE];
  for (size_t i = 0; i < size; i++) hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
  (void)snprintf(path, sizeof path, "%s/pool/%016" PRIx64, self->folder.path, hash);
  write_bytes(self, path, bytes, size);
}

/* "weir test ./libX.so --stream FILE --delivery '...'" */
static void print_again(const campaign *self, const weir_stream_found *found, const char *path, FILE *out) {
  const bool command = strncmp(self->folder.target, "-- ", 3) == 0;
  const weir_check_finding *finding = found->finding;
  (void)fprintf(out, "weir test %s%s--stream %s", command ? "" : self->folder.target, command ? "" : " ", path);
  if (finding->delivery[0] != '\0')
    (void)fprintf(out, " --delivery '%s'", finding->delivery);
  else
    (void)fprintf(out, " --case '*/%s'", found->family);
  if (finding->delivery[0] != '\0' && finding->against[0] != '\0')
    (void)fprintf(out, " --delivery '%s'", finding->against);
  if (command) (void)fprintf(out, " %s", self->folder.target);
  (void)fputc('\n', out);
}

static void print_found(const campaign *self, const weir_stream_found *found, const char *path, FILE *out) {
  const weir_rule_info *rule = weir_rule_get(found->rule);
  (void)fprintf(out, "%s %s: %s\n", rule->id, weir_level_name(rule->level), rule->sentence);
  (void)fprintf(out, "  %s, family %s, %zu bytes%s, run %" PRIu64 "\n", found->finding->message, found->family,
                found->size, found->minimal ? "" : " (not minimal)", found->run);
  (void)fputs("  ", out);
  print_again(self, found, path, out);
}

static void on_found(void *context, const weir_stream_found *found) {
  campaign *self = context;
  const weir_rule_info *rule = weir_rule_get(found->rule);
  char path[PATH_SIZE], about[PATH_SIZE + 8];
  self->found++;
  self->musts += rule->level == WEIR_MUST;
  (void)snprintf(path, sizeof path, "%s/findings/%s-%016" PRIx64, self->folder.path, rule->id, found->key);
  write_bytes(self, path, found->bytes, found->size);
  (void)snprintf(about, sizeof about, "%s.txt", path);
  weir_cli_output output;
  if (self->status == WEIR_OK) self->status = weir_cli_output_open(&output, about, &self->problem);
  if (self->status != WEIR_OK) return;
  print_found(self, found, path, output.stream);
  if (found->finding->detail[0] != '\0') (void)fprintf(output.stream, "\n%s\n", found->finding->detail);
  self->status = weir_cli_output_close(&output, &self->problem);
  print_found(self, found, path, stdout);
  (void)fflush(stdout);
}

/* Findings of earlier parts: their names have the rule and the key. */
static void know_earlier(campaign *self) {
  char path[PATH_SIZE];
  (void)snprintf(path, sizeof path, "%s/findings", self->folder.path);
  DIR *folder = opendir(path);
  if (folder == NULL) return;
  for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    char id[RULE_ID_MAX], end;
    uint64_t key;
    if (sscanf(entry->d_name, "%7[A-Z0-9]-%16" SCNx64 "%c", id, &key, &end) != 2) continue;
    weir_stream_search_know(self->search, key);
    self->before++;
    for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++)
      self->musts_before += strcmp(weir_rule_get(rule)->id, id) == 0 && weir_rule_get(rule)->level == WEIR_MUST;
  }
  (void)closedir(folder);
}

/* ---- All of it */

static weir_status try_streams(campaign *self, const char *path, weir_problem *problem) {
  weir_streams streams = {.count = 0};
  weir_status status = weir_streams_load(path, &streams, problem);
  for (size_t i = 0; i < streams.count && status == WEIR_OK && !stopped(self); i++)
    status = weir_stream_search_try(self->search, streams.streams[i].bytes, streams.streams[i].size, problem);
  weir_streams_free(&streams);
  return status;
}

static bool is_over(const campaign *self, uint64_t runs) {
  if (self->how->runs > 0 && runs >= self->how->runs) return true;
  return self->how->seconds > 0 && seconds_since(&self->begun) >= (double)self->how->seconds;
}

static weir_status search_on(campaign *self, weir_problem *problem) {
  char pool[PATH_SIZE];
  (void)snprintf(pool, sizeof pool, "%s/pool", self->folder.path);
  know_earlier(self);
  weir_status status = try_streams(self, pool, problem);
  for (size_t i = 0; i < self->how->path_count && status == WEIR_OK; i++)
    status = try_streams(self, self->how->paths[i], problem);
  for (uint64_t runs = weir_stream_search_runs(self->search);
       status == WEIR_OK && self->status == WEIR_OK && !stopped(self) && !is_over(self, runs);) {
    status = weir_stream_search_run(self->search, problem);
    runs = weir_stream_search_runs(self->search);
    if (status == WEIR_OK && runs % RUNS_KEPT_EVERY == 0)
      status = weir_fuzz_folder_keep_runs(&self->folder, runs, problem);
  }
  if (status == WEIR_OK) *problem = self->problem;
  return status == WEIR_OK ? self->status : status;
}

static int report(campaign *self, weir_status status, weir_problem *problem) {
  const uint64_t runs = weir_stream_search_runs(self->search);
  weir_status kept = weir_fuzz_folder_keep_runs(&self->folder, runs, status == WEIR_OK ? problem : NULL);
  if (status == WEIR_OK) status = kept;
  (void)printf("target    %s %s\nruns      %" PRIu64 " from seed %" PRIu64 "; %zu streams show all that was shown\n",
               self->folder.target, self->folder.version, runs, self->how->seed, weir_stream_search_pool(self->search));
  if (self->found + self->before == 0)
    (void)printf("nothing found\n");
  else
    (void)printf("found     %u, and %u before; they are in %s/findings\n", self->found, self->before,
                 self->folder.path);
  if (status != WEIR_OK) return weir_cli_fail(status, problem);
  if (fflush(stdout) != 0 || ferror(stdout) != 0) {
    weir_cli_say("standard output cannot be written");
    return WEIR_EXIT_USAGE;
  }
  if (self->caught == 0) return self->musts + self->musts_before > 0 ? WEIR_EXIT_BROKEN_RULE : WEIR_EXIT_OK;
  weir_cli_say("stopped by signal %d (%s): this is what was found so far", self->caught, strsignal(self->caught));
  return WEIR_EXIT_SIGNAL + self->caught;
}

static int search_protocol(const weir_fuzz_streams *how, weir_driven *driven) {
  campaign self = {.how = how, .folder = {.target = how->target, .seed = how->seed}};
  weir_problem problem = {.text = ""};
  self.folder.version = weir_driven_version(driven);
  (void)clock_gettime(CLOCK_MONOTONIC, &self.begun);
  if (!weir_fuzz_folder_place(&self.folder, how->out)) return WEIR_EXIT_USAGE;
  weir_cli_signals_hold();
  weir_status status = weir_fuzz_folder_open(&self.folder, &problem);
  const weir_stream_search_options what = {.seed = how->seed,
                                           .runs_before = status == WEIR_OK ? weir_fuzz_folder_runs(&self.folder) : 0,
                                           .keep = on_keep,
                                           .found = on_found,
                                           .stop = stopped,
                                           .context = &self};
  if (status == WEIR_OK) status = weir_stream_search_new(driven, &what, &self.search, &problem);
  if (status != WEIR_OK) return weir_cli_fail(status, &problem);
  status = search_on(&self, &problem);
  int exit_status = report(&self, status, &problem);
  weir_stream_search_free(self.search);
  return exit_status;
}

int weir_cli_fuzz_streams(const weir_fuzz_streams *how) {
  weir_problem problem = {.text = ""};
  weir_runner_options options = {.command = how->command, .spin_ms = 1000, .hang_ms = 4000, .log = how->log};
  weir_driven *driven = NULL;
  weir_status status = weir_driven_open(how->target, &options, &driven, &problem);
  int exit_status = status == WEIR_OK ? search_protocol(how, driven) : weir_cli_fail(status, &problem);
  weir_driven_close(driven);
  return exit_status;
}
