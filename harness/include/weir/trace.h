/* The trace: what was seen in a run, in one total order.
 *
 * A trace is an array of 16-byte records.  A callback or a call is a pair of
 * records, begin and end, with whatever happened inside between them; where
 * nothing did, the two are one record with both flags.  What the fields of a
 * record mean depends on its event, and WEIR_EVENTS below is the only place
 * that says so.
 *
 * Payload is recorded by what it is, not byte by byte.  Every byte of a stream
 * is a function of its offset (payload.h), so "these 10 bytes are the stream
 * from offset 30 on" is complete; bytes that are anything else are told as
 * runs, one WEIR_EVENT_DATA record each.
 *
 * Forms: records in memory and in a file (trace/binary), JSON Lines for other
 * people's tools (trace/jsonl), text for people (trace/text).  harness/doc/trace.md
 * is the page. */
#ifndef WEIR_TRACE_H
#define WEIR_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/status.h"

typedef struct weir_record {
  uint8_t event;      /* weir_event; 0 in no record */
  uint8_t connection; /* index of the connection, from 0 in order of opening */
  uint8_t flags;      /* WEIR_FLAG_...; the high nibble is the number of the protocol object */
  uint8_t code;
  uint32_t a;
  uint64_t b;
} weir_record;

_Static_assert(sizeof(weir_record) == 16, "a record is 16 bytes");

enum {
  WEIR_FLAG_BEGIN = 1,    /* a callback or call begins */
  WEIR_FLAG_END = 2,      /* ... ends.  Both: it began and ended with nothing inside */
  WEIR_FLAG_RAISED = 4,   /* with END alone: code is a weir_exception, a its number */
  WEIR_FLAG_INJECTED = 8, /* socket operations: the scenario made it come out so */
  WEIR_FLAG_PROTOCOL_SHIFT = 4,
  WEIR_PROTOCOLS_MAX = 16 /* protocol objects of a connection, numbered in order of first use */
};

/* X(NAME, word, group, meaning of the fields).
 * Groups: RUN, CALLBACK (begin/end), CALL (begin/end), LOOP, SOCKET, PEER, PROBE.
 * An end record of its own (END without BEGIN) has: flags RAISED or not, code
 * and a: the exception, b: the result.  In a complete record (both flags) code
 * and a are those of the begin, and b is the result where there is one. */
