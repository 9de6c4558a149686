/* Traces that were recorded, here or elsewhere: judged as they are read. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum {
  PATHS_MAX = 4096,
  READ_AT_ONCE = 1024,
  KEPT_MAX = 1 << 18 /* records kept for explaining: findings behind them are told without the events around */
};

typedef struct check_options {
  const char *paths[PATHS_MAX];
  size_t path_count;
  const char *output;
  bool strict;
  int explain;
} check_options;

enum { KEY_EXPLAIN = 512, KEY_STRICT };

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "write to FILE, in one piece, in place of standard output", 0},
    {"strict", KEY_STRICT, NULL, 0, "a broken SHOULD fails as a MUST does", 0},
    {"explain", KEY_EXPLAIN, "N", 0, "explain the first N findings of each trace (default 3)", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  check_options *self = state->input;
  char *end = NULL;
  switch (key) {
  case 'o': self->output = value; return 0;
  case KEY_STRICT: self->strict = true; return 0;
  case KEY_EXPLAIN: {
    long number = strtol(value, &end, 10);
    if (*value == '\0' || *end != '\0' || number < 0 || number > WEIR_FINDINGS_MAX)
      argp_error(state, "--explain is a number from 0 to %d, and not `%s`", WEIR_FINDINGS_MAX, value);
    self->explain = (int)number;
    return 0;
  }
  case ARGP_KEY_ARG:
    if (self->path_count == PATHS_MAX) argp_error(state, "at most %d traces at a time", PATHS_MAX);
    self->paths[self->path_count++] = value;
    return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .args_doc = "[TRACE...|-]",
    .doc = "Judge recorded traces, binary or JSON Lines; without a name, standard input.\v"
           "A line a trace: pass, warn, fail, incomplete (it does not tell how the run ended) or unreadable. "
           "Exit status: 0 all pass; 1 a MUST is broken; 2 a trace is incomplete or unreadable.",
};

/* One trace on its way through the validator. */
typedef struct checking {
  weir_validator *validator;
  weir_record *kept; /* the first KEPT_MAX */
  uint64_t count;
  weir_trace_header header;
  weir_problem problem;
} checking;

static weir_status feed_all(checking *self, weir_trace_reader *reader) {
  weir_record records[READ_AT_ONCE];
  for (;;) {
    size_t count = 0;
    weir_status status = weir_trace_reader_next(reader, records, READ_AT_ONCE, &count, &self->problem);
    weir_validator_feed(self->validator, records, count);
    if (self->count < KEPT_MAX) {
      size_t room = KEPT_MAX - (size_t)self->count;
      memcpy(self->kept + self->count, records, (count < room ? count : room) * sizeof *records);
    }
    self->count += count;
    if (status != WEIR_OK || count == 0) return status;
  }
}

static weir_status read_trace(checking *self, FILE *in) {
  weir_trace_reader *reader = NULL;
  weir_status status = weir_trace_reader_open(in, &reader, &self->header, &self->problem);
  if (status != WEIR_OK) return status;
  status = feed_all(self, reader);
  weir_trace_reader_close(reader);
  return status;
}

/* ---- What came out */

static weir_verdict verdict_of(const weir_finding *findings, size_t count, bool strict) {
  weir_verdict verdict = WEIR_PASS;
  for (size_t i = 0; i < count; i++) {
    weir_level level = weir_rule_get(findings[i].rule)->level;
    if (level == WEIR_MUST || (level == WEIR_SHOULD && strict)) return WEIR_FAIL;
    if (level == WEIR_SHOULD) verdict = WEIR_WARN;
  }
  return verdict;
}

static weir_status explain(const check_options *options_, const checking *self, const char *path,
                           const weir_finding *findings, size_t count, weir_cli_output *output) {
  weir_target_result target = {.count = 0};
  weir_case of = {.path = NULL};
  (void)snprintf(target.name, sizeof target.name, "%s", self->header.target);
  (void)snprintf(target.version, sizeof target.version, "%s", self->header.version);
  (void)snprintf(of.name, sizeof of.name, "%.*s", (int)sizeof of.name - 1,
                 self->header.scenario[0] != '\0' ? self->header.scenario : path);
  weir_case_result one = {.of = &of, .records = self->kept, .verdict = verdict_of(findings, count, options_->strict)};
  one.record_count = (uint32_t)(self->count < KEPT_MAX ? self->count : KEPT_MAX);
  weir_report_options report_options = {.color = weir_cli_color(output)};
  int left = options_->explain;
  for (size_t i = 0; i < count && left > 0; i++) {
    if (weir_rule_get(findings[i].rule)->level == WEIR_PROFILE) continue;
    if (findings[i].event < one.record_count) {
      (void)fputc('\n', output->stream);
      weir_status status = weir_report_finding(&target, &one, &findings[i], &report_options, output->stream);
      if (status != WEIR_OK) return status;
    } else {
      (void)fprintf(output->stream, "  event %llu: %s\n", (unsigned long long)findings[i].event, findings[i].message);
    }
    left--;
  }
  return WEIR_OK;
}

static void print_rules(const weir_finding *findings, size_t count, FILE *out) {
  for (size_t i = 0; i < count; i++) {
    const weir_rule_info *rule = weir_rule_get(findings[i].rule);
    if (rule->level == WEIR_PROFILE) continue;
    (void)fprintf(out, rule->level == WEIR_MUST ? " %s" : " (%s)", rule->id);
  }
}

/* The line of a trace, and what is to be said of it.  Returns its exit status. */
static int conclude(const check_options *options_, checking *self, const char *path, weir_status read,
                    weir_cli_output *output) {
  weir_problem problem = {.text = ""};
  weir_judgement judgement = weir_validator_finish(self->validator, &problem);
  size_t count = 0;
  const weir_finding *findings = weir_validator_findings(self->validator, &count);
  FILE *out = output->stream;
  if (read != WEIR_OK || judgement == WEIR_UNREADABLE) {
    const weir_problem *why = read != WEIR_OK ? &self->problem : &problem;
    (void)fprintf(out, "%s: unreadable: ", path);
    if (why->line != 0) (void)fprintf(out, "%u: ", why->line);
    (void)fprintf(out, "%s\n", why->text);
    return WEIR_EXIT_USAGE;
  }
  weir_verdict verdict = verdict_of(findings, count, options_->strict);
  bool complete = judgement == WEIR_JUDGED;
  (void)fprintf(out, "%s: %s", path, complete ? weir_verdict_name(verdict) : "incomplete");
  if (!complete) (void)fprintf(out, "; the trace does not tell how the run ended");
  if (!complete && verdict != WEIR_PASS) (void)fprintf(out, "; so far %s", weir_verdict_name(verdict));
  print_rules(findings, count, out);
  (void)fprintf(out, " (%llu events)\n", (unsigned long long)self->count);
  weir_status status = explain(options_, self, path, findings, count, output);
  if (status != WEIR_OK) weir_cli_say("%s: the findings cannot be explained: %s", path, weir_status_name(status));
  if (status != WEIR_OK || !complete) return WEIR_EXIT_USAGE;
  return verdict == WEIR_FAIL ? WEIR_EXIT_BROKEN_RULE : WEIR_EXIT_OK;
}

static int check_one(const check_options *options_, checking *self, const char *path, weir_cli_output *output) {
  bool standard = strcmp(path, "-") == 0;
  FILE *in = standard ? stdin : fopen(path, "re");
  if (in == NULL) {
    weir_cli_say("%s: %s", path, strerror(errno));
    return WEIR_EXIT_USAGE;
  }
  self->count = 0;
  self->header = (weir_trace_header){.spec = 0};
  self->problem = (weir_problem){.text = ""};
  self->validator = weir_validator_init(self->validator);
  weir_status read = read_trace(self, in);
  int exit_status = conclude(options_, self, standard ? "standard input" : path, read, output);
  if (!standard) (void)fclose(in);
  return exit_status;
}

static int check_all(const check_options *options_, weir_cli_output *output) {
  checking self = {.validator = malloc(weir_validator_size()), .kept = malloc(KEPT_MAX * sizeof *self.kept)};
  int exit_status = WEIR_EXIT_OK;
  if (self.validator == NULL || self.kept == NULL) {
    weir_cli_say("no memory for a validator");
    exit_status = WEIR_EXIT_USAGE;
  }
  for (size_t i = 0; i < options_->path_count && self.validator != NULL && self.kept != NULL; i++) {
    int one = check_one(options_, &self, options_->paths[i], output);
    if (one > exit_status) exit_status = one;
  }
  free(self.validator);
  free(self.kept);
  return exit_status;
}

int weir_cli_check(int argc, char **argv) {
  check_options self = {.explain = 3};
  if (!weir_cli_parse(&parser, argc, argv, &self)) return WEIR_EXIT_USAGE;
  if (self.path_count == 0) self.paths[self.path_count++] = "-";
  weir_cli_output output;
  weir_problem problem = {.text = ""};
  weir_status status = weir_cli_output_open(&output, self.output, &problem);
  if (status != WEIR_OK) return weir_cli_fail(status, &problem);
  int exit_status = check_all(&self, &output);
  status = weir_cli_output_close(&output, &problem);
  return status == WEIR_OK ? exit_status : weir_cli_fail(status, &problem);
}
