/* How long it takes to shrink a failing scenario of 1,000 steps, and what is
 * left of it: many generated scenarios against broken transports in this
 * process.  Exit status 1 where a ceiling is passed.
 *
 *   bench_shrink [SCENARIOS]    of each transport and way of generating; 50 where none is given
 *
 * Two ways: any steps at all, most of which never come to pass because the
 * connection ends early; and steps that leave the connection alive, all of
 * which do. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/shrink.h"
#include "faults.h"
#include "scenario/random.h"

enum {
  STEPS = 1000,
  SCENARIOS = 50,
  SCENARIOS_MAX = 100000,
  TRIES = 40,
  NUMBER_MAX = 4096,
  MS_CEILING = 250,
  STEPS_CEILING = 8
};

typedef struct measures {
  double *ms;
  double *steps;
  double *runs;
  size_t count;
  size_t cut; /* that reached the bound of runs */
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

static double now_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Returns whether the scenario failed, and so was measured. */
static bool measure(weir_runner *runner, weir_scenario *scenario, measures *out) {
  weir_shrink_options options = {.rule = -1};
  weir_shrunk shrunk;
  double begin = now_ms();
  if (weir_engine_shrink(runner, &options, scenario, &shrunk, NULL) != WEIR_OK) return false;
  out->ms[out->count] = now_ms() - begin;
  out->steps[out->count] = scenario->count;
  out->runs[out->count++] = shrunk.runs;
  out->cut += shrunk.end != WEIR_SHRINK_MINIMAL;
  return true;
}

static int by_number(const void *left, const void *right) {
  double l = *(const double *)left, r = *(const double *)right;
  return (l > r) - (l < r);
}

static double percentile(const double *sorted, size_t count, unsigned percent) {
  return count == 0 ? 0 : sorted[(count - 1) * percent / 100];
}

/* Returns whether the ceilings hold. */
static bool report(const char *name, const char *way, measures *all, size_t first) {
  size_t count = all->count - first;
  if (count == 0) {
    (void)printf("%-10s %-5s none of the scenarios failed\n", name, way);
    return true;
  }
  qsort(all->ms + first, count, sizeof(double), by_number);
  qsort(all->steps + first, count, sizeof(double), by_number);
  qsort(all->runs + first, count, sizeof(double), by_number);
  double ms = percentile(all->ms + first, count, 95), steps = percentile(all->steps + first, count, 50);
  (void)printf("%-10s %-5s %5zu  ms p50 %7.2f  p95 %7.2f  most %8.2f   steps p50 %2.0f  p95 %2.0f  most %2.0f   "
               "runs p50 %5.0f  p95 %5.0f\n",
               name, way, count, percentile(all->ms + first, count, 50), ms, percentile(all->ms + first, count, 100),
               steps, percentile(all->steps + first, count, 95), percentile(all->steps + first, count, 100),
               percentile(all->runs + first, count, 50), percentile(all->runs + first, count, 95));
  return ms <= MS_CEILING && steps <= STEPS_CEILING;
}

static bool bench_fault(unsigned which, bool alive, size_t wanted, workshop *shop, measures *all) {
  fault broken;
  fault_make(which, &broken);
  weir_runner *runner = NULL;
  if (weir_runner_open_linked(&broken.target, &runner, NULL) != WEIR_OK) return false;
  size_t first = all->count;
  for (uint64_t seed = 0; seed < wanted * TRIES && all->count - first < wanted; seed++) {
    generate(seed * FAULT_COUNT + which, alive, shop);
    (void)measure(runner, &shop->made, all);
  }
  weir_runner_close(runner);
  return report(broken.name, alive ? "alive" : "any", all, first);
}

int main(int argc, char **argv) {
  long wanted = argc > 1 ? strtol(argv[1], NULL, 10) : SCENARIOS;
  if (wanted < 1 || wanted > SCENARIOS_MAX) {
    (void)fprintf(stderr, "bench_shrink: a number of scenarios from 1 to %d is needed\n", SCENARIOS_MAX);
    return 2;
  }
  size_t most = (size_t)wanted * FAULT_COUNT * 2;
  measures all = {
      .ms = calloc(most, sizeof(double)), .steps = calloc(most, sizeof(double)), .runs = calloc(most, sizeof(double))};
  workshop *shop = calloc(1, sizeof *shop);
  bool held = all.ms != NULL && all.steps != NULL && all.runs != NULL && shop != NULL;
  for (unsigned which = 0; which < FAULT_COUNT * 2 && held; which++)
    (void)bench_fault(which / 2, which % 2 == 1, (size_t)wanted, shop, &all);
  if (held) held = report("all", "", &all, 0) && all.count > 0 && all.cut == 0;
  (void)printf("%zu of %zu reached the bound of runs; ceilings: p95 %d ms, median %d steps: %s\n", all.cut, all.count,
               MS_CEILING, STEPS_CEILING, held ? "kept" : "NOT KEPT");
  free(all.ms);
  free(all.steps);
  free(all.runs);
  free(shop);
  return held ? 0 : 1;
}
