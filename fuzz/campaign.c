/* Random scenarios on the reference transport, in this process, until there are
 * enough or one breaks a rule.
 *
 *   fuzz_campaign [COUNT [SEED [STEPS]]]
 *
 * The n-th scenario is a function of SEED + n alone: what is found can be found
 * again.  Exit status: 0 nothing found; 1 a finding, told with its scenario. */
#include <inttypes.h>
#include <stdlib.h>

#include "reference/reference.h"
#include "scenario/random.h"
#include "trial.h"

enum { FINDINGS_MAX = 20, TWICE_EVERY = 64 };

static uint64_t argument(int argc, char **argv, int index, uint64_t fallback) {
  return index < argc ? strtoull(argv[index], NULL, 10) : fallback;
}

int main(int argc, char **argv) {
  uint64_t count = argument(argc, argv, 1, 100000), seed = argument(argc, argv, 2, 1);
  unsigned steps = (unsigned)argument(argc, argv, 3, 12), found = 0;
  fuzz_trial *trial = fuzz_trial_new(weir_reference());
  weir_scenario *scenario = malloc(sizeof *scenario);
  uint64_t done = 0;
  for (; trial != NULL && scenario != NULL && done < count && found < FINDINGS_MAX; done++) {
    weir_scenario_random(scenario, seed + done, steps);
    if (fuzz_trial_run(trial, scenario, done % TWICE_EVERY == 0)) continue;
    found++;
    (void)printf("seed %" PRIu64 ": ", seed + done);
    fuzz_trial_tell(trial, scenario, stdout);
  }
  (void)printf("%" PRIu64 " scenarios from seed %" PRIu64 ", %" PRIu64 " events, %u findings\n", done, seed,
               trial != NULL ? fuzz_trial_records(trial) : 0, found);
  free(scenario);
  fuzz_trial_free(trial);
  return found == 0 && done == count ? 0 : 1;
}
