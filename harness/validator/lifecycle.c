/* L: the life of a connection. */
#include <errno.h>

#include "validator/judge.h"

/* L1: connection_made is the first callback and comes exactly once. */
static void judge_L1(const weir_moment *now) {
  const weir_view *view = now->view;
  if (now->record->event == WEIR_EVENT_CONNECTION_MADE) {
    if (!weir_holds(now, FACT(UNMADE)))
      weir_break(now, WEIR_RULE_L1, now->index, "connection_made again; it comes exactly once a connection");
    else if (view->callbacks > 0)
      weir_break(now, WEIR_RULE_L1, now->index, "connection_made is callback number %llu; it has to be the first",
                 (unsigned long long)view->callbacks + 1);
  } else if (now->record->event == WEIR_EVENT_CONNECTION_LOST && weir_holds(now, FACT(UNMADE))) {
    weir_break(now, WEIR_RULE_L1, now->index, "connection_lost, and connection_made never came before it");
  }
}

static void judge_L1_final(const weir_moment *now) {
  if (!weir_ended_quiescent(now) || !weir_holds(now, FACT(UNMADE)) || weir_holds(now, FACT(LOST))) return;
  weir_break(now, WEIR_RULE_L1, now->index, "the run is over and connection_made never came; it comes exactly once");
}

/* L2: nothing comes after connection_lost. */
static void judge_L2(const weir_moment *now) {
  weir_words after = weir_tell_since(now, WEIR_FACT_LOST, "connection_lost");
  weir_break(now, WEIR_RULE_L2, now->view->since[WEIR_FACT_LOST], "%s %s; connection_lost is the last callback",
             weir_event_name(now->record->event), after.text);
}

/* L3: data, end of file and flow control come between connection_made and connection_lost. */
static void judge_L3(const weir_moment *now) {
  const char *name = weir_event_name(now->record->event);
  if (weir_holds(now, FACT(UNMADE))) {
    weir_break(now, WEIR_RULE_L3, now->index, "%s before connection_made; it may come only after it", name);
    return;
  }
  weir_words after = weir_tell_since(now, WEIR_FACT_LOST, "connection_lost");
  weir_break(now, WEIR_RULE_L3, now->view->since[WEIR_FACT_LOST], "%s %s; it may come only before it", name,
             after.text);
}

/* L4, connection_lost(None): close(), abort() or a regular end of file has to be behind it. */
static void judge_clean_end(const weir_moment *now) {
  const weir_view *view = now->view;
  if (weir_holds(now, FACT(CLOSING) | FACT(TRUNCATED))) return; /* E10 */
  bool eof = weir_holds(now, FACT(EOF)) && weir_eof_is_real(view);
  bool failed = weir_holds(now, FACTS_FAILED);
  weir_fact failure = weir_holds(now, FACT(ERROR))   ? WEIR_FACT_ERROR
                      : weir_holds(now, FACT(RESET)) ? WEIR_FACT_RESET
                                                     : WEIR_FACT_SOFT_ERROR;
  if (eof && !(failed && weir_holds(now, FACT(EOF_TRUE)))) return; /* regular; false: what comes while flushing is C6 */
  if (failed) {
    weir_break(
        now, WEIR_RULE_L4, view->since[failure],
        "connection_lost(None) after the connection failed (record %llu), with no close() by this side; it has to "
        "bring the exception",
        (unsigned long long)view->since[failure]);
    return;
  }
  if (weir_holds(now, FACTS_RAISED | FACT(BAD_BUFFER))) return;                   /* B9, B12 to B14, E6, L8 */
  if (eof || weir_holds(now, FACTS_FIN) || !weir_holds(now, FACT(CALLS))) return; /* E4, E13; the calls are not shown */
  weir_break(now, WEIR_RULE_L4, now->index,
             "connection_lost(None), and there was no end of file, no close() and no abort(); without one of them the "
             "connection stays open");
}

static bool error_was_seen(const weir_view *view, uint32_t number) {
  if (number >= 128) return true;
  if (view->errors[number / 64] >> (number % 64) & 1) return true;
  bool peer = (view->facts & (FACT(RESET) | FACT(PEER_CLOSED))) != 0;
  return peer && (number == ECONNRESET || number == EPIPE || number == ECONNABORTED);
}

