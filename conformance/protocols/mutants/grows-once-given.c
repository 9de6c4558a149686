/* Rule: R3
 * Defect: makes room for more once the buffer has been handed out: what
 * arrives goes to the old place. */
#include "parts/lines.h"

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  lines *self = (lines *)protocol;
  weir_error error = lines_get_buffer(protocol, hint, buffer);
  char *grown = session_take(&self->session, self->base, self->room + 16);
  if (grown != NULL) self->base = grown;
  return error;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, lines_buffer_updated)};
LINES_PLUGIN("grows-once-given", lines, callbacks);
