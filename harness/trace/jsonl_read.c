/* A line of JSON Lines: the header, or an event.
 *
 * What a live program cannot know may be left out, and what it says beside is
 * passed over; a wrong type, an unknown word or a missing field that nothing
 * can stand for is a failure of that line. */
#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "trace/fields.h"
#include "trace/reader.h"

/* What is being read, for the words of a failure. */
typedef struct weir_line_context {
  const json_t *object;
  const char *event; /* its word */
  uint32_t number;
  weir_problem *problem;
} weir_line_context;

static const char *type_name(const json_t *json) {
  switch (json_typeof(json)) {
  case JSON_OBJECT: return "an object";
  case JSON_ARRAY: return "an array";
  case JSON_STRING: return "a string";
  case JSON_INTEGER: return "a whole number";
  case JSON_REAL: return "a number with a fraction or exponent";
  case JSON_NULL: return "null";
  default: return "true or false";
  }
}

static weir_status wrong_type(const weir_line_context *line, const char *key, const char *right, const json_t *json) {
  return weir_fail(line->problem, WEIR_BAD_INPUT, line->number, "%s: \"%s\" is to be %s, not %s", line->event, key,
                   right, type_name(json));
}

/* A whole number from least to most, where the key is there at all. */
static weir_status get_integer(const weir_line_context *line, const char *key, const json_t *json, int64_t least,
                               int64_t most, int64_t *value) {
  if (!json_is_integer(json)) return wrong_type(line, key, "a whole number", json);
  *value = json_integer_value(json);
  if (*value >= least && *value <= most) return WEIR_OK;
  return weir_fail(line->problem, WEIR_BAD_INPUT, line->number,
                   "%s: \"%s\" is to be from %" PRId64 " to %" PRId64 ", not %" PRId64, line->event, key, least, most,
                   *value);
}

static weir_status unknown_word(const weir_line_context *line, const char *key, const char *word, weir_word_fn *list,
                                unsigned first) {
  const char *nearest = weir_word_nearest(word, list, first);
  return weir_fail(line->problem, WEIR_BAD_INPUT, line->number, "%s: unknown \"%s\": \"%.60s\"%s%s%s", line->event, key,
                   word, nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
                   nearest != NULL ? "\"?" : "");
}

static int find_word(weir_word_fn *list, const char *word) {
  for (unsigned i = 0; list(i) != NULL; i++)
    if (strcmp(list(i), word) == 0) return (int)i;
  return -1;
}

static weir_status get_word(const weir_line_context *line, const weir_field *field, const json_t *json,
                            int64_t *value) {
  /* Python's None is null in JSON, and "none" in these lists. */
  const char *word = json_is_null(json) ? "none" : json_string_value(json);
  if (word == NULL) return wrong_type(line, field->name, "a string", json);
  *value = find_word(field->word, word);
  return *value >= 0 ? WEIR_OK : unknown_word(line, field->name, word, field->word, 0);
}

static weir_status get_errno(const weir_line_context *line, const weir_field *field, const json_t *json,
                             int64_t *value) {
  if (!json_is_string(json)) return get_integer(line, field->name, json, 0, weir_field_most(field), value);
  *value = weir_errno_find(json_string_value(json));
  if (*value >= 0) return WEIR_OK;
  return weir_fail(line->problem, WEIR_BAD_INPUT, line->number,
                   "%s: \"%s\" is to be the name of an error as ECONNRESET or its number, not \"%.60s\"", line->event,
                   field->name, json_string_value(json));
}

static weir_status get_capabilities(const weir_line_context *line, const weir_field *field, const json_t *json,
                                    int64_t *value) {
  if (!json_is_array(json)) return wrong_type(line, field->name, "an array of words", json);
  *value = 0;
  size_t index;
  json_t *item;
  json_array_foreach(json, index, item) {
    int64_t bit = -1;
    weir_status status = json_is_string(item) ? get_word(line, field, item, &bit)
                                              : get_integer(line, field->name, item, 0, field->width - 1, &bit);
    if (status != WEIR_OK) return status;
    assert(bit >= 0 && bit < field->width);
    *value |= INT64_C(1) << bit;
  }
  return WEIR_OK;
}

