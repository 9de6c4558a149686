/* Streams on one protocol: run, and judged. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/streams.h"

/* An interpreter's callback costs as many of C's. */
#define SLOW_SHARE 400u

typedef struct testing {
  weir_driven *driven;
  const char *name;
  const weir_streams *streams;
  const weir_streams_options *plan;
  const weir_engine_options *options;
} testing;

/* ---- Findings */

static bool worse(const weir_finding *left, const weir_finding *right) {
  weir_level a = weir_rule_get(left->rule)->level, b = weir_rule_get(right->rule)->level;
  return a != b ? a < b : left->rule < right->rule;
}

static void sort_findings(weir_case_result *result) {
  for (size_t i = 1; i < result->finding_count; i++)
    for (size_t k = i; k > 0 && worse(&result->findings[k], &result->findings[k - 1]); k--) {
      weir_finding swapped = result->findings[k];
      result->findings[k] = result->findings[k - 1];
      result->findings[k - 1] = swapped;
    }
}

/* "weir test TARGET --stream FILE --delivery '...'" */
static void say_again(const testing *self, const weir_stream_file *stream, const char *delivery, const char *against,
                      char *out, size_t size) {
  bool command = strncmp(self->name, "-- ", 3) == 0;
  int used =
      snprintf(out, size, "weir test%s%s --stream %s", command ? "" : " ", command ? "" : self->name, stream->path);
  if (used > 0 && (size_t)used < size && delivery[0] != '\0')
    used += snprintf(out + used, size - (size_t)used, " --delivery '%s'", delivery);
  if (used > 0 && (size_t)used < size && delivery[0] != '\0' && against[0] != '\0')
    used += snprintf(out + used, size - (size_t)used, " --delivery '%s'", against);
  if (used > 0 && (size_t)used < size && command) (void)snprintf(out + used, size - (size_t)used, " %s", self->name);
}

static bool add_finding(weir_case_result *result, const weir_check_finding *found) {
  weir_finding *larger = realloc(result->findings, (result->finding_count + 1) * sizeof *larger);
  if (larger == NULL) return false;
  result->findings = larger;
  weir_finding *finding = &larger[result->finding_count++];
  *finding =
      (weir_finding){.rule = (uint8_t)found->rule, .count = found->count, .event = found->at, .since = found->at};
  (void)snprintf(finding->message, sizeof finding->message, "%.*s", (int)sizeof found->message - 1, found->message);
  return true;
}

static bool take_findings(const testing *self, const weir_stream_file *stream, const weir_check_report *report,
                          weir_case_result *result) {
  const weir_check_finding *worst = NULL;
  for (uint32_t i = 0; i < report->count; i++)
    if (report->findings[i].rule < WEIR_RULE_COUNT && !add_finding(result, &report->findings[i])) return false;
  sort_findings(result);
  for (uint32_t i = 0; i < report->count && result->finding_count > 0; i++)
    if ((uint8_t)report->findings[i].rule == result->findings[0].rule) worst = &report->findings[i];
  if (worst == NULL) return true;
  say_again(self, stream, worst->delivery, worst->against, result->again, sizeof result->again);
  if (worst->detail[0] == '\0') return true;
  size_t size = strnlen(worst->detail, sizeof worst->detail - 1) + 2 * (size_t)WEIR_DELIVERY_TEXT_MAX;
  result->detail = malloc(size + 100);
  if (result->detail == NULL) return false;
  (void)snprintf(result->detail, size + 100, "           %-33.33s  %.38s\n%s", worst->against, worst->delivery,
                 worst->detail);
  return true;
}

/* A worker that died, span or hung in the middle: what was in hand tells where. */
void weir_streams_end(const weir_driven_run *run, weir_family family, size_t size, weir_check_report *report) {
  static const char *const how[] = {"", "crashes", "spins", "hangs"};
  const weir_hand *hand = run->hand;
  if (report->count == WEIR_CHECK_FINDINGS_MAX) report->count--;
  weir_check_finding *finding = &report->findings[report->count++];
  *finding = (weir_check_finding){.rule = weir_family_rule(family), .count = 1, .at = hand->position};
  if (hand->inside == WEIR_INSIDE_FILL) finding->rule = WEIR_RULE_R1;
  char with[64] = "";
  if (run->end == WEIR_DRIVEN_CRASH && run->how == WEIR_CRASH_MEMORY)
    (void)snprintf(with, sizeof with, ", it took more memory than it may");
  else if (run->end == WEIR_DRIVEN_CRASH && run->how < WEIR_CRASH_STATUS)
    (void)snprintf(with, sizeof with, ", signal %u (%.30s)", run->how, strsignal((int)run->how));
  else if (run->end == WEIR_DRIVEN_CRASH)
    (void)snprintf(with, sizeof with, ", exit status %u", run->how - WEIR_CRASH_STATUS);
  (void)snprintf(finding->message, sizeof finding->message, "at byte %" PRIu64 ": %s %s%s", hand->position,
                 how[run->end], weir_inside_name(hand->inside), with);
  weir_delivery delivery = hand->delivery;
  delivery.cuts = hand->cut && weir_cuts_words(delivery.size) <= WEIR_HAND_WORDS ? hand->cuts : NULL;
  bool whole = hand->cut || hand->delivery.cuts == NULL;
  if (delivery.size <= size && whole) weir_delivery_print(&delivery, size, finding->delivery, sizeof finding->delivery);
}

