/* What holds for every scenario, wherever it came from. */
#ifndef WEIR_FUZZ_SCENARIOS_H
#define WEIR_FUZZ_SCENARIOS_H

#include "weir/scenario.h"

void fuzz_check_scenario(const weir_scenario *scenario, const weir_scenario_about *about);

#endif
