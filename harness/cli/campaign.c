/* Many cases on some targets: run, reported, and the exit status of it. */
#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

/* ---- Options */

static uint64_t parse_number(const char *text, uint64_t most, const char *what, struct argp_state *state) {
  char *end = NULL;
  unsigned long long number = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || number > most)
    argp_error(state, "%s is a number from 0 to %llu, and not `%s`", what, (unsigned long long)most, text);
  return number;
}

bool weir_cli_faults(const char *value, struct argp_state *state) {
  if (strcmp(value, "legal") != 0 && strcmp(value, "posix") != 0)
    argp_error(state, "there are no faults `%s`: legal or posix", value);
  return strcmp(value, "posix") == 0;
}

bool weir_cli_campaign_option(weir_cli_campaign *campaign, int key, const char *value, struct argp_state *state) {
  switch (key) {
  case 'f': {
    int format = weir_format_find(value);
    if (format < 0) argp_error(state, "there is no format `%s`: table, tap, junit or json", value);
    campaign->format = (weir_format)format;
    return true;
  }
  case 'o': campaign->output = value; return true;
  case WEIR_CLI_KEY_TRACES: campaign->traces = value; return true;
  case WEIR_CLI_KEY_STRICT: campaign->strict = true; return true;
  case WEIR_CLI_KEY_LOG: campaign->log = true; return true;
  case WEIR_CLI_KEY_MEMORY:
    campaign->memory_mib = (uint32_t)parse_number(value, 1 << 20, "--memory", state);
    return true;
  case WEIR_CLI_KEY_STALLS:
    campaign->stalls_max = (uint32_t)parse_number(value, 1 << 20, "--stalls", state);
    return true;
  case WEIR_CLI_KEY_FAULTS: campaign->posix = weir_cli_faults(value, state); return true;
  case WEIR_CLI_KEY_LINES: campaign->lines = true; return true;
  case WEIR_CLI_KEY_SEED: campaign->seed = parse_number(value, INT64_MAX, "a seed", state); return true;
  case WEIR_CLI_KEY_BRIEF: campaign->brief = true; return true;
  case WEIR_CLI_KEY_EXPLAIN: campaign->explain = (int)parse_number(value, 1000, "--explain", state); return true;
  default: return false;
  }
}

void weir_cli_campaign_target(weir_cli_campaign *campaign, const char *name, struct argp_state *state) {
  if (campaign->target_count == WEIR_CLI_TARGETS_MAX)
    argp_error(state, "at most %d targets at a time", WEIR_CLI_TARGETS_MAX);
  campaign->targets[campaign->target_count++] = name;
}

/* ---- Interrupts: they end the run between two cases, and the report still comes. */

typedef struct watch {
  int caught;
  bool terminal; /* a progress line */
} watch;

static void watch_begin(watch *self) {
  weir_cli_signals_hold();
  self->terminal = isatty(STDERR_FILENO) == 1;
}

static bool watch_stop(void *context) {
  watch *self = context;
  if (self->caught == 0) self->caught = weir_cli_signals_take();
  return self->caught != 0;
}

static void watch_progress(void *context, const weir_target_result *target, size_t done, size_t total) {
  const watch *self = context;
  if (self->terminal && (target->protocol || done % 16 == 0 || done == total))
    (void)fprintf(stderr, "\r\033[K%s  %zu/%zu", target->name, done, total);
}

static void watch_end(const watch *self) {
  if (self->terminal) (void)fputs("\r\033[K", stderr);
}

/* ---- The report */

/* The worst finding of a failure, known deviations left out; NULL: there is none. */
static const weir_finding *to_explain(const weir_case_result *result) {
  if (result->verdict != WEIR_FAIL || result->all_known) return NULL;
  for (size_t i = 0; i < result->finding_count; i++)
    if (!weir_case_knows(result, result->findings[i].rule)) return &result->findings[i];
  return NULL;
}

static weir_status explain(const weir_result *result, int most, const weir_report_options *options, FILE *out) {
  for (size_t t = 0; t < result->count && most > 0; t++) {
    const weir_target_result *target = &result->targets[t];
    for (size_t c = 0; c < target->count && most > 0; c++) {
      const weir_case_result *one = &target->cases[c];
      const weir_finding *finding = to_explain(one);
      if (finding == NULL) continue;
      (void)fputc('\n', out);
      weir_status status = weir_report_finding(target, one, finding, options, out);
      if (status != WEIR_OK) return status;
      most--;
    }
  }
  return WEIR_OK;
}

