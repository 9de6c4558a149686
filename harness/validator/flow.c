/* F: flow control of writing.  The buffered size is what was accepted and not
 * yet taken by the socket, so whatever needs it exactly needs socket records. */
#include "validator/judge.h"

static unsigned long long buffered(const weir_moment *now) {
  return (unsigned long long)weir_view_buffered(now->view);
}

/* Something was written when the connection was ending already: it may be
 * dropped (C7, W9), so that only what is sure tells the least of the buffer. */
static bool wrote_late(const weir_moment *now) {
  return weir_holds(now, FACT(CLOSING) | FACT(WROTE_EOF) | FACT(EOF_FALSE)) && now->view->accepted != now->view->sure;
}

/* The high-water mark that holds, or is just being set; -1: not known. */
static int64_t high_now(const weir_view *view) {
  for (uint32_t depth = view->depth; depth > 0; depth--) {
    const weir_record *begin = &view->stack[depth - 1].begin;
    if (begin->event == WEIR_EVENT_SET_LIMITS) return (int32_t)begin->a < 0 ? -1 : (int32_t)begin->a;
  }
  return view->high;
}

/* pause_writing with less than high in the buffer.  Without socket records the
 * size is an upper bound, which is all that is needed here. */
static bool paused_below(const weir_moment *now) {
  const weir_view *view = now->view;
  uint64_t unsure = FACTS_FAILED | FACT(ABORT) | FACT(WRITES_UNSURE);
  if (weir_holds(now, unsure) || !weir_holds(now, FACT(CALLS))) return false;
  if (view->layer == WEIR_LAYER_TLS) return false;               /* what TLS adds to the bytes counts as well */
  if (weir_view_buffered(view) == 0) return high_now(view) != 0; /* whatever high is, nothing is not over it; 0: F5 */
  if (view->open & EVENT(SET_LIMITS)) return false;              /* F6 */
  return view->high >= 0 && weir_view_buffered(view) < (uint64_t)view->high && !weir_holds(now, FACT(LIMITS_FRESH));
}

/* A write went over high, the program has gone on since, and pause_writing did not come. */
static bool pause_is_missing(const weir_moment *now) {
  const weir_view *view = now->view;
  if (!weir_holds(now, FACT(SOCKET)) || view->high < 0) return false;
  return weir_holds(now, FACT(PAUSE_OWED)) && weir_view_buffered(view) > (uint64_t)view->high;
}

static void break_over(const weir_moment *now, weir_rule rule) {
  uint64_t since = now->view->since[WEIR_FACT_PAUSE_OWED];
  weir_break(now, rule, since,
             "%s() (record %llu) took the buffer to %llu bytes, over high %lld, and pause_writing did not "
             "come",
             weir_event_name(now->view->owed_by), (unsigned long long)since, buffered(now), (long long)now->view->high);
}

static void break_below(const weir_moment *now, weir_rule rule) {
  if (weir_view_buffered(now->view) == 0)
    weir_break(now, rule, now->index, "pause_writing with nothing in the buffer");
  else
    weir_break(now, rule, now->index, "pause_writing with %llu bytes in the buffer; high is %lld", buffered(now),
               (long long)now->view->high);
}

/* F1: pause_writing when the buffer goes over high, never below. */
static void judge_F1(const weir_moment *now) {
  if (now->record->event == WEIR_EVENT_PAUSE_WRITING) {
    if (paused_below(now)) break_below(now, WEIR_RULE_F1);
  } else if (pause_is_missing(now)) {
    break_over(now, WEIR_RULE_F1);
  }
}

static void judge_F1_final(const weir_moment *now) {
  if (weir_ended_quiescent(now) && pause_is_missing(now)) break_over(now, WEIR_RULE_F1);
}

/* F9: writelines() obeys F1. */
static void judge_F9(const weir_moment *now) {
  if (now->record->event == WEIR_EVENT_PAUSE_WRITING) {
    if ((now->view->open & EVENT(WRITELINES)) && paused_below(now)) break_below(now, WEIR_RULE_F9);
  } else if (now->view->owed_by == WEIR_EVENT_WRITELINES && pause_is_missing(now)) {
    break_over(now, WEIR_RULE_F9);
  }
}

static void judge_F9_final(const weir_moment *now) {
  if (weir_ended_quiescent(now) && now->view->owed_by == WEIR_EVENT_WRITELINES && pause_is_missing(now))
    break_over(now, WEIR_RULE_F9);
}

