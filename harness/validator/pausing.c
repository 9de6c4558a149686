/* P: pausing reads. */
#include "validator/judge.h"

static void break_paused(const weir_moment *now, weir_rule rule, weir_fact fact) {
  weir_words after = weir_tell_since(now, fact, "pause_reading()");
  weir_break(now, rule, now->view->since[fact], "%s(%u) %s; no data comes until resume_reading()",
             weir_event_name(now->record->event), now->record->a, after.text);
}

/* P1: no data between pause_reading() and resume_reading(). */
static void judge_P1(const weir_moment *now) {
  break_paused(now, WEIR_RULE_P1, WEIR_FACT_PAUSED);
}

/* P4: a pause inside connection_made holds. */
static void judge_P4(const weir_moment *now) {
  break_paused(now, WEIR_RULE_P4, WEIR_FACT_PAUSED_IN_MADE);
}

/* P5: a pause inside buffer_updated holds, ... */
static void judge_P5(const weir_moment *now) {
  break_paused(now, WEIR_RULE_P5, WEIR_FACT_PAUSED_IN_DATA);
}

/* P7: a pause inside get_buffer holds. */
static void judge_P7(const weir_moment *now) {
  break_paused(now, WEIR_RULE_P7, WEIR_FACT_PAUSED_IN_GET);
}

/* P2: both calls are idempotent, and do nothing on a closing transport. */
static void judge_P2(const weir_moment *now) {
  if (!weir_call_failed(now->record)) return;
  bool pause = now->record->event == WEIR_EVENT_PAUSE_READING;
  bool paused = (now->pair->facts & FACT(PAUSED)) != 0, dying = (now->pair->facts & FACTS_DYING) != 0;
  if (!dying && pause != paused) return; /* the first one, on an open transport: L13 */
  weir_words told = weir_tell_exception(now->record->code, now->record->a);
  weir_break(now, WEIR_RULE_P2, now->pair->index, "%s() raised %s on a transport that is %s; it does nothing there",
             weir_event_name(now->record->event), told.text,
             dying    ? "closing or closed"
             : paused ? "paused already"
                      : "not paused");
}

/* P3: is_reading() is true exactly when neither paused nor closing. */
static void judge_P3(const weir_moment *now) {
  if (now->record->flags & WEIR_FLAG_RAISED) return;
  const weir_view *view = now->view;
  uint64_t changing = EVENT(CLOSE) | EVENT(ABORT) | EVENT(PAUSE_READING) | EVENT(RESUME_READING);
  if (view->open & changing) return;
  bool reading = now->record->b != 0;
  uint64_t was = now->pair->facts;
  if (reading && (was & (FACT(PAUSED) | FACTS_GONE))) {
    weir_fact fact = was & FACT(PAUSED) ? WEIR_FACT_PAUSED : was & FACT(LOST) ? WEIR_FACT_LOST : WEIR_FACT_CLOSING;
    weir_break(now, WEIR_RULE_P3, view->since[fact], "is_reading() is true on a transport that is %s",
               was & FACT(PAUSED) ? "paused"
               : was & FACT(LOST) ? "closed"
                                  : "closing");
  }
  /* Before connection_made has returned and after the peer's end there is nothing to read, whatever the flags say. */
  uint64_t unsure = FACTS_DYING | FACT(PAUSED) | FACT(UNMADE) | FACT(MAKING) | FACT(EOF) | FACTS_FIN;
  if (!reading && !(was & unsure) && weir_holds(now, FACT(CALLS)) && weir_shows_failures(view))
    weir_break(now, WEIR_RULE_P3, now->index,
               "is_reading() is false on a transport that is neither paused nor closing");
}

/* Reading goes on after the last resume, and what was there by then was not delivered. */
static bool resume_failed(const weir_moment *now) {
  const weir_view *view = now->view;
  if (!weir_ended_quiescent(now) || !weir_reading(view) || !weir_holds(now, FACT(RESUMED))) return false;
  if (!weir_holds(now, FACT(PEER)) || weir_holds(now, FACTS_FATAL | FACT(STRAYED))) return false;
  return view->expected < view->sent_at_resume;
}

/* P5: ... and after resume_reading() everything comes. */
static void judge_P5_final(const weir_moment *now) {
  const weir_view *view = now->view;
  if (!resume_failed(now) || !(view->ever & FACT(PAUSED_IN_DATA))) return;
  weir_break(
      now, WEIR_RULE_P5, view->since[WEIR_FACT_RESUMED],
      "after a pause inside a data callback and resume_reading() (record %llu) %llu of %llu bytes were delivered; "
      "everything has to come",
      (unsigned long long)view->since[WEIR_FACT_RESUMED], (unsigned long long)view->expected,
      (unsigned long long)view->sent_by_peer);
}

/* P6: resume_reading() delivers what is there. */
static void judge_P6(const weir_moment *now) {
  const weir_view *view = now->view;
  if (!resume_failed(now)) return;
  weir_break(
      now, WEIR_RULE_P6, view->since[WEIR_FACT_RESUMED],
      "%llu bytes had come when reading was resumed (record %llu), and %llu were delivered; no new packet is needed",
      (unsigned long long)view->sent_at_resume, (unsigned long long)view->since[WEIR_FACT_RESUMED],
      (unsigned long long)view->expected);
}

/* P8: no polling while paused. */
static void judge_P8(const weir_moment *now) {
  bool poll = now->record->event == WEIR_EVENT_TIMEOUT ||
              (now->record->event == WEIR_EVENT_RECV && (int64_t)now->record->b < 0);
  if (!poll || !weir_holds(now, FACT(PAUSED)) || weir_holds(now, FACTS_DYING | FACT(EOF))) return;
  weir_break(now, WEIR_RULE_P8, now->view->since[WEIR_FACT_PAUSED],
             "the fourth poll in a row while reading is paused and nothing else happens; it has to wait");
}

static void judge_P8_final(const weir_moment *now) {
  if (now->record->code != WEIR_END_SPIN || !weir_holds(now, FACT(PAUSED)) || weir_holds(now, FACTS_GONE)) return;
  weir_break(now, WEIR_RULE_P8, now->view->since[WEIR_FACT_PAUSED],
             "it spins while reading is paused; it has to wait without asking for readability");
}

static const weir_monitor monitors[] = {
    {WEIR_RULE_P1, WEIR_PHASE_BEGIN, FACT(PAUSED), judge_P1},
    {WEIR_RULE_P2, WEIR_PHASE_END, FACT(ODD), judge_P2},
    {WEIR_RULE_P3, WEIR_PHASE_END, FACT(ALWAYS), judge_P3},
    {WEIR_RULE_P4, WEIR_PHASE_BEGIN, FACT(PAUSED_IN_MADE), judge_P4},
    {WEIR_RULE_P5, WEIR_PHASE_BEGIN, FACT(PAUSED_IN_DATA), judge_P5},
    {WEIR_RULE_P5, WEIR_PHASE_FINAL, 0, judge_P5_final},
    {WEIR_RULE_P6, WEIR_PHASE_FINAL, 0, judge_P6},
    {WEIR_RULE_P7, WEIR_PHASE_BEGIN, FACT(PAUSED_IN_GET), judge_P7},
    {WEIR_RULE_P8, WEIR_PHASE_BEGIN, FACT(POLLING), judge_P8},
    {WEIR_RULE_P8, WEIR_PHASE_FINAL, 0, judge_P8_final},
};

const weir_monitor_list weir_pausing_monitors = {monitors, sizeof monitors / sizeof *monitors};
