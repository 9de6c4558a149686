#include "report/legal.h"

#include <stdio.h>

#include "weir/spec.h"

/* Which protocol objects are plain: bit by number. */
static uint32_t note_plain(uint32_t plain, const weir_record *record) {
  if (record->event != WEIR_EVENT_OPEN && record->event != WEIR_EVENT_SET_PROTOCOL) return plain;
  uint32_t number = record->event == WEIR_EVENT_OPEN ? 0 : record->a;
  if (number >= WEIR_PROTOCOLS_MAX) return plain;
  return record->code != 0 ? plain & ~(UINT32_C(1) << number) : plain | UINT32_C(1) << number;
}

static bool is_callback(const weir_record *record) {
  return (record->flags & WEIR_FLAG_BEGIN) != 0 && weir_event_group_of(record->event) == WEIR_GROUP_CALLBACK;
}

/* A protocol has either the buffered callbacks or the plain one. */
static bool has_callback(bool plain, unsigned event) {
  if (event == WEIR_EVENT_DATA_RECEIVED) return plain;
  return !plain || (event != WEIR_EVENT_GET_BUFFER && event != WEIR_EVENT_BUFFER_UPDATED);
}

static void list_legal(weir_state state, bool plain, char *out, size_t size) {
  int length = snprintf(out, size, "in state %s:", weir_state_name(state));
  unsigned legal = 0;
  for (unsigned event = 1; event < WEIR_EVENT_COUNT && length > 0 && (size_t)length < size; event++) {
    if (weir_event_group_of(event) != WEIR_GROUP_CALLBACK || !has_callback(plain, event)) continue;
    if (weir_machine_next(state, event) == WEIR_STATE_BAD) continue;
    length += snprintf(out + length, size - (size_t)length, "%s %s", legal++ > 0 ? "," : "", weir_event_name(event));
  }
  if (legal == 0 && length > 0 && (size_t)length < size)
    (void)snprintf(out + length, size - (size_t)length, " no callback at all");
}

/* What the machine forbids leaves it where it was. */
void weir_legal_describe(const weir_record *records, uint32_t count, uint64_t event, char *out, size_t size) {
  out[0] = '\0';
  if (event >= count || !is_callback(&records[event])) return;
  weir_state state = WEIR_STATE_START;
  uint32_t plain = 0;
  for (uint64_t i = 0; i < event; i++) {
    if (records[i].connection != records[event].connection) continue;
    plain = note_plain(plain, &records[i]);
    weir_state next = is_callback(&records[i]) ? weir_machine_next(state, records[i].event) : state;
    if (next != WEIR_STATE_BAD) state = next;
  }
  if (weir_machine_next(state, records[event].event) != WEIR_STATE_BAD) return;
  list_legal(state, (plain >> weir_record_protocol(&records[event]) & 1) != 0, out, size);
}
