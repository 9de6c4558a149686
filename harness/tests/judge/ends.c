/* Rules E, P and C. */
#include "naive.h"

#define IS(name) (story->moments[moment].event == WEIR_EVENT_##name)
#define BEGINS(name) (IS(name) && story->moments[moment].begins)
#define AT_REST(moment) naive_ends(story, moment, WEIR_END_QUIESCENT)

static const weir_record *record_of(const naive_story *story, int moment) { return naive_begin(story, moment); }

bool naive_E1(const naive_story *story, int moment) {
  return BEGINS(EOF_RECEIVED) && naive_began(story, WEIR_EVENT_EOF_RECEIVED, moment);
}

bool naive_E2(const naive_story *story, int moment) {
  return story->moments[moment].begins && naive_is_reading(story->moments[moment].event) &&
         naive_began(story, WEIR_EVENT_EOF_RECEIVED, moment);
}

bool naive_E3(const naive_story *story, int moment) {
  return AT_REST(moment) && naive_let_go(story, moment) && !naive_lost(story, moment) &&
         naive_unsent(story, moment) == 0;
}

/* After a true eof_received, what ends the connection must have a reason. */
bool naive_E4(const naive_story *story, int moment) {
  if (!naive_kept_open(story, moment)) return false;
  int open = naive_first(story, WEIR_EVENT_OPEN, moment);
  (void)open;
  bool reason = naive_close(story, moment) != NAIVE_NEVER || naive_trouble(story, moment) != NAIVE_NEVER;
  if (naive_ends(story, moment, WEIR_END_SPIN)) return !reason;
  if (AT_REST(moment))
    return !reason && naive_sees_peer(story, moment) && naive_peer_reads(story, moment) &&
           naive_accepted(story, moment) > naive_received_by_peer(story, moment);
  if (IS(SHUTDOWN) || IS(PEER_SAW_FIN)) return !reason && !naive_began(story, WEIR_EVENT_WRITE_EOF, moment);
  return (BEGINS(CONNECTION_LOST) || IS(SOCKET_CLOSE)) && !reason;
}

bool naive_E7(const naive_story *story, int moment) {
  return BEGINS(EOF_RECEIVED) && naive_close(story, moment) != NAIVE_NEVER;
}

bool naive_E8(const naive_story *story, int moment) {
  if (BEGINS(EOF_RECEIVED)) return naive_pause(story, moment) != NAIVE_NEVER;
  if (!AT_REST(moment) || naive_pause(story, moment) != NAIVE_NEVER) return false;
  int end = naive_first(story, WEIR_EVENT_PEER_FIN, moment);
  if (end == NAIVE_NEVER) end = naive_first(story, WEIR_EVENT_PEER_CLOSE, moment);
  return end != NAIVE_NEVER && naive_pause(story, end) != NAIVE_NEVER &&
         !naive_began(story, WEIR_EVENT_EOF_RECEIVED, moment) && naive_close(story, moment) == NAIVE_NEVER &&
         naive_trouble(story, moment) == NAIVE_NEVER && !naive_lost(story, moment);
}

bool naive_E9(const naive_story *story, int moment) {
  if (!BEGINS(CONNECTION_LOST)) return false;
  int close = naive_close(story, moment);
  return close != NAIVE_NEVER && naive_stands_in(story, close, WEIR_EVENT_EOF_RECEIVED) &&
         (record_of(story, moment)->code != WEIR_EXCEPTION_NONE || naive_lost(story, moment)) &&
         naive_trouble(story, moment) == NAIVE_NEVER;
}

bool naive_E12(const naive_story *story, int moment) {
  if (BEGINS(EOF_RECEIVED)) return naive_sees_peer(story, moment) && !naive_peer_ended(story, moment);
  if (!AT_REST(moment)) return false;
  int end = naive_first(story, WEIR_EVENT_EOF_RECEIVED, moment);
  return end != NAIVE_NEVER && naive_sees_peer(story, moment) && !naive_peer_ended(story, end);
}

bool naive_E13(const naive_story *story, int moment) {
  bool clean_end = BEGINS(CONNECTION_LOST) && record_of(story, moment)->code == WEIR_EXCEPTION_NONE;
  if (!clean_end && !AT_REST(moment)) return false;
  if (AT_REST(moment) && naive_lost(story, moment)) return false;
  return naive_peer_ended(story, moment) && !naive_began(story, WEIR_EVENT_EOF_RECEIVED, moment) &&
         naive_began(story, WEIR_EVENT_CONNECTION_MADE, moment) &&
         naive_sent_by_peer(story, moment) <= naive_delivered(story, moment) &&
         naive_close(story, moment) == NAIVE_NEVER && naive_pause(story, moment) == NAIVE_NEVER &&
         naive_trouble(story, moment) == NAIVE_NEVER && !naive_began(story, WEIR_EVENT_PEER_RESET, moment);
}

/* ---- P */
static int pause_over_delivery(const naive_story *story, int moment) {
  if (!story->moments[moment].begins || !naive_is_delivery(story->moments[moment].event)) return NAIVE_NEVER;
  return naive_pause(story, moment);
}

bool naive_P1(const naive_story *story, int moment) { return pause_over_delivery(story, moment) != NAIVE_NEVER; }

static bool paused_inside(const naive_story *story, int moment, unsigned callback) {
  int pause = pause_over_delivery(story, moment);
  return pause != NAIVE_NEVER && naive_stands_in(story, pause, callback);
}

bool naive_P4(const naive_story *story, int moment) {
  return paused_inside(story, moment, WEIR_EVENT_CONNECTION_MADE);
}
bool naive_P7(const naive_story *story, int moment) { return paused_inside(story, moment, WEIR_EVENT_GET_BUFFER); }

