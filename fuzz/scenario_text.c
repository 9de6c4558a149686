/* Text: any bytes are a scenario or an error with a line, and what was read
 * comes back from its canonical text and from its bytes. */
#include <string.h>

#include "fuzz.h"
#include "scenarios.h"

static void check_error(const weir_scenario *scenario, const weir_problem *problem, weir_status status) {
  FUZZ_CHECK(status == WEIR_BAD_INPUT || status == WEIR_BOUND);
  FUZZ_CHECK(problem->status == status && problem->text[0] != '\0' && strchr(problem->text, '\n') == NULL);
  FUZZ_CHECK(scenario->count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static weir_scenario scenario;
  weir_scenario_about about;
  weir_problem problem = {.text = ""};
  /* A NULL of no bytes is libFuzzer's first input. */
  weir_status status = weir_scenario_parse(size > 0 ? (const char *)data : "", size, &scenario, &about, &problem);
  if (status != WEIR_OK) {
    check_error(&scenario, &problem, status);
    return 0;
  }
  fuzz_check_scenario(&scenario, &about);
  return 0;
}
