/* What the files of this module share about steps.
 *
 * Triggers, numbered: every pair of weir_when and weir_occasion that any step
 * can hang on is one bit, so that what a verb takes is one constant word.  The
 * order is that of the byte form (bytes.c): simplest first. */
#ifndef WEIR_SCENARIO_STEP_H
#define WEIR_SCENARIO_STEP_H

#include "weir/scenario.h"
#include "weir/trace.h"

enum {
  WEIR_CALLBACK_COUNT = WEIR_OCCASION_RECV, /* callbacks come first among the occasions */
  WEIR_OPERATION_COUNT = WEIR_OCCASION_COUNT - WEIR_CALLBACK_COUNT,

  WEIR_TRIGGER_IDLE = 0,
  WEIR_TRIGGER_SAME,
  WEIR_TRIGGER_IN,                                             /* and one for each callback */
  WEIR_TRIGGER_AT = WEIR_TRIGGER_IN + WEIR_CALLBACK_COUNT,     /* and one for each operation */
  WEIR_TRIGGER_AFTER = WEIR_TRIGGER_AT + WEIR_OPERATION_COUNT, /* and one for each occasion */
  WEIR_TRIGGER_START = WEIR_TRIGGER_AFTER + WEIR_OCCASION_COUNT,
  WEIR_TRIGGER_COUNT
};

_Static_assert(WEIR_TRIGGER_COUNT <= 32, "a set of triggers is a 32-bit word");
_Static_assert(WEIR_OCCASION_RESUME_WRITING + 1 == WEIR_OCCASION_RECV, "callbacks come before operations");

#define WEIR_TRIGGER_BIT(trigger) (UINT32_C(1) << (trigger))
#define WEIR_TRIGGERS_IN(name)    WEIR_TRIGGER_BIT(WEIR_TRIGGER_IN + WEIR_OCCASION_##name)
#define WEIR_TRIGGERS_AT(name)    WEIR_TRIGGER_BIT(WEIR_TRIGGER_AT + WEIR_OCCASION_##name - WEIR_CALLBACK_COUNT)
#define WEIR_TRIGGERS_IN_ALL      ((WEIR_TRIGGER_BIT(WEIR_CALLBACK_COUNT) - 1) << WEIR_TRIGGER_IN)
#define WEIR_TRIGGERS_AFTER_APP   ((WEIR_TRIGGER_BIT(WEIR_CALLBACK_COUNT) - 1) << WEIR_TRIGGER_AFTER)
#define WEIR_TRIGGERS_AFTER_PEER  ((WEIR_TRIGGER_BIT(WEIR_OCCASION_COUNT) - 1) << WEIR_TRIGGER_AFTER)

/* A turn in which time passes holds nothing before that: sleep is never SAME. */
#define WEIR_TRIGGERS_OF_IDLE(verb)                                                                                    \
  ((verb) == WEIR_VERB_PEER_SLEEP ? WEIR_TRIGGER_BIT(WEIR_TRIGGER_IDLE)                                                \
                                  : WEIR_TRIGGER_BIT(WEIR_TRIGGER_IDLE) | WEIR_TRIGGER_BIT(WEIR_TRIGGER_SAME))
#define WEIR_TRIGGERS_OF_IN(verb)                                                                                      \
  ((verb) == WEIR_VERB_APP_SIZE     ? WEIR_TRIGGERS_IN(GET_BUFFER)                                                     \
   : (verb) == WEIR_VERB_APP_RETURN ? WEIR_TRIGGERS_IN(EOF_RECEIVED)                                                   \
   : (verb) == WEIR_VERB_APP_RESIZE ? WEIR_TRIGGERS_IN(BUFFER_UPDATED)                                                 \
                                    : WEIR_TRIGGERS_IN_ALL)
#define WEIR_TRIGGERS_OF_AT(verb)                                                                                      \
  ((verb) == WEIR_VERB_SOCKET_SPURIOUS ? WEIR_TRIGGERS_AT(WAIT) : WEIR_TRIGGERS_AT(RECV) | WEIR_TRIGGERS_AT(SEND))

/* The triggers of a verb: weir/scenario.h's `whens`, narrowed to the occasions
 * that weir_verb_fits tells of.  A constant expression. */
