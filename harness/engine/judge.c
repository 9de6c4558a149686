/* One run, judged: what the validator found, and what the target declares,
 * made into a verdict. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/capabilities.h"
#include "engine/engine.h"

_Static_assert(WEIR_RULE_COUNT <= 128, "exercised[] has a bit for each rule");

typedef struct judging {
  const weir_run *run;
  const weir_validator *validator;
  bool strict;
  weir_case_result *result;
} judging;

static void decide(weir_case_result *result, weir_verdict verdict, const char *reason) {
  result->verdict = verdict;
  (void)snprintf(result->reason, sizeof result->reason, "%.*s", (int)sizeof result->reason - 1, reason);
}

static const weir_record *last_record(const weir_run *run) {
  return run->count > 0 ? &run->records[run->count - 1] : NULL;
}

static bool ended(const weir_run *run, weir_end how) {
  const weir_record *last = last_record(run);
  return last != NULL && last->event == WEIR_EVENT_END && last->code == how;
}

/* ---- What the validator says */

static void note_exercised(judging *self) {
  uint64_t rules[WEIR_RULE_WORDS];
  weir_validator_exercised_all(self->validator, rules);
  for (unsigned word = 0; word < WEIR_RULE_WORDS; word++) self->result->exercised[word] |= rules[word];
}

/* What a PROFILE rule shows is also what puts it to the test. */
static void note_profile(judging *self) {
  char *out = self->result->profile;
  size_t size = sizeof self->result->profile, used = 0;
  for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++) {
    const char *shown = weir_validator_profile(self->validator, rule);
    if (shown == NULL) continue;
    self->result->exercised[rule / 64] |= UINT64_C(1) << rule % 64;
    if (used >= size) continue;
    int more = snprintf(out + used, size - used, "%s%s=%s", used > 0 ? "; " : "", weir_rule_get(rule)->id, shown);
    used += more > 0 ? (size_t)more : 0;
  }
}

static weir_level level_of(const weir_finding *finding) {
  return weir_rule_get(finding->rule)->level;
}

static int worst_first(const void *left, const void *right) {
  const weir_finding *l = left, *r = right;
  if (level_of(l) != level_of(r)) return level_of(l) < level_of(r) ? -1 : 1;
  if (l->event != r->event) return l->event < r->event ? -1 : 1;
  return (int)l->rule - (int)r->rule;
}

static bool has_several_connections(const weir_run *run) {
  for (uint32_t i = 0; i < run->count; i++)
    if (run->records[i].connection != 0) return true;
  return false;
}

/* Where there are several, each finding says whose it is. */
static void name_connection(weir_finding *finding) {
  char message[WEIR_MESSAGE_MAX];
  int length = snprintf(message, sizeof message, "connection %u: %s", finding->connection, finding->message);
  if (length > 0) memcpy(finding->message, message, sizeof message);
}

/* A profile is never held against anyone. */
static weir_status take_findings(judging *self) {
  size_t count = 0;
  const weir_finding *all = weir_validator_findings(self->validator, &count);
  if (count == 0) return WEIR_OK;
  weir_finding *kept = calloc(count, sizeof *kept);
  if (kept == NULL) return WEIR_NO_MEMORY;
  size_t used = 0;
  for (size_t i = 0; i < count; i++)
    if (level_of(&all[i]) != WEIR_PROFILE) kept[used++] = all[i];
  if (has_several_connections(self->run))
    for (size_t i = 0; i < used; i++) name_connection(&kept[i]);
  qsort(kept, used, sizeof *kept, worst_first);
  self->result->findings = kept;
  self->result->finding_count = used;
  return WEIR_OK;
}

/* ---- Verdicts */

/* "rules not put to the test: C1 L2", where the case names rules and the run
 * gave no occasion to judge any of them: a pass that shows nothing says so. */
static void pass(judging *self) {
  weir_case_result *result = self->result;
  decide(result, WEIR_PASS, "");
  if (result->of == NULL || result->of->about.rules[0] == '\0') return;
  char rules[WEIR_RULES_TEXT_MAX], *rest = NULL;
  (void)snprintf(rules, sizeof rules, "%s", result->of->about.rules);
  for (char *id = strtok_r(rules, " ", &rest); id != NULL; id = strtok_r(NULL, " ", &rest)) {
    int rule = weir_rule_find(id);
    if (rule >= 0 && (result->exercised[rule / 64] >> rule % 64 & 1) != 0) return;
  }
  (void)snprintf(result->reason, sizeof result->reason, "rules not put to the test: %s", result->of->about.rules);
}

