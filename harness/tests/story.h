/* A run told in short, so that a test can say what it expects in one line.
 *
 *   CM GB BU+10 DR+10 ER CL        callbacks; BU+n: n bytes, and the right ones; BU?n: others
 *   CL(os) ER(1) BU+3!             the exception it was told; the value returned; it raised
 *   close write+5 pause_reading    calls; is_closing=1: what they returned; write!type: they raised
 *   GB{ close }                    what happened inside
 *   out{ close }                   the application, outside any callback
 *   EXH(probe)                     the loop's exception handler
 *   peer+12 FIN RST                the peer received 12 bytes of the stream (all runs in a row), saw the end, a reset
 *   tail@7 touched@7               bytes written behind what was received; outside its span
 *   spin limit                     how the run ended, where not in quiescence
 *
 * Socket operations, what is watched and what the peer does are left out. */
#ifndef WEIR_TESTS_STORY_H
#define WEIR_TESTS_STORY_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "targets/host.h"
#include "weir/scenario.h"
#include "weir/trace.h"

enum { STORY_RECORDS = 1 << 16, STORY_MAX = 1 << 14 };

typedef struct story {
  char text[STORY_MAX];
  size_t size;
  uint64_t received; /* by the peer, in the row of runs that is not told yet */
  weir_record records[STORY_RECORDS];
  weir_trace trace;
  uint32_t unreached;
} story;

__attribute__((format(printf, 2, 3))) static inline void story_say(story *told, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (told->size > 0 && told->size + 1 < STORY_MAX) told->text[told->size++] = ' ';
  int size = vsnprintf(told->text + told->size, STORY_MAX - told->size, format, arguments);
  va_end(arguments);
  told->size += (size_t)size;
  if (told->size >= STORY_MAX) told->size = STORY_MAX - 1;
}

static inline const char *story_word(const weir_record *record) {
  static const char *const callbacks[] = {
      [WEIR_EVENT_CONNECTION_MADE] = "CM", [WEIR_EVENT_GET_BUFFER] = "GB",    [WEIR_EVENT_BUFFER_UPDATED] = "BU",
      [WEIR_EVENT_DATA_RECEIVED] = "DR",   [WEIR_EVENT_EOF_RECEIVED] = "ER",  [WEIR_EVENT_CONNECTION_LOST] = "CL",
      [WEIR_EVENT_PAUSE_WRITING] = "PW",   [WEIR_EVENT_RESUME_WRITING] = "RW"};
  if (record->event == WEIR_EVENT_OUTSIDE) return "out";
  return record->event <= WEIR_EVENT_RESUME_WRITING ? callbacks[record->event] : weir_event_name(record->event);
}

/* The name of a callback or call, with what is known when it begins. */
static inline void story_begin(story *told, const weir_record *record, const char *end) {
  char number[8] = "";
  if (weir_record_protocol(record) != 0) (void)snprintf(number, sizeof number, "%u", weir_record_protocol(record));
  const char *word = story_word(record);
  switch (record->event) {
  case WEIR_EVENT_BUFFER_UPDATED:
  case WEIR_EVENT_DATA_RECEIVED:
    story_say(told, "%s%s%c%" PRIu32 "%s", word, number, record->code == WEIR_DATA_STREAM ? '+' : '?', record->a, end);
    return;
  case WEIR_EVENT_CONNECTION_LOST:
    if (record->code != 0)
      story_say(told, "%s%s(%s)%s", word, number, weir_exception_name(record->code), end);
    else
      story_say(told, "%s%s%s", word, number, end);
    return;
  case WEIR_EVENT_WRITE:
  case WEIR_EVENT_WRITELINES: story_say(told, "%s+%" PRIu32 "%s", word, record->a, end); return;
  default: story_say(told, "%s%s%s", word, number, end); return;
  }
}

/* What is known when it ends. */
static inline const char *story_result(const weir_record *record, char *out, size_t size) {
  out[0] = 0;
  switch (record->event) {
  case WEIR_EVENT_EOF_RECEIVED:
    if (record->b != 0) (void)snprintf(out, size, "(1)");
    break;
  case WEIR_EVENT_CAN_WRITE_EOF:
  case WEIR_EVENT_IS_CLOSING:
  case WEIR_EVENT_IS_READING:
  case WEIR_EVENT_GET_PROTOCOL:
  case WEIR_EVENT_GET_SIZE: (void)snprintf(out, size, "=%" PRIu64, record->b); break;
  case WEIR_EVENT_GET_LIMITS:
    (void)snprintf(out, size, "=%" PRIu64 "..%" PRIu64, record->b & UINT32_MAX, record->b >> 32);
    break;
  default: break;
  }
  return out;
}

