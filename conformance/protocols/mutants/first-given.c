/* Rule: R4
 * Defect: two blocks in turn; an update is put down to the one that was given
 * first since the last update. */
#include "parts/lines.h"

typedef struct turns {
  lines lines;
  char blocks[2][16];
  unsigned next;
  unsigned waiting; /* the block of the first get_buffer since the last update */
  bool asked;
} turns;

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  turns *self = (turns *)protocol;
  (void)hint;
  if (!self->asked) self->waiting = self->next;
  self->asked = true;
  buffer->base = self->blocks[self->next];
  buffer->size = sizeof self->blocks[0];
  self->next ^= 1u;
  return WEIR_ERROR_NONE;
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  turns *self = (turns *)protocol;
  self->asked = false;
  session_data(&self->lines.session, "bytes", self->blocks[self->waiting], nbytes);
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, buffer_updated)};
LINES_PLUGIN("first-given", turns, callbacks);
