#include "trace/fields.h"

#include <assert.h>
#include <string.h>

#include "weir/transport.h"

const char *weir_capability_word(unsigned index) {
  static const char *const words[] = {
#define X(name, word, meaning) word,
      WEIR_CAPABILITIES(X)
#undef X
  };
  return index < WEIR_CAPABILITY_COUNT ? words[index] : NULL;
}

static const char *protocol_word(unsigned number) {
  static const char *const words[] = {"plain", "buffered"};
  return number < 2 ? words[number] : NULL;
}

/* The number of an OSError is told as "error", that of any other as "number". */
static bool is_os(const weir_record *record) {
  return record->code == WEIR_EXCEPTION_OS;
}
static bool is_number(const weir_record *record) {
  return record->code != WEIR_EXCEPTION_OS || record->a == 0;
}
static bool has_bytes(const weir_record *record) {
  return (int64_t)record->b >= 0;
}

/* ---- The table.  clang-format off: a row a field. */
/* clang-format off */
#define BITS(where, from, size) .part = WEIR_PART_##where, .shift = (from), .width = (size)
#define CODE    BITS(CODE, 0, 8)
#define A       BITS(A, 0, 32)
#define A_BIT(n) BITS(A, n, 1)
#define B       BITS(B, 0, 64)
#define B_LOW   BITS(B, 0, 32)
#define B_HIGH  BITS(B, 32, 32)
#define B_TOP   BITS(B, 56, 8)
#define FORM(form_, presence_) .form = WEIR_FORM_##form_, .presence = WEIR_PRESENCE_##presence_
#define WORD(presence_, list)  FORM(WORD, presence_), .word = list
#define RESULT .side = WEIR_SIDE_RESULT

#define COUNT(name_, part_, meaning_) {.name = name_, part_, FORM(UNSIGNED, REQUIRED), .meaning = meaning_}
#define PAYLOAD(presence_)                                                                                          \
  {.name = "data", CODE, WORD(presence_, weir_data_name), .meaning = "what the bytes are"},                         \
  {.name = "offset", BITS(B, 0, 56), FORM(UNSIGNED, OFFSET), .meaning = "of the first byte in its stream"},         \
  {.name = "origin", B_TOP, FORM(UNSIGNED, HIDDEN), .meaning = "data foreign: the connection whose stream it is"}
#define EXCEPTION(name_, meaning_)                                                                                  \
  {.name = name_, CODE, WORD(REQUIRED, weir_exception_name), .meaning = meaning_},                                  \
  {.name = "error", A, FORM(ERRNO, HIDDEN), .applies = is_os, .meaning = "of an OSError: its errno"},               \
  {.name = "number", A, FORM(UNSIGNED, HIDDEN), .applies = is_number, .meaning = "of any other exception"}
#define OFFSET_IN(meaning_) {.name = "offset", B, FORM(UNSIGNED, OFFSET), .meaning = meaning_}
#define OUTCOME(name_, meaning_)                                                                                    \
  {.name = "error", B, FORM(MINUS_ERRNO, HIDDEN), .meaning = "where it failed: the errno"},                         \
  {.name = name_, B, FORM(UNSIGNED, REQUIRED), .applies = has_bytes, .meaning = meaning_}
#define RESULT_BOOLEAN(presence_)                                                                                   \
  {.name = "result", BITS(B, 0, 1), FORM(BOOLEAN, presence_), RESULT, .meaning = "what it returned"}
#define READINESS                                                                                                   \
  {.name = "readable", A_BIT(0), FORM(BOOLEAN, SHOWN), .meaning = "data or the end"},                               \
  {.name = "writable", A_BIT(1), FORM(BOOLEAN, SHOWN), .meaning = "room to send"}
#define MILLISECONDS COUNT("milliseconds", B, "of the clock")
#define NTH {.name = "get_buffer", A, FORM(UNSIGNED, REQUIRED), .meaning = "which one gave the buffer, from 1"}

