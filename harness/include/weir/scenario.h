/* The scenario: what peer, socket and application will do in a run.
 *
 * A scenario is a list of steps, and nothing else: no descriptor, no time of
 * day, no turn number.  Every step hangs on something that each implementation
 * shows: that the program would block (idle), the n-th callback of a kind, the
 * n-th socket operation of a kind.
 *
 * Two forms, both complete: text, for people and for files, and bytes, for
 * fuzzers.  harness/doc/scenario.md is the page.
 *
 *     parse(print(s)) == s  and  decode(encode(s)) == s   for every valid s
 *     decode(bytes) is a valid scenario                   for every byte string */
#ifndef WEIR_SCENARIO_H
#define WEIR_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/status.h"

enum {
  WEIR_STEPS_MAX = 1024,
  WEIR_NTH_MAX = 65534,             /* the largest n of "the n-th" */
  WEIR_NTH_OPEN = 65535,            /* `last` of a trigger without an upper end: 3+ */
  WEIR_SIZE_MAX = 1 << 20,          /* bytes of one send, write or buffer */
  WEIR_LINES_MAX = 64,              /* elements of one writelines */
  WEIR_MILLISECONDS_MAX = 86400000, /* one day */
  WEIR_LINE_MAX = 1024,             /* bytes of a line of text */
  WEIR_TEXT_MAX = 1 << 20,          /* bytes of a text scenario */
  WEIR_ENCODED_MAX = 1 << 16,       /* bytes that decode looks at; encode never writes more */
  WEIR_CONNECTIONS = 4              /* connections of a run at most; number 0 is there from the beginning */
};

/* Who acts. */
#define WEIR_ACTORS(X) X(PEER, "peer") X(SOCKET, "socket") X(APP, "app")

typedef enum weir_actor {
#define X(name, word) WEIR_ACTOR_##name,
  WEIR_ACTORS(X)
#undef X
      WEIR_ACTOR_COUNT
} weir_actor;

/* What a step waits for.
 * IDLE  its turn in the script: the program would block, and all idle steps
 *       before it (the peer's and the application's in one order, as written)
 *       have been taken.  One idle step a turn.
 * SAME  the same turn as the step before it, which is an IDLE or SAME step of
 *       the same actor: `peer send 10; fin`.
 * AFTER as soon as the first..last-th `event` has ended: the peer at once,
 *       even while the program runs; the application at the next occasion
 *       outside any callback.
 * IN    (app) inside the first..last-th `event`, which is a callback.
 * AT    (socket) at the first..last-th operation `event`.
 * START before the run: what is set up. */
typedef enum weir_when {
  WEIR_WHEN_IDLE,
  WEIR_WHEN_SAME,
  WEIR_WHEN_AFTER,
  WEIR_WHEN_IN,
  WEIR_WHEN_AT,
  WEIR_WHEN_START,
  WEIR_WHEN_COUNT
} weir_when;

/* What n counts.  X(NAME, word, is_callback): callbacks for IN and AFTER,
 * operations for AT and (peer only) AFTER.  Each is counted for itself, from 1,
 * over the whole connection that the trigger is about (weir_step_counted).  WAIT counts the waits of the program in
 * which the socket was watched.  The first eight are in the order of weir_event from WEIR_EVENT_CONNECTION_MADE on. */
#define WEIR_OCCASIONS(X)                                                                                              \
  X(CONNECTION_MADE, "connection_made", 1)                                                                             \
  X(GET_BUFFER, "get_buffer", 1)                                                                                       \
  X(BUFFER_UPDATED, "buffer_updated", 1)                                                                               \
  X(DATA_RECEIVED, "data_received", 1)                                                                                 \
  X(EOF_RECEIVED, "eof_received", 1)                                                                                   \
  X(CONNECTION_LOST, "connection_lost", 1)                                                                             \
  X(PAUSE_WRITING, "pause_writing", 1)                                                                                 \
  X(RESUME_WRITING, "resume_writing", 1)                                                                               \
  X(RECV, "recv", 0)                                                                                                   \
  X(SEND, "send", 0)                                                                                                   \
  X(WAIT, "wait", 0)

