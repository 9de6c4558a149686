/* A complete protocol, to start from: lines of text.
 *
 *   cc -std=c11 -shared -fPIC -o liblines.so lines.c
 *   weir test ./liblines.so --stream streams
 *
 * Each line is an event; what stands behind the last one is an incomplete line,
 * and told as that at the end.  A NUL, or a line of more than LINE_MAX bytes, is
 * an error, after which the connection is aborted. */
#include <string.h>

#include "weir/protocol.h"

enum { LINE_MAX = 80, ERROR_NUL = 1, ERROR_LONG = 2 };

typedef struct lines {
  weir_protocol base; /* first: the transport knows no more of it */
  const weir_observer *observer;
  const weir_transport_calls *calls;
  weir_transport *transport;
  uint64_t position; /* bytes of the stream seen so far */
  size_t used;       /* of the line in hand */
  char line[LINE_MAX + 1];
} lines;

static weir_error connection_made(weir_protocol *protocol, weir_transport *transport) {
  ((lines *)protocol)->transport = transport;
  return 0;
}

/* The rest of the line, whatever the hint.  It is never empty: a line that
 * fills it is an error at once. */
static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  lines *self = (lines *)protocol;
  (void)hint;
  *buffer = (weir_buffer){.base = self->line + self->used, .size = sizeof self->line - self->used};
  return 0;
}

static weir_error fail(lines *self, int64_t code, const char *text) {
  const weir_observer *observer = self->observer;
  observer->error(observer->log, code, self->position, text);
  return self->calls->abort(self->transport);
}

/* Only the first nbytes of the buffer count, and one call may bring many lines. */
static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  const weir_observer *observer = self->observer;
  size_t begin = 0, end = self->used + nbytes;
  for (size_t i = self->used; i < end; i++, self->position++) {
    if (self->line[i] == '\0') return fail(self, ERROR_NUL, "a NUL");
    if (self->line[i] == '\n') {
      observer->event(observer->log, "line", self->line + begin, i - begin);
      begin = i + 1;
    } else if (i + 1 - begin > LINE_MAX) {
      return fail(self, ERROR_LONG, "a line is too long");
    }
  }
  self->used = end - begin;
  memmove(self->line, self->line + begin, self->used);
  return 0;
}

static weir_error eof_received(weir_protocol *protocol, bool *keep_open) {
  lines *self = (lines *)protocol;
  const weir_observer *observer = self->observer;
  (void)keep_open; /* false: the transport closes */
  if (self->used > 0) observer->event(observer->log, "incomplete", self->line, self->used);
  return 0;
}

static weir_error connection_lost(weir_protocol *protocol, weir_error error) {
  const weir_observer *observer = ((lines *)protocol)->observer;
  observer->event(observer->log, error == 0 ? "closed" : "lost", NULL, 0);
  return 0;
}

static weir_error nothing(weir_protocol *protocol) {
  (void)protocol;
  return 0;
}

static const weir_protocol_callbacks callbacks = {.size = sizeof callbacks,
                                                  .connection_made = connection_made,
                                                  .get_buffer = get_buffer,
                                                  .buffer_updated = buffer_updated,
                                                  .eof_received = eof_received,
                                                  .connection_lost = connection_lost,
                                                  .pause_writing = nothing,
                                                  .resume_writing = nothing};

static weir_protocol *open_lines(const weir_observer *observer, const weir_transport_calls *calls) {
  lines *self = observer->reallocate(observer->log, NULL, sizeof *self);
  if (self == NULL) return NULL;
  *self = (lines){.base.callbacks = &callbacks, .observer = observer, .calls = calls};
  return &self->base;
}

static void release(weir_protocol *protocol) {
  const weir_observer *observer = ((lines *)protocol)->observer;
  (void)observer->reallocate(observer->log, protocol, 0);
}

static void reset(weir_protocol *protocol) {
  lines *self = (lines *)protocol;
  self->position = self->used = 0;
}

static const weir_protocol_target target = {.abi = WEIR_PROTOCOL_ABI,
                                            .size = sizeof target,
                                            .name = "lines",
                                            .version = "1",
                                            .open = open_lines,
                                            .release = release,
                                            .reset = reset};

const weir_protocol_target *weir_protocol_plugin(void) {
  return &target;
}
