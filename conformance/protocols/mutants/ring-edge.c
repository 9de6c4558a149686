/* Rule: R1
 * Defect: a ring: where the writer stands at its end it hands out the nothing
 * that is left there, in place of the start. */
#include "parts/lines.h"

typedef struct ring {
  lines lines;
  size_t head;
} ring;

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  ring *self = (ring *)protocol;
  (void)hint;
  buffer->base = self->lines.base + self->head;
  buffer->size = self->lines.room - self->head;
  return WEIR_ERROR_NONE;
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  ring *self = (ring *)protocol;
  session_data(&self->lines.session, "bytes", self->lines.base + self->head, nbytes);
  self->head = (self->head + nbytes) % (self->lines.room + 1);
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, buffer_updated)};
LINES_PLUGIN("ring-edge", ring, callbacks);
