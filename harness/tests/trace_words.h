/* Traces as one line of words, for tests.  A word is a record:
 *
 *   NAME      what it is (below), with both flags where it is a callback or call
 *   /N        a (get_buffer: the size of the buffer it gives)
 *   @N        b, and data of the stream: bu/10@30
 *   =N        b: a result
 *   ^N        get_buffer's hint; otherwise code as a number
 *   :WORD     code by its word: a kind of data, exception, buffer, bytes or lines, an end
 *   !WORDN    an exception and its number: cl!os104, }!probe1
 *   #N        number of the protocol object
 *   {         it begins and does not end yet; } ends the innermost one
 *
 * A write's offset is counted by itself. */
#ifndef WEIR_TESTS_TRACE_WORDS_H
#define WEIR_TESTS_TRACE_WORDS_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "weir/trace.h"

enum { WORDS_RECORDS_MAX = 256 };

typedef struct words {
  weir_record records[WORDS_RECORDS_MAX];
  size_t count;
  weir_record open[80];
  size_t depth;
  uint64_t written;
} words;

static const struct {
  const char *word;
  uint8_t event;
} words_names[] = {
    {"open", WEIR_EVENT_OPEN},
    {"cm", WEIR_EVENT_CONNECTION_MADE},
    {"gb", WEIR_EVENT_GET_BUFFER},
    {"bu", WEIR_EVENT_BUFFER_UPDATED},
    {"dr", WEIR_EVENT_DATA_RECEIVED},
    {"er", WEIR_EVENT_EOF_RECEIVED},
    {"cl", WEIR_EVENT_CONNECTION_LOST},
    {"pw", WEIR_EVENT_PAUSE_WRITING},
    {"rw", WEIR_EVENT_RESUME_WRITING},
    {"write", WEIR_EVENT_WRITE},
    {"lines", WEIR_EVENT_WRITELINES},
    {"weof", WEIR_EVENT_WRITE_EOF},
    {"canweof", WEIR_EVENT_CAN_WRITE_EOF},
    {"close", WEIR_EVENT_CLOSE},
    {"abort", WEIR_EVENT_ABORT},
    {"isclosing", WEIR_EVENT_IS_CLOSING},
    {"pause", WEIR_EVENT_PAUSE_READING},
    {"resume", WEIR_EVENT_RESUME_READING},
    {"isreading", WEIR_EVENT_IS_READING},
    {"set", WEIR_EVENT_SET_PROTOCOL},
    {"get", WEIR_EVENT_GET_PROTOCOL},
    {"limits", WEIR_EVENT_SET_LIMITS},
    {"getlimits", WEIR_EVENT_GET_LIMITS},
    {"size", WEIR_EVENT_GET_SIZE},
    {"exh", WEIR_EVENT_EXCEPTION_HANDLER},
    {"recv", WEIR_EVENT_RECV},
    {"send", WEIR_EVENT_SEND},
    {"shut", WEIR_EVENT_SHUTDOWN},
    {"sockclose", WEIR_EVENT_SOCKET_CLOSE},
    {"watch", WEIR_EVENT_WATCH},
    {"timeout", WEIR_EVENT_TIMEOUT},
    {"psend", WEIR_EVENT_PEER_SEND},
    {"fin", WEIR_EVENT_PEER_FIN},
    {"reset", WEIR_EVENT_PEER_RESET},
    {"pclose", WEIR_EVENT_PEER_CLOSE},
    {"pstop", WEIR_EVENT_PEER_STOP},
    {"pstart", WEIR_EVENT_PEER_START},
    {"prec", WEIR_EVENT_PEER_RECEIVED},
    {"sawfin", WEIR_EVENT_PEER_SAW_FIN},
    {"data", WEIR_EVENT_DATA},
    {"tail", WEIR_EVENT_BUFFER_TAIL},
    {"touched", WEIR_EVENT_BUFFER_TOUCHED},
    {"held", WEIR_EVENT_BUFFER_HELD},
    {"outside", WEIR_EVENT_OUTSIDE},
    {"end", WEIR_EVENT_END},
};

static inline uint8_t words_event(const char *word, size_t size) {
  for (size_t i = 0; i < sizeof words_names / sizeof *words_names; i++)
    if (strlen(words_names[i].word) == size && memcmp(words_names[i].word, word, size) == 0)
      return words_names[i].event;
  ck_abort_msg("no such word: %.*s", (int)size, word);
  return 0;
}

static inline const char *words_code_name(unsigned event, unsigned code) {
  switch (event) {
  case WEIR_EVENT_GET_BUFFER: return weir_buffer_kind_name(code);
  case WEIR_EVENT_WRITE: return weir_bytes_kind_name(code);
  case WEIR_EVENT_WRITELINES: return weir_lines_kind_name(code);
  case WEIR_EVENT_END: return weir_end_name(code);
  default: return weir_data_name(code);
  }
}

