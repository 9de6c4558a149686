#include "lines.h"

lines *lines_new(size_t size, const weir_protocol_callbacks *callbacks, const weir_observer *observer,
                 const weir_transport_calls *calls) {
  lines *made = (lines *)session_new(size, callbacks, observer, calls);
  if (made == NULL) return NULL;
  made->room = LINES_ROOM;
  made->base = session_take(&made->session, NULL, made->room);
  if (made->base != NULL) return made;
  session_free(&made->session.protocol);
  return NULL;
}

void lines_free(weir_protocol *protocol) {
  lines *old = (lines *)protocol;
  if (old->base != NULL) session_take(&old->session, old->base, 0);
  session_free(protocol);
}

void lines_tell(lines *self, const char *line, size_t size) {
  session_event(&self->session, "line", line, size);
  if (size >= 4 && memcmp(line, "ECHO", 4) == 0) session_write(&self->session, line, size);
  if (size == 4 && memcmp(line, "QUIT", 4) == 0) session_close(&self->session);
}

void lines_parse(lines *self) {
  size_t told = 0;
  const char *end = NULL;
  while (!self->session.closed && (end = memchr(self->base + told, '\n', self->used - told)) != NULL) {
    size_t size = (size_t)(end - self->base) - told;
    if (size > LINES_MAX) break;
    lines_tell(self, self->base + told, size);
    told += size + 1;
  }
  memmove(self->base, self->base + told, self->used - told);
  self->used -= told;
  self->position += told;
  if (self->used > LINES_MAX)
    session_fail(&self->session, LINES_TOO_LONG, self->position + LINES_MAX + 1, "the line is too long");
}

weir_error lines_get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  lines *self = (lines *)protocol;
  (void)hint;
  buffer->base = self->base + self->used;
  buffer->size = self->room - self->used;
  return WEIR_ERROR_NONE;
}

weir_error lines_buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  self->used += nbytes;
  lines_parse(self);
  return WEIR_ERROR_NONE;
}
