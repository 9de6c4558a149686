/* Rules W and F. */
#include "weir/transport.h"

#include "naive.h"

#define IS(name)     (story->moments[moment].event == WEIR_EVENT_##name)
#define BEGINS(name) (IS(name) && story->moments[moment].begins)
#define ENDS(name)   (IS(name) && story->moments[moment].ends)
#define AT_REST      naive_ends(story, moment, WEIR_END_QUIESCENT)

static const weir_record *here(const naive_story *story, int moment) {
  return naive_begin(story, moment);
}

/* Made on a transport that was open for writing. */
static bool was_open(const naive_story *story, int begin) {
  return !naive_dying(story, begin) && !naive_wrote_eof(story, begin) &&
         !naive_began(story, WEIR_EVENT_PEER_CLOSE, begin);
}

/* A write that had to be taken ended by an exception. */
static bool was_refused(const naive_story *story, int moment) {
  int begin = story->moments[moment].other;
  return naive_fails(story, moment) && here(story, moment)->code != WEIR_EXCEPTION_OS && was_open(story, begin) &&
         naive_is_bytes_like(story, begin);
}

/* Up to where the stream may be taken for written: by writes that were refused on a dying connection, too. */
static uint64_t written(const naive_story *story, int before) {
  uint64_t total = naive_accepted(story, before);
  for (int i = 0; i < before; i++) {
    unsigned event = story->moments[i].event;
    if ((event == WEIR_EVENT_WRITE || event == WEIR_EVENT_WRITELINES) && story->moments[i].begins &&
        naive_refused(story, i, before) && naive_dying(story, i))
      total += here(story, i)->a;
  }
  return total;
}

/* The write that what comes next to the peer is of. */
static int next_write(const naive_story *story, int before) {
  return naive_write_of(story, naive_outgoing(story, before).offset, before);
}

/* W2: its caller overwrites it. */
static bool is_reused(const naive_story *story, int write) {
  return write != NAIVE_NEVER && story->moments[write].event == WEIR_EVENT_WRITE &&
         here(story, write)->code == WEIR_BYTES_REUSED;
}

static bool is_stray(const naive_story *story, int moment) {
  return naive_is_outgoing(story, moment) && !is_reused(story, next_write(story, moment)) &&
         naive_is_stray(here(story, moment), naive_outgoing(story, moment));
}

static bool saw_fin_early(const naive_story *story, int moment) {
  naive_place place = naive_outgoing(story, moment);
  return IS(PEER_SAW_FIN) && !naive_closed_by(story, WEIR_EVENT_ABORT, moment) && !naive_fatal(story, moment) &&
         !naive_began(story, WEIR_EVENT_PEER_CLOSE, moment) && !naive_is_unsure(story, moment) && !place.unknown &&
         place.offset < naive_sure(story, moment);
}

/* At rest, and the peer still waits for bytes. */
static bool is_missing(const naive_story *story, int moment) {
  return AT_REST && naive_is_missing(story, moment) && !naive_began(story, WEIR_EVENT_PEER_SAW_FIN, moment);
}

bool naive_W1(const naive_story *story, int moment) {
  if (ENDS(WRITE)) return here(story, story->moments[moment].other)->a > 0 && was_refused(story, moment);
  if (naive_is_outgoing(story, moment) && !naive_is_unsure(story, moment)) {
    const weir_record *record = here(story, moment);
    if (is_stray(story, moment)) return true;
    return record->code == WEIR_DATA_STREAM && naive_sees_calls(story, moment) &&
           record->b + record->a > written(story, moment);
  }
  if (naive_closed_by(story, WEIR_EVENT_CLOSE, moment) || naive_wrote_eof(story, moment)) return false; /* C2, W7 */
  if (saw_fin_early(story, moment)) return true;
  int write = next_write(story, moment);
  bool after_eof = write != NAIVE_NEVER && naive_began(story, WEIR_EVENT_EOF_RECEIVED, write) &&
                   naive_kept_open(story, moment) && naive_offers(story, WEIR_CAN_HALF_CLOSE, moment); /* E4 */
  return is_missing(story, moment) && !after_eof;
}