bool naive_P2(const naive_story *story, int moment) {
  if (!story->moments[moment].ends || (!IS(PAUSE_READING) && !IS(RESUME_READING))) return false;
  int begin = story->moments[moment].other;
  return naive_raised(story, begin, moment + 1) && naive_exception(story, begin) != WEIR_EXCEPTION_UNSUPPORTED;
}

bool naive_P3(const naive_story *story, int moment) {
  if (!IS(IS_READING) || !story->moments[moment].ends) return false;
  int begin = story->moments[moment].other;
  if (!naive_returned(story, begin, moment + 1)) return false;
  bool closing = naive_close(story, begin) != NAIVE_NEVER || naive_lost(story, begin);
  bool paused = naive_pause(story, begin) != NAIVE_NEVER;
  if (naive_result(story, begin)) return closing || paused;
  /* The transport may be closing by itself. */
  return !closing && !paused && !naive_began(story, WEIR_EVENT_EOF_RECEIVED, begin) &&
         naive_trouble(story, begin) == NAIVE_NEVER && !naive_saw_end(story, begin);
}

/* Bytes of the peer that did not come, though reading was resumed after a pause. */
static bool is_stuck_after_pause(const naive_story *story, int moment) {
  if (!AT_REST(moment) || naive_pause(story, moment) != NAIVE_NEVER) return false;
  return naive_began(story, WEIR_EVENT_RESUME_READING, moment) && !naive_lost(story, moment) &&
         naive_sent_by_peer(story, moment) > naive_delivered(story, moment) &&
         naive_close(story, moment) == NAIVE_NEVER && naive_trouble(story, moment) == NAIVE_NEVER &&
         !naive_began(story, WEIR_EVENT_EOF_RECEIVED, moment) && !naive_began(story, WEIR_EVENT_PEER_RESET, moment);
}

bool naive_P5(const naive_story *story, int moment) {
  if (paused_inside(story, moment, WEIR_EVENT_BUFFER_UPDATED)) return true;
  int pause = naive_last(story, WEIR_EVENT_PAUSE_READING, moment);
  return is_stuck_after_pause(story, moment) && pause != NAIVE_NEVER &&
         naive_stands_in(story, pause, WEIR_EVENT_BUFFER_UPDATED);
}

bool naive_P6(const naive_story *story, int moment) {
  int resume = naive_last(story, WEIR_EVENT_RESUME_READING, moment);
  return is_stuck_after_pause(story, moment) && naive_pause(story, resume) != NAIVE_NEVER;
}

bool naive_P8(const naive_story *story, int moment) {
  if (naive_ends(story, moment, WEIR_END_SPIN)) return naive_pause(story, moment) != NAIVE_NEVER;
  if (!IS(RECV) && !BEGINS(GET_BUFFER)) return false;
  int pause = naive_pause(story, moment);
  /* The read in whose get_buffer the pause was called is under way. */
  return pause != NAIVE_NEVER && naive_close(story, moment) == NAIVE_NEVER &&
         !(IS(RECV) && naive_stands_in(story, pause, WEIR_EVENT_GET_BUFFER));
}

/* ---- C */
bool naive_C1(const naive_story *story, int moment) {
  return story->moments[moment].begins && naive_is_delivery(story->moments[moment].event) &&
         naive_close(story, moment) != NAIVE_NEVER;
}

bool naive_C8(const naive_story *story, int moment) {
  return BEGINS(GET_BUFFER) && naive_close(story, moment) != NAIVE_NEVER;
}

/* Closed by close() and nothing worse. */
static bool is_closed_gently(const naive_story *story, int moment) {
  return naive_began(story, WEIR_EVENT_CLOSE, moment) && !naive_began(story, WEIR_EVENT_ABORT, moment) &&
         naive_failure(story, moment) == NAIVE_NEVER;
}

bool naive_C2(const naive_story *story, int moment) {
  if (!is_closed_gently(story, moment)) return false;
  if (BEGINS(CONNECTION_LOST)) return naive_sees_socket(story, moment) && naive_unsent(story, moment) > 0;
  bool missing = naive_received_by_peer(story, moment) < naive_accepted(story, moment);
  if (IS(PEER_SAW_FIN)) return missing;
  return AT_REST(moment) && naive_sees_peer(story, moment) && naive_peer_reads(story, moment) &&
         (missing || !naive_lost(story, moment));
}

bool naive_C3(const naive_story *story, int moment) {
  int abort = naive_first(story, WEIR_EVENT_ABORT, moment);
  if (abort == NAIVE_NEVER) return false;
  if (IS(SEND)) return (int64_t)record_of(story, moment)->b > 0;
  return AT_REST(moment) && !naive_lost(story, moment);
}

bool naive_C4(const naive_story *story, int moment) {
  if (!BEGINS(CONNECTION_LOST) || !naive_lost(story, moment)) return false;
  int closes = 0;
  for (int i = 0; i < moment; i++)
    closes += story->moments[i].begins &&
              (story->moments[i].event == WEIR_EVENT_CLOSE || story->moments[i].event == WEIR_EVENT_ABORT);
  return closes >= 2;
}

bool naive_C5(const naive_story *story, int moment) {
  if (!story->moments[moment].ends || (!IS(CLOSE) && !IS(ABORT))) return false;
  int begin = story->moments[moment].other;
  return naive_raised(story, begin, moment + 1) && naive_exception(story, begin) != WEIR_EXCEPTION_UNSUPPORTED &&
         naive_callback_around(story, begin) != NAIVE_NEVER;
}
