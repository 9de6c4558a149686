/* One JSON object on one line, read where it stands: what the reader of traces
 * needs of JSON, and no more.  RFC 8259, strictly: UTF-8, no duplicate names,
 * no U+0000.  No allocation; a value inside a value is checked, and is read only
 * where it is an array that somebody goes through. */
#ifndef WEIR_TRACE_JSON_H
#define WEIR_TRACE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/status.h"

enum {
  WEIR_JSON_MEMBERS_MAX = 128, /* names of an object */
  WEIR_JSON_DEPTH_MAX = 64     /* of values inside each other */
};

typedef enum weir_json_type {
  WEIR_JSON_STRING,
  WEIR_JSON_INTEGER,
  WEIR_JSON_REAL,
  WEIR_JSON_TRUE,
  WEIR_JSON_FALSE,
  WEIR_JSON_NULL,
  WEIR_JSON_ARRAY,
  WEIR_JSON_OBJECT
} weir_json_type;

typedef struct weir_json {
  weir_json_type type;
  uint32_t size;   /* of text, in bytes */
  char *text;      /* a string: decoded, ended by a 0.  Else as it stands in the line */
  int64_t integer; /* an integer's value */
} weir_json;

typedef struct weir_json_member {
  const char *name; /* decoded, ended by a 0 */
  uint32_t size;
  weir_json value;
} weir_json_member;

typedef struct weir_json_object {
  uint32_t count;
  weir_json_member members[WEIR_JSON_MEMBERS_MAX];
} weir_json_object;

/* What is wrong with a text, and where. */
typedef struct weir_json_error {
  const char *what;
  size_t at; /* bytes into the text */
} weir_json_error;

/* Reads the one value in the `size` bytes at text, which are followed by a byte
 * that may be written to; strings are decoded in place.  Where it is an object,
 * its members are in *object. */
WEIR_MUST_USE bool weir_json_read(char *text, size_t size, weir_json *value, weir_json_object *object,
                                  weir_json_error *error);
/* NULL: there is no such member. */
const weir_json *weir_json_get(const weir_json_object *object, const char *name);
/* The next item of an array; cursor is 0 at first.  False past the last.  Once through an array, no more: its strings
 * are decoded in place. */
bool weir_json_next(const weir_json *array, size_t *cursor, weir_json *item);

#endif
