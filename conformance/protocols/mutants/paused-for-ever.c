/* Rule: R9
 * Defect: pauses after a long line, and resumes in the get_buffer that does
 * not come. */
#include "parts/lines.h"

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  lines *self = (lines *)protocol;
  if (!self->session.closed) (void)self->session.calls->resume_reading(self->session.transport);
  return lines_get_buffer(protocol, hint, buffer);
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  weir_error error = lines_buffer_updated(protocol, nbytes);
  if (!self->session.closed && self->used >= 4) (void)self->session.calls->pause_reading(self->session.transport);
  return error;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, buffer_updated)};
LINES_PLUGIN("paused-for-ever", lines, callbacks);
