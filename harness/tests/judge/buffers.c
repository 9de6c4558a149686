/* Rules B and T. */
#include <errno.h>

#include "naive.h"

#define IS(name)     (story->moments[moment].event == WEIR_EVENT_##name)
#define BEGINS(name) (IS(name) && story->moments[moment].begins)
#define ENDS(name)   (IS(name) && story->moments[moment].ends)
#define AT_REST      naive_ends(story, moment, WEIR_END_QUIESCENT)

static const weir_record *here(const naive_story *story, int moment) {
  return naive_begin(story, moment);
}

static bool has_callback_around(const naive_story *story, int moment, unsigned event) {
  int callback = naive_callback_around(story, moment);
  return callback != NAIVE_NEVER && story->moments[callback].event == event;
}

bool naive_B1(const naive_story *story, int moment) {
  return BEGINS(BUFFER_UPDATED) && naive_pair(story, moment) == NAIVE_NEVER;
}

bool naive_B2(const naive_story *story, int moment) {
  return BEGINS(BUFFER_UPDATED) && here(story, moment)->a == 0;
}

bool naive_B3(const naive_story *story, int moment) {
  int pair = naive_pair(story, moment);
  return BEGINS(BUFFER_UPDATED) && pair != NAIVE_NEVER && here(story, moment)->a > naive_buffer_size(story, pair);
}

/* The callback that incoming bytes came by. */
static unsigned came_by(const naive_story *story, int moment) {
  for (int i = moment; i >= 0; i--)
    if (story->moments[i].begins && naive_is_delivery(story->moments[i].event)) return story->moments[i].event;
  return 0;
}

static bool is_stray(const naive_story *story, int moment) {
  return naive_is_incoming(story, moment) && naive_is_stray(here(story, moment), naive_incoming(story, moment));
}

/* The stream, but not from where it was due. */
static bool is_jump(const naive_story *story, int moment) {
  return is_stray(story, moment) && here(story, moment)->code == WEIR_DATA_STREAM;
}

bool naive_B4(const naive_story *story, int moment) {
  return is_stray(story, moment) && came_by(story, moment) == WEIR_EVENT_BUFFER_UPDATED;
}

bool naive_B5(const naive_story *story, int moment) {
  return IS(BUFFER_TAIL);
}
bool naive_B6(const naive_story *story, int moment) {
  return IS(BUFFER_TOUCHED) || IS(BUFFER_HELD);
}

/* Protocols were switched inside get_buffer, and nothing was delivered since. */
static bool switched_in_get(const naive_story *story, int before) {
  for (int i = before - 1; i >= 0; i--) {
    if (naive_is_incoming(story, i)) return false;
    if (story->moments[i].event == WEIR_EVENT_SET_PROTOCOL && story->moments[i].begins &&
        naive_returned(story, i, before) && has_callback_around(story, i, WEIR_EVENT_GET_BUFFER))
      return true;
  }
  return false;
}

/* The exception handler or connection_lost is given an exception that nothing explains but the buffer in hand. */
static bool refuses_buffer(const naive_story *story, int moment) {
  if (!IS(EXCEPTION_HANDLER) && !BEGINS(CONNECTION_LOST)) return false;
  unsigned code = here(story, moment)->code;
  if (code != WEIR_EXCEPTION_TYPE && code != WEIR_EXCEPTION_VALUE && code != WEIR_EXCEPTION_RUNTIME &&
      code != WEIR_EXCEPTION_BUFFER && code != WEIR_EXCEPTION_OTHER)
    return false;
  if (code == WEIR_EXCEPTION_OTHER && !naive_sees_failures(story, moment)) return false;
  return naive_pair(story, moment) != NAIVE_NEVER && !naive_fatal(story, moment) && !naive_gone(story, moment) &&
         !naive_misused(story, moment) && !switched_in_get(story, moment) &&
         !naive_raised_in(story, WEIR_EVENT_PAUSE_WRITING, moment) &&
         !naive_raised_in(story, WEIR_EVENT_RESUME_WRITING, moment);
}

bool naive_B8(const naive_story *story, int moment) {
  return refuses_buffer(story, moment) && naive_buffer_kind(story, naive_pair(story, moment)) != WEIR_BUFFER_BYTEARRAY;
}

