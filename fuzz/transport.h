/* Any scenario on a transport that is linked in. */
#ifndef WEIR_FUZZ_TRANSPORT_H
#define WEIR_FUZZ_TRANSPORT_H

#include "weir/transport.h"

/* Decodes the bytes and runs the scenario: aborts where a rule is broken, and
 * tells the fuzzer what was seen.  Always with the same target. */
void fuzz_transport(const weir_target *target, const uint8_t *data, size_t size);

#endif
