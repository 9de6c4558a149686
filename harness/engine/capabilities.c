#include "engine/capabilities.h"

#include <stdio.h>

#include "weir/transport.h"

static const char *const names[WEIR_CAPABILITY_COUNT] = {
#define X(name, word, meaning) [WEIR_CAPABILITY_INDEX_##name] = word,
    WEIR_CAPABILITIES(X)
#undef X
};

/* The capability that a call belongs to, index + 1; 0: every transport has it. */
static const uint8_t capability_of[WEIR_EVENT_COUNT] = {
    [WEIR_EVENT_WRITE_EOF] = WEIR_CAPABILITY_INDEX_WRITE_EOF + 1,
    [WEIR_EVENT_CAN_WRITE_EOF] = WEIR_CAPABILITY_INDEX_WRITE_EOF + 1,
    [WEIR_EVENT_PAUSE_READING] = WEIR_CAPABILITY_INDEX_PAUSE + 1,
    [WEIR_EVENT_RESUME_READING] = WEIR_CAPABILITY_INDEX_PAUSE + 1,
    [WEIR_EVENT_IS_READING] = WEIR_CAPABILITY_INDEX_IS_READING + 1,
    [WEIR_EVENT_SET_LIMITS] = WEIR_CAPABILITY_INDEX_FLOW_CONTROL + 1,
    [WEIR_EVENT_GET_SIZE] = WEIR_CAPABILITY_INDEX_FLOW_CONTROL + 1,
    [WEIR_EVENT_GET_LIMITS] = WEIR_CAPABILITY_INDEX_LIMITS_QUERY + 1,
    [WEIR_EVENT_SET_PROTOCOL] = WEIR_CAPABILITY_INDEX_SET_PROTOCOL + 1,
    [WEIR_EVENT_GET_PROTOCOL] = WEIR_CAPABILITY_INDEX_SET_PROTOCOL + 1,
    [WEIR_EVENT_WRITELINES] = WEIR_CAPABILITY_INDEX_WRITELINES + 1,
};

const char *weir_capability_name(unsigned index) {
  return index < WEIR_CAPABILITY_COUNT ? names[index] : "?";
}

bool weir_capability_provable(uint32_t missing) {
  uint32_t calls = 0;
  for (unsigned event = 0; event < WEIR_EVENT_COUNT; event++)
    if (capability_of[event] != 0) calls |= UINT32_C(1) << (capability_of[event] - 1);
  return (missing & ~calls) == 0;
}

/* can_write_eof() that says no is how write_eof() is refused (W8).  How much
 * waits can be told by a transport that controls no flow: an answer claims nothing. */
static bool is_refusal(const weir_record *end) {
  if ((end->flags & WEIR_FLAG_RAISED) != 0) return end->code == WEIR_EXCEPTION_UNSUPPORTED;
  if (end->event == WEIR_EVENT_GET_SIZE) return true;
  return end->event == WEIR_EVENT_CAN_WRITE_EOF && end->b == 0;
}

const char *weir_capability_unproved(const weir_run *run, uint32_t missing, uint32_t declared, unsigned *index) {
  for (uint32_t i = 0; i < run->count; i++) {
    const weir_record *record = &run->records[i];
    if (record->event >= WEIR_EVENT_COUNT || capability_of[record->event] == 0) continue;
    if ((record->flags & WEIR_FLAG_END) == 0) continue;
    *index = capability_of[record->event] - 1u;
    bool refused = is_refusal(record), raised = (record->flags & WEIR_FLAG_RAISED) != 0;
    if ((missing >> *index & 1) != 0 && !refused) return weir_event_name(record->event);
    if ((declared >> *index & 1) != 0 && refused && raised) return weir_event_name(record->event);
  }
  return NULL;
}

void weir_capability_skip(uint32_t missing, char *out, size_t size) {
  size_t used = 0;
  for (unsigned index = 0; index < WEIR_CAPABILITY_COUNT && used < size; index++) {
    if ((missing >> index & 1) == 0) continue;
    int more = snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "needs ", names[index]);
    used += more > 0 ? (size_t)more : 0;
  }
  if (used < size) (void)snprintf(out + used, size - used, ", which the target does not declare");
}
