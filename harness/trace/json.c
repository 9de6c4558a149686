#include "trace/json.h"

#include <assert.h>
#include <string.h>

/* A text on its way.  The byte behind its end is 0, so that looking one ahead is safe. */
typedef struct scanner {
  char *at;
  char *end;
  const char *what; /* NULL: nothing is wrong so far */
  char *where;
} scanner;

static bool fail(scanner *self, const char *what) {
  if (self->what == NULL) {
    self->what = what;
    self->where = self->at;
  }
  return false;
}

static void skip_blanks(scanner *self) {
  while (*self->at == ' ' || *self->at == '\t' || *self->at == '\r' || *self->at == '\n') self->at++;
}

/* ---- Strings */

/* Bytes of the UTF-8 character at `at`, 0: it is none (RFC 3629). */
static unsigned utf8_size(const unsigned char *at) {
  unsigned size = at[0] < 0xC2 ? 0 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : at[0] < 0xF5 ? 4 : 0;
  /* The first bytes that leave less than the full range to the second. */
  unsigned char least = at[0] == 0xE0 ? 0xA0 : at[0] == 0xF0 ? 0x90 : 0x80;
  unsigned char most = at[0] == 0xED ? 0x9F : at[0] == 0xF4 ? 0x8F : 0xBF;
  if (size == 0 || at[1] < least || at[1] > most) return 0;
  for (unsigned i = 2; i < size; i++)
    if (at[i] < 0x80 || at[i] > 0xBF) return 0;
  return size;
}

static char *put_utf8(char *out, uint32_t character) {
  if (character < 0x80) {
    *out++ = (char)character;
    return out;
  }
  unsigned more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
  static const unsigned char marks[] = {0, 0xC0, 0xE0, 0xF0};
  *out++ = (char)(marks[more] | (character >> (6 * more)));
  while (more-- > 0) *out++ = (char)(0x80 | ((character >> (6 * more)) & 0x3F));
  return out;
}

/* Four hexadecimal digits behind \u. */
static bool read_unit(scanner *self, uint32_t *unit) {
  *unit = 0;
  for (unsigned i = 0; i < 4; i++, self->at++) {
    char c = *self->at;
    unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                     : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                     : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                            : 16;
    if (digit == 16) return fail(self, "four hexadecimal digits are to follow \\u");
    *unit = *unit << 4 | digit;
  }
  return true;
}

static bool read_character(scanner *self, char **out) {
  uint32_t unit = 0, low = 0;
  if (!read_unit(self, &unit)) return false;
  if (unit == 0) return fail(self, "\\u0000 is not allowed");
  if (unit >= 0xD800 && unit < 0xE000) {
    if (unit >= 0xDC00 || self->at[0] != '\\' || self->at[1] != 'u') return fail(self, "half of a surrogate pair");
    self->at += 2;
    if (!read_unit(self, &low)) return false;
    if (low < 0xDC00 || low >= 0xE000) return fail(self, "half of a surrogate pair");
    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
  }
  *out = put_utf8(*out, unit);
  return true;
}