#define WEIR_EVENTS(X)                                                                                                 \
  X(OPEN, "open", RUN,                                                                                                 \
    "a connection begins. code: 1 buffered, 0 plain protocol; a: capabilities (WEIR_CAN_...); b: weir_layer")          \
  X(CONNECTION_MADE, "connection_made", CALLBACK, "no fields")                                                         \
  X(GET_BUFFER, "get_buffer", CALLBACK, "a: hint (int32). result b: size in the low 32 bits, kind << 56")              \
  X(BUFFER_UPDATED, "buffer_updated", CALLBACK, "a: nbytes; code: weir_data, b: offset")                               \
  X(DATA_RECEIVED, "data_received", CALLBACK, "a: size; code: weir_data, b: offset")                                   \
  X(EOF_RECEIVED, "eof_received", CALLBACK, "result b: 1 for true (stay open), 0 for false")                           \
  X(CONNECTION_LOST, "connection_lost", CALLBACK, "code: weir_exception, a: its number")                               \
  X(PAUSE_WRITING, "pause_writing", CALLBACK, "no fields")                                                             \
  X(RESUME_WRITING, "resume_writing", CALLBACK, "no fields")                                                           \
  X(WRITE, "write", CALL, "a: size in bytes; code: weir_bytes_kind; b: offset in the outgoing stream")                 \
  X(WRITELINES, "writelines", CALL, "a: size of all elements together; code: weir_lines_kind; b: offset")              \
  X(WRITE_EOF, "write_eof", CALL, "no fields")                                                                         \
  X(CAN_WRITE_EOF, "can_write_eof", CALL, "result b: 0 or 1")                                                          \
  X(CLOSE, "close", CALL, "no fields")                                                                                 \
  X(ABORT, "abort", CALL, "no fields")                                                                                 \
  X(IS_CLOSING, "is_closing", CALL, "result b: 0 or 1")                                                                \
  X(PAUSE_READING, "pause_reading", CALL, "no fields")                                                                 \
  X(RESUME_READING, "resume_reading", CALL, "no fields")                                                               \
  X(IS_READING, "is_reading", CALL, "result b: 0 or 1")                                                                \
  X(SET_PROTOCOL, "set_protocol", CALL, "a: number of the protocol object; code: 1 buffered, 0 plain")                 \
  X(GET_PROTOCOL, "get_protocol", CALL, "result b: number of the protocol object, 255: another")                       \
  X(SET_LIMITS, "set_write_buffer_limits", CALL, "a: high, b: low (int32 in the low bits); INT32_MIN: not given")      \
  X(GET_LIMITS, "get_write_buffer_limits", CALL, "result b: low in the low 32 bits, high << 32")                       \
  X(GET_SIZE, "get_write_buffer_size", CALL, "result b: size (int64)")                                                 \
  X(EXCEPTION_HANDLER, "exception_handler", LOOP, "code: weir_exception, a: its number")                               \
  X(RECV, "recv", SOCKET, "a: room offered; b: bytes or -errno (int64)")                                               \
  X(SEND, "send", SOCKET, "a: bytes offered; b: bytes or -errno (int64)")                                              \
  X(SHUTDOWN, "shutdown", SOCKET, "shutdown(SHUT_WR). b: 0 or -errno")                                                 \
  X(SOCKET_CLOSE, "socket_close", SOCKET, "the descriptor is closed")                                                  \
  X(WATCH, "watch", SOCKET, "a: readiness asked for from now on: 1 readable, 2 writable")                              \
  X(SPURIOUS, "spurious", SOCKET, "a: readiness reported without cause: 1 readable, 2 writable")                       \
  X(TIMEOUT, "timeout", LOOP, "a wait ran out; the clock was advanced. b: milliseconds")                               \
  X(PEER_SEND, "peer_send", PEER, "a: bytes; b: offset in the incoming stream")                                        \
  X(PEER_FIN, "peer_fin", PEER, "the peer ends its sending side")                                                      \
  X(PEER_RESET, "peer_reset", PEER, "the peer resets the connection")                                                  \
  X(PEER_CLOSE, "peer_close", PEER, "the peer closes both directions (FIN; later data of ours is answered by RST)")    \
  X(PEER_STOP, "peer_stop", PEER, "the peer stops reading")                                                            \
  X(PEER_START, "peer_start", PEER, "the peer reads again")                                                            \
  X(PEER_RECEIVED, "peer_received", PEER, "a: bytes; code: weir_data, b: offset in the outgoing stream")               \
  X(PEER_SAW_FIN, "peer_saw_fin", PEER, "the peer has read everything and then the end")                               \
  X(PEER_SAW_RESET, "peer_saw_reset", PEER, "the peer was reset")                                                      \
  X(DATA, "data", PROBE, "one run of the mixed payload just before. code: weir_data, a: bytes, b: offset")             \
  X(BUFFER_TAIL, "buffer_tail", PROBE, "bytes behind nbytes were written to. a: first such byte of the buffer")        \
  X(BUFFER_TOUCHED, "buffer_touched", PROBE,                                                                           \
    "a buffer was written to outside its span. a: get_buffer's number from 1, b: byte")                                \
  X(BUFFER_HELD, "buffer_held", PROBE, "a buffer is still exported outside its span. a: get_buffer's number from 1")   \
  X(OUTSIDE, "outside", PROBE, "the application runs outside any callback. begin/end")                                 \
  X(ADVANCE, "advance", PEER, "the scenario lets time pass. b: milliseconds")                                          \
  X(PEER_CLOSE_NOTIFY, "peer_close_notify", PEER,                                                                      \
    "TLS: the peer ends its sending side; the connection below stays open")                                            \
  X(PEER_TRUNCATE, "peer_truncate", PEER, "TLS: the connection below is ended with no close_notify before that")       \
  X(END, "end", RUN, "the run is over. code: weir_end; a: signal or exit status")

typedef enum weir_event {
  WEIR_EVENT_NONE = 0,
#define X(name, word, group, meaning) WEIR_EVENT_##name,
  WEIR_EVENTS(X)
#undef X
      WEIR_EVENT_COUNT
} weir_event;

typedef enum weir_event_group {
  WEIR_GROUP_RUN,
  WEIR_GROUP_CALLBACK,
  WEIR_GROUP_CALL,
  WEIR_GROUP_LOOP,
  WEIR_GROUP_SOCKET,
  WEIR_GROUP_PEER,
  WEIR_GROUP_PROBE
} weir_event_group;

/* What a piece of payload is (code of buffer_updated, data_received,
 * peer_received, data).  X(NAME, word, meaning). */
#define WEIR_DATAS(X)                                                                                                  \
  X(UNKNOWN, "unknown", "not looked at (a trace from elsewhere), or bytes of no known stream")                         \
  X(STREAM, "stream", "this connection's stream in this direction, from offset b on")                                  \
  X(MIXED, "mixed", "not one run: `data` records follow, in order, that add up to a")                                  \
  X(POISON, "poison", "bytes that were never written: the buffer's own filling")                                       \
  X(REVERSE, "reverse", "this connection's other direction, from offset b on")                                         \
  X(FOREIGN, "foreign", "another connection's stream (b >> 56), from offset b (low 56 bits) on")                       \
  X(NONSENSE, "nonsense", "bytes of no stream that is known here")

