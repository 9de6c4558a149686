/* Rule: R2
 * Defect: takes the hint for what will arrive: a hint of one byte ends the
 * line. */
#include "parts/lines.h"

typedef struct promised {
  lines lines;
  ptrdiff_t hint;
} promised;

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  ((promised *)protocol)->hint = hint;
  return lines_get_buffer(protocol, hint, buffer);
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  promised *self = (promised *)protocol;
  weir_error error = lines_buffer_updated(protocol, nbytes);
  if (self->hint == 1 && self->lines.used > 0) {
    lines_tell(&self->lines, self->lines.base, self->lines.used);
    self->lines.used = 0;
  }
  return error;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, buffer_updated)};
LINES_PLUGIN("hint-promises", promised, callbacks);
