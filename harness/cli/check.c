/* Traces that were recorded, here or elsewhere: judged as they are read. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "validator/live.h"

enum { PATHS_MAX = 4096, READ_AT_ONCE = 1024 };

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

/* One trace on its way through the validators of its connections. */
#define STANDARD_INPUT "standard input"

typedef struct checking {
  const check_options *options;
  const char *path;
  weir_live *live;
  weir_trace_header header;
  weir_problem problem;
} checking;

static weir_status feed_all(checking *self, weir_trace_reader *reader) {
  weir_record records[READ_AT_ONCE];
  uint64_t connections[READ_AT_ONCE];
  for (;;) {
    size_t count = 0;
    weir_status status = weir_trace_reader_next_of(reader, records, connections, READ_AT_ONCE, &count, &self->problem);
    weir_live_feed(self->live, records, connections, count);
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

static weir_level level_of(const weir_live_finding *found) {
  return weir_rule_get(found->finding.rule)->level;
}

static weir_verdict verdict_of(const weir_live_finding *findings, size_t count, bool strict) {
  weir_verdict verdict = WEIR_PASS;
  for (size_t i = 0; i < count; i++) {
    weir_level level = level_of(&findings[i]);
    if (level == WEIR_MUST || (level == WEIR_SHOULD && strict)) return WEIR_FAIL;
    if (level == WEIR_SHOULD) verdict = WEIR_WARN;
  }
  return verdict;
}

/* Where it stands, if the excerpt does not tell it. */
static void tell_place(const checking *self, const weir_live_finding *found, char *out, size_t size) {
  char more[48] = "", from[64] = "";
  if (found->connections > 1) (void)snprintf(more, sizeof more, " and %" PRIu64 " more", found->connections - 1);
  if (found->excerpt.from > 0)
    (void)snprintf(from, sizeof from, "; shown from its event %" PRIu64 " on", found->excerpt.from);
  if (weir_live_connections(self->live) > 1)
    (void)snprintf(out, size, "connection %" PRIu64 "%s, event %" PRIu64 " of all%s", found->connection, more,
                   found->event, from);
  else if (found->excerpt.from > 0)
    (void)snprintf(out, size, "event %" PRIu64 "%s", found->event, from);
}

static weir_status explain_one(const checking *self, const weir_live_finding *found, weir_verdict verdict,
                               weir_cli_output *output) {
  weir_target_result target = {.count = 0};
  weir_case of = {.path = NULL};
  /* Without a scenario it is no run that could be repeated. */
  if (self->header.scenario[0] != '\0') {
    (void)snprintf(target.name, sizeof target.name, "%s", self->header.target);
    (void)snprintf(target.version, sizeof target.version, "%s", self->header.version);
  }
  (void)snprintf(of.name, sizeof of.name, "%.*s", (int)sizeof of.name - 1,
                 self->header.scenario[0] != '\0'          ? self->header.scenario
                 : strcmp(self->path, STANDARD_INPUT) == 0 ? "-"
                                                           : self->path);
  weir_case_result one = {.of = &of, .records = found->excerpt.records, .verdict = verdict};
  one.record_count = found->excerpt.count;
  weir_finding shown = found->finding;
  shown.event -= found->excerpt.from;
  shown.since = shown.since >= found->excerpt.from ? shown.since - found->excerpt.from : shown.event;
  weir_report_options report_options = {.color = weir_cli_color(output)};
  tell_place(self, found, of.about.title, sizeof of.about.title);
  (void)fputc('\n', output->stream);
  return weir_report_finding(&target, &one, &shown, &report_options, output->stream);
}

static weir_status explain(const checking *self, const weir_live_finding *findings, size_t count, weir_verdict verdict,
                           weir_cli_output *output) {
  int left = self->options->explain;
  weir_status status = WEIR_OK;
  for (size_t i = 0; i < count && left > 0; i++) {
    const weir_live_finding *found = &findings[i];
    if (level_of(found) == WEIR_PROFILE) continue;
    left--;
    if (found->excerpt.count > 0) {
      weir_status explained = explain_one(self, found, verdict, output);
      if (explained != WEIR_OK) return explained;
    } else {
      if (found->excerpt.records == NULL) status = WEIR_NO_MEMORY;
      (void)fprintf(output->stream, "  connection %" PRIu64 ", event %" PRIu64 ": %s: %s\n", found->connection,
                    found->event, weir_rule_get(found->finding.rule)->id, found->finding.message);
    }
  }
  return status;
}

static void print_rules(const weir_live_finding *findings, size_t count, FILE *out) {
  for (size_t i = 0; i < count; i++) {
    weir_level level = level_of(&findings[i]);
    if (level == WEIR_PROFILE) continue;
    (void)fprintf(out, level == WEIR_MUST ? " %s" : " (%s)", weir_rule_get(findings[i].finding.rule)->id);
  }
}

static void print_counts(const weir_live *live, FILE *out) {
  uint64_t connections = weir_live_connections(live), open = weir_live_open(live);
  (void)fprintf(out, " (%" PRIu64 " events", weir_live_events(live));
  if (connections > 1) (void)fprintf(out, ", %" PRIu64 " connections", connections);
  if (connections > 1 && open > 0) (void)fprintf(out, ", %" PRIu64 " open", open);
  (void)fprintf(out, ")\n");
}

/* "incomplete; why" or "unreadable: LINE: why": what keeps a trace from being judged to its end. */
static void print_obstacle(const weir_problem *why, bool readable, FILE *out) {
  if (readable) {
    (void)fprintf(out, "incomplete; %s",
                  why->text[0] != '\0' ? why->text : "the trace does not tell how the run ended");
    return;
  }
  (void)fprintf(out, "unreadable: ");
  if (why->line != 0) (void)fprintf(out, "%" PRIu32 ": ", why->line);
  (void)fprintf(out, "%s", why->text);
}

/* The line of a trace, and what is to be said of it: what was found before a
 * trace broke off is kept.  Returns its exit status. */
static int conclude(checking *self, weir_status read, weir_cli_output *output) {
  weir_problem problem = {.text = ""};
  weir_judgement judgement = weir_live_finish(self->live, &problem);
  bool readable = read == WEIR_OK && judgement != WEIR_UNREADABLE;
  FILE *out = output->stream;
  size_t count = 0;
  const weir_live_finding *findings = weir_live_findings(self->live, &count);
  weir_verdict verdict = verdict_of(findings, count, self->options->strict);
  bool complete = readable && judgement == WEIR_JUDGED;
  (void)fprintf(out, "%s: ", self->path);
  if (complete)
    (void)fprintf(out, "%s", weir_verdict_name(verdict));
  else
    print_obstacle(read != WEIR_OK ? &self->problem : &problem, readable, out);
  if (!complete && verdict != WEIR_PASS) (void)fprintf(out, "; so far %s", weir_verdict_name(verdict));
  print_rules(findings, count, out);
  print_counts(self->live, out);
  weir_status status = explain(self, findings, count, verdict, output);
  if (status != WEIR_OK) weir_cli_say("%s: the findings cannot be explained: %s", self->path, weir_status_name(status));
  if (status != WEIR_OK || !complete) return WEIR_EXIT_USAGE;
  return verdict == WEIR_FAIL ? WEIR_EXIT_BROKEN_RULE : WEIR_EXIT_OK;
}

static int check_stream(const check_options *options_, const char *path, FILE *in, weir_cli_output *output) {
  checking self = {.options = options_, .path = path, .live = weir_live_new((size_t)options_->explain)};
  if (self.live == NULL) {
    weir_cli_say("%s: no memory to judge it", path);
    return WEIR_EXIT_USAGE;
  }
  weir_status read = read_trace(&self, in);
  int exit_status = conclude(&self, read, output);
  weir_live_free(self.live);
  return exit_status;
}

static int check_one(const check_options *options_, const char *path, weir_cli_output *output) {
  if (strcmp(path, "-") == 0) return check_stream(options_, STANDARD_INPUT, stdin, output);
  FILE *in = fopen(path, "re");
  if (in == NULL) {
    weir_cli_say("%s: %s", path, strerror(errno));
    return WEIR_EXIT_USAGE;
  }
  int exit_status = check_stream(options_, path, in, output);
  (void)fclose(in);
  return exit_status;
}

static int check_all(const check_options *options_, weir_cli_output *output) {
  int exit_status = WEIR_EXIT_OK;
  for (size_t i = 0; i < options_->path_count; i++) {
    int one = check_one(options_, options_->paths[i], output);
    if (one > exit_status) exit_status = one;
  }
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
