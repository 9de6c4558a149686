#include "scenario/mutate.h"

#include <string.h>

#include "scenario/random.h"
#include "scenario/step.h"

const char *weir_mutation_name(unsigned mutation) {
  static const char *const names[] = {
#define X(name, word) word,
      WEIR_MUTATIONS(X)
#undef X
  };
  return mutation < WEIR_MUTATION_COUNT ? names[mutation] : NULL;
}

/* ---- What keeps a scenario valid */

static void repair_step(const weir_step *previous, weir_step *step) {
  weir_step own = *step;
  own.of = 0;
  if (!weir_step_crosses(step->verb, step->when) || weir_step_counted(step) == weir_step_counted(&own)) step->of = 0;
  if (step->when == WEIR_WHEN_SAME && !weir_step_joins(weir_verb_get(step->verb)->actor, previous))
    step->when = WEIR_WHEN_IDLE;
  if (step->verb == WEIR_VERB_SOCKET_ERROR && !weir_error_fits(step->option, step->event))
    step->event = WEIR_OCCASION_SEND;
  if (step->verb == WEIR_VERB_PEER_SEND && step->when != WEIR_WHEN_IDLE) step->b = WEIR_NOT_GIVEN;
}

void weir_scenario_repair(weir_scenario *scenario) {
  for (uint32_t i = 0; i < scenario->count; i++)
    repair_step(i == 0 ? NULL : &scenario->steps[i - 1], &scenario->steps[i]);
}

void weir_scenario_lighten(weir_scenario *scenario) {
  enum { READ_MAX = 1000, ELEMENT_MAX = 1000, WRITE_MAX = 70000, TIMES_MAX = 15 };
  for (uint32_t i = 0; i < scenario->count; i++) {
    weir_step *step = &scenario->steps[i];
    if (step->verb == WEIR_VERB_PEER_SEND && step->a > READ_MAX) step->a = 1 + step->a % READ_MAX;
    if (step->verb == WEIR_VERB_APP_WRITE && step->a > WRITE_MAX) step->a %= WRITE_MAX;
    if (step->verb == WEIR_VERB_APP_WRITELINES && step->b > ELEMENT_MAX) step->b %= ELEMENT_MAX;
    bool lasting = step->verb == WEIR_VERB_APP_SIZE || step->verb == WEIR_VERB_SOCKET_SHORT;
    if (!lasting && step->last > step->first && step->last - step->first > TIMES_MAX)
      step->last = step->first < WEIR_NTH_MAX - TIMES_MAX ? (uint16_t)(step->first + TIMES_MAX) : WEIR_NTH_MAX;
  }
}

void weir_scenario_confine(weir_scenario *scenario, uint32_t capabilities) {
  weir_scenario one;
  uint32_t kept = 0;
  one.count = 1;
  for (uint32_t i = 0; i < scenario->count; i++) {
    one.steps[0] = scenario->steps[i];
    if ((weir_scenario_needs(&one) & ~capabilities) == 0) scenario->steps[kept++] = scenario->steps[i];
  }
  scenario->count = kept;
  weir_scenario_repair(scenario);
}

/* ---- Pieces: steps[at..at + count) */
typedef struct piece {
  uint32_t at, count;
} piece;

/* One step mostly, and more than one the rarer the more; `of` > 0. */
static piece draw_piece(weir_chance *chance, uint32_t of) {
  piece drawn = {.at = weir_chance_below(chance, of), .count = 1};
  uint32_t most = of - drawn.at;
  if (weir_chance_below(chance, 4) == 0) drawn.count += weir_chance_below(chance, most < 8 ? most : 8);
  if (drawn.count > most) drawn.count = most;
  return drawn;
}

static void remove_piece(weir_scenario *scenario, piece gone) {
  uint32_t end = gone.at + gone.count;
  memmove(scenario->steps + gone.at, scenario->steps + end, (scenario->count - end) * sizeof *scenario->steps);
  scenario->count -= gone.count;
}

