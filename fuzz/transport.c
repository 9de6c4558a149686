#include "transport.h"

#include "fuzz.h"
#include "input.h"
#include "scenario/mutate.h"

void fuzz_transport(const weir_target *target, const uint8_t *data, size_t size) {
  static weir_scenario scenario;
  static fuzz_trial *trial;
  if (trial == NULL) trial = fuzz_trial_new(target);
  FUZZ_CHECK(trial != NULL);
  weir_scenario_decode(data, size, &scenario);
  weir_scenario_lighten(&scenario);
  fuzz_input(trial, &scenario, data, size);
}
