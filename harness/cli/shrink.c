#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "engine/shrink.h"
#include "weir/spec.h"

typedef struct shrink_options {
  const char *arguments[2];
  size_t count;
  char **command;
  const char *target; /* as it is called on the command line */
  const char *output;
  int rule;
  uint32_t runs_max;
  bool log, posix, lines;
} shrink_options;

enum { KEY_RULE = 'r', KEY_RUNS = 'n' };

static const struct argp_option options[] = {
    {"rule", KEY_RULE, "ID", 0, "the rule that stays broken (default: that of the worst finding)", 0},
    {"runs", KEY_RUNS, "N", 0, "run it at most N times (default 20000)", 0},
    {"output", 'o', "FILE", 0, "write to FILE, in one piece, in place of standard output", 0},
    WEIR_CLI_FAULTS_OPTION,
    WEIR_CLI_LINES_OPTION,
    {"log", WEIR_CLI_KEY_LOG, NULL, 0, "let the standard error of the target through", 0},
    {0}};

static uint32_t parse_runs(const char *value, struct argp_state *state) {
  char *end = NULL;
  unsigned long number = strtoul(value, &end, 10);
  if (value[0] < '0' || value[0] > '9' || *end != '\0' || number == 0 || number > UINT32_MAX)
    argp_error(state, "a number of runs is from 1 to %" PRIu32 ", and not `%s`", UINT32_MAX, value);
  return (uint32_t)number;
}

