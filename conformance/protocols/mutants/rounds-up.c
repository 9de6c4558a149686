/* Rule: R5
 * Defect: reads in words of eight bytes: the last word is taken whole. */
#include "parts/lines.h"

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  size_t words = (nbytes + 7) / 8;
  session_data(&self->session, "bytes", self->base, words * 8 < self->room ? words * 8 : self->room);
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(lines_get_buffer, buffer_updated)};
LINES_PLUGIN("rounds-up", lines, callbacks);
