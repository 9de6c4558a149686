/* A trace as JSON Lines. */
#include "fuzz.h"
#include "traces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_check_trace(data, size);
  return 0;
}
