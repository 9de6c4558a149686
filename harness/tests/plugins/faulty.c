/* A transport that opens and closes as it should, and does one terrible thing
 * in each of three calls: abort() crashes, pause_reading() never comes back and
 * sleeps, resume_reading() never comes back and works. */
#include <stdlib.h>
#include <unistd.h>

#include "orderly.h"

static weir_error faulty_abort(weir_transport *self) {
  (void)self;
  abort();
}

static weir_error faulty_pause(weir_transport *self) {
  while (!self->closing) (void)pause();
  return WEIR_ERROR_NONE;
}

static weir_error faulty_resume(weir_transport *self) {
  volatile bool *closing = &self->closing;
  while (!*closing) {
  }
  return WEIR_ERROR_NONE;
}

ORDERLY_PLUGIN("faulty", "1.2.3", faulty_abort, faulty_pause, faulty_resume);
