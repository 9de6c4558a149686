#include "mutator.h"

#include "scenario/mutate.h"

static weir_scenario scenario, other;

/* Where there is not room for all, the last steps go. */
static size_t encode(uint8_t *out, size_t most) {
  for (;; scenario.count--) {
    size_t size = weir_scenario_encode(&scenario, out, most);
    if (size > 0 || scenario.count == 0) return size;
  }
}

/* One change mostly: what is found step by step is kept step by step. */
size_t fuzz_mutate(uint8_t *data, size_t size, size_t most, uint64_t seed) {
  weir_chance chance = {.state = seed};
  weir_scenario_decode(data, size, &scenario);
  do (void)weir_scenario_mutate(&scenario, &chance, FUZZ_STEPS_MAX);
  while (weir_chance_below(&chance, 2) == 0);
  return encode(data, most);
}

size_t fuzz_splice(const uint8_t *left, size_t left_size, const uint8_t *right, size_t right_size, uint8_t *out,
                   size_t most, uint64_t seed) {
  weir_chance chance = {.state = seed};
  weir_scenario_decode(left, left_size, &scenario);
  weir_scenario_decode(right, right_size, &other);
  weir_scenario_splice(&scenario, &other, &chance, FUZZ_STEPS_MAX);
  return encode(out, most);
}