static const weir_field fields[WEIR_EVENT_COUNT][WEIR_FIELDS_MAX + 1] = {
  [WEIR_EVENT_OPEN] = {
    {.name = "kind", CODE, WORD(SHOWN, protocol_word), .fallback = 1, .meaning = "of the first protocol"},
    {.name = "capabilities", A, FORM(CAPABILITIES, SHOWN), .word = weir_capability_word,
     .fallback = (1 << WEIR_CAPABILITY_COUNT) - 1, .meaning = "what the transport offers; left out: everything"},
    {.name = "layer", BITS(B, 0, 8), WORD(HIDDEN, weir_layer_name), .meaning = "what the connection is made of"}},
  [WEIR_EVENT_GET_BUFFER] = {
    {.name = "hint", A, FORM(SIGNED, SHOWN), .fallback = -1, .meaning = "the argument"},
    {.name = "size", B_LOW, FORM(UNSIGNED, REQUIRED), RESULT, .meaning = "of the buffer returned, in bytes"},
    {.name = "kind", B_TOP, WORD(SHOWN, weir_buffer_kind_name), RESULT, .meaning = "of that buffer"}},
  [WEIR_EVENT_BUFFER_UPDATED] = {COUNT("nbytes", A, "the argument"), PAYLOAD(SHOWN)},
  [WEIR_EVENT_DATA_RECEIVED] = {COUNT("size", A, "of the argument, in bytes"), PAYLOAD(SHOWN)},
  [WEIR_EVENT_EOF_RECEIVED] = {RESULT_BOOLEAN(SHOWN)},
  [WEIR_EVENT_CONNECTION_LOST] = {EXCEPTION("exception", "the argument; null is None")},
  [WEIR_EVENT_WRITE] = {
    COUNT("size", A, "of the argument, in bytes"),
    {.name = "kind", CODE, WORD(SHOWN, weir_bytes_kind_name), .meaning = "of the argument"},
    OFFSET_IN("in the outgoing stream")},
  [WEIR_EVENT_WRITELINES] = {
    COUNT("size", A, "of all elements together, in bytes"),
    {.name = "kind", CODE, WORD(SHOWN, weir_lines_kind_name), .meaning = "of the argument"},
    OFFSET_IN("in the outgoing stream")},
  [WEIR_EVENT_CAN_WRITE_EOF] = {RESULT_BOOLEAN(REQUIRED)},
  [WEIR_EVENT_IS_CLOSING] = {RESULT_BOOLEAN(REQUIRED)},
  [WEIR_EVENT_IS_READING] = {RESULT_BOOLEAN(REQUIRED)},
  [WEIR_EVENT_SET_PROTOCOL] = {
    COUNT("to", A, "number of the protocol object"),
    {.name = "kind", CODE, WORD(SHOWN, protocol_word), .fallback = 1, .meaning = "of that object"}},
  [WEIR_EVENT_GET_PROTOCOL] = {
    {.name = "result", BITS(B, 0, 8), FORM(UNSIGNED, REQUIRED), RESULT,
     .meaning = "number of the protocol object, 255: another"}},
  [WEIR_EVENT_SET_LIMITS] = {
    {.name = "high", A, FORM(SIGNED, HIDDEN), .fallback = INT32_MIN, .meaning = "the argument; left out: not given"},
    {.name = "low", B_LOW, FORM(SIGNED, HIDDEN), .fallback = INT32_MIN, .meaning = "the argument; left out: not given"}},
  [WEIR_EVENT_GET_LIMITS] = {
    {.name = "low", B_LOW, FORM(UNSIGNED, REQUIRED), RESULT, .meaning = "what it returned"},
    {.name = "high", B_HIGH, FORM(UNSIGNED, REQUIRED), RESULT, .meaning = "what it returned"}},
  [WEIR_EVENT_GET_SIZE] = {{.name = "result", B, FORM(SIGNED, REQUIRED), RESULT, .meaning = "what it returned"}},
  [WEIR_EVENT_EXCEPTION_HANDLER] = {EXCEPTION("exception", "what it was told")},
  [WEIR_EVENT_RECV] = {COUNT("room", A, "offered, in bytes"), OUTCOME("bytes", "received; 0: the end")},
  [WEIR_EVENT_SEND] = {COUNT("size", A, "offered, in bytes"), OUTCOME("bytes", "taken")},
  [WEIR_EVENT_SHUTDOWN] = {
    {.name = "error", B, FORM(MINUS_ERRNO, HIDDEN), .meaning = "where it failed: the errno"}},
  [WEIR_EVENT_WATCH] = {READINESS},
  [WEIR_EVENT_SPURIOUS] = {READINESS},
  [WEIR_EVENT_TIMEOUT] = {MILLISECONDS},
  [WEIR_EVENT_PEER_SEND] = {COUNT("bytes", A, "sent"), OFFSET_IN("in the incoming stream")},
  [WEIR_EVENT_PEER_RECEIVED] = {COUNT("bytes", A, "received"), PAYLOAD(SHOWN)},
  [WEIR_EVENT_DATA] = {COUNT("bytes", A, "of this run"), PAYLOAD(REQUIRED)},
  [WEIR_EVENT_BUFFER_TAIL] = {COUNT("byte", A, "the first one of the buffer that was written to")},
  [WEIR_EVENT_BUFFER_TOUCHED] = {NTH, COUNT("byte", B, "the first one of the buffer that was written to")},
  [WEIR_EVENT_BUFFER_HELD] = {NTH},
  [WEIR_EVENT_ADVANCE] = {MILLISECONDS},
  [WEIR_EVENT_END] = {
    {.name = "how", CODE, WORD(REQUIRED, weir_end_name), .meaning = "the run ended"},
    {.name = "number", A, FORM(UNSIGNED, HIDDEN), .meaning = "how crash: the signal, 256 + exit status, 512: too much memory"}},
};

