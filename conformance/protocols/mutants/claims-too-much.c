/* Rule: R3
 * Defect: an unfinished line stands at the start of the block; the size given
 * is still that of the whole block. */
#include "parts/lines.h"

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  lines *self = (lines *)protocol;
  (void)hint;
  buffer->base = self->base + self->used;
  buffer->size = self->room;
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, lines_buffer_updated)};
LINES_PLUGIN("claims-too-much", lines, callbacks);