typedef enum weir_data {
#define X(name, word, meaning) WEIR_DATA_##name,
  WEIR_DATAS(X)
#undef X
      WEIR_DATA_COUNT
} weir_data;

/* What a connection is made of (b of open).  X(NAME, word, meaning). */
#define WEIR_LAYERS(X)                                                                                                 \
  X(TCP, "tcp", "a TCP connection")                                                                                    \
  X(UNIX, "unix", "a stream socket of AF_UNIX")                                                                        \
  X(READ_PIPE, "read_pipe", "the reading end of a pipe")                                                               \
  X(WRITE_PIPE, "write_pipe", "the writing end of a pipe")                                                             \
  X(TLS, "tls", "TLS over TCP: callbacks and the peer speak of plaintext, recv and send of what is on the wire")

typedef enum weir_layer {
#define X(name, word, meaning) WEIR_LAYER_##name,
  WEIR_LAYERS(X)
#undef X
      WEIR_LAYER_COUNT
} weir_layer;

/* Kinds of exception.  X(NAME, word, meaning of its number). */
#define WEIR_EXCEPTIONS(X)                                                                                             \
  X(NONE, "none", "None")                                                                                              \
  X(PROBE, "probe", "raised by the probe; number: which raise of the run, from 1")                                     \
  X(OS, "os", "OSError; number: errno, 0 where there is none")                                                         \
  X(TYPE, "type", "TypeError")                                                                                         \
  X(VALUE, "value", "ValueError")                                                                                      \
  X(RUNTIME, "runtime", "RuntimeError")                                                                                \
  X(BUFFER, "buffer", "BufferError")                                                                                   \
  X(EOF, "eof", "EOFError, or an SSL error that tells of a truncated stream")                                          \
  X(UNSUPPORTED, "unsupported", "NotImplementedError: the target does not offer it")                                   \
  X(INTERNAL, "internal", "AttributeError, AssertionError, IndexError, KeyError, ...: nobody asked for it")            \
  X(MEMORY, "memory", "MemoryError")                                                                                   \
  X(OTHER, "other", "any other")

typedef enum weir_exception {
#define X(name, word, meaning) WEIR_EXCEPTION_##name,
  WEIR_EXCEPTIONS(X)
#undef X
      WEIR_EXCEPTION_COUNT
} weir_exception;

/* How a run ended.  X(NAME, word, meaning). */
#define WEIR_ENDS(X)                                                                                                   \
  X(QUIESCENT, "quiescent", "nothing is ready, no timer is armed, no step is left")                                    \
  X(SPIN, "spin", "the implementation keeps running though nothing is to be done")                                     \
  X(HANG, "hang", "the implementation does not come back, and does not run either")                                    \
  X(CRASH, "crash", "the process died; a: the signal, 256 + exit status, 512: memory")                                 \
  X(LIMIT, "limit", "a bound of the harness was reached; the trace is cut there")                                      \
  X(CUT, "cut", "the record ends here, for no known reason")

typedef enum weir_end {
#define X(name, word, meaning) WEIR_END_##name,
  WEIR_ENDS(X)
#undef X
      WEIR_END_COUNT
} weir_end;

/* What ended a process (`a` of a crash), beside signals. */
enum {
  WEIR_CRASH_STATUS = 256, /* and its exit status */
  WEIR_CRASH_MEMORY = 512  /* it was ended, since it took more memory than a run may */
};

/* Kinds of buffer that get_buffer may give.  X(NAME, word, usable). */
#define WEIR_BUFFER_KINDS(X)                                                                                           \
  X(BYTEARRAY, "bytearray", 1)                                                                                         \
  X(MEMORYVIEW, "memoryview", 1)                                                                                       \
  X(ARRAY, "array", 1) /* array of 4-byte items; the size is rounded down to whole items */                            \
  X(MMAP, "mmap", 1)                                                                                                   \
  X(CTYPES, "ctypes", 1)                                                                                               \
  X(READONLY, "readonly", 0)           /* bytes */                                                                     \
  X(NONCONTIGUOUS, "noncontiguous", 0) /* every other byte of a memoryview */                                          \
  X(NOT_A_BUFFER, "none", 0)

typedef enum weir_buffer_kind {
#define X(name, word, usable) WEIR_BUFFER_##name,
  WEIR_BUFFER_KINDS(X)
#undef X
      WEIR_BUFFER_KIND_COUNT
} weir_buffer_kind;