static const weir_field raised[WEIR_FIELDS_MAX + 1] = {EXCEPTION("raised", "it raised this instead of returning")};
/* clang-format on */

const weir_field *weir_event_field_list(unsigned event) {
  assert(event < WEIR_EVENT_COUNT);
  return fields[event];
}

const weir_field *weir_raised_field_list(void) {
  return raised;
}

bool weir_event_is_pair(unsigned event) {
  weir_event_group group = weir_event_group_of(event);
  return group == WEIR_GROUP_CALLBACK || group == WEIR_GROUP_CALL || event == WEIR_EVENT_OUTSIDE;
}

const weir_field *weir_record_field_list(const weir_record *record) {
  return record->flags & WEIR_FLAG_RAISED ? raised : weir_event_field_list(record->event);
}

bool weir_field_stands(const weir_field *field, const weir_record *record) {
  if (record->flags & WEIR_FLAG_RAISED || !weir_event_is_pair(record->event)) return true;
  return (record->flags & (field->side == WEIR_SIDE_RESULT ? WEIR_FLAG_END : WEIR_FLAG_BEGIN)) != 0;
}

bool weir_record_has_offset(const weir_record *record) {
  switch (record->event) {
  case WEIR_EVENT_BUFFER_UPDATED:
  case WEIR_EVENT_DATA_RECEIVED:
  case WEIR_EVENT_PEER_RECEIVED:
  case WEIR_EVENT_DATA:
    return record->code == WEIR_DATA_STREAM || record->code == WEIR_DATA_REVERSE || record->code == WEIR_DATA_FOREIGN;
  default: return true;
  }
}

static uint64_t mask(unsigned width) {
  return width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
}

int64_t weir_field_get(const weir_field *field, const weir_record *record) {
  const uint64_t parts[] = {[WEIR_PART_CODE] = record->code, [WEIR_PART_A] = record->a, [WEIR_PART_B] = record->b};
  uint64_t value = (parts[field->part] >> field->shift) & mask(field->width);
  switch (field->form) {
  case WEIR_FORM_SIGNED: return field->width == 32 ? (int32_t)(uint32_t)value : (int64_t)value;
  /* The negation of the least value does not exist. */
  case WEIR_FORM_MINUS_ERRNO: return (int64_t)value < 0 && (int64_t)value > INT64_MIN ? -(int64_t)value : 0;
  default: return (int64_t)value;
  }
}

