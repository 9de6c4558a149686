/* What a trace has shown so far of one connection: the facts that monitors
 * judge by.  view.c is the one place that changes them, record by record;
 * monitors only read, and see the facts as they were before the record in hand. */
#ifndef WEIR_VALIDATOR_VIEW_H
#define WEIR_VALIDATOR_VIEW_H

#include "weir/spec.h"
#include "weir/trace.h"
#include "weir/transport.h"

/* A fact is a bit, with the record that made it so.  X(NAME, when it holds). */
#define WEIR_FACTS(X)                                                                                                  \
  X(ALWAYS, "in every situation")                                                                                      \
  X(ODD, "the record in hand is not what the usual course would show")                                                 \
  X(UNMADE, "connection_made has not begun")                                                                           \
  X(MAKING, "connection_made has begun and not ended")                                                                 \
  X(MADE_RAISED, "connection_made raised")                                                                             \
  X(LOST, "connection_lost has begun")                                                                                 \
  X(LOST_RAISED, "connection_lost raised")                                                                             \
  X(LOST_ERROR, "connection_lost brought an exception")                                                                \
  X(EOF, "eof_received has begun")                                                                                     \
  X(EOF_FALSE, "eof_received returned false; TLS without half-close: anything")                                        \
  X(EOF_TRUE, "eof_received returned true")                                                                            \
  X(CLOSING, "close() or abort() has begun")                                                                           \
  X(CLOSE, "close() has begun")                                                                                        \
  X(ABORT, "abort() has begun")                                                                                        \
  X(CLOSING_IN_EOF, "close() or abort() began inside eof_received")                                                    \
  X(CLOSED_TWICE, "close() or abort() began again")                                                                    \
  X(PAUSED, "pause_reading() has begun, and no resume_reading() since")                                                \
  X(PAUSED_IN_MADE, "... inside connection_made")                                                                      \
  X(PAUSED_IN_GET, "... inside get_buffer")                                                                            \
  X(PAUSED_IN_DATA, "... inside buffer_updated or data_received")                                                      \
  X(RESUMED, "resume_reading() has ended a pause")                                                                     \
  X(POLLING, "three polls in a row have found nothing while reading is paused")                                        \
  X(SWITCHED, "set_protocol() has succeeded")                                                                          \
  X(SWITCHED_SINCE, "... and nothing was delivered since")                                                             \
  X(SWITCHED_IN_GET, "... inside get_buffer")                                                                          \
  X(SWITCHED_AT_EOF, "set_protocol() has succeeded after eof_received")                                                \
  X(READ_SINCE, "recv gave something since set_protocol()")                                                            \
  X(WROTE_EOF, "write_eof() has begun")                                                                                \
  X(WRITE_PAUSED, "pause_writing has begun, and no resume_writing since")                                              \
  X(PAUSE_OWED, "a write took the buffer over high, and pause_writing has not come")                                   \
  X(LIMITS_FRESH, "the limits were set, and nothing was written or sent since (F6)")                                   \
  X(PEER_FIN, "the peer has ended its side")                                                                           \
  X(PEER_CLOSED, "the peer has closed both directions")                                                                \
  X(RESET, "the peer has reset the connection")                                                                        \
  X(PEER_STOPPED, "the peer does not read")                                                                            \
  X(RECV_END, "recv returned 0 with room for more")                                                                    \
  X(ERROR, "a socket operation failed for good")                                                                       \
  X(SOFT_ERROR, "a socket operation failed for want of memory (ENOBUFS, ENOMEM), which may pass")                      \
  X(RECV_AGAIN, "the last recv found nothing (EAGAIN, EINTR)")                                                         \
  X(GET_RAISED, "get_buffer raised")                                                                                   \
  X(UPDATED_RAISED, "buffer_updated raised")                                                                           \
  X(DATA_RAISED, "data_received raised")                                                                               \
  X(EOF_RAISED, "eof_received raised")                                                                                 \
  X(FLOW_RAISED, "pause_writing or resume_writing raised")                                                             \
  X(BAD_BUFFER, "get_buffer gave what cannot be read into")                                                            \
  X(UNUSABLE, "... read-only, non-contiguous or no buffer, and nobody was told (B9)")                                  \
  X(EMPTY, "... of no size, and nobody was told (B12)")                                                                \
  X(ODD_SIZE, "a buffer was used whose size is not the hint's")                                                        \
  X(MISUSE, "the application made a call that has to raise")                                                           \
  X(SOCKET, "the trace shows socket operations, on the very bytes of the streams (not TLS)")                           \
  X(PEER, "the trace shows the peer")                                                                                  \
  X(CALLS, "the trace shows calls, or would")                                                                          \
  X(SOCKET_CLOSED, "the descriptor was closed")                                                                        \
  X(SAW_FIN, "the peer has read the end of this side")                                                                 \
  X(STRAYED, "what was delivered is not the stream; the place in it is not known")                                     \
  X(OUT_STRAYED, "... the same of what the peer received")                                                             \
  X(WRITES_UNSURE, "what was accepted cannot be told from the calls")                                                  \
  X(LIMITS_SET, "set_write_buffer_limits() has succeeded")                                                             \
  X(CAN_WRITE_EOF, "can_write_eof() returned true")                                                                    \
  X(CANNOT_WRITE_EOF, "can_write_eof() returned false")                                                                \
  X(TRUNCATED, "TLS: the connection below was ended with no close_notify before that")                                 \
  X(UNANSWERED, "TLS: time ran out when this side was closing, and the peer had not ended its own")