/* ---- Buffers that are an error (B9, B12) */
typedef bool is_bad(const naive_story *story, int get_buffer);
static bool is_unusable(const naive_story *story, int get_buffer) {
  return !naive_is_usable(story, get_buffer);
}
static bool is_empty(const naive_story *story, int get_buffer) {
  return naive_is_usable(story, get_buffer) && naive_buffer_size(story, get_buffer) == 0;
}

static bool is_told(const naive_story *story, int since, int before) {
  for (int i = since; i < before; i++) {
    const naive_moment *at = &story->moments[i];
    bool tells = at->event == WEIR_EVENT_EXCEPTION_HANDLER || (at->event == WEIR_EVENT_CONNECTION_LOST && at->begins);
    if (tells && here(story, i)->code != WEIR_EXCEPTION_NONE) return true;
  }
  return false;
}

/* One was given on a living connection, and nobody was told. */
static bool is_silent(const naive_story *story, int before, is_bad *bad) {
  for (int i = 0; i < before; i++) {
    if (story->moments[i].event != WEIR_EVENT_GET_BUFFER || !story->moments[i].begins) continue;
    if (!naive_returned(story, i, before) || !bad(story, i)) continue;
    int end = story->moments[i].other;
    if (!naive_gone(story, end) && !is_told(story, end, before)) return true;
  }
  return false;
}

static bool breaks_by(const naive_story *story, int moment, is_bad *bad) {
  if (BEGINS(BUFFER_UPDATED)) {
    int pair = naive_pair(story, moment);
    return pair != NAIVE_NEVER && bad(story, pair);
  }
  if (naive_close(story, moment) != NAIVE_NEVER) return false;
  if (BEGINS(CONNECTION_LOST)) return here(story, moment)->code == WEIR_EXCEPTION_NONE && is_silent(story, moment, bad);
  bool cut = naive_ends(story, moment, WEIR_END_CUT) || naive_ends(story, moment, WEIR_END_LIMIT);
  return IS(END) && !cut && !naive_lost(story, moment) && is_silent(story, moment, bad);
}

bool naive_B9(const naive_story *story, int moment) {
  return breaks_by(story, moment, is_unusable);
}

bool naive_B10(const naive_story *story, int moment) {
  if (!BEGINS(GET_BUFFER)) return false;
  int32_t hint = (int32_t)here(story, moment)->a;
  return hint == 0 || hint < -1;
}

/* A resume that owed what was there: P6. */
static bool resume_owes(const naive_story *story, int moment) {
  int resume = naive_resume(story, moment);
  return resume != NAIVE_NEVER && naive_sent_by_peer(story, resume) > naive_incoming(story, moment).offset;
}

/* A buffer of another size than was hinted at; where nothing was, of an extreme size. */
static bool had_odd_size(const naive_story *story, int before) {
  for (int i = 0; i < before; i++) {
    if (story->moments[i].event != WEIR_EVENT_GET_BUFFER || !story->moments[i].begins) continue;
    if (!naive_returned(story, i, before) || is_unusable(story, i) || is_empty(story, i)) continue;
    int32_t hint = (int32_t)here(story, i)->a;
    uint32_t size = naive_buffer_size(story, i);
    if (hint > 0 ? size != (uint32_t)hint : size <= 1 || size >= 65536) return true;
  }
  return false;
}

bool naive_B11(const naive_story *story, int moment) {
  if (refuses_buffer(story, moment))
    return naive_buffer_kind(story, naive_pair(story, moment)) == WEIR_BUFFER_BYTEARRAY;
  return naive_is_undelivered(story, moment, naive_sent_by_peer(story, moment)) && had_odd_size(story, moment) &&
         !resume_owes(story, moment);
}

bool naive_B12(const naive_story *story, int moment) {
  if (BEGINS(EOF_RECEIVED)) /* a pretended end */
    return naive_close(story, moment) == NAIVE_NEVER && naive_end(story, moment) == NAIVE_NEVER &&
           naive_recv_end(story, moment) == NAIVE_NEVER && is_silent(story, moment, is_empty);
  return breaks_by(story, moment, is_empty);
}

