/* Rule: R11
 * Defect: gives its block back where the stream ends regularly, and only
 * there. */
#include "parts/lines.h"

static weir_error eof_received(weir_protocol *protocol, bool *keep_open) {
  lines *self = (lines *)protocol;
  session_take(&self->session, self->base, 0);
  self->base = NULL;
  self->used = 0;
  *keep_open = false;
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {SESSION_CALLBACKS(lines_get_buffer, lines_buffer_updated),
                                                  .eof_received = eof_received};

static weir_protocol *open_lines(const weir_observer *observer, const weir_transport_calls *calls) {
  lines *made = lines_new(sizeof *made, &callbacks, observer, calls);
  return made != NULL ? &made->session.protocol : NULL;
}

SESSION_PLUGIN("leaks-at-reset", "1", 0, open_lines, session_free);