typedef enum weir_fact {
#define X(name, meaning) WEIR_FACT_##name,
  WEIR_FACTS(X)
#undef X
      WEIR_FACT_COUNT
} weir_fact;

_Static_assert(WEIR_FACT_COUNT <= 64, "a set of facts is 64 bits");

#define FACT(name)  (UINT64_C(1) << WEIR_FACT_##name)
#define EVENT(name) (UINT64_C(1) << WEIR_EVENT_##name)

/* What came to pass, only for telling which rules were put to the test. */
enum {
  WEIR_TRIED_DATA_KNOWN = 1,      /* what was delivered was looked at */
  WEIR_TRIED_DATA_BEFORE_FIN = 2, /* the peer sent something and then ended its side */
  WEIR_TRIED_ODD_KIND = 4,        /* a buffer of another kind than bytearray was used */
  WEIR_TRIED_CLOSING_INSIDE = 8,  /* close() or abort() inside a callback */
  WEIR_TRIED_WRITE_NOTHING = 16,  /* write() of no bytes */
  WEIR_TRIED_WRITE_LATE = 32,     /* write() or writelines() after write_eof() */
  WEIR_TRIED_WRITE_IN_MADE = 64,  /* a write inside connection_made */
  WEIR_TRIED_WRITE_BAD = 128,     /* write() of what is not bytes-like */
  WEIR_TRIED_HIGH_ZERO = 256,     /* limits of 0 */
  WEIR_TRIED_CALL_IN_FLOW = 512,  /* a call inside pause_writing or resume_writing */
  WEIR_TRIED_EOF_TRUE_TLS = 1024  /* eof_received returned true where nothing comes of it */
};

/* Sets of facts that rules speak of together. */
#define FACTS_FAILED (FACT(ERROR) | FACT(SOFT_ERROR) | FACT(RESET) | FACT(TRUNCATED) | FACT(UNANSWERED))
#define FACTS_RAISED                                                                                                   \
  (FACT(MADE_RAISED) | FACT(GET_RAISED) | FACT(UPDATED_RAISED) | FACT(DATA_RAISED) | FACT(EOF_RAISED))
