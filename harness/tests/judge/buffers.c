/* Rules B. */
#include "naive.h"

#define IS(name) (story->moments[moment].event == WEIR_EVENT_##name)
#define BEGINS(name) (IS(name) && story->moments[moment].begins)

static const weir_record *record_of(const naive_story *story, int moment) { return naive_begin(story, moment); }
static bool delivers(const naive_story *story, int moment) {
  return story->moments[moment].begins && naive_is_delivery(story->moments[moment].event);
}

bool naive_B1(const naive_story *story, int moment) {
  return BEGINS(BUFFER_UPDATED) && naive_pair(story, moment) == NAIVE_NEVER;
}

bool naive_B2(const naive_story *story, int moment) { return BEGINS(BUFFER_UPDATED) && record_of(story, moment)->a == 0; }

bool naive_B3(const naive_story *story, int moment) {
  if (!BEGINS(BUFFER_UPDATED)) return false;
  int pair = naive_pair(story, moment);
  if (pair == NAIVE_NEVER || !weir_buffer_kind_usable((unsigned)(naive_result(story, pair) >> 56))) return false;
  return record_of(story, moment)->a > naive_buffer_size(story, pair);
}

/* What a `data` record is a part of: the delivery or peer_received just before. */
static int whole_of(const naive_story *story, int moment) {
  for (int i = moment - 1; i >= 0; i--)
    if (!story->moments[i].ends &&
        (naive_is_delivery(story->moments[i].event) || story->moments[i].event == WEIR_EVENT_PEER_RECEIVED))
      return i;
  return NAIVE_NEVER;
}

/* Whether a moment tells of delivered bytes that are not the stream's next. */
static bool is_wrong(const naive_story *story, int moment, bool buffered_only) {
  int whole = IS(DATA) ? whole_of(story, moment) : moment;
  if (whole == NAIVE_NEVER || !delivers(story, whole)) return false;
  if (buffered_only && story->moments[whole].event != WEIR_EVENT_BUFFER_UPDATED) return false;
  uint64_t expected = naive_delivered(story, whole);
  for (int i = whole + 1; i < moment; i++)
    if (story->moments[i].event == WEIR_EVENT_DATA) expected += record_of(story, i)->a;
  return naive_payload_is_wrong(record_of(story, moment), expected);
}

bool naive_B4(const naive_story *story, int moment) { return is_wrong(story, moment, true); }
bool naive_B5(const naive_story *story, int moment) { return IS(BUFFER_TAIL); }
bool naive_B6(const naive_story *story, int moment) { return IS(BUFFER_TOUCHED) || IS(BUFFER_HELD); }

/* An exception that reaches the application and that nothing explains: the
 * transport itself made it. */
static bool is_refusal(const naive_story *story, int moment) {
  if (!IS(EXCEPTION_HANDLER) && !BEGINS(CONNECTION_LOST)) return false;
  unsigned code = record_of(story, moment)->code;
  bool its_own = code == WEIR_EXCEPTION_TYPE || code == WEIR_EXCEPTION_VALUE || code == WEIR_EXCEPTION_RUNTIME ||
                 code == WEIR_EXCEPTION_BUFFER;
  return its_own && naive_trouble(story, moment) == NAIVE_NEVER;
}

static int last_buffer(const naive_story *story, int moment) {
  int given = naive_last(story, WEIR_EVENT_GET_BUFFER, moment);
  return given != NAIVE_NEVER && naive_returned(story, given, moment) ? given : NAIVE_NEVER;
}

bool naive_B8(const naive_story *story, int moment) {
  int given = last_buffer(story, moment);
  return given != NAIVE_NEVER && is_refusal(story, moment);
}

/* What was wrong with a buffer was told of. */
static bool is_reported(const naive_story *story, int since, int before) {
  for (int i = since; i < before; i++) {
    if (story->moments[i].event == WEIR_EVENT_EXCEPTION_HANDLER) return true;
    if (story->moments[i].event == WEIR_EVENT_CONNECTION_LOST && story->moments[i].begins &&
        record_of(story, i)->code != WEIR_EXCEPTION_NONE)
      return true;
  }
  return false;
}

