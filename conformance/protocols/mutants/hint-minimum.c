/* Rule: R2
 * Defect: takes the hint for a demand: raises where its buffer is smaller. */
#include "parts/lines.h"

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  weir_error error = lines_get_buffer(protocol, hint, buffer);
  return hint > 0 && (size_t)hint > buffer->size ? WEIR_ERROR_VALUE : error;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, lines_buffer_updated)};
LINES_PLUGIN("hint-minimum", lines, callbacks);
