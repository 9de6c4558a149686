/* Random scenarios for property tests: valid, mostly small, and a function of
 * the seed alone. */
#ifndef WEIR_SCENARIO_RANDOM_H
#define WEIR_SCENARIO_RANDOM_H

#include <stdint.h>

#include "weir/scenario.h"

/* At most steps_max steps (and WEIR_STEPS_MAX), mostly a handful.  Small numbers
 * are likely, and so are the bounds of every argument. */
void weir_scenario_random(weir_scenario *scenario, uint64_t seed, unsigned steps_max);

#endif
