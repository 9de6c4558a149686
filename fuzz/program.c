#include "program.h"

#include "fuzz.h"
#include "input.h"
#include "scenario/mutate.h"

enum { REASON_MAX = 200, RULES_MAX = 1000 };

static void leave_out(weir_scenario *scenario, const fuzz_about *about) {
  if (about->known == NULL) return;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < scenario->count; i++)
    if (!about->known(&scenario->steps[i])) scenario->steps[kept++] = scenario->steps[i];
  scenario->count = kept;
  weir_scenario_repair(scenario);
}

static fuzz_trial *make_trial(weir_runner *runner, const char *rules) {
  static char forgiven[RULES_MAX];
  const char *more = getenv("FUZZ_KNOWN");
  int size = snprintf(forgiven, sizeof forgiven, "%s %s", rules, more != NULL ? more : "");
  FUZZ_CHECK(size >= 0 && (size_t)size < sizeof forgiven);
  fuzz_trial *trial = fuzz_trial_on(runner);
  FUZZ_CHECK(trial != NULL);
  fuzz_trial_forgive(trial, forgiven);
  return trial;
}

void fuzz_program(const fuzz_about *about, const uint8_t *data, size_t size) {
  static weir_scenario scenario;
  static weir_runner *runner;
  static fuzz_trial *trial;
  if (trial == NULL) {
    runner = fuzz_inside_open(about->serve);
    FUZZ_CHECK(runner != NULL);
    trial = make_trial(runner, about->rules);
  }
  char reason[REASON_MAX];
  weir_scenario_decode(data, size, &scenario);
  weir_scenario_lighten(&scenario);
  weir_scenario_confine(&scenario, weir_runner_capabilities(runner));
  leave_out(&scenario, about);
  if (weir_runner_refuses(runner, &scenario, reason, sizeof reason)) return;
  fuzz_input(trial, &scenario, data, size);
}
