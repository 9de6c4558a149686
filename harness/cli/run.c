#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

typedef enum run_format { RUN_TEXT, RUN_JSONL, RUN_BINARY, RUN_JSON, RUN_FORMAT_COUNT } run_format;
static const char *const format_words[RUN_FORMAT_COUNT] = {"text", "jsonl", "binary", "json"};

typedef struct run_options {
  const char *arguments[2];
  size_t count;
  char **command;
  run_format format;
  const char *output;
  bool strict, log, posix, lines;
} run_options;

static const struct argp_option options[] = {
    {"format", 'f', "FORMAT", 0,
     "text (default: trace, verdict, findings), jsonl or binary (the trace), json (the result)", 0},
    {"output", 'o', "FILE", 0, "write to FILE, in one piece, in place of standard output", 0},
    {"strict", WEIR_CLI_KEY_STRICT, NULL, 0, "a broken SHOULD fails as a MUST does", 0},
    WEIR_CLI_FAULTS_OPTION,
    WEIR_CLI_LINES_OPTION,
    {"log", WEIR_CLI_KEY_LOG, NULL, 0, "let the standard error of the target through", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  run_options *self = state->input;
  switch (key) {
  case 'f':
    for (unsigned format = 0; format < RUN_FORMAT_COUNT; format++) {
      if (strcmp(value, format_words[format]) != 0) continue;
      self->format = (run_format)format;
      return 0;
    }
    argp_error(state, "there is no format `%s`: text, jsonl, binary or json", value);
    return 0;
  case 'o': self->output = value; return 0;
  case WEIR_CLI_KEY_STRICT: self->strict = true; return 0;
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
    .doc = "Run one scenario and show its trace and its verdict.\v"
           "SCENARIO is a file or the name of a case (`weir list cases`). Exit status: 0 conforms; 1 a MUST is broken; "
           "2 usage, unreadable input or a broken harness; 77 it could not be run.",
};

static weir_status write_text(const weir_target_result *target, const weir_case_result *one, bool color, FILE *out) {
  (void)fprintf(out, "target    %s %s\nscenario  %s%s%s\n\n", target->name, target->version, one->of->name,
                one->of->about.title[0] != '\0' ? ": " : "", one->of->about.title);
  weir_status status = weir_cli_print_trace(one->records, one->record_count, out);
  if (status != WEIR_OK) return status;
  (void)fprintf(out, "\nverdict   %s%s%s\n", weir_verdict_name(one->verdict), one->reason[0] != '\0' ? ": " : "",
                one->reason);
  if (one->unreached > 0) (void)fprintf(out, "unreached %u steps of the scenario never came to pass\n", one->unreached);
  weir_report_options report_options = {.color = color};
  for (size_t i = 0; i < one->finding_count; i++) {
    (void)fputc('\n', out);
    status = weir_report_finding(target, one, &one->findings[i], &report_options, out);
    if (status != WEIR_OK) return status;
  }
  return WEIR_OK;
}

static weir_status write_result(const run_options *self, const weir_result *result, weir_cli_output *output) {
  const weir_target_result *target = &result->targets[0];
  const weir_case_result *one = &target->cases[0];
  weir_report_options report_options = {.color = weir_cli_color(output)};
  weir_trace_header header = weir_cli_trace_header(target, one);
  if (self->format == RUN_JSON) return weir_report_write(result, WEIR_FORMAT_JSON, &report_options, output->stream);
  if (self->format == RUN_TEXT) return write_text(target, one, report_options.color, output->stream);
  /* Standard output has the trace alone; the verdict is for the person. */
  weir_cli_say("%s%s%s", weir_verdict_name(one->verdict), one->reason[0] != '\0' ? ": " : "", one->reason);
  if (self->format == RUN_JSONL)
    return weir_trace_write_jsonl(output->stream, &header, one->records, one->record_count);
  return weir_trace_write_binary(output->stream, &header, one->records, one->record_count);
}

static int run_one(const run_options *self, const char *name, const weir_suite *suite) {
  weir_problem problem = {.text = ""};
  weir_cli_output output;
  weir_status status = weir_cli_output_open(&output, self->output, &problem);
  if (status != WEIR_OK) return weir_cli_fail(status, &problem);
  weir_runner_options runner_options = {
      .command = self->command, .posix = self->posix, .lines = self->lines, .log = self->log};
  weir_engine_options engine_options = {.strict = self->strict, .keep_traces = true};
  weir_result result = {.strict = self->strict};
  status = weir_engine_test(name, &runner_options, suite, &engine_options, &result, &problem);
  int exit_status = weir_result_status(&result);
  if (status != WEIR_OK || result.targets[0].count == 0) {
    exit_status = weir_cli_fail(status == WEIR_OK ? WEIR_UNAVAILABLE : status, &problem);
    weir_cli_output_discard(&output);
  } else {
    weir_status written = write_result(self, &result, &output);
    status = weir_cli_output_close(&output, &problem);
    if (status == WEIR_OK && written != WEIR_OK)
      status = weir_fail(&problem, written, 0, "the result could not be written: %s", weir_status_name(written));
    if (status != WEIR_OK) exit_status = weir_cli_fail(status, &problem);
  }
  weir_result_clear(&result);
  return exit_status;
}

int weir_cli_run(int argc, char **argv) {
  run_options self = {.count = 0};
  char name[WEIR_CASE_NAME_MAX];
  self.command = weir_cli_cut_command(&argc, argv);
  if (!weir_cli_parse(&parser, argc, argv, &self)) return WEIR_EXIT_USAGE;
  size_t wanted = self.command != NULL ? 1 : 2;
  if (self.count != wanted) {
    weir_cli_say("a target and a scenario are needed: `weir run reference FILE`, or `weir run FILE -- COMMAND...`");
    return WEIR_EXIT_USAGE;
  }
  if (self.command != NULL) weir_cli_command_name(self.command, name, sizeof name);
  weir_problem problem = {.text = ""};
  weir_suite suite = {.count = 0};
  weir_status status = weir_cli_load_scenario(self.arguments[wanted - 1], &suite, &problem);
  int exit_status = status == WEIR_OK ? run_one(&self, self.command != NULL ? name : self.arguments[0], &suite)
                                      : weir_cli_fail(status, &problem);
  weir_suite_free(&suite);
  return exit_status;
}
