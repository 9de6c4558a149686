#include "input.h"

#include "feedback.h"
#include "fuzz.h"

/* One in 64, and the same ones whenever they come. */
static bool is_run_twice(const uint8_t *data, size_t size) {
  uint32_t sum = (uint32_t)size;
  for (size_t i = 0; i < size; i++) sum = (sum ^ data[i]) * UINT32_C(16777619);
  return sum % 64 == 0;
}

/* That something happens more often still is no news: to an engine every further
 * level of a counter is one more input to keep. */
enum { FEEDBACK_MOST = 2 };

void fuzz_input(fuzz_trial *trial, const weir_scenario *scenario, const uint8_t *data, size_t size) {
  if (!fuzz_trial_run(trial, scenario, is_run_twice(data, size))) {
    fuzz_trial_tell(trial, scenario, stderr);
    abort();
  }
  fuzz_trial_count(trial, fuzz_feedback);
  for (unsigned i = 0; i < WEIR_COUNTER_COUNT; i++)
    if (fuzz_feedback[i] > FEEDBACK_MOST) fuzz_feedback[i] = FEEDBACK_MOST;
}
