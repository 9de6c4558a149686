/* A trace as moments, and what can be asked of it. */
#include <errno.h>

#include "naive.h"
#include "weir/transport.h"

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
  if (naive_is_tls(story, before)) return false; /* what is on the wire tells nothing of the streams */
  for (int i = 0; i < before; i++)
    if (weir_event_group_of(story->moments[i].event) == WEIR_GROUP_SOCKET) return true;
  return false;
}

bool naive_sees_peer(const naive_story *story, int before) {
  for (int i = 0; i < before; i++)
    if (weir_event_group_of(story->moments[i].event) == WEIR_GROUP_PEER &&
        story->moments[i].event != WEIR_EVENT_ADVANCE)
      return true;
  return false;
}

bool naive_sees_calls(const naive_story *story, int before) {
  for (int i = 0; i < before; i++)
    if (story->moments[i].event == WEIR_EVENT_OPEN || naive_is_call(story->moments[i].event)) return true;
  return false;
}

/* The trace would show a failure of the connection; one of a live program shows neither socket nor peer, and nobody
 * says what its callbacks do. */
bool naive_sees_failures(const naive_story *story, int before) {
  if (naive_sees_socket(story, before) || naive_sees_peer(story, before)) return true;
  int open = naive_first(story, WEIR_EVENT_OPEN, before);
  return open != NAIVE_NEVER && (naive_begin(story, open)->a & WEIR_CAN_RAISE) != 0;
}

bool naive_sees_handler(const naive_story *story, int before) {
  return naive_sees_failures(story, before) || naive_began(story, WEIR_EVENT_EXCEPTION_HANDLER, before);
}

/* ---- This side */
bool naive_refused(const naive_story *story, int begin, int before) {
  return naive_raised(story, begin, before) && naive_exception(story, begin) != WEIR_EXCEPTION_PROBE;
}

bool naive_fails(const naive_story *story, int end) {
  const weir_record *record = naive_begin(story, end);
  return (record->flags & WEIR_FLAG_RAISED) && record->code != WEIR_EXCEPTION_PROBE &&
         record->code != WEIR_EXCEPTION_UNSUPPORTED && record->code != WEIR_EXCEPTION_MEMORY;
}

static bool closes(const naive_story *story, int moment, int before) {
  const naive_moment *at = &story->moments[moment];
  return at->begins && (at->event == WEIR_EVENT_CLOSE || at->event == WEIR_EVENT_ABORT) &&
         !naive_refused(story, moment, before) && !naive_lost(story, moment);
}

int naive_close(const naive_story *story, int before) {
  for (int i = 0; i < before; i++)
    if (closes(story, i, before)) return i;
  return NAIVE_NEVER;
}

bool naive_closed_by(const naive_story *story, unsigned call, int before) {
  for (int i = 0; i < before; i++)
    if (story->moments[i].event == call && closes(story, i, before)) return true;
  return false;
}

/* The first pause since reading was on; on a connection that is gone it does nothing. */
int naive_pause(const naive_story *story, int before) {
  int pause = NAIVE_NEVER;
  for (int i = 0; i < before; i++) {
    if (!story->moments[i].begins) continue;
    if (story->moments[i].event == WEIR_EVENT_RESUME_READING && !naive_refused(story, i, before)) pause = NAIVE_NEVER;
    if (story->moments[i].event != WEIR_EVENT_PAUSE_READING || pause != NAIVE_NEVER) continue;
    if (!naive_refused(story, i, before) && !naive_gone(story, i)) pause = i;
  }
  return pause;
}

int naive_resume(const naive_story *story, int before) {
  for (int i = before - 1; i >= 0; i--)
    if (story->moments[i].event == WEIR_EVENT_RESUME_READING && story->moments[i].begins &&
        naive_pause(story, i) != NAIVE_NEVER)
      return i;
  return NAIVE_NEVER;
}

bool naive_wrote_eof(const naive_story *story, int before) {
  for (int i = 0; i < before; i++)
    if (story->moments[i].event == WEIR_EVENT_WRITE_EOF && story->moments[i].begins && !naive_refused(story, i, before))
      return true;
  return false;
}

