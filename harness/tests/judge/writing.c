/* Rules W and F. */
#include "naive.h"

#define IS(name) (story->moments[moment].event == WEIR_EVENT_##name)
#define BEGINS(name) (IS(name) && story->moments[moment].begins)
#define ENDS(name) (IS(name) && story->moments[moment].ends)
#define AT_REST(moment) naive_ends(story, moment, WEIR_END_QUIESCENT)

static const weir_record *record_of(const naive_story *story, int moment) { return naive_begin(story, moment); }

static bool raised_here(const naive_story *story, int moment) {
  return (record_of(story, moment)->flags & WEIR_FLAG_RAISED) &&
         record_of(story, moment)->code != WEIR_EXCEPTION_UNSUPPORTED;
}

/* Up to where the outgoing stream was written. */
static uint64_t written(const naive_story *story, int before) {
  uint64_t most = 0;
  for (int i = 0; i < before; i++) {
    const weir_record *record = record_of(story, i);
    bool writes = record->event == WEIR_EVENT_WRITE || record->event == WEIR_EVENT_WRITELINES;
    if (writes && story->moments[i].begins && record->b + record->a > most) most = record->b + record->a;
  }
  return most;
}

/* What the peer got that it should not have got there: UINT64_MAX for nothing, else the offset expected. */
static uint64_t wrong_at(const naive_story *story, int moment) {
  if (!IS(PEER_RECEIVED) && !IS(DATA)) return UINT64_MAX;
  int whole = moment;
  while (whole >= 0 && story->moments[whole].event != WEIR_EVENT_PEER_RECEIVED) {
    if (naive_is_delivery(story->moments[whole].event) && !story->moments[whole].ends) return UINT64_MAX;
    whole--;
  }
  if (whole < 0) return UINT64_MAX;
  uint64_t expected = naive_received_by_peer(story, whole);
  for (int i = whole + 1; i < moment; i++)
    if (story->moments[i].event == WEIR_EVENT_DATA) expected += record_of(story, i)->a;
  bool wrong = naive_payload_is_wrong(record_of(story, moment), expected);
  bool invented = record_of(story, moment)->code == WEIR_DATA_STREAM &&
                  expected + record_of(story, moment)->a > written(story, moment);
  return wrong || invented ? expected : UINT64_MAX;
}

/* Everything that was written should be with the peer by now, and is not. */
static bool is_missing(const naive_story *story, int moment) {
  return naive_sees_peer(story, moment) && naive_peer_reads(story, moment) &&
         !naive_began(story, WEIR_EVENT_ABORT, moment) && naive_trouble(story, moment) == NAIVE_NEVER &&
         naive_received_by_peer(story, moment) < naive_accepted(story, moment);
}

static bool is_in_lines(const naive_story *story, uint64_t offset, int before) {
  for (int i = 0; i < before; i++) {
    const weir_record *record = record_of(story, i);
    if (record->event == WEIR_EVENT_WRITELINES && story->moments[i].begins && offset >= record->b &&
        offset < record->b + record->a)
      return true;
  }
  return false;
}

/* Whether a write or writelines that begins there is one that has to be taken. */
static bool must_take(const naive_story *story, int begin) {
  return naive_close(story, begin) == NAIVE_NEVER && !naive_lost(story, begin) &&
         !naive_began(story, WEIR_EVENT_WRITE_EOF, begin) && naive_trouble(story, begin) == NAIVE_NEVER &&
         !naive_let_go(story, begin);
}

static bool is_bytes_like(const naive_story *story, int begin) {
  return weir_bytes_kind_is_bytes_like(record_of(story, begin)->code);
}

bool naive_W1(const naive_story *story, int moment) {
  if (ENDS(WRITE)) {
    int begin = story->moments[moment].other;
    return raised_here(story, moment) && is_bytes_like(story, begin) && must_take(story, begin) &&
           record_of(story, moment)->code != WEIR_EXCEPTION_PROBE;
  }
  if (IS(PEER_SAW_FIN) || AT_REST(moment)) return is_missing(story, moment);
  return wrong_at(story, moment) != UINT64_MAX;
}

bool naive_W3(const naive_story *story, int moment) {
  if (!ENDS(WRITE) || is_bytes_like(story, story->moments[moment].other)) return false;
  int begin = story->moments[moment].other;
  return !naive_raised(story, begin, moment + 1) || naive_exception(story, begin) != WEIR_EXCEPTION_TYPE;
}

bool naive_W4(const naive_story *story, int moment) {
  if (IS(SEND)) {
    int write = story->moments[moment].inside;
    return write != NAIVE_NEVER && story->moments[write].event == WEIR_EVENT_WRITE && record_of(story, write)->a == 0 &&
           naive_unsent(story, moment) == 0;
  }
  if (!ENDS(WRITE)) return false;
  int begin = story->moments[moment].other;
  return record_of(story, begin)->a == 0 && is_bytes_like(story, begin) && raised_here(story, moment) &&
         must_take(story, begin);
}

