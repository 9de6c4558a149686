/* W: writing. */
#include "validator/judge.h"
#include "weir/transport.h"

/* The call was made on a transport that was open for writing. */
static bool was_open(const weir_moment *now) {
  return !(now->pair->facts & (FACTS_DYING | FACT(WROTE_EOF) | FACT(PEER_CLOSED)));
}

static bool is_bytes_like(const weir_moment *now) {
  return now->record->event != WEIR_EVENT_WRITE || weir_bytes_kind_is_bytes_like(now->pair->begin.code);
}

/* A write that had to be accepted raised. */
static bool was_refused(const weir_moment *now) {
  return weir_call_failed(now->record) && now->record->code != WEIR_EXCEPTION_OS && was_open(now) && is_bytes_like(now);
}

static void break_refused(const weir_moment *now, weir_rule rule, const char *what) {
  weir_words told = weir_tell_exception(now->record->code, now->record->a);
  weir_break(now, rule, now->pair->index, "%s() of %u bytes raised %s on an open transport; %s",
             weir_event_name(now->record->event), now->pair->begin.a, told.text, what);
}

/* The record shows bytes that are not the next of the outgoing stream. */
static bool is_stray(const weir_moment *now) {
  const weir_record *record = now->record;
  const weir_view *view = now->view;
  if (record->event == WEIR_EVENT_DATA && view->mixed != WEIR_EVENT_PEER_RECEIVED) return false;
  if (record->code == WEIR_DATA_UNKNOWN || record->code == WEIR_DATA_MIXED) return false;
  const weir_span *span = weir_view_span(view, view->drained);
  if (span != NULL && span->reused) return false; /* W2 */
  if (record->code != WEIR_DATA_STREAM) return true;
  return !weir_holds(now, FACT(OUT_STRAYED)) && record->b != view->drained;
}

/* W1: the peer receives what was written, in order, none twice. */
static void judge_W1_received(const weir_moment *now) {
  const weir_record *record = now->record;
  const weir_view *view = now->view;
  if (weir_holds(now, FACT(WRITES_UNSURE))) return;
  if (is_stray(now)) {
    weir_words told = weir_tell_data(record, view->drained);
    weir_break(now, WEIR_RULE_W1, now->index, "the peer received %s", told.text);
  } else if (record->code == WEIR_DATA_STREAM && weir_holds(now, FACT(CALLS)) &&
             record->b + record->a > view->accepted + view->refused) {
    weir_break(now, WEIR_RULE_W1, now->index,
               "the peer received the stream up to offset %llu, and %llu bytes were written",
               (unsigned long long)record->b + record->a, (unsigned long long)view->accepted);
  }
}

/* The peer has read everything, and bytes that were written are not among it. */
static bool fin_came_early(const weir_moment *now) {
  uint64_t excused = FACT(ABORT) | FACTS_FATAL | FACT(PEER_CLOSED) | FACT(WRITES_UNSURE) | FACT(OUT_STRAYED);
  return !weir_holds(now, excused) && now->view->drained < now->view->sure;
}

static void judge_W1(const weir_moment *now) {
  switch (now->record->event) {
  case WEIR_EVENT_PEER_RECEIVED:
  case WEIR_EVENT_DATA:
    if (now->record->event == WEIR_EVENT_PEER_RECEIVED || now->view->mixed == WEIR_EVENT_PEER_RECEIVED)
      judge_W1_received(now);
    return;
  case WEIR_EVENT_PEER_SAW_FIN:
    if (!fin_came_early(now) || weir_holds(now, FACT(CLOSE) | FACT(WROTE_EOF))) return; /* C2, W7 */
    weir_break(now, WEIR_RULE_W1, now->index, "the peer sees the end, and has received %llu of %llu bytes written",
               (unsigned long long)now->view->drained, (unsigned long long)now->view->sure);
    return;
  default: return;
  }
}

static void judge_W1_call(const weir_moment *now) {
  if (now->pair->begin.a > 0 && was_refused(now)) break_refused(now, WEIR_RULE_W1, "any bytes-like object is accepted");
}

