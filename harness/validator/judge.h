/* The inside of the validator: monitors, and how they report. */
#ifndef WEIR_VALIDATOR_JUDGE_H
#define WEIR_VALIDATOR_JUDGE_H

#include "validator/view.h"
#include "weir/validator.h"

/* When a monitor is asked.
 * BEGIN  a callback or call begins, or a record that is no pair
 * END    a callback or call ends
 * FINAL  the run is over (the END record), once a connection */
typedef enum weir_phase { WEIR_PHASE_BEGIN, WEIR_PHASE_END, WEIR_PHASE_FINAL, WEIR_PHASE_COUNT } weir_phase;

/* A record about to be taken, as a monitor sees it. */
typedef struct weir_moment {
  weir_validator *validator;
  const weir_view *view; /* before the record */
  const weir_record *record;
  const weir_pair *pair; /* END: its begin */
  uint64_t index;
  uint8_t connection;
} weir_moment;

/* Judges one rule.  It is asked for the events its rule watches, when a fact of
 * `when` holds; FINAL monitors are asked always. */
typedef void weir_judge_fn(const weir_moment *now);
typedef struct weir_monitor {
  uint8_t rule;
  uint8_t phase;
  uint64_t when;
  weir_judge_fn *judge;
} weir_monitor;

typedef struct weir_monitor_list {
  const weir_monitor *monitors;
  size_t count;
} weir_monitor_list;

enum { WEIR_FAMILIES = 8 };
extern const weir_monitor_list weir_lifecycle_monitors, weir_buffer_monitors, weir_eof_monitors, weir_pausing_monitors,
    weir_closing_monitors, weir_writing_monitors, weir_flow_monitors, weir_switching_monitors;

/* Reports `rule` broken at the moment.  `since`: the record that made it wrong. */
void weir_break(const weir_moment *now, weir_rule rule, uint64_t since, const char *format, ...) WEIR_PRINTF(4, 5);

/* "3 events after close() began inside get_buffer": where a fact comes from. */
typedef struct weir_words {
  char text[128];
} weir_words;
weir_words weir_tell_since(const weir_moment *now, weir_fact fact, const char *what);
/* "OSError 104", "the probe's exception 2", "None". */
weir_words weir_tell_exception(unsigned code, uint32_t number);
/* "10 bytes of poison", "the stream from offset 30 on": what a run of payload is. */
weir_words weir_tell_data(const weir_record *record, uint64_t expected);

static inline bool weir_holds(const weir_moment *now, uint64_t facts) {
  return (now->view->facts & facts) != 0;
}
/* The call ended by an exception that is its own: not one that the probe raised
 * further in, not a refusal, and not want of memory. */
static inline bool weir_call_failed(const weir_record *record) {
  return (record->flags & WEIR_FLAG_RAISED) && record->code != WEIR_EXCEPTION_PROBE &&
         record->code != WEIR_EXCEPTION_UNSUPPORTED && record->code != WEIR_EXCEPTION_MEMORY;
}
static inline bool weir_ended_quiescent(const weir_moment *now) {
  return now->record->code == WEIR_END_QUIESCENT;
}
/* The trace would show a failure of the connection.  One that was recorded inside a live program shows neither
 * socket nor peer: whatever a failure would explain cannot be judged there. */
bool weir_shows_failures(const weir_view *view);
/* The trace would show what the exception handler is told. */
bool weir_shows_handler(const weir_view *view);
/* close() or a false eof_received may wait for ever: the peer does not read and bytes are left. */
bool weir_flush_may_wait(const weir_view *view);
/* The connection is open and reads, so that whatever the peer does has to be seen. */
bool weir_reading(const weir_view *view);
/* eof_received or connection_lost has a regular end of file behind it, as far as the trace can tell. */
bool weir_eof_is_real(const weir_view *view);
/* Accepted bytes had to reach the peer by now, and did not. */
bool weir_bytes_missing(const weir_view *view);

#endif
