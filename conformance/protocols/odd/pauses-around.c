/* Sound: pauses before it parses, and resumes afterwards. */
#include "parts/lines.h"

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  session *base = &self->session;
  (void)base->calls->pause_reading(base->transport);
  weir_error error = lines_buffer_updated(protocol, nbytes);
  if (!base->closed) (void)base->calls->resume_reading(base->transport);
  return error;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(lines_get_buffer, buffer_updated)};
LINES_PLUGIN("pauses-around", lines, callbacks);
