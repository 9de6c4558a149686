/* Bytes: every string of them is a valid scenario, which comes back from both forms. */
#include "fuzz.h"
#include "scenarios.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static weir_scenario scenario;
  const weir_scenario_about about = {.title = ""};
  weir_scenario_decode(data, size, &scenario);
  fuzz_check_scenario(&scenario, &about);
  return 0;
}
