/* Rule: R5
 * Defect: records of a length byte and a body: the buffer is made as long as
 * the body, and one update is taken to have filled it. */
#include "parts/lines.h"

typedef struct records {
  lines lines;
  unsigned char length;
  bool in_body;
} records;

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  records *self = (records *)protocol;
  (void)hint;
  buffer->base = self->in_body ? (void *)self->lines.base : &self->length;
  buffer->size = self->in_body ? self->length : 1;
  return WEIR_ERROR_NONE;
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  records *self = (records *)protocol;
  (void)nbytes;
  if (self->in_body) {
    session_event(&self->lines.session, "record", self->lines.base, self->length);
    self->in_body = false;
    return WEIR_ERROR_NONE;
  }
  self->length %= LINES_ROOM;
  self->in_body = self->length > 0;
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, buffer_updated)};
LINES_PLUGIN("body-for-whole", records, callbacks);