bool naive_misused(const naive_story *story, int before) {
  for (int i = 0; i < before; i++) {
    const weir_record *record = naive_begin(story, i);
    if (!story->moments[i].begins) continue;
    if (record->event == WEIR_EVENT_WRITE && !naive_is_bytes_like(story, i)) return true;
    int32_t high = (int32_t)record->a, low = (int32_t)(uint32_t)record->b;
    bool given = high != INT32_MIN && low != INT32_MIN;
    bool illegal = (high != INT32_MIN && high < 0) || (low != INT32_MIN && low < 0) || (given && low > high);
    if (record->event == WEIR_EVENT_SET_LIMITS && illegal && naive_raised(story, i, before)) return true;
  }
  return false;
}

/* ---- The connection */
bool naive_made(const naive_story *story, int before) {
  return naive_began(story, WEIR_EVENT_CONNECTION_MADE, before);
}
bool naive_lost(const naive_story *story, int before) {
  return naive_began(story, WEIR_EVENT_CONNECTION_LOST, before);
}
bool naive_gone(const naive_story *story, int before) {
  return naive_close(story, before) != NAIVE_NEVER || naive_lost(story, before);
}

/* The errno of a socket operation that failed for good, 0: none. */
static int failure(const weir_record *record) {
  bool socket =
      record->event == WEIR_EVENT_RECV || record->event == WEIR_EVENT_SEND || record->event == WEIR_EVENT_SHUTDOWN;
  int64_t result = (int64_t)record->b;
  if (!socket || result >= 0 || result == -EAGAIN || result == -EINTR) return 0;
  return (int)-result;
}

static bool passes(int number) {
  return number == ENOBUFS || number == ENOMEM;
}

bool naive_error(const naive_story *story, int before) {
  for (int i = 0; i < before; i++)
    if (failure(naive_begin(story, i)) != 0 && !passes(failure(naive_begin(story, i)))) return true;
  return false;
}

bool naive_is_tls(const naive_story *story, int before) {
  int open = naive_first(story, WEIR_EVENT_OPEN, before);
  return open != NAIVE_NEVER && naive_begin(story, open)->b == WEIR_LAYER_TLS;
}

bool naive_eof_closes(const naive_story *story, int before) {
  return naive_is_tls(story, before) &&
         !(naive_begin(story, naive_first(story, WEIR_EVENT_OPEN, before))->a & WEIR_CAN_HALF_CLOSE);
}

bool naive_gave_up(const naive_story *story, int before) {
  for (int i = 0; i < before && naive_is_tls(story, before); i++) {
    if (naive_peer_end(story, i) != NAIVE_NEVER) return false;
    if (story->moments[i].event == WEIR_EVENT_PEER_TRUNCATE) return true;
    bool closing = naive_close(story, i) != NAIVE_NEVER || naive_let_go(story, i);
    if (story->moments[i].event == WEIR_EVENT_TIMEOUT && closing && !naive_lost(story, i)) return true;
  }
  return false;
}

bool naive_failed(const naive_story *story, int before) {
  if (naive_gave_up(story, before)) return true;
  for (int i = 0; i < before; i++)
    if (failure(naive_begin(story, i)) != 0) return true;
  return naive_began(story, WEIR_EVENT_PEER_RESET, before);
}

bool naive_raised_in(const naive_story *story, unsigned callback, int before) {
  for (int i = 0; i < before; i++)
    if (story->moments[i].event == callback && story->moments[i].begins && naive_raised(story, i, before)) return true;
  return false;
}

bool naive_troubled(const naive_story *story, int before) {
  static const unsigned callbacks[] = {WEIR_EVENT_CONNECTION_MADE, WEIR_EVENT_GET_BUFFER, WEIR_EVENT_BUFFER_UPDATED,
                                       WEIR_EVENT_DATA_RECEIVED, WEIR_EVENT_EOF_RECEIVED};
  for (size_t i = 0; i < sizeof callbacks / sizeof *callbacks; i++)
    if (naive_raised_in(story, callbacks[i], before)) return true;
  for (int i = 0; i < before; i++)
    if (story->moments[i].event == WEIR_EVENT_GET_BUFFER && story->moments[i].begins &&
        naive_returned(story, i, before) && (!naive_is_usable(story, i) || naive_buffer_size(story, i) == 0))
      return true;
  return false;
}

