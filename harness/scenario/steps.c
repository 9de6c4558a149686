/* Steps: the table of verbs, what is valid, what a scenario needs. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "scenario/step.h"
#include "weir/scenario.h"
#include "weir/transport.h"

static const char *const actors[] = {
#define X(name, word) word,
    WEIR_ACTORS(X)
#undef X
};
static const struct {
  const char *word;
  bool callback;
} occasions[] = {
#define X(name, word, is_callback) {word, is_callback},
    WEIR_OCCASIONS(X)
#undef X
};

#define X(name, word) word,
static const char *const error_words[] = {WEIR_ERRORS(X)};
static const char *const readiness_words[] = {WEIR_READINESS(X)};
static const char *const boolean_words[] = {WEIR_BOOLEANS(X)};
static const char *const protocol_words[] = {WEIR_PROTOCOL_KINDS(X)};
static const char *const lines_words[] = {WEIR_LINES_KINDS(X)};
static const char *const tls_message_words[] = {WEIR_TLS_MESSAGES(X)};
#undef X
#define X(name, word, property) word,
static const char *const buffer_words[] = {WEIR_BUFFER_KINDS(X)};
static const char *const bytes_words[] = {WEIR_BYTES_KINDS(X)};
#undef X

static const int error_numbers[] = {
#define X(name, word) [WEIR_SOCKET_##name] = name,
    WEIR_ERRORS(X)
#undef X
};

#define I                  WEIR_TAKES_IDLE
#define A                  WEIR_TAKES_AFTER
#define C                  WEIR_TAKES_IN
#define O                  WEIR_TAKES_AT
#define S                  WEIR_TAKES_START
#define WORDS_NO_OPTION    NULL
#define WORDS_ERRORS       error_words
#define WORDS_READINESS    readiness_words
#define WORDS_BOOLEANS     boolean_words
#define WORDS_PROTOCOLS    protocol_words
#define WORDS_TLS_MESSAGES tls_message_words
#define WORDS_BUFFER_KINDS buffer_words
#define WORDS_BYTES_KINDS  bytes_words
#define WORDS_LINES_KINDS  lines_words
#define ARG(called, from, to, given)                                                                                   \
  { .name = called, .least = from, .most = to, .how = WEIR_ARGUMENT_##given }
#define NO_ARG                                                                                                         \
  { .name = NULL, .how = WEIR_ARGUMENT_NONE }

static const weir_verb_info verbs[WEIR_VERB_COUNT] = {
#define X(verb, text, who, whens, words, first, second)                                                                \
  [WEIR_VERB_##verb] = {.word = text,                                                                                  \
                        .actor = WEIR_ACTOR_##who,                                                                     \
                        .takes = whens,                                                                                \
                        .options = WORDS_##words,                                                                      \
                        .option_count = WEIR_OPTION_COUNT(WEIR_VERB_##verb, words),                                    \
                        .a = first,                                                                                    \
                        .b = second},
    WEIR_VERBS(X)
#undef X
};
static const uint32_t triggers[WEIR_VERB_COUNT] = {
#define X(verb, text, who, whens, words, first, second)                                                                \
  [WEIR_VERB_##verb] = WEIR_TRIGGERS_OF(WEIR_VERB_##verb, WEIR_ACTOR_##who, whens),
    WEIR_VERBS(X)
#undef X
};

const weir_verb_info *weir_verb_get(unsigned verb) {
  return verb < WEIR_VERB_COUNT ? &verbs[verb] : NULL;
}

const char *weir_actor_name(unsigned actor) {
  return actor < WEIR_ACTOR_COUNT ? actors[actor] : NULL;
}

const char *weir_occasion_name(unsigned occasion) {
  return occasion < WEIR_OCCASION_COUNT ? occasions[occasion].word : NULL;
}

bool weir_occasion_is_callback(unsigned occasion) {
  return occasion < WEIR_OCCASION_COUNT && occasions[occasion].callback;
}

int weir_socket_error_number(unsigned error) {
  return error < WEIR_SOCKET_ERROR_COUNT ? error_numbers[error] : 0;
}

uint32_t weir_verb_triggers(unsigned verb) {
  assert(verb < WEIR_VERB_COUNT);
  return triggers[verb];
}

bool weir_verb_fits(unsigned verb, unsigned when, unsigned event) {
  unsigned trigger = weir_trigger_number(when, event);
  return verb < WEIR_VERB_COUNT && trigger < WEIR_TRIGGER_COUNT && (triggers[verb] & WEIR_TRIGGER_BIT(trigger)) != 0;
}

/* ---- Validity */