static weir_status get_value(const weir_line_context *line, const weir_field *field, const json_t *json,
                             int64_t *value) {
  switch (field->form) {
  case WEIR_FORM_UNSIGNED:
  case WEIR_FORM_SIGNED:
    return get_integer(line, field->name, json, weir_field_least(field), weir_field_most(field), value);
  case WEIR_FORM_BOOLEAN:
    *value = json_is_true(json);
    return json_is_boolean(json) ? WEIR_OK : wrong_type(line, field->name, "true or false", json);
  case WEIR_FORM_WORD: return get_word(line, field, json, value);
  case WEIR_FORM_ERRNO:
  case WEIR_FORM_MINUS_ERRNO: return get_errno(line, field, json, value);
  case WEIR_FORM_CAPABILITIES: return get_capabilities(line, field, json, value);
  }
  return WEIR_BROKEN;
}

/* The place in its stream at which a piece goes on whose offset is left out. */
static uint64_t *place_of(weir_jsonl_places *places, const weir_record *record) {
  switch (record->event) {
  case WEIR_EVENT_WRITE:
  case WEIR_EVENT_WRITELINES: return &places->written[record->connection];
  case WEIR_EVENT_PEER_SEND: return &places->sent[record->connection];
  case WEIR_EVENT_BUFFER_UPDATED:
  case WEIR_EVENT_DATA_RECEIVED: return &places->delivered[record->connection];
  case WEIR_EVENT_PEER_RECEIVED: return &places->received[record->connection];
  default: return NULL;
  }
}

static int64_t left_out(const weir_field *field, weir_jsonl_places *places, const weir_record *record) {
  if (field->presence != WEIR_PRESENCE_OFFSET) return field->fallback;
  const uint64_t *place = place_of(places, record);
  bool follows = weir_event_group_of(record->event) == WEIR_GROUP_CALL || record->event == WEIR_EVENT_PEER_SEND ||
                 record->code == WEIR_DATA_STREAM;
  return place != NULL && follows ? (int64_t)*place : 0;
}

/* Remembers where the next piece begins.  A write that raised took nothing. */
static void advance(weir_jsonl_places *places, const weir_record *record) {
  uint64_t *place = place_of(places, record);
  if (place == NULL) return;
  bool is_write = weir_event_group_of(record->event) == WEIR_GROUP_CALL;
  if (record->flags & WEIR_FLAG_RAISED) {
    if (is_write) *place = places->write_began[record->connection];
    return;
  }
  if (weir_event_is_pair(record->event) && !(record->flags & WEIR_FLAG_BEGIN)) return;
  bool known = is_write || record->event == WEIR_EVENT_PEER_SEND || record->code == WEIR_DATA_STREAM;
  uint64_t from = known ? record->b : *place;
  if (is_write) places->write_began[record->connection] = from;
  *place = (from + record->a) & INT64_MAX;
}

static weir_status read_fields(const weir_line_context *line, const weir_field *fields, weir_jsonl_places *places,
                               weir_record *record) {
  for (const weir_field *field = fields; field->name != NULL; field++) {
    if (!weir_field_stands(field, record)) continue;
    if (field->applies != NULL && !field->applies(record)) continue;
    const json_t *json = json_object_get(line->object, field->name);
    bool absent = json == NULL || (json_is_null(json) && field->form != WEIR_FORM_WORD);
    if (absent && field->presence == WEIR_PRESENCE_REQUIRED)
      return weir_fail(line->problem, WEIR_BAD_INPUT, line->number, "%s needs \"%s\": %s", line->event, field->name,
                       field->meaning);
    int64_t value = 0;
    if (absent) {
      value = left_out(field, places, record);
    } else {
      weir_status status = get_value(line, field, json, &value);
      if (status != WEIR_OK) return status;
    }
    weir_field_set(field, record, value);
  }
  return WEIR_OK;
}

