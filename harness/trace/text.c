/* A trace for people: one line a record, indented by nesting. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "trace/codec.h"
#include "trace/fields.h"
#include "weir/transport.h"

enum {
  DEPTH_SHOWN_MAX = 16,
  NAMED_MAX = 3 /* capabilities that are missing, named one by one */
};

/* Text that is put together piece by piece; counts on past the end of out. */
typedef struct weir_line_text {
  char *out;
  size_t size;
  size_t length;
} weir_line_text;

WEIR_PRINTF(2, 3)
static void say(weir_line_text *text, const char *format, ...) {
  char *out = text->length < text->size ? text->out + text->length : NULL;
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(out, out != NULL ? text->size - text->length : 0, format, arguments);
  va_end(arguments);
  if (length > 0) text->length += (size_t)length;
}

/* A word, or its number where there is none. */
static void say_word(weir_line_text *text, const char *word, unsigned number) {
  if (word != NULL)
    say(text, "%s", word);
  else
    say(text, "#%u", number);
}

static void say_errno(weir_line_text *text, int64_t number) {
  const char *name = number > 0 && number <= INT32_MAX ? weir_errno_name((int)number) : NULL;
  if (name != NULL)
    say(text, "%s", name);
  else
    say(text, "errno %" PRId64, number);
}

static void say_exception(weir_line_text *text, const weir_record *record) {
  if (record->code == WEIR_EXCEPTION_NONE) {
    say(text, "None");
    return;
  }
  say_word(text, weir_exception_name(record->code), record->code);
  if (record->a == 0) return;
  say(text, " ");
  if (record->code == WEIR_EXCEPTION_OS)
    say_errno(text, record->a);
  else
    say(text, "%" PRIu32, record->a);
}

/* What a piece of payload is: "stream 10..20". */
static void say_payload(weir_line_text *text, const weir_record *record) {
  if (record->code == WEIR_DATA_UNKNOWN) return;
  say(text, "  ");
  say_word(text, weir_data_name(record->code), record->code);
  uint64_t from = record->b & (UINT64_MAX >> 8);
  if (record->code == WEIR_DATA_FOREIGN) say(text, " connection %u", (unsigned)(record->b >> 56));
  if (weir_record_has_offset(record)) say(text, " %" PRIu64 "..%" PRIu64, from, from + record->a);
}

/* Bytes of which no more is known than their place. */
static void say_place(weir_line_text *text, const weir_record *record) {
  say(text, "  stream %" PRIu64 "..%" PRIu64, record->b, record->b + record->a);
}

static void say_limit(weir_line_text *text, const char *name, uint32_t value, const char *separator) {
  if ((int32_t)value != INT32_MIN) say(text, "%s%s=%" PRId32, separator, name, (int32_t)value);
}

static void say_limits(weir_line_text *text, const weir_record *record) {
  say_limit(text, "high", record->a, "");
  say_limit(text, "low", (uint32_t)record->b, (int32_t)record->a != INT32_MIN ? ", " : "");
}

/* "10", or "10, memoryview" where the kind is not the usual one. */
static void say_size(weir_line_text *text, const weir_record *record, const char *kind) {
  say(text, "%" PRIu32, record->a);
  if (record->code == 0) return;
  say(text, ", ");
  say_word(text, kind, record->code);
}

static void say_arguments(weir_line_text *text, const weir_record *record) {
  switch (record->event) {
  case WEIR_EVENT_GET_BUFFER: say(text, "%" PRId32, (int32_t)record->a); break;
  case WEIR_EVENT_BUFFER_UPDATED:
  case WEIR_EVENT_DATA_RECEIVED: say(text, "%" PRIu32, record->a); break;
  case WEIR_EVENT_CONNECTION_LOST: say_exception(text, record); break;
  case WEIR_EVENT_WRITE: say_size(text, record, weir_bytes_kind_name(record->code)); break;
  case WEIR_EVENT_WRITELINES: say_size(text, record, weir_lines_kind_name(record->code)); break;
  case WEIR_EVENT_SET_PROTOCOL:
    say(text, "protocol %" PRIu32 ", %s", record->a, record->code != 0 ? "buffered" : "plain");
    break;
  case WEIR_EVENT_SET_LIMITS: say_limits(text, record); break;
  default: return;
  }
}

