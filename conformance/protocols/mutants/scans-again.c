/* Rule: R10
 * Defect: with each update it looks for the newline from the start of the
 * line. */
#include "parts/lines.h"

/* Lines of any length: the block doubles. */
static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  lines *self = (lines *)protocol;
  if (self->used * 2 > self->room) {
    char *grown = session_take(&self->session, self->base, self->room * 2);
    if (grown == NULL) return WEIR_ERROR_STATE;
    self->base = grown;
    self->room *= 2;
  }
  return lines_get_buffer(protocol, hint, buffer);
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  self->used += nbytes;
  size_t start = 0;
  for (size_t i = 0; i < self->used && !self->session.closed; i++) {
    if (self->base[i] != '\n') continue;
    lines_tell(self, self->base + start, i - start);
    start = i + 1;
  }
  memmove(self->base, self->base + start, self->used - start);
  self->used -= start;
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, buffer_updated)};
LINES_PLUGIN("scans-again", lines, callbacks);
