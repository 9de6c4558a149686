/* Rules L, and which rules there are. */
#include <errno.h>

#include "naive.h"

#define IS(name)     (story->moments[moment].event == WEIR_EVENT_##name)
#define BEGINS(name) (IS(name) && story->moments[moment].begins)
#define ENDS(name)   (IS(name) && story->moments[moment].ends)
#define AT_REST      naive_ends(story, moment, WEIR_END_QUIESCENT)

static const weir_record *here(const naive_story *story, int moment) {
  return naive_begin(story, moment);
}

static bool is_callback_begin(const naive_story *story, int moment) {
  return story->moments[moment].begins && naive_is_callback(story->moments[moment].event);
}

static bool any_callback(const naive_story *story, int before) {
  for (int i = 0; i < before; i++)
    if (is_callback_begin(story, i)) return true;
  return false;
}

/* Data before connection_made is L3's; that connection_made comes late, or never, is this one's. */
bool naive_L1(const naive_story *story, int moment) {
  if (AT_REST) return !naive_made(story, moment) && !naive_lost(story, moment);
  if (BEGINS(CONNECTION_MADE)) return any_callback(story, moment);
  return BEGINS(CONNECTION_LOST) && !naive_made(story, moment);
}

bool naive_L2(const naive_story *story, int moment) {
  return is_callback_begin(story, moment) && naive_lost(story, moment);
}

bool naive_L3(const naive_story *story, int moment) {
  if (!is_callback_begin(story, moment) || IS(CONNECTION_MADE) || IS(CONNECTION_LOST)) return false;
  return !naive_made(story, moment) || naive_lost(story, moment);
}

/* "None" means a regular end of file, close() or abort() (D2): with either there, nothing more is asked. */
static bool is_wrong_none(const naive_story *story, int moment) {
  if (naive_close(story, moment) != NAIVE_NEVER) return false;
  if (naive_began(story, WEIR_EVENT_PEER_TRUNCATE, moment) && naive_gave_up(story, moment)) return false; /* E10 */
  bool failed = naive_failed(story, moment), eof = naive_began(story, WEIR_EVENT_EOF_RECEIVED, moment);
  if (eof && naive_eof_is_real(story, moment) && !(failed && naive_kept_open(story, moment))) return false;
  if (failed) return true;
  if (naive_troubled(story, moment)) return false; /* B9, B12 to B14, E6, L8 */
  if (eof && naive_eof_is_real(story, moment)) return false;
  return naive_end(story, moment) == NAIVE_NEVER && naive_recv_end(story, moment) == NAIVE_NEVER &&
         naive_sees_calls(story, moment);
}

/* The socket gave that error, or the peer did what brings it. */
static bool was_seen(const naive_story *story, int number, int before) {
  for (int i = 0; i < before; i++)
    if (weir_event_group_of(story->moments[i].event) == WEIR_GROUP_SOCKET && (int64_t)here(story, i)->b == -number)
      return true;
  bool peer = naive_began(story, WEIR_EVENT_PEER_RESET, before) || naive_began(story, WEIR_EVENT_PEER_CLOSE, before);
  return peer && (number == ECONNRESET || number == EPIPE || number == ECONNABORTED);
}

static bool is_wrong_exception(const naive_story *story, int moment) {
  unsigned code = here(story, moment)->code;
  if (code != WEIR_EXCEPTION_OS && code != WEIR_EXCEPTION_EOF) return false; /* L13, F7 */
  bool socket = naive_sees_socket(story, moment), peer = naive_sees_peer(story, moment);
  if (naive_troubled(story, moment) || (!socket && !peer)) return false;
  if (!socket && naive_began(story, WEIR_EVENT_PEER_CLOSE, moment)) return false;
  if (!naive_failed(story, moment)) return true;
  return code == WEIR_EXCEPTION_OS && socket && !was_seen(story, (int)here(story, moment)->a, moment);
}

