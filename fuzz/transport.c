#include "transport.h"

#include "feedback.h"
#include "fuzz.h"
#include "trial.h"
#include "weir/scenario.h"

/* Sizes that make a run long and show nothing that smaller ones do not.  Those
 * of single writes stay: the default limits are 16 and 64 KiB. */
static void shorten(weir_scenario *scenario) {
  enum { READ_MAX = 1000, ELEMENT_MAX = 1000, WRITE_MAX = 70000 };
  for (uint32_t i = 0; i < scenario->count; i++) {
    weir_step *step = &scenario->steps[i];
    if (step->verb == WEIR_VERB_PEER_SEND && step->a > READ_MAX) step->a = 1 + step->a % READ_MAX;
    if (step->verb == WEIR_VERB_APP_WRITE && step->a > WRITE_MAX) step->a %= WRITE_MAX;
    if (step->verb == WEIR_VERB_APP_WRITELINES && step->b > ELEMENT_MAX) step->b %= ELEMENT_MAX;
  }
}

/* That a scenario does the same again is seen on one input of so many, which the
 * input itself decides: a crash repeats. */
enum { AGAIN = 32 };

static bool runs_again(const uint8_t *data, size_t size) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < size; i++) hash = (hash ^ data[i]) * 16777619u;
  return (hash >> 16) % AGAIN == 0;
}

void fuzz_transport(const weir_target *target, const uint8_t *data, size_t size) {
  static weir_scenario scenario;
  static fuzz_trial *trial;
  if (trial == NULL) trial = fuzz_trial_new(target);
  FUZZ_CHECK(trial != NULL);
  weir_scenario_decode(data, size, &scenario);
  shorten(&scenario);
  if (fuzz_trial_run(trial, &scenario, runs_again(data, size))) {
    fuzz_trial_count(trial, fuzz_feedback);
    return;
  }
  fuzz_trial_tell(trial, &scenario, stderr);
  abort();
}
