/* Rule: R5
 * Defect: counts on a zero behind what arrived, which was there when the
 * buffer was new. */
#include "parts/lines.h"

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  lines *self = (lines *)protocol;
  (void)hint;
  memset(self->base, 0, self->room);
  buffer->base = self->base;
  buffer->size = self->room;
  return WEIR_ERROR_NONE;
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  (void)nbytes;
  session_data(&self->session, "text", self->base, strnlen(self->base, self->room));
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, buffer_updated)};
LINES_PLUGIN("counts-on-zero", lines, callbacks);
