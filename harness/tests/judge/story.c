/* A trace as moments, and what can be asked of it. */
#include <errno.h>

#include "naive.h"

static bool is_pair(unsigned event) {
  return naive_is_callback(event) || naive_is_call(event) || event == WEIR_EVENT_OUTSIDE;
}

/* What concerns every connection. */
static bool is_of_all(unsigned event) {
  return event == WEIR_EVENT_END || event == WEIR_EVENT_TIMEOUT || event == WEIR_EVENT_ADVANCE;
}

static void add(naive_story *story, uint32_t record, bool begins, bool ends, int inside, int other) {
  story->moments[story->count++] = (naive_moment){.event = (weir_event)story->records[record].event,
                                                  .begins = begins,
                                                  .ends = ends,
                                                  .inside = inside,
                                                  .other = other,
                                                  .record = record};
}

/* Adds a record's moments; *inside is what is open. */
static bool add_record(naive_story *story, uint32_t number, int *inside) {
  const weir_record *record = &story->records[number];
  if (record->event == 0 || record->event >= WEIR_EVENT_COUNT) return false;
  bool begins = record->flags & WEIR_FLAG_BEGIN, ends = record->flags & WEIR_FLAG_END;
  if (!is_pair(record->event)) {
    if (begins || ends) return false;
    add(story, number, false, false, *inside, NAIVE_NEVER);
    return true;
  }
  if (!begins && !ends) return false;
  if (begins) {
    add(story, number, true, false, *inside, NAIVE_NEVER);
    *inside = story->count - 1;
  }
  if (ends) {
    int begin = *inside;
    if (begin == NAIVE_NEVER || story->moments[begin].event != (weir_event)record->event) return false;
    *inside = story->moments[begin].inside;
    story->moments[begin].other = story->count;
    add(story, number, false, true, *inside, begin);
  }
  return true;
}

bool naive_story_read(naive_story *story, const weir_record *records, uint32_t count, uint8_t connection,
                      naive_moment *moments) {
  *story = (naive_story){.records = records, .moments = moments};
  int inside = NAIVE_NEVER;
  for (uint32_t i = 0; i < count; i++) {
    if (records[i].connection != connection && !is_of_all(records[i].event)) continue;
    if (story->count + 2 > NAIVE_MOMENTS_MAX || !add_record(story, i, &inside)) return false;
  }
  return true;
}

const weir_record *naive_begin(const naive_story *story, int moment) {
  return &story->records[story->moments[moment].record];
}

static bool ended(const naive_story *story, int begin, int before) {
  int end = story->moments[begin].other;
  return end != NAIVE_NEVER && end < before;
}

bool naive_raised(const naive_story *story, int begin, int before) {
  if (!ended(story, begin, before)) return false;
  return naive_begin(story, story->moments[begin].other)->flags & WEIR_FLAG_RAISED;
}

bool naive_returned(const naive_story *story, int begin, int before) {
  return ended(story, begin, before) && !naive_raised(story, begin, before);
}

uint64_t naive_result(const naive_story *story, int begin) {
  return naive_begin(story, story->moments[begin].other)->b;
}

weir_exception naive_exception(const naive_story *story, int begin) {
  return (weir_exception)naive_begin(story, story->moments[begin].other)->code;
}

int naive_first(const naive_story *story, unsigned event, int before) {
  for (int i = 0; i < before; i++)
    if (story->moments[i].event == event && !story->moments[i].ends) return i;
  return NAIVE_NEVER;
}

int naive_last(const naive_story *story, unsigned event, int before) {
  for (int i = before - 1; i >= 0; i--)
    if (story->moments[i].event == event && !story->moments[i].ends) return i;
  return NAIVE_NEVER;
}

bool naive_began(const naive_story *story, unsigned event, int before) {
  return naive_first(story, event, before) != NAIVE_NEVER;
}

bool naive_stands_in(const naive_story *story, int moment, unsigned event) {
  for (int i = story->moments[moment].inside; i != NAIVE_NEVER; i = story->moments[i].inside)
    if (story->moments[i].event == event) return true;
  return false;
}