bool naive_fatal(const naive_story *story, int before) {
  return naive_failed(story, before) || naive_troubled(story, before);
}

bool naive_dying(const naive_story *story, int before) {
  return naive_gone(story, before) || naive_let_go(story, before) || naive_fatal(story, before);
}

static bool eof_gave(const naive_story *story, int before, bool result) {
  for (int i = 0; i < before; i++)
    if (story->moments[i].event == WEIR_EVENT_EOF_RECEIVED && story->moments[i].begins &&
        naive_returned(story, i, before) && (naive_result(story, i) != 0) == result)
      return true;
  return false;
}

bool naive_kept_open(const naive_story *story, int before) {
  return eof_gave(story, before, true);
}
bool naive_let_go(const naive_story *story, int before) {
  return eof_gave(story, before, false) || (naive_eof_closes(story, before) && eof_gave(story, before, true));
}

bool naive_reads(const naive_story *story, int before) {
  return naive_made(story, before) && !naive_gone(story, before) && naive_pause(story, before) == NAIVE_NEVER &&
         !naive_began(story, WEIR_EVENT_EOF_RECEIVED, before);
}

int naive_recv_end(const naive_story *story, int before) {
  if (naive_is_tls(story, before)) return NAIVE_NEVER;
  for (int i = 0; i < before; i++) {
    const weir_record *record = naive_begin(story, i);
    if (record->event == WEIR_EVENT_RECV && record->a > 0 && record->b == 0 && !naive_error(story, i) &&
        !naive_began(story, WEIR_EVENT_PEER_RESET, i))
      return i;
  }
  return NAIVE_NEVER;
}

bool naive_is_write_pipe(const naive_story *story, int before) {
  int open = naive_first(story, WEIR_EVENT_OPEN, before);
  return open != NAIVE_NEVER && naive_begin(story, open)->b == WEIR_LAYER_WRITE_PIPE;
}

int naive_peer_end(const naive_story *story, int before) {
  if (naive_is_write_pipe(story, before)) return NAIVE_NEVER;
  for (int i = 0; i < before; i++) {
    unsigned event = story->moments[i].event;
    if (event == WEIR_EVENT_PEER_FIN || event == WEIR_EVENT_PEER_CLOSE || event == WEIR_EVENT_PEER_CLOSE_NOTIFY)
      return i;
  }
  return NAIVE_NEVER;
}

int naive_end(const naive_story *story, int before) {
  int peer = naive_peer_end(story, before);
  return peer != NAIVE_NEVER ? peer : naive_recv_end(story, before);
}

bool naive_eof_is_real(const naive_story *story, int before) {
  if (naive_sees_peer(story, before))
    return naive_peer_end(story, before) != NAIVE_NEVER || naive_began(story, WEIR_EVENT_PEER_TRUNCATE, before);
  if (naive_began(story, WEIR_EVENT_RECV, before)) return naive_recv_end(story, before) != NAIVE_NEVER;
  return true;
}

static bool peer_is_stopped(const naive_story *story, int before) {
  return naive_last(story, WEIR_EVENT_PEER_STOP, before) > naive_last(story, WEIR_EVENT_PEER_START, before);
}

bool naive_flush_may_wait(const naive_story *story, int before) {
  if (!peer_is_stopped(story, before)) return false;
  if (naive_is_tls(story, before)) return true;
  if (naive_sees_socket(story, before)) return naive_unsent(story, before) > 0;
  return naive_accepted(story, before) > naive_outgoing(story, before).offset;
}

bool naive_ends(const naive_story *story, int moment, weir_end how) {
  return story->moments[moment].event == WEIR_EVENT_END && naive_begin(story, moment)->code == how;
}

bool naive_offers(const naive_story *story, uint32_t capability, int before) {
  int open = naive_first(story, WEIR_EVENT_OPEN, before);
  if (open == NAIVE_NEVER || naive_begin(story, open)->a == 0) return true;
  return naive_begin(story, open)->a & capability;
}