typedef enum weir_occasion {
#define X(name, word, is_callback) WEIR_OCCASION_##name,
  WEIR_OCCASIONS(X)
#undef X
      WEIR_OCCASION_COUNT
} weir_occasion;

/* One step.  A field that the verb does not use is 0. */
typedef struct weir_step {
  uint8_t verb;   /* weir_verb */
  uint8_t when;   /* weir_when */
  uint8_t event;  /* weir_occasion, for AFTER, IN and AT */
  uint8_t option; /* a word of the verb's list: a kind, true or false, ... */
  uint16_t first; /* AFTER, IN, AT: 1..WEIR_NTH_MAX */
  uint16_t last;  /* >= first, or WEIR_NTH_OPEN */
  int32_t a;
  int32_t b;
  uint8_t connection; /* whose step it is: below WEIR_CONNECTIONS */
  uint8_t of;         /* AFTER, IN: 1 + the connection whose events are counted; 0: the step's own (`open`: 0's) */
  uint8_t unused[2];  /* 0 */
} weir_step;

_Static_assert(sizeof(weir_step) == 20, "a step is 20 bytes, all of them fields");

/* A number that was not given (limits, `by`). */
#define WEIR_NOT_GIVEN INT32_MIN

/* The verbs, simplest first (a fuzzer's zero is the first).
 * X(NAME, word, actor, whens, options, a, b)
 *   whens    which triggers it takes: a set of I (idle, same), A (after),
 *            C (in a callback), O (at an operation), S (start)
 *   options  the list of words that may follow, or NO_OPTION
 *   a, b     ARG(name, least, most, how): how is NUMBER (must be given),
 *            MAYBE (may be left out: WEIR_NOT_GIVEN), or NONE
 * The order of the words in text: verb a option b, each where it has one; a
 * MAYBE argument is written as its name and the number: `high 10`.
 * scenario/steps.c turns this into a table; see weir_verb_info. */