/* Opens room for `count` steps at `at`; there must be so much. */
static weir_step *open_room(weir_scenario *scenario, uint32_t at, uint32_t count) {
  weir_step *place = scenario->steps + at;
  memmove(place + count, place, (scenario->count - at) * sizeof *scenario->steps);
  scenario->count += count;
  return place;
}

/* ---- Fields */

/* The first is what most things happen at; then the second, every one, ... */
static void draw_range(weir_chance *chance, weir_step *step) {
  uint16_t first = 1;
  while (first < 8 && weir_chance_below(chance, 2) == 0) first++;
  step->first = step->last = first;
  switch (weir_chance_below(chance, 16)) {
  case 0: weir_range_random(chance, step); break;
  case 1:
  case 2:
  case 3: step->last = WEIR_NTH_OPEN; break;
  case 4:
  case 5: step->last = (uint16_t)(first + weir_chance_below(chance, 4)); break;
  default: break;
  }
}

static void set_trigger(weir_chance *chance, unsigned trigger, weir_step *step) {
  step->event = 0;
  step->first = step->last = 0;
  if (trigger == WEIR_TRIGGER_IDLE || trigger == WEIR_TRIGGER_SAME || trigger == WEIR_TRIGGER_START) {
    step->when = trigger == WEIR_TRIGGER_IDLE   ? WEIR_WHEN_IDLE
                 : trigger == WEIR_TRIGGER_SAME ? WEIR_WHEN_SAME
                                                : WEIR_WHEN_START;
    return;
  }
  if (trigger < WEIR_TRIGGER_AT) {
    step->when = WEIR_WHEN_IN;
    step->event = (uint8_t)(trigger - WEIR_TRIGGER_IN);
  } else if (trigger < WEIR_TRIGGER_AFTER) {
    step->when = WEIR_WHEN_AT;
    step->event = (uint8_t)(trigger - WEIR_TRIGGER_AT + WEIR_CALLBACK_COUNT);
  } else {
    step->when = WEIR_WHEN_AFTER;
    step->event = (uint8_t)(trigger - WEIR_TRIGGER_AFTER);
  }
  draw_range(chance, step);
}

/* Kinds of triggers are as likely as each other, whatever number of occasions they have. */
static void draw_trigger(weir_chance *chance, weir_step *step) {
  static const uint32_t kinds[] = {WEIR_TRIGGER_BIT(WEIR_TRIGGER_IDLE), WEIR_TRIGGER_BIT(WEIR_TRIGGER_SAME),
                                   WEIR_TRIGGERS_IN_ALL | WEIR_TRIGGERS_AT(RECV) | WEIR_TRIGGERS_AT(SEND) |
                                       WEIR_TRIGGERS_AT(WAIT),
                                   WEIR_TRIGGERS_AFTER_PEER, WEIR_TRIGGER_BIT(WEIR_TRIGGER_START)};
  enum { KINDS = sizeof kinds / sizeof *kinds };
  uint32_t all = weir_verb_triggers(step->verb), set = 0;
  for (uint32_t kind = weir_chance_below(chance, KINDS); set == 0; kind = (kind + 1) % KINDS) set = all & kinds[kind];
  uint32_t place = weir_chance_below(chance, (uint32_t)__builtin_popcount(set));
  for (; place > 0; place--) set &= set - 1;
  set_trigger(chance, (unsigned)__builtin_ctz(set), step);
}

/* Near what it was, or anything. */
static int32_t draw_number(weir_chance *chance, const weir_argument *argument, int32_t old) {
  if (argument->how == WEIR_ARGUMENT_NONE) return 0;
  if (old == WEIR_NOT_GIVEN) return weir_argument_random(chance, argument);
  int64_t number = old;
  switch (weir_chance_below(chance, 6)) {
  case 0: number++; break;
  case 1: number--; break;
  case 2: number *= 2; break;
  case 3: number /= 2; break;
  default: return weir_argument_random(chance, argument);
  }
  if (number < argument->least) return argument->least;
  return number > argument->most ? argument->most : (int32_t)number;
}

