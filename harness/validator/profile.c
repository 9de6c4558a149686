#include "validator/profile.h"

#include <stdio.h>

/* L8, L9, B13, E6: a callback raised. */
static const char *tell_raise(const weir_view *view, weir_event event) {
  const weir_raise *raise = &view->raises[event];
  if (!raise->raised) return NULL;
  if (raise->handled && raise->lost) return "exception handler and connection_lost";
  if (raise->handled) return (view->facts & FACT(LOST)) ? "exception handler alone" : "exception handler, stays open";
  if (raise->lost) return "connection_lost alone";
  return (view->facts & FACT(LOST)) ? "nobody is told" : "nobody is told, stays open";
}

static const char *tell_late(weir_late late, const char *accepted, const char *raised) {
  if (late == WEIR_LATE_NONE) return NULL;
  return late == WEIR_LATE_ACCEPTED ? accepted : raised;
}

/* C6: a failure that came after close() and before connection_lost. */
static const char *tell_flush(const weir_view *view) {
  if (!(view->facts & FACT(CLOSE)) || !(view->facts & FACT(LOST))) return NULL;
  bool reset = (view->facts & FACT(RESET)) && view->since[WEIR_FACT_RESET] > view->since[WEIR_FACT_CLOSE];
  bool error = (view->facts & FACT(ERROR)) && view->since[WEIR_FACT_ERROR] > view->since[WEIR_FACT_CLOSE];
  uint64_t lost = view->since[WEIR_FACT_LOST];
  if (!(reset && view->since[WEIR_FACT_RESET] < lost) && !(error && view->since[WEIR_FACT_ERROR] < lost)) return NULL;
  return (view->facts & FACT(LOST_ERROR)) ? "exception" : "None";
}

/* E10: TLS was truncated. */
static const char *tell_truncated(const weir_view *view) {
  if (!(view->ever & FACT(TRUNCATED)) || (view->facts & FACT(CLOSING))) return NULL;
  const bool told = (view->facts & FACT(EOF)) != 0;
  if (!(view->facts & FACT(LOST))) return told ? "eof_received, stays open" : "stays open";
  if (view->facts & FACT(LOST_ERROR)) return told ? "eof_received, exception" : "exception";
  return told ? "eof_received, None" : "None";
}

const char *weir_profile_of(const weir_view *view, unsigned rule) {
  switch (rule) {
  case WEIR_RULE_L8: return tell_raise(view, WEIR_EVENT_CONNECTION_MADE);
  case WEIR_RULE_L9: return tell_raise(view, WEIR_EVENT_CONNECTION_LOST);
  case WEIR_RULE_B13: return tell_raise(view, WEIR_EVENT_GET_BUFFER);
  case WEIR_RULE_E10: return tell_truncated(view);
  case WEIR_RULE_E6: return tell_raise(view, WEIR_EVENT_EOF_RECEIVED);
  case WEIR_RULE_C6: return tell_flush(view);
  case WEIR_RULE_C7: return tell_late(view->late_close, "no exception", "exception");
  case WEIR_RULE_W9: return tell_late(view->late_lost, "no exception", "exception");
  case WEIR_RULE_W2: return tell_late(view->reused, "copied", "kept");
  case WEIR_RULE_F6:
    if (view->limits_acted != 0) return weir_event_name(view->limits_acted);
    return (view->facts & FACT(LIMITS_SET)) ? "nothing" : NULL;
  default: return NULL;
  }
}

void weir_profile_limits(const weir_view *view, char *text, size_t size) {
  text[0] = 0;
  if (view->default_high == 0 && view->default_low == 0) return;
  (void)snprintf(text, size, "high %u low %u", view->default_high, view->default_low);
}