bool weir_step_joins(unsigned actor, const weir_step *previous) {
  return previous != NULL && verbs[previous->verb].actor == actor &&
         (previous->when == WEIR_WHEN_IDLE || previous->when == WEIR_WHEN_SAME);
}

bool weir_step_crosses(unsigned verb, unsigned when) {
  bool decides = verb == WEIR_VERB_APP_SIZE || verb == WEIR_VERB_APP_RAISE || verb == WEIR_VERB_APP_RETURN ||
                 verb == WEIR_VERB_APP_RESIZE;
  return when == WEIR_WHEN_AFTER || (when == WEIR_WHEN_IN && !decides);
}

/* Whose events are counted where nothing is said of it. */
static unsigned counted_by_default(const weir_step *step) {
  return step->verb == WEIR_VERB_APP_OPEN ? 0 : step->connection;
}

/* One form only: what is so anyway is not said. */
static bool place_valid(const weir_step *step) {
  if (step->connection >= WEIR_CONNECTIONS || step->unused[0] != 0 || step->unused[1] != 0) return false;
  if (step->of == 0) return true;
  return step->of <= WEIR_CONNECTIONS && weir_step_crosses(step->verb, step->when) &&
         step->of - 1u != counted_by_default(step);
}

/* Places 0 to 2 are the other connections, their own events; then, connection by
 * connection, those that hang on the events of another. */
weir_step weir_step_at(weir_step step, unsigned place) {
  enum { OTHERS = WEIR_CONNECTIONS - 1 };
  place %= WEIR_PLACES;
  step.of = 0;
  if (place < OTHERS) {
    step.connection = (uint8_t)(place + 1);
    return step;
  }
  place -= OTHERS;
  step.connection = (uint8_t)(place / OTHERS);
  if (!weir_step_crosses(step.verb, step.when)) return step;
  unsigned of = place % OTHERS;
  step.of = (uint8_t)(1 + of + (of >= counted_by_default(&step)));
  return step;
}

unsigned weir_step_place(const weir_step *step) {
  enum { OTHERS = WEIR_CONNECTIONS - 1 };
  if (step->of == 0) return step->connection - 1u;
  unsigned of = step->of - 1u;
  return OTHERS + step->connection * (unsigned)OTHERS + of - (of > counted_by_default(step));
}

static bool range_valid(const weir_step *step) {
  if (!weir_when_counts(step->when)) return step->event == 0 && step->first == 0 && step->last == 0;
  return step->first >= 1 && step->first <= WEIR_NTH_MAX && step->last >= step->first;
}

static bool option_valid(const weir_step *step, const weir_verb_info *verb) {
  if (step->verb == WEIR_VERB_SOCKET_ERROR && !weir_error_fits(step->option, step->event)) return false;
  return verb->option_count == 0 ? step->option == 0 : step->option < verb->option_count;
}

static bool argument_valid(const weir_argument *argument, int32_t value) {
  if (argument->how == WEIR_ARGUMENT_NONE) return value == 0;
  if (argument->how == WEIR_ARGUMENT_MAYBE && value == WEIR_NOT_GIVEN) return true;
  return value >= argument->least && value <= argument->most;
}

bool weir_step_valid(const weir_step *step, const weir_step *previous) {
  if (!weir_verb_fits(step->verb, step->when, step->event)) return false;
  const weir_verb_info *verb = &verbs[step->verb];
  if (step->when == WEIR_WHEN_SAME && !weir_step_joins(verb->actor, previous)) return false;
  /* Parts are turns of their own, so only the first step of a turn can have them. */
  if (step->verb == WEIR_VERB_PEER_SEND && step->when != WEIR_WHEN_IDLE && step->b != WEIR_NOT_GIVEN) return false;
  return place_valid(step) && range_valid(step) && option_valid(step, verb) && argument_valid(&verb->a, step->a) &&
         argument_valid(&verb->b, step->b);
}

bool weir_scenario_valid(const weir_scenario *scenario) {
  if (scenario->count > WEIR_STEPS_MAX) return false;
  for (uint32_t index = 0; index < scenario->count; index++)
    if (!weir_step_valid(&scenario->steps[index], index == 0 ? NULL : &scenario->steps[index - 1])) return false;
  return true;
}

bool weir_scenario_equal(const weir_scenario *left, const weir_scenario *right) {
  assert(left->count <= WEIR_STEPS_MAX);
  return left->count == right->count && memcmp(left->steps, right->steps, left->count * sizeof *left->steps) == 0;
}

