/* Sound: a buffer of another size each time, from one byte to all there is. */
#include "parts/lines.h"

typedef struct varying {
  lines lines;
  size_t turn;
} varying;

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  varying *self = (varying *)protocol;
  weir_error error = lines_get_buffer(protocol, hint, buffer);
  buffer->size = self->turn % buffer->size + 1;
  self->turn += 5;
  return error;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, lines_buffer_updated)};
LINES_PLUGIN("sizes-vary", varying, callbacks);
