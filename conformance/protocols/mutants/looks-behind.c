/* Rule: R5
 * Defect: looks one byte behind the newline for a carriage return, also where
 * that byte has not arrived. */
#include "parts/lines.h"

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  for (size_t i = 0; i < nbytes; i++)
    if (self->base[i] == '\n') session_event(&self->session, "newline, then", &self->base[i + 1], 1);
  return WEIR_ERROR_NONE;
}

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  lines *self = (lines *)protocol;
  (void)hint;
  buffer->base = self->base;
  buffer->size = self->room - 1;
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, buffer_updated)};
LINES_PLUGIN("looks-behind", lines, callbacks);