/* "at": which half of a pair; without it, both in one. */
static weir_status read_half(const weir_line_context *line, uint8_t *flags) {
  const json_t *at = json_object_get(line->object, "at");
  if (at == NULL) {
    *flags = WEIR_FLAG_BEGIN | WEIR_FLAG_END;
    return WEIR_OK;
  }
  if (!json_is_string(at)) return wrong_type(line, "at", "\"begin\" or \"end\"", at);
  const char *word = json_string_value(at);
  *flags = strcmp(word, "begin") == 0 ? WEIR_FLAG_BEGIN : strcmp(word, "end") == 0 ? WEIR_FLAG_END : 0;
  if (*flags != 0) return WEIR_OK;
  return weir_fail(line->problem, WEIR_BAD_INPUT, line->number,
                   "%s: \"at\" is to be \"begin\" or \"end\", not \"%.60s\"", line->event, word);
}

static weir_status read_flags(const weir_line_context *line, weir_record *record) {
  int64_t value = 0;
  weir_status status = WEIR_OK;
  const json_t *connection = json_object_get(line->object, "connection");
  if (connection != NULL) status = get_integer(line, "connection", connection, 0, UINT8_MAX, &value);
  if (status != WEIR_OK) return status;
  record->connection = (uint8_t)value;
  if (weir_event_is_pair(record->event)) status = read_half(line, &record->flags);
  if (status != WEIR_OK) return status;
  const json_t *protocol = json_object_get(line->object, "protocol");
  if (protocol != NULL && weir_event_group_of(record->event) == WEIR_GROUP_CALLBACK) {
    status = get_integer(line, "protocol", protocol, 0, WEIR_PROTOCOLS_MAX - 1, &value);
    if (status != WEIR_OK) return status;
    record->flags |= (uint8_t)(value << WEIR_FLAG_PROTOCOL_SHIFT);
  }
  const json_t *injected = json_object_get(line->object, "injected");
  if (injected == NULL || weir_event_group_of(record->event) != WEIR_GROUP_SOCKET) return WEIR_OK;
  if (!json_is_boolean(injected)) return wrong_type(line, "injected", "true or false", injected);
  if (json_is_true(injected)) record->flags |= WEIR_FLAG_INJECTED;
  return WEIR_OK;
}

/* Where it raised, what began is one record and how it ended another. */
static weir_status split_raised(const weir_line_context *line, weir_jsonl_places *places, weir_jsonl_line *out) {
  weir_record *first = &out->records[0];
  if (first->flags & WEIR_FLAG_BEGIN) {
    if (!(first->flags & WEIR_FLAG_END))
      return weir_fail(line->problem, WEIR_BAD_INPUT, line->number, "%s: \"raised\" belongs to the end, not the begin",
                       line->event);
    first->flags &= (uint8_t)~WEIR_FLAG_END;
    weir_status status = read_fields(line, weir_event_field_list(first->event), places, first);
    if (status != WEIR_OK) return status;
    out->count = 1;
  }
  weir_record end = {.event = first->event, .connection = first->connection};
  end.flags = (uint8_t)((first->flags & ~WEIR_FLAG_BEGIN) | WEIR_FLAG_END | WEIR_FLAG_RAISED);
  weir_status status = read_fields(line, weir_raised_field_list(), places, &end);
  out->records[out->count++] = end;
  return status;
}

static weir_status read_event(weir_line_context *line, weir_jsonl_places *places, weir_jsonl_line *out) {
  const json_t *name = json_object_get(line->object, "event");
  line->event = "a line";
  if (name == NULL)
    return weir_fail(line->problem, WEIR_BAD_INPUT, line->number,
                     "no \"event\": a line is {\"event\": \"get_buffer\", ...}");
  if (!json_is_string(name)) return wrong_type(line, "event", "a string", name);
  int event = weir_event_find(json_string_value(name));
  if (event < 0) return unknown_word(line, "event", json_string_value(name), weir_event_name, 1);
  line->event = weir_event_name((unsigned)event);
  weir_record *record = &out->records[0];
  *record = (weir_record){.event = (uint8_t)event};
  weir_status status = read_flags(line, record);
  if (status != WEIR_OK) return status;
  if (weir_event_is_pair(record->event) && json_object_get(line->object, "raised") != NULL) {
    status = split_raised(line, places, out);
  } else {
    status = read_fields(line, weir_event_field_list(record->event), places, record);
    out->count = 1;
  }
  for (size_t i = 0; status == WEIR_OK && i < out->count; i++) advance(places, &out->records[i]);
  return status;
}