/* The byte that is missing belongs to a write of this kind. */
static const weir_span *missing_span(const weir_moment *now) {
  if (!weir_ended_quiescent(now) || !weir_bytes_missing(now->view) || weir_holds(now, FACT(SAW_FIN))) return NULL;
  return weir_view_span(now->view, now->view->drained);
}

static void break_missing(const weir_moment *now, weir_rule rule, const char *what) {
  weir_break(now, rule, now->index, "the run is over, the peer reads, and it has received %llu of %llu bytes %s",
             (unsigned long long)now->view->drained, (unsigned long long)now->view->sure, what);
}

static void judge_W1_final(const weir_moment *now) {
  if (!weir_ended_quiescent(now) || !weir_bytes_missing(now->view) || weir_holds(now, FACT(SAW_FIN))) return;
  if (weir_holds(now, FACT(CLOSE) | FACT(WROTE_EOF))) return; /* C2, W7 */
  const weir_span *span = weir_view_span(now->view, now->view->drained);
  if (span != NULL && span->after_eof && weir_holds(now, FACT(EOF_TRUE)) &&
      weir_view_can(now->view, WEIR_CAN_HALF_CLOSE))
    return; /* E4 */
  break_missing(now, WEIR_RULE_W1, "written");
}

/* W3: write() of something not bytes-like is a TypeError. */
static void judge_W3(const weir_moment *now) {
  if (is_bytes_like(now) || !was_open(now)) return;
  const char *kind = weir_bytes_kind_name(now->pair->begin.code);
  bool raised = (now->record->flags & WEIR_FLAG_RAISED) != 0;
  if (!raised)
    weir_break(now, WEIR_RULE_W3, now->pair->index,
               "write() of an object of kind '%s' raised nothing; it is a TypeError", kind);
  else if (weir_call_failed(now->record) && now->record->code != WEIR_EXCEPTION_TYPE)
    weir_break(now, WEIR_RULE_W3, now->pair->index, "write() of an object of kind '%s' raised %s; it is a TypeError",
               kind, weir_tell_exception(now->record->code, now->record->a).text);
}

/* W4: write() of nothing does nothing. */
static void judge_W4(const weir_moment *now) {
  if (now->record->event != WEIR_EVENT_SEND || now->record->a != 0 || now->view->depth == 0) return;
  const weir_pair *top = &now->view->stack[now->view->depth - 1];
  if (top->begin.event == WEIR_EVENT_WRITE && top->begin.a == 0)
    weir_break(now, WEIR_RULE_W4, top->index, "write() of no bytes calls send; it does nothing");
}

static void judge_W4_call(const weir_moment *now) {
  if (now->record->event == WEIR_EVENT_WRITE && now->pair->begin.a == 0 && was_refused(now))
    break_refused(now, WEIR_RULE_W4, "it does nothing");
}

/* W5: writelines() is the same as the writes one by one. */
static void judge_W5(const weir_moment *now) {
  if (now->record->event != WEIR_EVENT_PEER_RECEIVED && now->record->event != WEIR_EVENT_DATA) return;
  const weir_span *span = weir_view_span(now->view, now->view->drained);
  if (span == NULL || span->event != WEIR_EVENT_WRITELINES || weir_holds(now, FACT(WRITES_UNSURE)) || !is_stray(now))
    return;
  weir_words told = weir_tell_data(now->record, now->view->drained);
  weir_break(now, WEIR_RULE_W5, now->index, "of a writelines() the peer received %s", told.text);
}

static void judge_W5_call(const weir_moment *now) {
  if (now->record->event == WEIR_EVENT_WRITELINES && was_refused(now))
    break_refused(now, WEIR_RULE_W5, "any iterable of bytes-like objects is accepted");
}

static void judge_W5_final(const weir_moment *now) {
  const weir_span *span = missing_span(now);
  if (span != NULL && span->event == WEIR_EVENT_WRITELINES) break_missing(now, WEIR_RULE_W5, "of a writelines()");
}

