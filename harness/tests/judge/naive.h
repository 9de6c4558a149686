/* A second, naive judge: the rules as their sentences say, on a whole trace
 * that is kept and scanned backwards for every question.  It shares nothing with
 * harness/validator but the types of trace and rule, so that what the two agree
 * on has been read twice.  Clarity over speed. */
#ifndef WEIR_NAIVE_H
#define WEIR_NAIVE_H

#include "weir/spec.h"
#include "weir/trace.h"

enum {
  NAIVE_MOMENTS_MAX = 1 << 17,
  NAIVE_NEVER = -1 /* no moment */
};

/* A point of time: a callback or call begins, or ends, or something happens
 * that has no length.  A record that is begin and end at once is two moments. */
typedef struct naive_moment {
  weir_event event;
  bool begins, ends; /* neither: it has no length */
  int inside;        /* the moment where what this stands in began; NAIVE_NEVER: in nothing */
  int other;         /* of a begin its end, of an end its begin; NAIVE_NEVER: it never ended */
  uint32_t record;
} naive_moment;

/* One connection of a trace. */
typedef struct naive_story {
  const weir_record *records;
  naive_moment *moments; /* NAIVE_MOMENTS_MAX */
  int count;
} naive_story;

/* What was broken, and where first: record numbers, UINT32_MAX for kept. */
typedef struct naive_verdict {
  uint32_t broken_at[WEIR_RULE_COUNT];
} naive_verdict;

/* False: no recorder writes such a trace (an end without a begin, ...), or it is
 * too long.  moments: room for NAIVE_MOMENTS_MAX. */
bool naive_story_read(naive_story *story, const weir_record *records, uint32_t count, uint8_t connection,
                      naive_moment *moments);
void naive_judge(const naive_story *story, naive_verdict *verdict);

/* ---- Questions.  "before" leaves the moment itself out. */
const weir_record *naive_begin(const naive_story *story, int moment); /* the record with the arguments */
bool naive_raised(const naive_story *story, int begin, int before);   /* it ended before that, by an exception */
bool naive_returned(const naive_story *story, int begin, int before); /* it ended before that, with a result */
uint64_t naive_result(const naive_story *story, int begin);
weir_exception naive_exception(const naive_story *story, int begin);
int naive_first(const naive_story *story, unsigned event, int before); /* begin of the first one, or NAIVE_NEVER */
int naive_last(const naive_story *story, unsigned event, int before);
bool naive_began(const naive_story *story, unsigned event, int before);
bool naive_stands_in(const naive_story *story, int moment, unsigned event); /* at any depth */
int naive_callback_around(const naive_story *story, int moment);            /* the innermost one, or NAIVE_NEVER */
static inline bool naive_is_callback(unsigned event) {
  return weir_event_group_of(event) == WEIR_GROUP_CALLBACK;
}
static inline bool naive_is_call(unsigned event) {
  return weir_event_group_of(event) == WEIR_GROUP_CALL;
}
static inline bool naive_is_delivery(unsigned event) {
  return event == WEIR_EVENT_BUFFER_UPDATED || event == WEIR_EVENT_DATA_RECEIVED;
}
static inline bool naive_is_reading(unsigned event) {
  return naive_is_delivery(event) || event == WEIR_EVENT_GET_BUFFER;
}

/* What was recorded at all: what nobody looked at is not judged. */
bool naive_sees_socket(const naive_story *story, int before);
bool naive_sees_peer(const naive_story *story, int before);
bool naive_sees_failures(const naive_story *story, int before);
bool naive_sees_handler(const naive_story *story, int before); /* ... what the exception handler is told */

/* What this side did.  A call that raised on its own account did nothing; one through which an exception of the
 * application passed may have. */
bool naive_refused(const naive_story *story, int begin, int before);
bool naive_fails(const naive_story *story, int end);   /* a call ends by an exception of its own */
int naive_close(const naive_story *story, int before); /* the first close() or abort() of a connection not lost */
bool naive_closed_by(const naive_story *story, unsigned call, int before);
int naive_pause(const naive_story *story, int before);  /* the pause_reading() that holds, or NAIVE_NEVER */
int naive_resume(const naive_story *story, int before); /* the last resume_reading() that ended a pause */
bool naive_wrote_eof(const naive_story *story, int before);

