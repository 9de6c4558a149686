/* Rule: R6
 * Defect: one update is taken for one line. */
#include "parts/lines.h"

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  lines_tell(self, self->base, nbytes - (self->base[nbytes - 1] == '\n'));
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(lines_get_buffer, buffer_updated)};
LINES_PLUGIN("update-is-line", lines, callbacks);
