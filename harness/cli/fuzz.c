#include "cli/fuzz.h"

#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "weir/spec.h"

enum { EXPECT_MOST = 64, SECONDS_DEFAULT = 60, RUNS_KEPT_EVERY = 4096 };

typedef struct fuzz_options {
  const char *target;
  char **command;
  uint64_t seconds, runs, seed; /* seconds and runs: 0 where not given */
  const char *out;
  const char *expect[EXPECT_MOST];
  size_t expect_count;
  const char *known[EXPECT_MOST];
  size_t known_count;
  const char *streams[EXPECT_MOST];
  size_t stream_count;
  bool strict, log;
} fuzz_options;

enum { KEY_EXPECT = 512, KEY_KNOWN, KEY_STREAM };

static const struct argp_option options[] = {
    {"time", 't', "SECONDS", 0, "stop after so long (default 60, where no --runs is given)", 0},
    {"runs", 'n', "N", 0, "stop after N scenarios, those of earlier parts of the search among them", 0},
    {"seed", WEIR_CLI_KEY_SEED, "N", 0, "what everything is drawn from (default 1)", 0},
    {"out", 'o', "FOLDER", 0, "where findings go, and what the search goes on from (default weir-fuzz/TARGET)", 0},
    {"expect", KEY_EXPECT, "FILE", 0, "known deviations, as of `weir test`; may be given again", 0},
    {"known", KEY_KNOWN, "PATH", 0, "scenarios whose findings are known, a file or a folder; may be given again", 0},
    {"stream", KEY_STREAM, "FILE...", 0, "files or folders of bytes to begin with: the target is a protocol", 0},
    {"strict", WEIR_CLI_KEY_STRICT, NULL, 0, "a broken SHOULD fails as a MUST does", 0},
    {"log", WEIR_CLI_KEY_LOG, NULL, 0, "let the standard error of the target through", 0},
    {0}};

static uint64_t parse_number(const char *text, const char *what, struct argp_state *state) {
  char *end = NULL;
  unsigned long long number = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || number > INT64_MAX)
    argp_error(state, "%s is a number, and not `%s`", what, text);
  return number;
}

static error_t parse(int key, char *value, struct argp_state *state) {
  fuzz_options *self = state->input;
  switch (key) {
  case 't': self->seconds = parse_number(value, "--time", state); return 0;
  case 'n': self->runs = parse_number(value, "--runs", state); return 0;
  case WEIR_CLI_KEY_SEED: self->seed = parse_number(value, "a seed", state); return 0;
  case 'o': self->out = value; return 0;
  case KEY_EXPECT:
    if (self->expect_count == EXPECT_MOST) argp_error(state, "at most %d files of expectations", EXPECT_MOST);
    self->expect[self->expect_count++] = value;
    return 0;
  case KEY_KNOWN:
    if (self->known_count == EXPECT_MOST) argp_error(state, "at most %d places of known findings", EXPECT_MOST);
    self->known[self->known_count++] = value;
    return 0;
  case KEY_STREAM:
    if (self->stream_count == EXPECT_MOST) argp_error(state, "at most %d streams: name a folder", EXPECT_MOST);
    self->streams[self->stream_count++] = value;
    return 0;
  case WEIR_CLI_KEY_STRICT: self->strict = true; return 0;
  case WEIR_CLI_KEY_LOG: self->log = true; return 0;
  case ARGP_KEY_ARG:
    if (self->target != NULL) argp_error(state, "one target: `%s` is too much", value);
    self->target = value;
    return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .args_doc = "TARGET\n-- COMMAND...",
    .doc = "Search for scenarios that break a rule, on any target: by changing, step by step, those that have shown "
           "something before. What is found is reduced to the least that shows it, run again, and written as text, a "
           "file for each rule and shape of what happened. Called again, it goes on where it stopped.\v"
           "The same target, seed and number of runs give the same. Exit status: 0 nothing was found that is not "
           "known; 1 a MUST is broken; 2 usage, unreadable input or a broken harness; 77 it could not be run; 128 + N "
           "stopped by signal N, with the report so far.",
};

/* ---- While it runs */
typedef struct campaign {
  const fuzz_options *options;
  weir_fuzz_folder folder;
  weir_search *search;
  int caught;
  bool terminal;
  struct timespec begun, told;
  weir_status status; /* of writing to the folder */
  weir_problem problem;
} campaign;

static double seconds_since(const struct timespec *from) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

static bool stopped(void *context) {
  campaign *self = context;
  if (self->caught == 0) self->caught = weir_cli_signals_take();
  return self->caught != 0;
}

static void on_pool(void *context, const weir_scenario *scenario, bool in) {
  campaign *self = context;
  if (self->status == WEIR_OK) self->status = weir_fuzz_folder_put(&self->folder, scenario, in, &self->problem);
}

static void on_found(void *context, const weir_discovery *discovery) {
  campaign *self = context;
  if (self->status == WEIR_OK) self->status = weir_fuzz_folder_write(&self->folder, discovery, &self->problem);
}

/* "12345 runs, 678/s, 31 transitions, 402 scenarios; C1 2, L2 1" */
static void show_progress(campaign *self) {
  const weir_search_tally *tally = weir_search_tally_of(self->search);
  const weir_pool *pool = weir_search_pool(self->search);
  unsigned transitions = 0, all = 0;
  for (unsigned i = 0; i < WEIR_COUNTER_PAIRS; i++) {
    all += weir_counter_legal(i);
    transitions += weir_counter_legal(i) && weir_pool_shown(pool, i);
  }
  (void)fprintf(stderr, "\r\033[K%" PRIu64 " runs, %.0f/s, %u of %u transitions, %zu scenarios", tally->runs,
                (double)tally->all_runs / seconds_since(&self->begun), transitions, all, weir_pool_size(pool));
  size_t count = 0;
  const weir_discovery *found = weir_search_discoveries(self->search, &count);
  unsigned by_rule[WEIR_RULE_COUNT] = {0};
  for (size_t i = 0; i < count; i++) by_rule[found[i].rule] += found[i].kind != WEIR_DISCOVERY_KNOWN;
  const char *between = "; ";
  for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++) {
    if (by_rule[rule] == 0) continue;
    (void)fprintf(stderr, "%s%s %u", between, weir_rule_get(rule)->id, by_rule[rule]);
    between = ", ";
  }
}

