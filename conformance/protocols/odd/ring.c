/* Sound: a ring whose buffers end at its edge; a line may lie across it. */
#include "parts/lines.h"

enum { RING = 13 };

typedef struct ring {
  lines lines;
  char bytes[RING];
  size_t head;
} ring;

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  ring *self = (ring *)protocol;
  (void)hint;
  buffer->base = self->bytes + self->head;
  buffer->size = RING - self->head;
  return WEIR_ERROR_NONE;
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  ring *self = (ring *)protocol;
  memcpy(self->lines.base + self->lines.used, self->bytes + self->head, nbytes);
  self->head = (self->head + nbytes) % RING;
  return lines_buffer_updated(protocol, nbytes);
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, buffer_updated)};
LINES_PLUGIN("ring", ring, callbacks);
