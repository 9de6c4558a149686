#include "targets/lines.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { IN_LEAST = 65536, OUT_LEAST = 4096, READS_MAX = 64 };

void weir_lines_begin(weir_lines *lines, int descriptor) {
  lines->descriptor = descriptor;
  lines->in_begin = lines->in_end = lines->in_looked = lines->out_end = 0;
  lines->no_memory = false;
}

void weir_lines_free(weir_lines *lines) {
  free(lines->in);
  free(lines->out);
  *lines = (weir_lines){.descriptor = -1};
}

/* ---- In */
/* Room for more behind in_end.  False: the line is too long, or there is no memory for it. */
static bool make_room(weir_lines *lines) {
  if (lines->in_begin > 0) {
    memmove(lines->in, lines->in + lines->in_begin, lines->in_end - lines->in_begin);
    lines->in_end -= lines->in_begin;
    lines->in_looked -= lines->in_begin;
    lines->in_begin = 0;
  }
  if (lines->in_end < lines->in_size) return true;
  const size_t size = lines->in_size == 0 ? IN_LEAST : lines->in_size * 2;
  if (size > WEIR_LINE_BYTES_MAX) return false;
  char *larger = realloc(lines->in, size);
  if (larger == NULL) return false;
  lines->in = larger;
  lines->in_size = size;
  return true;
}

/* ' ' between the words, which are ended in their place. */
static void split(char *text, weir_line *line) {
  line->count = 0;
  while (*text != '\0' && line->count < WEIR_LINE_WORDS_MAX) {
    line->words[line->count++] = text;
    if (line->count == WEIR_LINE_WORDS_MAX) return;
    text += strcspn(text, " ");
    if (*text == '\0') return;
    *text++ = '\0';
  }
}

static bool cut_line(weir_lines *lines, weir_line *line) {
  if (lines->in_looked == lines->in_end) return false;
  char *newline = memchr(lines->in + lines->in_looked, '\n', lines->in_end - lines->in_looked);
  lines->in_looked = lines->in_end;
  if (newline == NULL) return false;
  *newline = '\0';
  if (newline > lines->in + lines->in_begin && newline[-1] == '\r') newline[-1] = '\0';
  split(lines->in + lines->in_begin, line);
  lines->in_begin = lines->in_looked = (size_t)(newline - lines->in) + 1;
  return true;
}

weir_lines_look weir_lines_take(weir_lines *lines, weir_line *line) {
  for (unsigned reads = 0; reads < READS_MAX; reads++) {
    if (cut_line(lines, line)) return WEIR_LINES_ONE;
    if (!make_room(lines)) return WEIR_LINES_TOO_LONG;
    const ssize_t size =
        recv(lines->descriptor, lines->in + lines->in_end, lines->in_size - lines->in_end, MSG_DONTWAIT);
    if (size > 0)
      lines->in_end += (size_t)size;
    else if (size < 0 && errno == EAGAIN)
      return WEIR_LINES_NONE;
    else if (size == 0 || errno != EINTR)
      return WEIR_LINES_END;
  }
  return WEIR_LINES_NONE;
}

/* ---- Out */
static char *out_room(weir_lines *lines, size_t size) {
  if (lines->no_memory) return NULL;
  size_t wanted = lines->out_size == 0 ? OUT_LEAST : lines->out_size;
  while (wanted - lines->out_end < size) wanted *= 2;
  if (wanted > lines->out_size) {
    char *larger = realloc(lines->out, wanted);
    lines->no_memory = larger == NULL;
    if (larger == NULL) return NULL;
    lines->out = larger;
    lines->out_size = wanted;
  }
  return lines->out + lines->out_end;
}

void weir_lines_say(weir_lines *lines, const char *format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (size < 0 || (size_t)size >= sizeof text) size = 0;
  char *place = out_room(lines, (size_t)size + 1);
  if (place == NULL) return;
  memcpy(place, text, (size_t)size);
  lines->out_end += (size_t)size;
}

void weir_lines_say_bytes(weir_lines *lines, const void *bytes, size_t size) {
  static const char digits[] = "0123456789abcdef";
  char *place = out_room(lines, 2 * size + 2);
  if (place == NULL) return;
  if (size == 0) *place = '-';
  for (size_t i = 0; i < size; i++) {
    const unsigned byte = ((const uint8_t *)bytes)[i];
    place[2 * i] = digits[byte >> 4];
    place[2 * i + 1] = digits[byte & 15];
  }
  lines->out_end += size == 0 ? 1 : 2 * size;
}

bool weir_lines_send(weir_lines *lines) {
  weir_lines_say(lines, "\n");
  size_t sent = 0;
  bool reads = !lines->no_memory;
  while (reads && sent < lines->out_end) {
    const ssize_t size = send(lines->descriptor, lines->out + sent, lines->out_end - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size > 0) {
      sent += (size_t)size;
      continue;
    }
    struct pollfd room = {.fd = lines->descriptor, .events = POLLOUT};
    if (errno == EAGAIN)
      reads = poll(&room, 1, WEIR_LINE_SEND_MS) == 1;
    else
      reads = errno == EINTR;
  }
  lines->out_end = 0;
  return reads;
}

/* ---- Words */
static int digit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}

bool weir_line_bytes(char *word, size_t *size) {
  *size = 0;
  if (strcmp(word, "-") == 0) return true;
  for (const char *at = word; *at != '\0'; at += 2) {
    const int high = digit(at[0]), low = high < 0 ? -1 : digit(at[1]);
    if (low < 0) return false;
    word[(*size)++] = (char)(high << 4 | low);
  }
  return true;
}

bool weir_line_number(const char *word, int64_t least, int64_t most, int64_t *number) {
  char *end;
  errno = 0;
  const long long found = strtoll(word, &end, 10);
  if (end == word || *end != '\0' || errno != 0 || found < least || found > most) return false;
  *number = found;
  return true;
}
