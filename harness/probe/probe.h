/* The probe: the harness's own application.  It records every callback, does in
 * it what the scenario says, and looks at the buffers it gave out.
 *
 * The core knows no language.  Whoever joins it to a transport (probe/native.c
 * for C, interpose/adapter.c for everything else) calls, for each callback,
 *
 *     begin -> { next -> the call -> done }* -> end
 *
 * and for the application's turn outside any callback
 *
 *     outside -> { next -> the call -> done }* -> end
 *
 * Calls may nest callbacks (pause_writing inside write()): frames form a stack
 * of at most WEIR_FRAMES_MAX; past that, callbacks are recorded and do nothing.
 *
 * There is one application a run, and a probe for each of its connections.  The
 * stack is the application's: inside a callback of one connection a step may
 * make a call on another.
 *
 * Buffers.  The joiner makes the memory (a bytearray, an array, ...) as the
 * decision says and registers it with end.  The core fills it with poison and
 * remembers it; at buffer_updated it reads the first nbytes, looks whether
 * bytes behind them were touched, and fills it again; it looks at it once more
 * before it is forgotten (the WEIR_BUFFERS_KEPT latest are kept) and at the end
 * of the run.  So the memory must stay valid for that long, or be withdrawn. */
#ifndef WEIR_PROBE_H
#define WEIR_PROBE_H

#include "simulation/network.h"
#include "weir/scenario.h"
#include "weir/trace.h"

/* The callback events and their occasions are the same list at different places. */
static inline weir_occasion weir_occasion_of(unsigned event) {
  return (weir_occasion)(event - WEIR_EVENT_CONNECTION_MADE);
}

enum {
  WEIR_FRAMES_MAX = 16,
  WEIR_BUFFERS_KEPT = 4,
  WEIR_BUFFER_SIZE_DEFAULT = 64,
  WEIR_LINE_SIZE_DEFAULT = 10, /* an element of writelines without `of` */
  /* Of a buffer, at most this much from its beginning is filled with poison and
   * looked at, so that a run of a megabyte buffer and single bytes stays cheap. */
  WEIR_BUFFER_GUARDED = 65536,
  WEIR_DUE_MAX = 16 /* AFTER steps that are taken in one turn outside; more wait for the next */
};

/* What to do at the end of a callback. */
typedef struct weir_decision {
  uint32_t raise; /* 0, or the number of the probe's exception to raise */
  uint32_t size;  /* get_buffer: bytes */
  uint8_t kind;   /* get_buffer: weir_buffer_kind */
  uint8_t value;  /* eof_received: 1 to return true */
} weir_decision;

/* A transport call to be made now.  Also what adapters see (weir/adapter.h). */
typedef struct weir_call {
  uint32_t event;  /* weir_event of group CALL, WEIR_EVENT_GET_BUFFER for `resize`, WEIR_EVENT_OPEN for `open` */
  uint32_t option; /* weir_bytes_kind, weir_lines_kind, weir_protocol_kind */
  int64_t a;       /* write: bytes; writelines: elements; limits: high; set_protocol: object number; resize: bytes */
  int64_t b;       /* writelines: bytes an element; limits: low; set_protocol: 1 buffered, 0 plain */
  uint64_t offset; /* write, writelines: where in the outgoing stream they begin */
  uint32_t connection; /* on whose transport; open: which is to be opened */
} weir_call;

/* How a call came out. */
typedef struct weir_outcome {
  uint8_t exception; /* weir_exception */
  uint32_t number;   /* of the exception */
  uint64_t result;   /* as the trace wants it (WEIR_EVENTS); 0 where there is none */
} weir_outcome;

typedef struct weir_frame {
  uint8_t event;            /* weir_event of the callback, or WEIR_EVENT_OUTSIDE */
  uint8_t protocol;         /* number of the protocol object */
  bool raise;               /* a `raise` step was met */
  uint16_t step;            /* index + 1 of the step to look at next, 0: none (OUTSIDE: position in what is due) */
  uint32_t nth;             /* which of its kind, from 1 */
  uint32_t begin;           /* its record */
  uint32_t call;            /* record of the call that is being made */
  struct weir_probe *probe; /* whose callback it is */
  weir_call pending;
  weir_decision decision; /* as the steps so far have it */
  /* OUTSIDE: the steps to be done, count of them: those of an idle turn lie in a row from `first` on, those with AFTER
   * are listed. */
  uint16_t first;
  uint16_t count;
  bool listed;
  uint16_t due[WEIR_DUE_MAX];
} weir_frame;

typedef struct weir_probe_buffer {
  uint8_t *base;
  uint32_t size; /* bytes */
  uint32_t nth;  /* which get_buffer */
  uint8_t state; /* weir_buffer_state */
} weir_probe_buffer;

typedef enum weir_buffer_state {
  WEIR_BUFFER_FREE,  /* no buffer here */
  WEIR_BUFFER_GIVEN, /* the transport may write to it */
  WEIR_BUFFER_READ   /* its span is over: all poison, and to stay so (B6) */
} weir_buffer_state;

