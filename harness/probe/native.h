/* The probe for transports written in C: protocol objects on top of the core.
 *
 * Buffers are memory of the probe's own, with canaries before and behind.  The
 * memory of a get_buffer is not used again before the core has forgotten it.
 * Kinds of buffer: what C can tell apart is a buffer and something that is none
 * ({NULL, n}: readonly, noncontiguous, none); the other kinds are all the same.
 * Kinds of bytes: likewise, NULL stands for str, none and int. */
#ifndef WEIR_PROBE_NATIVE_H
#define WEIR_PROBE_NATIVE_H

#include "probe/probe.h"
#include "weir/transport.h"

enum {
  WEIR_NATIVE_SLOTS = WEIR_BUFFERS_KEPT + 1,
  WEIR_CANARY_SIZE = 32,
  WEIR_CANARY = 0x5C,
  /* What one call may write: a writelines of the most and longest elements.
   * Calls nest as frames do, and each has bytes of its own. */
  WEIR_NATIVE_WRITE_MAX = WEIR_LINES_MAX * 65536
};

typedef struct weir_native weir_native;

typedef struct weir_native_protocol {
  weir_protocol base; /* first: what the transport sees */
  weir_native *native;
  uint8_t number;
} weir_native_protocol;

/* The buffer given last, for its canaries. */
typedef struct weir_native_given {
  uint8_t *base; /* NULL: none */
  size_t size;
  uint32_t nth;
} weir_native_given;

/* What the connections of a run share. */
typedef struct weir_native_run {
  weir_application application;
  const weir_transport_calls *calls;
  weir_native *natives[WEIR_CONNECTIONS]; /* NULL: not open */
  uint8_t *outgoing; /* WEIR_FRAMES_MAX times WEIR_NATIVE_WRITE_MAX bytes, of which what is written gets touched */
  /* Opens a connection: what `open` asks for. */
  void (*open)(void *context, unsigned connection);
  void *context;
} weir_native_run;

struct weir_native {
  weir_probe probe;
  weir_native_run *run;
  weir_transport *transport; /* NULL until open() or connection_made says which */
  weir_native_protocol protocols[WEIR_PROTOCOLS_MAX];
  weir_native_given given;
  unsigned slot;    /* of the buffer given last */
  uint8_t *buffers; /* WEIR_NATIVE_SLOTS of them, each of WEIR_SIZE_MAX bytes between two canaries */
};

/* The memory, once for many runs.  False: none left (the _free are still right). */
WEIR_MUST_USE bool weir_native_run_new(weir_native_run *run);
void weir_native_run_free(weir_native_run *run);
WEIR_MUST_USE bool weir_native_new(weir_native *native);
void weir_native_free(weir_native *native);

/* Sets up for one run, on a network that is; open and context are left alone. */
void weir_native_run_init(weir_native_run *run, const weir_transport_calls *calls, weir_network *network,
                          uint32_t capabilities);
/* A connection that the network has just opened. */
void weir_native_init(weir_native *native, weir_native_run *run, unsigned connection);
/* The protocol that the connection begins with. */
weir_protocol *weir_native_first(weir_native *native);
/* The application's turn outside any callback, as long as it has something to do. */
void weir_native_outside(weir_native_run *run);
/* The loop's exception handler was called. */
void weir_native_exception(weir_native *native, weir_error error);
/* The end of the run: looks at all buffers once more.  Call before the trace is closed. */
void weir_native_finish(weir_native *native);

/* ---- probe/calls.c */
enum { WEIR_RAISED_BY_PROBE = -1000 }; /* raise n of the run is the weir_error -1000 - n */

/* What a weir_error is in a trace. */
weir_outcome weir_native_outcome(weir_error error);
/* Makes a call; a table entry that is NULL is one that is not supported. */
weir_outcome weir_native_make(weir_native_run *run, const weir_call *call);
/* The protocol object of that number, made anew. */
weir_protocol *weir_native_protocol_object(weir_native *native, unsigned number);

#endif
