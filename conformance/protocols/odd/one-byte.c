/* Sound: hands out one byte at a time. */
#include "parts/lines.h"

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  weir_error error = lines_get_buffer(protocol, hint, buffer);
  buffer->size = 1;
  return error;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, lines_buffer_updated)};
LINES_PLUGIN("one-byte", lines, callbacks);
