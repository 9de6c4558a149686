/* Whether a trace gave occasion to break a rule: a rule that was never put to
 * the test has not been passed. */
#ifndef WEIR_VALIDATOR_OCCASIONS_H
#define WEIR_VALIDATOR_OCCASIONS_H

#include "validator/view.h"

bool weir_occasion_came(const weir_view *view, unsigned rule);

#endif
