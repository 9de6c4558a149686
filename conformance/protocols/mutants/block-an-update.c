/* Rule: R11
 * Defect: a line is a list of updates, each in a block of 4096 bytes, however
 * little came. */
#include "parts/lines.h"

enum { PIECE = 4096 };

typedef struct piece {
  struct piece *next;
  size_t size;
  char bytes[PIECE];
} piece;

typedef struct pieces {
  lines lines;
  piece *last; /* the newest first */
} pieces;

static void drop(pieces *self) {
  for (piece *old = self->last; old != NULL; old = self->last) {
    self->last = old->next;
    session_take(&self->lines.session, old, 0);
  }
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  pieces *self = (pieces *)protocol;
  piece *made = session_take(&self->lines.session, NULL, sizeof *made);
  if (made == NULL) return WEIR_ERROR_STATE;
  *made = (piece){.next = self->last, .size = nbytes};
  memcpy(made->bytes, self->lines.base, nbytes);
  self->last = made;
  session_data(&self->lines.session, "bytes", made->bytes, nbytes);
  if (memchr(made->bytes, '\n', nbytes) != NULL) drop(self);
  return WEIR_ERROR_NONE;
}

static weir_error connection_lost(weir_protocol *protocol, weir_error error) {
  drop((pieces *)protocol);
  return session_lost(protocol, error);
}

static const weir_protocol_callbacks callbacks = {.size = sizeof callbacks,
                                                  .connection_made = session_made,
                                                  .get_buffer = lines_get_buffer,
                                                  .buffer_updated = buffer_updated,
                                                  .eof_received = session_eof,
                                                  .connection_lost = connection_lost,
                                                  .pause_writing = session_no_pause,
                                                  .resume_writing = session_no_pause};
LINES_PLUGIN("block-an-update", pieces, callbacks);
