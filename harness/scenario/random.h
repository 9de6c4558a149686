/* Random scenarios, for property tests and fuzzers: valid, mostly small, and a
 * function of the seed alone. */
#ifndef WEIR_SCENARIO_RANDOM_H
#define WEIR_SCENARIO_RANDOM_H

#include <stdint.h>

#include "scenario/chance.h"
#include "weir/scenario.h"

/* At most steps_max steps (and WEIR_STEPS_MAX), mostly a handful.  Small numbers
 * are likely, and so are the bounds of every argument. */
void weir_scenario_random(weir_scenario *scenario, uint64_t seed, unsigned steps_max);

/* Their parts.  A step that may follow `previous` (or NULL): */
void weir_step_random(weir_chance *chance, const weir_step *previous, weir_step *step);
/* ... when, event, first and last, of any trigger that the verb takes; */
void weir_trigger_random(weir_chance *chance, const weir_step *previous, weir_step *step);
/* ... first and last of a trigger that counts; */
void weir_range_random(weir_chance *chance, weir_step *step);
/* ... and a or b. */
int32_t weir_argument_random(weir_chance *chance, const weir_argument *argument);

#endif
