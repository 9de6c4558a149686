/* The table of rules, its sources and the machine. */
#include "weir/spec.h"
#include "spec/machine.h"

#include <string.h>

#include "weir/trace.h"

/* ---- The rules.  ON and the groups are the words of rules.def for `watches`. */
#define ON(name)     (UINT64_C(1) << WEIR_EVENT_##name)
#define ON_DELIVERY  (ON(BUFFER_UPDATED) | ON(DATA_RECEIVED))
#define ON_READING   (ON_DELIVERY | ON(GET_BUFFER))
#define ON_BETWEEN   (ON_READING | ON(EOF_RECEIVED) | ON(PAUSE_WRITING) | ON(RESUME_WRITING))
#define ON_CALLBACKS (ON_BETWEEN | ON(CONNECTION_MADE) | ON(CONNECTION_LOST))
#define ON_CALLS                                                                                                       \
  (ON(WRITE) | ON(WRITELINES) | ON(WRITE_EOF) | ON(CAN_WRITE_EOF) | ON(CLOSE) | ON(ABORT) | ON(IS_CLOSING) |           \
   ON(PAUSE_READING) | ON(RESUME_READING) | ON(IS_READING) | ON(SET_PROTOCOL) | ON(GET_PROTOCOL) | ON(SET_LIMITS) |    \
   ON(GET_LIMITS) | ON(GET_SIZE))
#define ON_PAYLOAD (ON_DELIVERY | ON(PEER_RECEIVED) | ON(DATA))
/* What shows that the program has gone on since a call returned. */
#define ON_PEER                                                                                                        \
  (ON(PEER_SEND) | ON(PEER_FIN) | ON(PEER_RESET) | ON(PEER_CLOSE) | ON(PEER_STOP) | ON(PEER_START) |                   \
   ON(PEER_RECEIVED) | ON(PEER_SAW_FIN) | ON(PEER_SAW_RESET) | ON(ADVANCE))
#define ON_LATER                                                                                                       \
  (ON(CONNECTION_MADE) | ON_READING | ON(EOF_RECEIVED) | ON(RESUME_WRITING) | ON_PEER | ON(TIMEOUT) | ON(END))

_Static_assert(WEIR_EVENT_COUNT <= 64, "a set of events is 64 bits");
_Static_assert(WEIR_RULE_COUNT <= 128, "a set of rules is two words of 64 bits");

