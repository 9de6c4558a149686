#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "core/nearest.h"
#include "weir/spec.h"

enum { EXPECT_MOST = 64, STREAMS_MOST = 1024 };

typedef struct test_options {
  weir_cli_campaign campaign;
  const char *glob;
  const char *folder;
  const char *expect[EXPECT_MOST]; /* files of expectations */
  size_t expect_count;
  bool no_expect;
  const char *streams[STREAMS_MOST]; /* files of bytes: the targets are protocols */
  size_t stream_count;
} test_options;

enum { KEY_CASES = 512, KEY_EXPECT, KEY_NO_EXPECT, KEY_UPDATE, KEY_STREAM, KEY_DELIVERY, KEY_WINDOW, KEY_BUDGET };

static const struct argp_option options[] = {
    {"case", 'c', "GLOB", 0, "only cases whose names match, as `closing/*`", 0},
    {"cases", KEY_CASES, "FOLDER", 0, "the cases below FOLDER in place of the suite", 0},
    {"expect", KEY_EXPECT, "FILE", 0, "known deviations, which do not fail; may be given again", 0},
    {"no-expect", KEY_NO_EXPECT, NULL, 0, "take no notice of any --expect", 0},
    {"update-expectations", KEY_UPDATE, "FILE", 0, "write to FILE, for review, what would have to be expected", 0},
    WEIR_CLI_CAMPAIGN_OPTIONS,
    {"seed", WEIR_CLI_KEY_SEED, "N", 0, "recorded in the result, for what is drawn at random (no case of the suite is)",
     0},
    {"stream", KEY_STREAM, "FILE...", 0,
     "the target is a protocol: bring it the bytes of each FILE (or folder) in every way", 1},
    {"delivery", KEY_DELIVERY, "TEXT", 0, "... in this way alone, as `3 1x5 0 fin`; given twice: compare the two", 1},
    {"window", KEY_WINDOW, "N", 0, "... in all 2^19 chunkings of the 20 bytes from byte N on", 1},
    {"budget", KEY_BUDGET, "N", 0, "... with about N reads to each family of checks", 1},
    {0}};

static uint64_t number_of(const char *text, const char *what, struct argp_state *state) {
  char *end = NULL;
  unsigned long long number = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || number > INT64_MAX)
    argp_error(state, "%s is a number, and not `%s`", what, text);
  return number;
}

static bool parse_stream_option(test_options *self, int key, char *value, struct argp_state *state) {
  weir_streams_options *plan = &self->campaign.plan;
  switch (key) {
  case KEY_STREAM:
    if (self->stream_count == STREAMS_MOST) argp_error(state, "at most %d streams: name a folder", STREAMS_MOST);
    self->streams[self->stream_count++] = value;
    return true;
  case KEY_DELIVERY:
    if (plan->deliveries[1] != NULL) argp_error(state, "at most two deliveries");
    plan->deliveries[plan->deliveries[0] != NULL] = value;
    return true;
  case KEY_WINDOW: plan->window = number_of(value, "a window", state); return true;
  case KEY_BUDGET: plan->budget = number_of(value, "a budget", state); return true;
  default: return false;
  }
}

