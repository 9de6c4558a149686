/* Capabilities: what of a target's word its runs bear out. */
#ifndef WEIR_ENGINE_CAPABILITIES_H
#define WEIR_ENGINE_CAPABILITIES_H

#include "targets/target.h"

const char *weir_capability_name(unsigned index);

/* Whether the proof of refusal can be had: every one of `missing` is one that
 * calls make use of.  The others (kinds of buffers, raising, half-close, plain
 * protocols) are not calls, and a scenario that needs them is not run. */
bool weir_capability_provable(uint32_t missing);

/* Looks for a call whose outcome contradicts what is declared: one of a missing
 * capability that was not refused, or one of a declared one that was.  Returns
 * its name, or NULL, and the capability in *index. */
const char *weir_capability_unproved(const weir_run *run, uint32_t missing, uint32_t declared, unsigned *index);

/* "needs half_close, which the target does not declare" */
void weir_capability_skip(uint32_t missing, char *out, size_t size);

#endif
