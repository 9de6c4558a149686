/* T: switching protocols. */
#include "validator/judge.h"

/* A data callback came to the object that is no longer set, and not for a read
 * that was under way when the switch was made. */
static bool comes_to_old_object(const weir_moment *now) {
  const weir_view *view = now->view;
  if (weir_record_protocol(now->record) == view->protocol) return false;
  bool read = weir_holds(now, FACT(READ_SINCE)) || !weir_holds(now, FACT(SOCKET));
  switch (now->record->event) {
  case WEIR_EVENT_GET_BUFFER:
  case WEIR_EVENT_CONNECTION_LOST: return true;
  case WEIR_EVENT_DATA_RECEIVED:
  case WEIR_EVENT_EOF_RECEIVED: return read;
  case WEIR_EVENT_BUFFER_UPDATED: return view->given.protocol == view->protocol; /* else B16 permits it */
  default: return false;
  }
}

static bool is_jump(const weir_moment *now) {
  const weir_record *record = now->record;
  bool data = record->event == WEIR_EVENT_BUFFER_UPDATED || record->event == WEIR_EVENT_DATA_RECEIVED ||
              (record->event == WEIR_EVENT_DATA && now->view->mixed != WEIR_EVENT_PEER_RECEIVED);
  return data && record->code == WEIR_DATA_STREAM && !weir_holds(now, FACT(STRAYED)) &&
         record->b != now->view->expected;
}

/* T1: set_protocol() takes effect with the next read, and no byte is lost or doubled. */
static void judge_T1(const weir_moment *now) {
  const weir_view *view = now->view;
  uint64_t since = view->since[WEIR_FACT_SWITCHED];
  if (now->record->event != WEIR_EVENT_DATA && comes_to_old_object(now))
    weir_break(now, WEIR_RULE_T1, since, "%s on protocol %u after set_protocol() (record %llu) has set protocol %u",
               weir_event_name(now->record->event), weir_record_protocol(now->record), (unsigned long long)since,
               view->protocol);
  if (!weir_holds(now, FACT(SWITCHED_SINCE)) || !is_jump(now)) return;
  weir_words told = weir_tell_data(now->record, view->expected);
  weir_break(now, WEIR_RULE_T1, since, "after set_protocol() (record %llu) came %s", (unsigned long long)since,
             told.text);
}

static void judge_T1_get(const weir_moment *now) {
  if (now->record->event != WEIR_EVENT_GET_PROTOCOL || (now->record->flags & WEIR_FLAG_RAISED)) return;
  if (weir_holds(now, FACT(LOST)) || now->record->b == now->view->protocol) return;
  weir_break(now, WEIR_RULE_T1, weir_holds(now, FACT(SWITCHED)) ? now->view->since[WEIR_FACT_SWITCHED] : now->index,
             "get_protocol() gives object %llu; protocol %u is set", (unsigned long long)now->record->b,
             now->view->protocol);
}

/* T2: set_protocol() after the end of file does not start reading again. */
static void judge_T2(const weir_moment *now) {
  uint64_t since = now->view->since[WEIR_FACT_SWITCHED_AT_EOF];
  if (weir_holds(now, FACT(LOST))) return; /* L2 */
  weir_break(now, WEIR_RULE_T2, since,
             "%s after set_protocol() (record %llu), which came after eof_received; reading does not "
             "start again",
             weir_event_name(now->record->event), (unsigned long long)since);
}

static const weir_monitor monitors[] = {
    {WEIR_RULE_T1, WEIR_PHASE_BEGIN, FACT(SWITCHED), judge_T1},
    {WEIR_RULE_T1, WEIR_PHASE_END, FACT(ODD), judge_T1_get},
    {WEIR_RULE_T2, WEIR_PHASE_BEGIN, FACT(SWITCHED_AT_EOF), judge_T2},
};

const weir_monitor_list weir_switching_monitors = {monitors, sizeof monitors / sizeof *monitors};
