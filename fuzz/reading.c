/* The reference transport on scenarios of about 32 read cycles, judged and counted
 * as in a campaign: how fast one is (scripts/bench fuzz). */
#include "feedback.h"
#include "fuzz.h"
#include "reference/reference.h"
#include "trial.h"
#include "weir/scenario.h"

enum { CYCLES = 32, SIZE = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static weir_scenario scenario;
  static fuzz_trial *trial;
  if (trial == NULL) trial = fuzz_trial_new(weir_reference());
  FUZZ_CHECK(trial != NULL);
  const unsigned more = size > 0 ? data[0] % SIZE : 0, less = size > 1 ? data[1] % SIZE : 0;
  scenario.count = 2;
  scenario.steps[0] =
      (weir_step){.verb = WEIR_VERB_PEER_SEND, .a = (int32_t)(CYCLES * SIZE + more - less), .b = WEIR_NOT_GIVEN};
  scenario.steps[1] = (weir_step){.verb = WEIR_VERB_PEER_FIN};
  if (!fuzz_trial_run(trial, &scenario, false)) {
    fuzz_trial_tell(trial, &scenario, stderr);
    abort();
  }
  fuzz_trial_count(trial, fuzz_feedback);
  return 0;
}
