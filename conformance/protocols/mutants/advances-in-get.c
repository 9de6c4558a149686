/* Rule: R4
 * Defect: moves its mark on when the buffer is asked for, and back by what did
 * not come when it is updated: asked for twice, it leaves a hole. */
#include "parts/lines.h"

typedef struct ahead {
  lines lines;
  size_t given;
} ahead;

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  ahead *self = (ahead *)protocol;
  weir_error error = lines_get_buffer(protocol, hint, buffer);
  if (buffer->size > 4) buffer->size = 4;
  self->given = buffer->size;
  self->lines.used += self->given;
  return error;
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  ahead *self = (ahead *)protocol;
  self->lines.used -= self->given;
  return lines_buffer_updated(protocol, nbytes);
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, buffer_updated)};
LINES_PLUGIN("advances-in-get", ahead, callbacks);