static void tick(campaign *self) {
  if (!self->terminal || seconds_since(&self->told) < 0.25) return;
  (void)clock_gettime(CLOCK_MONOTONIC, &self->told);
  show_progress(self);
}

static bool is_over(const campaign *self, uint64_t runs) {
  const fuzz_options *how = self->options;
  if (how->runs > 0 && runs >= how->runs) return true;
  uint64_t most = how->seconds > 0 || how->runs > 0 ? how->seconds : SECONDS_DEFAULT;
  return most > 0 && runs % 16 == 0 && seconds_since(&self->begun) >= (double)most;
}

/* ---- What is known before */

static weir_status know_case(campaign *self, const weir_case *of, const weir_expectations *all,
                             const weir_expectation *entry, weir_problem *problem) {
  for (size_t k = entry->first_glob; k < entry->first_glob + entry->glob_count; k++)
    if (weir_expectation_glob_matches(&all->globs[k], of->name))
      return weir_search_know(self->search, of->scenario, (int)entry->rule, problem);
  return WEIR_OK;
}

static weir_status know_expectations(campaign *self, const weir_expectations *all, weir_problem *problem) {
  char folder[WEIR_PLACE_MAX];
  weir_suite suite = {.count = 0};
  weir_status status = weir_cli_cases_folder(NULL, folder, sizeof folder, problem);
  if (status == WEIR_OK) status = weir_suite_load(folder, NULL, &suite, problem);
  for (size_t e = 0; e < all->count; e++) {
    if (!weir_expectation_applies(&all->entries[e], self->folder.target, self->folder.version)) continue;
    for (size_t i = 0; i < suite.count && status == WEIR_OK && !stopped(self); i++)
      status = know_case(self, &suite.cases[i], all, &all->entries[e], problem);
  }
  weir_suite_free(&suite);
  return status;
}

static weir_status know_all(campaign *self, weir_problem *problem) {
  const fuzz_options *how = self->options;
  weir_expectations expectations = {.count = 0};
  weir_suite suite = {.count = 0};
  weir_status status = WEIR_OK;
  for (size_t i = 0; i < how->expect_count && status == WEIR_OK; i++)
    status = weir_expectations_load(how->expect[i], &expectations, problem);
  if (status == WEIR_OK && expectations.count > 0) status = know_expectations(self, &expectations, problem);
  for (size_t i = 0; i < how->known_count && status == WEIR_OK; i++)
    status = weir_suite_load(how->known[i], NULL, &suite, problem);
  for (size_t i = 0; i < suite.count && status == WEIR_OK && !stopped(self); i++)
    status = weir_search_know(self->search, suite.cases[i].scenario, -1, problem);
  weir_suite_free(&suite);
  weir_expectations_free(&expectations);
  return status;
}

/* ---- All of it */

static weir_status search_on(campaign *self, weir_problem *problem) {
  weir_status status = know_all(self, problem);
  if (status == WEIR_OK) status = weir_fuzz_folder_reopen(&self->folder, self->search, problem);
  if (status == WEIR_OK) status = weir_fuzz_folder_replay(&self->folder, "pool", self->search, stopped, self, problem);
  for (uint64_t runs = weir_search_tally_of(self->search)->runs;
       status == WEIR_OK && self->status == WEIR_OK && !stopped(self) && !is_over(self, runs);) {
    status = weir_search_run(self->search, problem);
    runs = weir_search_tally_of(self->search)->runs;
    if (status == WEIR_OK && runs % RUNS_KEPT_EVERY == 0)
      status = weir_fuzz_folder_keep_runs(&self->folder, runs, problem);
    tick(self);
  }
  if (status == WEIR_OK) *problem = self->problem;
  return status == WEIR_OK ? self->status : status;
}

