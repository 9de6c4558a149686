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
  X(NUMBER, "number")       /* another argument */                                                                     \
  X(PLACE, "place")         /* another connection, or one that hangs on another's events */

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

/* Takes away what makes a run long and shows nothing more.  Sizes get smaller,
 * but for those of single writes: the default limits are 16 and 64 KiB.  What
 * happens every time, and may make itself happen again (a peer that sends at
 * every wait never comes to rest), happens a few times. */
void weir_scenario_lighten(weir_scenario *scenario);

/* Leaves out the steps that need more than these capabilities (WEIR_CAN_...). */
void weir_scenario_confine(weir_scenario *scenario, uint32_t capabilities);

#endif