/* F2: pause_writing and resume_writing alternate, beginning with pause_writing. */
static void judge_F2(const weir_moment *now) {
  bool pause = now->record->event == WEIR_EVENT_PAUSE_WRITING;
  if (pause != weir_holds(now, FACT(WRITE_PAUSED))) return;
  if (pause)
    weir_break(now, WEIR_RULE_F2, now->view->since[WEIR_FACT_WRITE_PAUSED],
               "pause_writing again, with no resume_writing since the last (record %llu)",
               (unsigned long long)now->view->since[WEIR_FACT_WRITE_PAUSED]);
  else
    weir_break(now, WEIR_RULE_F2, now->index, "resume_writing with no pause_writing before it");
}

/* F3: resume_writing when the buffer has come down to low. */
static void judge_F3(const weir_moment *now) {
  const weir_view *view = now->view;
  uint64_t unsure = FACTS_FAILED | FACT(ABORT) | FACT(WRITES_UNSURE) | FACT(LIMITS_FRESH);
  if (!weir_holds(now, FACT(SOCKET)) || weir_holds(now, unsure)) return;
  if (view->open & EVENT(SET_LIMITS)) return;             /* F6: by the limits that are just being set */
  int64_t most = view->low >= 0 ? view->low : view->high; /* a low that is not known is at most high */
  uint64_t least = weir_view_buffered(view);
  if (wrote_late(now)) least = view->sure > view->sent ? view->sure - view->sent : 0;
  if (most < 0 || least <= (uint64_t)most) return;
  weir_break(now, WEIR_RULE_F3, view->since[WEIR_FACT_WRITE_PAUSED],
             "resume_writing with %llu bytes in the buffer; %s is %lld", (unsigned long long)least,
             view->low >= 0 ? "low" : "high", (long long)most);
}

static void judge_F3_final(const weir_moment *now) {
  const weir_view *view = now->view;
  if (!weir_ended_quiescent(now) || !weir_holds(now, FACT(WRITE_PAUSED))) return;
  if (weir_holds(now, FACTS_DYING | FACT(WRITES_UNSURE) | FACT(PEER_CLOSED))) return;
  bool empty = weir_holds(now, FACT(SOCKET)) ? weir_view_buffered(view) == 0
                                             : weir_holds(now, FACT(PEER)) && view->drained >= view->accepted;
  /* It is the draining to low that owes it (D11), not a low that was raised. */
  bool low = weir_holds(now, FACT(SOCKET)) && view->low >= 0 && view->sent > view->sent_at_limits &&
             weir_view_buffered(view) <= (uint64_t)view->low;
  if (!empty && !low) return;
  weir_break(
      now, WEIR_RULE_F3, view->since[WEIR_FACT_WRITE_PAUSED],
      "the run is over with %llu bytes in the buffer, and resume_writing never came after pause_writing (record %llu)",
      empty ? 0 : buffered(now), (unsigned long long)view->since[WEIR_FACT_WRITE_PAUSED]);
}

/* F4: limits are checked, kept and told. */
static void judge_F4_set(const weir_moment *now) {
  int32_t high = (int32_t)now->pair->begin.a, low = (int32_t)(uint32_t)now->pair->begin.b;
  bool illegal = weir_limits_illegal(high, low);
  bool raised = (now->record->flags & WEIR_FLAG_RAISED) != 0;
  if (now->pair->facts & FACT(LOST)) return;
  if (illegal && !raised)
    weir_break(now, WEIR_RULE_F4, now->pair->index,
               "limits high %d low %d raised nothing; anything but 0 <= low <= high is a "
               "ValueError",
               high, low);
  else if (illegal != (now->record->code == WEIR_EXCEPTION_VALUE) && weir_call_failed(now->record))
    weir_break(now, WEIR_RULE_F4, now->pair->index, "limits that are %s raised %s%s",
               illegal ? "not 0 <= low <= high" : "legal", weir_tell_exception(now->record->code, now->record->a).text,
               illegal ? "; it is a ValueError" : "");
  else if (!illegal && weir_call_failed(now->record))
    weir_break(now, WEIR_RULE_F4, now->pair->index, "limits that are legal raised a ValueError");
}

static void judge_F4_get(const weir_moment *now) {
  const weir_view *view = now->view;
  uint32_t low = (uint32_t)now->record->b, high = (uint32_t)(now->record->b >> 32);
  int32_t given_high = view->given_high, given_low = view->given_low;
  if ((now->record->flags & WEIR_FLAG_RAISED) || weir_limits_illegal(given_high, given_low)) return;
  /* Inside a pause_writing that setting them brought, what was set before is no measure any more. */
  if (view->open & EVENT(SET_LIMITS)) given_high = given_low = INT32_MIN;
  bool wrong = low > high || (given_high >= 0 && high != (uint32_t)given_high) ||
               (given_low >= 0 && low != (uint32_t)given_low) || (given_high == 0 && low != 0);
  if (!wrong) return;
  uint64_t since = weir_holds(now, FACT(LIMITS_SET)) ? view->since[WEIR_FACT_LIMITS_SET] : now->index;
  weir_break(now, WEIR_RULE_F4, since,
             "get_write_buffer_limits() gives low %u, high %u; it has to be what was set, and low at "
             "most high",
             low, high);
}

