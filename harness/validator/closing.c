/* C: closing. */
#include "validator/judge.h"

static const char *closing_call(const weir_view *view) {
  bool abort = view->facts & FACT(ABORT) && view->since[WEIR_FACT_ABORT] == view->since[WEIR_FACT_CLOSING];
  return abort ? "abort()" : "close()";
}

/* C1: no data after close() or abort(). */
static void judge_C1(const weir_moment *now) {
  const char *call = closing_call(now->view);
  weir_words after = weir_tell_since(now, WEIR_FACT_CLOSING, call);
  weir_break(now, WEIR_RULE_C1, now->view->since[WEIR_FACT_CLOSING],
             "%s(%u) %s; after %s only connection_lost may follow", weir_event_name(now->record->event), now->record->a,
             after.text, call);
}

/* C8: no get_buffer either. */
static void judge_C8(const weir_moment *now) {
  const char *call = closing_call(now->view);
  weir_words after = weir_tell_since(now, WEIR_FACT_CLOSING, call);
  weir_break(now, WEIR_RULE_C8, now->view->since[WEIR_FACT_CLOSING], "get_buffer(%d) %s; after %s nothing is read",
             (int32_t)now->record->a, after.text, call);
}

/* close() has to flush: nothing has failed since, and abort() was not called. */
static bool has_to_flush(const weir_moment *now) {
  uint64_t excused = FACT(ABORT) | FACTS_FATAL | FACT(PEER_CLOSED) | FACT(WRITES_UNSURE);
  return weir_holds(now, FACT(CLOSE)) && !weir_holds(now, excused);
}

/* C2: close() flushes, then connection_lost(None) comes. */
static void judge_C2(const weir_moment *now) {
  const weir_view *view = now->view;
  if (!has_to_flush(now)) return;
  unsigned long long accepted = (unsigned long long)view->sure;
  uint64_t since = view->since[WEIR_FACT_CLOSE];
  if (now->record->event == WEIR_EVENT_CONNECTION_LOST) {
    if (!weir_holds(now, FACT(SOCKET)) || view->sent >= view->sure) return;
    weir_break(now, WEIR_RULE_C2, since,
               "connection_lost after close(), and %llu of %llu bytes written before it were sent",
               (unsigned long long)view->sent, accepted);
  } else if (view->drained < view->sure && !weir_holds(now, FACT(OUT_STRAYED))) {
    weir_break(now, WEIR_RULE_C2, since,
               "the peer sees the end, and has received %llu of the %llu bytes written before "
               "close()",
               (unsigned long long)view->drained, accepted);
  }
}

static void judge_C2_final(const weir_moment *now) {
  const weir_view *view = now->view;
  if (!weir_ended_quiescent(now) || !has_to_flush(now)) return;
  uint64_t since = view->since[WEIR_FACT_CLOSE];
  if (weir_bytes_missing(view) && !weir_holds(now, FACT(SAW_FIN)))
    weir_break(now, WEIR_RULE_C2, since,
               "the run is over, and the peer has received %llu of the %llu bytes written before "
               "close()",
               (unsigned long long)view->drained, (unsigned long long)view->sure);
  else if (!weir_holds(now, FACT(LOST)) && !weir_flush_may_wait(view))
    weir_break(now, WEIR_RULE_C2, since,
               "the run is over, close() had nothing left to flush, and connection_lost(None) "
               "never came");
}

/* C3: abort() drops what is buffered, and connection_lost comes whatever the peer does. */
static void judge_C3(const weir_moment *now) {
  if ((int64_t)now->record->b <= 0 || (now->view->open & EVENT(ABORT))) return;
  if (now->view->layer == WEIR_LAYER_TLS) return; /* a last word of TLS's own (RFC 8446 6.1) is no buffered byte */
  weir_words after = weir_tell_since(now, WEIR_FACT_ABORT, "abort()");
  weir_break(now, WEIR_RULE_C3, now->view->since[WEIR_FACT_ABORT],
             "%llu bytes are sent %s; what is buffered is dropped", (unsigned long long)now->record->b, after.text);
}

static void judge_C3_final(const weir_moment *now) {
  if (!weir_ended_quiescent(now) || !weir_holds(now, FACT(ABORT)) || weir_holds(now, FACT(LOST) | FACT(UNMADE))) return;
  weir_break(now, WEIR_RULE_C3, now->view->since[WEIR_FACT_ABORT],
             "the run is over and connection_lost never came after abort() (record %llu), which waits for nobody",
             (unsigned long long)now->view->since[WEIR_FACT_ABORT]);
}

/* C4: however often it is closed, one connection_lost. */
static void judge_C4(const weir_moment *now) {
  if (!weir_holds(now, FACT(LOST))) return;
  weir_break(now, WEIR_RULE_C4, now->view->since[WEIR_FACT_CLOSED_TWICE],
             "connection_lost again, after close() or abort() was called more than once; it comes once");
}

/* C5: close() and abort() are legal in every callback. */
static void judge_C5(const weir_moment *now) {
  uint8_t callback = weir_view_callback(now->view);
  if (callback == 0 || !weir_call_failed(now->record)) return;
  weir_words told = weir_tell_exception(now->record->code, now->record->a);
  weir_break(now, WEIR_RULE_C5, now->pair->index, "%s() inside %s raised %s; it is legal in every callback",
             weir_event_name(now->record->event), weir_event_name(callback), told.text);
}

static const weir_monitor monitors[] = {
    {WEIR_RULE_C1, WEIR_PHASE_BEGIN, FACT(CLOSING), judge_C1},
    {WEIR_RULE_C8, WEIR_PHASE_BEGIN, FACT(CLOSING), judge_C8},
    {WEIR_RULE_C2, WEIR_PHASE_BEGIN, FACT(CLOSE), judge_C2},
    {WEIR_RULE_C2, WEIR_PHASE_FINAL, 0, judge_C2_final},
    {WEIR_RULE_C3, WEIR_PHASE_BEGIN, FACT(ABORT), judge_C3},
    {WEIR_RULE_C3, WEIR_PHASE_FINAL, 0, judge_C3_final},
    {WEIR_RULE_C4, WEIR_PHASE_BEGIN, FACT(CLOSED_TWICE), judge_C4},
    {WEIR_RULE_C5, WEIR_PHASE_END, FACT(ODD), judge_C5},
};

const weir_monitor_list weir_closing_monitors = {monitors, sizeof monitors / sizeof *monitors};
