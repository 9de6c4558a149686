/* What a trace shows of the questions that no document decides (PROFILE). */
#ifndef WEIR_VALIDATOR_PROFILE_H
#define WEIR_VALIDATOR_PROFILE_H

#include <stddef.h>

#include "validator/view.h"

/* A word or two for `rule`, NULL: nothing was shown. */
const char *weir_profile_of(const weir_view *view, unsigned rule);
/* F12: "high 65536 low 16384", or an empty text. */
void weir_profile_limits(const weir_view *view, char *text, size_t size);

#endif
