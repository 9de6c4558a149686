/* B: buffers, and what is delivered in them. */
#include <errno.h>

#include "validator/judge.h"

static bool same_object(const weir_moment *now) {
  return weir_record_protocol(now->record) == now->view->given.protocol;
}

/* B1: each buffer_updated has a get_buffer of its own. */
static void judge_B1(const weir_moment *now) {
  const weir_given *given = &now->view->given;
  if (given->ready) return;
  if (given->used)
    weir_break(now, WEIR_RULE_B1, given->index,
               "buffer_updated(%u) and the buffer of get_buffer (record %llu) has had one "
               "already; there is at most one to a get_buffer",
               now->record->a, (unsigned long long)given->index);
  else if (given->asked)
    weir_break(now, WEIR_RULE_B1, given->index,
               "buffer_updated(%u) and get_buffer (record %llu) has returned no buffer", now->record->a,
               (unsigned long long)given->index);
  else
    weir_break(now, WEIR_RULE_B1, now->index, "buffer_updated(%u) with no get_buffer before it", now->record->a);
}

/* B2: nbytes > 0. */
static void judge_B2(const weir_moment *now) {
  if (now->record->a == 0)
    weir_break(now, WEIR_RULE_B2, now->index, "buffer_updated(0); it comes only when at least one byte was written");
}

/* B3: nbytes fits the buffer. */
static void judge_B3(const weir_moment *now) {
  const weir_given *given = &now->view->given;
  if (!given->ready || now->record->a <= given->size) return;
  weir_break(now, WEIR_RULE_B3, given->index, "buffer_updated(%u) for a buffer of %u bytes", now->record->a,
             given->size);
}

/* The bytes in hand are not the next of the stream.  After a stray run the
 * place is not known, and the next run of the stream tells it. */
static bool is_stray(const weir_moment *now) {
  const weir_record *record = now->record;
  if (record->event == WEIR_EVENT_DATA && now->view->mixed == WEIR_EVENT_PEER_RECEIVED) return false;
  if (record->code == WEIR_DATA_UNKNOWN || record->code == WEIR_DATA_MIXED) return false;
  if (record->code != WEIR_DATA_STREAM) return true;
  return !weir_holds(now, FACT(STRAYED)) && record->b != now->view->expected;
}

static bool is_jump(const weir_moment *now) {
  return now->record->code == WEIR_DATA_STREAM && is_stray(now);
}

/* B4: the first nbytes of the buffer are the next nbytes of the stream. */
static void judge_B4(const weir_moment *now) {
  if (now->record->event == WEIR_EVENT_DATA && now->view->mixed != WEIR_EVENT_BUFFER_UPDATED) return;
  if (!is_stray(now)) return;
  weir_words told = weir_tell_data(now->record, now->view->expected);
  weir_break(now, WEIR_RULE_B4, now->view->given.asked ? now->view->given.index : now->index, "the buffer holds %s",
             told.text);
}

/* B5: what lies behind nbytes is untouched. */
static void judge_B5(const weir_moment *now) {
  weir_break(now, WEIR_RULE_B5, now->view->given.asked ? now->view->given.index : now->index,
             "byte %u of the buffer was written to, behind nbytes; only the first nbytes may change", now->record->a);
}

/* B6: the buffer is the transport's from get_buffer to the return of buffer_updated only. */
static void judge_B6(const weir_moment *now) {
  bool held = now->record->event == WEIR_EVENT_BUFFER_HELD;
  if (held)
    weir_break(now, WEIR_RULE_B6, now->index,
               "the buffer of get_buffer number %u is still exported, though its span is over", now->record->a);
  else
    weir_break(now, WEIR_RULE_B6, now->index,
               "byte %llu of the buffer of get_buffer number %u was written to outside its "
               "span, which ends when buffer_updated returns",
               (unsigned long long)now->record->b, now->record->a);
}

