#include "report/text.h"

#include <inttypes.h>
#include <string.h>

/* The length of the sequence that begins with this byte; 0: none does. */
static unsigned sequence_size(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

uint32_t weir_utf8_next(const char **text) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const unsigned char *bytes = (const unsigned char *)*text;
  if (bytes[0] == 0) return 0;
  ++*text;
  unsigned size = sequence_size(bytes[0]);
  if (size <= 1) return size == 1 ? bytes[0] : WEIR_UTF8_REPLACEMENT;
  uint32_t code = bytes[0] & (0xFFu >> (size + 1));
  for (unsigned i = 1; i < size; i++) {
    if ((bytes[i] & 0xC0) != 0x80) return WEIR_UTF8_REPLACEMENT;
    code = code << 6 | (bytes[i] & 0x3Fu);
  }
  bool surrogate = code >= 0xD800 && code < 0xE000;
  if (code < least[size] || code > 0x10FFFF || surrogate) return WEIR_UTF8_REPLACEMENT;
  *text += size - 1;
  return code;
}

size_t weir_utf8_put(uint32_t code, char out[4]) {
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  }
  size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (size_t i = size; i-- > 1; code >>= 6) out[i] = (char)(0x80 | (code & 0x3F));
  out[0] = (char)((0xF00u >> size & 0xF0) | code);
  return size;
}

/* Codes that a terminal acts on, or that show nothing. */
static bool is_acted_on(uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || (code >= 0x200B && code < 0x2010) ||
         (code >= 0x2028 && code < 0x202F) || (code >= 0x2060 && code < 0x2070) || code == 0xFEFF;
}

static bool is_wide(uint32_t code) {
  return (code >= 0x1100 && code < 0x1160) || (code >= 0x2E80 && code < 0xA4D0) || (code >= 0xAC00 && code < 0xD7A4) ||
         (code >= 0xF900 && code < 0xFB00) || (code >= 0xFE30 && code < 0xFE70) || (code >= 0xFF00 && code < 0xFF61) ||
         (code >= 0xFFE0 && code < 0xFFE7) || code >= 0x1F000;
}

void weir_text_clean(const char *text, char *out, size_t size) {
  size_t length = 0;
  for (uint32_t code = weir_utf8_next(&text); code != 0; code = weir_utf8_next(&text)) {
    if (code == '\n' || code == '\t') code = ' ';
    if (is_acted_on(code)) code = '?';
    char bytes[4];
    size_t written = weir_utf8_put(code, bytes);
    if (length + written >= size) break;
    memcpy(out + length, bytes, written);
    length += written;
  }
  out[length] = 0;
}

unsigned weir_text_columns(const char *text) {
  unsigned columns = 0;
  for (uint32_t code = weir_utf8_next(&text); code != 0; code = weir_utf8_next(&text)) columns += is_wide(code) ? 2 : 1;
  return columns;
}

size_t weir_text_fit(const char *text, unsigned columns) {
  const char *end = text;
  unsigned used = 0;
  for (const char *next = text; *end != 0; end = next) {
    used += is_wide(weir_utf8_next(&next)) ? 2 : 1;
    if (used > columns) break;
  }
  return (size_t)(end - text);
}

/* Where to break a line that may take `size` bytes: behind its last word, or in
 * the middle of a word that is longer than a line. */
static size_t break_at(const char *text, size_t size) {
  if (text[size] == 0 || text[size] == ' ') return size;
  for (size_t i = size; i > 0; i--)
    if (text[i - 1] == ' ') return i;
  return size;
}

unsigned weir_text_paragraph(FILE *out, const char *label, unsigned indent, const char *text, unsigned width,
                             unsigned lines_max) {
  enum { LEAST = 8 }; /* columns of text, however narrow */
  unsigned room = width > indent + LEAST ? width - indent : LEAST;
  char clean[WEIR_TEXT_LINE_MAX];
  weir_text_clean(text, clean, sizeof clean);
  const char *rest = clean;
  unsigned lines = 0;
  do {
    unsigned labelled = lines == 0 ? weir_text_columns(label) : 0;
    (void)fprintf(out, "%s%*s", lines == 0 ? label : "", labelled < indent ? (int)(indent - labelled) : 0, "");
    lines++;
    bool last = lines == lines_max && weir_text_columns(rest) > room;
    size_t size = break_at(rest, weir_text_fit(rest, last ? room - 3 : room));
    size_t shown = size;
    while (shown > 0 && rest[shown - 1] == ' ') shown--;
    (void)fprintf(out, "%.*s%s\n", (int)shown, rest, last ? "..." : "");
    rest += size;
    while (*rest == ' ') rest++;
  } while (*rest != 0 && lines < lines_max);
  return lines;
}

void weir_text_quote(FILE *out, const char *text) {
  (void)fputc('"', out);
  for (uint32_t code = weir_utf8_next(&text); code != 0; code = weir_utf8_next(&text)) {
    char bytes[4];
    if (code == '"' || code == '\\')
      (void)fprintf(out, "\\%c", (char)code);
    else if (code < 0x20 || (code >= 0x7F && code < 0xA0))
      (void)fprintf(out, "\\u%04" PRIx32, code);
    else
      (void)fwrite(bytes, 1, weir_utf8_put(code, bytes), out);
  }
  (void)fputc('"', out);
}

void weir_text_paint(FILE *out, bool color, int number) {
  if (color) (void)fprintf(out, "\033[%dm", number);
}

void weir_text_plain(FILE *out, bool color) {
  if (color) (void)fputs("\033[0m", out);
}
