/* Rule: R8
 * Defect: writes to a transport whose connection is lost. */
#include "parts/lines.h"

static weir_error connection_lost(weir_protocol *protocol, weir_error error) {
  lines *self = (lines *)protocol;
  if (self->used > 0) (void)self->session.calls->write(self->session.transport, self->base, self->used);
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
LINES_PLUGIN("writes-when-lost", lines, callbacks);