bool naive_W5(const naive_story *story, int moment) {
  if (ENDS(WRITELINES))
    return raised_here(story, moment) && must_take(story, story->moments[moment].other) &&
           record_of(story, moment)->code != WEIR_EXCEPTION_PROBE;
  if (AT_REST(moment))
    return is_missing(story, moment) && is_in_lines(story, naive_received_by_peer(story, moment), moment);
  uint64_t at = wrong_at(story, moment);
  return at != UINT64_MAX && is_in_lines(story, at, moment);
}

bool naive_W6(const naive_story *story, int moment) {
  if (!ENDS(WRITE)) return false;
  int begin = story->moments[moment].other, eof = naive_first(story, WEIR_EVENT_WRITE_EOF, begin);
  return eof != NAIVE_NEVER && naive_returned(story, eof, begin) && record_of(story, begin)->a > 0 &&
         is_bytes_like(story, begin) && !naive_raised(story, begin, moment + 1) &&
         naive_close(story, begin) == NAIVE_NEVER && !naive_lost(story, begin) &&
         naive_trouble(story, begin) == NAIVE_NEVER;
}

static int half_close(const naive_story *story, int before) {
  int eof = naive_first(story, WEIR_EVENT_WRITE_EOF, before);
  return eof != NAIVE_NEVER && !naive_raised(story, eof, before) ? eof : NAIVE_NEVER;
}

bool naive_W7(const naive_story *story, int moment) {
  if (ENDS(WRITE_EOF)) {
    int begin = story->moments[moment].other;
    return raised_here(story, moment) && naive_close(story, begin) == NAIVE_NEVER && !naive_lost(story, begin) &&
           naive_trouble(story, begin) == NAIVE_NEVER && !naive_let_go(story, begin);
  }
  if (half_close(story, moment) == NAIVE_NEVER || naive_began(story, WEIR_EVENT_ABORT, moment) ||
      naive_trouble(story, moment) != NAIVE_NEVER)
    return false;
  if (IS(SHUTDOWN)) return naive_unsent(story, moment) > 0;
  if (BEGINS(CONNECTION_LOST))
    return naive_close(story, moment) == NAIVE_NEVER && !naive_saw_end(story, moment);
  bool missing = naive_received_by_peer(story, moment) < naive_accepted(story, moment);
  if (IS(PEER_SAW_FIN)) return missing;
  return AT_REST(moment) && naive_sees_peer(story, moment) && naive_peer_reads(story, moment) &&
         !naive_began(story, WEIR_EVENT_PEER_SAW_FIN, moment);
}

bool naive_W8(const naive_story *story, int moment) {
  if (!ENDS(CAN_WRITE_EOF) && !ENDS(WRITE_EOF)) return false;
  int says_yes = NAIVE_NEVER, says_no = NAIVE_NEVER, works = NAIVE_NEVER, refuses = NAIVE_NEVER;
  for (int i = 0; i <= moment; i++) {
    const naive_moment *at = &story->moments[i];
    if (at->event == WEIR_EVENT_CAN_WRITE_EOF && at->begins && naive_returned(story, i, moment + 1))
      *(naive_result(story, i) ? &says_yes : &says_no) = i;
    if (at->event != WEIR_EVENT_WRITE_EOF || !at->begins) continue;
    if (naive_returned(story, i, moment + 1)) works = i;
    if (naive_raised(story, i, moment + 1) && naive_exception(story, i) == WEIR_EXCEPTION_UNSUPPORTED) refuses = i;
  }
  return (says_yes != NAIVE_NEVER && refuses != NAIVE_NEVER) || (says_no != NAIVE_NEVER && works != NAIVE_NEVER);
}

bool naive_W10(const naive_story *story, int moment) {
  if (ENDS(WRITE) || ENDS(WRITELINES)) {
    int begin = story->moments[moment].other;
    bool bytes = IS(WRITELINES) || is_bytes_like(story, begin);
    return raised_here(story, moment) && bytes && must_take(story, begin) &&
           naive_stands_in(story, begin, WEIR_EVENT_CONNECTION_MADE);
  }
  if (!AT_REST(moment) || !is_missing(story, moment)) return false;
  uint64_t received = naive_received_by_peer(story, moment);
  for (int i = 0; i < moment; i++) {
    const naive_moment *at = &story->moments[i];
    bool writes = at->event == WEIR_EVENT_WRITE || at->event == WEIR_EVENT_WRITELINES;
    if (writes && at->begins && !naive_raised(story, i, moment) &&
        naive_stands_in(story, i, WEIR_EVENT_CONNECTION_MADE) && record_of(story, i)->b + record_of(story, i)->a > received)
      return true;
  }
  return false;
}