static weir_status read_text(const weir_line_context *line, const char *key, char *out, size_t size) {
  const json_t *json = json_object_get(line->object, key);
  if (json == NULL || json_is_null(json)) return WEIR_OK;
  if (!json_is_string(json)) return wrong_type(line, key, "a string", json);
  (void)snprintf(out, size, "%s", json_string_value(json));
  return WEIR_OK;
}

/* The spec is 16 hexadecimal digits: more than a number of JSON holds. */
static weir_status read_spec(const weir_line_context *line, uint64_t *spec) {
  char digits[32] = "";
  weir_status status = read_text(line, "spec", digits, sizeof digits);
  if (status != WEIR_OK || digits[0] == 0) return status;
  if (strlen(digits) != 16 || strspn(digits, "0123456789abcdefABCDEF") != 16)
    return weir_fail(line->problem, WEIR_BAD_INPUT, line->number, "\"spec\" is to be 16 hexadecimal digits");
  *spec = strtoull(digits, NULL, 16);
  return WEIR_OK;
}

static weir_status read_header(weir_line_context *line, weir_trace_header *header) {
  line->event = "the header";
  const json_t *form = json_object_get(line->object, "trace");
  int64_t version = WEIR_TRACE_FORM;
  weir_status status = form == NULL ? WEIR_OK : get_integer(line, "trace", form, 0, INT64_MAX, &version);
  if (status != WEIR_OK) return status;
  if (version != WEIR_TRACE_FORM)
    return weir_fail(line->problem, WEIR_VERSION_MISMATCH, line->number,
                     "a trace of form %" PRId64 "; this version of weir reads form %d", version, WEIR_TRACE_FORM);
  status = read_text(line, "target", header->target, sizeof header->target);
  if (status == WEIR_OK) status = read_text(line, "version", header->version, sizeof header->version);
  if (status == WEIR_OK) status = read_text(line, "scenario", header->scenario, sizeof header->scenario);
  return status == WEIR_OK ? read_spec(line, &header->spec) : status;
}

static weir_status read_object(weir_line_context *line, weir_jsonl_places *places, weir_trace_header *header,
                               weir_jsonl_line *out) {
  if (!json_is_object(line->object))
    return weir_fail(line->problem, WEIR_BAD_INPUT, line->number, "a line is to be an object, not %s",
                     type_name(line->object));
  out->is_header = json_object_get(line->object, "event") == NULL && json_object_get(line->object, "trace") != NULL;
  if (!out->is_header) return read_event(line, places, out);
  weir_trace_header unwanted;
  return read_header(line, header != NULL ? header : &unwanted);
}

weir_status weir_jsonl_parse(const char *text, size_t size, uint32_t number, weir_jsonl_places *places,
                             weir_trace_header *header, weir_jsonl_line *line, weir_problem *problem) {
  *line = (weir_jsonl_line){.count = 0};
  json_error_t error;
  json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
  if (json == NULL && json_error_code(&error) == json_error_out_of_memory)
    return weir_fail(problem, WEIR_NO_MEMORY, number, "no memory to read a line of %zu bytes", size);
  if (json == NULL)
    return weir_fail(problem, WEIR_BAD_INPUT, number, "not JSON, or cut: %s (column %d)", error.text, error.column);
  weir_line_context context = {.object = json, .number = number, .problem = problem};
  weir_status status = read_object(&context, places, header, line);
  json_decref(json);
  return status;
}
