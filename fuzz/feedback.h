/* What a run shows, as feedback to libFuzzer: an input whose trace raises a
 * counter that none has raised is kept and built upon. */
#ifndef WEIR_FUZZ_FEEDBACK_H
#define WEIR_FUZZ_FEEDBACK_H

#include "validator/counters.h"

/* libFuzzer sets them to zero before each input and looks at them after it. */
extern uint8_t fuzz_feedback[WEIR_COUNTER_COUNT];

#endif
