/* Rule: R2
 * Defect: takes the hint for the size: makes the buffer exactly as long, and
 * raises where it cannot. */
#include "parts/lines.h"

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  lines *self = (lines *)protocol;
  if (hint < 1 || hint > LINES_ROOM) return WEIR_ERROR_VALUE;
  buffer->base = self->base + self->used;
  size_t free_room = self->room - self->used;
  buffer->size = (size_t)hint < free_room ? (size_t)hint : free_room;
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, lines_buffer_updated)};
LINES_PLUGIN("hint-exact", lines, callbacks);
