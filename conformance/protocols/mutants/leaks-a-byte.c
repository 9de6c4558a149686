/* Rule: R11
 * Defect: a byte that comes alone is put aside in a block of its own, which is
 * forgotten. */
#include <stdlib.h>

#include "parts/lines.h"

typedef struct aside {
  lines lines;
  char *alone;
} aside;

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  aside *self = (aside *)protocol;
  if (nbytes == 1) {
    self->alone = malloc(32);
    if (self->alone == NULL) return WEIR_ERROR_STATE;
    *self->alone = self->lines.base[self->lines.used];
  }
  return lines_buffer_updated(protocol, nbytes);
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(lines_get_buffer, buffer_updated)};
LINES_PLUGIN("leaks-a-byte", aside, callbacks);