/* ---- What a scenario needs */

static uint32_t option_needs(const weir_step *step) {
  switch (step->verb) {
  case WEIR_VERB_APP_OPEN: return step->connection != 0 ? WEIR_CAN_CONNECTIONS : 0;
  case WEIR_VERB_APP_SIZE:
    return step->option == WEIR_BUFFER_BYTEARRAY || step->option == WEIR_BUFFER_NOT_A_BUFFER ? 0
                                                                                             : WEIR_CAN_BUFFER_KINDS;
  case WEIR_VERB_APP_RETURN: return step->option == WEIR_BOOLEAN_TRUE ? WEIR_CAN_HALF_CLOSE : 0;
  case WEIR_VERB_APP_WRITE:
    return step->option == WEIR_BYTES_BYTES || step->option == WEIR_BYTES_REUSED || step->option == WEIR_BYTES_NONE
               ? 0
               : WEIR_CAN_WRITE_KINDS;
  case WEIR_VERB_APP_WRITELINES:
    return step->option == WEIR_LINES_LIST || step->option == WEIR_LINES_HOLES ? 0 : WEIR_CAN_WRITE_KINDS;
  case WEIR_VERB_APP_SET_PROTOCOL:
  case WEIR_VERB_APP_PROTOCOL: return step->option == WEIR_PROTOCOL_PLAIN ? WEIR_CAN_PLAIN : 0;
  default: return 0;
  }
}

static uint32_t verb_needs(unsigned verb) {
  switch (verb) {
  case WEIR_VERB_APP_RAISE: return WEIR_CAN_RAISE;
  case WEIR_VERB_APP_RESIZE: return WEIR_CAN_BUFFER_KINDS;
  case WEIR_VERB_APP_PAUSE_READING:
  case WEIR_VERB_APP_RESUME_READING: return WEIR_CAN_PAUSE;
  case WEIR_VERB_APP_IS_READING: return WEIR_CAN_IS_READING;
  case WEIR_VERB_APP_WRITELINES: return WEIR_CAN_WRITELINES;
  case WEIR_VERB_APP_WRITE_EOF:
  case WEIR_VERB_APP_CAN_WRITE_EOF: return WEIR_CAN_WRITE_EOF;
  case WEIR_VERB_APP_SET_LIMITS:
  case WEIR_VERB_APP_GET_SIZE: return WEIR_CAN_FLOW_CONTROL;
  case WEIR_VERB_APP_GET_LIMITS: return WEIR_CAN_LIMITS_QUERY;
  case WEIR_VERB_APP_SET_PROTOCOL:
  case WEIR_VERB_APP_GET_PROTOCOL: return WEIR_CAN_SET_PROTOCOL;
  case WEIR_VERB_PEER_RECORD:
  case WEIR_VERB_PEER_SEGMENT:
  case WEIR_VERB_PEER_CLOSE_NOTIFY:
  case WEIR_VERB_PEER_TRUNCATE:
  case WEIR_VERB_PEER_MESSAGE:
  case WEIR_VERB_PEER_DEAF: return WEIR_CAN_TLS;
  default: return 0;
  }
}

static uint32_t trigger_needs(const weir_step *step) {
  bool flow = step->event == WEIR_OCCASION_PAUSE_WRITING || step->event == WEIR_OCCASION_RESUME_WRITING;
  return flow ? WEIR_CAN_FLOW_CONTROL : 0;
}

uint32_t weir_scenario_needs(const weir_scenario *scenario) {
  uint32_t needs = 0;
  for (uint32_t index = 0; index < scenario->count; index++) {
    const weir_step *step = &scenario->steps[index];
    needs |= verb_needs(step->verb) | option_needs(step) | trigger_needs(step);
  }
  /* TLS has no half-close: a scenario that speaks of TLS returns true to see that nothing comes of it (E5). */
  return needs & WEIR_CAN_TLS ? needs & ~(uint32_t)WEIR_CAN_HALF_CLOSE : needs;
}

uint64_t weir_scenario_hash(const weir_scenario *scenario) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (uint32_t index = 0; index < scenario->count; index++) {
    uint8_t bytes[WEIR_STEP_BYTES_MAX];
    size_t size = weir_step_encode(&scenario->steps[index], bytes);
    for (size_t at = 0; at < size; at++) hash = (hash ^ bytes[at]) * UINT64_C(0x100000001b3);
  }
  return hash;
}