/* W6: write() and writelines() after write_eof() are errors. */
static void judge_W6(const weir_moment *now) {
  if (now->record->flags & WEIR_FLAG_RAISED) return;
  if (!(now->pair->facts & FACT(WROTE_EOF)) || (now->pair->facts & FACTS_DYING) || now->pair->begin.a == 0) return;
  weir_break(now, WEIR_RULE_W6, now->view->since[WEIR_FACT_WROTE_EOF],
             "%s() of %u bytes after write_eof() (record %llu) raised nothing; it is an error",
             weir_event_name(now->record->event), now->pair->begin.a,
             (unsigned long long)now->view->since[WEIR_FACT_WROTE_EOF]);
}

/* W7: write_eof() flushes, then the peer sees the end, and reading goes on. */
static void judge_W7(const weir_moment *now) {
  const weir_view *view = now->view;
  uint64_t since = view->since[WEIR_FACT_WROTE_EOF];
  if (!weir_holds(now, FACT(WROTE_EOF)) || weir_holds(now, FACT(CLOSING) | FACTS_FATAL)) return;
  unsigned long long sure = (unsigned long long)view->sure;
  switch (now->record->event) {
  case WEIR_EVENT_SHUTDOWN:
    if (now->record->b != 0 || view->sent >= view->sure || weir_holds(now, FACT(WRITES_UNSURE))) return;
    weir_break(now, WEIR_RULE_W7, since,
               "the write end is shut when %llu of the %llu bytes written before write_eof() are "
               "sent",
               (unsigned long long)view->sent, sure);
    return;
  case WEIR_EVENT_PEER_SAW_FIN:
    if (!fin_came_early(now)) return;
    weir_break(now, WEIR_RULE_W7, since,
               "the peer sees the end, and has received %llu of the %llu bytes written before "
               "write_eof()",
               (unsigned long long)view->drained, sure);
    return;
  case WEIR_EVENT_CONNECTION_LOST:
    if (now->record->code != WEIR_EXCEPTION_NONE || weir_holds(now, FACT(EOF) | FACTS_FIN | FACT(LOST))) return;
    weir_break(now, WEIR_RULE_W7, since, "connection_lost(None) after write_eof(), and nobody closed; reading goes on");
    return;
  default: return;
  }
}

static void judge_W7_call(const weir_moment *now) {
  if (now->record->event != WEIR_EVENT_WRITE_EOF || !weir_call_failed(now->record)) return;
  if ((now->pair->facts & FACTS_DYING) || now->record->code == WEIR_EXCEPTION_OS) return;
  weir_words told = weir_tell_exception(now->record->code, now->record->a);
  weir_break(now, WEIR_RULE_W7, now->pair->index, "%swrite_eof() raised %s on an open transport; %s",
             now->pair->facts & FACT(WROTE_EOF) ? "a second " : "", told.text,
             now->pair->facts & FACT(WROTE_EOF) ? "it does nothing" : "it is accepted");
}

static void judge_W7_final(const weir_moment *now) {
  const weir_view *view = now->view;
  if (!weir_ended_quiescent(now) || !weir_holds(now, FACT(WROTE_EOF)) || weir_holds(now, FACT(CLOSING))) return;
  uint64_t excused = FACT(PEER_STOPPED) | FACT(PEER_CLOSED) | FACTS_FATAL;
  if (!weir_holds(now, FACT(PEER)) || weir_holds(now, excused)) return;
  uint64_t since = view->since[WEIR_FACT_WROTE_EOF];
  if (weir_holds(now, FACT(LOST)) && view->since[WEIR_FACT_LOST] < since) return; /* there was nothing left to end */
  if (!weir_holds(now, FACT(SAW_FIN)))
    weir_break(now, WEIR_RULE_W7, since,
               "the run is over, the peer reads, and it never saw the end that write_eof() (record "
               "%llu) asked for",
               (unsigned long long)since);
  else if (weir_reading(view) && !weir_holds(now, FACT(STRAYED)) && view->expected < view->sent_by_peer)
    weir_break(now, WEIR_RULE_W7, since, "after write_eof() %llu of %llu bytes were delivered; reading goes on",
               (unsigned long long)view->expected, (unsigned long long)view->sent_by_peer);
}