bool naive_W3(const naive_story *story, int moment) {
  int begin = story->moments[moment].other;
  if (!ENDS(WRITE) || naive_is_bytes_like(story, begin) || !was_open(story, begin)) return false;
  if (naive_returned(story, begin, moment + 1)) return true;
  return naive_fails(story, moment) && here(story, moment)->code != WEIR_EXCEPTION_TYPE;
}

bool naive_W4(const naive_story *story, int moment) {
  if (ENDS(WRITE)) return here(story, story->moments[moment].other)->a == 0 && was_refused(story, moment);
  int call = story->moments[moment].inside;
  return IS(SEND) && here(story, moment)->a == 0 && call != NAIVE_NEVER &&
         story->moments[call].event == WEIR_EVENT_WRITE && here(story, call)->a == 0;
}

bool naive_W5(const naive_story *story, int moment) {
  if (ENDS(WRITELINES)) return was_refused(story, moment);
  int write = next_write(story, moment);
  if (write == NAIVE_NEVER || story->moments[write].event != WEIR_EVENT_WRITELINES) return false;
  if (naive_is_outgoing(story, moment)) return !naive_is_unsure(story, moment) && is_stray(story, moment);
  return is_missing(story, moment);
}

bool naive_W6(const naive_story *story, int moment) {
  if (!ENDS(WRITE) && !ENDS(WRITELINES)) return false;
  int begin = story->moments[moment].other;
  return naive_wrote_eof(story, begin) && naive_returned(story, begin, moment + 1) && here(story, begin)->a > 0 &&
         !naive_dying(story, begin);
}

static bool never_saw_end(const naive_story *story, int moment) {
  bool stopped = naive_last(story, WEIR_EVENT_PEER_STOP, moment) > naive_last(story, WEIR_EVENT_PEER_START, moment);
  if (!naive_sees_peer(story, moment) || stopped || naive_began(story, WEIR_EVENT_PEER_CLOSE, moment)) return false;
  if (!naive_began(story, WEIR_EVENT_PEER_SAW_FIN, moment)) return true;
  return naive_is_undelivered(story, moment, naive_sent_by_peer(story, moment)); /* reading goes on */
}

bool naive_W7(const naive_story *story, int moment) {
  if (ENDS(WRITE_EOF))
    return naive_fails(story, moment) && here(story, moment)->code != WEIR_EXCEPTION_OS &&
           !naive_dying(story, story->moments[moment].other);
  if (!naive_wrote_eof(story, moment) || naive_close(story, moment) != NAIVE_NEVER || naive_fatal(story, moment))
    return false;
  if (IS(SHUTDOWN))
    return here(story, moment)->b == 0 && !naive_is_unsure(story, moment) &&
           naive_sent(story, moment) < naive_sure(story, moment);
  if (IS(PEER_SAW_FIN)) return saw_fin_early(story, moment);
  if (BEGINS(CONNECTION_LOST))
    return here(story, moment)->code == WEIR_EXCEPTION_NONE && !naive_began(story, WEIR_EVENT_EOF_RECEIVED, moment) &&
           naive_end(story, moment) == NAIVE_NEVER && naive_recv_end(story, moment) == NAIVE_NEVER &&
           !naive_lost(story, moment);
  bool late = AT_REST && naive_lost(story, naive_first(story, WEIR_EVENT_WRITE_EOF, moment));
  return AT_REST && !late && never_saw_end(story, moment);
}

/* What can_write_eof() has said, and what the target says of itself, against what write_eof() does. */
bool naive_W8(const naive_story *story, int moment) {
  if (!ENDS(CAN_WRITE_EOF) && !ENDS(WRITE_EOF)) return false;
  int begin = story->moments[moment].other;
  if (naive_dying(story, begin)) return false;
  bool returned = naive_returned(story, begin, moment + 1);
  int open = naive_first(story, WEIR_EVENT_OPEN, moment);
  if (IS(CAN_WRITE_EOF))
    return returned && open != NAIVE_NEVER && here(story, open)->a != 0 &&
           naive_offers(story, WEIR_CAN_WRITE_EOF, moment) != (naive_result(story, begin) != 0);
  bool refused = !returned && here(story, moment)->code == WEIR_EXCEPTION_UNSUPPORTED;
  for (int i = 0; i < moment; i++) {
    if (story->moments[i].event != WEIR_EVENT_CAN_WRITE_EOF || !story->moments[i].begins) continue;
    if (!naive_returned(story, i, moment)) continue;
    if (naive_result(story, i) != 0 ? refused : returned) return true;
  }
  return false;
}