/* ---- A case */

static void decide(const testing *self, const weir_check_report *report, weir_case_result *result) {
  (void)snprintf(result->note, sizeof result->note, "%.*s", (int)sizeof report->note - 1, report->note);
  for (unsigned rule = WEIR_RULE_R1; rule <= WEIR_RULE_R11; rule++)
    if ((report->rules >> (rule - WEIR_RULE_R1) & 1) != 0) result->exercised[rule / 64] |= UINT64_C(1) << rule % 64;
  if (result->finding_count > 0) {
    const weir_rule_info *rule = weir_rule_get(result->findings[0].rule);
    result->verdict = rule->level == WEIR_MUST || self->options->strict ? WEIR_FAIL : WEIR_WARN;
    (void)snprintf(result->reason, sizeof result->reason, "%s: %s", rule->id, result->findings[0].message);
  } else if (report->skip[0] != '\0') {
    result->verdict = WEIR_SKIP;
    (void)snprintf(result->reason, sizeof result->reason, "%.*s", (int)sizeof report->skip - 1, report->skip);
  } else {
    result->verdict = WEIR_PASS;
  }
}

static weir_status run_case(const testing *self, size_t index, weir_case_result *result) {
  const weir_stream_case *of = &self->streams->cases[index];
  const weir_stream_file *stream = &self->streams->streams[of->stream];
  const weir_streams_options *plan = self->plan;
  uint64_t budget = WEIR_CHECK_BUDGET_DEFAULT / (weir_driven_is_slow(self->driven) ? SLOW_SHARE : 1u);
  weir_check_job job = {.stream = stream->bytes,
                        .size = stream->size,
                        .budget = plan->budget != 0 ? plan->budget : budget,
                        .seed = self->options->seed,
                        .window = plan->window};
  for (unsigned i = 0; i < 2 && plan->deliveries[i] != NULL; i++)
    (void)snprintf(job.deliveries[i], sizeof job.deliveries[i], "%s", plan->deliveries[i]);
  weir_driven_run run;
  weir_problem problem = {.text = ""};
  weir_status status = weir_driven_run_check(self->driven, of->family, &job, &run, &problem);
  if (status != WEIR_OK) {
    result->verdict = WEIR_ERROR;
    (void)snprintf(result->reason, sizeof result->reason, "%.*s", (int)sizeof result->reason - 1, problem.text);
    return WEIR_OK;
  }
  weir_check_report *report = malloc(sizeof *report);
  if (report == NULL) return WEIR_NO_MEMORY;
  *report = *run.report;
  if (run.end != WEIR_DRIVEN_DONE) weir_streams_end(&run, of->family, stream->size, report);
  bool taken = take_findings(self, stream, report, result);
  decide(self, report, result);
  result->proof = of->family == WEIR_FAMILY_CHUNKINGS;
  free(report);
  return taken ? WEIR_OK : WEIR_NO_MEMORY;
}

/* ---- A target */

static weir_status run_all(const testing *self, weir_target_result *target, weir_problem *problem) {
  const weir_suite *suite = &self->streams->suite;
  const weir_engine_options *options = self->options;
  target->cases = calloc(suite->count + 1, sizeof *target->cases);
  if (target->cases == NULL)
    return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for the results of %s", target->name);
  for (size_t i = 0; i < suite->count; i++) {
    if (options->stop != NULL && options->stop(options->context)) break;
    weir_case_result *one = &target->cases[i];
    one->of = &suite->cases[i];
    weir_status status = run_case(self, i, one);
    if (status != WEIR_OK) return weir_fail(problem, status, 0, "no memory for the result of %s", one->of->name);
    target->count = i + 1;
    target->tally[one->verdict]++;
    if (options->progress != NULL) options->progress(options->context, target, i + 1, suite->count);
  }
  return WEIR_OK;
}

weir_status weir_streams_test(const char *name, const weir_runner_options *runner_options, const weir_streams *streams,
                              const weir_streams_options *plan, const weir_engine_options *options, weir_result *result,
                              weir_problem *problem) {
  weir_target_result *target = weir_result_add(result, name, problem);
  if (target == NULL) return WEIR_NO_MEMORY;
  target->protocol = true;
  weir_driven *driven = NULL;
  weir_problem found = {.text = ""};
  weir_status status = weir_driven_open(name, runner_options, &driven, &found);
  if (status != WEIR_OK) {
    (void)snprintf(target->unavailable, sizeof target->unavailable, "%.*s", (int)sizeof target->unavailable - 1,
                   found.text);
    if (problem != NULL) *problem = found;
    return status == WEIR_UNAVAILABLE ? WEIR_OK : status;
  }
  (void)snprintf(target->version, sizeof target->version, "%s", weir_driven_version(driven));
  testing self = {.driven = driven, .name = name, .streams = streams, .plan = plan, .options = options};
  status = run_all(&self, target, problem);
  weir_driven_close(driven);
  return status;
}
