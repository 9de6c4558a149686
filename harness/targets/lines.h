/* Lines over a stream socket: the carrier for programs that cannot have
 * libweir-preload.so under them.  Words with one space between them, ended by a
 * newline; bytes are hexadecimal digits, `-` where there are none.
 * conformance/targets/README.md says which there are. */
#ifndef WEIR_TARGETS_LINES_H
#define WEIR_TARGETS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/status.h"

enum {
  WEIR_LINE_WORDS_MAX = 8,
  WEIR_LINE_BYTES_MAX = 1 << 26, /* of one line: a megabyte in hexadecimal fits many times over */
  WEIR_LINE_SEND_MS = 5000       /* so long may a program not read what it has asked for */
};

typedef struct weir_lines {
  int descriptor; /* -1: none; the caller's */
  char *in;       /* what was received */
  size_t in_size, in_begin, in_end, in_looked;
  char *out; /* the line that is being made */
  size_t out_size, out_end;
  bool no_memory;
} weir_lines;

typedef struct weir_line {
  char *words[WEIR_LINE_WORDS_MAX]; /* the last one takes all that is left */
  unsigned count;
} weir_line;

typedef enum weir_lines_look { WEIR_LINES_NONE, WEIR_LINES_ONE, WEIR_LINES_END, WEIR_LINES_TOO_LONG } weir_lines_look;

void weir_lines_begin(weir_lines *lines, int descriptor); /* forgets what an earlier connection said */
void weir_lines_free(weir_lines *lines);
/* Takes the next line, without waiting.  It lives until the next call. */
weir_lines_look weir_lines_take(weir_lines *lines, weir_line *line);

/* Adds to the line in hand. */
void weir_lines_say(weir_lines *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));
void weir_lines_say_bytes(weir_lines *lines, const void *bytes, size_t size);
/* Ends and sends it.  False: nobody reads, or there was no memory for it. */
bool weir_lines_send(weir_lines *lines);

/* The bytes of a word, in its own place.  False: it is not hexadecimal. */
bool weir_line_bytes(char *word, size_t *size);
bool weir_line_number(const char *word, int64_t least, int64_t most, int64_t *number);

#endif
