/* Text as a report may print it: whatever a target says of itself, within a
 * line of so many columns, without a control character in it. */
#ifndef WEIR_REPORT_TEXT_H
#define WEIR_REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { WEIR_UTF8_REPLACEMENT = 0xFFFD, WEIR_TEXT_LINE_MAX = 1024 };

/* The next code point of a UTF-8 string, 0 at its end; a byte that belongs to
 * none is WEIR_UTF8_REPLACEMENT. */
uint32_t weir_utf8_next(const char **text);
/* Writes 1 to 4 bytes and returns how many. */
size_t weir_utf8_put(uint32_t code, char out[4]);

/* Copies text to out[0..size) for a terminal: no control character, no code
 * that turns the direction of writing, valid UTF-8.  Cut to what fits. */
void weir_text_clean(const char *text, char *out, size_t size);
/* Columns that a clean text takes. */
unsigned weir_text_columns(const char *text);
/* How many bytes of a clean text fit into `columns`. */
size_t weir_text_fit(const char *text, unsigned columns);

/* Writes `text` as a paragraph: lines of at most `width` columns, the first
 * behind `label`, which is filled up to `indent` columns, the others indented.
 * At most lines_max lines; where that cuts it, it ends in "...".  Returns the
 * number of lines, at least 1. */
unsigned weir_text_paragraph(FILE *out, const char *label, unsigned indent, const char *text, unsigned width,
                             unsigned lines_max);

/* A string of JSON (and so of YAML), in quotes. */
void weir_text_quote(FILE *out, const char *text);

/* The number of a colour of ANSI terminals. */
enum { WEIR_RED = 31, WEIR_GREEN = 32, WEIR_YELLOW = 33, WEIR_BOLD = 1, WEIR_DIM = 2 };
/* Switch a colour on and off again, where `color` is true. */
void weir_text_paint(FILE *out, bool color, int number);
void weir_text_plain(FILE *out, bool color);

#endif
