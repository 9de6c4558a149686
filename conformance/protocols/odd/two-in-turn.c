/* Sound: two blocks in turn, the one that was given last is the one that was
 * filled. */
#include "parts/lines.h"

typedef struct turns {
  lines lines;
  char blocks[2][16];
  unsigned given;
} turns;

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  turns *self = (turns *)protocol;
  (void)hint;
  self->given ^= 1u;
  buffer->base = self->blocks[self->given];
  buffer->size = sizeof self->blocks[0];
  return WEIR_ERROR_NONE;
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  turns *self = (turns *)protocol;
  memcpy(self->lines.base + self->lines.used, self->blocks[self->given], nbytes);
  return lines_buffer_updated(protocol, nbytes);
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, buffer_updated)};
LINES_PLUGIN("two-in-turn", turns, callbacks);