/* Whatever may end a connection without the application's wish. */
#define FACTS_FATAL  (FACTS_FAILED | FACTS_RAISED | FACT(BAD_BUFFER))
#define FACTS_GONE   (FACT(CLOSING) | FACT(LOST))
/* The transport has, or may have, begun to close. */
#define FACTS_DYING  (FACTS_GONE | FACT(EOF_FALSE) | FACTS_FATAL)
#define FACTS_FIN    (FACT(PEER_FIN) | FACT(RECV_END))
#define FACTS_PAUSED (FACT(PAUSED) | FACT(PAUSED_IN_MADE) | FACT(PAUSED_IN_GET) | FACT(PAUSED_IN_DATA))

/* The group of an event, where it is asked for each record. */
static const uint8_t weir_event_groups[WEIR_EVENT_COUNT] = {
#define X(name, word, group, meaning) [WEIR_EVENT_##name] = WEIR_GROUP_##group,
    WEIR_EVENTS(X)
#undef X
};

#define EVENTS_CALLBACK                                                                                                \
  (EVENT(CONNECTION_MADE) | EVENT(GET_BUFFER) | EVENT(BUFFER_UPDATED) | EVENT(DATA_RECEIVED) | EVENT(EOF_RECEIVED) |   \
   EVENT(CONNECTION_LOST) | EVENT(PAUSE_WRITING) | EVENT(RESUME_WRITING))

enum {
  WEIR_NESTING_MAX = 64, /* begins open at once */
  WEIR_SPANS_MAX = 32    /* writes remembered until the peer has received them */
};

/* A callback or call that has begun, with the facts as they were before. */
typedef struct weir_pair {
  weir_record begin;
  uint64_t index;
  uint64_t facts;
} weir_pair;

/* The buffer that get_buffer gave last. */
typedef struct weir_given {
  bool asked; /* get_buffer has begun */
  bool ready; /* ... and returned a buffer that was not used yet */
  bool used;  /* a buffer_updated has come for it */
  uint8_t kind;
  uint8_t protocol;
  int32_t hint;
  uint32_t size;
  uint64_t index;
} weir_given;

/* What a callback raised, and who was told. */
typedef struct weir_raise {
  bool raised, handled, lost; /* handled: the exception handler; lost: connection_lost */
  uint8_t code;
  uint32_t number;
  uint64_t index;
} weir_raise;

/* A write in the outgoing stream: it ends before `end`, and begins where the one before it ended. */
typedef struct weir_span {
  uint64_t end;
  uint64_t index; /* of the record that it began at */
  uint8_t event;  /* WRITE, WRITELINES, or NONE where several had to be taken together */
  bool in_made;
  bool reused; /* the caller overwrites it (W2) */
  bool after_eof;
} weir_span;

/* What came of something that no document decides. */
typedef enum weir_late { WEIR_LATE_NONE, WEIR_LATE_ACCEPTED, WEIR_LATE_RAISED } weir_late;

typedef struct weir_view {
  uint64_t facts;        /* that hold */
  uint64_t ever;         /* that have held */
  uint64_t seen;         /* events that came */
  uint64_t open;         /* events that have begun and not ended */
  uint32_t tried;        /* WEIR_TRIED_... */
  uint32_t capabilities; /* 0: not told */
  uint64_t since[WEIR_FACT_COUNT];
  uint8_t within[WEIR_FACT_COUNT]; /* the callback it became true in, 0: none */

  uint8_t layer;      /* weir_layer */
  uint8_t protocol;   /* number of the object that is set */
  uint64_t callbacks; /* begun */
  weir_given given;
  weir_raise raises[WEIR_EVENT_RESUME_WRITING + 1]; /* by callback */

  /* Incoming: offsets in the stream. */
  uint64_t expected; /* the next byte to be delivered */
  uint64_t sent_by_peer;
  uint64_t sent_at_resume; /* ... when reading was last resumed */
  uint64_t received;       /* by recv */
  uint64_t polls;
  /* Outgoing. */
  uint64_t accepted;       /* by write() and writelines(), those that still run included */
  uint64_t refused;        /* by those that raised when the connection was ending, whatever became of them (C7, W9) */
  uint64_t sure;           /* ... that no rule lets the transport drop */
  uint64_t sent;           /* taken by the socket */
  uint64_t sent_at_limits; /* ... when the limits were set */
  uint64_t drained;        /* received by the peer: its next byte */
  uint64_t errors[2];      /* errnos of socket operations */
  uint8_t mixed;           /* event that the DATA records belong to */
  uint8_t span_first, span_count;
  weir_span spans[WEIR_SPANS_MAX];

  /* Write buffer limits in bytes; -1: not known. */
  int64_t high, low;
  int32_t given_high, given_low; /* as last set, INT32_MIN: not given */
  uint32_t default_high, default_low;
  uint8_t limits_acted;            /* event of a callback that came inside set_write_buffer_limits() (F6), 0: none */
  weir_late late_close, late_lost; /* writes after close() (C7), after connection_lost (W9) */
  weir_late reused;                /* W2: accepted: copied; raised: the caller's change was sent */
  uint8_t owed_by;                 /* WRITE or WRITELINES: what took the buffer over high */

  uint32_t depth;
  weir_pair stack[WEIR_NESTING_MAX];
} weir_view;

