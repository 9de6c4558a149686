/* Rule: R3
 * Defect: gives back what it does not use inside buffer_updated, and hands out
 * the old size afterwards. */
#include "parts/lines.h"

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  weir_error error = lines_buffer_updated(protocol, nbytes);
  char *less = session_take(&self->session, self->base, self->used + 1);
  if (less != NULL) self->base = less;
  return error;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(lines_get_buffer, buffer_updated)};
LINES_PLUGIN("shrinks-and-forgets", lines, callbacks);
