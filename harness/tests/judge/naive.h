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
static inline bool naive_is_callback(unsigned event) { return weir_event_group_of(event) == WEIR_GROUP_CALLBACK; }
static inline bool naive_is_call(unsigned event) { return weir_event_group_of(event) == WEIR_GROUP_CALL; }
static inline bool naive_is_delivery(unsigned event) {
  return event == WEIR_EVENT_BUFFER_UPDATED || event == WEIR_EVENT_DATA_RECEIVED;
}
static inline bool naive_is_reading(unsigned event) { return naive_is_delivery(event) || event == WEIR_EVENT_GET_BUFFER; }

/* What was recorded at all: what nobody looked at is not judged. */
bool naive_sees_socket(const naive_story *story, int before);
bool naive_sees_peer(const naive_story *story, int before);

/* How the connection stood. */
int naive_close(const naive_story *story, int before);  /* the first close() or abort() */
bool naive_lost(const naive_story *story, int before);  /* connection_lost has begun */
int naive_failure(const naive_story *story, int before); /* a socket operation failed for good */
int naive_trouble(const naive_story *story, int before); /* that, or a callback raised, or gave no usable buffer */
bool naive_saw_end(const naive_story *story, int before); /* a recv gave 0, or eof_received was called */
bool naive_kept_open(const naive_story *story, int before); /* eof_received gave true */
bool naive_let_go(const naive_story *story, int before);    /* eof_received gave false */
int naive_pause(const naive_story *story, int before);      /* the pause_reading() that holds, or NAIVE_NEVER */
bool naive_peer_ended(const naive_story *story, int before);
bool naive_peer_reads(const naive_story *story, int before); /* not stopped, not gone */
bool naive_ends(const naive_story *story, int moment, weir_end how);

/* Bytes. */
uint64_t naive_sent_by_peer(const naive_story *story, int before);
uint64_t naive_delivered(const naive_story *story, int before);
uint64_t naive_received_by_peer(const naive_story *story, int before);
uint64_t naive_accepted(const naive_story *story, int before); /* of write() and writelines() */
uint64_t naive_unsent(const naive_story *story, int before);   /* accepted, and not handed to the system yet */
bool naive_gives_usable(const naive_story *story, int get_buffer);
uint32_t naive_buffer_size(const naive_story *story, int get_buffer);
/* The get_buffer that a buffer_updated at that moment belongs to, or NAIVE_NEVER. */
int naive_pair(const naive_story *story, int moment);
/* Whether the payload that a moment tells of is wrong: not the stream from `expected` on. */
bool naive_payload_is_wrong(const weir_record *record, uint64_t expected);

/* ---- The rules: whether the moment breaks it. */
typedef bool naive_rule(const naive_story *story, int moment);
#define RULE(id, level, kind, state, source, watches, sentence) naive_rule naive_##id;
#include "weir/rules.def"
#undef RULE

#endif
