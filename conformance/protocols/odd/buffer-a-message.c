/* Sound: records of a length byte and a body: a new buffer for each, just as
 * long. */
#include "parts/lines.h"

typedef struct records {
  lines lines;
  unsigned char length;
  unsigned char *body; /* NULL between records */
  size_t filled;
} records;

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  records *self = (records *)protocol;
  (void)hint;
  buffer->base = self->body != NULL ? self->body + self->filled : &self->length;
  buffer->size = self->body != NULL ? self->length - self->filled : 1;
  return WEIR_ERROR_NONE;
}

static void drop(records *self) {
  if (self->body != NULL) session_take(&self->lines.session, self->body, 0);
  self->body = NULL;
  self->filled = 0;
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  records *self = (records *)protocol;
  if (self->body != NULL)
    self->filled += nbytes;
  else if (self->length > 0 && (self->body = session_take(&self->lines.session, NULL, self->length)) == NULL)
    return WEIR_ERROR_STATE;
  if (self->filled < self->length) return WEIR_ERROR_NONE;
  session_event(&self->lines.session, "record", self->body, self->length);
  drop(self);
  return WEIR_ERROR_NONE;
}

static weir_error connection_lost(weir_protocol *protocol, weir_error error) {
  drop((records *)protocol);
  return session_lost(protocol, error);
}

static const weir_protocol_callbacks callbacks = {.size = sizeof callbacks,
                                                  .connection_made = session_made,
                                                  .get_buffer = get_buffer,
                                                  .buffer_updated = buffer_updated,
                                                  .eof_received = session_eof,
                                                  .connection_lost = connection_lost,
                                                  .pause_writing = session_no_pause,
                                                  .resume_writing = session_no_pause};
LINES_PLUGIN("buffer-a-message", records, callbacks);