typedef bool is_bad(const naive_story *story, int get_buffer);
static bool is_unusable(const naive_story *story, int get_buffer) {
  return !weir_buffer_kind_usable((unsigned)(naive_result(story, get_buffer) >> 56));
}
static bool is_empty(const naive_story *story, int get_buffer) {
  return !is_unusable(story, get_buffer) && naive_buffer_size(story, get_buffer) == 0;
}

/* The end of a bad buffer that was never told of and that nothing excuses: this side neither closed nor paused, and the
 * connection did not fail. */
static int silent_one(const naive_story *story, int before, is_bad *bad) {
  for (int i = 0; i < before; i++) {
    if (story->moments[i].event != WEIR_EVENT_GET_BUFFER || !story->moments[i].begins) continue;
    if (!naive_returned(story, i, before) || !bad(story, i)) continue;
    if (!is_reported(story, i, before) && naive_close(story, before) == NAIVE_NEVER &&
        naive_failure(story, before) == NAIVE_NEVER && naive_pause(story, before) == NAIVE_NEVER)
      return i;
  }
  return NAIVE_NEVER;
}

static bool breaks_by(const naive_story *story, int moment, is_bad *bad) {
  if (BEGINS(BUFFER_UPDATED)) {
    int pair = naive_pair(story, moment);
    return pair != NAIVE_NEVER && bad(story, pair);
  }
  bool clean_end = BEGINS(CONNECTION_LOST) && record_of(story, moment)->code == WEIR_EXCEPTION_NONE;
  return (clean_end || naive_ends(story, moment, WEIR_END_QUIESCENT)) && silent_one(story, moment, bad) != NAIVE_NEVER;
}

bool naive_B9(const naive_story *story, int moment) { return breaks_by(story, moment, is_unusable); }

bool naive_B10(const naive_story *story, int moment) {
  if (!BEGINS(GET_BUFFER)) return false;
  int32_t hint = (int32_t)record_of(story, moment)->a;
  return hint == 0 || hint < -1;
}

/* The peer's bytes that did not come, though nothing kept them. */
static bool is_stuck(const naive_story *story, int moment) {
  if (!naive_ends(story, moment, WEIR_END_QUIESCENT)) return false;
  return naive_sent_by_peer(story, moment) > naive_delivered(story, moment) && !naive_lost(story, moment) &&
         naive_began(story, WEIR_EVENT_CONNECTION_MADE, moment) && naive_close(story, moment) == NAIVE_NEVER &&
         naive_pause(story, moment) == NAIVE_NEVER && naive_trouble(story, moment) == NAIVE_NEVER &&
         !naive_began(story, WEIR_EVENT_EOF_RECEIVED, moment) && !naive_began(story, WEIR_EVENT_PEER_RESET, moment);
}

bool naive_B11(const naive_story *story, int moment) {
  int given = last_buffer(story, moment);
  if (given == NAIVE_NEVER) return false;
  if (is_stuck(story, moment)) return true;
  return is_refusal(story, moment) && naive_buffer_size(story, given) < naive_begin(story, given)->a;
}

bool naive_B12(const naive_story *story, int moment) {
  if (BEGINS(EOF_RECEIVED) || naive_ends(story, moment, WEIR_END_SPIN))
    return silent_one(story, moment, is_empty) != NAIVE_NEVER;
  return breaks_by(story, moment, is_empty);
}

static int raised_update(const naive_story *story, int before) {
  for (int i = 0; i < before; i++)
    if (story->moments[i].event == WEIR_EVENT_BUFFER_UPDATED && story->moments[i].begins &&
        naive_raised(story, i, before))
      return i;
  return NAIVE_NEVER;
}

bool naive_B14(const naive_story *story, int moment) {
  int raised = raised_update(story, moment);
  if (raised == NAIVE_NEVER) return false;
  if (BEGINS(GET_BUFFER) || BEGINS(BUFFER_UPDATED)) return true;
  if (!naive_ends(story, moment, WEIR_END_QUIESCENT)) return false;
  if (!naive_began(story, WEIR_EVENT_EXCEPTION_HANDLER, moment)) return true;
  int lost = naive_first(story, WEIR_EVENT_CONNECTION_LOST, moment);
  if (lost == NAIVE_NEVER) return true;
  return record_of(story, lost)->code == WEIR_EXCEPTION_NONE && naive_close(story, moment) == NAIVE_NEVER;
}