/* W8: can_write_eof() tells the truth about write_eof(). */
static void judge_W8(const weir_moment *now) {
  const weir_view *view = now->view;
  if (now->pair->facts & FACTS_DYING) return;
  bool raised = (now->record->flags & WEIR_FLAG_RAISED) != 0;
  if (now->record->event == WEIR_EVENT_CAN_WRITE_EOF) {
    bool can = weir_view_can(view, WEIR_CAN_WRITE_EOF);
    if (raised || view->capabilities == 0 || can == (now->record->b != 0)) return;
    weir_break(now, WEIR_RULE_W8, now->index, "can_write_eof() is %s, and the target declares that write_eof() is %s",
               now->record->b != 0 ? "true" : "false", can ? "supported" : "not supported");
    return;
  }
  bool refused = raised && now->record->code == WEIR_EXCEPTION_UNSUPPORTED;
  if (refused && weir_holds(now, FACT(CAN_WRITE_EOF)))
    weir_break(now, WEIR_RULE_W8, view->since[WEIR_FACT_CAN_WRITE_EOF],
               "write_eof() is not supported, and can_write_eof() was "
               "true");
  else if (!raised && weir_holds(now, FACT(CANNOT_WRITE_EOF)))
    weir_break(now, WEIR_RULE_W8, view->since[WEIR_FACT_CANNOT_WRITE_EOF],
               "write_eof() is supported, and can_write_eof() was "
               "false");
}

/* W10: writing inside connection_made works. */
static void judge_W10(const weir_moment *now) {
  if (now->pair->begin.a > 0 && (now->pair->facts & FACT(MAKING)) && was_refused(now))
    break_refused(now, WEIR_RULE_W10, "it works inside connection_made");
}

static void judge_W10_final(const weir_moment *now) {
  const weir_span *span = missing_span(now);
  if (span != NULL && span->in_made)
    break_missing(now, WEIR_RULE_W10, "written, the first missing inside connection_made");
}

static const weir_monitor monitors[] = {
    {WEIR_RULE_W1, WEIR_PHASE_BEGIN, FACT(ODD), judge_W1},
    {WEIR_RULE_W1, WEIR_PHASE_END, FACT(ODD), judge_W1_call},
    {WEIR_RULE_W1, WEIR_PHASE_FINAL, 0, judge_W1_final},
    {WEIR_RULE_W3, WEIR_PHASE_END, FACT(MISUSE), judge_W3},
    {WEIR_RULE_W4, WEIR_PHASE_BEGIN, FACT(ODD), judge_W4},
    {WEIR_RULE_W4, WEIR_PHASE_END, FACT(ODD), judge_W4_call},
    {WEIR_RULE_W5, WEIR_PHASE_BEGIN, FACT(ODD), judge_W5},
    {WEIR_RULE_W5, WEIR_PHASE_END, FACT(ODD), judge_W5_call},
    {WEIR_RULE_W5, WEIR_PHASE_FINAL, 0, judge_W5_final},
    {WEIR_RULE_W6, WEIR_PHASE_END, FACT(WROTE_EOF), judge_W6},
    {WEIR_RULE_W7, WEIR_PHASE_BEGIN, FACT(WROTE_EOF), judge_W7},
    {WEIR_RULE_W7, WEIR_PHASE_END, FACT(ODD), judge_W7_call},
    {WEIR_RULE_W7, WEIR_PHASE_FINAL, 0, judge_W7_final},
    {WEIR_RULE_W8, WEIR_PHASE_END, FACT(ALWAYS), judge_W8},
    {WEIR_RULE_W10, WEIR_PHASE_END, FACT(ODD), judge_W10},
    {WEIR_RULE_W10, WEIR_PHASE_FINAL, 0, judge_W10_final},
};

const weir_monitor_list weir_writing_monitors = {monitors, sizeof monitors / sizeof *monitors};
