/* Rule: R9
 * Defect: pauses at each line and resumes once: with two lines in an update
 * its own count never comes back to nought. */
#include "parts/lines.h"

typedef struct counting {
  lines lines;
  unsigned pauses;
} counting;

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  counting *self = (counting *)protocol;
  session *base = &self->lines.session;
  const char *fresh = self->lines.base + self->lines.used;
  for (size_t i = 0; i < nbytes; i++) {
    if (fresh[i] != '\n') continue;
    if (self->pauses++ == 0) (void)base->calls->pause_reading(base->transport);
  }
  weir_error error = lines_buffer_updated(protocol, nbytes);
  if (base->closed || self->pauses == 0) return error;
  if (--self->pauses == 0) (void)base->calls->resume_reading(base->transport);
  return error;
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(lines_get_buffer, buffer_updated)};
LINES_PLUGIN("pause-counted", counting, callbacks);
