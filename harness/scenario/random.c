#include "scenario/random.h"

#include <assert.h>

#include "scenario/step.h"

/* SplitMix64 (Steele, Lea, Flood 2014): any seed will do, zero too. */
static uint64_t next(uint64_t *state) {
  uint64_t value = (*state += UINT64_C(0x9E3779B97F4A7C15));
  value = (value ^ value >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  value = (value ^ value >> 27) * UINT64_C(0x94D049BB133111EB);
  return value ^ value >> 31;
}

static uint32_t below(uint64_t *state, uint32_t bound) {
  assert(bound > 0);
  return (uint32_t)((next(state) >> 32) * bound >> 32);
}

/* 0..most: as many bits as chance gives, so that small is likely; a bound of
 * the range one time in eight. */
static uint32_t small(uint64_t *state, uint32_t most) {
  switch (below(state, 16)) {
  case 0: return 0;
  case 1: return most;
  default: break;
  }
  uint32_t bits = below(state, below(state, 4) == 0 ? 28 : 7);
  uint32_t value = below(state, (UINT32_C(1) << bits) + 1);
  return value > most ? below(state, most + 1) : value;
}

static int32_t random_argument(uint64_t *state, const weir_argument *argument) {
  if (argument->how == WEIR_ARGUMENT_NONE) return 0;
  if (argument->how == WEIR_ARGUMENT_MAYBE && below(state, 2) == 0) return WEIR_NOT_GIVEN;
  return argument->least + (int32_t)small(state, (uint32_t)(argument->most - argument->least));
}

static void random_range(uint64_t *state, weir_step *step) {
  step->first = (uint16_t)(1 + small(state, WEIR_NTH_MAX - 1));
  switch (below(state, 4)) {
  case 0: step->last = WEIR_NTH_OPEN; break;
  case 1: step->last = (uint16_t)(step->first + small(state, (uint32_t)(WEIR_NTH_MAX - step->first))); break;
  default: step->last = step->first;
  }
}

/* Some pair of trigger and occasion that the verb takes: the next one from a random place. */
static void random_trigger(uint64_t *state, const weir_step *previous, weir_step *step) {
  enum { PAIRS = WEIR_WHEN_COUNT * WEIR_OCCASION_COUNT };
  uint32_t pair = below(state, PAIRS);
  for (uint32_t tried = 0; tried < PAIRS; tried++, pair = (pair + 1) % PAIRS)
    if (weir_verb_fits(step->verb, pair / WEIR_OCCASION_COUNT, pair % WEIR_OCCASION_COUNT)) break;

  step->when = (uint8_t)(pair / WEIR_OCCASION_COUNT);
  if (step->when == WEIR_WHEN_SAME && !weir_step_joins(weir_verb_get(step->verb)->actor, previous))
    step->when = WEIR_WHEN_IDLE;
  if (!weir_when_counts(step->when)) return;
  step->event = (uint8_t)(pair % WEIR_OCCASION_COUNT);
  random_range(state, step);
}

static void random_step(uint64_t *state, const weir_step *previous, weir_step *step) {
  *step = (weir_step){.verb = (uint8_t)below(state, WEIR_VERB_COUNT)};
  const weir_verb_info *verb = weir_verb_get(step->verb);
  random_trigger(state, previous, step);
  if (verb->option_count > 0) step->option = (uint8_t)below(state, verb->option_count);
  if (step->verb == WEIR_VERB_SOCKET_ERROR && !weir_error_fits(step->option, step->event))
    step->event = WEIR_OCCASION_SEND;
  step->a = random_argument(state, &verb->a);
  step->b = random_argument(state, &verb->b);
  if (step->verb == WEIR_VERB_PEER_SEND && step->when != WEIR_WHEN_IDLE) step->b = WEIR_NOT_GIVEN;
  /* `open` on connection 0 does nothing. */
  if (step->verb == WEIR_VERB_APP_OPEN || below(state, 8) == 0) *step = weir_step_at(*step, below(state, WEIR_PLACES));
  assert(weir_step_valid(step, previous));
}

void weir_scenario_random(weir_scenario *scenario, uint64_t seed, unsigned steps_max) {
  uint64_t state = seed;
  if (steps_max > WEIR_STEPS_MAX) steps_max = WEIR_STEPS_MAX;
  scenario->count = small(&state, steps_max);
  for (uint32_t index = 0; index < scenario->count; index++)
    random_step(&state, index == 0 ? NULL : &scenario->steps[index - 1], &scenario->steps[index]);
}
