/* Rule: R6
 * Defect: takes a larger block inside buffer_updated, and does not bring along
 * what the old one held. */
#include "parts/lines.h"

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  weir_error error = lines_buffer_updated(protocol, nbytes);
  if (self->used < 4 || self->room > LINES_ROOM) return error;
  char *grown = session_take(&self->session, NULL, (size_t)LINES_ROOM * 2);
  if (grown == NULL) return error;
  memset(grown, '?', (size_t)LINES_ROOM * 2);
  session_take(&self->session, self->base, 0);
  self->base = grown;
  self->room = (size_t)LINES_ROOM * 2;
  return error;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(lines_get_buffer, buffer_updated)};
LINES_PLUGIN("grows-and-forgets", lines, callbacks);