static void judge_F4(const weir_moment *now) {
  if (now->record->event == WEIR_EVENT_SET_LIMITS)
    judge_F4_set(now);
  else
    judge_F4_get(now);
}

/* F5: with high=0, never while the buffer is empty. */
static void judge_F5(const weir_moment *now) {
  uint64_t unsure = FACTS_FAILED | FACT(ABORT) | FACT(WRITES_UNSURE);
  if (high_now(now->view) != 0 || weir_view_buffered(now->view) != 0 || weir_holds(now, unsure)) return;
  if (now->view->layer == WEIR_LAYER_TLS) return; /* ... of its own may wait in it */
  weir_break(now, WEIR_RULE_F5, weir_holds(now, FACT(LIMITS_SET)) ? now->view->since[WEIR_FACT_LIMITS_SET] : now->index,
             "pause_writing with high=0 and nothing in the buffer; it comes when the buffer becomes non-empty");
}

static const weir_raise *flow_raise(const weir_view *view, unsigned code, uint32_t number) {
  static const uint8_t events[] = {WEIR_EVENT_PAUSE_WRITING, WEIR_EVENT_RESUME_WRITING};
  for (unsigned i = 0; i < 2; i++) {
    const weir_raise *raise = &view->raises[events[i]];
    if (raise->raised && raise->code == code && raise->number == number) return raise;
  }
  return NULL;
}

/* F7: what pause_writing or resume_writing raises goes to the exception handler, and nowhere else. */
static void judge_F7(const weir_moment *now) {
  if (now->record->event != WEIR_EVENT_CONNECTION_LOST || now->record->code == WEIR_EXCEPTION_NONE) return;
  const weir_raise *raise = flow_raise(now->view, now->record->code, now->record->a);
  if (raise == NULL || weir_holds(now, FACTS_FATAL)) return;
  weir_break(now, WEIR_RULE_F7, raise->index,
             "connection_lost brings what a flow control callback (record %llu) raised; the "
             "connection goes on after that",
             (unsigned long long)raise->index);
}

static void judge_F7_call(const weir_moment *now) {
  if (weir_event_group_of(now->record->event) != WEIR_GROUP_CALL || !(now->record->flags & WEIR_FLAG_RAISED)) return;
  if (now->record->code != WEIR_EXCEPTION_PROBE) return;
  const weir_raise *raise = flow_raise(now->view, now->record->code, now->record->a);
  if (raise == NULL) return;
  weir_break(now, WEIR_RULE_F7, raise->index,
             "%s() raised what a flow control callback (record %llu) raised; it goes to the "
             "exception handler",
             weir_event_name(now->record->event), (unsigned long long)raise->index);
}

static void judge_F7_final(const weir_moment *now) {
  if (!weir_ended_quiescent(now) || !weir_shows_handler(now->view)) return;
  static const uint8_t events[] = {WEIR_EVENT_PAUSE_WRITING, WEIR_EVENT_RESUME_WRITING};
  for (unsigned i = 0; i < 2; i++) {
    const weir_raise *raise = &now->view->raises[events[i]];
    if (!raise->raised || raise->handled) continue;
    weir_break(now, WEIR_RULE_F7, raise->index, "%s (record %llu) raised, and the exception handler was not called",
               weir_event_name(events[i]), (unsigned long long)raise->index);
  }
}

/* F8: no flow control after connection_lost. */
static void judge_F8(const weir_moment *now) {
  weir_words after = weir_tell_since(now, WEIR_FACT_LOST, "connection_lost");
  weir_break(now, WEIR_RULE_F8, now->view->since[WEIR_FACT_LOST], "%s %s; none comes after it",
             weir_event_name(now->record->event), after.text);
}

/* pause_writing comes with at least high in the buffer (F1): the first call inside it is told of no less. */
static bool asked_first_in_pause(const weir_moment *now) {
  const weir_view *view = now->view;
  if (view->high < 0 || weir_holds(now, FACT(LIMITS_FRESH)) || (view->open & EVENT(SET_LIMITS))) return false;
  for (uint32_t depth = view->depth; depth > 0; depth--) {
    const weir_pair *pair = &view->stack[depth - 1];
    if (pair->begin.event == WEIR_EVENT_PAUSE_WRITING) return pair->index + 1 == now->pair->index;
  }
  return false;
}

