/* libuv's streams under any scenario: the adapter of conformance/targets/libuv, and
 * the simulation in place of libc's sockets, are linked in beside it. */
#include "fuzz.h"
#include "program.h"

int fuzz_adapter_main(void); /* its main() */

static void serve(void) {
  FUZZ_CHECK(fuzz_adapter_main() == 0);
}

/* https://github.com/libuv/libuv/issues/2399: uv_read_stop() or uv_close() inside
 * alloc_cb kills the process (conformance/expectations/libuv.expect). */
static bool is_known(const weir_step *step) {
  if (step->when != WEIR_WHEN_IN || step->event != WEIR_OCCASION_GET_BUFFER) return false;
  return step->verb == WEIR_VERB_APP_CLOSE || step->verb == WEIR_VERB_APP_ABORT ||
         step->verb == WEIR_VERB_APP_PAUSE_READING;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  /* B17, B18: as E12 there, where a read was short: POLLHUP behind one is taken for the end. */
  static const fuzz_about about = {.serve = serve, .known = is_known, .rules = "B17 B18"};
  fuzz_program(&about, data, size);
  return 0;
}