static void fail_or_warn(judging *self) {
  const weir_finding *worst = &self->result->findings[0];
  bool fails = level_of(worst) == WEIR_MUST || self->strict;
  self->result->verdict = fails ? WEIR_FAIL : WEIR_WARN;
  (void)snprintf(self->result->reason, sizeof self->result->reason, "%s: %s", weir_rule_get(worst->rule)->id,
                 worst->message);
}

static void judge_trace(judging *self, weir_judgement judgement, const weir_problem *problem) {
  weir_case_result *result = self->result;
  if (judgement == WEIR_UNREADABLE) {
    decide(result, WEIR_ERROR, problem->text[0] != '\0' ? problem->text : "the trace cannot be read");
  } else if (result->finding_count > 0) {
    fail_or_warn(self); /* what was seen was seen, however the trace ends */
  } else if (ended(self->run, WEIR_END_LIMIT)) {
    decide(result, WEIR_ERROR, "the trace is cut: a bound of the harness was reached");
  } else if (judgement == WEIR_INCOMPLETE) {
    decide(result, WEIR_ERROR, "the trace is cut: it does not tell how the run ended");
  } else if (!ended(self->run, WEIR_END_QUIESCENT)) {
    decide(result, WEIR_ERROR, "the run did not come to quiescence, and no rule says why");
  } else {
    pass(self);
  }
}

/* A target that refuses what it does not declare, as it should, is not judged any further. */
static bool judge_capabilities(judging *self, uint32_t needs, uint32_t capabilities) {
  weir_case_result *result = self->result;
  uint32_t missing = needs & ~capabilities;
  /* One that crashes, spins or hangs is past refusing. */
  if (!ended(self->run, WEIR_END_QUIESCENT)) return false;
  unsigned index = 0;
  const char *call = weir_capability_unproved(self->run, missing, capabilities, &index);
  if (call != NULL) {
    bool declared = (capabilities >> index & 1) != 0;
    char reason[WEIR_REASON_MAX];
    (void)snprintf(reason, sizeof reason,
                   declared ? "declares %s, but %s() is refused" : "declares no %s, but %s() did not refuse",
                   weir_capability_name(index), call);
    decide(result, WEIR_ERROR, reason);
    return true;
  }
  if (missing == 0) return false;
  weir_capability_skip(missing, result->reason, sizeof result->reason);
  result->verdict = WEIR_SKIP;
  return true;
}

static weir_status keep_records(judging *self) {
  const weir_run *run = self->run;
  if (run->count == 0) return WEIR_OK;
  self->result->records = malloc(run->count * sizeof *run->records);
  if (self->result->records == NULL) return WEIR_NO_MEMORY;
  memcpy(self->result->records, run->records, run->count * sizeof *run->records);
  self->result->record_count = run->count;
  return WEIR_OK;
}

static weir_status keep_stack(const weir_run *run, weir_case_result *result) {
  if (run->stack == NULL) return WEIR_OK;
  result->stack = strdup(run->stack);
  return result->stack != NULL ? WEIR_OK : WEIR_NO_MEMORY;
}

weir_status weir_engine_judge(const weir_run *run, uint32_t needs, uint32_t capabilities, bool strict, bool keep_trace,
                              weir_case_result *result) {
  weir_case_result_clear(result);
  void *memory = malloc(weir_validator_size());
  if (memory == NULL) return WEIR_NO_MEMORY;
  weir_validator *validator = weir_validator_init(memory);
  weir_validator_feed(validator, run->records, run->count);
  weir_problem problem = {.status = WEIR_OK};
  weir_judgement judgement = weir_validator_finish(validator, &problem);
  judging self = {.run = run, .validator = validator, .strict = strict, .result = result};
  result->unreached = run->unreached;
  weir_status status = WEIR_OK;
  if (judgement == WEIR_UNREADABLE || !judge_capabilities(&self, needs, capabilities)) {
    note_exercised(&self);
    note_profile(&self);
    status = take_findings(&self);
    if (status == WEIR_OK) judge_trace(&self, judgement, &problem);
  }
  free(memory);
  if (status == WEIR_OK && (keep_trace || result->finding_count > 0)) status = keep_records(&self);
  if (status == WEIR_OK) status = keep_stack(run, result);
  if (status != WEIR_OK) weir_case_result_clear(result);
  return status;
}