/* L4, connection_lost(exc): something has to have failed, and it is that failure. */
static void judge_failed_end(const weir_moment *now) {
  const weir_view *view = now->view;
  unsigned code = now->record->code;
  if (code != WEIR_EXCEPTION_OS && code != WEIR_EXCEPTION_EOF) return; /* L13, F7 */
  if (weir_holds(now, FACTS_RAISED | FACT(BAD_BUFFER)) || !weir_holds(now, FACT(SOCKET) | FACT(PEER))) return;
  if (!weir_holds(now, FACT(SOCKET)) && weir_holds(now, FACT(PEER_CLOSED))) return; /* our write may have failed */
  if (!weir_holds(now, FACTS_FAILED)) {
    bool closed = weir_holds(now, FACT(CLOSING) | FACT(EOF_FALSE));
    weir_break(now, WEIR_RULE_L4,
               closed ? view->since[weir_holds(now, FACT(CLOSING)) ? WEIR_FACT_CLOSING : WEIR_FACT_EOF] : now->index,
               "connection_lost(%s) and nothing had failed; %s", weir_tell_exception(code, now->record->a).text,
               closed ? "after a regular end of file, close() or abort() the argument is None"
                      : "an exception needs a cause");
  } else if (code == WEIR_EXCEPTION_OS && weir_holds(now, FACT(SOCKET)) && !error_was_seen(view, now->record->a)) {
    weir_break(now, WEIR_RULE_L4, now->index,
               "connection_lost(%s), and the socket never gave that error; it has to bring "
               "the exception that ended the connection",
               weir_tell_exception(code, now->record->a).text);
  }
}

/* How a write pipe is to tell that its reader has gone, no document says. */
static void judge_L4(const weir_moment *now) {
  if (now->view->layer == WEIR_LAYER_WRITE_PIPE && weir_holds(now, FACT(PEER_CLOSED))) return;
  if (now->record->code == WEIR_EXCEPTION_NONE)
    judge_clean_end(now);
  else
    judge_failed_end(now);
}

/* L5: connection_lost follows close(), abort(), a false eof_received and a fatal error. */
static void judge_L5(const weir_moment *now) {
  const weir_view *view = now->view;
  if (!weir_ended_quiescent(now) || weir_holds(now, FACT(LOST) | FACT(UNMADE))) return;
  weir_fact cause = WEIR_FACT_ALWAYS;
  const char *what = NULL;
  if (weir_holds(now, FACT(ABORT)))
    cause = WEIR_FACT_ABORT, what = "abort()";
  else if (weir_holds(now, FACT(ERROR)))
    cause = WEIR_FACT_ERROR, what = "a fatal error of the socket";
  else if (weir_holds(now, FACT(CLOSE)) && !weir_flush_may_wait(view))
    cause = WEIR_FACT_CLOSE, what = "close()";
  else if (weir_holds(now, FACT(EOF_FALSE)) && !weir_flush_may_wait(view))
    cause = WEIR_FACT_EOF_FALSE, what = weir_view_eof_closes(view) ? "eof_received" : "eof_received returned false";
  else if (weir_holds(now, FACT(RESET)) && weir_reading(view) && !weir_holds(now, FACTS_RAISED | FACT(BAD_BUFFER)))
    cause = WEIR_FACT_RESET, what = "the peer's reset, while reading";
  else if (weir_holds(now, FACT(SOCKET_CLOSED)) && !weir_holds(now, FACTS_RAISED | FACT(BAD_BUFFER)))
    cause = WEIR_FACT_SOCKET_CLOSED, what = "the descriptor was closed";
  if (what == NULL) return;
  weir_break(now, WEIR_RULE_L5, view->since[cause],
             "the run is over and connection_lost never came after %s (record %llu)", what,
             (unsigned long long)view->since[cause]);
}

/* L6: not from inside write(), close() or abort(). */
static void judge_L6(const weir_moment *now) {
  const weir_view *view = now->view;
  uint64_t calls = EVENT(WRITE) | EVENT(WRITELINES) | EVENT(CLOSE) | EVENT(ABORT);
  if (!(view->open & calls)) return;
  for (uint32_t depth = view->depth; depth > 0; depth--) {
    const weir_pair *pair = &view->stack[depth - 1];
    if (!(calls >> pair->begin.event & 1)) continue;
    weir_break(now, WEIR_RULE_L6, pair->index,
               "connection_lost inside %s(), which has not returned; it comes in a later "
               "turn of the loop",
               weir_event_name(pair->begin.event));
    return;
  }
}

/* L7: reading starts after connection_made has returned. */
static void judge_L7(const weir_moment *now) {
  weir_break(now, WEIR_RULE_L7, now->view->since[WEIR_FACT_MAKING],
             "%s while connection_made is still running; reading starts only after it has returned",
             weir_event_name(now->record->event));
}

