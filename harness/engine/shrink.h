/* Shrinking: a scenario that fails, made as small as it can be while it still
 * breaks the same rule.
 *
 * What comes out is 1-minimal: without any one of its steps, and with any one
 * number, range, option or trigger of a step taken down its ladder (ladder.h),
 * the rule is not broken any more.  It is found by delta debugging (Zeller and
 * Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002) over
 * the steps, then down the ladders of each step, and again until nothing
 * changes.  The same target and scenario give the same result. */
#ifndef WEIR_ENGINE_SHRINK_H
#define WEIR_ENGINE_SHRINK_H

#include "engine/engine.h"

enum { WEIR_SHRINK_RUNS = 20000 };

typedef struct weir_shrink_options {
  int rule;          /* the weir_rule that stays broken; -1: that of the worst finding */
  uint32_t runs_max; /* 0: WEIR_SHRINK_RUNS */
  /* Called after each run with the size of the smallest scenario so far; may be NULL. */
  void (*progress)(void *context, uint32_t runs, uint32_t steps);
  /* Asked before each run: true ends it there.  May be NULL. */
  bool (*stop)(void *context);
  void *context;
} weir_shrink_options;

typedef enum weir_shrink_end {
  WEIR_SHRINK_MINIMAL, /* nothing can be left out */
  WEIR_SHRINK_BOUND,   /* runs_max was reached: the smallest so far */
  WEIR_SHRINK_STOPPED  /* stop() said so: the smallest so far */
} weir_shrink_end;

typedef struct weir_shrunk {
  weir_shrink_end end;
  uint32_t runs;
  uint32_t steps_before;
  weir_verdict verdict; /* of the smallest: fail or warn */
  weir_finding finding; /* in the smallest */
} weir_shrunk;

/* Shrinks *scenario in place.  WEIR_BAD_INPUT: it does not fail, or does not
 * break that rule, and *scenario is as it was; WEIR_BROKEN: a target that does
 * not do the same thing twice. */
WEIR_MUST_USE weir_status weir_engine_shrink(weir_runner *runner, const weir_shrink_options *options,
                                             weir_scenario *scenario, weir_shrunk *shrunk, weir_problem *problem);

#endif
