#include "scenario/random.h"

#include <assert.h>

#include "scenario/step.h"

int32_t weir_argument_random(weir_chance *chance, const weir_argument *argument) {
  if (argument->how == WEIR_ARGUMENT_NONE) return 0;
  if (argument->how == WEIR_ARGUMENT_MAYBE && weir_chance_below(chance, 2) == 0) return WEIR_NOT_GIVEN;
  return argument->least + (int32_t)weir_chance_small(chance, (uint32_t)(argument->most - argument->least));
}

void weir_range_random(weir_chance *chance, weir_step *step) {
  step->first = (uint16_t)(1 + weir_chance_small(chance, WEIR_NTH_MAX - 1));
  switch (weir_chance_below(chance, 4)) {
  case 0: step->last = WEIR_NTH_OPEN; break;
  case 1:
    step->last = (uint16_t)(step->first + weir_chance_small(chance, (uint32_t)(WEIR_NTH_MAX - step->first)));
    break;
  default: step->last = step->first;
  }
}

/* Some pair of trigger and occasion that the verb takes: the next one from a random place. */
void weir_trigger_random(weir_chance *chance, const weir_step *previous, weir_step *step) {
  enum { PAIRS = WEIR_WHEN_COUNT * WEIR_OCCASION_COUNT };
  uint32_t pair = weir_chance_below(chance, PAIRS);
  for (uint32_t tried = 0; tried < PAIRS; tried++, pair = (pair + 1) % PAIRS)
    if (weir_verb_fits(step->verb, pair / WEIR_OCCASION_COUNT, pair % WEIR_OCCASION_COUNT)) break;

  step->when = (uint8_t)(pair / WEIR_OCCASION_COUNT);
  if (step->when == WEIR_WHEN_SAME && !weir_step_joins(weir_verb_get(step->verb)->actor, previous))
    step->when = WEIR_WHEN_IDLE;
  if (!weir_when_counts(step->when)) return;
  step->event = (uint8_t)(pair % WEIR_OCCASION_COUNT);
  weir_range_random(chance, step);
}

void weir_step_random(weir_chance *chance, const weir_step *previous, weir_step *step) {
  *step = (weir_step){.verb = (uint8_t)weir_chance_below(chance, WEIR_VERB_COUNT)};
  const weir_verb_info *verb = weir_verb_get(step->verb);
  weir_trigger_random(chance, previous, step);
  if (verb->option_count > 0) step->option = (uint8_t)weir_chance_below(chance, verb->option_count);
  if (step->verb == WEIR_VERB_SOCKET_ERROR && !weir_error_fits(step->option, step->event))
    step->event = WEIR_OCCASION_SEND;
  step->a = weir_argument_random(chance, &verb->a);
  step->b = weir_argument_random(chance, &verb->b);
  if (step->verb == WEIR_VERB_PEER_SEND && step->when != WEIR_WHEN_IDLE) step->b = WEIR_NOT_GIVEN;
  /* `open` on connection 0 does nothing. */
  if (step->verb == WEIR_VERB_APP_OPEN || weir_chance_below(chance, 8) == 0)
    *step = weir_step_at(*step, weir_chance_below(chance, WEIR_PLACES));
  assert(weir_step_valid(step, previous));
}

void weir_scenario_random(weir_scenario *scenario, uint64_t seed, unsigned steps_max) {
  weir_chance chance = {.state = seed};
  if (steps_max > WEIR_STEPS_MAX) steps_max = WEIR_STEPS_MAX;
  scenario->count = weir_chance_small(&chance, steps_max);
  for (uint32_t index = 0; index < scenario->count; index++)
    weir_step_random(&chance, index == 0 ? NULL : &scenario->steps[index - 1], &scenario->steps[index]);
}
