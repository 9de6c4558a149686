/* The reference transport under any scenario: it keeps every rule, twice the same. */
#include <string.h>

#include "fuzz.h"
#include "targets/target.h"
#include "trial.h"
#include "weir/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static weir_scenario scenario;
  static fuzz_trial *trial;
  if (trial == NULL) trial = fuzz_trial_new();
  FUZZ_CHECK(trial != NULL);
  weir_scenario_decode(data, size, &scenario);
  if (fuzz_trial_run(trial, &scenario, true)) return 0;
  fuzz_trial_tell(trial, &scenario, stderr);
  abort();
}
