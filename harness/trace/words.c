/* The words of weir/trace.h, generated from its lists. */
#include <string.h>

#include "weir/trace.h"

static const struct {
  const char *name;
  weir_event_group group;
  const char *fields;
} events[WEIR_EVENT_COUNT] = {
#define X(name, word, group, meaning) [WEIR_EVENT_##name] = {word, WEIR_GROUP_##group, meaning},
    WEIR_EVENTS(X)
#undef X
};

static const char *const datas[] = {
#define X(name, word, meaning) word,
    WEIR_DATAS(X)
#undef X
};
static const char *const layers[] = {
#define X(name, word, meaning) word,
    WEIR_LAYERS(X)
#undef X
};
static const char *const exceptions[] = {
#define X(name, word, meaning) word,
    WEIR_EXCEPTIONS(X)
#undef X
};
static const char *const ends[] = {
#define X(name, word, meaning) word,
    WEIR_ENDS(X)
#undef X
};
static const struct {
  const char *name;
  bool usable;
} buffer_kinds[] = {
#define X(name, word, usable) {word, usable},
    WEIR_BUFFER_KINDS(X)
#undef X
};
static const struct {
  const char *name;
  bool bytes_like;
} bytes_kinds[] = {
#define X(name, word, bytes_like) {word, bytes_like},
    WEIR_BYTES_KINDS(X)
#undef X
};
static const char *const lines_kinds[] = {
#define X(name, word) word,
    WEIR_LINES_KINDS(X)
#undef X
};

const char *weir_event_name(unsigned event) {
  return event < WEIR_EVENT_COUNT ? events[event].name : NULL;
}

const char *weir_event_fields(unsigned event) {
  return event < WEIR_EVENT_COUNT ? events[event].fields : NULL;
}

weir_event_group weir_event_group_of(unsigned event) {
  return event < WEIR_EVENT_COUNT ? events[event].group : WEIR_GROUP_RUN;
}

int weir_event_find(const char *word) {
  for (unsigned event = 1; event < WEIR_EVENT_COUNT; event++)
    if (strcmp(events[event].name, word) == 0) return (int)event;
  return -1;
}

const char *weir_data_name(unsigned data) {
  return data < WEIR_DATA_COUNT ? datas[data] : NULL;
}

const char *weir_layer_name(unsigned layer) {
  return layer < WEIR_LAYER_COUNT ? layers[layer] : NULL;
}

const char *weir_exception_name(unsigned exception) {
  return exception < WEIR_EXCEPTION_COUNT ? exceptions[exception] : NULL;
}

const char *weir_end_name(unsigned end) {
  return end < WEIR_END_COUNT ? ends[end] : NULL;
}

const char *weir_buffer_kind_name(unsigned kind) {
  return kind < WEIR_BUFFER_KIND_COUNT ? buffer_kinds[kind].name : NULL;
}

bool weir_buffer_kind_usable(unsigned kind) {
  return kind < WEIR_BUFFER_KIND_COUNT && buffer_kinds[kind].usable;
}

const char *weir_bytes_kind_name(unsigned kind) {
  return kind < WEIR_BYTES_KIND_COUNT ? bytes_kinds[kind].name : NULL;
}

bool weir_bytes_kind_is_bytes_like(unsigned kind) {
  return kind < WEIR_BYTES_KIND_COUNT && bytes_kinds[kind].bytes_like;
}

const char *weir_lines_kind_name(unsigned kind) {
  return kind < WEIR_LINES_KIND_COUNT ? lines_kinds[kind] : NULL;
}