static void draw_arguments(weir_chance *chance, weir_step *step) {
  const weir_verb_info *verb = weir_verb_get(step->verb);
  step->option = verb->option_count > 0 && weir_chance_below(chance, 2) == 0
                     ? (uint8_t)weir_chance_below(chance, verb->option_count)
                     : 0;
  step->a = weir_argument_random(chance, &verb->a);
  step->b = weir_argument_random(chance, &verb->b);
  /* What goes over asyncio's default limit (F12) at once: small numbers never come there. */
  enum { HIGH = 1 << 16 };
  if (step->verb == WEIR_VERB_APP_WRITE && weir_chance_below(chance, 8) == 0)
    step->a = HIGH + 1 + (int32_t)weir_chance_below(chance, 1024);
}

/* ---- What can be done.  False: there is no occasion for it. */
typedef struct mutating {
  weir_scenario *scenario;
  weir_chance *chance;
  uint32_t steps_max;
} mutating;

static weir_step *any_step(const mutating *self) {
  return &self->scenario->steps[weir_chance_below(self->chance, self->scenario->count)];
}

static bool insert_step(mutating *self) {
  if (self->scenario->count >= self->steps_max) return false;
  weir_step step = {.verb = (uint8_t)weir_chance_below(self->chance, WEIR_VERB_COUNT)};
  draw_trigger(self->chance, &step);
  draw_arguments(self->chance, &step);
  if (step.verb == WEIR_VERB_APP_OPEN) step.connection = 1; /* on 0 it does nothing */
  *open_room(self->scenario, weir_chance_below(self->chance, self->scenario->count + 1), 1) = step;
  return true;
}

static bool delete_steps(mutating *self) {
  remove_piece(self->scenario, draw_piece(self->chance, self->scenario->count));
  return true;
}

static bool duplicate_steps(mutating *self) {
  enum { PIECE_MAX = 16 };
  weir_step copy[PIECE_MAX];
  piece drawn = draw_piece(self->chance, self->scenario->count);
  if (drawn.count > PIECE_MAX || self->scenario->count + drawn.count > self->steps_max) return false;
  memcpy(copy, self->scenario->steps + drawn.at, drawn.count * sizeof *copy);
  uint32_t to = weir_chance_below(self->chance, self->scenario->count + 1);
  memcpy(open_room(self->scenario, to, drawn.count), copy, drawn.count * sizeof *copy);
  return true;
}

static bool move_steps(mutating *self) {
  enum { PIECE_MAX = 16 };
  weir_step copy[PIECE_MAX];
  if (self->scenario->count < 2) return false;
  piece drawn = draw_piece(self->chance, self->scenario->count);
  if (drawn.count > PIECE_MAX || drawn.count == self->scenario->count) return false;
  memcpy(copy, self->scenario->steps + drawn.at, drawn.count * sizeof *copy);
  remove_piece(self->scenario, drawn);
  uint32_t to = weir_chance_below(self->chance, self->scenario->count);
  to += to >= drawn.at; /* anywhere but where it was */
  memcpy(open_room(self->scenario, to, drawn.count), copy, drawn.count * sizeof *copy);
  return true;
}

static bool change_verb(mutating *self) {
  weir_step *step = any_step(self);
  uint32_t verb = weir_chance_below(self->chance, WEIR_VERB_COUNT);
  for (uint32_t tried = 0; tried < WEIR_VERB_COUNT; tried++, verb = (verb + 1) % WEIR_VERB_COUNT) {
    if (verb == step->verb || !weir_verb_fits(verb, step->when, step->event)) continue;
    step->verb = (uint8_t)verb;
    draw_arguments(self->chance, step);
    return true;
  }
  return false;
}

static bool change_trigger(mutating *self) {
  draw_trigger(self->chance, any_step(self));
  return true;
}

static bool change_range(mutating *self) {
  weir_step *step = any_step(self);
  if (!weir_when_counts(step->when)) return false;
  draw_range(self->chance, step);
  return true;
}

static bool change_option(mutating *self) {
  weir_step *step = any_step(self);
  unsigned count = weir_verb_get(step->verb)->option_count;
  if (count < 2) return false;
  step->option = (uint8_t)((step->option + 1 + weir_chance_below(self->chance, count - 1)) % count);
  return true;
}