static error_t parse(int key, char *value, struct argp_state *state) {
  shrink_options *self = state->input;
  switch (key) {
  case KEY_RULE: self->rule = weir_cli_parse_rule(value, state); return 0;
  case KEY_RUNS: self->runs_max = parse_runs(value, state); return 0;
  case 'o': self->output = value; return 0;
  case WEIR_CLI_KEY_LOG: self->log = true; return 0;
  case WEIR_CLI_KEY_FAULTS: self->posix = weir_cli_faults(value, state); return 0;
  case WEIR_CLI_KEY_LINES: self->lines = true; return 0;
  case ARGP_KEY_ARG:
    if (self->count == 2) argp_error(state, "one target and one scenario: `%s` is too much", value);
    self->arguments[self->count++] = value;
    return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .args_doc = "TARGET SCENARIO\nSCENARIO -- COMMAND...",
    .doc = "Reduce a failing scenario to the least that still breaks the same rule: no step can be left out, no number "
           "made smaller. It is written as text, ready for corpus/regressions.\v"
           "SCENARIO is a file or the name of a case (`weir list cases`). Exit status: 0 it was reduced; 2 it does not "
           "fail, or usage, unreadable input, a broken harness; 77 it could not be run; 128 + N stopped by signal N, "
           "with what was reached by then.",
};

/* ---- While it runs */

typedef struct watch {
  int caught;
  bool terminal; /* a progress line */
} watch;

static bool watch_stop(void *context) {
  watch *self = context;
  if (self->caught == 0) self->caught = weir_cli_signals_take();
  return self->caught != 0;
}

static void watch_progress(void *context, uint32_t runs, uint32_t steps) {
  const watch *self = context;
  if (self->terminal && runs % 16 == 0) (void)fprintf(stderr, "\r\033[K%u steps after %u runs", steps, runs);
}

/* ---- The result */

/* What the first title promised need not be what is left: the finding is. */
static void make_about(const weir_finding *finding, weir_scenario_about *about) {
  const char *id = weir_rule_get(finding->rule)->id;
  (void)snprintf(about->title, sizeof about->title, "%s: %.*s", id, (int)(sizeof about->title - strlen(id) - 3),
                 finding->message);
  (void)snprintf(about->rules, sizeof about->rules, "%s", id);
}

static weir_status write_scenario(const shrink_options *self, const weir_case *of, const char *version,
                                  const weir_shrunk *shrunk, FILE *out) {
  const weir_rule_info *rule = weir_rule_get(shrunk->finding.rule);
  char text[WEIR_LINE_MAX];
  (void)snprintf(text, sizeof text, "%s %s: %s", rule->id, weir_level_name(rule->level), rule->sentence);
  weir_cli_write_comment(out, "rule", text);
  (void)snprintf(text, sizeof text, "%s%s%s", self->target, version[0] != '\0' ? "  " : "", version);
  weir_cli_write_comment(out, "target", text);
  (void)snprintf(text, sizeof text, WEIR_VERSION ", shrunk from %s: %u of its %u steps%s", of->name,
                 of->scenario->count, shrunk->steps_before,
                 shrunk->end == WEIR_SHRINK_MINIMAL ? "" : "; not minimal yet");
  weir_cli_write_comment(out, "weir", text);
  weir_scenario_about about;
  make_about(&shrunk->finding, &about);
  size_t size = weir_scenario_print(of->scenario, &about, NULL, 0) + 1;
  char *printed = malloc(size);
  if (printed == NULL) return WEIR_NO_MEMORY;
  (void)weir_scenario_print(of->scenario, &about, printed, size);
  (void)fputs(printed, out);
  free(printed);
  return WEIR_OK;
}

static void say_outcome(const weir_shrunk *shrunk, uint32_t steps) {
  const char *id = weir_rule_get(shrunk->finding.rule)->id;
  uint32_t before = shrunk->steps_before, runs = shrunk->runs;
  if (shrunk->end == WEIR_SHRINK_MINIMAL)
    weir_cli_say("%u of %u steps still break %s; nothing more can be left out (%u runs)", steps, before, id, runs);
  else
    weir_cli_say("%u of %u steps still break %s; it was %s after %u runs, and is not minimal yet", steps, before, id,
                 shrunk->end == WEIR_SHRINK_BOUND ? "given up" : "stopped", runs);
}

static weir_status write_output(const shrink_options *self, const weir_case *of, const char *version,
                                const weir_shrunk *shrunk, weir_problem *problem) {
  weir_cli_output output;
  weir_status status = weir_cli_output_open(&output, self->output, problem);
  if (status != WEIR_OK) return status;
  status = write_scenario(self, of, version, shrunk, output.stream);
  if (status == WEIR_OK) return weir_cli_output_close(&output, problem);
  weir_cli_output_discard(&output);
  return weir_fail(problem, status, 0, "no memory for the text of the scenario");
}

/* ---- All of it */

static int shrink_case(const shrink_options *self, weir_runner *runner, weir_case *of) {
  watch watching = {.terminal = isatty(STDERR_FILENO) == 1};
  weir_shrink_options how = {.rule = self->rule,
                             .runs_max = self->runs_max,
                             .progress = watch_progress,
                             .stop = watch_stop,
                             .context = &watching};
  weir_shrunk shrunk;
  weir_problem problem = {.text = ""};
  weir_cli_signals_hold();
  weir_status status = weir_engine_shrink(runner, &how, of->scenario, &shrunk, &problem);
  if (watching.terminal) (void)fputs("\r\033[K", stderr);
  if (status == WEIR_OK) status = write_output(self, of, weir_runner_version(runner), &shrunk, &problem);
  if (status != WEIR_OK) return weir_cli_fail(status, &problem);
  say_outcome(&shrunk, of->scenario->count);
  return watching.caught != 0 ? WEIR_EXIT_SIGNAL + watching.caught : WEIR_EXIT_OK;
}

static int shrink_file(const shrink_options *self, const char *name) {
  weir_problem problem = {.text = ""};
  weir_suite suite = {.count = 0};
  weir_status status = weir_cli_load_scenario(name, &suite, &problem);
  weir_runner_options how = {.command = self->command, .posix = self->posix, .lines = self->lines, .log = self->log};
  weir_runner *runner = NULL;
  if (status == WEIR_OK) status = weir_runner_open(self->target, &how, &runner, &problem);
  int exit_status = status == WEIR_OK ? shrink_case(self, runner, &suite.cases[0]) : weir_cli_fail(status, &problem);
  weir_runner_close(runner);
  weir_suite_free(&suite);
  return exit_status;
}

int weir_cli_shrink(int argc, char **argv) {
  shrink_options self = {.rule = -1};
  char name[WEIR_CASE_NAME_MAX];
  self.command = weir_cli_cut_command(&argc, argv);
  if (!weir_cli_parse(&parser, argc, argv, &self)) return WEIR_EXIT_USAGE;
  size_t wanted = self.command != NULL ? 1 : 2;
  if (self.count != wanted) {
    weir_cli_say("a target and a scenario are needed: `weir shrink reference FILE`, or `weir shrink FILE -- "
                 "COMMAND...`");
    return WEIR_EXIT_USAGE;
  }
  if (self.command != NULL) weir_cli_command_name(self.command, name, sizeof name);
  self.target = self.command != NULL ? name : self.arguments[0];
  return shrink_file(&self, self.arguments[wanted - 1]);
}
