/* A line of JSON Lines: the header, or an event.
 *
 * What a live program cannot know may be left out, and what it says beside is
 * passed over; a wrong type, an unknown word or a missing field that nothing
 * can stand for is a failure of that line. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "trace/fields.h"
#include "trace/json.h"
#include "trace/reader.h"

/* What is being read, for the words of a failure. */
typedef struct weir_line_context {
  const weir_json_object *object;
  const char *event; /* its word */
  uint32_t number;
  weir_problem *problem;
} weir_line_context;

static const char *type_name(const weir_json *json) {
  switch (json->type) {
  case WEIR_JSON_OBJECT: return "an object";
  case WEIR_JSON_ARRAY: return "an array";
  case WEIR_JSON_STRING: return "a string";
  case WEIR_JSON_INTEGER: return "a whole number";
  case WEIR_JSON_REAL: return "a number with a fraction or exponent";
  case WEIR_JSON_NULL: return "null";
  default: return "true or false";
  }
}

static bool is_string(const weir_json *json) {
  return json->type == WEIR_JSON_STRING;
}
static bool is_null(const weir_json *json) {
  return json->type == WEIR_JSON_NULL;
}
static bool is_boolean(const weir_json *json) {
  return json->type == WEIR_JSON_TRUE || json->type == WEIR_JSON_FALSE;
}

static weir_status wrong_type(const weir_line_context *line, const char *key, const char *right,
                              const weir_json *json) {
  return weir_fail(line->problem, WEIR_BAD_INPUT, line->number, "%s: \"%s\" is to be %s, not %s", line->event, key,
                   right, type_name(json));
}