/* How the connection stood. */
bool naive_made(const naive_story *story, int before);
bool naive_lost(const naive_story *story, int before);   /* connection_lost has begun */
bool naive_gone(const naive_story *story, int before);   /* closed by this side, or lost */
bool naive_error(const naive_story *story, int before);  /* a socket operation failed for good */
bool naive_failed(const naive_story *story, int before); /* that, or for want of memory, or the peer reset it */
bool naive_raised_in(const naive_story *story, unsigned callback, int before);
bool naive_troubled(const naive_story *story, int before); /* a callback raised, or gave no usable buffer */
bool naive_fatal(const naive_story *story, int before);    /* failed or troubled */
bool naive_dying(const naive_story *story, int before); /* gone, fatal, or eof_received gave false: it may be closing */
bool naive_kept_open(const naive_story *story, int before); /* eof_received gave true */
bool naive_let_go(const naive_story *story, int before);    /* eof_received gave false */
bool naive_reads(const naive_story *story, int before);     /* made, not gone, no end of file yet, not paused */
bool naive_is_tls(const naive_story *story, int before);
bool naive_eof_closes(const naive_story *story, int before); /* TLS without half-close: whatever eof_received gives */
bool naive_gave_up(const naive_story *story, int before); /* TLS: truncated, or the peer's end was waited for in vain */
int naive_recv_end(const naive_story *story, int before); /* recv gave 0 that was not for want of room or a reset's */
int naive_recv_end(const naive_story *story, int before); /* recv gave 0 that was not for want of room or a reset's */
bool naive_is_write_pipe(const naive_story *story, int before);
int naive_peer_end(const naive_story *story, int before); /* the peer's FIN */
int naive_end(const naive_story *story, int before);      /* that, or where only recv shows it, that */
bool naive_eof_is_real(const naive_story *story, int before);
bool naive_sees_calls(const naive_story *story, int before);
bool naive_flush_may_wait(const naive_story *story, int before); /* the peer does not read, and bytes are left */
bool naive_ends(const naive_story *story, int moment, weir_end how);
bool naive_misused(const naive_story *story, int before); /* the application made a call that has to raise */
bool naive_offers(const naive_story *story, uint32_t capability, int before);

/* Bytes. */
typedef struct naive_place {
  uint64_t offset; /* of the next byte */
  bool unknown;    /* what came last was no run of the stream: the next one tells */
} naive_place;
naive_place naive_incoming(const naive_story *story, int before);
naive_place naive_outgoing(const naive_story *story, int before);
bool naive_is_incoming(const naive_story *story, int moment); /* tells of delivered bytes */
bool naive_is_outgoing(const naive_story *story, int moment); /* of bytes that the peer received */
bool naive_is_stray(const weir_record *record, naive_place place);
uint64_t naive_sent_by_peer(const naive_story *story, int before);
uint64_t naive_accepted(const naive_story *story, int before); /* by write() and writelines(), running ones included */
int naive_write_of(const naive_story *story, uint64_t offset,
                   int before);                            /* the write that an outgoing byte belongs to */
uint64_t naive_sure(const naive_story *story, int before); /* ... that no rule lets the transport drop */
uint64_t naive_sent(const naive_story *story, int before);
uint64_t naive_unsent(const naive_story *story, int before);
bool naive_is_unsure(const naive_story *story, int before); /* what was accepted cannot be told from the calls */
bool naive_is_bytes_like(const naive_story *story, int begin);
bool naive_is_usable(const naive_story *story, int get_buffer);
uint32_t naive_buffer_size(const naive_story *story, int get_buffer);
unsigned naive_buffer_kind(const naive_story *story, int get_buffer);
/* The get_buffer that a buffer_updated at that moment belongs to, or NAIVE_NEVER. */
int naive_pair(const naive_story *story, int moment);
/* Bytes of the peer that had to be delivered by now, and were not. */
bool naive_is_undelivered(const naive_story *story, int moment, uint64_t at_least);
/* Bytes of ours that the peer had to have by now, and has not. */
bool naive_is_missing(const naive_story *story, int moment);

/* ---- The rules: whether the moment breaks it. */
typedef bool naive_rule(const naive_story *story, int moment);
#define RULE(id, level, kind, state, source, watches, sentence) naive_rule naive_##id;
#include "weir/rules.def"
#undef RULE

#endif
