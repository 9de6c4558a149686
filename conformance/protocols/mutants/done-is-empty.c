/* Rule: R1
 * Defect: after the line LAST it expects nothing but the end, and hands out no
 * buffer for it. */
#include "parts/lines.h"

typedef struct ending {
  lines lines;
  bool done;
} ending;

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  if (!((ending *)protocol)->done) return lines_get_buffer(protocol, hint, buffer);
  *buffer = (weir_buffer){0};
  return WEIR_ERROR_NONE;
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  ending *self = (ending *)protocol;
  for (size_t i = 0; i + 5 <= self->lines.used + nbytes; i++)
    self->done = self->done || memcmp(self->lines.base + i, "LAST\n", 5) == 0;
  return lines_buffer_updated(protocol, nbytes);
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, buffer_updated)};
LINES_PLUGIN("done-is-empty", ending, callbacks);