static inline void story_pair(story *told, const weir_record *record, bool nested) {
  char result[64];
  bool begin = record->flags & WEIR_FLAG_BEGIN, end = record->flags & WEIR_FLAG_END;
  if (begin && !end) {
    story_begin(told, record, nested ? "{" : "");
    return;
  }
  if (begin) {
    story_begin(told, record, story_result(record, result, sizeof result));
    return;
  }
  bool raised = record->flags & WEIR_FLAG_RAISED;
  const char *exception = raised ? weir_exception_name(record->code) : story_result(record, result, sizeof result);
  if (nested && told->text[told->size - 1] == '{') {
    told->size--; /* there was nothing to tell */
    nested = false;
  }
  if (nested)
    story_say(told, "}%s%s", raised ? "!" : "", exception);
  else /* begun on the record before: "write+5" becomes "write+5!type" */
    told->size +=
        (size_t)snprintf(told->text + told->size, STORY_MAX - told->size, "%s%s", raised ? "!" : "", exception);
}

static inline void story_tell_received(story *told) {
  if (told->received > 0) story_say(told, "peer+%" PRIu64, told->received);
  told->received = 0;
}

static inline bool story_is_silent(const weir_record *record) {
  switch (weir_event_group_of(record->event)) {
  case WEIR_GROUP_SOCKET: return true;
  case WEIR_GROUP_PEER: return record->event != WEIR_EVENT_PEER_SAW_FIN && record->event != WEIR_EVENT_PEER_SAW_RESET;
  default: return record->event == WEIR_EVENT_OPEN || record->event == WEIR_EVENT_DATA;
  }
}

static inline void story_record(story *told, uint32_t index) {
  const weir_record *record = &told->records[index];
  if (record->event == WEIR_EVENT_PEER_RECEIVED) {
    if (record->code == WEIR_DATA_STREAM)
      told->received += record->a;
    else
      story_say(told, "peer?%" PRIu32, record->a);
    return;
  }
  if (story_is_silent(record)) return;
  story_tell_received(told);
  switch (record->event) {
  case WEIR_EVENT_EXCEPTION_HANDLER: story_say(told, "EXH(%s)", weir_exception_name(record->code)); return;
  case WEIR_EVENT_PEER_SAW_FIN: story_say(told, "FIN"); return;
  case WEIR_EVENT_PEER_SAW_RESET: story_say(told, "RST"); return;
  case WEIR_EVENT_BUFFER_TAIL: story_say(told, "tail@%" PRIu32, record->a); return;
  case WEIR_EVENT_BUFFER_TOUCHED: story_say(told, "touched@%" PRId64, (int64_t)record->b); return;
  case WEIR_EVENT_END:
    if (record->code != WEIR_END_QUIESCENT) story_say(told, "%s", weir_end_name(record->code));
    return;
  default: break;
  }
  /* Nested: begun here and ended elsewhere than on the next record. */
  bool begin = record->flags & WEIR_FLAG_BEGIN;
  const weir_record *other = begin ? record + 1 : record - 1;
  bool nested =
      !(other->event == record->event && ((other->flags ^ record->flags) & (WEIR_FLAG_BEGIN | WEIR_FLAG_END)) == 3);
  story_pair(told, record, nested);
}

/* Runs a scenario and tells it.  The text lives in `told`. */
static inline const char *story_run(story *told, weir_host_run *host, const weir_target *target, const char *text) {
  weir_scenario scenario;
  weir_problem problem = {0};
  char whole[4096];
  (void)snprintf(whole, sizeof whole, "weir 1\n%s", text);
  told->size = 0;
  told->received = 0;
  if (weir_scenario_parse(whole, strlen(whole), &scenario, NULL, &problem) != WEIR_OK) {
    story_say(told, "line %" PRIu32 ": %s", problem.line, problem.text);
    return told->text;
  }
  memset(told->records, 0, sizeof told->records);
  weir_trace_init(&told->trace, told->records, STORY_RECORDS);
  if (weir_host_drive(host, target, &scenario, &told->trace, &told->unreached, &problem) != WEIR_OK)
    story_say(told, "broken: %s", problem.text);
  told->text[told->size] = 0;
  for (uint32_t i = 0; i < told->trace.count; i++) story_record(told, i);
  story_tell_received(told);
  return told->text;
}

#endif