bool naive_W10(const naive_story *story, int moment) {
  if (ENDS(WRITE) || ENDS(WRITELINES)) {
    int begin = story->moments[moment].other;
    return here(story, begin)->a > 0 && was_refused(story, moment) &&
           naive_stands_in(story, begin, WEIR_EVENT_CONNECTION_MADE);
  }
  int write = next_write(story, moment);
  return is_missing(story, moment) && write != NAIVE_NEVER && naive_stands_in(story, write, WEIR_EVENT_CONNECTION_MADE);
}

/* ---- F */
enum { NOT_GIVEN = INT32_MIN };

static bool is_illegal(int32_t high, int32_t low) {
  if ((high != NOT_GIVEN && high < 0) || (low != NOT_GIVEN && low < 0)) return true;
  return high != NOT_GIVEN && low != NOT_GIVEN && low > high;
}

static int32_t high_of(const weir_record *record) {
  return (int32_t)record->a;
}
static int32_t low_of(const weir_record *record) {
  return (int32_t)(uint32_t)record->b;
}

/* The set_write_buffer_limits() that holds: its begin. */
static int last_set(const naive_story *story, int before) {
  for (int i = before - 1; i >= 0; i--)
    if (story->moments[i].event == WEIR_EVENT_SET_LIMITS && story->moments[i].ends &&
        !(here(story, i)->flags & WEIR_FLAG_RAISED))
      return story->moments[i].other;
  return NAIVE_NEVER;
}

/* Set again inside, by a pause_writing that the call brought: which of the two holds is left open. */
static bool is_overtaken(const naive_story *story, int set) {
  for (int i = set + 1; i < story->moments[set].other; i++)
    if (story->moments[i].event == WEIR_EVENT_SET_LIMITS && story->moments[i].ends &&
        !(here(story, i)->flags & WEIR_FLAG_RAISED))
      return true;
  return false;
}

/* The limits as far as they are known: -1 for not. */
typedef struct limits {
  int64_t high, low;
} limits;

static limits limits_at(const naive_story *story, int before) {
  limits now = {.high = -1, .low = -1};
  int set = last_set(story, before), from = 0;
  if (set != NAIVE_NEVER) {
    int32_t high = high_of(here(story, set)), low = low_of(here(story, set));
    if (!is_illegal(high, low) && !is_overtaken(story, set)) {
      if (high != NOT_GIVEN) now.high = high;
      now.low = low != NOT_GIVEN ? low : high == 0 ? 0 : -1;
    }
    from = story->moments[set].other;
  }
  for (int i = from; i < before; i++) { /* what was told since */
    if (story->moments[i].event != WEIR_EVENT_GET_LIMITS || !story->moments[i].ends) continue;
    const weir_record *record = here(story, i);
    if (record->flags & WEIR_FLAG_RAISED) continue;
    if (now.high < 0) now.high = (int64_t)(record->b >> 32);
    if (now.low < 0) now.low = (int64_t)(uint32_t)record->b;
  }
  return now;
}

/* F6: the limits were set, and nothing was written or sent since. */
static bool is_fresh(const naive_story *story, int before) {
  int set = last_set(story, before);
  if (set == NAIVE_NEVER) return false;
  for (int i = story->moments[set].other; i < before; i++) {
    unsigned event = story->moments[i].event;
    if ((event == WEIR_EVENT_WRITE || event == WEIR_EVENT_WRITELINES) && story->moments[i].begins) return false;
    if (event == WEIR_EVENT_SEND && (int64_t)here(story, i)->b > 0) return false;
  }
  return true;
}

/* What is being set counts as set. */
static int64_t high_now(const naive_story *story, int moment) {
  for (int i = story->moments[moment].inside; i != NAIVE_NEVER; i = story->moments[i].inside)
    if (story->moments[i].event == WEIR_EVENT_SET_LIMITS)
      return high_of(here(story, i)) < 0 ? -1 : high_of(here(story, i));
  return limits_at(story, moment).high;
}

