/* Rules E, P and C. */
#include <errno.h>

#include "weir/transport.h"

#include "naive.h"

#define IS(name)     (story->moments[moment].event == WEIR_EVENT_##name)
#define BEGINS(name) (IS(name) && story->moments[moment].begins)
#define ENDS(name)   (IS(name) && story->moments[moment].ends)
#define AT_REST      naive_ends(story, moment, WEIR_END_QUIESCENT)

static const weir_record *here(const naive_story *story, int moment) {
  return naive_begin(story, moment);
}

static bool is_clean_end(const naive_story *story, int moment) {
  return BEGINS(CONNECTION_LOST) && here(story, moment)->code == WEIR_EXCEPTION_NONE;
}

static bool is_in(const naive_story *story, int moment, unsigned callback) {
  int around = naive_callback_around(story, moment);
  return around != NAIVE_NEVER && story->moments[around].event == callback;
}

bool naive_E1(const naive_story *story, int moment) {
  return BEGINS(EOF_RECEIVED) && naive_began(story, WEIR_EVENT_EOF_RECEIVED, moment);
}

bool naive_E2(const naive_story *story, int moment) {
  return story->moments[moment].begins && naive_is_reading(story->moments[moment].event) &&
         naive_began(story, WEIR_EVENT_EOF_RECEIVED, moment);
}

bool naive_E5(const naive_story *story, int moment) {
  return AT_REST && naive_eof_closes(story, moment) && naive_kept_open(story, moment) && !naive_lost(story, moment) &&
         !naive_flush_may_wait(story, moment);
}

bool naive_E3(const naive_story *story, int moment) {
  if (naive_eof_closes(story, moment) && naive_kept_open(story, moment)) return false; /* E5 */
  return AT_REST && naive_let_go(story, moment) && !naive_lost(story, moment) && !naive_flush_may_wait(story, moment);
}

/* Nothing but the true eof_received has happened. */
static bool is_half_open(const naive_story *story, int moment) {
  return naive_kept_open(story, moment) && naive_close(story, moment) == NAIVE_NEVER &&
         !naive_wrote_eof(story, moment) && !naive_fatal(story, moment) && naive_sees_calls(story, moment) &&
         naive_offers(story, WEIR_CAN_HALF_CLOSE, moment);
}

static bool is_missing_what_came_after_eof(const naive_story *story, int moment) {
  int write = naive_write_of(story, naive_outgoing(story, moment).offset, moment);
  return naive_kept_open(story, moment) && naive_offers(story, WEIR_CAN_HALF_CLOSE, moment) &&
         naive_is_missing(story, moment) && write != NAIVE_NEVER && naive_began(story, WEIR_EVENT_EOF_RECEIVED, write);
}

bool naive_E4(const naive_story *story, int moment) {
  if (AT_REST) return is_missing_what_came_after_eof(story, moment);
  if (!is_half_open(story, moment)) return false;
  if (naive_ends(story, moment, WEIR_END_SPIN)) return !naive_lost(story, moment);
  if (BEGINS(CONNECTION_LOST)) return is_clean_end(story, moment); /* an exception: L4 */
  if (naive_lost(story, moment)) return false;
  return (IS(SHUTDOWN) && here(story, moment)->b == 0) || IS(SOCKET_CLOSE) || IS(PEER_SAW_FIN);
}

bool naive_E7(const naive_story *story, int moment) {
  return BEGINS(EOF_RECEIVED) && naive_close(story, moment) != NAIVE_NEVER;
}

/* The peer has ended, everything else was delivered, and eof_received never came. */
static bool is_untold(const naive_story *story, int moment) {
  return AT_REST && naive_reads(story, moment) && naive_end(story, moment) != NAIVE_NEVER &&
         !naive_fatal(story, moment) && naive_incoming(story, moment).offset >= naive_sent_by_peer(story, moment);
}

static bool end_waited_for_resume(const naive_story *story, int moment) {
  return naive_end(story, moment) < naive_resume(story, moment);
}

/* The end arrives when the transport reads it. */
bool naive_E8(const naive_story *story, int moment) {
  if (AT_REST) return is_untold(story, moment) && end_waited_for_resume(story, moment);
  if (!BEGINS(EOF_RECEIVED) || naive_close(story, moment) != NAIVE_NEVER) return false;
  int pause = naive_pause(story, moment), read = naive_recv_end(story, moment);
  if (naive_is_tls(story, moment)) read = naive_peer_end(story, moment); /* or later: no recv shows it */
  return pause != NAIVE_NEVER && !(read != NAIVE_NEVER && read < pause);
}