/* L10: what may be asked of a closing or closed transport. */
static void judge_L10(const weir_moment *now) {
  uint64_t was = now->pair->facts & FACTS_GONE;
  const char *name = weir_event_name(now->record->event);
  weir_fact fact = was & FACT(LOST) ? WEIR_FACT_LOST : WEIR_FACT_CLOSING;
  if (was != 0 && weir_call_failed(now->record)) {
    weir_words told = weir_tell_exception(now->record->code, now->record->a);
    weir_break(now, WEIR_RULE_L10, now->view->since[fact], "%s() raised %s on a %s transport; it raises nothing there",
               name, told.text, was & FACT(LOST) ? "closed" : "closing");
    return;
  }
  if (now->record->event != WEIR_EVENT_IS_CLOSING || (now->record->flags & WEIR_FLAG_RAISED)) return;
  if (now->view->open & (EVENT(CLOSE) | EVENT(ABORT))) return; /* "after close()" */
  uint64_t ending = FACTS_DYING | FACT(EOF) | FACTS_FIN | FACT(PEER_CLOSED) | FACT(UNMADE) | FACT(WROTE_EOF);
  if (was != 0 && now->record->b == 0)
    weir_break(now, WEIR_RULE_L10, now->view->since[fact], "is_closing() is false after %s; it has to be true",
               was & FACT(LOST) ? "connection_lost" : "close() or abort()");
  else if (now->record->b != 0 && weir_shows_failures(now->view) && weir_holds(now, FACT(CALLS)) &&
           !(now->pair->facts & ending))
    weir_break(now, WEIR_RULE_L10, now->index,
               "is_closing() is true on an open transport that nothing has begun to close");
}

static void judge_L10_final(const weir_moment *now) {
  if (!weir_ended_quiescent(now) || !weir_holds(now, FACT(LOST))) return;
  if (weir_holds(now, FACT(SOCKET_CLOSED) | FACT(LOST_RAISED))) return; /* L9 */
  if (!(now->view->seen & EVENT(WATCH))) return; /* a record of bytes alone, not of the descriptor's life */
  weir_break(now, WEIR_RULE_L10, now->view->since[WEIR_FACT_LOST],
             "the run is over and the descriptor was never closed, though connection_lost came (record %llu)",
             (unsigned long long)now->view->since[WEIR_FACT_LOST]);
}

/* L11: no crash, and no byte of another connection. */
static void judge_L11(const weir_moment *now) {
  if (now->record->code != WEIR_DATA_FOREIGN) return;
  weir_break(now, WEIR_RULE_L11, now->index,
             "%u bytes of connection %u were handed over; a connection's bytes are its own", now->record->a,
             (unsigned)(now->record->b >> 56));
}

static void judge_L11_final(const weir_moment *now) {
  if (now->record->code != WEIR_END_CRASH || now->record->connection != now->connection) return;
  if (now->record->a == WEIR_CRASH_MEMORY)
    weir_break(now, WEIR_RULE_L11, now->index, "the process took more memory than a run may, and was ended");
  else if (now->record->a < WEIR_CRASH_STATUS)
    weir_break(now, WEIR_RULE_L11, now->index, "the process died of signal %u; no call may crash it", now->record->a);
  else
    weir_break(now, WEIR_RULE_L11, now->index, "the process ended with status %u in the middle of the run",
               now->record->a - WEIR_CRASH_STATUS);
}

/* L12: with nothing to be done, it waits. */
static void judge_L12(const weir_moment *now) {
  if (now->record->connection != now->connection) return;
  if (now->record->code == WEIR_END_SPIN)
    weir_break(now, WEIR_RULE_L12, now->index, "it keeps running though nothing is to be done; it has to wait");
  else if (now->record->code == WEIR_END_HANG)
    weir_break(now, WEIR_RULE_L12, now->index,
               "it does not come back, and does not run either; it has to wait in its loop");
}

/* Somebody asked for an error: the probe raised, a buffer or a call was wrong, the socket failed. */
static bool has_cause(const weir_moment *now) {
  return weir_holds(now, FACTS_FATAL | FACT(FLOW_RAISED) | FACT(LOST_RAISED) | FACT(MISUSE) | FACT(PEER_CLOSED));
}

