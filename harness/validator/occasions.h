/* Whether a trace gave occasion to break a rule: a rule that was never put to
 * the test has not been passed. */
#ifndef WEIR_VALIDATOR_OCCASIONS_H
#define WEIR_VALIDATOR_OCCASIONS_H

#include "validator/view.h"
#include "weir/validator.h"

/* Adds the rules that this connection put to the test, bit by weir_rule. */
void weir_occasions_add(const weir_view *view, uint64_t rules[WEIR_RULE_WORDS]);

#endif
