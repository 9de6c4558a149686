/* Sound: as long as the hint asks for, where it can be. */
#include "parts/lines.h"

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  weir_error error = lines_get_buffer(protocol, hint, buffer);
  if (hint > 0 && (size_t)hint < buffer->size) buffer->size = (size_t)hint;
  return error;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, lines_buffer_updated)};
LINES_PLUGIN("hint-obeyed", lines, callbacks);