/* Behind a backslash.  What comes out is never longer than what stood there. */
static bool read_escape(scanner *self, char **out) {
  static const char escapes[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
  char c = *self->at;
  self->at += c != 0;
  if (c == 'u') return read_character(self, out);
  const char *found = c != 0 ? strchr(escapes, c) : NULL;
  if (found == NULL) return fail(self, "an unknown escape");
  *(*out)++ = values[found - escapes];
  return true;
}

/* At the opening quote.  Decodes in place, and puts a 0 behind it. */
static bool read_string(scanner *self, char **text, uint32_t *size) {
  assert(*self->at == '"');
  char *out = *text = ++self->at;
  for (;;) {
    unsigned char c = (unsigned char)*self->at;
    if (c == '"') break;
    if (c == '\\') {
      self->at++;
      if (!read_escape(self, &out)) return false;
      continue;
    }
    if (self->at == self->end) return fail(self, "a string without an end");
    if (c < 0x20) return fail(self, "a control character in a string");
    unsigned length = c < 0x80 ? 1 : utf8_size((const unsigned char *)self->at);
    if (length == 0) return fail(self, "no UTF-8");
    if (out != self->at) memmove(out, self->at, length);
    out += length;
    self->at += length;
  }
  self->at++;
  *out = 0;
  *size = (uint32_t)(out - *text);
  return true;
}

/* A string that nobody asks for: the same, left as it is. */
static bool skip_string(scanner *self) {
  char decoded[8];
  for (self->at++; *self->at != '"';) {
    unsigned char c = (unsigned char)*self->at;
    char *out = decoded;
    if (c == '\\') {
      self->at++;
      if (!read_escape(self, &out)) return false;
      continue;
    }
    if (self->at == self->end) return fail(self, "a string without an end");
    if (c < 0x20) return fail(self, "a control character in a string");
    unsigned length = c < 0x80 ? 1 : utf8_size((const unsigned char *)self->at);
    if (length == 0) return fail(self, "no UTF-8");
    self->at += length;
  }
  self->at++;
  return true;
}

/* ---- Numbers and words */
static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool skip_digits(scanner *self) {
  if (!is_digit(*self->at)) return fail(self, "a digit was expected");
  while (is_digit(*self->at)) self->at++;
  return true;
}

static bool read_fraction(scanner *self, weir_json *value) {
  if (*self->at == '.') {
    value->type = WEIR_JSON_REAL;
    self->at++;
    if (!skip_digits(self)) return false;
  }
  if (*self->at == 'e' || *self->at == 'E') {
    value->type = WEIR_JSON_REAL;
    self->at++;
    if (*self->at == '+' || *self->at == '-') self->at++;
    if (!skip_digits(self)) return false;
  }
  return true;
}

static bool read_number(scanner *self, weir_json *value) {
  bool minus = *self->at == '-', fits = true;
  value->type = WEIR_JSON_INTEGER;
  value->integer = 0;
  self->at += minus;
  const char *first = self->at;
  for (; is_digit(*self->at); self->at++) {
    int digit = *self->at - '0';
    fits = fits && !__builtin_mul_overflow(value->integer, 10, &value->integer) &&
           !__builtin_sub_overflow(value->integer, digit, &value->integer);
  }
  if (self->at == first) return fail(self, "a value was expected");
  if (*first == '0' && self->at - first > 1) return fail(self, "a number that begins with 0");
  if (!read_fraction(self, value)) return false;
  if (value->type == WEIR_JSON_REAL) return true;
  /* It was summed up below 0, where there is room for one more. */
  if (!minus) fits = fits && !__builtin_sub_overflow(0, value->integer, &value->integer);
  return fits || fail(self, "a whole number of more than 64 bits");
}

static bool read_word(scanner *self, weir_json *value) {
  static const struct {
    const char *word;
    weir_json_type type;
  } words[] = {{"true", WEIR_JSON_TRUE}, {"false", WEIR_JSON_FALSE}, {"null", WEIR_JSON_NULL}};
  for (unsigned i = 0; i < 3; i++) {
    size_t size = strlen(words[i].word);
    if (strncmp(self->at, words[i].word, size) != 0) continue;
    value->type = words[i].type;
    self->at += size;
    return true;
  }
  return read_number(self, value);
}

/* ---- Values inside values */

/* A name and its colon. */
static bool skip_name(scanner *self) {
  skip_blanks(self);
  if (*self->at != '"') return fail(self, "a name in quotes was expected");
  if (!skip_string(self)) return false;
  skip_blanks(self);
  if (*self->at != ':') return fail(self, "':' was expected");
  self->at++;
  return true;
}

/* A value that holds none. */
static bool skip_plain(scanner *self) {
  weir_json unused;
  return *self->at == '"' ? skip_string(self) : read_word(self, &unused);
}

/* What comes behind a value: a comma, or the ends of what it stands in.  *depth 0: it was the last. */
static bool close_values(scanner *self, const char *ends, unsigned *depth) {
  while (*depth > 0) {
    skip_blanks(self);
    char c = *self->at;
    if (c == ',') {
      self->at++;
      return ends[*depth - 1] == ']' || skip_name(self);
    }
    if (c != ends[*depth - 1])
      return fail(self, ends[*depth - 1] == ']' ? "',' or ']' expected" : "',' or '}' expected");
    self->at++;
    --*depth;
  }
  return true;
}

/* At an opening bracket: to behind its end. */
static bool skip_nested(scanner *self) {
  char ends[WEIR_JSON_DEPTH_MAX];
  unsigned depth = 0;
  do {
    skip_blanks(self);
    char c = *self->at;
    if (c == '[' || c == '{') {
      if (depth == WEIR_JSON_DEPTH_MAX) return fail(self, "values more than 64 deep");
      ends[depth++] = c == '[' ? ']' : '}';
      self->at++;
      skip_blanks(self);
      if (*self->at != ends[depth - 1]) {
        if (c == '{' && !skip_name(self)) return false;
        continue;
      }
    } else if (!skip_plain(self)) {
      return false;
    }
    if (!close_values(self, ends, &depth)) return false;
  } while (depth > 0);
  return true;
}

static bool read_value(scanner *self, weir_json *value) {
  skip_blanks(self);
  value->text = self->at;
  value->integer = 0;
  if (*self->at == '"') {
    value->type = WEIR_JSON_STRING;
    return read_string(self, &value->text, &value->size);
  }
  bool read;
  if (*self->at == '[' || *self->at == '{') {
    value->type = *self->at == '[' ? WEIR_JSON_ARRAY : WEIR_JSON_OBJECT;
    read = skip_nested(self);
  } else {
    read = read_word(self, value);
  }
  value->size = (uint32_t)(self->at - value->text);
  return read;
}

/* ---- Objects */
const weir_json *weir_json_get(const weir_json_object *object, const char *name) {
  size_t size = strlen(name);
  for (uint32_t i = 0; i < object->count; i++)
    if (object->members[i].size == size && memcmp(object->members[i].name, name, size) == 0)
      return &object->members[i].value;
  return NULL;
}

static bool read_member(scanner *self, weir_json_object *object) {
  char *name = NULL;
  uint32_t size = 0;
  skip_blanks(self);
  if (*self->at != '"') return fail(self, "a name in quotes was expected");
  if (!read_string(self, &name, &size)) return false;
  if (weir_json_get(object, name) != NULL) return fail(self, "the same name twice");
  if (object->count == WEIR_JSON_MEMBERS_MAX) return fail(self, "more than 128 names");
  skip_blanks(self);
  if (*self->at != ':') return fail(self, "':' was expected");
  self->at++;
  weir_json_member *member = &object->members[object->count];
  member->name = name;
  member->size = size;
  if (!read_value(self, &member->value)) return false;
  object->count++;
  return true;
}

/* At the opening brace. */
static bool read_object(scanner *self, weir_json_object *object) {
  self->at++;
  skip_blanks(self);
  if (*self->at == '}') {
    self->at++;
    return true;
  }
  while (read_member(self, object)) {
    skip_blanks(self);
    char c = *self->at;
    if (c != ',' && c != '}') return fail(self, "',' or '}' expected");
    self->at++;
    if (c == '}') return true;
  }
  return false;
}

bool weir_json_read(char *text, size_t size, weir_json *value, weir_json_object *object, weir_json_error *error) {
  scanner self = {.at = text, .end = text + size};
  text[size] = 0;
  object->count = 0;
  skip_blanks(&self);
  bool read;
  if (*self.at == '{') {
    value->type = WEIR_JSON_OBJECT;
    read = read_object(&self, object);
  } else {
    read = read_value(&self, value);
  }
  if (read) skip_blanks(&self);
  if (read && self.at != self.end) read = fail(&self, "something behind the end of the value");
  if (!read) *error = (weir_json_error){.what = self.what, .at = (size_t)(self.where - text)};
  return read;
}

bool weir_json_next(const weir_json *array, size_t *cursor, weir_json *item) {
  assert(array->type == WEIR_JSON_ARRAY);
  scanner self = {.at = array->text + *cursor, .end = array->text + array->size};
  if (*cursor == 0) self.at++; /* the bracket */
  skip_blanks(&self);
  if (*self.at == ']') return false;
  bool read = read_value(&self, item);
  assert(read); /* it was checked when it was passed over */
  (void)read;
  skip_blanks(&self);
  if (*self.at == ',') self.at++;
  *cursor = (size_t)(self.at - array->text);
  return true;
}
