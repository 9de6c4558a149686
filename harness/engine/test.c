/* The suite on one target. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/capabilities.h"
#include "engine/engine.h"

weir_target_result *weir_result_add(weir_result *result, const char *name, weir_problem *problem) {
  weir_target_result *targets = realloc(result->targets, (result->count + 1) * sizeof *targets);
  if (targets == NULL) {
    (void)weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for the results of %s", name);
    return NULL;
  }
  result->targets = targets;
  weir_target_result *target = &targets[result->count++];
  *target = (weir_target_result){.count = 0};
  (void)snprintf(target->name, sizeof target->name, "%s", name);
  return target;
}

static void skip_case(weir_case_result *result, uint32_t missing) {
  result->verdict = WEIR_SKIP;
  weir_capability_skip(missing, result->reason, sizeof result->reason);
}

/* The suite on its way through one target. */
typedef struct testing {
  weir_runner *runner;
  const weir_suite *suite;
  const weir_engine_options *options;
  weir_target_result *target;
  const weir_scenario **scenarios; /* those that are run */
  size_t *places;                  /* ... and which case each is of */
  uint32_t count;
  weir_status status;
} testing;

/* Whether the case is to be run; where not, its result says why. */
static bool is_runnable(const testing *self, weir_case_result *result) {
  uint32_t missing = weir_scenario_needs(result->of->scenario) & ~weir_runner_capabilities(self->runner);
  if (weir_runner_refuses(self->runner, result->of->scenario, result->reason, sizeof result->reason)) {
    result->verdict = WEIR_SKIP;
    return false;
  }
  if (!weir_capability_provable(missing)) skip_case(result, missing);
  return weir_capability_provable(missing);
}

static bool stopped(const weir_engine_options *options) {
  return options->stop != NULL && options->stop(options->context);
}

/* Every case before the one of this number has its verdict. */
static void count_until(testing *self, size_t end) {
  weir_target_result *target = self->target;
  while (target->count < end) {
    target->tally[target->cases[target->count++].verdict]++;
    if (self->options->progress != NULL)
      self->options->progress(self->options->context, target, target->count, self->suite->count);
  }
}

static bool take_run(void *context, uint32_t nth, weir_status status, const weir_run *run,
                     const weir_problem *problem) {
  testing *self = context;
  const weir_engine_options *options = self->options;
  weir_case_result *one = &self->target->cases[self->places[nth]];
  count_until(self, self->places[nth]);
  if (status == WEIR_OK) {
    self->status =
        weir_engine_judge(run, weir_scenario_needs(one->of->scenario), weir_runner_capabilities(self->runner),
                          options->strict, options->keep_traces, one);
  } else {
    one->verdict = WEIR_ERROR;
    (void)snprintf(one->reason, sizeof one->reason, "%.*s", (int)sizeof one->reason - 1, problem->text);
  }
  if (self->status == WEIR_OK) count_until(self, self->places[nth] + 1);
  return self->status == WEIR_OK && !stopped(options); /* the case in hand is finished */
}

static void choose(testing *self) {
  for (size_t i = 0; i < self->suite->count; i++) {
    weir_case_result *one = &self->target->cases[i];
    one->of = &self->suite->cases[i];
    if (!is_runnable(self, one)) continue;
    self->scenarios[self->count] = one->of->scenario;
    self->places[self->count++] = i;
  }
}

static weir_status run_all(testing *self, weir_problem *problem) {
  weir_target_result *target = self->target;
  size_t count = self->suite->count;
  target->cases = calloc(count + 1, sizeof *target->cases);
  /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
  self->scenarios = calloc(count + 1, sizeof *self->scenarios);
  self->places = calloc(count + 1, sizeof *self->places);
  if (target->cases == NULL || self->scenarios == NULL || self->places == NULL)
    return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for the results of %s", target->name);
  choose(self);
  if (!stopped(self->options)) weir_runner_run_each(self->runner, self->scenarios, self->count, take_run, self);
  if (self->status != WEIR_OK)
    return weir_fail(problem, self->status, 0, "no memory for the result of %s", target->cases[target->count].of->name);
  if (!stopped(self->options)) count_until(self, count);
  return WEIR_OK;
}

weir_status weir_engine_test(const char *name, const weir_runner_options *runner_options, const weir_suite *suite,
                             const weir_engine_options *options, weir_result *result, weir_problem *problem) {
  weir_target_result *target = weir_result_add(result, name, problem);
  if (target == NULL) return WEIR_NO_MEMORY;
  weir_runner *runner = NULL;
  weir_problem found = {.text = ""};
  weir_status status = weir_runner_open(name, runner_options, &runner, &found);
  if (status != WEIR_OK) {
    (void)snprintf(target->unavailable, sizeof target->unavailable, "%.*s", (int)sizeof target->unavailable - 1,
                   found.text);
    if (problem != NULL) *problem = found;
    return status == WEIR_UNAVAILABLE ? WEIR_OK : status;
  }
  (void)snprintf(target->version, sizeof target->version, "%s", weir_runner_version(runner));
  testing self = {.runner = runner, .suite = suite, .options = options, .target = target};
  status = run_all(&self, problem);
  free(self.scenarios);
  free(self.places);
  weir_runner_close(runner);
  return status;
}