/* ---- F */
enum { NOT_GIVEN = INT32_MIN };

/* The limits as far as they are known: -1 for not. */
typedef struct limits {
  int64_t high, low;
} limits;

static limits limits_at(const naive_story *story, int before) {
  for (int i = before - 1; i >= 0; i--) {
    if (!story->moments[i].begins || !naive_returned(story, i, before)) continue;
    const weir_record *record = record_of(story, i);
    if (record->event == WEIR_EVENT_GET_LIMITS)
      return (limits){.high = (int64_t)(naive_result(story, i) >> 32), .low = (int64_t)(uint32_t)naive_result(story, i)};
    if (record->event != WEIR_EVENT_SET_LIMITS) continue;
    int32_t high = (int32_t)record->a, low = (int32_t)(uint32_t)record->b;
    limits set = {.high = high == NOT_GIVEN ? -1 : high, .low = low == NOT_GIVEN ? -1 : low};
    if (set.high == 0) set.low = 0;
    return set;
  }
  return (limits){.high = -1, .low = -1};
}

static bool is_paused_writing(const naive_story *story, int before) {
  return naive_last(story, WEIR_EVENT_PAUSE_WRITING, before) > naive_last(story, WEIR_EVENT_RESUME_WRITING, before);
}

/* pause_writing while there is less than high. */
static bool is_early(const naive_story *story, int moment) {
  if (!BEGINS(PAUSE_WRITING) || naive_stands_in(story, moment, WEIR_EVENT_SET_LIMITS)) return false;
  limits now = limits_at(story, moment);
  return now.high > 0 && naive_unsent(story, moment) < (uint64_t)now.high;
}

static bool goes_on(unsigned event) {
  switch (event) {
  case WEIR_EVENT_CONNECTION_MADE:
  case WEIR_EVENT_GET_BUFFER:
  case WEIR_EVENT_BUFFER_UPDATED:
  case WEIR_EVENT_DATA_RECEIVED:
  case WEIR_EVENT_EOF_RECEIVED:
  case WEIR_EVENT_RESUME_WRITING:
  case WEIR_EVENT_PEER_SEND:
  case WEIR_EVENT_PEER_RECEIVED:
  case WEIR_EVENT_PEER_START:
  case WEIR_EVENT_ADVANCE:
  case WEIR_EVENT_TIMEOUT: return true;
  default: return false;
  }
}

/* A write, ended before, that went over high and was not answered by pause_writing: its begin. */
static int unanswered(const naive_story *story, int before, unsigned event) {
  for (int i = 0; i < before; i++) {
    if (story->moments[i].event != event || !story->moments[i].begins || !naive_returned(story, i, before)) continue;
    int end = story->moments[i].other;
    limits then = limits_at(story, i);
    if (then.high < 0 || naive_close(story, i) != NAIVE_NEVER || naive_lost(story, i)) continue;
    if (naive_failure(story, end) != NAIVE_NEVER || naive_began(story, WEIR_EVENT_ABORT, end)) continue;
    if (naive_unsent(story, end) <= (uint64_t)then.high || is_paused_writing(story, i)) continue;
    if (naive_last(story, WEIR_EVENT_PAUSE_WRITING, before) < i) return i;
  }
  return NAIVE_NEVER;
}

static bool is_over_unanswered(const naive_story *story, int moment, unsigned event) {
  if (!AT_REST(moment) && !goes_on(story->moments[moment].event)) return false;
  return naive_sees_socket(story, moment) && unanswered(story, moment, event) != NAIVE_NEVER;
}

bool naive_F1(const naive_story *story, int moment) {
  return is_early(story, moment) || is_over_unanswered(story, moment, WEIR_EVENT_WRITE);
}

bool naive_F9(const naive_story *story, int moment) {
  if (is_early(story, moment)) return naive_stands_in(story, moment, WEIR_EVENT_WRITELINES);
  return is_over_unanswered(story, moment, WEIR_EVENT_WRITELINES);
}

bool naive_F2(const naive_story *story, int moment) {
  if (BEGINS(PAUSE_WRITING)) return is_paused_writing(story, moment);
  return BEGINS(RESUME_WRITING) && !is_paused_writing(story, moment);
}

bool naive_F3(const naive_story *story, int moment) {
  if (!BEGINS(RESUME_WRITING) && !AT_REST(moment)) return false;
  if (!naive_sees_socket(story, moment)) return false;
  limits now = limits_at(story, moment);
  int64_t low = now.low >= 0 ? now.low : now.high;
  uint64_t unsent = naive_unsent(story, moment);
  if (BEGINS(RESUME_WRITING)) return low >= 0 && unsent > (uint64_t)low;
  bool due = unsent == 0 || (now.low >= 0 && unsent <= (uint64_t)now.low);
  return due && is_paused_writing(story, moment) && !naive_lost(story, moment) &&
         naive_close(story, moment) == NAIVE_NEVER && naive_trouble(story, moment) == NAIVE_NEVER &&
         !naive_let_go(story, moment);
}

