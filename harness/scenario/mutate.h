/* Scenarios made from scenarios, for every engine that searches: changes by
 * whole steps, so that what comes out means nearly what went in.
 *
 * Each result is valid, and a function of what went in and of the chance alone.
 * Small is likely: a few steps, small numbers, the first of a kind. */
#ifndef WEIR_SCENARIO_MUTATE_H
#define WEIR_SCENARIO_MUTATE_H

#include "scenario/chance.h"
#include "weir/scenario.h"

/* What can be done to a scenario. */
#define WEIR_MUTATIONS(X)                                                                                              \
  X(INSERT, "insert")       /* a step that is new */                                                                   \
  X(DELETE, "delete")       /* one step, or some in a row */                                                           \
  X(DUPLICATE, "duplicate") /* the same, somewhere else again */                                                       \
  X(MOVE, "move")           /* the same, somewhere else */                                                             \
  X(VERB, "verb")           /* another deed at the same occasion */                                                    \
  X(TRIGGER, "trigger")     /* the same deed at another occasion: in another callback, ... */                          \
  X(RANGE, "range")         /* at another one of its kind: the second, every, ... */                                   \
  X(OPTION, "option")       /* another word */                                                                         \
  X(NUMBER, "number")       /* another argument */

typedef enum weir_mutation {
#define X(name, word) WEIR_MUTATION_##name,
  WEIR_MUTATIONS(X)
#undef X
      WEIR_MUTATION_COUNT
} weir_mutation;

const char *weir_mutation_name(unsigned mutation);

/* Does one thing to *scenario, which stays within steps_max (>= 1) steps where
 * it was, and tells what: the first one drawn that there is occasion for. */
weir_mutation weir_scenario_mutate(weir_scenario *scenario, weir_chance *chance, uint32_t steps_max);

/* Puts steps in a row of `other` into *scenario, at any place, or in place of
 * some of its own: at most steps_max steps. */
void weir_scenario_splice(weir_scenario *scenario, const weir_scenario *other, weir_chance *chance, uint32_t steps_max);

/* Makes steps that are valid by themselves a valid scenario again: one that can
 * no longer join the turn of the step before it has a turn of its own. */
void weir_scenario_repair(weir_scenario *scenario);

/* Makes sizes smaller that make a run long and show nothing that smaller ones
 * do not.  Those of single writes stay: the default limits are 16 and 64 KiB. */
void weir_scenario_lighten(weir_scenario *scenario);

#endif