/* F10: get_write_buffer_size() is what was accepted and not yet sent. */
static void judge_F10(const weir_moment *now) {
  const weir_view *view = now->view;
  if (now->record->flags & WEIR_FLAG_RAISED) return;
  int64_t size = (int64_t)now->record->b;
  if (size < 0) {
    weir_break(now, WEIR_RULE_F10, now->index, "get_write_buffer_size() is %lld; it is never negative",
               (long long)size);
    return;
  }
  uint64_t unsure = FACT(LOST) | FACT(ABORT) | FACTS_FATAL | FACT(WRITES_UNSURE) | FACT(PEER_CLOSED) | FACT(UNMADE);
  if (!weir_holds(now, FACT(SOCKET)) || weir_holds(now, unsure) || wrote_late(now)) return;
  uint64_t most = weir_view_buffered(view), least = most;
  /* Inside a write some of its bytes may not have been taken in yet. */
  for (uint32_t depth = 0; depth < view->depth; depth++) {
    const weir_record *begin = &view->stack[depth].begin;
    bool write = begin->event == WEIR_EVENT_WRITE || begin->event == WEIR_EVENT_WRITELINES;
    if (write) least = least > begin->a ? least - begin->a : 0;
  }
  if (asked_first_in_pause(now) && least < (uint64_t)view->high && (uint64_t)view->high <= most)
    least = (uint64_t)view->high;
  if ((uint64_t)size >= least && (uint64_t)size <= most) return;
  weir_break(now, WEIR_RULE_F10, now->index, "get_write_buffer_size() is %lld; %llu bytes were accepted and %llu sent",
             (long long)size, (unsigned long long)view->accepted, (unsigned long long)view->sent);
}

/* F11: pause_writing and resume_writing may make any of these calls. */
static void judge_F11(const weir_moment *now) {
  uint8_t callback = weir_view_callback(now->view);
  if (callback != WEIR_EVENT_PAUSE_WRITING && callback != WEIR_EVENT_RESUME_WRITING) return;
  if (!weir_call_failed(now->record)) return;
  const weir_record *begin = &now->pair->begin;
  switch (begin->event) {
  case WEIR_EVENT_WRITE:
  case WEIR_EVENT_WRITELINES:
    if (now->pair->facts & (FACTS_DYING | FACT(WROTE_EOF))) return; /* C7, W6, W9 */
    if (begin->event == WEIR_EVENT_WRITE && !weir_bytes_kind_is_bytes_like(begin->code)) return;
    break;
  case WEIR_EVENT_SET_LIMITS:
    if (weir_limits_illegal((int32_t)begin->a, (int32_t)(uint32_t)begin->b)) return;
    break;
  default: break;
  }
  weir_words told = weir_tell_exception(now->record->code, now->record->a);
  weir_break(now, WEIR_RULE_F11, now->pair->index, "%s() inside %s raised %s; it is legal there",
             weir_event_name(begin->event), weir_event_name(callback), told.text);
}

static const weir_monitor monitors[] = {
    {WEIR_RULE_F1, WEIR_PHASE_BEGIN, FACT(PAUSE_OWED) | FACT(ODD), judge_F1},
    {WEIR_RULE_F1, WEIR_PHASE_FINAL, 0, judge_F1_final},
    {WEIR_RULE_F9, WEIR_PHASE_BEGIN, FACT(PAUSE_OWED) | FACT(ODD), judge_F9},
    {WEIR_RULE_F9, WEIR_PHASE_FINAL, 0, judge_F9_final},
    {WEIR_RULE_F2, WEIR_PHASE_BEGIN, FACT(ALWAYS), judge_F2},
    {WEIR_RULE_F3, WEIR_PHASE_BEGIN, FACT(WRITE_PAUSED), judge_F3},
    {WEIR_RULE_F3, WEIR_PHASE_FINAL, 0, judge_F3_final},
    {WEIR_RULE_F4, WEIR_PHASE_END, FACT(ALWAYS), judge_F4},
    {WEIR_RULE_F5, WEIR_PHASE_BEGIN, FACT(ALWAYS), judge_F5},
    {WEIR_RULE_F7, WEIR_PHASE_BEGIN, FACT(FLOW_RAISED), judge_F7},
    {WEIR_RULE_F7, WEIR_PHASE_END, FACT(ODD), judge_F7_call},
    {WEIR_RULE_F7, WEIR_PHASE_FINAL, 0, judge_F7_final},
    {WEIR_RULE_F8, WEIR_PHASE_BEGIN, FACT(LOST), judge_F8},
    {WEIR_RULE_F10, WEIR_PHASE_END, FACT(ALWAYS), judge_F10},
    {WEIR_RULE_F11, WEIR_PHASE_END, FACT(ODD), judge_F11},
};

const weir_monitor_list weir_flow_monitors = {monitors, sizeof monitors / sizeof *monitors};