#define WEIR_VERBS(X)                                                                                                  \
  X(PEER_SEND, "send", PEER, I | A, NO_OPTION, ARG("bytes", 1, WEIR_SIZE_MAX, NUMBER),                                 \
    ARG("by", 1, WEIR_SIZE_MAX, MAYBE))                                                                                \
  X(PEER_FIN, "fin", PEER, I | A, NO_OPTION, NO_ARG, NO_ARG)                                                           \
  X(PEER_RESET, "reset", PEER, I | A, NO_OPTION, NO_ARG, NO_ARG)                                                       \
  X(PEER_CLOSE, "close", PEER, I | A, NO_OPTION, NO_ARG, NO_ARG)                                                       \
  X(PEER_STOP, "stop", PEER, I | A | S, NO_OPTION, NO_ARG, NO_ARG)                                                     \
  X(PEER_START, "start", PEER, I | A, NO_OPTION, NO_ARG, NO_ARG)                                                       \
  X(PEER_READ, "read", PEER, I | A, NO_OPTION, ARG("bytes", 1, WEIR_SIZE_MAX, NUMBER), NO_ARG)                         \
  X(PEER_SLEEP, "sleep", PEER, I, NO_OPTION, ARG("milliseconds", 1, WEIR_MILLISECONDS_MAX, NUMBER), NO_ARG)            \
  X(SOCKET_SHORT, "short", SOCKET, O, NO_OPTION, ARG("bytes", 1, WEIR_SIZE_MAX, NUMBER), NO_ARG)                       \
  X(SOCKET_AGAIN, "again", SOCKET, O, NO_OPTION, NO_ARG, NO_ARG)                                                       \
  X(SOCKET_ERROR, "error", SOCKET, O, ERRORS, NO_ARG, NO_ARG)                                                          \
  X(SOCKET_SPURIOUS, "spurious", SOCKET, O, READINESS, NO_ARG, NO_ARG)                                                 \
  X(SOCKET_BUFFER, "buffer", SOCKET, S, NO_OPTION, ARG("bytes", 1, WEIR_SIZE_MAX, NUMBER), NO_ARG)                     \
  X(APP_SIZE, "size", APP, C, BUFFER_KINDS, ARG("bytes", 0, WEIR_SIZE_MAX, NUMBER), NO_ARG)                            \
  X(APP_RAISE, "raise", APP, C, NO_OPTION, NO_ARG, NO_ARG)                                                             \
  X(APP_RETURN, "return", APP, C, BOOLEANS, NO_ARG, NO_ARG)                                                            \
  X(APP_RESIZE, "resize", APP, C, NO_OPTION, ARG("bytes", 0, WEIR_SIZE_MAX, NUMBER), NO_ARG)                           \
  X(APP_CLOSE, "close", APP, I | A | C, NO_OPTION, NO_ARG, NO_ARG)                                                     \
  X(APP_ABORT, "abort", APP, I | A | C, NO_OPTION, NO_ARG, NO_ARG)                                                     \
  X(APP_PAUSE_READING, "pause_reading", APP, I | A | C, NO_OPTION, NO_ARG, NO_ARG)                                     \
  X(APP_RESUME_READING, "resume_reading", APP, I | A | C, NO_OPTION, NO_ARG, NO_ARG)                                   \
  X(APP_WRITE, "write", APP, I | A | C, BYTES_KINDS, ARG("bytes", 0, WEIR_SIZE_MAX, NUMBER), NO_ARG)                   \
  X(APP_WRITELINES, "writelines", APP, I | A | C, LINES_KINDS, ARG("elements", 0, WEIR_LINES_MAX, NUMBER),             \
    ARG("of", 0, 65536, MAYBE))                                                                                        \
  X(APP_WRITE_EOF, "write_eof", APP, I | A | C, NO_OPTION, NO_ARG, NO_ARG)                                             \
  X(APP_SET_LIMITS, "set_write_buffer_limits", APP, I | A | C, NO_OPTION, ARG("high", -1, WEIR_SIZE_MAX, MAYBE),       \
    ARG("low", -1, WEIR_SIZE_MAX, MAYBE))                                                                              \
  X(APP_SET_PROTOCOL, "set_protocol", APP, I | A | C, PROTOCOLS, NO_ARG, NO_ARG)                                       \
  X(APP_IS_CLOSING, "is_closing", APP, I | A | C, NO_OPTION, NO_ARG, NO_ARG)                                           \
  X(APP_IS_READING, "is_reading", APP, I | A | C, NO_OPTION, NO_ARG, NO_ARG)                                           \
  X(APP_CAN_WRITE_EOF, "can_write_eof", APP, I | A | C, NO_OPTION, NO_ARG, NO_ARG)                                     \
  X(APP_GET_LIMITS, "get_write_buffer_limits", APP, I | A | C, NO_OPTION, NO_ARG, NO_ARG)                              \
  X(APP_GET_SIZE, "get_write_buffer_size", APP, I | A | C, NO_OPTION, NO_ARG, NO_ARG)                                  \
  X(APP_GET_PROTOCOL, "get_protocol", APP, I | A | C, NO_OPTION, NO_ARG, NO_ARG)                                       \
  X(APP_PROTOCOL, "protocol", APP, S, PROTOCOLS, NO_ARG, NO_ARG)                                                       \
  X(APP_OPEN, "open", APP, I | A | C, NO_OPTION, NO_ARG, NO_ARG)                                                       \
  X(PEER_RECORD, "record", PEER, I | A | S, NO_OPTION, ARG("bytes", 1, 16384, NUMBER), NO_ARG)                         \
  X(PEER_SEGMENT, "segment", PEER, I | A | S, NO_OPTION, ARG("bytes", 1, WEIR_SIZE_MAX, NUMBER), NO_ARG)               \
  X(PEER_CLOSE_NOTIFY, "close_notify", PEER, I | A, NO_OPTION, NO_ARG, NO_ARG)                                         \
  X(PEER_TRUNCATE, "truncate", PEER, I | A, NO_OPTION, NO_ARG, NO_ARG)                                                 \
  X(PEER_MESSAGE, "message", PEER, I | A, TLS_MESSAGES, NO_ARG, NO_ARG)                                                \
  X(PEER_DEAF, "deaf", PEER, I | A | S, NO_OPTION, NO_ARG, NO_ARG)

