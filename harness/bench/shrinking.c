/* Shrinking failing scenarios of 1,000 steps: many generated ones against broken
 * transports in this process.
 *
 * Two ways: any steps at all, most of which never come to pass because the
 * connection ends early; and steps that leave the connection alive, all of
 * which do. */
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/measure.h"
#include "engine/shrink.h"
#include "scenario/random.h"
#include "tests/faults.h"

enum {
  STEPS = 1000,
  SCENARIOS = 5, /* of each transport and way */
  TRIES = SCENARIOS * 40,
  NUMBER_MAX = 4096,
  MEASURES_MAX = SCENARIOS * FAULT_COUNT * 2
};

typedef struct measures {
  double ms[MEASURES_MAX];
  double once[MEASURES_MAX]; /* one run of it, judged, in ms */
  double steps[MEASURES_MAX];
  size_t count;
} measures;

/* Memory for a scenario that is being made, used over and over. */
typedef struct workshop {
  weir_scenario part;
  weir_scenario one;
  weir_scenario made;
} workshop;

/* STEPS steps that the target offers: one random scenario behind the other. */
static void generate(uint64_t seed, bool alive, workshop *self) {
  weir_scenario *out = &self->made;
  out->count = 0;
  self->one.count = 1;
  for (uint64_t round = 0; out->count < STEPS; round++) {
    weir_scenario_random(&self->part, seed * UINT64_C(1000003) + round, STEPS - out->count);
    for (uint32_t i = 0; i < self->part.count; i++) {
      weir_step step = self->one.steps[0] = self->part.steps[i];
      if (alive && fault_ends_connection(&step)) continue;
      if ((weir_scenario_needs(&self->one) & ~weir_reference()->capabilities) != 0) continue;
      fault_tame(&step, NUMBER_MAX);
      const weir_step *previous = out->count > 0 ? &out->steps[out->count - 1] : NULL;
      if (!weir_step_valid(&step, previous)) step.when = WEIR_WHEN_IDLE;
      out->steps[out->count++] = step;
    }
  }
}

static double run_once(weir_runner *runner, const weir_scenario *scenario) {
  double began = weir_bench_used();
  weir_run run;
  weir_case_result result = {.of = NULL};
  weir_problem problem = {.text = ""};
  if (weir_runner_run(runner, scenario, &run, &problem) != WEIR_OK ||
      weir_engine_judge(&run, 0, weir_runner_capabilities(runner), false, false, &result) != WEIR_OK)
    weir_bench_fail("a scenario cannot be run");
  weir_case_result_clear(&result);
  return (weir_bench_used() - began) * 1e3;
}

/* One that does not fail is not measured. */
static void measure(weir_runner *runner, weir_scenario *scenario, measures *out) {
  weir_shrink_options options = {.rule = -1};
  weir_shrunk shrunk;
  double once = run_once(runner, scenario), began = weir_bench_used();
  if (weir_engine_shrink(runner, &options, scenario, &shrunk, NULL) != WEIR_OK) return;
  if (shrunk.end != WEIR_SHRINK_MINIMAL) weir_bench_fail("shrinking ends before the end");
  out->ms[out->count] = (weir_bench_used() - began) * 1e3;
  out->once[out->count] = once;
  out->steps[out->count++] = scenario->count;
}

static int by_number(const void *left, const void *right) {
  double l = *(const double *)left, r = *(const double *)right;
  return (l > r) - (l < r);
}

static double percentile(const double *sorted, size_t count, unsigned percent) {
  return count == 0 ? 0 : sorted[(count - 1) * percent / 100];
}

static void measure_fault(unsigned which, bool alive, workshop *shop, measures *all) {
  fault broken;
  fault_make(which, &broken);
  weir_runner *runner = NULL;
  if (weir_runner_open_linked(&broken.target, &runner, NULL) != WEIR_OK) weir_bench_fail("no broken transport");
  size_t first = all->count;
  for (uint64_t seed = 0; seed < TRIES && all->count - first < SCENARIOS; seed++) {
    generate(seed * FAULT_COUNT + which, alive, shop);
    measure(runner, &shop->made, all);
  }
  weir_runner_close(runner);
}

void weir_bench_shrinking(void) {
  measures *all = weir_bench_memory(sizeof *all);
  workshop *shop = weir_bench_memory(sizeof *shop);
  all->count = 0;
  for (unsigned which = 0; which < FAULT_COUNT * 2; which++) measure_fault(which / 2, which % 2 == 1, shop, all);
  if (all->count == 0) weir_bench_fail("none of the scenarios failed");
  qsort(all->ms, all->count, sizeof(double), by_number);
  qsort(all->once, all->count, sizeof(double), by_number);
  qsort(all->steps, all->count, sizeof(double), by_number);
  weir_bench_head("shrinking a failing scenario of 1,000 steps", "ms; steps", "one run of it, judged");
  weir_bench_say(&(weir_bench_figure){.name = "time, 95th percentile",
                                      .value = percentile(all->ms, all->count, 95),
                                      .ceiling = percentile(all->once, all->count, 95),
                                      .goal = 250,
                                      .less = true});
  weir_bench_say(&(weir_bench_figure){
      .name = "steps left, median", .value = percentile(all->steps, all->count, 50), .goal = 8, .less = true});
  free(all);
  free(shop);
}