/* L13 at the exception handler and connection_lost. */
static void judge_L13(const weir_moment *now) {
  if (now->record->event != WEIR_EVENT_EXCEPTION_HANDLER && now->record->event != WEIR_EVENT_CONNECTION_LOST) return;
  bool handler = now->record->event == WEIR_EVENT_EXCEPTION_HANDLER;
  bool internal = now->record->code == WEIR_EXCEPTION_INTERNAL;
  switch (now->record->code) {
  case WEIR_EXCEPTION_INTERNAL: break;
  case WEIR_EXCEPTION_OS: /* connection_lost: L4 */
    if (!handler || has_cause(now) || !weir_holds(now, FACT(SOCKET) | FACT(PEER))) return;
    if (now->record->a == EAGAIN || now->record->a == EINTR) return; /* B15 */
    break;
  case WEIR_EXCEPTION_TYPE:
  case WEIR_EXCEPTION_VALUE:
  case WEIR_EXCEPTION_RUNTIME:
  case WEIR_EXCEPTION_BUFFER:
  case WEIR_EXCEPTION_UNSUPPORTED:
  case WEIR_EXCEPTION_OTHER:
    if (now->record->code == WEIR_EXCEPTION_OTHER && !weir_shows_failures(now->view)) return; /* a timeout, TLS, ... */
    if (has_cause(now)) return;
    if (now->view->given.ready && !weir_holds(now, FACTS_GONE) && now->record->code != WEIR_EXCEPTION_UNSUPPORTED)
      return; /* a buffer in hand: B8, B11 */
    break;
  default: return;
  }
  weir_words told = weir_tell_exception(now->record->code, now->record->a);
  weir_break(now, WEIR_RULE_L13, now->index, "%s reached %s; %s", told.text,
             handler ? "the exception handler" : "connection_lost",
             internal ? "an internal error is nobody's wish" : "neither the application nor the socket caused it");
}

/* L13 at the caller of a transport method. */
static void judge_L13_call(const weir_moment *now) {
  if (!(now->record->flags & WEIR_FLAG_RAISED) || !(weir_event_group_of(now->record->event) == WEIR_GROUP_CALL)) return;
  unsigned event = now->record->event;
  bool write = event == WEIR_EVENT_WRITE || event == WEIR_EVENT_WRITELINES;
  bool bad = event == WEIR_EVENT_WRITE && !weir_bytes_kind_is_bytes_like(now->pair->begin.code);
  switch (now->record->code) {
  case WEIR_EXCEPTION_INTERNAL:
    if (bad) return; /* W3 */
    break;
  case WEIR_EXCEPTION_OS:
    if (has_cause(now) || (now->pair->facts & FACTS_GONE) || !weir_holds(now, FACT(SOCKET) | FACT(PEER))) return;
    break;
  case WEIR_EXCEPTION_TYPE:
  case WEIR_EXCEPTION_VALUE:
  case WEIR_EXCEPTION_RUNTIME:
  case WEIR_EXCEPTION_BUFFER:
  case WEIR_EXCEPTION_OTHER:
    /* W1 and W3 to W7, F4, L10 and P2 say what these may raise. */
    if (write || event == WEIR_EVENT_WRITE_EOF || event == WEIR_EVENT_SET_LIMITS) return;
    if (now->pair->facts & FACTS_DYING) return;
    if (event == WEIR_EVENT_PAUSE_READING && (now->pair->facts & FACT(PAUSED))) return;
    if (event == WEIR_EVENT_RESUME_READING && !(now->pair->facts & FACT(PAUSED))) return;
    break;
  default: return;
  }
  weir_break(now, WEIR_RULE_L13, now->pair->index,
             "%s() raised %s, which neither the application nor the socket caused", weir_event_name(event),
             weir_tell_exception(now->record->code, now->record->a).text);
}

static const weir_monitor monitors[] = {
    {WEIR_RULE_L1, WEIR_PHASE_BEGIN, FACT(ODD) | FACT(UNMADE), judge_L1},
    {WEIR_RULE_L1, WEIR_PHASE_FINAL, 0, judge_L1_final},
    {WEIR_RULE_L2, WEIR_PHASE_BEGIN, FACT(LOST), judge_L2},
    {WEIR_RULE_L3, WEIR_PHASE_BEGIN, FACT(UNMADE) | FACT(LOST), judge_L3},
    {WEIR_RULE_L4, WEIR_PHASE_BEGIN, FACT(ALWAYS), judge_L4},
    {WEIR_RULE_L5, WEIR_PHASE_FINAL, 0, judge_L5},
    {WEIR_RULE_L6, WEIR_PHASE_BEGIN, FACT(ALWAYS), judge_L6},
    {WEIR_RULE_L7, WEIR_PHASE_BEGIN, FACT(MAKING), judge_L7},
    {WEIR_RULE_L10, WEIR_PHASE_END, FACT(ALWAYS), judge_L10},
    {WEIR_RULE_L10, WEIR_PHASE_FINAL, 0, judge_L10_final},
    {WEIR_RULE_L11, WEIR_PHASE_BEGIN, FACT(ODD), judge_L11},
    {WEIR_RULE_L11, WEIR_PHASE_FINAL, 0, judge_L11_final},
    {WEIR_RULE_L12, WEIR_PHASE_FINAL, 0, judge_L12},
    {WEIR_RULE_L13, WEIR_PHASE_BEGIN, FACT(ODD), judge_L13},
    {WEIR_RULE_L13, WEIR_PHASE_END, FACT(ODD), judge_L13_call},
};

const weir_monitor_list weir_lifecycle_monitors = {monitors, sizeof monitors / sizeof *monitors};