/* Kinds of object that write() is given.  X(NAME, word, bytes_like). */
#define WEIR_BYTES_KINDS(X)                                                                                            \
  X(BYTES, "bytes", 1)                                                                                                 \
  X(BYTEARRAY, "bytearray", 1)                                                                                         \
  X(MEMORYVIEW, "memoryview", 1)                                                                                       \
  X(WIDE, "wide", 1)     /* memoryview of 4-byte items; the size is rounded down to whole items */                     \
  X(SHAPED, "shaped", 1) /* memoryview of two dimensions, n x 2; the size is rounded down to even */                   \
  X(REUSED, "reused", 1) /* a bytearray that is overwritten as soon as write() has returned (W2) */                    \
  X(STR, "str", 0)                                                                                                     \
  X(NONE, "none", 0)                                                                                                   \
  X(INT, "int", 0)

typedef enum weir_bytes_kind {
#define X(name, word, bytes_like) WEIR_BYTES_##name,
  WEIR_BYTES_KINDS(X)
#undef X
      WEIR_BYTES_KIND_COUNT
} weir_bytes_kind;

/* Kinds of iterable that writelines() is given.  X(NAME, word). */
#define WEIR_LINES_KINDS(X)                                                                                            \
  X(LIST, "list")                                                                                                      \
  X(TUPLE, "tuple")                                                                                                    \
  X(GENERATOR, "generator")                                                                                            \
  X(HOLES, "holes") /* a list with an empty element before, between and behind the others */                           \
  X(VIEWS, "views") /* a list of memoryviews */

typedef enum weir_lines_kind {
#define X(name, word) WEIR_LINES_##name,
  WEIR_LINES_KINDS(X)
#undef X
      WEIR_LINES_KIND_COUNT
} weir_lines_kind;

/* Tables of words, generated from the lists above.  NULL past the end of a
 * list.  The _find functions return the number, or -1. */
const char *weir_event_name(unsigned event);
const char *weir_event_fields(unsigned event);
weir_event_group weir_event_group_of(unsigned event);
int weir_event_find(const char *word);
const char *weir_data_name(unsigned data);
const char *weir_layer_name(unsigned layer);
const char *weir_exception_name(unsigned exception);
const char *weir_end_name(unsigned end);
const char *weir_buffer_kind_name(unsigned kind);
bool weir_buffer_kind_usable(unsigned kind);
const char *weir_bytes_kind_name(unsigned kind);
bool weir_bytes_kind_is_bytes_like(unsigned kind);
const char *weir_lines_kind_name(unsigned kind);

/* ---- Recording -----------------------------------------------------------
 * The memory belongs to the caller, and is all zero past the last record, so
 * that a reader in another process finds the end of a trace whose writer died. */
typedef struct weir_trace {
  weir_record *records;
  uint32_t count;
  uint32_t capacity; /* one record is kept for WEIR_EVENT_END */
  bool closed;       /* END was recorded: whatever comes later is dropped */
  bool full;         /* something was dropped for want of room: the run ends with WEIR_END_LIMIT */
} weir_trace;

static inline void weir_trace_init(weir_trace *trace, weir_record *records, uint32_t capacity) {
  *trace = (weir_trace){.records = records, .capacity = capacity};
}

/* Appends one record.  Returns its index, or UINT32_MAX where it was dropped. */
static inline uint32_t weir_trace_add(weir_trace *trace, weir_record record) {
  if (trace->closed) return UINT32_MAX;
  if (trace->count + 1 >= trace->capacity) {
    trace->full = true;
    return UINT32_MAX;
  }
  trace->records[trace->count] = record;
  return trace->count++;
}

/* Ends the callback or call that began at index `begin` (as weir_trace_add
 * returned it), normally, with `result`.  One record where nothing came
 * between; result must be 0 for an event whose begin uses b. */
static inline void weir_trace_end(weir_trace *trace, uint32_t begin, weir_record end) {
  if (trace->closed || begin == UINT32_MAX) return;
  if (begin + 1 == trace->count && !(end.flags & WEIR_FLAG_RAISED)) {
    trace->records[begin].b |= end.b;
    trace->records[begin].flags |= WEIR_FLAG_END;
    return;
  }
  (void)weir_trace_add(trace, end);
}

/* Ends the trace.  There is always room for this record. */
static inline void weir_trace_close(weir_trace *trace, weir_end how, uint32_t number) {
  if (trace->closed || trace->capacity == 0) return;
  trace->closed = true;
  trace->records[trace->count++] = (weir_record){.event = WEIR_EVENT_END, .code = (uint8_t)how, .a = number};
}

static inline unsigned weir_record_protocol(const weir_record *record) {
  return record->flags >> WEIR_FLAG_PROTOCOL_SHIFT;
}

#endif
