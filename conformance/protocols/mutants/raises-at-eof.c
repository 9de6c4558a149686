/* Rule: R7
 * Defect: an end in the middle of a line raises. */
#include "parts/lines.h"

static weir_error eof_received(weir_protocol *protocol, bool *keep_open) {
  *keep_open = false;
  return ((lines *)protocol)->used > 0 ? WEIR_ERROR_VALUE : WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {SESSION_CALLBACKS(lines_get_buffer, lines_buffer_updated),
                                                  .eof_received = eof_received};
LINES_PLUGIN("raises-at-eof", lines, callbacks);
