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

static weir_status run_case(weir_runner *runner, const weir_engine_options *options, weir_case_result *result) {
  uint32_t needs = weir_scenario_needs(result->of->scenario), capabilities = weir_runner_capabilities(runner);
  if (weir_runner_refuses(runner, result->of->scenario, result->reason, sizeof result->reason)) {
    result->verdict = WEIR_SKIP;
    return WEIR_OK;
  }
  if (!weir_capability_provable(needs & ~capabilities)) {
    skip_case(result, needs & ~capabilities);
    return WEIR_OK;
  }
  weir_run run;
  weir_problem problem = {.text = ""};
  weir_status status = weir_runner_run(runner, result->of->scenario, &run, &problem);
  if (status == WEIR_OK)
    return weir_engine_judge(&run, needs, capabilities, options->strict, options->keep_traces, result);
  result->verdict = WEIR_ERROR;
  (void)snprintf(result->reason, sizeof result->reason, "%.*s", (int)sizeof result->reason - 1, problem.text);
  return WEIR_OK;
}

static bool stopped(const weir_engine_options *options) {
  return options->stop != NULL && options->stop(options->context);
}

static weir_status run_all(weir_runner *runner, const weir_suite *suite, const weir_engine_options *options,
                           weir_target_result *target, weir_problem *problem) {
  target->cases = calloc(suite->count + 1, sizeof *target->cases);
  if (target->cases == NULL)
    return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for the results of %s", target->name);
  for (size_t i = 0; i < suite->count && !stopped(options); i++) {
    weir_case_result *one = &target->cases[i];
    one->of = &suite->cases[i];
    weir_status status = run_case(runner, options, one);
    if (status != WEIR_OK) return weir_fail(problem, status, 0, "no memory for the result of %s", one->of->name);
    target->count = i + 1;
    target->tally[one->verdict]++;
    if (options->progress != NULL) options->progress(options->context, target, i + 1, suite->count);
  }
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
  status = run_all(runner, suite, options, target, problem);
  weir_runner_close(runner);
  return status;
}
