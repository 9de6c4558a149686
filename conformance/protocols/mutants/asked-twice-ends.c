/* Rule: R4
 * Defect: asked for a buffer again with no update in between, it takes the
 * stream for ended and closes. */
#include "parts/lines.h"

typedef struct asking {
  lines lines;
  bool asked;
} asking;

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  asking *self = (asking *)protocol;
  if (self->asked) session_close(&self->lines.session);
  self->asked = true;
  return lines_get_buffer(protocol, hint, buffer);
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  ((asking *)protocol)->asked = false;
  return lines_buffer_updated(protocol, nbytes);
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, buffer_updated)};
LINES_PLUGIN("asked-twice-ends", asking, callbacks);