/* ---- What a callback raised, and who was told of it */
static bool was_given(const naive_story *story, int raised, int before, bool *handled, bool *lost) {
  const weir_record *what = here(story, story->moments[raised].other);
  *handled = *lost = false;
  for (int i = story->moments[raised].other; i < before; i++) {
    const weir_record *record = here(story, i);
    if (record->code != what->code || record->a != what->a) continue;
    if (story->moments[i].event == WEIR_EVENT_EXCEPTION_HANDLER) *handled = true;
    if (story->moments[i].event == WEIR_EVENT_CONNECTION_LOST && story->moments[i].begins) *lost = true;
  }
  return *handled || *lost;
}

/* The first raise that nobody was told of; if all were, the last. */
static int raise_of(const naive_story *story, unsigned callback, int before) {
  int found = NAIVE_NEVER;
  bool handled, lost;
  for (int i = 0; i < before; i++) {
    if (story->moments[i].event != callback || !story->moments[i].ends) continue;
    if (!(here(story, i)->flags & WEIR_FLAG_RAISED)) continue;
    if (found == NAIVE_NEVER || was_given(story, found, i, &handled, &lost)) found = story->moments[i].other;
  }
  return found;
}

static bool is_left_without_end(const naive_story *story, int moment, unsigned callback) {
  int raised = raise_of(story, callback, moment);
  bool handled, lost;
  if (raised == NAIVE_NEVER) return false;
  if (!was_given(story, raised, moment, &handled, &lost)) return naive_sees_handler(story, moment);
  return !naive_lost(story, moment) && !naive_flush_may_wait(story, moment);
}

bool naive_B14(const naive_story *story, int moment) {
  bool raised = naive_raised_in(story, WEIR_EVENT_BUFFER_UPDATED, moment) ||
                naive_raised_in(story, WEIR_EVENT_DATA_RECEIVED, moment);
  if (!raised) return false;
  if (BEGINS(GET_BUFFER) || BEGINS(BUFFER_UPDATED) || BEGINS(DATA_RECEIVED)) return true;
  return AT_REST && (is_left_without_end(story, moment, WEIR_EVENT_BUFFER_UPDATED) ||
                     is_left_without_end(story, moment, WEIR_EVENT_DATA_RECEIVED));
}

bool naive_B15(const naive_story *story, int moment) {
  const weir_record *record = here(story, moment);
  if ((!IS(EXCEPTION_HANDLER) && !BEGINS(CONNECTION_LOST)) || record->code != WEIR_EXCEPTION_OS) return false;
  int recv = naive_last(story, WEIR_EVENT_RECV, moment);
  if (recv == NAIVE_NEVER || naive_pair(story, moment) == NAIVE_NEVER) return false;
  int64_t result = (int64_t)here(story, recv)->b;
  return (record->a == EAGAIN || record->a == EINTR) && (result == -EAGAIN || result == -EINTR);
}

static uint64_t received(const naive_story *story, int before) {
  uint64_t total = 0;
  for (int i = 0; i < before; i++)
    if (story->moments[i].event == WEIR_EVENT_RECV && (int64_t)here(story, i)->b > 0) total += here(story, i)->b;
  return total;
}

bool naive_B16(const naive_story *story, int moment) {
  int pair = naive_pair(story, moment);
  if (BEGINS(BUFFER_UPDATED) && pair != NAIVE_NEVER &&
      weir_record_protocol(here(story, pair)) != weir_record_protocol(here(story, moment)))
    return true;
  if (!switched_in_get(story, moment)) return false;
  if (!BEGINS(CONNECTION_LOST)) return is_jump(story, moment);
  naive_place place = naive_incoming(story, moment);
  return naive_close(story, moment) == NAIVE_NEVER && !naive_fatal(story, moment) && !place.unknown &&
         received(story, moment) > place.offset;
}

static bool was_lost_regularly(const naive_story *story, int before) {
  for (int i = 0; i < before; i++)
    if (story->moments[i].event == WEIR_EVENT_CONNECTION_LOST && story->moments[i].begins &&
        here(story, i)->code != WEIR_EXCEPTION_NONE)
      return false;
  return naive_lost(story, before);
}

