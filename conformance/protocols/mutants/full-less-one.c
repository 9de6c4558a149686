/* Rule: R6
 * Defect: where the buffer is filled to its end, its last byte is left out. */
#include "parts/lines.h"

enum { ROOM = 16 };

typedef struct filled {
  lines lines;
  char bytes[ROOM];
} filled;

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  (void)hint;
  *buffer = (weir_buffer){.base = ((filled *)protocol)->bytes, .size = ROOM};
  return WEIR_ERROR_NONE;
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  filled *self = (filled *)protocol;
  size_t size = nbytes < ROOM ? nbytes : ROOM - 1;
  memcpy(self->lines.base + self->lines.used, self->bytes, size);
  return lines_buffer_updated(protocol, size);
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, buffer_updated)};
LINES_PLUGIN("full-less-one", filled, callbacks);