static bool is_uncertain(const naive_story *story, int before) {
  return naive_failed(story, before) || naive_closed_by(story, WEIR_EVENT_ABORT, before) ||
         naive_is_unsure(story, before);
}

static bool is_early(const naive_story *story, int moment) {
  if (!BEGINS(PAUSE_WRITING) || naive_is_tls(story, moment) || is_uncertain(story, moment) ||
      !naive_sees_calls(story, moment))
    return false;
  uint64_t unsent = naive_unsent(story, moment);
  if (unsent == 0) return high_now(story, moment) != 0;                                               /* 0: F5 */
  if (naive_stands_in(story, moment, WEIR_EVENT_SET_LIMITS) || is_fresh(story, moment)) return false; /* F6 */
  int64_t high = limits_at(story, moment).high;
  return high >= 0 && unsent < (uint64_t)high;
}

/* What shows that the program has gone on since a call returned, but for the end. */
static bool goes_on(const naive_story *story, int moment) {
  if (story->moments[moment].ends) return false;
  return IS(CONNECTION_MADE) || IS(GET_BUFFER) || IS(BUFFER_UPDATED) || IS(DATA_RECEIVED) || IS(EOF_RECEIVED) ||
         IS(RESUME_WRITING) || IS(TIMEOUT) || weir_event_group_of(story->moments[moment].event) == WEIR_GROUP_PEER;
}

static bool is_write_paused(const naive_story *story, int before) {
  return naive_last(story, WEIR_EVENT_PAUSE_WRITING, before) > naive_last(story, WEIR_EVENT_RESUME_WRITING, before);
}

/* A callback, a call that closes or sets limits, a peer's step or a failure: nothing is owed after it. */
static bool settles(const naive_story *story, int moment) {
  const naive_moment *at = &story->moments[moment];
  if (at->begins && naive_is_callback(at->event)) return true;
  if (at->begins && (IS(CLOSE) || IS(ABORT)) && !naive_lost(story, moment)) return true;
  if (ENDS(SET_LIMITS) && !(here(story, moment)->flags & WEIR_FLAG_RAISED)) return true;
  if (weir_event_group_of(at->event) == WEIR_GROUP_PEER) return true;
  return naive_failed(story, moment + 1) && !naive_failed(story, moment);
}

/* The write that went over high without an answer so far: its end. */
static int owing(const naive_story *story, int before) {
  for (int i = before - 1; i >= 0; i--) {
    if (settles(story, i)) return NAIVE_NEVER;
    unsigned event = story->moments[i].event;
    if ((event != WEIR_EVENT_WRITE && event != WEIR_EVENT_WRITELINES) || !story->moments[i].ends) continue;
    if (here(story, i)->flags & WEIR_FLAG_RAISED) continue;
    limits then = limits_at(story, i);
    if (then.high < 0 || naive_unsent(story, i + 1) <= (uint64_t)then.high) continue;
    if (naive_dying(story, i) || is_write_paused(story, i) || !naive_offers(story, WEIR_CAN_FLOW_CONTROL, i)) continue;
    return i;
  }
  return NAIVE_NEVER;
}

static int unanswered(const naive_story *story, int moment) {
  if ((!AT_REST && !goes_on(story, moment)) || !naive_sees_socket(story, moment)) return NAIVE_NEVER;
  limits now = limits_at(story, moment);
  if (now.high < 0 || naive_unsent(story, moment) <= (uint64_t)now.high) return NAIVE_NEVER;
  return owing(story, moment);
}

bool naive_F1(const naive_story *story, int moment) {
  return is_early(story, moment) || unanswered(story, moment) != NAIVE_NEVER;
}

bool naive_F9(const naive_story *story, int moment) {
  if (is_early(story, moment)) return naive_stands_in(story, moment, WEIR_EVENT_WRITELINES);
  int end = unanswered(story, moment);
  return end != NAIVE_NEVER && story->moments[end].event == WEIR_EVENT_WRITELINES;
}

bool naive_F2(const naive_story *story, int moment) {
  if (BEGINS(PAUSE_WRITING)) return is_write_paused(story, moment);
  return BEGINS(RESUME_WRITING) && !is_write_paused(story, moment);
}