typedef struct weir_probe {
  const weir_scenario *scenario;
  weir_trace *trace;
  weir_simulation *simulation;
  struct weir_application *application;
  uint8_t connection;
  bool made; /* connection_made has begun: its transport can be called */
  uint32_t capabilities;
  uint32_t occurred[WEIR_OCCASION_COUNT];
  uint64_t delivered;     /* offset expected next in the incoming stream */
  weir_place incoming;    /* ... as a place there */
  uint64_t accepted;      /* bytes given to write() and writelines(), but for those that raised */
  uint8_t protocol_count; /* protocol objects so far */
  bool protocol_plain[WEIR_PROTOCOLS_MAX];
  weir_probe_buffer buffers[WEIR_BUFFERS_KEPT];
  uint8_t buffer_newest;
  uint16_t in_head[WEIR_OCCASION_COUNT]; /* chains of the IN steps by callback: index + 1 of the first */
  /* What follows is written before it is read: init leaves it alone. */
  uint16_t in_next[WEIR_STEPS_MAX]; /* index + 1 of the next in its chain */
} weir_probe;

enum { WEIR_RAISES_KEPT = 256 /* exceptions whose connection is known */ };

typedef struct weir_application {
  weir_network *network;
  uint32_t capabilities;
  uint32_t depth;                       /* frames in use; may count past WEIR_FRAMES_MAX */
  uint32_t raised;                      /* exceptions raised so far */
  uint8_t latest;                       /* the connection whose callback began last */
  weir_probe *probes[WEIR_CONNECTIONS]; /* NULL: not open */
  /* What follows is written before it is read: init leaves it alone. */
  uint8_t raised_by[WEIR_RAISES_KEPT]; /* connection of exception n, at n modulo their number */
  weir_frame frames[WEIR_FRAMES_MAX];
} weir_application;

/* For a new run.  The network is set up. */
void weir_application_init(weir_application *application, weir_network *network, uint32_t capabilities);
/* The innermost callback under way, or NULL. */
static inline weir_frame *weir_application_top(weir_application *application) {
  const uint32_t depth = application->depth;
  return depth > 0 && depth <= WEIR_FRAMES_MAX ? &application->frames[depth - 1] : NULL;
}
/* The connection that an exception belongs to, as far as can be told: the
 * probe's own by their numbers, others to whom was called last. */
unsigned weir_application_blame(const weir_application *application, weir_exception exception, uint32_t number);

/* The probe of a connection that the network has open.  Records OPEN.  The first
 * protocol object is number 0. */
void weir_probe_init(weir_probe *probe, weir_application *application, unsigned connection);
/* Whether the connection begins with a plain protocol. */
bool weir_probe_starts_plain(const weir_probe *probe);

/* A callback begins on protocol object `protocol`.
 *   get_buffer        a: the hint
 *   buffer_updated    a: nbytes
 *   data_received     bytes, size
 *   connection_lost   a: weir_exception, b: its number
 *   the others        nothing */
void weir_probe_begin(weir_probe *probe, weir_event event, unsigned protocol, int64_t a, int64_t b, const void *bytes,
                      size_t size);
/* The next call of the innermost frame into *call, recorded as begun: true.  False when
 * there is none left: *decision says how the callback ends. */
bool weir_application_next(weir_application *application, weir_call *call, weir_decision *decision);
/* That call came out so.  The bytes of a write that raised are given to the
 * next one; those of any other count as accepted (from next on, since callbacks
 * inside the call may write more). */
void weir_application_done(weir_application *application, weir_outcome outcome);
/* The callback ends as decided.  get_buffer: base is the memory that was made,
 * size its true size in bytes (0 and NULL where it is none). */
void weir_application_end(weir_application *application, const weir_decision *decision, void *base, size_t size);
/* The scenario says nothing about this callback: whoever joins may pass it. */
static inline bool weir_probe_idle(const weir_probe *probe, weir_event event) {
  return probe->in_head[weir_occasion_of(event)] == 0 && probe->application->depth < WEIR_FRAMES_MAX;
}
/* begin, next and end of such a callback at once; not of get_buffer. */
void weir_probe_pass(weir_probe *probe, weir_event event, unsigned protocol, int64_t a, int64_t b, const void *bytes,
                     size_t size);
/* ... of get_buffer, which gives the WEIR_BUFFER_SIZE_DEFAULT bytes at `base`, that are in no other buffer. */
void weir_probe_pass_buffer(weir_probe *probe, unsigned protocol, int64_t hint, uint8_t *base);

/* The application's turn outside any callback (WEIR_TURN_APP, or AFTER steps
 * that are due).  False when it has nothing to do; else next, done, end as in a
 * callback (end with a zero decision). */
bool weir_application_outside(weir_application *application);

/* The loop's exception handler was called. */
void weir_probe_exception(weir_probe *probe, weir_exception exception, uint32_t number);
/* The joiner found a buffer still exported outside its span (B6). */
void weir_probe_held(weir_probe *probe, uint32_t nth);
/* The memory at base is about to go away: look at it for the last time. */
void weir_probe_withdraw(weir_probe *probe, const void *base);
/* The end of the run: looks at all buffers of the connection once more.  Call before the trace is closed. */
void weir_probe_finish(weir_probe *probe);

#endif
