/* E: the end of the peer's side. */
#include "validator/judge.h"
#include "weir/transport.h"

/* E1: eof_received at most once. */
static void judge_E1(const weir_moment *now) {
  weir_words after = weir_tell_since(now, WEIR_FACT_EOF, "the first");
  weir_break(now, WEIR_RULE_E1, now->view->since[WEIR_FACT_EOF], "eof_received again, %s; it comes at most once",
             after.text);
}

/* E2: no data callback after eof_received. */
static void judge_E2(const weir_moment *now) {
  weir_words after = weir_tell_since(now, WEIR_FACT_EOF, "eof_received");
  weir_break(now, WEIR_RULE_E2, now->view->since[WEIR_FACT_EOF], "%s %s; none comes after it",
             weir_event_name(now->record->event), after.text);
}

/* E3: a false eof_received closes the transport. */
static void judge_E3(const weir_moment *now) {
  if (!weir_ended_quiescent(now) || !weir_holds(now, FACT(EOF_FALSE)) || weir_holds(now, FACT(LOST))) return;
  if (weir_holds(now, FACT(EOF_TRUE)) && weir_view_eof_closes(now->view)) return; /* E5 */
  if (weir_flush_may_wait(now->view)) return;
  weir_break(now, WEIR_RULE_E3, now->view->since[WEIR_FACT_EOF_FALSE],
             "the run is over and the transport is not closed, though eof_received (record %llu) returned false",
             (unsigned long long)now->view->since[WEIR_FACT_EOF_FALSE]);
}

/* The application asked for half-close, and neither it nor a failure has ended the connection since. */
static bool is_half_open(const weir_moment *now) {
  uint64_t ended = FACT(CLOSING) | FACT(WROTE_EOF) | FACTS_FATAL;
  return weir_holds(now, FACT(EOF_TRUE)) && !weir_holds(now, ended) && weir_holds(now, FACT(CALLS)) &&
         weir_view_can(now->view, WEIR_CAN_HALF_CLOSE);
}

/* E4: a true eof_received leaves the connection open for writing. */
static void judge_E4(const weir_moment *now) {
  if (!is_half_open(now)) return;
  bool failed = now->record->event == WEIR_EVENT_CONNECTION_LOST && now->record->code != WEIR_EXCEPTION_NONE;
  if (failed && !weir_shows_failures(now->view)) return;
  if (now->record->event == WEIR_EVENT_SHUTDOWN && now->record->b != 0) return;
  if (weir_holds(now, FACT(LOST)) && now->record->event != WEIR_EVENT_CONNECTION_LOST) return;
  /* An exception tells of a failure; whether there was one is L4. */
  if (now->record->event == WEIR_EVENT_CONNECTION_LOST && now->record->code != WEIR_EXCEPTION_NONE) return;
  const char *what = now->record->event == WEIR_EVENT_CONNECTION_LOST ? "connection_lost"
                     : now->record->event == WEIR_EVENT_SOCKET_CLOSE  ? "the descriptor is closed"
                                                                      : "FIN is sent";
  weir_break(
      now, WEIR_RULE_E4, now->view->since[WEIR_FACT_EOF_TRUE],
      "%s after eof_received (record %llu) returned true; only write_eof(), close() or abort() end this side then",
      what, (unsigned long long)now->view->since[WEIR_FACT_EOF_TRUE]);
}

static void judge_E4_final(const weir_moment *now) {
  const weir_view *view = now->view;
  if (!weir_holds(now, FACT(EOF_TRUE)) || !weir_view_can(view, WEIR_CAN_HALF_CLOSE)) return;
  uint64_t since = view->since[WEIR_FACT_EOF_TRUE];
  if (now->record->code == WEIR_END_SPIN && is_half_open(now) && !weir_holds(now, FACT(LOST)))
    weir_break(now, WEIR_RULE_E4, since, "it spins after eof_received (record %llu) returned true; it has to wait",
               (unsigned long long)since);
  const weir_span *span = weir_view_span(view, view->drained);
  if (!weir_ended_quiescent(now) || !weir_bytes_missing(view) || span == NULL || !span->after_eof) return;
  weir_break(now, WEIR_RULE_E4, since,
             "the peer received %llu of the %llu bytes written; those written after eof_received "
             "returned true are still delivered",
             (unsigned long long)view->drained, (unsigned long long)view->sure);
}

