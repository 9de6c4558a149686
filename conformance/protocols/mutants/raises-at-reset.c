/* Rule: R7
 * Defect: a reset in the middle of a line raises. */
#include "parts/lines.h"

static weir_error connection_lost(weir_protocol *protocol, weir_error error) {
  bool unfinished = ((lines *)protocol)->used > 0;
  (void)session_lost(protocol, error);
  return error != 0 && unfinished ? WEIR_ERROR_STATE : WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {.size = sizeof callbacks,
                                                  .connection_made = session_made,
                                                  .get_buffer = lines_get_buffer,
                                                  .buffer_updated = lines_buffer_updated,
                                                  .eof_received = session_eof,
                                                  .connection_lost = connection_lost,
                                                  .pause_writing = session_no_pause,
                                                  .resume_writing = session_no_pause};
LINES_PLUGIN("raises-at-reset", lines, callbacks);
