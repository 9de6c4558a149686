/* Rule: R8
 * Defect: says goodbye once it has closed. */
#include "parts/lines.h"

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  bool closed = self->session.closed;
  weir_error error = lines_buffer_updated(protocol, nbytes);
  if (!closed && self->session.closed) (void)self->session.calls->write(self->session.transport, "BYE\n", 4);
  return error;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(lines_get_buffer, buffer_updated)};
LINES_PLUGIN("writes-once-closed", lines, callbacks);