typedef enum weir_verb {
#define X(name, word, actor, whens, options, a, b) WEIR_VERB_##name,
  WEIR_VERBS(X)
#undef X
      WEIR_VERB_COUNT
} weir_verb;

/* Options.  The first word of a list is 0 and the default: it is not printed.
 * BUFFER_KINDS, BYTES_KINDS and LINES_KINDS are those of trace.h. */
#define WEIR_ERRORS(X)                                                                                                 \
  X(ECONNRESET, "ECONNRESET")                                                                                          \
  X(ETIMEDOUT, "ETIMEDOUT")                                                                                            \
  X(EHOSTUNREACH, "EHOSTUNREACH") X(EPIPE, "EPIPE") X(ENOBUFS, "ENOBUFS") X(ENOMEM, "ENOMEM") X(EINTR, "EINTR")
#define WEIR_READINESS(X)      X(IN, "in") X(OUT, "out") X(BOTH, "both")
#define WEIR_BOOLEANS(X)       X(FALSE, "false") X(TRUE, "true")
/* BUFFERED and PLAIN make a new protocol object; FIRST is the one that the
 * connection began with (as START option: buffered or plain only). */
#define WEIR_PROTOCOL_KINDS(X) X(BUFFERED, "buffered") X(PLAIN, "plain") X(FIRST, "first")
/* What the peer sends beside data, in the middle of a connection (TLS 1.3). */
#define WEIR_TLS_MESSAGES(X)   X(KEY_UPDATE, "key_update") X(TICKET, "ticket")

#define X(name, word) WEIR_SOCKET_##name,
typedef enum weir_socket_error { WEIR_ERRORS(X) WEIR_SOCKET_ERROR_COUNT } weir_socket_error;
#undef X
#define X(name, word) WEIR_READY_##name,
typedef enum weir_readiness { WEIR_READINESS(X) WEIR_READINESS_COUNT } weir_readiness;
#undef X
#define X(name, word) WEIR_BOOLEAN_##name,
typedef enum weir_boolean { WEIR_BOOLEANS(X) WEIR_BOOLEAN_COUNT } weir_boolean;
#undef X
#define X(name, word) WEIR_TLS_##name,
typedef enum weir_tls_message { WEIR_TLS_MESSAGES(X) WEIR_TLS_MESSAGE_COUNT } weir_tls_message;
#undef X
#define X(name, word) WEIR_PROTOCOL_##name,
typedef enum weir_protocol_kind { WEIR_PROTOCOL_KINDS(X) WEIR_PROTOCOL_KIND_COUNT } weir_protocol_kind;
#undef X

/* errno of a weir_socket_error. */
int weir_socket_error_number(unsigned error);

/* ---- The table of verbs --------------------------------------------------- */
enum { WEIR_TAKES_IDLE = 1, WEIR_TAKES_AFTER = 2, WEIR_TAKES_IN = 4, WEIR_TAKES_AT = 8, WEIR_TAKES_START = 16 };

typedef enum weir_argument_how { WEIR_ARGUMENT_NONE, WEIR_ARGUMENT_NUMBER, WEIR_ARGUMENT_MAYBE } weir_argument_how;