void weir_field_set(const weir_field *field, weir_record *record, int64_t value) {
  uint64_t bits = field->form == WEIR_FORM_MINUS_ERRNO ? (uint64_t)-value : (uint64_t)value;
  bits = (bits & mask(field->width)) << field->shift;
  uint64_t kept = ~(mask(field->width) << field->shift);
  switch (field->part) {
  case WEIR_PART_CODE: record->code = (uint8_t)((record->code & kept) | bits); break;
  case WEIR_PART_A: record->a = (uint32_t)((record->a & kept) | bits); break;
  case WEIR_PART_B: record->b = (record->b & kept) | bits; break;
  }
}

int64_t weir_field_least(const weir_field *field) {
  if (field->form != WEIR_FORM_SIGNED) return 0;
  return field->width == 32 ? INT32_MIN : INT64_MIN;
}

int64_t weir_field_most(const weir_field *field) {
  switch (field->form) {
  case WEIR_FORM_SIGNED: return field->width == 32 ? INT32_MAX : INT64_MAX;
  case WEIR_FORM_ERRNO:
  case WEIR_FORM_MINUS_ERRNO: return INT32_MAX;
  default: return field->width == 64 ? INT64_MAX : (int64_t)mask(field->width);
  }
}

static const char *flags_fault(const weir_record *record) {
  unsigned low = record->flags & 15u;
  if (weir_record_protocol(record) != 0 && weir_event_group_of(record->event) != WEIR_GROUP_CALLBACK)
    return "a protocol object's number on a record that is no callback";
  if (weir_event_group_of(record->event) == WEIR_GROUP_SOCKET)
    return low & ~(unsigned)WEIR_FLAG_INJECTED ? "flags of a pair on a socket operation" : NULL;
  if (!weir_event_is_pair(record->event)) return low != 0 ? "flags on a record that takes none" : NULL;
  bool pair = low == WEIR_FLAG_BEGIN || low == WEIR_FLAG_END || low == (WEIR_FLAG_BEGIN | WEIR_FLAG_END) ||
              low == (WEIR_FLAG_END | WEIR_FLAG_RAISED);
  return pair ? NULL : "a callback or call that neither begins nor ends";
}

bool weir_record_is_usual(const weir_record *record) {
  const unsigned low = record->flags & 15u;
  const bool complete = low == (WEIR_FLAG_BEGIN | WEIR_FLAG_END);
  switch (record->event) {
  case WEIR_EVENT_GET_BUFFER: return complete && record->code == 0 && record->b <= UINT32_MAX; /* a bytearray */
  case WEIR_EVENT_BUFFER_UPDATED: return complete && record->code == WEIR_DATA_STREAM;
  case WEIR_EVENT_RECV:
  case WEIR_EVENT_PEER_SEND: return record->flags == 0 && record->code == 0 && record->b <= INT64_MAX;
  default: return false;
  }
}

const char *weir_record_fault(const weir_record *record) {
  if (record->event == WEIR_EVENT_NONE || record->event >= WEIR_EVENT_COUNT) return "an unknown event";
  const char *fault = flags_fault(record);
  if (fault != NULL) return fault;
  weir_record again = {.event = record->event, .connection = record->connection, .flags = record->flags};
  for (const weir_field *field = weir_record_field_list(record); field->name != NULL; field++) {
    if (!weir_field_stands(field, record)) continue;
    int64_t value = weir_field_get(field, record);
    if (field->form == WEIR_FORM_WORD && field->word((unsigned)value) == NULL) return "a number for which no word is";
    if (field->applies != NULL && !field->applies(record)) continue;
    if (value < weir_field_least(field) || value > weir_field_most(field)) return "a number out of its range";
    weir_field_set(field, &again, value);
  }
  return memcmp(record, &again, sizeof again) == 0 ? NULL : "a value in a place that its event does not use";
}