static int report(campaign *self, weir_status status, weir_problem *problem) {
  weir_status kept = weir_fuzz_folder_keep_runs(&self->folder, weir_search_tally_of(self->search)->runs,
                                                status == WEIR_OK ? problem : NULL);
  if (status == WEIR_OK) status = kept;
  if (self->terminal) (void)fputs("\r\033[K", stderr);
  weir_fuzz_report(&self->folder, self->search, seconds_since(&self->begun), stdout);
  if (status != WEIR_OK) return weir_cli_fail(status, problem);
  if (fflush(stdout) != 0 || ferror(stdout) != 0) {
    weir_cli_say("standard output cannot be written");
    return WEIR_EXIT_USAGE;
  }
  if (self->caught == 0) return weir_fuzz_status(self->search, self->options->strict);
  weir_cli_say("stopped by signal %d (%s): this is what was found so far", self->caught, strsignal(self->caught));
  return WEIR_EXIT_SIGNAL + self->caught;
}

static int search_target(const fuzz_options *how, weir_runner *runner) {
  campaign self = {.options = how, .terminal = isatty(STDERR_FILENO) == 1};
  weir_problem problem = {.text = ""};
  self.folder.target = how->target;
  self.folder.version = weir_runner_version(runner);
  self.folder.seed = how->seed;
  (void)clock_gettime(CLOCK_MONOTONIC, &self.begun);
  if (!weir_fuzz_folder_place(&self.folder, how->out)) return WEIR_EXIT_USAGE;
  weir_cli_signals_hold();
  weir_status status = weir_fuzz_folder_open(&self.folder, &problem);
  weir_search_options what = {.seed = how->seed,
                              .runs_before = status == WEIR_OK ? weir_fuzz_folder_runs(&self.folder) : 0,
                              .found = on_found,
                              .watch = on_pool,
                              .stop = stopped,
                              .context = &self};
  if (status == WEIR_OK) status = weir_search_new(runner, &what, &self.search, &problem);
  if (status != WEIR_OK) return weir_cli_fail(status, &problem);
  status = search_on(&self, &problem);
  int exit_status = report(&self, status, &problem);
  weir_search_free(self.search);
  return exit_status;
}

static int fuzz_streams(const fuzz_options *self) {
  if (self->expect_count > 0 || self->known_count > 0) {
    weir_cli_say("--expect and --known are for transports: a search on streams knows what is in its --out");
    return WEIR_EXIT_USAGE;
  }
  const weir_fuzz_streams how = {.target = self->target,
                                 .command = self->command,
                                 .paths = self->streams,
                                 .path_count = self->stream_count,
                                 .seconds = self->seconds > 0 || self->runs > 0 ? self->seconds : SECONDS_DEFAULT,
                                 .runs = self->runs,
                                 .seed = self->seed,
                                 .out = self->out,
                                 .log = self->log};
  return weir_cli_fuzz_streams(&how);
}

int weir_cli_fuzz(int argc, char **argv) {
  fuzz_options self = {.seed = 1};
  char name[WEIR_CASE_NAME_MAX];
  self.command = weir_cli_cut_command(&argc, argv);
  char **spread = weir_cli_spread_streams(&argc, argv);
  if (spread == NULL) {
    weir_cli_say("no memory for the arguments");
    return WEIR_EXIT_USAGE;
  }
  bool parsed = weir_cli_parse(&parser, argc, spread, &self);
  free(spread);
  if (!parsed) return WEIR_EXIT_USAGE;
  if ((self.target != NULL) == (self.command != NULL)) {
    weir_cli_say("one target is needed: `weir fuzz asyncio`, or `weir fuzz -- COMMAND...`");
    return WEIR_EXIT_USAGE;
  }
  if (self.command != NULL) weir_cli_command_name(self.command, name, sizeof name);
  if (self.command != NULL) self.target = name;
  if (self.stream_count > 0) return fuzz_streams(&self);
  weir_problem problem = {.text = ""};
  weir_runner_options how = {.command = self.command, .spin_ms = 1000, .hang_ms = 4000, .log = self.log};
  weir_runner *runner = NULL;
  weir_status status = weir_runner_open(self.target, &how, &runner, &problem);
  int exit_status = status == WEIR_OK ? search_target(&self, runner) : weir_cli_fail(status, &problem);
  weir_runner_close(runner);
  return exit_status;
}
