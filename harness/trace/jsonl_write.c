/* A trace as JSON Lines: a header object, then an object a record. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "trace/codec.h"
#include "trace/fields.h"

/* A string of JSON; bytes that are no UTF-8 are shown as '?'. */
static json_t *text(const char *string, size_t size) {
  size_t length = strnlen(string, size);
  json_t *json = json_stringn(string, length);
  if (json != NULL) return json;
  char copy[256];
  if (length > sizeof copy) length = sizeof copy;
  for (size_t i = 0; i < length; i++) {
    copy[i] = string[i];
    if ((unsigned char)string[i] >= 0x80) copy[i] = '?';
  }
  return json_stringn(copy, length);
}

/* Takes the reference to value, which may be NULL (no memory). */
static bool put(json_t *object, const char *key, json_t *value) {
  return json_object_set_new(object, key, value) == 0;
}

static weir_status write_header(FILE *out, const weir_trace_header *header) {
  json_t *object = json_object();
  char spec[17];
  (void)snprintf(spec, sizeof spec, "%016" PRIx64, header->spec);
  bool whole = object != NULL && put(object, "weir", json_string(WEIR_VERSION)) &&
               put(object, "trace", json_integer(WEIR_TRACE_FORM)) && put(object, "spec", json_string(spec)) &&
               put(object, "target", text(header->target, sizeof header->target)) &&
               put(object, "version", text(header->version, sizeof header->version)) &&
               put(object, "scenario", text(header->scenario, sizeof header->scenario));
  bool written = whole && json_dumpf(object, out, JSON_COMPACT) == 0 && fputc('\n', out) != EOF;
  json_decref(object);
  if (written) return WEIR_OK;
  return ferror(out) ? WEIR_IO : WEIR_NO_MEMORY;
}

static void write_capabilities(FILE *out, weir_word_fn *word, uint32_t bits) {
  const char *separator = "[";
  for (unsigned i = 0; i < 32; i++) {
    if (!(bits >> i & 1)) continue;
    if (word(i) != NULL)
      (void)fprintf(out, "%s\"%s\"", separator, word(i));
    else
      (void)fprintf(out, "%s%u", separator, i);
    separator = ",";
  }
  (void)fputs(bits == 0 ? "[]" : "]", out);
}

static void write_value(FILE *out, const weir_field *field, int64_t value) {
  (void)fprintf(out, ",\"%s\":", field->name);
  switch (field->form) {
  case WEIR_FORM_UNSIGNED:
  case WEIR_FORM_SIGNED: (void)fprintf(out, "%" PRId64, value); break;
  case WEIR_FORM_BOOLEAN: (void)fputs(value != 0 ? "true" : "false", out); break;
  case WEIR_FORM_WORD: (void)fprintf(out, "\"%s\"", field->word((unsigned)value)); break;
  case WEIR_FORM_CAPABILITIES: write_capabilities(out, field->word, (uint32_t)value); break;
  case WEIR_FORM_ERRNO:
  case WEIR_FORM_MINUS_ERRNO: {
    const char *name = weir_errno_name((int)value);
    if (name != NULL)
      (void)fprintf(out, "\"%s\"", name);
    else
      (void)fprintf(out, "%" PRId64, value);
    break;
  }
  }
}

static bool is_written(const weir_field *field, const weir_record *record) {
  if (!weir_field_stands(field, record)) return false;
  if (field->applies != NULL && !field->applies(record)) return false;
  switch (field->presence) {
  case WEIR_PRESENCE_REQUIRED:
  case WEIR_PRESENCE_SHOWN: return true;
  case WEIR_PRESENCE_HIDDEN: return weir_field_get(field, record) != field->fallback;
  case WEIR_PRESENCE_OFFSET: return weir_record_has_offset(record) || weir_field_get(field, record) != 0;
  }
  return true;
}

static void write_record(FILE *out, const weir_record *record) {
  (void)fprintf(out, "{\"event\":\"%s\"", weir_event_name(record->event));
  bool begins = record->flags & WEIR_FLAG_BEGIN;
  bool ends = record->flags & WEIR_FLAG_END;
  if (begins != ends) (void)fprintf(out, ",\"at\":\"%s\"", begins ? "begin" : "end");
  if (record->connection != 0) (void)fprintf(out, ",\"connection\":%u", record->connection);
  if (weir_record_protocol(record) != 0) (void)fprintf(out, ",\"protocol\":%u", weir_record_protocol(record));
  for (const weir_field *field = weir_record_field_list(record); field->name != NULL; field++)
    if (is_written(field, record)) write_value(out, field, weir_field_get(field, record));
  if (record->flags & WEIR_FLAG_INJECTED) (void)fputs(",\"injected\":true", out);
  (void)fputs("}\n", out);
}

weir_status weir_trace_write_jsonl(FILE *out, const weir_trace_header *header, const weir_record *records,
                                   size_t count) {
  weir_status status = header != NULL ? write_header(out, header) : WEIR_OK;
  if (status != WEIR_OK) return status;
  for (size_t i = 0; i < count; i++) {
    if (weir_record_fault(&records[i]) != NULL) return WEIR_BROKEN;
    write_record(out, &records[i]);
  }
  return fflush(out) == 0 && !ferror(out) ? WEIR_OK : WEIR_IO;
}
