/* One scenario on a transport that is linked in, judged: what the fuzz targets
 * and the campaign have in common. */
#ifndef WEIR_FUZZ_TRIAL_H
#define WEIR_FUZZ_TRIAL_H

#include <stdio.h>

#include "targets/target.h"
#include "weir/scenario.h"
#include "weir/transport.h"

typedef struct fuzz_trial fuzz_trial;

/* NULL: no memory. */
fuzz_trial *fuzz_trial_new(const weir_target *target);
/* ... on a runner of its own, which it closes. */
fuzz_trial *fuzz_trial_on(weir_runner *runner);
/* From now on only a MUST counts, and none of these: "C1 P7", or "all". It outlives the trial. */
void fuzz_trial_forgive(fuzz_trial *trial, const char *rules);
void fuzz_trial_free(fuzz_trial *trial);
/* True: no MUST and no SHOULD is broken, and the run came to an orderly end.
 * twice: and it does the same again. */
bool fuzz_trial_run(fuzz_trial *trial, const weir_scenario *scenario, bool twice);
/* What was wrong, and the scenario as text. */
void fuzz_trial_tell(const fuzz_trial *trial, const weir_scenario *scenario, FILE *out);
/* Adds what the last scenario showed to WEIR_COUNTER_COUNT counters (validator/counters.h). */
void fuzz_trial_count(const fuzz_trial *trial, uint8_t *counters);
/* Records of all runs so far. */
uint64_t fuzz_trial_records(const fuzz_trial *trial);

#endif
