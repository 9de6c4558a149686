#include "engine/shrink.h"

#include <assert.h>
#include <stdlib.h>

#include "engine/capabilities.h"
#include "engine/ladder.h"

typedef struct search {
  weir_runner *runner;
  const weir_shrink_options *options;
  weir_scenario *best;
  weir_scenario *trial;
  weir_shrunk *shrunk;
  int rule; /* -1 until the first run has told it */
  bool over;
  weir_status status; /* of the last run */
  weir_problem problem;
  weir_case_result result; /* of the last run */
} search;

/* ---- One run */

static void end_search(search *self, weir_shrink_end end) {
  self->over = true;
  self->shrunk->end = end;
}

static bool may_run(search *self) {
  const weir_shrink_options *options = self->options;
  uint32_t most = options->runs_max != 0 ? options->runs_max : WEIR_SHRINK_RUNS;
  if (self->over) return false;
  if (self->shrunk->runs >= most)
    end_search(self, WEIR_SHRINK_BOUND);
  else if (options->stop != NULL && options->stop(options->context))
    end_search(self, WEIR_SHRINK_STOPPED);
  return !self->over;
}

/* As weir_engine_test does with a case, so that what comes out fails there, too. */
static weir_status run_scenario(search *self, const weir_scenario *scenario) {
  uint32_t needs = weir_scenario_needs(scenario), capabilities = weir_runner_capabilities(self->runner);
  weir_case_result_clear(&self->result);
  self->result.verdict = WEIR_SKIP;
  if (weir_runner_refuses(self->runner, scenario, self->result.reason, sizeof self->result.reason)) return WEIR_OK;
  if (!weir_capability_provable(needs & ~capabilities)) {
    weir_capability_skip(needs & ~capabilities, self->result.reason, sizeof self->result.reason);
    return WEIR_OK;
  }
  weir_run run;
  self->shrunk->runs++;
  weir_status status = weir_runner_run(self->runner, scenario, &run, &self->problem);
  if (status != WEIR_OK) return status;
  return weir_engine_judge(&run, needs, capabilities, false, false, &self->result);
}

static const weir_finding *finding_of(const search *self) {
  const weir_case_result *result = &self->result;
  if (result->verdict != WEIR_FAIL && result->verdict != WEIR_WARN) return NULL;
  for (size_t i = 0; i < result->finding_count; i++)
    if (self->rule < 0 || result->findings[i].rule == self->rule) return &result->findings[i];
  return NULL;
}

/* Takes the trial in place of the best where it breaks the rule as well. */
static bool run_trial(search *self) {
  self->status = run_scenario(self, self->trial);
  const weir_finding *finding = self->status == WEIR_OK ? finding_of(self) : NULL;
  if (self->status == WEIR_NO_MEMORY) self->over = true;
  if (finding != NULL) {
    weir_scenario *other = self->best;
    self->best = self->trial;
    self->trial = other;
    self->shrunk->finding = *finding;
    self->shrunk->verdict = self->result.verdict;
  }
  if (self->options->progress != NULL)
    self->options->progress(self->options->context, self->shrunk->runs, self->best->count);
  return finding != NULL;
}

static bool try_trial(search *self) {
  return may_run(self) && run_trial(self);
}

/* ---- Steps */

/* The best without steps[at..at + count).  A turn whose first step goes begins
 * with the next one. */
static void cut(search *self, uint32_t at, uint32_t count) {
  const weir_scenario *from = self->best;
  weir_scenario *to = self->trial;
  assert(at + count <= from->count);
  to->count = 0;
  for (uint32_t i = 0; i < from->count; i++)
    if (i < at || i >= at + count) to->steps[to->count++] = from->steps[i];
  if (at == to->count || to->steps[at].when != WEIR_WHEN_SAME) return;
  bool headless = from->steps[at].when != WEIR_WHEN_SAME;
  for (uint32_t i = at + 1; i < at + count && !headless; i++) headless = from->steps[i].when != WEIR_WHEN_SAME;
  if (headless) to->steps[at].when = WEIR_WHEN_IDLE;
}

/* Without one piece of this size after the other, from the end: what comes
 * after the finding goes first.  Returns whether any could go. */
static bool drop_pieces(search *self, uint32_t size) {
  bool dropped = false;
  for (uint32_t end = self->best->count; end > 0 && !self->over;) {
    uint32_t at = end > size ? end - size : 0;
    cut(self, at, end - at);
    dropped = try_trial(self) || dropped;
    end = at;
  }
  return dropped;
}

static void drop_steps(search *self) {
  for (uint32_t size = (self->best->count + 1) / 2; size > 1; size /= 2) (void)drop_pieces(self, size);
  /* One step that could not go may be able to when another has gone. */
  while (drop_pieces(self, 1)) {
  }
}

/* ---- What a step says */