void weir_view_init(weir_view *view);
/* Events whose records may be odd. */
#define EVENTS_ODD                                                                                                     \
  (EVENT(BUFFER_UPDATED) | EVENT(DATA_RECEIVED) | EVENT(GET_BUFFER) | EVENT(PEER_RECEIVED) | EVENT(DATA) |             \
   EVENT(SEND) | EVENT(PAUSE_WRITING) | EVENT(CONNECTION_MADE) | EVENT(CONNECTION_LOST) | EVENT(EXCEPTION_HANDLER) |   \
   EVENT(PEER_SAW_FIN))
/* Whether the record in hand departs from the usual course: FACT(ODD) or 0. */
uint64_t weir_view_odd(const weir_view *view, const weir_record *record);
/* Takes a begin, or a record that is no pair. */
void weir_view_begin(weir_view *view, const weir_record *record, uint64_t index);
/* Takes an end; pair is its begin. */
void weir_view_end(weir_view *view, const weir_record *record, const weir_pair *pair, uint64_t index);

#define EVENTS_USUAL (EVENT(GET_BUFFER) | EVENT(BUFFER_UPDATED) | EVENT(RECV) | EVENT(PEER_SEND))
/* Takes records from the first on, the begin and the end of each, as long as
 * they are of one connection, are what long traces mostly consist of, and no
 * monitor wants to see them: no fact of asked[event] holds.  Returns how many. */
size_t weir_view_take_usual(weir_view *view, const uint64_t *asked, const weir_record *records, size_t count,
                            uint64_t index);

/* The innermost callback that is open, 0: none. */
uint8_t weir_view_callback(const weir_view *view);
/* Bytes accepted and not yet taken by the socket. */
static inline uint64_t weir_view_buffered(const weir_view *view) {
  return view->accepted > view->sent ? view->accepted - view->sent : 0;
}
/* The write that the outgoing byte at `offset` belongs to; NULL: not known. */
const weir_span *weir_view_span(const weir_view *view, uint64_t offset);
/* Whether the target offers this (WEIR_CAN_...); what it does not tell, it does. */
static inline bool weir_view_can(const weir_view *view, uint32_t capability) {
  return view->capabilities == 0 || (view->capabilities & capability) != 0;
}
/* TLS, and no half-close: eof_received closes, whatever it returns (D7). */
static inline bool weir_view_eof_closes(const weir_view *view) {
  return view->layer == WEIR_LAYER_TLS && (view->capabilities & WEIR_CAN_HALF_CLOSE) == 0;
}
/* errno of a result, 0: none. */
static inline int weir_result_errno(uint64_t result) {
  int64_t value = (int64_t)result;
  return value < 0 && value > -4096 ? (int)-value : 0;
}
/* Whether set_write_buffer_limits(high, low) has to raise (D10). */
bool weir_limits_illegal(int32_t high, int32_t low);

#endif
