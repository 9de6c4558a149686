/* Rule: R6
 * Defect: \r\n ends a line: the \r is taken off only where it came with its
 * \n. */
#include "parts/lines.h"

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  char *fresh = self->base + self->used;
  size_t kept = 0;
  for (size_t i = 0; i < nbytes; i++) {
    bool joined = fresh[i] == '\r' && i + 1 < nbytes && fresh[i + 1] == '\n';
    if (!joined) fresh[kept++] = fresh[i];
  }
  self->used += kept;
  lines_parse(self);
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(lines_get_buffer, buffer_updated)};
LINES_PLUGIN("return-split", lines, callbacks);
