/* The reference transport under any scenario: it keeps every rule, twice the same. */
#include "reference/reference.h"
#include "fuzz.h"
#include "transport.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_transport(weir_reference(), data, size);
  return 0;
}