/* A get_buffer that came to nothing, and then a refusal. */
bool naive_B15(const naive_story *story, int moment) {
  int given = last_buffer(story, moment);
  if (given == NAIVE_NEVER || !is_refusal(story, moment)) return false;
  for (int i = given; i < moment; i++)
    if (IS(RECV) && (int64_t)record_of(story, i)->b <= 0) return true;
  return false;
}

bool naive_B16(const naive_story *story, int moment) {
  if (!BEGINS(BUFFER_UPDATED)) return false;
  int pair = naive_pair(story, moment);
  return pair != NAIVE_NEVER &&
         weir_record_protocol(naive_begin(story, pair)) != weir_record_protocol(record_of(story, moment));
}

bool naive_B17(const naive_story *story, int moment) {
  if (naive_ends(story, moment, WEIR_END_QUIESCENT)) {
    bool ended = naive_peer_ended(story, moment) &&
                 (naive_began(story, WEIR_EVENT_EOF_RECEIVED, moment) || naive_lost(story, moment));
    return ended && naive_close(story, moment) == NAIVE_NEVER && naive_trouble(story, moment) == NAIVE_NEVER &&
           naive_sent_by_peer(story, moment) > naive_delivered(story, moment);
  }
  if (is_wrong(story, moment, false)) return true;
  return delivers(story, moment) && naive_sees_peer(story, moment) &&
         naive_delivered(story, moment + 1) > naive_sent_by_peer(story, moment);
}

bool naive_B18(const naive_story *story, int moment) {
  bool clean_end = BEGINS(CONNECTION_LOST) && record_of(story, moment)->code == WEIR_EXCEPTION_NONE;
  if (!BEGINS(EOF_RECEIVED) && !clean_end) return false;
  return naive_peer_ended(story, moment) && naive_close(story, moment) == NAIVE_NEVER &&
         naive_sent_by_peer(story, moment) > naive_delivered(story, moment);
}

bool naive_B21(const naive_story *story, int moment) { return BEGINS(DATA_RECEIVED) && record_of(story, moment)->a == 0; }

/* Rules T. */
static unsigned protocol_now(const naive_story *story, int before) {
  for (int i = before - 1; i >= 0; i--)
    if (story->moments[i].event == WEIR_EVENT_SET_PROTOCOL && story->moments[i].begins &&
        naive_returned(story, i, before))
      return record_of(story, i)->a;
  return 0;
}

static bool switched(const naive_story *story, int before) {
  for (int i = 0; i < before; i++)
    if (story->moments[i].event == WEIR_EVENT_SET_PROTOCOL && story->moments[i].begins &&
        naive_returned(story, i, before))
      return true;
  return false;
}

bool naive_T1(const naive_story *story, int moment) {
  if (!switched(story, moment)) return false;
  if (story->moments[moment].ends)
    return IS(GET_PROTOCOL) && naive_returned(story, story->moments[moment].other, moment + 1) &&
           naive_result(story, story->moments[moment].other) != protocol_now(story, moment);
  if (is_wrong(story, moment, false)) return true;
  if (!story->moments[moment].begins || !naive_is_callback(story->moments[moment].event)) return false;
  unsigned now = protocol_now(story, moment), got = weir_record_protocol(record_of(story, moment));
  if (IS(BUFFER_UPDATED) && naive_pair(story, moment) != NAIVE_NEVER)
    return false; /* the read began before: B16 */
  return got != now;
}

bool naive_T2(const naive_story *story, int moment) {
  int end = naive_first(story, WEIR_EVENT_EOF_RECEIVED, moment);
  if (end == NAIVE_NEVER || naive_last(story, WEIR_EVENT_SET_PROTOCOL, moment) < end) return false;
  return (story->moments[moment].begins && naive_is_reading(story->moments[moment].event)) || IS(RECV);
}
