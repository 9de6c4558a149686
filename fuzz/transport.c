#include "transport.h"

#include "feedback.h"
#include "fuzz.h"
#include "scenario/mutate.h"
#include "trial.h"

void fuzz_transport(const weir_target *target, const uint8_t *data, size_t size) {
  static weir_scenario scenario;
  static fuzz_trial *trial;
  if (trial == NULL) trial = fuzz_trial_new(target);
  FUZZ_CHECK(trial != NULL);
  weir_scenario_decode(data, size, &scenario);
  weir_scenario_lighten(&scenario);
  if (fuzz_trial_run(trial, &scenario, true)) {
    fuzz_trial_count(trial, fuzz_feedback);
    return;
  }
  fuzz_trial_tell(trial, &scenario, stderr);
  abort();
}