/* An error about a usable buffer in hand, that nothing else explains. */
static bool refuses_buffer(const weir_moment *now) {
  uint64_t causes = FACTS_FATAL | FACT(FLOW_RAISED) | FACT(LOST_RAISED) | FACT(MISUSE) | FACT(SWITCHED_IN_GET);
  if (!now->view->given.ready || weir_holds(now, causes | FACTS_GONE)) return false;
  switch (now->record->code) {
  case WEIR_EXCEPTION_TYPE:
  case WEIR_EXCEPTION_VALUE:
  case WEIR_EXCEPTION_RUNTIME:
  case WEIR_EXCEPTION_BUFFER: return true;
  case WEIR_EXCEPTION_OTHER: return weir_shows_failures(now->view);
  default: return false;
  }
}

/* B8: any writable contiguous buffer is accepted. */
static void judge_B8(const weir_moment *now) {
  const weir_given *given = &now->view->given;
  if (!refuses_buffer(now) || given->kind == WEIR_BUFFER_BYTEARRAY) return;
  weir_words told = weir_tell_exception(now->record->code, now->record->a);
  weir_break(now, WEIR_RULE_B8, given->index,
             "%s after get_buffer gave a writable buffer of kind '%s' and %u bytes, which "
             "has to be accepted",
             told.text, weir_buffer_kind_name(given->kind), given->size);
}

/* B9: a result that is no writable buffer is reported. */
static void judge_B9(const weir_moment *now) {
  uint64_t since = now->view->since[WEIR_FACT_UNUSABLE];
  if (now->record->event == WEIR_EVENT_BUFFER_UPDATED) {
    if (!now->view->given.ready || weir_buffer_kind_usable(now->view->given.kind)) return;
    weir_break(now, WEIR_RULE_B9, now->view->given.index,
               "buffer_updated(%u) for a result of kind '%s', which cannot be written to", now->record->a,
               weir_buffer_kind_name(now->view->given.kind));
  } else if (weir_holds(now, FACT(UNUSABLE)) && now->record->code == WEIR_EXCEPTION_NONE &&
             !weir_holds(now, FACT(CLOSING))) {
    weir_break(now, WEIR_RULE_B9, since,
               "connection_lost(None) after get_buffer (record %llu) gave no writable buffer; that "
               "is an error to be reported",
               (unsigned long long)since);
  }
}

static void judge_B9_final(const weir_moment *now) {
  if (!weir_holds(now, FACT(UNUSABLE)) || weir_holds(now, FACT(CLOSING) | FACT(LOST))) return;
  if (now->record->code == WEIR_END_CUT || now->record->code == WEIR_END_LIMIT) return;
  weir_break(now, WEIR_RULE_B9, now->view->since[WEIR_FACT_UNUSABLE],
             "the run is over, and nobody was told that get_buffer (record %llu) gave no writable buffer",
             (unsigned long long)now->view->since[WEIR_FACT_UNUSABLE]);
}

/* B10: the hint. */
static void judge_B10(const weir_moment *now) {
  weir_break(now, WEIR_RULE_B10, now->index, "get_buffer(%d); the hint is -1 or at least 1", (int32_t)now->record->a);
}

/* B11: the hint is only a hint. */
static void judge_B11(const weir_moment *now) {
  const weir_given *given = &now->view->given;
  if (!refuses_buffer(now) || given->kind != WEIR_BUFFER_BYTEARRAY) return;
  weir_words told = weir_tell_exception(now->record->code, now->record->a);
  weir_break(now, WEIR_RULE_B11, given->index,
             "%s after get_buffer(%d) gave %u bytes; any size from 1 up is acceptable", told.text, given->hint,
             given->size);
}

/* Everything that the peer sent had to be delivered by now, and was not. */
static bool is_undelivered(const weir_moment *now) {
  const weir_view *view = now->view;
  if (!weir_ended_quiescent(now) || !weir_reading(view) || !weir_holds(now, FACT(PEER))) return false;
  if (weir_holds(now, FACTS_FATAL | FACT(STRAYED))) return false;
  return view->expected < view->sent_by_peer;
}

/* A resume that owed what was there: P6 says so, and the buffers are not to blame. */
static bool resume_owes(const weir_view *view) {
  return (view->facts & FACT(RESUMED)) && view->sent_at_resume > view->expected;
}