int naive_callback_around(const naive_story *story, int moment) {
  for (int i = story->moments[moment].inside; i != NAIVE_NEVER; i = story->moments[i].inside)
    if (naive_is_callback(story->moments[i].event)) return i;
  return NAIVE_NEVER;
}

bool naive_sees_socket(const naive_story *story, int before) {
  for (int i = 0; i < before; i++)
    if (weir_event_group_of(story->moments[i].event) == WEIR_GROUP_SOCKET) return true;
  return false;
}

bool naive_sees_peer(const naive_story *story, int before) {
  for (int i = 0; i < before; i++)
    if (weir_event_group_of(story->moments[i].event) == WEIR_GROUP_PEER && story->moments[i].event != WEIR_EVENT_ADVANCE)
      return true;
  return false;
}

int naive_close(const naive_story *story, int before) {
  for (int i = 0; i < before; i++)
    if ((story->moments[i].event == WEIR_EVENT_CLOSE || story->moments[i].event == WEIR_EVENT_ABORT) &&
        story->moments[i].begins)
      return i;
  return NAIVE_NEVER;
}

bool naive_lost(const naive_story *story, int before) { return naive_began(story, WEIR_EVENT_CONNECTION_LOST, before); }

static bool fails(const weir_record *record) {
  if (record->event != WEIR_EVENT_RECV && record->event != WEIR_EVENT_SEND) return false;
  int64_t result = (int64_t)record->b;
  return result < 0 && result != -EAGAIN && result != -EWOULDBLOCK && result != -EINTR;
}

int naive_failure(const naive_story *story, int before) {
  for (int i = 0; i < before; i++)
    if (fails(naive_begin(story, i))) return i;
  return NAIVE_NEVER;
}

/* A callback of the connection proper; what flow control raises changes nothing (F7), what connection_lost raises
 * comes too late. */
static bool raises(const naive_story *story, int moment) {
  const naive_moment *at = &story->moments[moment];
  return at->ends && naive_is_callback(at->event) && at->event != WEIR_EVENT_PAUSE_WRITING &&
         at->event != WEIR_EVENT_RESUME_WRITING && at->event != WEIR_EVENT_CONNECTION_LOST &&
         (naive_begin(story, moment)->flags & WEIR_FLAG_RAISED);
}

int naive_trouble(const naive_story *story, int before) {
  for (int i = 0; i < before; i++) {
    if (fails(naive_begin(story, i)) || raises(story, i)) return i;
    const naive_moment *at = &story->moments[i];
    if (at->ends && at->event == WEIR_EVENT_GET_BUFFER && !naive_gives_usable(story, at->other)) return i;
  }
  return NAIVE_NEVER;
}

bool naive_saw_end(const naive_story *story, int before) {
  for (int i = 0; i < before; i++) {
    const weir_record *record = naive_begin(story, i);
    if (record->event == WEIR_EVENT_RECV && record->a > 0 && record->b == 0) return true;
  }
  return naive_began(story, WEIR_EVENT_EOF_RECEIVED, before);
}

static bool eof_gave(const naive_story *story, int before, uint64_t result) {
  for (int i = 0; i < before; i++)
    if (story->moments[i].event == WEIR_EVENT_EOF_RECEIVED && story->moments[i].begins &&
        naive_returned(story, i, before) && naive_result(story, i) == result)
      return true;
  return false;
}

bool naive_kept_open(const naive_story *story, int before) { return eof_gave(story, before, 1); }
bool naive_let_go(const naive_story *story, int before) { return eof_gave(story, before, 0); }

int naive_pause(const naive_story *story, int before) {
  for (int i = before - 1; i >= 0; i--) {
    if (!story->moments[i].begins || naive_raised(story, i, before)) continue;
    if (story->moments[i].event == WEIR_EVENT_RESUME_READING) return NAIVE_NEVER;
    if (story->moments[i].event == WEIR_EVENT_PAUSE_READING) return i;
  }
  return NAIVE_NEVER;
}

bool naive_peer_ended(const naive_story *story, int before) {
  return naive_began(story, WEIR_EVENT_PEER_FIN, before) || naive_began(story, WEIR_EVENT_PEER_CLOSE, before);
}

