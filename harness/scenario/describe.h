/* Steps in words, for error messages. */
#ifndef WEIR_SCENARIO_DESCRIBE_H
#define WEIR_SCENARIO_DESCRIBE_H

#include "weir/scenario.h"

/* Each writes into out[0..size), cut where it does not fit. */

/* How a verb is written: "size N (bytes) [bytearray|memoryview|...]". */
void weir_describe_usage(const weir_verb_info *verb, char *out, size_t size);
/* What a verb can hang on: "when idle, same turn or after any callback". */
void weir_describe_triggers(unsigned verb, char *out, size_t size);
/* The trigger of a step, without its n-th: "after get_buffer". */
void weir_describe_trigger(const weir_step *step, char *out, size_t size);

#endif