bool naive_L4(const naive_story *story, int moment) {
  if (!BEGINS(CONNECTION_LOST)) return false;
  if (naive_is_write_pipe(story, moment) && naive_began(story, WEIR_EVENT_PEER_CLOSE, moment)) return false;
  bool none = here(story, moment)->code == WEIR_EXCEPTION_NONE;
  return none ? is_wrong_none(story, moment) : is_wrong_exception(story, moment);
}

bool naive_L5(const naive_story *story, int moment) {
  if (!AT_REST || naive_lost(story, moment) || !naive_made(story, moment)) return false;
  if (naive_closed_by(story, WEIR_EVENT_ABORT, moment) || naive_error(story, moment)) return true;
  bool closes = naive_closed_by(story, WEIR_EVENT_CLOSE, moment) || naive_let_go(story, moment);
  if (closes && !naive_flush_may_wait(story, moment)) return true;
  bool over = naive_began(story, WEIR_EVENT_SOCKET_CLOSE, moment) ||
              (naive_began(story, WEIR_EVENT_PEER_RESET, moment) && naive_reads(story, moment));
  return over && !naive_troubled(story, moment);
}

/* writelines() is so many writes (D12). */
bool naive_L6(const naive_story *story, int moment) {
  return BEGINS(CONNECTION_LOST) &&
         (naive_stands_in(story, moment, WEIR_EVENT_WRITE) || naive_stands_in(story, moment, WEIR_EVENT_WRITELINES) ||
          naive_stands_in(story, moment, WEIR_EVENT_CLOSE) || naive_stands_in(story, moment, WEIR_EVENT_ABORT));
}

bool naive_L7(const naive_story *story, int moment) {
  if (!story->moments[moment].begins || !naive_is_reading(story->moments[moment].event)) return false;
  return naive_stands_in(story, moment, WEIR_EVENT_CONNECTION_MADE);
}

static bool is_closing_lies(const naive_story *story, int moment) {
  int begin = story->moments[moment].other;
  if (!naive_returned(story, begin, moment + 1)) return false;
  if (naive_stands_in(story, begin, WEIR_EVENT_CLOSE) || naive_stands_in(story, begin, WEIR_EVENT_ABORT)) return false;
  if (naive_result(story, begin) == 0) return naive_gone(story, begin);
  return naive_sees_failures(story, moment) && naive_made(story, begin) && !naive_dying(story, begin) &&
         naive_end(story, begin) == NAIVE_NEVER && naive_recv_end(story, begin) == NAIVE_NEVER &&
         !naive_began(story, WEIR_EVENT_EOF_RECEIVED, begin) && !naive_wrote_eof(story, begin);
}

bool naive_L10(const naive_story *story, int moment) {
  if (AT_REST) /* Who tells of bytes alone, and never of watching, tells nothing of the descriptor's life. */
    return naive_lost(story, moment) && naive_began(story, WEIR_EVENT_WATCH, moment) &&
           !naive_began(story, WEIR_EVENT_SOCKET_CLOSE, moment) &&
           !naive_raised_in(story, WEIR_EVENT_CONNECTION_LOST, moment); /* L9 */
  if (ENDS(IS_CLOSING) && is_closing_lies(story, moment)) return true;
  bool asked =
      ENDS(IS_CLOSING) || ENDS(CLOSE) || ENDS(ABORT) || ENDS(PAUSE_READING) || ENDS(RESUME_READING) || ENDS(IS_READING);
  return asked && naive_fails(story, moment) && naive_gone(story, story->moments[moment].other);
}

bool naive_L11(const naive_story *story, int moment) {
  if (naive_ends(story, moment, WEIR_END_CRASH)) return true;
  bool payload = naive_is_incoming(story, moment) || naive_is_outgoing(story, moment);
  return payload && here(story, moment)->code == WEIR_DATA_FOREIGN;
}

bool naive_L12(const naive_story *story, int moment) {
  return naive_ends(story, moment, WEIR_END_SPIN) || naive_ends(story, moment, WEIR_END_HANG);
}

