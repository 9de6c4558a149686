#include "transport.h"

#include "feedback.h"
#include "fuzz.h"
#include "scenario/mutate.h"
#include "trial.h"

/* One in 64, and the same ones whenever they come. */
static bool is_run_twice(const uint8_t *data, size_t size) {
  uint32_t sum = (uint32_t)size;
  for (size_t i = 0; i < size; i++) sum = (sum ^ data[i]) * UINT32_C(16777619);
  return sum % 64 == 0;
}

/* That something happens more often still is no news: to an engine every further
 * level of a counter is one more input to keep. */
enum { FEEDBACK_MOST = 2 };

void fuzz_transport(const weir_target *target, const uint8_t *data, size_t size) {
  static weir_scenario scenario;
  static fuzz_trial *trial;
  if (trial == NULL) trial = fuzz_trial_new(target);
  FUZZ_CHECK(trial != NULL);
  weir_scenario_decode(data, size, &scenario);
  weir_scenario_lighten(&scenario);
  if (fuzz_trial_run(trial, &scenario, is_run_twice(data, size))) {
    fuzz_trial_count(trial, fuzz_feedback);
    for (unsigned i = 0; i < WEIR_COUNTER_COUNT; i++)
      if (fuzz_feedback[i] > FEEDBACK_MOST) fuzz_feedback[i] = FEEDBACK_MOST;
    return;
  }
  fuzz_trial_tell(trial, &scenario, stderr);
  abort();
}
