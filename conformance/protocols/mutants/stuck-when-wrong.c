/* Rule: R9
 * Defect: a line that is too long: it stops reading, and neither closes nor
 * resumes. */
#include "parts/lines.h"

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  if (self->used + nbytes <= LINES_MAX / 2) return lines_buffer_updated(protocol, nbytes);
  (void)self->session.calls->pause_reading(self->session.transport);
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(lines_get_buffer, buffer_updated)};
LINES_PLUGIN("stuck-when-wrong", lines, callbacks);
