/* One input of a fuzzer, whose scenario is run. */
#ifndef WEIR_FUZZ_INPUT_H
#define WEIR_FUZZ_INPUT_H

#include "trial.h"

/* Runs the scenario, which was made of these bytes: aborts where a rule is
 * broken, and tells the fuzzer what was seen. */
void fuzz_input(fuzz_trial *trial, const weir_scenario *scenario, const uint8_t *data, size_t size);

#endif