static bool change_number(mutating *self) {
  weir_step *step = any_step(self);
  const weir_verb_info *verb = weir_verb_get(step->verb);
  if (verb->a.how == WEIR_ARGUMENT_NONE) return false;
  if (verb->b.how != WEIR_ARGUMENT_NONE && weir_chance_below(self->chance, 2) == 0)
    step->b = draw_number(self->chance, &verb->b, step->b);
  else
    step->a = draw_number(self->chance, &verb->a, step->a);
  return true;
}

static bool opens_another(const weir_scenario *scenario) {
  for (uint32_t i = 0; i < scenario->count; i++)
    if (scenario->steps[i].verb == WEIR_VERB_APP_OPEN && scenario->steps[i].connection != 0) return true;
  return false;
}

/* Where there is one connection, all that is not about it is in vain. */
static bool change_place(mutating *self) {
  if (!opens_another(self->scenario)) return false;
  weir_step *step = any_step(self);
  if (weir_chance_below(self->chance, 3) > 0) {
    *step = weir_step_at(*step, weir_chance_below(self->chance, WEIR_PLACES));
  } else {
    step->connection = step->verb == WEIR_VERB_APP_OPEN ? 1 : 0;
    step->of = 0;
  }
  return true;
}

weir_mutation weir_scenario_mutate(weir_scenario *scenario, weir_chance *chance, uint32_t steps_max) {
  static bool (*const ways[WEIR_MUTATION_COUNT])(mutating * self) = {
      [WEIR_MUTATION_INSERT] = insert_step,        [WEIR_MUTATION_DELETE] = delete_steps,
      [WEIR_MUTATION_DUPLICATE] = duplicate_steps, [WEIR_MUTATION_MOVE] = move_steps,
      [WEIR_MUTATION_VERB] = change_verb,          [WEIR_MUTATION_TRIGGER] = change_trigger,
      [WEIR_MUTATION_RANGE] = change_range,        [WEIR_MUTATION_OPTION] = change_option,
      [WEIR_MUTATION_NUMBER] = change_number,      [WEIR_MUTATION_PLACE] = change_place};
  enum { TRIES = 16 };
  mutating self = {.scenario = scenario, .chance = chance, .steps_max = steps_max};
  if (self.steps_max > WEIR_STEPS_MAX) self.steps_max = WEIR_STEPS_MAX;
  assert(steps_max > 0);
  weir_mutation done = WEIR_MUTATION_INSERT;
  for (unsigned tries = 0;; tries++) {
    /* A new step as often as not: without it there is nothing to change. */
    uint32_t way =
        weir_chance_below(chance, 3) == 0 ? WEIR_MUTATION_INSERT : weir_chance_below(chance, WEIR_MUTATION_COUNT);
    if (tries == TRIES) way = scenario->count < self.steps_max ? WEIR_MUTATION_INSERT : WEIR_MUTATION_DELETE;
    if (scenario->count == 0) way = WEIR_MUTATION_INSERT;
    done = (weir_mutation)way;
    if (ways[way](&self)) break;
  }
  weir_scenario_repair(scenario);
  assert(weir_scenario_valid(scenario));
  return done;
}

void weir_scenario_splice(weir_scenario *scenario, const weir_scenario *other, weir_chance *chance,
                          uint32_t steps_max) {
  if (steps_max > WEIR_STEPS_MAX) steps_max = WEIR_STEPS_MAX;
  if (other->count == 0) return;
  uint32_t from = weir_chance_below(chance, other->count), count = 1 + weir_chance_below(chance, other->count - from);
  uint32_t at = weir_chance_below(chance, scenario->count + 1);
  if (weir_chance_below(chance, 2) == 0) {
    uint32_t gone = weir_chance_below(chance, scenario->count - at + 1);
    remove_piece(scenario, (piece){.at = at, .count = gone});
  }
  uint32_t room = scenario->count < steps_max ? steps_max - scenario->count : 0;
  if (count > room) count = room;
  if (count > 0) memcpy(open_room(scenario, at, count), other->steps + from, count * sizeof *other->steps);
  weir_scenario_repair(scenario);
  assert(weir_scenario_valid(scenario));
}