/* What was written when the connection was ending already may be dropped (C7, W9). */
static bool wrote_late(const naive_story *story, int before) {
  bool ending =
      naive_close(story, before) != NAIVE_NEVER || naive_wrote_eof(story, before) || naive_let_go(story, before);
  return ending && naive_accepted(story, before) != naive_sure(story, before);
}

static bool resumes_early(const naive_story *story, int moment) {
  if (!is_write_paused(story, moment) || !naive_sees_socket(story, moment)) return false;
  if (is_uncertain(story, moment) || is_fresh(story, moment)) return false;
  if (naive_stands_in(story, moment, WEIR_EVENT_SET_LIMITS)) return false; /* F6 */
  limits now = limits_at(story, moment);
  int64_t most = now.low >= 0 ? now.low : now.high; /* a low that is not known is at most high */
  uint64_t sure = naive_sure(story, moment), sent = naive_sent(story, moment), least = naive_unsent(story, moment);
  if (wrote_late(story, moment)) least = sure > sent ? sure - sent : 0;
  return most >= 0 && least > (uint64_t)most;
}

bool naive_F3(const naive_story *story, int moment) {
  if (BEGINS(RESUME_WRITING)) return resumes_early(story, moment);
  if (!AT_REST || !is_write_paused(story, moment) || naive_dying(story, moment)) return false;
  if (naive_is_unsure(story, moment) || naive_began(story, WEIR_EVENT_PEER_CLOSE, moment)) return false;
  uint64_t unsent = naive_unsent(story, moment);
  if (!naive_sees_socket(story, moment))
    return naive_sees_peer(story, moment) && naive_outgoing(story, moment).offset >= naive_accepted(story, moment);
  limits now = limits_at(story, moment);
  /* It is the draining to low that owes it (D11), not a low that was raised. */
  int set = last_set(story, moment);
  uint64_t before = set == NAIVE_NEVER ? 0 : naive_sent(story, story->moments[set].other);
  return unsent == 0 || (now.low >= 0 && unsent <= (uint64_t)now.low && naive_sent(story, moment) > before);
}

static bool set_is_wrong(const naive_story *story, int moment) {
  int begin = story->moments[moment].other;
  bool illegal = is_illegal(high_of(here(story, begin)), low_of(here(story, begin)));
  if (naive_lost(story, begin)) return false;
  if (naive_returned(story, begin, moment + 1)) return illegal;
  return naive_fails(story, moment) && !(illegal && here(story, moment)->code == WEIR_EXCEPTION_VALUE);
}

static bool get_is_wrong(const naive_story *story, int moment) {
  const weir_record *record = here(story, moment);
  if (record->flags & WEIR_FLAG_RAISED) return false;
  int64_t high = (int64_t)(record->b >> 32), low = (int64_t)(uint32_t)record->b;
  int set = last_set(story, moment);
  bool setting = naive_stands_in(story, story->moments[moment].other, WEIR_EVENT_SET_LIMITS);
  if (set == NAIVE_NEVER || is_overtaken(story, set) || setting) return low > high;
  int32_t given_high = high_of(here(story, set)), given_low = low_of(here(story, set));
  if (is_illegal(given_high, given_low)) return false;
  return low > high || (given_high >= 0 && high != given_high) || (given_low >= 0 && low != given_low) ||
         (given_high == 0 && low != 0);
}

bool naive_F4(const naive_story *story, int moment) {
  if (ENDS(SET_LIMITS)) return set_is_wrong(story, moment);
  return ENDS(GET_LIMITS) && get_is_wrong(story, moment);
}

bool naive_F5(const naive_story *story, int moment) {
  if (naive_is_tls(story, moment)) return false; /* it may be bytes of TLS's own */
  return BEGINS(PAUSE_WRITING) && high_now(story, moment) == 0 && naive_unsent(story, moment) == 0 &&
         !is_uncertain(story, moment);
}

static bool is_flow(unsigned event) {
  return event == WEIR_EVENT_PAUSE_WRITING || event == WEIR_EVENT_RESUME_WRITING;
}

