/* Rule: R11
 * Defect: copies each line, and never gives the copy back. */
#include "parts/lines.h"

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  lines *self = (lines *)protocol;
  size_t ends = 0;
  for (size_t i = 0; i < nbytes; i++) ends += self->base[self->used + i] == '\n';
  for (; ends > 0; ends--) {
    char *copy = session_take(&self->session, NULL, LINES_MAX);
    if (copy != NULL) memset(copy, 0, LINES_MAX);
  }
  return lines_buffer_updated(protocol, nbytes);
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(lines_get_buffer, buffer_updated)};
LINES_PLUGIN("leaks-lines", lines, callbacks);
