/* Rule: R1
 * Defect: a line longer than its buffer: the buffer is full, and what it hands
 * out is empty. */
#include "parts/lines.h"

enum { SMALL = 8 };

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  lines *self = (lines *)protocol;
  (void)hint;
  buffer->base = self->base + self->used;
  buffer->size = self->used < SMALL ? SMALL - self->used : 0;
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, lines_buffer_updated)};
LINES_PLUGIN("full-is-empty", lines, callbacks);