static bool is_handled(const naive_story *story, int end, int before) {
  for (int i = end; i < before; i++)
    if (story->moments[i].event == WEIR_EVENT_EXCEPTION_HANDLER && here(story, i)->code == here(story, end)->code &&
        here(story, i)->a == here(story, end)->a)
      return true;
  return false;
}

/* A flow control callback ended by this very exception, or (NULL) by one that the handler was not given. */
static bool flow_raised(const naive_story *story, const weir_record *what, int before) {
  for (int i = 0; i < before; i++) {
    const weir_record *record = here(story, i);
    if (!is_flow(record->event) || !story->moments[i].ends || !(record->flags & WEIR_FLAG_RAISED)) continue;
    if (what == NULL ? !is_handled(story, i, before) : record->code == what->code && record->a == what->a) return true;
  }
  return false;
}

bool naive_F7(const naive_story *story, int moment) {
  const weir_record *record = here(story, moment);
  const naive_moment *at = &story->moments[moment];
  if (at->ends && naive_is_call(at->event))
    return (record->flags & WEIR_FLAG_RAISED) && record->code == WEIR_EXCEPTION_PROBE &&
           flow_raised(story, record, moment);
  if (BEGINS(CONNECTION_LOST))
    return record->code != WEIR_EXCEPTION_NONE && !naive_fatal(story, moment) && flow_raised(story, record, moment);
  return AT_REST && naive_sees_handler(story, moment) && flow_raised(story, NULL, moment);
}

bool naive_F8(const naive_story *story, int moment) {
  return (BEGINS(PAUSE_WRITING) || BEGINS(RESUME_WRITING)) && naive_lost(story, moment);
}

/* The first thing that is asked inside pause_writing, which comes with high or more in the buffer (F1). */
static bool is_asked_first_in_pause(const naive_story *story, int begin) {
  if (is_fresh(story, begin) || naive_stands_in(story, begin, WEIR_EVENT_SET_LIMITS)) return false;
  for (int i = story->moments[begin].inside; i != NAIVE_NEVER; i = story->moments[i].inside)
    if (story->moments[i].event == WEIR_EVENT_PAUSE_WRITING) return i + 1 == begin;
  return false;
}

/* Inside a write some of its bytes may not have been taken in yet. */
bool naive_F10(const naive_story *story, int moment) {
  int begin = story->moments[moment].other;
  if (!ENDS(GET_SIZE) || !naive_returned(story, begin, moment + 1)) return false;
  int64_t size = (int64_t)naive_result(story, begin);
  if (size < 0) return true;
  if (!naive_sees_socket(story, begin) || naive_lost(story, begin) || naive_fatal(story, begin) ||
      is_uncertain(story, begin) || naive_began(story, WEIR_EVENT_PEER_CLOSE, begin) || !naive_made(story, begin))
    return false;
  if (wrote_late(story, begin)) return false;
  uint64_t most = naive_unsent(story, begin), least = most;
  for (int i = story->moments[begin].inside; i != NAIVE_NEVER; i = story->moments[i].inside) {
    unsigned event = story->moments[i].event;
    uint64_t running = event == WEIR_EVENT_WRITE || event == WEIR_EVENT_WRITELINES ? here(story, i)->a : 0;
    least -= running < least ? running : least;
  }
  int64_t high = limits_at(story, begin).high;
  if (high >= 0 && is_asked_first_in_pause(story, begin) && least < (uint64_t)high && (uint64_t)high <= most)
    least = (uint64_t)high;
  return (uint64_t)size < least || (uint64_t)size > most;
}

bool naive_F11(const naive_story *story, int moment) {
  if (!ENDS(WRITE) && !ENDS(WRITELINES) && !ENDS(CLOSE) && !ENDS(ABORT) && !ENDS(SET_LIMITS)) return false;
  int begin = story->moments[moment].other, callback = naive_callback_around(story, begin);
  if (callback == NAIVE_NEVER || !is_flow(story->moments[callback].event) || !naive_fails(story, moment)) return false;
  if (IS(WRITE) || IS(WRITELINES))
    return !naive_dying(story, begin) && !naive_wrote_eof(story, begin) && naive_is_bytes_like(story, begin);
  return !IS(SET_LIMITS) || !is_illegal(high_of(here(story, begin)), low_of(here(story, begin)));
}