#define WEIR_TRIGGERS_OF(verb, actor, takes)                                                                           \
  ((((takes)&WEIR_TAKES_IDLE) ? WEIR_TRIGGERS_OF_IDLE(verb) : 0u) |                                                    \
   (((takes)&WEIR_TAKES_IN) ? WEIR_TRIGGERS_OF_IN(verb) : 0u) |                                                        \
   (((takes)&WEIR_TAKES_AT) ? WEIR_TRIGGERS_OF_AT(verb) : 0u) |                                                        \
   (((takes)&WEIR_TAKES_AFTER) ? ((actor) == WEIR_ACTOR_APP ? WEIR_TRIGGERS_AFTER_APP : WEIR_TRIGGERS_AFTER_PEER)      \
                               : 0u) |                                                                                 \
   (((takes)&WEIR_TAKES_START) ? WEIR_TRIGGER_BIT(WEIR_TRIGGER_START) : 0u))

/* How many options a verb's list has; `words` is its name in WEIR_VERBS.  Before
 * the run there is no first protocol to go back to.  A constant expression. */
#define WEIR_OPTION_COUNT(verb, words)                                                                                 \
  ((verb) == WEIR_VERB_APP_PROTOCOL ? WEIR_PROTOCOL_FIRST : WEIR_OPTION_COUNT_##words)
#define WEIR_OPTION_COUNT_NO_OPTION    0
#define WEIR_OPTION_COUNT_ERRORS       WEIR_SOCKET_ERROR_COUNT
#define WEIR_OPTION_COUNT_READINESS    WEIR_READINESS_COUNT
#define WEIR_OPTION_COUNT_BOOLEANS     WEIR_BOOLEAN_COUNT
#define WEIR_OPTION_COUNT_PROTOCOLS    WEIR_PROTOCOL_KIND_COUNT
#define WEIR_OPTION_COUNT_TLS_MESSAGES WEIR_TLS_MESSAGE_COUNT
#define WEIR_OPTION_COUNT_BUFFER_KINDS WEIR_BUFFER_KIND_COUNT
#define WEIR_OPTION_COUNT_BYTES_KINDS  WEIR_BYTES_KIND_COUNT
#define WEIR_OPTION_COUNT_LINES_KINDS  WEIR_LINES_KIND_COUNT

/* WEIR_TRIGGER_COUNT where there is no such trigger. */
static inline unsigned weir_trigger_number(unsigned when, unsigned event) {
  switch (when) {
  case WEIR_WHEN_IDLE: return WEIR_TRIGGER_IDLE;
  case WEIR_WHEN_SAME: return WEIR_TRIGGER_SAME;
  case WEIR_WHEN_START: return WEIR_TRIGGER_START;
  case WEIR_WHEN_IN: return event < WEIR_CALLBACK_COUNT ? WEIR_TRIGGER_IN + event : WEIR_TRIGGER_COUNT;
  case WEIR_WHEN_AFTER: return event < WEIR_OCCASION_COUNT ? WEIR_TRIGGER_AFTER + event : WEIR_TRIGGER_COUNT;
  case WEIR_WHEN_AT:
    return event >= WEIR_CALLBACK_COUNT && event < WEIR_OCCASION_COUNT ? WEIR_TRIGGER_AT + event - WEIR_CALLBACK_COUNT
                                                                       : WEIR_TRIGGER_COUNT;
  default: return WEIR_TRIGGER_COUNT;
  }
}

/* Whether a trigger of this kind counts something: event, first and last are used. */
static inline bool weir_when_counts(unsigned when) {
  return when == WEIR_WHEN_AFTER || when == WEIR_WHEN_IN || when == WEIR_WHEN_AT;
}

/* The set of triggers of a verb; verb < WEIR_VERB_COUNT. */
uint32_t weir_verb_triggers(unsigned verb);

/* Whether this error can come out of this operation: writing alone can break a
 * pipe or find no room (send(2)). */
static inline bool weir_error_fits(unsigned error, unsigned event) {
  bool sending_only = error == WEIR_SOCKET_EPIPE || error == WEIR_SOCKET_ENOBUFS || error == WEIR_SOCKET_ENOMEM;
  return !sending_only || event == WEIR_OCCASION_SEND;
}

/* Where a step's `connection` and `of` are not both 0: one of these pairs, the
 * simplest first.  A connection's own events are never said. */
enum { WEIR_PLACES = WEIR_CONNECTIONS * WEIR_CONNECTIONS - 1 };
weir_step weir_step_at(weir_step step, unsigned place); /* place modulo their number */
unsigned weir_step_place(const weir_step *step);

/* Whether a step with WEIR_WHEN_SAME may follow `previous` (or NULL). */
bool weir_step_joins(unsigned actor, const weir_step *previous);

/* A step as bytes (bytes.c): at most this many. */
enum { WEIR_STEP_BYTES_MAX = 1 + 1 + 1 + 2 * 4 + 1 + 2 * 4 };
size_t weir_step_encode(const weir_step *step, uint8_t out[WEIR_STEP_BYTES_MAX]);

#endif