bool naive_B17(const naive_story *story, int moment) {
  if (is_stray(story, moment)) /* what a buffer holds and is no part of the stream: B4 */
    return is_jump(story, moment) || came_by(story, moment) == WEIR_EVENT_DATA_RECEIVED;
  if (!AT_REST) return false;
  uint64_t sent = naive_sent_by_peer(story, moment);
  if (naive_is_undelivered(story, moment, sent)) return !resume_owes(story, moment);
  naive_place place = naive_incoming(story, moment);
  return was_lost_regularly(story, moment) && naive_peer_end(story, moment) != NAIVE_NEVER &&
         naive_close(story, moment) == NAIVE_NEVER && !naive_fatal(story, moment) && !place.unknown &&
         place.offset < sent;
}

bool naive_B18(const naive_story *story, int moment) {
  bool clean = BEGINS(CONNECTION_LOST) && here(story, moment)->code == WEIR_EXCEPTION_NONE;
  naive_place place = naive_incoming(story, moment);
  return (clean || BEGINS(EOF_RECEIVED)) && naive_peer_end(story, moment) != NAIVE_NEVER &&
         naive_close(story, moment) == NAIVE_NEVER && !naive_fatal(story, moment) && !place.unknown &&
         place.offset < naive_sent_by_peer(story, moment);
}

bool naive_B21(const naive_story *story, int moment) {
  return BEGINS(DATA_RECEIVED) && here(story, moment)->a == 0;
}

/* ---- T */
static int last_switch(const naive_story *story, int before) {
  for (int i = before - 1; i >= 0; i--)
    if (story->moments[i].event == WEIR_EVENT_SET_PROTOCOL && story->moments[i].ends &&
        !(here(story, i)->flags & WEIR_FLAG_RAISED))
      return i;
  return NAIVE_NEVER;
}

static unsigned protocol_now(const naive_story *story, int before) {
  int set = last_switch(story, before);
  return set == NAIVE_NEVER ? 0 : here(story, story->moments[set].other)->a;
}

/* A read that began before the switch may still go to the old object. */
static bool comes_to_old_object(const naive_story *story, int moment) {
  int set = last_switch(story, moment);
  unsigned now = protocol_now(story, moment);
  if (weir_record_protocol(here(story, moment)) == now) return false;
  bool read = !naive_sees_socket(story, moment);
  for (int i = set; i < moment; i++)
    read = read || (story->moments[i].event == WEIR_EVENT_RECV && (int64_t)here(story, i)->b >= 0);
  if (BEGINS(GET_BUFFER) || BEGINS(CONNECTION_LOST)) return true;
  if (BEGINS(DATA_RECEIVED) || BEGINS(EOF_RECEIVED)) return read;
  if (!BEGINS(BUFFER_UPDATED)) return false;
  int given = naive_last(story, WEIR_EVENT_GET_BUFFER, moment);
  if (naive_last(story, WEIR_EVENT_DATA_RECEIVED, moment) > given) given = NAIVE_NEVER;
  unsigned giver = given == NAIVE_NEVER ? 0 : weir_record_protocol(here(story, given));
  return giver == now; /* else B16 permits it */
}

static bool delivered_since(const naive_story *story, int since, int before) {
  for (int i = since; i < before; i++)
    if (naive_is_incoming(story, i)) return true;
  return false;
}

bool naive_T1(const naive_story *story, int moment) {
  if (ENDS(GET_PROTOCOL))
    return naive_returned(story, story->moments[moment].other, moment + 1) && !naive_lost(story, moment) &&
           here(story, moment)->b != protocol_now(story, moment);
  int set = last_switch(story, moment);
  if (set == NAIVE_NEVER) return false;
  if (story->moments[moment].begins && comes_to_old_object(story, moment)) return true;
  return is_jump(story, moment) && !delivered_since(story, set, moment);
}

bool naive_T2(const naive_story *story, int moment) {
  bool reads = (story->moments[moment].begins && naive_is_reading(story->moments[moment].event)) || IS(RECV);
  int set = last_switch(story, moment);
  return reads && set != NAIVE_NEVER && naive_began(story, WEIR_EVENT_EOF_RECEIVED, set) && !naive_lost(story, moment);
}