static bool has_cause(const naive_story *story, int before) {
  return naive_fatal(story, before) || naive_raised_in(story, WEIR_EVENT_PAUSE_WRITING, before) ||
         naive_raised_in(story, WEIR_EVENT_RESUME_WRITING, before) ||
         naive_raised_in(story, WEIR_EVENT_CONNECTION_LOST, before) || naive_misused(story, before) ||
         naive_began(story, WEIR_EVENT_PEER_CLOSE, before);
}

/* An exception that the transport made by itself, told to the application. */
static bool is_told_by_itself(const naive_story *story, int moment) {
  const weir_record *record = here(story, moment);
  switch (record->code) {
  case WEIR_EXCEPTION_INTERNAL: return true;
  case WEIR_EXCEPTION_OS: /* connection_lost: L4; nothing to read: B15 */
    return IS(EXCEPTION_HANDLER) && !has_cause(story, moment) && record->a != EAGAIN && record->a != EINTR &&
           (naive_sees_socket(story, moment) || naive_sees_peer(story, moment));
  case WEIR_EXCEPTION_TYPE:
  case WEIR_EXCEPTION_VALUE:
  case WEIR_EXCEPTION_RUNTIME:
  case WEIR_EXCEPTION_BUFFER:
  case WEIR_EXCEPTION_OTHER: /* a timeout, TLS, ...; with a buffer in hand it is the buffer that is refused: B8, B11 */
    if (record->code == WEIR_EXCEPTION_OTHER && !naive_sees_failures(story, moment)) return false;
    return !has_cause(story, moment) && (naive_pair(story, moment) == NAIVE_NEVER || naive_gone(story, moment));
  case WEIR_EXCEPTION_UNSUPPORTED: return !has_cause(story, moment);
  default: return false;
  }
}

static bool is_raised_by_itself(const naive_story *story, int moment) {
  int begin = story->moments[moment].other;
  bool paused = naive_pause(story, begin) != NAIVE_NEVER;
  switch (here(story, moment)->code) {
  case WEIR_EXCEPTION_INTERNAL: return !IS(WRITE) || naive_is_bytes_like(story, begin); /* W3 */
  case WEIR_EXCEPTION_OS:
    return !has_cause(story, moment) && !naive_gone(story, begin) &&
           (naive_sees_socket(story, moment) || naive_sees_peer(story, moment));
  case WEIR_EXCEPTION_TYPE:
  case WEIR_EXCEPTION_VALUE:
  case WEIR_EXCEPTION_RUNTIME:
  case WEIR_EXCEPTION_BUFFER:
  case WEIR_EXCEPTION_OTHER:
    if (IS(WRITE) || IS(WRITELINES) || IS(WRITE_EOF) || IS(SET_LIMITS)) return false; /* W1, W3 to W7, F4 */
    if (naive_dying(story, begin)) return false;                                      /* L10, P2 */
    return !(IS(PAUSE_READING) && paused) && !(IS(RESUME_READING) && !paused);        /* P2 */
  default: return false;
  }
}

bool naive_L13(const naive_story *story, int moment) {
  if (IS(EXCEPTION_HANDLER) || BEGINS(CONNECTION_LOST)) return is_told_by_itself(story, moment);
  const naive_moment *at = &story->moments[moment];
  return at->ends && naive_is_call(at->event) && (here(story, moment)->flags & WEIR_FLAG_RAISED) &&
         is_raised_by_itself(story, moment);
}

static naive_rule *const rules[WEIR_RULE_COUNT] = {
#define CHECK_WEIR_CHECKED(id)                                  naive_##id
#define CHECK_WEIR_OBSERVED(id)                                 NULL
#define CHECK_WEIR_DRIVEN(id)                                   NULL
#define CHECK_WEIR_LATER(id)                                    NULL
#define RULE(id, level, kind, state, source, watches, sentence) CHECK_##state(id),
#include "weir/rules.def"
#undef RULE
};

void naive_judge(const naive_story *story, naive_verdict *verdict) {
  for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++) {
    verdict->broken_at[rule] = UINT32_MAX;
    for (int moment = 0; rules[rule] != NULL && moment < story->count; moment++)
      if (rules[rule](story, moment)) {
        verdict->broken_at[rule] = story->moments[moment].record;
        break;
      }
  }
}