/* E5: over TLS a true eof_received closes all the same. */
static void judge_E5(const weir_moment *now) {
  if (!weir_ended_quiescent(now) || !weir_view_eof_closes(now->view) || weir_holds(now, FACT(LOST))) return;
  if (!weir_holds(now, FACT(EOF_TRUE)) || weir_flush_may_wait(now->view)) return;
  weir_break(
      now, WEIR_RULE_E5, now->view->since[WEIR_FACT_EOF_TRUE],
      "the run is over and the transport is not closed; after eof_received (record %llu) TLS closes, whatever it "
      "returned",
      (unsigned long long)now->view->since[WEIR_FACT_EOF_TRUE]);
}

/* E7: no eof_received after close() or abort(). */
static void judge_E7(const weir_moment *now) {
  weir_words after = weir_tell_since(now, WEIR_FACT_CLOSING, weir_holds(now, FACT(ABORT)) ? "abort()" : "close()");
  weir_break(now, WEIR_RULE_E7, now->view->since[WEIR_FACT_CLOSING],
             "eof_received %s; nothing but connection_lost follows "
             "that",
             after.text);
}

/* E8: an end of file that arrives while reading is paused waits for resume_reading(). */
static void judge_E8(const weir_moment *now) {
  const weir_view *view = now->view;
  uint64_t paused = view->since[WEIR_FACT_PAUSED];
  /* It arrives when the transport reads it; without socket records, when the peer sends it. */
  if (weir_holds(now, FACT(RECV_END)) && view->since[WEIR_FACT_RECV_END] < paused) return;
  /* A record that was read before the pause shows in no recv. */
  bool tls = view->layer == WEIR_LAYER_TLS;
  if (tls && weir_holds(now, FACT(PEER_FIN)) && view->since[WEIR_FACT_PEER_FIN] < paused) return;
  if (weir_holds(now, FACT(CLOSING))) return;
  weir_words after = weir_tell_since(now, WEIR_FACT_PAUSED, "pause_reading()");
  weir_break(now, WEIR_RULE_E8, paused, "eof_received %s; it has to wait for resume_reading()", after.text);
}

/* The end that was never told (E8 after a pause, else E13). */
static bool is_untold(const weir_moment *now) {
  const weir_view *view = now->view;
  return weir_ended_quiescent(now) && weir_reading(view) && weir_holds(now, FACTS_FIN) &&
         !weir_holds(now, FACTS_FATAL) && view->expected >= view->sent_by_peer;
}

static bool fin_was_there(const weir_view *view) {
  weir_fact fin = view->facts & FACT(PEER_FIN) ? WEIR_FACT_PEER_FIN : WEIR_FACT_RECV_END;
  return (view->facts & FACT(RESUMED)) && view->since[fin] < view->since[WEIR_FACT_RESUMED];
}

static void judge_E8_final(const weir_moment *now) {
  if (!is_untold(now) || !fin_was_there(now->view)) return;
  weir_break(
      now, WEIR_RULE_E8, now->view->since[WEIR_FACT_RESUMED],
      "the run is over and eof_received never came, though reading was resumed (record %llu) after the peer's end",
      (unsigned long long)now->view->since[WEIR_FACT_RESUMED]);
}

/* E9: close() or abort() inside eof_received: one connection_lost(None). */
static void judge_E9(const weir_moment *now) {
  uint64_t since = now->view->since[WEIR_FACT_CLOSING_IN_EOF];
  if (weir_holds(now, FACT(LOST)))
    weir_break(now, WEIR_RULE_E9, since,
               "connection_lost again, after close() or abort() inside eof_received; it comes once");
  else if (now->record->code != WEIR_EXCEPTION_NONE && !weir_holds(now, FACTS_FATAL | FACT(FLOW_RAISED)) &&
           weir_shows_failures(now->view))
    weir_break(now, WEIR_RULE_E9, since,
               "connection_lost with an exception, after close() or abort() inside eof_received; "
               "nothing failed, so the argument is None");
}

