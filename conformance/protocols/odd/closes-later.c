/* Sound: keeps its side open when the other ends, says goodbye, and closes. */
#include "parts/lines.h"

static weir_error eof_received(weir_protocol *protocol, bool *keep_open) {
  session *base = (session *)protocol;
  *keep_open = true;
  session_write(base, "BYE\n", 4);
  session_close(base);
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {SESSION_CALLBACKS(lines_get_buffer, lines_buffer_updated),
                                                  .eof_received = eof_received};
LINES_PLUGIN("closes-later", lines, callbacks);