bool naive_F4(const naive_story *story, int moment) {
  if (!story->moments[moment].ends) return false;
  int begin = story->moments[moment].other;
  if (IS(SET_LIMITS)) {
    if (naive_raised(story, begin, moment + 1) && naive_exception(story, begin) == WEIR_EXCEPTION_UNSUPPORTED)
      return false;
    int32_t high = (int32_t)record_of(story, begin)->a, low = (int32_t)(uint32_t)record_of(story, begin)->b;
    bool wrong = (high != NOT_GIVEN && high < 0) || (low != NOT_GIVEN && low < 0) ||
                 (high != NOT_GIVEN && low != NOT_GIVEN && low > high);
    bool raised = naive_raised(story, begin, moment + 1);
    return wrong != raised && !(raised && naive_exception(story, begin) == WEIR_EXCEPTION_PROBE);
  }
  if (!IS(GET_LIMITS) || !naive_returned(story, begin, moment + 1)) return false;
  int64_t high = (int64_t)(naive_result(story, begin) >> 32), low = (int64_t)(uint32_t)naive_result(story, begin);
  limits set = limits_at(story, begin);
  return low > high || (set.high >= 0 && high != set.high) || (set.low >= 0 && low != set.low);
}

bool naive_F5(const naive_story *story, int moment) {
  return BEGINS(PAUSE_WRITING) && limits_at(story, moment).high == 0 && naive_unsent(story, moment) == 0;
}

/* A pause_writing or resume_writing that raised before. */
static int raised_flow(const naive_story *story, int before) {
  for (int i = 0; i < before; i++)
    if ((story->moments[i].event == WEIR_EVENT_PAUSE_WRITING || story->moments[i].event == WEIR_EVENT_RESUME_WRITING) &&
        story->moments[i].begins && naive_raised(story, i, before))
      return i;
  return NAIVE_NEVER;
}

bool naive_F7(const naive_story *story, int moment) {
  int raised = raised_flow(story, moment);
  if (raised == NAIVE_NEVER) return false;
  const weir_record *what = record_of(story, story->moments[raised].other);
  const weir_record *record = record_of(story, moment);
  bool same = record->code == what->code && record->a == what->a;
  if (story->moments[moment].ends && naive_is_call(story->moments[moment].event))
    return (record->flags & WEIR_FLAG_RAISED) && same && story->moments[moment].other < raised;
  if (BEGINS(CONNECTION_LOST)) return same;
  return AT_REST(moment) && !naive_began(story, WEIR_EVENT_EXCEPTION_HANDLER, moment);
}

bool naive_F8(const naive_story *story, int moment) {
  return (BEGINS(PAUSE_WRITING) || BEGINS(RESUME_WRITING)) && naive_lost(story, moment);
}

bool naive_F10(const naive_story *story, int moment) {
  if (!ENDS(GET_SIZE)) return false;
  int begin = story->moments[moment].other;
  if (!naive_returned(story, begin, moment + 1)) return false;
  int64_t size = (int64_t)naive_result(story, begin);
  if (size < 0) return true;
  if (!naive_sees_socket(story, begin) || naive_close(story, begin) != NAIVE_NEVER || naive_lost(story, begin) ||
      naive_trouble(story, begin) != NAIVE_NEVER || naive_let_go(story, begin) ||
      naive_stands_in(story, begin, WEIR_EVENT_WRITELINES))
    return false;
  return (uint64_t)size != naive_unsent(story, begin);
}

bool naive_F11(const naive_story *story, int moment) {
  if (!ENDS(WRITE) && !ENDS(WRITELINES) && !ENDS(CLOSE) && !ENDS(ABORT) && !ENDS(SET_LIMITS)) return false;
  if (!raised_here(story, moment)) return false;
  int begin = story->moments[moment].other, callback = naive_callback_around(story, begin);
  if (callback == NAIVE_NEVER || (story->moments[callback].event != WEIR_EVENT_PAUSE_WRITING &&
                                  story->moments[callback].event != WEIR_EVENT_RESUME_WRITING))
    return false;
  if (IS(WRITE)) return is_bytes_like(story, begin) && must_take(story, begin);
  if (IS(WRITELINES)) return must_take(story, begin);
  if (!IS(SET_LIMITS)) return true;
  int32_t high = (int32_t)record_of(story, begin)->a, low = (int32_t)(uint32_t)record_of(story, begin)->b;
  return !(high != NOT_GIVEN && high < 0) && !(low != NOT_GIVEN && low < 0) &&
         !(high != NOT_GIVEN && low != NOT_GIVEN && low > high);
}
