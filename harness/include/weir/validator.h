/* The validator: a trace and the spec in, findings out.  It knows no
 * simulation: everything it judges stands in the trace, wherever that was
 * recorded.  Safety rules are judged record by record, liveness at an END
 * record with WEIR_END_QUIESCENT (and L12 at WEIR_END_SPIN). */
#ifndef WEIR_VALIDATOR_H
#define WEIR_VALIDATOR_H

#include "weir/spec.h"
#include "weir/trace.h"

enum {
  WEIR_RULE_WORDS = (WEIR_RULE_COUNT + 63) / 64, /* of a set of rules */
  WEIR_FINDINGS_MAX = 64,
  WEIR_MESSAGE_MAX = 200,
  WEIR_CONNECTIONS_MAX = 8 /* connections judged in one trace; more are WEIR_BOUND */
};

/* A rule broken at an event.  One a rule and connection: the first; `count`
 * says how often it was broken in all. */
typedef struct weir_finding {
  uint8_t rule; /* weir_rule */
  uint8_t connection;
  uint32_t count;
  uint64_t event; /* index of the record, from 0 */
  uint64_t since; /* index of the record that made it wrong (the close(), the pause_reading(), the get_buffer); == event
                     where there is none */
  char message[WEIR_MESSAGE_MAX]; /* what happened and what was legal there instead */
} weir_finding;

/* How a trace ended for the judge. */
typedef enum weir_judgement {
  WEIR_JUDGED,     /* to the end: safety and liveness */
  WEIR_INCOMPLETE, /* the trace is cut: safety only; never a pass */
  WEIR_UNREADABLE  /* records that no recorder writes (an end without a begin, an unknown event): see problem */
} weir_judgement;

typedef struct weir_validator weir_validator;

/* All memory is inside: no allocation while judging, and constant for a trace
 * of any length.  size is what the caller must provide, aligned as malloc does. */
size_t weir_validator_size(void);
weir_validator *weir_validator_init(void *memory);
/* For the next trace: as init, on a validator that was used, and cheaper. */
void weir_validator_reset(weir_validator *validator);
void weir_validator_feed(weir_validator *validator, const weir_record *records, size_t count);
/* After the last record.  problem may be NULL. */
WEIR_MUST_USE weir_judgement weir_validator_finish(weir_validator *validator, weir_problem *problem);
/* The findings so far, ordered by event.  They live in the validator. */
const weir_finding *weir_validator_findings(const weir_validator *validator, size_t *count);
/* Rules that the trace gave occasion to judge: a rule that was never put to the
 * test has not been passed.  All of them, bit by weir_rule; and one of them. */
void weir_validator_exercised_all(const weir_validator *validator, uint64_t rules[WEIR_RULE_WORDS]);
bool weir_validator_exercised(const weir_validator *validator, unsigned rule);

/* What a PROFILE rule showed (one word or number), or NULL where it showed
 * nothing: weir_validator_profile(v, WEIR_RULE_F12) -> "high 65536 low 16384". */
const char *weir_validator_profile(const weir_validator *validator, unsigned rule);

#endif