static const weir_rule_info rules[WEIR_RULE_COUNT] = {
#define RULE(id, level, kind, state, source, watches, sentence)                                                        \
  [WEIR_RULE_##id] = {#id, level, kind, state, source, watches, sentence},
#include "weir/rules.def"
#undef RULE
};

const weir_rule_info *weir_rule_get(unsigned rule) {
  return rule < WEIR_RULE_COUNT ? &rules[rule] : NULL;
}

int weir_rule_find(const char *id) {
  for (int rule = 0; rule < WEIR_RULE_COUNT; rule++)
    if (strcmp(rules[rule].id, id) == 0) return rule;
  return -1;
}

const char *weir_level_name(weir_level level) {
  switch (level) {
  case WEIR_MUST: return "MUST";
  case WEIR_SHOULD: return "SHOULD";
  case WEIR_PROFILE: return "PROFILE";
  }
  return "unknown level";
}

/* ---- The sources: all D are sections of asyncio's "Transports and Protocols". */
#define BUFFERED  "asyncio, Transports and Protocols, Buffered Streaming Protocols: "
#define STREAMING "asyncio, Transports and Protocols, Streaming Protocols: "
#define BASE      "asyncio, Transports and Protocols, Base Protocol: "
#define TRANSPORT "asyncio, Transports and Protocols, Base Transport: "
#define READ      "asyncio, Transports and Protocols, Read-only Transports: "
#define WRITE     "asyncio, Transports and Protocols, Write-only Transports: "

static const struct {
  const char *name;
  const char *sentence;
} sources[] = {
    {"D1", BASE "connection_made and connection_lost come exactly once a connection; every other callback comes "
                "between them"},
    {"D2", BASE "connection_lost gets an exception, or None for a regular EOF and for close() or abort() by this side"},
    {"D3", BUFFERED "the hint is a recommended minimum, smaller and larger buffers are acceptable, -1 means any size, "
                    "a zero size is an error; the result implements the buffer protocol"},
    {"D4", BUFFERED "nbytes is the total number of bytes that were written to the buffer"},
    {"D5", BUFFERED "get_buffer may come any number of times; eof_received at most once, and neither get_buffer nor "
                    "buffer_updated after it"},
    {"D6", BUFFERED "start -> connection_made [-> get_buffer [-> buffer_updated]? ]* [-> eof_received]? -> "
                    "connection_lost -> end"},
    {"D7", STREAMING "eof_received is called when the other end has ended its side; a false result closes the "
                     "transport, a true one leaves closing to the protocol, except where half-close is not supported "
                     "(TLS)"},
    {"D8", TRANSPORT "close() flushes what is buffered, abort() drops it; no more data is received, and "
                     "connection_lost(None) follows"},
    {"D9", READ "no data between pause_reading() and resume_reading(); both are idempotent since 3.7"},
    {"D10", WRITE "0 <= low <= high, the defaults are the implementation's own; high=0 forces low=0 and pauses "
                  "whenever the buffer is not empty, low=0 resumes only once it is empty; get_write_buffer_limits() "
                  "gives (low, high)"},
    {"D11", BASE "pause_writing when the buffer goes over the high-water mark, resume_writing when it has drained to "
                 "the low-water mark or below; the calls are paired"},
    {"D12", WRITE "writelines(list) is functionally equivalent to write() for each element"},
    {"D13", WRITE "write_eof() flushes, then closes the write end, and data may still arrive; can_write_eof() says "
                  "whether it is supported"},
    {"D14", TRANSPORT "set_protocol() switches where both protocols document the switch"},
    {"D15", STREAMING "data arrives in order; how it is cut into pieces is the transport's business"},
    {"Streaming Protocols", STREAMING "data_received is called when some data is received; data is a non-empty bytes "
                                      "object"},
    {"twin interfaces", "what the interfaces with the same design agree on: libuv's uv_read_start (alloc_cb, read_cb), "
                        "folly's AsyncReader, .NET's pipelines"},
    {"CPython", "what CPython's selector, proactor and TLS transports do in every version from 3.7 on"},
};

const char *weir_source_get(const char *name) {
  for (size_t source = 0; source < sizeof sources / sizeof *sources; source++)
    if (strcmp(sources[source].name, name) == 0) return sources[source].sentence;
  return NULL;
}

const char *weir_source_name(unsigned source) {
  return source < sizeof sources / sizeof *sources ? sources[source].name : NULL;
}

/* ---- The machine (D6).  A plain protocol's data_received moves as
 * buffer_updated would, without a buffer; the flow control callbacks move
 * nothing. */
const uint8_t weir_machine_rows[WEIR_EVENT_COUNT][WEIR_STATE_COUNT] = {
#define GO(event, start, open, buffer, eof, lost)                                                                      \
  [WEIR_EVENT_##event] = {WEIR_STATE_##start, WEIR_STATE_##open, WEIR_STATE_##buffer,                                  \
                          WEIR_STATE_##eof,   WEIR_STATE_##lost, WEIR_STATE_BAD}
    GO(CONNECTION_MADE, OPEN, BAD, BAD, BAD, BAD),  GO(GET_BUFFER, BAD, BUFFER, BUFFER, BAD, BAD),
    GO(BUFFER_UPDATED, BAD, BAD, OPEN, BAD, BAD),   GO(DATA_RECEIVED, BAD, OPEN, OPEN, BAD, BAD),
    GO(EOF_RECEIVED, BAD, EOF, EOF, BAD, BAD),      GO(CONNECTION_LOST, BAD, LOST, LOST, LOST, BAD),
    GO(PAUSE_WRITING, BAD, OPEN, BUFFER, EOF, BAD), GO(RESUME_WRITING, BAD, OPEN, BUFFER, EOF, BAD),
#undef GO
};

/* Whether the table has a row for the event. */
static bool moves(unsigned event) {
  return event < WEIR_EVENT_COUNT && weir_machine_rows[event][WEIR_STATE_BAD] == WEIR_STATE_BAD;
}

weir_state weir_machine_next(weir_state state, unsigned event) {
  if (state >= WEIR_STATE_COUNT) return WEIR_STATE_BAD;
  return moves(event) ? (weir_state)weir_machine_rows[event][state] : state;
}

const char *weir_state_name(weir_state state) {
  static const char *const names[WEIR_STATE_COUNT] = {
      [WEIR_STATE_START] = "start", [WEIR_STATE_OPEN] = "open", [WEIR_STATE_BUFFER] = "buffer",
      [WEIR_STATE_EOF] = "eof",     [WEIR_STATE_LOST] = "lost", [WEIR_STATE_BAD] = "bad",
  };
  return state < WEIR_STATE_COUNT ? names[state] : NULL;
}

/* ---- The hash ------------------------------------------------------------ */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size) {
  const uint8_t *byte = bytes;
  for (size_t i = 0; i < size; i++) hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
  return hash;
}

/* The final 0 is taken in, so that two strings do not run into each other. */
static uint64_t hash_text(uint64_t hash, const char *text) {
  return hash_bytes(hash, text, strlen(text) + 1);
}

/* A number as eight bytes, least first: the same on every machine. */
static uint64_t hash_number(uint64_t hash, uint64_t number) {
  uint8_t bytes[8];
  for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)(number >> (8 * i));
  return hash_bytes(hash, bytes, sizeof bytes);
}

uint64_t weir_spec_hash(void) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++) {
    const weir_rule_info *info = &rules[rule];
    hash = hash_text(hash, info->id);
    hash = hash_number(hash, (uint64_t)info->level | (uint64_t)info->kind << 8 | (uint64_t)info->state << 16);
    hash = hash_text(hash, info->source);
    hash = hash_number(hash, info->watches);
    hash = hash_text(hash, info->sentence);
  }
  for (unsigned event = 0; event < WEIR_EVENT_COUNT; event++) {
    if (!moves(event)) continue;
    hash = hash_number(hash, event);
    hash = hash_bytes(hash, weir_machine_rows[event], WEIR_STATE_COUNT);
  }
  return hash;
}