/* E12: eof_received only when the peer has ended its side. */
static void judge_E12(const weir_moment *now) {
  const weir_view *view = now->view;
  if (weir_eof_is_real(view) || weir_holds(now, FACT(EOF))) return;
  weir_break(now, WEIR_RULE_E12, weir_holds(now, FACT(EMPTY)) ? view->since[WEIR_FACT_EMPTY] : now->index,
             "eof_received, and the peer has not ended its side%s",
             weir_holds(now, FACT(RESET))   ? ": it has reset the connection"
             : weir_holds(now, FACT(EMPTY)) ? ": recv was given a buffer of no size"
                                            : "");
}

/* The peer showed itself only after eof_received. */
static void judge_E12_final(const weir_moment *now) {
  const weir_view *view = now->view;
  if (!weir_holds(now, FACT(EOF)) || !weir_holds(now, FACT(PEER))) return;
  uint64_t eof = view->since[WEIR_FACT_EOF];
  if (view->since[WEIR_FACT_PEER] < eof) return;
  if (weir_holds(now, FACT(PEER_FIN)) && view->since[WEIR_FACT_PEER_FIN] < eof) return;
  if (weir_holds(now, FACT(RECV_END)) && view->since[WEIR_FACT_RECV_END] < eof) return;
  weir_break(now, WEIR_RULE_E12, eof, "eof_received came (record %llu) before the peer had done anything",
             (unsigned long long)eof);
}

/* E13: the peer's end is told. */
static void judge_E13(const weir_moment *now) {
  const weir_view *view = now->view;
  if (now->record->code != WEIR_EXCEPTION_NONE || !weir_holds(now, FACTS_FIN) || !weir_reading(view)) return;
  if (weir_holds(now, FACTS_FATAL)) return;
  weir_fact fin = weir_holds(now, FACT(PEER_FIN)) ? WEIR_FACT_PEER_FIN : WEIR_FACT_RECV_END;
  weir_break(now, WEIR_RULE_E13, view->since[fin],
             "connection_lost(None) after the peer's end, and eof_received never came; "
             "it comes first");
}

static void judge_E13_final(const weir_moment *now) {
  if (!is_untold(now) || fin_was_there(now->view)) return;
  weir_fact fin = weir_holds(now, FACT(PEER_FIN)) ? WEIR_FACT_PEER_FIN : WEIR_FACT_RECV_END;
  weir_break(now, WEIR_RULE_E13, now->view->since[fin],
             "the run is over and eof_received never came, though the peer has ended its side (record %llu)",
             (unsigned long long)now->view->since[fin]);
}

static const weir_monitor monitors[] = {
    {WEIR_RULE_E1, WEIR_PHASE_BEGIN, FACT(EOF), judge_E1},
    {WEIR_RULE_E2, WEIR_PHASE_BEGIN, FACT(EOF), judge_E2},
    {WEIR_RULE_E3, WEIR_PHASE_FINAL, 0, judge_E3},
    {WEIR_RULE_E4, WEIR_PHASE_BEGIN, FACT(EOF_TRUE), judge_E4},
    {WEIR_RULE_E4, WEIR_PHASE_FINAL, 0, judge_E4_final},
    {WEIR_RULE_E5, WEIR_PHASE_FINAL, 0, judge_E5},
    {WEIR_RULE_E7, WEIR_PHASE_BEGIN, FACT(CLOSING), judge_E7},
    {WEIR_RULE_E8, WEIR_PHASE_BEGIN, FACT(PAUSED), judge_E8},
    {WEIR_RULE_E8, WEIR_PHASE_FINAL, 0, judge_E8_final},
    {WEIR_RULE_E9, WEIR_PHASE_BEGIN, FACT(CLOSING_IN_EOF), judge_E9},
    {WEIR_RULE_E12, WEIR_PHASE_BEGIN, FACT(ALWAYS), judge_E12},
    {WEIR_RULE_E12, WEIR_PHASE_FINAL, 0, judge_E12_final},
    {WEIR_RULE_E13, WEIR_PHASE_BEGIN, FACT(ALWAYS), judge_E13},
    {WEIR_RULE_E13, WEIR_PHASE_FINAL, 0, judge_E13_final},
};

const weir_monitor_list weir_eof_monitors = {monitors, sizeof monitors / sizeof *monitors};