bool naive_E9(const naive_story *story, int moment) {
  if (!BEGINS(CONNECTION_LOST)) return false;
  bool inside = false;
  for (int i = 0; i < moment; i++) {
    unsigned event = story->moments[i].event;
    if ((event == WEIR_EVENT_CLOSE || event == WEIR_EVENT_ABORT) && story->moments[i].begins && !naive_lost(story, i) &&
        !naive_refused(story, i, moment) && is_in(story, i, WEIR_EVENT_EOF_RECEIVED))
      inside = true;
  }
  if (!inside) return false;
  if (naive_lost(story, moment)) return true;
  return here(story, moment)->code != WEIR_EXCEPTION_NONE && !naive_fatal(story, moment) &&
         naive_sees_failures(story, moment) && !naive_raised_in(story, WEIR_EVENT_PAUSE_WRITING, moment) &&
         !naive_raised_in(story, WEIR_EVENT_RESUME_WRITING, moment);
}

/* At the end it may turn out that the peer had not done anything yet. */
bool naive_E12(const naive_story *story, int moment) {
  int first = naive_first(story, WEIR_EVENT_EOF_RECEIVED, moment);
  if (BEGINS(EOF_RECEIVED)) return first == NAIVE_NEVER && !naive_eof_is_real(story, moment);
  return IS(END) && first != NAIVE_NEVER && !naive_sees_peer(story, first) && naive_sees_peer(story, moment) &&
         naive_recv_end(story, first) == NAIVE_NEVER;
}

bool naive_E13(const naive_story *story, int moment) {
  if (AT_REST) return is_untold(story, moment) && !end_waited_for_resume(story, moment);
  return is_clean_end(story, moment) && naive_end(story, moment) != NAIVE_NEVER && naive_reads(story, moment) &&
         !naive_fatal(story, moment);
}

/* ---- P */
static bool delivers_paused(const naive_story *story, int moment) {
  return story->moments[moment].begins && naive_is_delivery(story->moments[moment].event) &&
         naive_pause(story, moment) != NAIVE_NEVER;
}

static bool delivers_paused_in(const naive_story *story, int moment, unsigned callback) {
  return delivers_paused(story, moment) && is_in(story, naive_pause(story, moment), callback);
}

bool naive_P1(const naive_story *story, int moment) {
  return delivers_paused(story, moment);
}
bool naive_P4(const naive_story *story, int moment) {
  return delivers_paused_in(story, moment, WEIR_EVENT_CONNECTION_MADE);
}
bool naive_P7(const naive_story *story, int moment) {
  return delivers_paused_in(story, moment, WEIR_EVENT_GET_BUFFER);
}

/* The first pause, or the first resume after it, of an open transport is no repetition: L13. */
bool naive_P2(const naive_story *story, int moment) {
  if ((!ENDS(PAUSE_READING) && !ENDS(RESUME_READING)) || !naive_fails(story, moment)) return false;
  int begin = story->moments[moment].other;
  bool paused = naive_pause(story, begin) != NAIVE_NEVER;
  return naive_dying(story, begin) || (IS(PAUSE_READING) ? paused : !paused);
}

bool naive_P3(const naive_story *story, int moment) {
  if (!ENDS(IS_READING) || !naive_returned(story, story->moments[moment].other, moment + 1)) return false;
  int begin = story->moments[moment].other;
  if (naive_stands_in(story, begin, WEIR_EVENT_CLOSE) || naive_stands_in(story, begin, WEIR_EVENT_ABORT) ||
      naive_stands_in(story, begin, WEIR_EVENT_PAUSE_READING) ||
      naive_stands_in(story, begin, WEIR_EVENT_RESUME_READING))
    return false; /* being changed */
  bool paused = naive_pause(story, begin) != NAIVE_NEVER;
  if (naive_result(story, begin) != 0) return paused || naive_gone(story, begin);
  return naive_sees_failures(story, moment) && naive_reads(story, begin) &&
         !naive_stands_in(story, begin, WEIR_EVENT_CONNECTION_MADE) && !naive_dying(story, begin) &&
         naive_end(story, begin) == NAIVE_NEVER && naive_recv_end(story, begin) == NAIVE_NEVER;
}

/* What had come when reading was resumed was not delivered. */
static bool resume_failed(const naive_story *story, int moment) {
  int resume = naive_resume(story, moment);
  return resume != NAIVE_NEVER && naive_is_undelivered(story, moment, naive_sent_by_peer(story, resume));
}

