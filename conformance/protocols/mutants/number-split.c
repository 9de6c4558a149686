/* Rule: R6
 * Defect: a number that is cut between two updates begins anew with its second
 * half. */
#include "parts/lines.h"

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  unsigned char sum = 0;
  for (size_t i = 0; i < nbytes; i++) {
    unsigned char byte = (unsigned char)self->base[i];
    if (byte != '\n') sum = (unsigned char)(sum * 31 + byte);
    if (byte == '\n') session_event(&self->session, "number", &sum, 1);
    if (byte == '\n') sum = 0;
  }
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(lines_get_buffer, buffer_updated)};
LINES_PLUGIN("number-split", lines, callbacks);