/* ---- Bytes */
static uint64_t sum(const naive_story *story, unsigned event, int before) {
  uint64_t total = 0;
  for (int i = 0; i < before; i++)
    if (story->moments[i].event == event && !story->moments[i].ends) total += naive_begin(story, i)->a;
  return total;
}

uint64_t naive_sent_by_peer(const naive_story *story, int before) {
  return sum(story, WEIR_EVENT_PEER_SEND, before);
}

/* What a `data` record is a part of: the last that was mixed. */
static bool is_part_of_outgoing(const naive_story *story, int moment) {
  for (int i = moment - 1; i >= 0; i--) {
    const naive_moment *at = &story->moments[i];
    bool payload = naive_is_delivery(at->event) || at->event == WEIR_EVENT_PEER_RECEIVED;
    if (payload && !at->ends && naive_begin(story, i)->code == WEIR_DATA_MIXED)
      return at->event == WEIR_EVENT_PEER_RECEIVED;
  }
  return false;
}

bool naive_is_incoming(const naive_story *story, int moment) {
  const naive_moment *at = &story->moments[moment];
  if (at->event == WEIR_EVENT_DATA) return !is_part_of_outgoing(story, moment);
  return at->begins && naive_is_delivery(at->event);
}

bool naive_is_outgoing(const naive_story *story, int moment) {
  const naive_moment *at = &story->moments[moment];
  if (at->event == WEIR_EVENT_DATA) return is_part_of_outgoing(story, moment);
  return at->event == WEIR_EVENT_PEER_RECEIVED;
}

static naive_place go_on(naive_place place, const weir_record *record) {
  switch (record->code) {
  case WEIR_DATA_STREAM: return (naive_place){.offset = record->b + record->a};
  case WEIR_DATA_UNKNOWN: return (naive_place){.offset = place.offset + record->a, .unknown = place.unknown};
  case WEIR_DATA_MIXED: return place;
  default: return (naive_place){.offset = place.offset, .unknown = true};
  }
}

naive_place naive_incoming(const naive_story *story, int before) {
  naive_place place = {0};
  for (int i = 0; i < before; i++)
    if (naive_is_incoming(story, i)) place = go_on(place, naive_begin(story, i));
  return place;
}

naive_place naive_outgoing(const naive_story *story, int before) {
  naive_place place = {0};
  for (int i = 0; i < before; i++)
    if (naive_is_outgoing(story, i)) place = go_on(place, naive_begin(story, i));
  return place;
}

bool naive_is_stray(const weir_record *record, naive_place place) {
  switch (record->code) {
  case WEIR_DATA_UNKNOWN:
  case WEIR_DATA_MIXED: return false;
  case WEIR_DATA_STREAM: return !place.unknown && record->b != place.offset;
  default: return true;
  }
}

bool naive_is_bytes_like(const naive_story *story, int begin) {
  const weir_record *record = naive_begin(story, begin);
  return record->event != WEIR_EVENT_WRITE || weir_bytes_kind_is_bytes_like(record->code);
}

static bool writes(const naive_story *story, int moment) {
  unsigned event = story->moments[moment].event;
  return story->moments[moment].begins && (event == WEIR_EVENT_WRITE || event == WEIR_EVENT_WRITELINES);
}

uint64_t naive_accepted(const naive_story *story, int before) {
  uint64_t total = 0;
  for (int i = 0; i < before; i++)
    if (writes(story, i) && !naive_refused(story, i, before)) total += naive_begin(story, i)->a;
  return total;
}

/* A writelines() is one write for each element (D12): where a callback inside it
 * ended the connection, those behind are late (C7, W6), and nobody knows how many. */
static bool ended_between_lines(const naive_story *story, int i) {
  int end = story->moments[i].other;
  return story->moments[i].event == WEIR_EVENT_WRITELINES &&
         (naive_close(story, end) != NAIVE_NEVER || naive_wrote_eof(story, end));
}