bool naive_P5(const naive_story *story, int moment) {
  if (delivers_paused_in(story, moment, WEIR_EVENT_BUFFER_UPDATED) ||
      delivers_paused_in(story, moment, WEIR_EVENT_DATA_RECEIVED))
    return true;
  if (!resume_failed(story, moment)) return false;
  for (int i = 0; i < moment; i++)
    if (naive_pause(story, i + 1) == i &&
        (is_in(story, i, WEIR_EVENT_BUFFER_UPDATED) || is_in(story, i, WEIR_EVENT_DATA_RECEIVED)))
      return true;
  return false;
}

bool naive_P6(const naive_story *story, int moment) {
  return resume_failed(story, moment);
}

static bool is_fruitless(const naive_story *story, int moment) {
  int64_t result = (int64_t)here(story, moment)->b;
  return IS(TIMEOUT) || (IS(RECV) && (result == -EAGAIN || result == -EINTR));
}

/* Polling: the fourth look in a row that finds nothing, with nothing else between them but get_buffer. */
bool naive_P8(const naive_story *story, int moment) {
  int pause = naive_pause(story, moment);
  if (pause == NAIVE_NEVER) return false;
  if (naive_ends(story, moment, WEIR_END_SPIN)) return !naive_gone(story, moment);
  if (!IS(TIMEOUT) && !(IS(RECV) && (int64_t)here(story, moment)->b < 0)) return false;
  if (naive_dying(story, moment) || naive_began(story, WEIR_EVENT_EOF_RECEIVED, moment)) return false;
  int polls = 0;
  for (int i = moment - 1; i > pause; i--) {
    if (story->moments[i].ends || story->moments[i].event == WEIR_EVENT_GET_BUFFER) continue;
    if (!is_fruitless(story, i)) break;
    polls++;
  }
  return polls >= 3;
}

/* ---- C */
bool naive_C1(const naive_story *story, int moment) {
  return story->moments[moment].begins && naive_is_delivery(story->moments[moment].event) &&
         naive_close(story, moment) != NAIVE_NEVER;
}

bool naive_C8(const naive_story *story, int moment) {
  return BEGINS(GET_BUFFER) && naive_close(story, moment) != NAIVE_NEVER;
}

bool naive_C2(const naive_story *story, int moment) {
  if (!naive_closed_by(story, WEIR_EVENT_CLOSE, moment) || naive_closed_by(story, WEIR_EVENT_ABORT, moment))
    return false;
  if (naive_fatal(story, moment) || naive_began(story, WEIR_EVENT_PEER_CLOSE, moment) || naive_is_unsure(story, moment))
    return false;
  uint64_t sure = naive_sure(story, moment);
  if (BEGINS(CONNECTION_LOST)) return naive_sees_socket(story, moment) && naive_sent(story, moment) < sure;
  naive_place place = naive_outgoing(story, moment);
  if (IS(PEER_SAW_FIN)) return !place.unknown && place.offset < sure;
  if (!AT_REST) return false;
  if (naive_is_missing(story, moment) && !naive_began(story, WEIR_EVENT_PEER_SAW_FIN, moment)) return true;
  return !naive_lost(story, moment) && !naive_flush_may_wait(story, moment);
}

bool naive_C3(const naive_story *story, int moment) {
  if (!naive_closed_by(story, WEIR_EVENT_ABORT, moment)) return false;
  if (IS(SEND) && naive_is_tls(story, moment)) return false; /* TLS may have a last word */
  if (IS(SEND)) return (int64_t)here(story, moment)->b > 0 && !naive_stands_in(story, moment, WEIR_EVENT_ABORT);
  return AT_REST && !naive_lost(story, moment) && naive_made(story, moment);
}

bool naive_C4(const naive_story *story, int moment) {
  if (!BEGINS(CONNECTION_LOST) || !naive_lost(story, moment)) return false;
  int closes = 0;
  for (int i = 0; i < moment; i++)
    closes += story->moments[i].begins && !naive_lost(story, i) && !naive_refused(story, i, moment) &&
              (story->moments[i].event == WEIR_EVENT_CLOSE || story->moments[i].event == WEIR_EVENT_ABORT);
  return closes >= 2;
}

bool naive_C5(const naive_story *story, int moment) {
  return (ENDS(CLOSE) || ENDS(ABORT)) && naive_fails(story, moment) &&
         naive_callback_around(story, moment) != NAIVE_NEVER;
}