typedef struct weir_argument {
  const char *name;
  int32_t least;
  int32_t most;
  weir_argument_how how;
} weir_argument;

typedef struct weir_verb_info {
  const char *word;
  weir_actor actor;
  unsigned takes;             /* WEIR_TAKES_... */
  const char *const *options; /* words, or NULL */
  unsigned option_count;      /* 0 where there are none */
  weir_argument a, b;
} weir_verb_info;

/* NULL where verb >= WEIR_VERB_COUNT. */
const weir_verb_info *weir_verb_get(unsigned verb);
const char *weir_actor_name(unsigned actor);
const char *weir_occasion_name(unsigned occasion);
bool weir_occasion_is_callback(unsigned occasion);
/* Whether `verb` can hang on `event` under `when`: size only in get_buffer,
 * return only in eof_received, resize only in buffer_updated; short and again
 * at recv and send, error at recv and send, spurious at wait, EPIPE, ENOBUFS
 * and ENOMEM at send only (checked by weir_step_valid). */
bool weir_verb_fits(unsigned verb, unsigned when, unsigned event);

/* The connection whose events a step's trigger counts. */
static inline unsigned weir_step_counted(const weir_step *step) {
  return step->of != 0 ? step->of - 1u : step->verb == WEIR_VERB_APP_OPEN ? 0 : step->connection;
}
/* Whether a step can hang on another connection's events: what decides how a
 * callback of its own ends cannot (size, raise, return, resize). */
bool weir_step_crosses(unsigned verb, unsigned when);

/* ---- A scenario ------------------------------------------------------------
 * No pointers inside: it may be copied, compared and put into shared memory. */
typedef struct weir_scenario {
  uint32_t count;
  weir_step steps[WEIR_STEPS_MAX];
} weir_scenario;

/* Every field within its bounds and every unused field 0.  `previous` is the
 * step before it or NULL; a SAME step needs one. */
bool weir_step_valid(const weir_step *step, const weir_step *previous);
bool weir_scenario_valid(const weir_scenario *scenario);
bool weir_scenario_equal(const weir_scenario *left, const weir_scenario *right);
/* The capabilities (WEIR_CAN_...) that a scenario makes use of. */
uint32_t weir_scenario_needs(const weir_scenario *scenario);
/* 64-bit FNV-1a of the encoded form: the name of a scenario by its content. */
uint64_t weir_scenario_hash(const weir_scenario *scenario);

/* ---- Text ------------------------------------------------------------------
 * What a file says about its scenario beside the steps. */
enum { WEIR_TITLE_MAX = 200, WEIR_RULES_TEXT_MAX = 200 };

typedef struct weir_scenario_about {
  char title[WEIR_TITLE_MAX];
  char rules[WEIR_RULES_TEXT_MAX]; /* rule ids, one space between */
} weir_scenario_about;

/* Reads a text of `size` bytes.  about may be NULL.  On WEIR_BAD_INPUT problem
 * has the line, what is wrong there and what would be right, and *scenario is
 * empty. */
WEIR_MUST_USE weir_status weir_scenario_parse(const char *text, size_t size, weir_scenario *scenario,
                                              weir_scenario_about *about, weir_problem *problem);

/* Writes the canonical text into out[0..size) with a final 0 and returns its
 * length without it, as snprintf does: a result >= size was cut. */
size_t weir_scenario_print(const weir_scenario *scenario, const weir_scenario_about *about, char *out, size_t size);

/* ---- Bytes ----------------------------------------------------------------- */
/* Total: every byte string is a scenario; no bytes at all the empty one. */
void weir_scenario_decode(const uint8_t *bytes, size_t size, weir_scenario *scenario);
/* Returns the size written, at most WEIR_ENCODED_MAX; 0 where out is too small. */
size_t weir_scenario_encode(const weir_scenario *scenario, uint8_t *out, size_t size);

#endif