/* What stands behind the arguments of a callback or call that begins. */
static void say_begun(weir_line_text *text, const weir_record *record) {
  if (record->event == WEIR_EVENT_BUFFER_UPDATED || record->event == WEIR_EVENT_DATA_RECEIVED)
    say_payload(text, record);
  if (record->event == WEIR_EVENT_WRITE || record->event == WEIR_EVENT_WRITELINES) say_place(text, record);
}

static void say_buffer(weir_line_text *text, uint64_t b) {
  unsigned kind = (unsigned)(b >> 56);
  if (kind == WEIR_BUFFER_NOT_A_BUFFER)
    say(text, " -> no buffer");
  else
    say(text, " -> %" PRIu32 " bytes", (uint32_t)b);
  if (kind == WEIR_BUFFER_BYTEARRAY || kind == WEIR_BUFFER_NOT_A_BUFFER) return;
  say(text, " of ");
  say_word(text, weir_buffer_kind_name(kind), kind);
}

static void say_result(weir_line_text *text, const weir_record *record) {
  switch (record->event) {
  case WEIR_EVENT_GET_BUFFER: say_buffer(text, record->b); break;
  case WEIR_EVENT_EOF_RECEIVED:
  case WEIR_EVENT_CAN_WRITE_EOF:
  case WEIR_EVENT_IS_CLOSING:
  case WEIR_EVENT_IS_READING: say(text, " -> %s", record->b != 0 ? "true" : "false"); break;
  case WEIR_EVENT_GET_PROTOCOL:
    if (record->b == 255)
      say(text, " -> another");
    else
      say(text, " -> protocol %" PRIu64, record->b);
    break;
  case WEIR_EVENT_GET_LIMITS:
    say(text, " -> low %" PRIu32 ", high %" PRIu64, (uint32_t)record->b, record->b >> 32);
    break;
  case WEIR_EVENT_GET_SIZE: say(text, " -> %" PRId64, (int64_t)record->b); break;
  default: return;
  }
}

/* A callback or call: `close() {`, `} close`, `is_closing() -> true`. */
static void say_pair(weir_line_text *text, const weir_record *record) {
  bool begins = record->flags & WEIR_FLAG_BEGIN;
  bool ends = record->flags & WEIR_FLAG_END;
  say(text, "%s", begins ? "" : "} ");
  if (weir_record_protocol(record) != 0) say(text, "protocol %u: ", weir_record_protocol(record));
  say(text, "%s", weir_event_name(record->event));
  if (begins && record->event != WEIR_EVENT_OUTSIDE) {
    say(text, "(");
    say_arguments(text, record);
    say(text, ")");
  }
  if (begins) say_begun(text, record);
  if (begins && !ends) say(text, " {");
  if (ends && record->flags & WEIR_FLAG_RAISED) {
    say(text, " raised ");
    say_exception(text, record);
  } else if (ends) {
    say_result(text, record);
  }
}

static void say_readiness(weir_line_text *text, const weir_record *record) {
  static const char *const words[] = {"nothing", "readable", "writable", "readable, writable"};
  say(text, "%s(%s)", weir_event_name(record->event), words[record->a & 3]);
}

/* `recv(64) = 10`, `send(10) = ECONNRESET (injected)`. */
static void say_operation(weir_line_text *text, const weir_record *record) {
  say(text, "%s(", weir_event_name(record->event));
  if (record->event != WEIR_EVENT_SHUTDOWN) say(text, "%" PRIu32, record->a);
  say(text, ") = ");
  int64_t result = (int64_t)record->b;
  if (result < 0 && result > INT64_MIN)
    say_errno(text, -result);
  else
    say(text, "%" PRId64, result);
}

static void say_open(weir_line_text *text, const weir_record *record) {
  say(text, "open, a %s protocol", record->code != 0 ? "buffered" : "plain");
  if (record->b != WEIR_LAYER_TCP) {
    say(text, " over ");
    say_word(text, weir_layer_name((unsigned)(record->b & 0xff)), (unsigned)record->b);
  }
  unsigned missing = 0;
  for (unsigned i = 0; weir_capability_word(i) != NULL; i++) missing += !(record->a >> i & 1);
  if (missing > NAMED_MAX) say(text, "; the target lacks %u of %d capabilities", missing, WEIR_CAPABILITY_COUNT);
  if (missing > NAMED_MAX) return;
  const char *separator = "; the target has no ";
  for (unsigned i = 0; weir_capability_word(i) != NULL; i++) {
    if (record->a >> i & 1) continue;
    say(text, "%s%s", separator, weir_capability_word(i));
    separator = ", ";
  }
}

