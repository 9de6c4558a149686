/* Rule: R6
 * Defect: tells the first line of an update, and drops what came with it. */
#include "parts/lines.h"

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  self->used += nbytes;
  const char *end = memchr(self->base, '\n', self->used);
  if (end != NULL) {
    lines_tell(self, self->base, (size_t)(end - self->base));
    self->used = 0;
  } else {
    lines_parse(self);
  }
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(lines_get_buffer, buffer_updated)};
LINES_PLUGIN("first-line-only", lines, callbacks);