/* One rung down; false where the step stands on its lowest. */
static bool lower_once(search *self, uint32_t index) {
  weir_step rungs[WEIR_LADDER_MAX];
  unsigned count = weir_ladder_below(&self->best->steps[index], rungs);
  for (unsigned i = 0; i < count && !self->over; i++) {
    *self->trial = *self->best;
    self->trial->steps[index] = rungs[i];
    if (try_trial(self)) return true;
  }
  return false;
}

static bool lower_steps(search *self) {
  bool lowered = false;
  for (uint32_t i = 0; i < self->best->count && !self->over; i++)
    while (lower_once(self, i)) lowered = true;
  return lowered;
}

/* ---- Both at once */

static int32_t capped(const weir_argument *argument, int32_t number, int32_t most) {
  bool given = argument->how != WEIR_ARGUMENT_NONE && number != WEIR_NOT_GIVEN;
  return given && number > most ? most : number;
}

/* Megabytes that nobody needs make every run slow, and go all at once where
 * they can: the least of these bounds that leaves the rule broken. */
static void cap_numbers(search *self) {
  for (int32_t most = 1; most < WEIR_SIZE_MAX && !self->over; most *= 8) {
    *self->trial = *self->best;
    for (uint32_t i = 0; i < self->trial->count; i++) {
      weir_step *step = &self->trial->steps[i];
      const weir_verb_info *verb = weir_verb_get(step->verb);
      step->a = capped(&verb->a, step->a, most);
      step->b = capped(&verb->b, step->b, most);
    }
    if (try_trial(self)) return;
  }
}

/* While the scenario is large, a run goes no further than the finding did
 * before: what breaks the rule later than that is no loss yet. */
static void drop_early(search *self) {
  enum { RECORDS_BEYOND = 64 };
  uint64_t most = self->shrunk->finding.event + RECORDS_BEYOND;
  weir_runner_limit(self->runner, most < UINT32_MAX ? (uint32_t)most : 0);
  cap_numbers(self);
  drop_steps(self);
  weir_runner_limit(self->runner, 0);
}

/* ---- All of it */

static weir_status refuse(const search *self, weir_problem *problem) {
  if (self->status != WEIR_OK) return weir_fail(problem, self->status, 0, "%s", self->problem.text);
  const weir_case_result *result = &self->result;
  const weir_rule_info *wanted = self->rule < 0 ? NULL : weir_rule_get((unsigned)self->rule);
  if ((result->verdict == WEIR_FAIL || result->verdict == WEIR_WARN) && wanted != NULL)
    return weir_fail(problem, WEIR_BAD_INPUT, 0, "the scenario does not break %s; its worst finding is %s", wanted->id,
                     result->reason);
  return weir_fail(problem, WEIR_BAD_INPUT, 0, "the scenario does not fail, there is nothing to shrink: %s%s%s",
                   weir_verdict_name(result->verdict), result->reason[0] != '\0' ? ": " : "", result->reason);
}

/* What was found must be found again by whoever runs the result. */
static weir_status confirm(search *self, weir_problem *problem) {
  if (self->status == WEIR_NO_MEMORY) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a run");
  weir_status status = run_scenario(self, self->best);
  self->shrunk->runs--; /* one that looks for nothing smaller does not count */
  if (status == WEIR_NO_MEMORY) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a run");
  if (status == WEIR_OK && finding_of(self) != NULL) return WEIR_OK;
  return weir_fail(problem, WEIR_BROKEN, 0,
                   "the target is not deterministic: a scenario of %u steps broke %s once, and then not again",
                   self->best->count, weir_rule_get((unsigned)self->rule)->id);
}

static weir_status shrink(search *self, weir_problem *problem) {
  self->shrunk->steps_before = self->best->count;
  *self->trial = *self->best;
  if (!run_trial(self)) return refuse(self, problem);
  self->rule = self->shrunk->finding.rule;
  drop_early(self);
  do drop_steps(self);
  while (lower_steps(self));
  return confirm(self, problem);
}

weir_status weir_engine_shrink(weir_runner *runner, const weir_shrink_options *options, weir_scenario *scenario,
                               weir_shrunk *shrunk, weir_problem *problem) {
  assert(options->rule < (int)WEIR_RULE_COUNT);
  *shrunk = (weir_shrunk){.end = WEIR_SHRINK_MINIMAL};
  weir_scenario *memory = calloc(2, sizeof *memory);
  if (memory == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for two scenarios");
  memory[0] = *scenario;
  search self = {.runner = runner,
                 .options = options,
                 .best = &memory[0],
                 .trial = &memory[1],
                 .shrunk = shrunk,
                 .rule = options->rule};
  weir_status status = shrink(&self, problem);
  if (status == WEIR_OK) *scenario = *self.best;
  weir_case_result_clear(&self.result);
  free(memory);
  return status;
}
