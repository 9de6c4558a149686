/* What a trace shows, as counters: for fuzzers, to which a table-driven machine
 * looks the same in whatever state it is, and for telling what a suite covers.
 *
 * There are three sets, one behind the other, each as large as its table:
 *
 *   transitions   a callback in a state of the machine (D6), allowed there or
 *                 not: "open -> buffer by get_buffer"
 *   pairs         a call of the application, in a callback or outside all of
 *                 them: "close() inside get_buffer"
 *   rules         a rule was put to the test: "C1 is put to the test"
 *
 * An index is that of one version of the tables only (weir_spec_hash). */
#ifndef WEIR_VALIDATOR_COUNTERS_H
#define WEIR_VALIDATOR_COUNTERS_H

#include "weir/spec.h"
#include "weir/trace.h"
#include "weir/validator.h"

enum {
#define X(name, word, group, meaning) +((int)WEIR_GROUP_##group == (int)WEIR_GROUP_CALLBACK)
  WEIR_COUNTER_CALLBACKS = 0 WEIR_EVENTS(X),
#undef X
#define X(name, word, group, meaning) +((int)WEIR_GROUP_##group == (int)WEIR_GROUP_CALL)
  WEIR_COUNTER_CALLS = 0 WEIR_EVENTS(X),
#undef X
  WEIR_COUNTER_PLACES = WEIR_COUNTER_CALLBACKS + 1, /* of calls; the last is outside all callbacks */

  WEIR_COUNTER_TRANSITIONS = 0, /* where each set begins */
  WEIR_COUNTER_PAIRS = WEIR_COUNTER_TRANSITIONS + (int)WEIR_STATE_BAD * WEIR_COUNTER_CALLBACKS,
  WEIR_COUNTER_RULES = WEIR_COUNTER_PAIRS + WEIR_COUNTER_PLACES * WEIR_COUNTER_CALLS,
  WEIR_COUNTER_COUNT = WEIR_COUNTER_RULES + WEIR_RULE_COUNT
};

/* Whether it counts a transition that the machine allows. */
bool weir_counter_legal(unsigned counter);

/* Where something is counted; -1 where nothing is. */
int weir_counter_transition(weir_state state, unsigned callback);
int weir_counter_pair(unsigned callback, unsigned call); /* callback WEIR_EVENT_NONE: outside all of them */
int weir_counter_rule(unsigned rule);

/* Adds what one whole trace shows, up to the first record that no recorder
 * writes, to the transitions and pairs among WEIR_COUNTER_COUNT counters; a
 * counter stays at 255.  Any records will do.  Connections past
 * WEIR_CONNECTIONS_MAX are passed over. */
void weir_counters_add(const weir_record *records, size_t count, uint8_t *counters);
/* Adds the rules that the trace this validator has judged put to the test. */
void weir_counters_add_rules(const weir_validator *validator, uint8_t *counters);

/* Writes the name of a counter as snprintf does.  0: there is no such counter. */
size_t weir_counter_name(unsigned counter, char *out, size_t size);

#endif