static void judge_B11_final(const weir_moment *now) {
  if (!is_undelivered(now) || resume_owes(now->view) || !weir_holds(now, FACT(ODD_SIZE))) return;
  weir_break(now, WEIR_RULE_B11, now->view->since[WEIR_FACT_ODD_SIZE],
             "%llu of %llu bytes were delivered, in buffers of other sizes than the hint; any size has to work",
             (unsigned long long)now->view->expected, (unsigned long long)now->view->sent_by_peer);
}

/* B12: a buffer of no size is reported. */
static void judge_B12(const weir_moment *now) {
  uint64_t since = now->view->since[WEIR_FACT_EMPTY];
  switch (now->record->event) {
  case WEIR_EVENT_BUFFER_UPDATED:
    if (!now->view->given.ready || now->view->given.size != 0 || !weir_buffer_kind_usable(now->view->given.kind))
      return;
    weir_break(now, WEIR_RULE_B12, now->view->given.index,
               "buffer_updated(%u) for a buffer of no size; that is an error to be reported", now->record->a);
    return;
  case WEIR_EVENT_EOF_RECEIVED:
    if (!weir_holds(now, FACT(EMPTY)) || weir_holds(now, FACT(CLOSING) | FACTS_FIN)) return;
    weir_break(now, WEIR_RULE_B12, since,
               "eof_received after get_buffer (record %llu) gave a buffer of no size; the peer has "
               "not ended, and the error is to be reported",
               (unsigned long long)since);
    return;
  default:
    if (!weir_holds(now, FACT(EMPTY)) || now->record->code != WEIR_EXCEPTION_NONE || weir_holds(now, FACT(CLOSING)))
      return;
    weir_break(now, WEIR_RULE_B12, since,
               "connection_lost(None) after get_buffer (record %llu) gave a buffer of no size; "
               "that is an error to be reported",
               (unsigned long long)since);
  }
}

static void judge_B12_final(const weir_moment *now) {
  if (!weir_holds(now, FACT(EMPTY)) || weir_holds(now, FACT(CLOSING) | FACT(LOST))) return;
  if (now->record->code == WEIR_END_CUT || now->record->code == WEIR_END_LIMIT) return;
  weir_break(now, WEIR_RULE_B12, now->view->since[WEIR_FACT_EMPTY],
             "the run is over (%s), and nobody was told that get_buffer (record %llu) gave a buffer of no size",
             weir_end_name(now->record->code), (unsigned long long)now->view->since[WEIR_FACT_EMPTY]);
}

/* B14: buffer_updated, or a plain protocol's data_received, raised. */
static const uint8_t receivers[] = {WEIR_EVENT_BUFFER_UPDATED, WEIR_EVENT_DATA_RECEIVED};

static void judge_B14(const weir_moment *now) {
  for (unsigned i = 0; i < 2; i++) {
    const weir_raise *raise = &now->view->raises[receivers[i]];
    if (!raise->raised) continue;
    weir_break(now, WEIR_RULE_B14, raise->index, "%s after %s (record %llu) raised; none comes after that",
               weir_event_name(now->record->event), weir_event_name(receivers[i]), (unsigned long long)raise->index);
    return;
  }
}

static void judge_B14_of(const weir_moment *now, unsigned receiver) {
  const weir_raise *raise = &now->view->raises[receiver];
  if (!raise->raised) return;
  if (!raise->handled && !raise->lost && !weir_shows_handler(now->view)) return;
  weir_words told = weir_tell_exception(raise->code, raise->number);
  if (!raise->handled && !raise->lost)
    weir_break(now, WEIR_RULE_B14, raise->index,
               "%s (record %llu) raised %s, and neither the exception handler nor connection_lost was given it",
               weir_event_name(receiver), (unsigned long long)raise->index, told.text);
  else if (!weir_holds(now, FACT(LOST)) && !weir_flush_may_wait(now->view))
    weir_break(now, WEIR_RULE_B14, raise->index, "%s (record %llu) raised, and connection_lost never came",
               weir_event_name(receiver), (unsigned long long)raise->index);
}

