/* Rule: R8
 * Defect: closes at QUIT, keeps what came behind it, and tells it when the
 * connection is lost. */
#include "parts/lines.h"

static weir_error connection_lost(weir_protocol *protocol, weir_error error) {
  lines *self = (lines *)protocol;
  if (self->session.closed && self->used > 0) session_data(&self->session, "late", self->base, self->used);
  return session_lost(protocol, error);
}

static const weir_protocol_callbacks callbacks = {.size = sizeof callbacks,
                                                  .connection_made = session_made,
                                                  .get_buffer = lines_get_buffer,
                                                  .buffer_updated = lines_buffer_updated,
                                                  .eof_received = session_eof,
                                                  .connection_lost = connection_lost,
                                                  .pause_writing = session_no_pause,
                                                  .resume_writing = session_no_pause};
LINES_PLUGIN("tells-when-lost", lines, callbacks);