bool naive_peer_reads(const naive_story *story, int before) {
  if (naive_began(story, WEIR_EVENT_PEER_CLOSE, before) || naive_began(story, WEIR_EVENT_PEER_RESET, before))
    return false;
  return naive_last(story, WEIR_EVENT_PEER_START, before) >= naive_last(story, WEIR_EVENT_PEER_STOP, before);
}

bool naive_ends(const naive_story *story, int moment, weir_end how) {
  return story->moments[moment].event == WEIR_EVENT_END && naive_begin(story, moment)->code == how;
}

static uint64_t sum(const naive_story *story, unsigned event, int before) {
  uint64_t total = 0;
  for (int i = 0; i < before; i++)
    if (story->moments[i].event == event && !story->moments[i].ends) total += naive_begin(story, i)->a;
  return total;
}

uint64_t naive_sent_by_peer(const naive_story *story, int before) { return sum(story, WEIR_EVENT_PEER_SEND, before); }
uint64_t naive_delivered(const naive_story *story, int before) {
  return sum(story, WEIR_EVENT_BUFFER_UPDATED, before) + sum(story, WEIR_EVENT_DATA_RECEIVED, before);
}
uint64_t naive_received_by_peer(const naive_story *story, int before) {
  return sum(story, WEIR_EVENT_PEER_RECEIVED, before);
}

/* Whether a write that begins there is one that the transport must take. */
static bool may_write(const naive_story *story, int moment) {
  int eof = naive_last(story, WEIR_EVENT_WRITE_EOF, moment);
  if (eof != NAIVE_NEVER && !naive_raised(story, eof, moment)) return false;
  return naive_close(story, moment) == NAIVE_NEVER && !naive_lost(story, moment) && !naive_let_go(story, moment) &&
         naive_failure(story, moment) == NAIVE_NEVER;
}

static bool is_write(const naive_story *story, int moment) {
  const naive_moment *at = &story->moments[moment];
  if (!at->begins) return false;
  if (at->event == WEIR_EVENT_WRITELINES) return true;
  return at->event == WEIR_EVENT_WRITE && weir_bytes_kind_is_bytes_like(naive_begin(story, moment)->code);
}

uint64_t naive_accepted(const naive_story *story, int before) {
  uint64_t total = 0;
  for (int i = 0; i < before; i++)
    if (is_write(story, i) && !naive_raised(story, i, before) && may_write(story, i)) total += naive_begin(story, i)->a;
  return total;
}

uint64_t naive_unsent(const naive_story *story, int before) {
  if (naive_began(story, WEIR_EVENT_ABORT, before) || naive_failure(story, before) != NAIVE_NEVER) return 0;
  uint64_t accepted = naive_accepted(story, before), sent = 0;
  for (int i = 0; i < before; i++)
    if (story->moments[i].event == WEIR_EVENT_SEND && (int64_t)naive_begin(story, i)->b > 0)
      sent += naive_begin(story, i)->b;
  return accepted > sent ? accepted - sent : 0;
}

uint32_t naive_buffer_size(const naive_story *story, int get_buffer) { return (uint32_t)naive_result(story, get_buffer); }

bool naive_gives_usable(const naive_story *story, int get_buffer) {
  return weir_buffer_kind_usable((unsigned)(naive_result(story, get_buffer) >> 56)) &&
         naive_buffer_size(story, get_buffer) > 0;
}

/* D6: the get_buffer just before, if it gave a buffer and no buffer_updated has had it yet. */
int naive_pair(const naive_story *story, int moment) {
  int given = naive_last(story, WEIR_EVENT_GET_BUFFER, moment);
  if (given == NAIVE_NEVER || !naive_returned(story, given, moment)) return NAIVE_NEVER;
  int used = naive_last(story, WEIR_EVENT_BUFFER_UPDATED, moment);
  return used > given ? NAIVE_NEVER : given;
}

bool naive_payload_is_wrong(const weir_record *record, uint64_t expected) {
  if (record->a == 0 || record->code == WEIR_DATA_UNKNOWN || record->code == WEIR_DATA_MIXED) return false;
  return record->code != WEIR_DATA_STREAM || record->b != expected;
}