static void judge_B14_final(const weir_moment *now) {
  if (!weir_ended_quiescent(now)) return;
  for (unsigned i = 0; i < 2; i++) judge_B14_of(now, receivers[i]);
}

/* B15: a get_buffer that no buffer_updated follows is no error. */
static void judge_B15(const weir_moment *now) {
  bool again = now->record->code == WEIR_EXCEPTION_OS && (now->record->a == EAGAIN || now->record->a == EINTR);
  if (!again || !now->view->given.ready || !weir_holds(now, FACT(RECV_AGAIN))) return;
  weir_break(now, WEIR_RULE_B15, now->view->given.index,
             "OSError %u after a get_buffer for which recv found nothing; that is "
             "legal, and no error",
             now->record->a);
}

/* What was read after set_protocol() inside get_buffer reaches nobody. */
static void judge_B16_dropped(const weir_moment *now) {
  const weir_view *view = now->view;
  if (weir_holds(now, FACT(CLOSING) | FACTS_FATAL | FACT(STRAYED)) || view->received <= view->expected) return;
  weir_break(
      now, WEIR_RULE_B16, view->since[WEIR_FACT_SWITCHED_IN_GET],
      "connection_lost, and %llu bytes that were read after set_protocol() inside get_buffer reached no protocol",
      (unsigned long long)(view->received - view->expected));
}

static void judge_B16_jump(const weir_moment *now) {
  weir_words told = weir_tell_data(now->record, now->view->expected);
  weir_break(now, WEIR_RULE_B16, now->view->since[WEIR_FACT_SWITCHED_IN_GET],
             "after set_protocol() inside get_buffer came %s", told.text);
}

/* B16: the buffer goes back to the object that gave it. */
static void judge_B16(const weir_moment *now) {
  const weir_given *given = &now->view->given;
  if (now->record->event == WEIR_EVENT_BUFFER_UPDATED && given->ready && !same_object(now))
    weir_break(now, WEIR_RULE_B16, given->index, "buffer_updated on protocol %u for a buffer that protocol %u gave",
               weir_record_protocol(now->record), given->protocol);
  if (!weir_holds(now, FACT(SWITCHED_IN_GET))) return;
  if (now->record->event == WEIR_EVENT_CONNECTION_LOST)
    judge_B16_dropped(now);
  else if (is_jump(now))
    judge_B16_jump(now);
}

/* B17: what is delivered is the stream, in order; all of it when it ended regularly. */
static void judge_B17(const weir_moment *now) {
  bool plain = now->record->event == WEIR_EVENT_DATA_RECEIVED ||
               (now->record->event == WEIR_EVENT_DATA && now->view->mixed == WEIR_EVENT_DATA_RECEIVED);
  if (!is_jump(now) && !(plain && is_stray(now))) return; /* the bytes of a buffer: B4 */
  weir_words told = weir_tell_data(now->record, now->view->expected);
  weir_break(now, WEIR_RULE_B17, now->index, "delivered: %s", told.text);
}

static void judge_B17_final(const weir_moment *now) {
  const weir_view *view = now->view;
  unsigned long long delivered = (unsigned long long)view->expected, sent = (unsigned long long)view->sent_by_peer;
  if (is_undelivered(now)) {
    if (resume_owes(view)) return; /* P6 */
    weir_break(now, WEIR_RULE_B17, now->index, "the run is over, reading was on, and %llu of %llu bytes were delivered",
               delivered, sent);
    return;
  }
  uint64_t excused = FACT(CLOSING) | FACTS_FATAL | FACT(STRAYED) | FACT(LOST_ERROR);
  bool ended = weir_ended_quiescent(now) && weir_holds(now, FACT(LOST)) && weir_holds(now, FACT(PEER_FIN));
  if (!ended || weir_holds(now, excused) || view->expected >= view->sent_by_peer) return;
  weir_break(now, WEIR_RULE_B17, view->since[WEIR_FACT_PEER_FIN],
             "the peer ended its side after %llu bytes, and %llu were delivered", sent, delivered);
}

