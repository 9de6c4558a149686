/* Sound: echoes, and reads nothing while what it writes does not drain. */
#include "parts/lines.h"

static weir_error pause_writing(weir_protocol *protocol) {
  session *base = (session *)protocol;
  if (!base->closed) (void)base->calls->pause_reading(base->transport);
  return WEIR_ERROR_NONE;
}

static weir_error resume_writing(weir_protocol *protocol) {
  session *base = (session *)protocol;
  if (!base->closed) (void)base->calls->resume_reading(base->transport);
  return WEIR_ERROR_NONE;
}

static weir_error connection_made(weir_protocol *protocol, weir_transport *transport) {
  session *base = (session *)protocol;
  (void)session_made(protocol, transport);
  (void)base->calls->set_write_buffer_limits(transport, 0, 0);
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {.size = sizeof callbacks,
                                                  .connection_made = connection_made,
                                                  .get_buffer = lines_get_buffer,
                                                  .buffer_updated = lines_buffer_updated,
                                                  .eof_received = session_eof,
                                                  .connection_lost = session_lost,
                                                  .pause_writing = pause_writing,
                                                  .resume_writing = resume_writing};
LINES_PLUGIN("pauses-writing", lines, callbacks);