static void say_end(weir_line_text *text, const weir_record *record) {
  say(text, "end, ");
  say_word(text, weir_end_name(record->code), record->code);
  if (record->code == WEIR_END_CRASH && record->a == WEIR_CRASH_MEMORY)
    say(text, ": out of memory");
  else if (record->code == WEIR_END_CRASH && record->a >= WEIR_CRASH_STATUS)
    say(text, ": exit status %" PRIu32, record->a - WEIR_CRASH_STATUS);
  else if (record->code == WEIR_END_CRASH)
    say(text, ": signal %" PRIu32, record->a);
  else if (record->a != 0)
    say(text, " %" PRIu32, record->a);
}

static void say_single(weir_line_text *text, const weir_record *record) {
  const char *name = weir_event_name(record->event);
  switch (record->event) {
  case WEIR_EVENT_OPEN: say_open(text, record); break;
  case WEIR_EVENT_END: say_end(text, record); break;
  case WEIR_EVENT_RECV:
  case WEIR_EVENT_SEND:
  case WEIR_EVENT_SHUTDOWN: say_operation(text, record); break;
  case WEIR_EVENT_WATCH:
  case WEIR_EVENT_SPURIOUS: say_readiness(text, record); break;
  case WEIR_EVENT_PEER_SEND:
    say(text, "peer_send(%" PRIu32 ")", record->a);
    say_place(text, record);
    break;
  case WEIR_EVENT_PEER_RECEIVED:
  case WEIR_EVENT_DATA:
    say(text, "%s(%" PRIu32 ")", name, record->a);
    say_payload(text, record);
    break;
  case WEIR_EVENT_EXCEPTION_HANDLER:
    say(text, "%s(", name);
    say_exception(text, record);
    say(text, ")");
    break;
  case WEIR_EVENT_TIMEOUT:
  case WEIR_EVENT_ADVANCE: say(text, "%s %" PRIu64 " ms", name, record->b); break;
  case WEIR_EVENT_BUFFER_TAIL: say(text, "%s: written to from byte %" PRIu32 " on", name, record->a); break;
  case WEIR_EVENT_BUFFER_TOUCHED:
    say(text, "%s: that of get_buffer number %" PRIu32 ", byte %" PRIu64, name, record->a, record->b);
    break;
  case WEIR_EVENT_BUFFER_HELD: say(text, "%s: that of get_buffer number %" PRIu32, name, record->a); break;
  default: say(text, "%s", name); break;
  }
}

static void say_record(weir_line_text *text, const weir_record *record) {
  if (weir_event_name(record->event) == NULL)
    say(text, "event #%u", record->event);
  else if (weir_event_is_pair(record->event))
    say_pair(text, record);
  else
    say_single(text, record);
}

size_t weir_trace_print(const weir_record *record, unsigned depth, char *out, size_t size) {
  weir_line_text text = {.out = out, .size = size};
  if (size > 0) out[0] = 0;
  say(&text, "%*s", 2 * (int)(depth < DEPTH_SHOWN_MAX ? depth : DEPTH_SHOWN_MAX), "");
  if (record->connection != 0) say(&text, "connection %u: ", record->connection);
  say_record(&text, record);
  if (record->flags & WEIR_FLAG_INJECTED) say(&text, " (injected)");
  return text.length;
}

void weir_trace_depths(const weir_record *records, size_t count, uint8_t *depths) {
  unsigned depth = 0;
  for (size_t i = 0; i < count; i++) {
    bool begins = records[i].flags & WEIR_FLAG_BEGIN;
    bool ends = records[i].flags & WEIR_FLAG_END;
    if (ends && !begins && depth > 0) depth--;
    if (records[i].event == WEIR_EVENT_END) depth = 0;
    depths[i] = (uint8_t)(depth < UINT8_MAX ? depth : UINT8_MAX);
    if (begins && !ends) depth++;
  }
}
