/* Rule: R10
 * Defect: with each update it takes a new block, just long enough, and copies
 * the unfinished line into it. */
#include "parts/lines.h"

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  lines *self = (lines *)protocol;
  char *fit = session_take(&self->session, self->base, self->used + 16);
  if (fit == NULL) return WEIR_ERROR_STATE;
  self->base = fit;
  self->room = self->used + 16;
  return lines_get_buffer(protocol, hint, buffer);
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  const char *fresh = self->base + self->used;
  const char *end = memchr(fresh, '\n', nbytes);
  self->used += nbytes;
  for (size_t start = 0; end != NULL && !self->session.closed;) {
    size_t size = (size_t)(end - self->base) - start;
    lines_tell(self, self->base + start, size);
    start += size + 1;
    end = memchr(self->base + start, '\n', self->used - start);
    if (end != NULL) continue;
    memmove(self->base, self->base + start, self->used - start);
    self->used -= start;
  }
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, buffer_updated)};
LINES_PLUGIN("copies-again", lines, callbacks);