static int report(const weir_cli_campaign *campaign, const weir_result *result, weir_cli_output *output) {
  weir_report_options options = {.color = weir_cli_color(output), .brief = campaign->brief};
  weir_status status = weir_report_write(result, campaign->format, &options, output->stream);
  int explained = campaign->explain >= 0 ? campaign->explain : campaign->brief ? 0 : 1;
  if (status == WEIR_OK && campaign->format == WEIR_FORMAT_TABLE)
    status = explain(result, explained, &options, output->stream);
  weir_problem problem = {.text = ""};
  weir_status closed = weir_cli_output_close(output, &problem);
  if (closed != WEIR_OK) return weir_cli_fail(closed, &problem);
  if (status != WEIR_OK) {
    weir_cli_say("the report could not be made: %s", weir_status_name(status));
    return WEIR_EXIT_USAGE;
  }
  return WEIR_EXIT_OK;
}

/* ---- Expectations */

static weir_status update(const char *path, const weir_expectations *old, const weir_result *result,
                          weir_problem *problem) {
  weir_cli_output output;
  weir_status status = weir_cli_output_open(&output, path, problem);
  if (status != WEIR_OK) return status;
  status = weir_expectations_write(old, result, output.stream);
  if (status == WEIR_OK || status == WEIR_IO) return weir_cli_output_close(&output, problem);
  weir_cli_output_discard(&output);
  return weir_fail(problem, status, 0, "%s was not written: %s", path, weir_status_name(status));
}

/* ---- The run */

/* Every target is tried, whatever became of the one before it.  Returns 0, or
 * the status of what could not be opened. */
static int run_targets(const weir_cli_campaign *campaign, const weir_suite *suite, watch *signals,
                       weir_result *result) {
  weir_runner_options runner_options = {.command = campaign->command,
                                        .memory_mib = campaign->memory_mib,
                                        .stalls_max = campaign->stalls_max,
                                        .posix = campaign->posix,
                                        .lines = campaign->lines,
                                        .log = campaign->log};
  weir_engine_options options = {.strict = campaign->strict,
                                 .keep_traces = campaign->traces != NULL,
                                 .seed = campaign->seed,
                                 .progress = watch_progress,
                                 .stop = watch_stop,
                                 .context = signals};
  int exit_status = 0;
  for (size_t i = 0; i < campaign->target_count && !watch_stop(signals); i++) {
    weir_problem problem = {.text = ""};
    const char *name = campaign->targets[i];
    weir_status status =
        campaign->streams != NULL
            ? weir_streams_test(name, &runner_options, campaign->streams, &campaign->plan, &options, result, &problem)
            : weir_engine_test(name, &runner_options, suite, &options, result, &problem);
    watch_end(signals);
    if (status != WEIR_OK) exit_status = weir_cli_fail(status, &problem);
  }
  return exit_status;
}

int weir_cli_campaign_run(const weir_cli_campaign *campaign, const weir_suite *suite) {
  weir_cli_output output;
  weir_problem problem = {.text = ""};
  weir_status status = weir_cli_output_open(&output, campaign->output, &problem);
  if (status != WEIR_OK) return weir_cli_fail(status, &problem);
  watch signals = {.caught = 0};
  watch_begin(&signals);
  weir_result result = {.strict = campaign->strict, .seed = campaign->seed};
  int broken = run_targets(campaign, suite, &signals, &result);
  if (campaign->expectations != NULL) weir_expectations_apply(campaign->expectations, &result);
  int reported = report(campaign, &result, &output);
  status = campaign->traces != NULL ? weir_cli_traces_write(campaign->traces, &result, &problem) : WEIR_OK;
  if (status == WEIR_OK && campaign->update != NULL && signals.caught == 0)
    status = update(campaign->update, campaign->expectations, &result, &problem);
  if (status != WEIR_OK) reported = weir_cli_fail(status, &problem);
  int verdict = weir_result_status(&result);
  weir_result_clear(&result);
  if (reported != 0) return reported;
  if (signals.caught != 0) {
    weir_cli_say("stopped by signal %d (%s): these are the results so far", signals.caught, strsignal(signals.caught));
    return WEIR_EXIT_SIGNAL + signals.caught;
  }
  return broken != 0 ? broken : verdict;
}