/* A whole number from least to most, where the key is there at all. */
static weir_status get_integer(const weir_line_context *line, const char *key, const weir_json *json, int64_t least,
                               int64_t most, int64_t *value) {
  if (json->type != WEIR_JSON_INTEGER) return wrong_type(line, key, "a whole number", json);
  *value = json->integer;
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

static weir_status get_word(const weir_line_context *line, const weir_field *field, const weir_json *json,
                            int64_t *value) {
  /* Python's None is null in JSON, and "none" in these lists. */
  if (!is_null(json) && !is_string(json)) return wrong_type(line, field->name, "a string", json);
  const char *word = is_null(json) ? "none" : json->text;
  *value = find_word(field->word, word);
  return *value >= 0 ? WEIR_OK : unknown_word(line, field->name, word, field->word, 0);
}

static weir_status get_errno(const weir_line_context *line, const weir_field *field, const weir_json *json,
                             int64_t *value) {
  if (!is_string(json)) return get_integer(line, field->name, json, 0, weir_field_most(field), value);
  *value = weir_errno_find(json->text);
  if (*value >= 0) return WEIR_OK;
  return weir_fail(line->problem, WEIR_BAD_INPUT, line->number,
                   "%s: \"%s\" is to be the name of an error as ECONNRESET or its number, not \"%.60s\"", line->event,
                   field->name, json->text);
}

static weir_status get_capabilities(const weir_line_context *line, const weir_field *field, const weir_json *json,
                                    int64_t *value) {
  if (json->type != WEIR_JSON_ARRAY) return wrong_type(line, field->name, "an array of words", json);
  *value = 0;
  weir_json item;
  for (size_t cursor = 0; weir_json_next(json, &cursor, &item);) {
    int64_t bit = -1;
    weir_status status = is_string(&item) ? get_word(line, field, &item, &bit)
                                          : get_integer(line, field->name, &item, 0, field->width - 1, &bit);
    if (status != WEIR_OK) return status;
    assert(bit >= 0 && bit < field->width);
    *value |= INT64_C(1) << bit;
  }
  return WEIR_OK;
}

static weir_status get_value(const weir_line_context *line, const weir_field *field, const weir_json *json,
                             int64_t *value) {
  switch (field->form) {
  case WEIR_FORM_UNSIGNED:
  case WEIR_FORM_SIGNED:
    return get_integer(line, field->name, json, weir_field_least(field), weir_field_most(field), value);
  case WEIR_FORM_BOOLEAN:
    *value = json->type == WEIR_JSON_TRUE;
    return is_boolean(json) ? WEIR_OK : wrong_type(line, field->name, "true or false", json);
  case WEIR_FORM_WORD: return get_word(line, field, json, value);
  case WEIR_FORM_ERRNO:
  case WEIR_FORM_MINUS_ERRNO: return get_errno(line, field, json, value);
  case WEIR_FORM_CAPABILITIES: return get_capabilities(line, field, json, value);
  }
  return WEIR_BROKEN;
}

/* The places of a connection: those of one that had the same place in this table are forgotten. */
static weir_jsonl_place *places_of(weir_jsonl_places *places, uint64_t connection) {
  weir_jsonl_place *place = &places->of[connection % WEIR_JSONL_PLACES];
  if (place->connection == connection) return place;
  *place = (weir_jsonl_place){.connection = connection};
  return place;
}

/* The place in its stream at which a piece goes on whose offset is left out. */
static uint64_t *place_of(weir_jsonl_places *places, const weir_record *record) {
  weir_jsonl_place *place = places->current;
  switch (record->event) {
  case WEIR_EVENT_WRITE:
  case WEIR_EVENT_WRITELINES: return &place->written;
  case WEIR_EVENT_PEER_SEND: return &place->sent;
  case WEIR_EVENT_BUFFER_UPDATED:
  case WEIR_EVENT_DATA_RECEIVED: return &place->delivered;
  case WEIR_EVENT_PEER_RECEIVED: return &place->received;
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
    if (is_write) *place = places->current->write_began;
    return;
  }
  if (weir_event_is_pair(record->event) && !(record->flags & WEIR_FLAG_BEGIN)) return;
  bool known = is_write || record->event == WEIR_EVENT_PEER_SEND || record->code == WEIR_DATA_STREAM;
  uint64_t from = known ? record->b : *place;
  if (is_write) places->current->write_began = from;
  *place = (from + record->a) & INT64_MAX;
}

static weir_status read_fields(const weir_line_context *line, const weir_field *fields, weir_jsonl_places *places,
                               weir_record *record) {
  for (const weir_field *field = fields; field->name != NULL; field++) {
    if (!weir_field_stands(field, record)) continue;
    if (field->applies != NULL && !field->applies(record)) continue;
    const weir_json *json = weir_json_get(line->object, field->name);
    bool absent = json == NULL || (is_null(json) && field->form != WEIR_FORM_WORD);
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
  const weir_json *at = weir_json_get(line->object, "at");
  if (at == NULL) {
    *flags = WEIR_FLAG_BEGIN | WEIR_FLAG_END;
    return WEIR_OK;
  }
  if (!is_string(at)) return wrong_type(line, "at", "\"begin\" or \"end\"", at);
  const char *word = at->text;
  *flags = strcmp(word, "begin") == 0 ? WEIR_FLAG_BEGIN : strcmp(word, "end") == 0 ? WEIR_FLAG_END : 0;
  if (*flags != 0) return WEIR_OK;
  return weir_fail(line->problem, WEIR_BAD_INPUT, line->number,
                   "%s: \"at\" is to be \"begin\" or \"end\", not \"%.60s\"", line->event, word);
}

/* A record has 8 bits for the number, and the line all of it. */
static weir_status read_connection(const weir_line_context *line, weir_jsonl_places *places, weir_jsonl_line *out) {
  const weir_json *connection = weir_json_get(line->object, "connection");
  int64_t value = 0;
  if (connection != NULL) {
    weir_status status = get_integer(line, "connection", connection, 0, INT64_MAX, &value);
    if (status != WEIR_OK) return status;
  }
  out->connection = (uint64_t)value;
  out->records[0].connection = (uint8_t)value;
  places->current = places_of(places, out->connection);
  return WEIR_OK;
}

static weir_status read_flags(const weir_line_context *line, weir_record *record) {
  int64_t value = 0;
  weir_status status = WEIR_OK;
  if (weir_event_is_pair(record->event)) status = read_half(line, &record->flags);
  if (status != WEIR_OK) return status;
  const weir_json *protocol = weir_json_get(line->object, "protocol");
  if (protocol != NULL && weir_event_group_of(record->event) == WEIR_GROUP_CALLBACK) {
    status = get_integer(line, "protocol", protocol, 0, WEIR_PROTOCOLS_MAX - 1, &value);
    if (status != WEIR_OK) return status;
    record->flags |= (uint8_t)(value << WEIR_FLAG_PROTOCOL_SHIFT);
  }
  const weir_json *injected = weir_json_get(line->object, "injected");
  if (injected == NULL || weir_event_group_of(record->event) != WEIR_GROUP_SOCKET) return WEIR_OK;
  if (!is_boolean(injected)) return wrong_type(line, "injected", "true or false", injected);
  if (injected->type == WEIR_JSON_TRUE) record->flags |= WEIR_FLAG_INJECTED;
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
  const weir_json *name = weir_json_get(line->object, "event");
  line->event = "a line";
  if (name == NULL)
    return weir_fail(line->problem, WEIR_BAD_INPUT, line->number,
                     "no \"event\": a line is {\"event\": \"get_buffer\", ...}");
  if (!is_string(name)) return wrong_type(line, "event", "a string", name);
  int event = weir_event_find(name->text);
  if (event < 0) return unknown_word(line, "event", name->text, weir_event_name, 1);
  line->event = weir_event_name((unsigned)event);
  weir_record *record = &out->records[0];
  *record = (weir_record){.event = (uint8_t)event};
  weir_status status = read_connection(line, places, out);
  if (status == WEIR_OK) status = read_flags(line, record);
  if (status != WEIR_OK) return status;
  if (weir_event_is_pair(record->event) && weir_json_get(line->object, "raised") != NULL) {
    status = split_raised(line, places, out);
  } else {
    status = read_fields(line, weir_event_field_list(record->event), places, record);
    out->count = 1;
  }
  for (size_t i = 0; status == WEIR_OK && i < out->count; i++) advance(places, &out->records[i]);
  return status;
}

static weir_status read_text(const weir_line_context *line, const char *key, char *out, size_t size) {
  const weir_json *json = weir_json_get(line->object, key);
  if (json == NULL || is_null(json)) return WEIR_OK;
  if (!is_string(json)) return wrong_type(line, key, "a string", json);
  (void)snprintf(out, size, "%s", json->text);
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
  const weir_json *form = weir_json_get(line->object, "trace");
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

weir_status weir_jsonl_parse(char *text, size_t size, uint32_t number, weir_jsonl_places *places,
                             weir_trace_header *header, weir_jsonl_line *line, weir_problem *problem) {
  line->is_header = false;
  line->count = 0;
  weir_json value;
  weir_json_object object;
  weir_json_error error;
  if (!weir_json_read(text, size, &value, &object, &error))
    return weir_fail(problem, WEIR_BAD_INPUT, number, "not JSON, or cut: %s (column %zu)", error.what, error.at + 1);
  if (value.type != WEIR_JSON_OBJECT)
    return weir_fail(problem, WEIR_BAD_INPUT, number, "a line is to be an object, not %s", type_name(&value));
  weir_line_context context = {.object = &object, .number = number, .problem = problem};
  line->is_header = weir_json_get(&object, "event") == NULL && weir_json_get(&object, "trace") != NULL;
  if (!line->is_header) return read_event(&context, places, line);
  weir_trace_header unwanted;
  return read_header(&context, header != NULL ? header : &unwanted);
}
