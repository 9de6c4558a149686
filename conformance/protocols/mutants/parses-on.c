/* Rule: R8
 * Defect: closes at QUIT and tells the lines behind it all the same. */
#include "parts/lines.h"

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  bool closed = self->session.closed;
  size_t before = 0;
  self->used += nbytes;
  do {
    before = self->used;
    self->session.closed = false;
    lines_parse(self);
    closed = closed || self->session.closed;
  } while (self->used < before);
  self->session.closed = closed;
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(lines_get_buffer, buffer_updated)};
LINES_PLUGIN("parses-on", lines, callbacks);
