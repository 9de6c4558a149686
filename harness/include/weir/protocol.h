/* The contract for buffered protocols written in C: the other side.
 *
 * A protocol is the application's end: it hands out buffers, is told how much
 * arrived, and makes something of the bytes.  Weir drives it with the reference
 * transport over the simulated socket, through every chunking that a network
 * may legally produce, and compares what the protocol *observed*.  It needs no
 * model of the payload: for one byte stream every chunking, every buffer size
 * that the protocol accepts and every hint must give the same observations
 * (rules R1 to R11, `weir list rules`).
 *
 * The protocol itself is a weir_protocol with the callbacks of
 * weir/transport.h.  In addition it gets a log, into which it writes what it
 * makes of the stream.
 *
 * To be tested, it is built as a shared object that exports
 * weir_protocol_plugin(); conformance/protocols/README.md has a complete one.
 *
 *     weir test ./libmine.so --stream FILE... */
#ifndef WEIR_PROTOCOL_H
#define WEIR_PROTOCOL_H

#include "weir/transport.h"

/* Counts up with every incompatible change of this header. */
#define WEIR_PROTOCOL_ABI 1

/* ---- What a protocol observed ---------------------------------------------
 * Everything that its user would see, in order.  Data that arrives piece by
 * piece is told piece by piece: neighbouring data of one kind is merged before
 * it is compared, so that how it was cut does not count. */
typedef struct weir_log weir_log;

typedef struct weir_observer {
  uint32_t size;
  weir_log *log;
  /* A piece of data.  kind: what it belongs to, a short word ("body", "text");
   * data of another kind or an event in between ends a run. */
  void (*data)(weir_log *log, const char *kind, const void *bytes, size_t size);
  /* Something happened, once and as a whole: a message began, a header is
   * complete.  kind is a short word; bytes say the rest (may be NULL, 0). */
  void (*event)(weir_log *log, const char *kind, const void *bytes, size_t size);
  /* The stream is wrong, or a user would be told so.  code: the library's own;
   * position: bytes of the stream up to the fault, WEIR_POSITION_UNKNOWN where
   * the library does not tell it.  What comes after an error is not compared. */
  void (*error)(weir_log *log, int64_t code, uint64_t position, const char *text);
  /* realloc(3), and free(3) where size is 0: what is taken through it is
   * counted (R10, R11) and must be given back by release. */
  void *(*reallocate)(weir_log *log, void *memory, size_t size);
} weir_observer;

#define WEIR_POSITION_UNKNOWN UINT64_MAX

/* ---- What a protocol may legally vary -------------------------------------
 * Declared, so that it is not a finding; each with its source in the
 * documentation of the library. */
#define WEIR_LIBERTIES(X)                                                                                              \
  X(ERROR_POSITION, "error_position", "an error is seen at the same byte, but told with another position")             \
  X(ERROR_CODE, "error_code", "one fault has several codes, depending on the chunking")                                \
  X(DATA_BEFORE_ERROR, "data_before_error", "how much of the last data is told before an error")                       \
  X(HINT, "hint", "the buffer has the size that the hint asks for, and none where it cannot have it")                  \
  X(WRITES, "writes", "what it writes to the transport depends on the chunking")                                       \
  X(LAG, "lag", "what arrived may be told with later bytes: when the connection is reset, less may have been told")

enum {
#define X(name, word, meaning) WEIR_LIBERTY_INDEX_##name,
  WEIR_LIBERTIES(X)
#undef X
      WEIR_LIBERTY_COUNT
};
enum {
#define X(name, word, meaning) WEIR_MAY_##name = 1u << WEIR_LIBERTY_INDEX_##name,
  WEIR_LIBERTIES(X)
#undef X
};

/* ---- The descriptor a plug-in exports -------------------------------------- */
typedef struct weir_protocol_target {
  uint32_t abi;  /* WEIR_PROTOCOL_ABI */
  uint32_t size; /* sizeof(weir_protocol_target) */
  const char *name;
  const char *version;
  uint32_t liberties; /* a set of WEIR_MAY_... */
  /* Makes a protocol for one connection, with the calls that its transport
   * will offer (connection_made brings the transport).  NULL: it cannot be made, for
   * the reason that observer->error was told, or for want of memory.  Both
   * pointers stay valid until release. */
  weir_protocol *(*open)(const weir_observer *observer, const weir_transport_calls *calls);
  /* The last call, exactly once: frees it. */
  void (*release)(weir_protocol *protocol);
  /* The protocol as it was when it was opened, in place of release and open;
   * NULL where it has none.  Only for speed. */
  void (*reset)(weir_protocol *protocol);
} weir_protocol_target;

typedef const weir_protocol_target *weir_protocol_plugin_fn(void);
#define WEIR_PROTOCOL_PLUGIN_SYMBOL "weir_protocol_plugin"

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const weir_protocol_target *
weir_protocol_plugin(void);

#endif
