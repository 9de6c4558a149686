/* Whether a trace gave occasion to break a rule: a rule that was never put to
 * the test has not been passed. */
#ifndef WEIR_VALIDATOR_OCCASIONS_H
#define WEIR_VALIDATOR_OCCASIONS_H

#include "validator/view.h"
#include "weir/validator.h"

/* The table of occasions, by what each of them asks for. */
typedef struct weir_occasions {
  uint64_t by_event[WEIR_EVENT_COUNT][WEIR_RULE_WORDS]; /* one of several events and nothing else */
  uint64_t by_fact[WEIR_FACT_COUNT][WEIR_RULE_WORDS];   /* one fact and nothing else */
  uint64_t events, facts;                               /* of which there is any such rule */
  uint8_t count;
  uint8_t rest[UINT8_MAX]; /* rows that ask for more */
} weir_occasions;

void weir_occasions_make(weir_occasions *occasions);
/* Adds the rules that this connection put to the test, bit by weir_rule. */
void weir_occasions_add(const weir_occasions *occasions, const weir_view *view, uint64_t rules[WEIR_RULE_WORDS]);

#endif