/* B18: everything before the FIN comes before eof_received and connection_lost(None). */
static void judge_B18(const weir_moment *now) {
  const weir_view *view = now->view;
  if (!weir_holds(now, FACT(PEER_FIN)) || view->expected >= view->sent_by_peer) return;
  if (weir_holds(now, FACTS_FATAL | FACT(CLOSING) | FACT(STRAYED))) return;
  bool lost = now->record->event == WEIR_EVENT_CONNECTION_LOST;
  if (lost && now->record->code != WEIR_EXCEPTION_NONE) return;
  weir_break(now, WEIR_RULE_B18, view->since[WEIR_FACT_PEER_FIN],
             "%s, and %llu of the %llu bytes that came before the peer's FIN were delivered; all of them come first",
             lost ? "connection_lost(None)" : "eof_received", (unsigned long long)view->expected,
             (unsigned long long)view->sent_by_peer);
}

/* B21: data_received brings at least one byte. */
static void judge_B21(const weir_moment *now) {
  if (now->record->a == 0)
    weir_break(now, WEIR_RULE_B21, now->index, "data_received with no bytes; it comes only with data");
}

static const weir_monitor monitors[] = {
    {WEIR_RULE_B1, WEIR_PHASE_BEGIN, FACT(ODD), judge_B1},
    {WEIR_RULE_B2, WEIR_PHASE_BEGIN, FACT(ODD), judge_B2},
    {WEIR_RULE_B3, WEIR_PHASE_BEGIN, FACT(ODD), judge_B3},
    {WEIR_RULE_B4, WEIR_PHASE_BEGIN, FACT(ODD), judge_B4},
    {WEIR_RULE_B5, WEIR_PHASE_BEGIN, FACT(ALWAYS), judge_B5},
    {WEIR_RULE_B6, WEIR_PHASE_BEGIN, FACT(ALWAYS), judge_B6},
    {WEIR_RULE_B8, WEIR_PHASE_BEGIN, FACT(ALWAYS), judge_B8},
    {WEIR_RULE_B9, WEIR_PHASE_BEGIN, FACT(BAD_BUFFER), judge_B9},
    {WEIR_RULE_B9, WEIR_PHASE_FINAL, 0, judge_B9_final},
    {WEIR_RULE_B10, WEIR_PHASE_BEGIN, FACT(ODD), judge_B10},
    {WEIR_RULE_B11, WEIR_PHASE_BEGIN, FACT(ALWAYS), judge_B11},
    {WEIR_RULE_B11, WEIR_PHASE_FINAL, 0, judge_B11_final},
    {WEIR_RULE_B12, WEIR_PHASE_BEGIN, FACT(BAD_BUFFER), judge_B12},
    {WEIR_RULE_B12, WEIR_PHASE_FINAL, 0, judge_B12_final},
    {WEIR_RULE_B14, WEIR_PHASE_BEGIN, FACT(UPDATED_RAISED) | FACT(DATA_RAISED), judge_B14},
    {WEIR_RULE_B14, WEIR_PHASE_FINAL, 0, judge_B14_final},
    {WEIR_RULE_B15, WEIR_PHASE_BEGIN, FACT(ALWAYS), judge_B15},
    {WEIR_RULE_B16, WEIR_PHASE_BEGIN, FACT(ODD) | FACT(SWITCHED_IN_GET), judge_B16},
    {WEIR_RULE_B17, WEIR_PHASE_BEGIN, FACT(ODD), judge_B17},
    {WEIR_RULE_B17, WEIR_PHASE_FINAL, 0, judge_B17_final},
    {WEIR_RULE_B18, WEIR_PHASE_BEGIN, FACT(ALWAYS), judge_B18},
    {WEIR_RULE_B21, WEIR_PHASE_BEGIN, FACT(ODD), judge_B21},
};

const weir_monitor_list weir_buffer_monitors = {monitors, sizeof monitors / sizeof *monitors};