static inline uint8_t words_code(unsigned event, bool exception, const char *word, size_t size) {
  for (unsigned code = 0; code < 32; code++) {
    const char *name = exception ? weir_exception_name(code) : words_code_name(event, code);
    if (name == NULL) break;
    if (strlen(name) == size && memcmp(name, word, size) == 0) return (uint8_t)code;
  }
  ck_abort_msg("no such code: %.*s", (int)size, word);
  return 0;
}

static inline bool words_is_pair(unsigned event) {
  weir_event_group group = weir_event_group_of(event);
  return group == WEIR_GROUP_CALLBACK || group == WEIR_GROUP_CALL || event == WEIR_EVENT_OUTSIDE;
}

/* The modifiers of one word. */
static inline const char *words_modifiers(words *to, weir_record *record, const char *at, bool *begin_only) {
  bool get_buffer = record->event == WEIR_EVENT_GET_BUFFER;
  while (*at != 0 && *at != ' ') {
    char kind = *at++;
    char *stop;
    size_t letters = strspn(at, "abcdefghijklmnopqrstuvwxyz");
    switch (kind) {
    case '/':
      if (get_buffer)
        record->b = (record->b & ~UINT64_C(0xffffffff)) | strtoull(at, &stop, 0);
      else
        record->a = (uint32_t)strtoll(at, &stop, 0);
      at = stop;
      break;
    case '@':
      record->b = strtoull(at, &stop, 0);
      if (record->event != WEIR_EVENT_SET_LIMITS) record->code = WEIR_DATA_STREAM;
      at = stop;
      break;
    case '=':
      record->b = (uint64_t)strtoll(at, &stop, 0);
      at = stop;
      break;
    case '^':
      if (get_buffer)
        record->a = (uint32_t)strtoll(at, &stop, 0);
      else
        record->code = (uint8_t)strtoul(at, &stop, 0);
      at = stop;
      break;
    case ':':
      record->code = words_code(record->event, false, at, letters);
      if (get_buffer) {
        record->b |= (uint64_t)record->code << 56;
        record->code = 0;
      }
      at += letters;
      break;
    case '!':
      record->code = words_code(record->event, true, at, letters);
      at += letters;
      record->a = (uint32_t)strtoul(at, &stop, 0);
      at = stop;
      if (!(record->flags & WEIR_FLAG_BEGIN) && (record->flags & WEIR_FLAG_END)) record->flags |= WEIR_FLAG_RAISED;
      break;
    case '#':
      record->flags = (uint8_t)(record->flags | strtoul(at, &stop, 0) << WEIR_FLAG_PROTOCOL_SHIFT);
      at = stop;
      break;
    case '{': *begin_only = true; break;
    default: ck_abort_msg("'%c' is no modifier", kind);
    }
  }
  (void)to;
  return at;
}

static inline const char *words_one(words *to, const char *at) {
  weir_record record = {0};
  bool begin_only = false, end = *at == '}';
  if (end) {
    ck_assert_uint_gt(to->depth, 0);
    record = to->open[--to->depth];
    record = (weir_record){.event = record.event,
                           .flags = (uint8_t)((record.flags & 0xf0) | WEIR_FLAG_END),
                           .b = record.event == WEIR_EVENT_GET_BUFFER ? 64 : 0};
    at++;
  } else {
    size_t size = strspn(at, "abcdefghijklmnopqrstuvwxyz");
    record.event = words_event(at, size);
    if (words_is_pair(record.event)) record.flags = WEIR_FLAG_BEGIN | WEIR_FLAG_END;
    if (record.event == WEIR_EVENT_GET_BUFFER) {
      record.a = UINT32_MAX;
      record.b = 64;
    }
    if (record.event == WEIR_EVENT_SET_LIMITS) {
      record.a = (uint32_t)INT32_MIN;
      record.b = (uint32_t)INT32_MIN;
    }
    at += size;
  }
  at = words_modifiers(to, &record, at, &begin_only);
  bool write = record.event == WEIR_EVENT_WRITE || record.event == WEIR_EVENT_WRITELINES;
  if (write && !end) {
    record.b = to->written;
    to->written += record.a;
  }
  if (begin_only) {
    record.flags &= (uint8_t)~WEIR_FLAG_END;
    if (record.event == WEIR_EVENT_GET_BUFFER) record.b = 0;
    ck_assert_uint_lt(to->depth, sizeof to->open / sizeof *to->open);
    to->open[to->depth++] = record;
  }
  to->records[to->count++] = record;
  return at;
}

static inline words words_parse(const char *text) {
  words made = {.count = 0};
  while (*text != 0) {
    text += strspn(text, " ");
    if (*text == 0) break;
    ck_assert_uint_lt(made.count, WORDS_RECORDS_MAX);
    text = words_one(&made, text);
  }
  return made;
}

#endif