uint64_t naive_sure(const naive_story *story, int before) {
  uint64_t total = 0;
  for (int i = 0; i < before; i++) {
    if (!writes(story, i) || !naive_returned(story, i, before)) continue;
    bool late = naive_dying(story, i) || naive_wrote_eof(story, i) || ended_between_lines(story, i);
    if (!late) total += naive_begin(story, i)->a;
  }
  return total;
}

/* The write that an outgoing byte belongs to: its begin. */
int naive_write_of(const naive_story *story, uint64_t offset, int before) {
  uint64_t end = 0;
  for (int i = 0; i < before; i++) {
    if (!writes(story, i)) continue;
    if (naive_refused(story, i, before)) continue;
    end += naive_begin(story, i)->a;
    if (end > offset) return i;
  }
  return NAIVE_NEVER;
}

bool naive_is_unsure(const naive_story *story, int before) {
  for (int i = 0; i < before; i++) {
    if (!writes(story, i)) continue;
    if (naive_raised(story, i, before) && !naive_refused(story, i, before)) return true;
    if (naive_returned(story, i, before) && !naive_is_bytes_like(story, i)) return true;
  }
  return false;
}

uint64_t naive_sent(const naive_story *story, int before) {
  uint64_t total = 0;
  for (int i = 0; i < before; i++)
    if (story->moments[i].event == WEIR_EVENT_SEND && (int64_t)naive_begin(story, i)->b > 0)
      total += naive_begin(story, i)->b;
  return total;
}

uint64_t naive_unsent(const naive_story *story, int before) {
  uint64_t accepted = naive_accepted(story, before), sent = naive_sent(story, before);
  return accepted > sent ? accepted - sent : 0;
}

unsigned naive_buffer_kind(const naive_story *story, int get_buffer) {
  return (unsigned)(naive_result(story, get_buffer) >> 56);
}
uint32_t naive_buffer_size(const naive_story *story, int get_buffer) {
  return (uint32_t)naive_result(story, get_buffer);
}
bool naive_is_usable(const naive_story *story, int get_buffer) {
  return weir_buffer_kind_usable(naive_buffer_kind(story, get_buffer));
}

/* D6: the get_buffer just before, if it gave a buffer, and nothing was delivered since. */
int naive_pair(const naive_story *story, int moment) {
  int given = naive_last(story, WEIR_EVENT_GET_BUFFER, moment);
  if (given == NAIVE_NEVER || !naive_returned(story, given, moment)) return NAIVE_NEVER;
  if (naive_last(story, WEIR_EVENT_BUFFER_UPDATED, moment) > given) return NAIVE_NEVER;
  return naive_last(story, WEIR_EVENT_DATA_RECEIVED, moment) > given ? NAIVE_NEVER : given;
}

bool naive_is_undelivered(const naive_story *story, int moment, uint64_t at_least) {
  naive_place place = naive_incoming(story, moment);
  return naive_ends(story, moment, WEIR_END_QUIESCENT) && naive_reads(story, moment) &&
         naive_sees_peer(story, moment) && !naive_fatal(story, moment) && !place.unknown && place.offset < at_least;
}

static bool was_lost_by_error(const naive_story *story, int before) {
  for (int i = 0; i < before; i++)
    if (story->moments[i].event == WEIR_EVENT_CONNECTION_LOST && story->moments[i].begins &&
        naive_begin(story, i)->code != WEIR_EXCEPTION_NONE)
      return true;
  return false;
}

bool naive_is_missing(const naive_story *story, int moment) {
  if (!naive_sees_peer(story, moment) || peer_is_stopped(story, moment)) return false;
  if (naive_began(story, WEIR_EVENT_PEER_CLOSE, moment) || naive_began(story, WEIR_EVENT_PEER_RESET, moment))
    return false;
  if (naive_error(story, moment) || naive_troubled(story, moment) || was_lost_by_error(story, moment)) return false;
  if (naive_gave_up(story, moment)) return false;
  if (naive_closed_by(story, WEIR_EVENT_ABORT, moment) || naive_is_unsure(story, moment)) return false;
  naive_place place = naive_outgoing(story, moment);
  return !place.unknown && place.offset < naive_sure(story, moment);
}