static error_t parse(int key, char *value, struct argp_state *state) {
  test_options *self = state->input;
  if (parse_stream_option(self, key, value, state)) return 0;
  if (weir_cli_campaign_option(&self->campaign, key, value, state)) return 0;
  switch (key) {
  case 'c': self->glob = value; return 0;
  case KEY_CASES: self->folder = value; return 0;
  case KEY_EXPECT:
    if (self->expect_count == EXPECT_MOST) argp_error(state, "at most %d files of expectations", EXPECT_MOST);
    self->expect[self->expect_count++] = value;
    return 0;
  case KEY_NO_EXPECT: self->no_expect = true; return 0;
  case KEY_UPDATE: self->campaign.update = value; return 0;
  case ARGP_KEY_ARG: weir_cli_campaign_target(&self->campaign, value, state); return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .args_doc = "TARGET...\n-- COMMAND...",
    .doc = "Run the suite on targets and report.\v"
           "A target is a name with an optional runtime (reference, asyncio@3.12), a plug-in (./libmine.so), or a "
           "command after `--`. Exit status: 0 conforms; 1 a MUST is broken, or a result differs from its expectation; "
           "2 usage, unreadable input or a broken "
           "harness; 77 nothing could be run; 130 interrupted, with the results so far written.",
};

static int no_case(const char *glob, const char *folder) {
  weir_nearest nearest;
  weir_nearest_init(&nearest, glob != NULL ? glob : "");
  weir_suite suite = {.count = 0};
  if (weir_suite_load(folder, NULL, &suite, NULL) == WEIR_OK)
    for (size_t i = 0; i < suite.count; i++) weir_nearest_offer(&nearest, suite.cases[i].name);
  weir_suite_free(&suite);
  const char *best = weir_nearest_best(&nearest);
  if (glob == NULL)
    weir_cli_say("%s holds no *.weir", folder);
  else if (best != NULL)
    weir_cli_say("no case matches `%s`; did you mean `%s`?", glob, best);
  else
    weir_cli_say("no case matches `%s`: see `weir list cases`", glob);
  return WEIR_EXIT_USAGE;
}

/* ---- Expectations */

static weir_status load_expectations(const test_options *self, weir_expectations *expectations, weir_problem *problem) {
  weir_status status = WEIR_OK;
  for (size_t i = 0; i < self->expect_count && !self->no_expect && status == WEIR_OK; i++)
    status = weir_expectations_load(self->expect[i], expectations, problem);
  return status;
}

static bool is_case(const weir_suite *suite, const weir_expectation_glob *glob) {
  for (size_t i = 0; i < suite->count; i++)
    if (weir_expectation_glob_matches(glob, suite->cases[i].name)) return true;
  return false;
}

/* An entry that nobody has looked at, and, where the whole suite is there to
 * tell it, a case that there is no more. */
static void review(const weir_expectations *expectations, const weir_suite *suite, bool whole) {
  for (size_t e = 0; e < expectations->count; e++) {
    const weir_expectation *entry = &expectations->entries[e];
    const char *path = expectations->files[entry->file].path;
    if (strcmp(entry->reason, WEIR_EXPECTATION_NEW) == 0)
      weir_cli_say("%s:%u: nobody has said yet why rule %s is broken there", path, entry->line,
                   weir_rule_get(entry->rule)->id);
    /* Cases of the role protocol are made of the streams that are given. */
    if (weir_rule_get(entry->rule)->state == WEIR_DRIVEN) continue;
    for (size_t k = entry->first_glob; whole && k < entry->first_glob + entry->glob_count; k++)
      if (!is_case(suite, &expectations->globs[k]))
        weir_cli_say("%s:%u: there is no case `%s`", path, expectations->globs[k].line, expectations->globs[k].text);
  }
}

static int test_suite(const test_options *self, const weir_suite *suite, const char *folder) {
  return suite->count > 0 ? weir_cli_campaign_run(&self->campaign, suite) : no_case(self->glob, folder);
}

/* ---- Protocols */

/* `--stream a b c`: every word up to the next option is one.  Each gets an
 * option of its own, since argp gives an option one value.  NULL: no memory. */
static char **spread_streams(int *argc, char **argv) {
  static char option[] = "--stream";
  char **spread = calloc(2 * (size_t)*argc + 1, sizeof *spread);
  int count = 0, taken = -1;
  for (int i = 0; i < *argc && spread != NULL; i++) {
    bool is_option = argv[i][0] == '-' && argv[i][1] != '\0';
    if (strcmp(argv[i], option) == 0)
      taken = 0;
    else if (is_option)
      taken = -1;
    else if (taken >= 0 && taken++ > 0)
      spread[count++] = option;
    spread[count++] = argv[i];
  }
  *argc = count;
  return spread;
}

static int test_streams(test_options *self) {
  weir_streams streams = {.count = 0};
  weir_problem problem = {.text = ""};
  weir_status status = WEIR_OK;
  for (size_t i = 0; i < self->stream_count && status == WEIR_OK; i++)
    status = weir_streams_load(self->streams[i], &streams, &problem);
  if (status == WEIR_OK) status = weir_streams_plan(&streams, &self->campaign.plan, self->glob, &problem);
  weir_expectations expectations = {.count = 0};
  if (status == WEIR_OK) status = load_expectations(self, &expectations, &problem);
  if (status == WEIR_OK) review(&expectations, &streams.suite, false);
  if (self->expect_count > 0 && !self->no_expect) self->campaign.expectations = &expectations;
  self->campaign.streams = &streams;
  int exit_status = WEIR_EXIT_USAGE;
  if (status != WEIR_OK)
    exit_status = weir_cli_fail(status, &problem);
  else if (streams.count == 0)
    weir_cli_say("there is no stream: the folders are empty");
  else if (streams.suite.count == 0)
    weir_cli_say("no case matches `%s`: they are called STREAM/FAMILY, as `%s/chunkings`", self->glob,
                 streams.streams[0].name);
  else
    exit_status = weir_cli_campaign_run(&self->campaign, &streams.suite);
  weir_expectations_free(&expectations);
  weir_streams_free(&streams);
  return exit_status;
}

static int test_transports(test_options *self) {
  char folder[WEIR_PLACE_MAX];
  weir_problem problem = {.text = ""};
  weir_suite suite = {.count = 0};
  weir_status status = weir_cli_cases_folder(self->folder, folder, sizeof folder, &problem);
  if (status == WEIR_OK) status = weir_suite_load(folder, self->glob, &suite, &problem);
  weir_expectations expectations = {.count = 0};
  if (status == WEIR_OK) status = load_expectations(self, &expectations, &problem);
  if (status == WEIR_OK) review(&expectations, &suite, self->glob == NULL && self->folder == NULL);
  if (self->expect_count > 0 && !self->no_expect) self->campaign.expectations = &expectations;
  int exit_status = status == WEIR_OK ? test_suite(self, &suite, folder) : weir_cli_fail(status, &problem);
  weir_expectations_free(&expectations);
  weir_suite_free(&suite);
  return exit_status;
}

static int test_targets(test_options *self, int argc, char **argv) {
  char name[WEIR_CASE_NAME_MAX];
  if (!weir_cli_parse(&parser, argc, argv, self)) return WEIR_EXIT_USAGE;
  weir_cli_campaign *campaign = &self->campaign;
  if (campaign->command != NULL) {
    if (campaign->target_count > 0) {
      weir_cli_say("give targets by name, or one command after `--`, not both");
      return WEIR_EXIT_USAGE;
    }
    weir_cli_command_name(campaign->command, name, sizeof name);
    campaign->targets[campaign->target_count++] = name;
  }
  if (campaign->target_count == 0) {
    weir_cli_say("no target: `weir test reference`; `weir list targets` shows what is here");
    return WEIR_EXIT_USAGE;
  }
  bool of_streams =
      campaign->plan.deliveries[0] != NULL || campaign->plan.window != SIZE_MAX || campaign->plan.budget > 0;
  if (of_streams && self->stream_count == 0) {
    weir_cli_say("--delivery, --window and --budget are for protocols: give a --stream FILE");
    return WEIR_EXIT_USAGE;
  }
  return self->stream_count > 0 ? test_streams(self) : test_transports(self);
}

int weir_cli_test(int argc, char **argv) {
  test_options *self = calloc(1, sizeof *self);
  char **command = weir_cli_cut_command(&argc, argv), **spread = spread_streams(&argc, argv);
  int exit_status = WEIR_EXIT_USAGE;
  if (self != NULL && spread != NULL) {
    self->campaign = (weir_cli_campaign){.explain = -1, .seed = 1, .command = command, .plan = {.window = SIZE_MAX}};
    exit_status = test_targets(self, argc, spread);
  } else {
    weir_cli_say("no memory for the options");
  }
  free(spread);
  free(self);
  return exit_status;
}
