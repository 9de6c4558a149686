/* Rule: R5
 * Defect: the whole buffer is taken for what arrived. */
#include "parts/lines.h"

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  (void)nbytes;
  session_data(&self->session, "bytes", self->base, self->room);
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(lines_get_buffer, buffer_updated)};
LINES_PLUGIN("length-for-nbytes", lines, callbacks);
