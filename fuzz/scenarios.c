#include "scenarios.h"

#include <string.h>

#include "fuzz.h"
#include "weir/transport.h"

static void check_text(const weir_scenario *scenario, const weir_scenario_about *about) {
  static char text[WEIR_TEXT_MAX], second[WEIR_TEXT_MAX];
  static weir_scenario again;
  weir_scenario_about also;
  size_t size = weir_scenario_print(scenario, about, text, sizeof text);
  FUZZ_CHECK(size < sizeof text && strlen(text) == size);
  FUZZ_CHECK(weir_scenario_parse(text, size, &again, &also, NULL) == WEIR_OK);
  FUZZ_CHECK(weir_scenario_equal(scenario, &again));
  FUZZ_CHECK(strcmp(about->rules, also.rules) == 0);
  /* Canonical: there is one text for one scenario, and one for a title with tabs. */
  FUZZ_CHECK(weir_scenario_print(&again, &also, second, sizeof second) == size && memcmp(text, second, size) == 0);
}

static void check_bytes(const weir_scenario *scenario) {
  static uint8_t bytes[WEIR_ENCODED_MAX];
  static weir_scenario again;
  size_t size = weir_scenario_encode(scenario, bytes, sizeof bytes);
  FUZZ_CHECK(size > 0 || scenario->count == 0);
  weir_scenario_decode(bytes, size, &again);
  FUZZ_CHECK(weir_scenario_equal(scenario, &again));
  FUZZ_CHECK(weir_scenario_hash(scenario) == weir_scenario_hash(&again));
}

void fuzz_check_scenario(const weir_scenario *scenario, const weir_scenario_about *about) {
  FUZZ_CHECK(weir_scenario_valid(scenario));
  FUZZ_CHECK(weir_scenario_needs(scenario) < 1u << WEIR_CAPABILITY_COUNT);
  check_text(scenario, about);
  check_bytes(scenario);
}
