#include "engine/ladder.h"

#include <assert.h>

typedef struct ladder {
  const weir_step *step;
  weir_step *rungs;
  unsigned count;
} ladder;

static void add(ladder *self, weir_step rung) {
  assert(self->count < WEIR_LADDER_MAX);
  /* An error that only sending knows stays at `send`; parts are an idle step's. */
  if (weir_step_valid(&rung, NULL) || rung.when == WEIR_WHEN_SAME) self->rungs[self->count++] = rung;
}

/* ---- Triggers */

static void add_triggers(ladder *self) {
  weir_step rung = *self->step;
  if (rung.when != WEIR_WHEN_SAME && rung.when != WEIR_WHEN_AFTER && rung.when != WEIR_WHEN_IN) return;
  rung.when = WEIR_WHEN_IDLE;
  rung.event = 0;
  rung.first = rung.last = 0;
  add(self, rung);
}

static void add_range(ladder *self, unsigned first, unsigned last) {
  weir_step rung = *self->step;
  rung.first = (uint16_t)first;
  rung.last = (uint16_t)last;
  add(self, rung);
}

static void add_narrower(ladder *self) {
  enum { WIDTH_TRIED_MAX = 16 };
  unsigned first = self->step->first, last = self->step->last;
  add_range(self, first, first);
  if (last == WEIR_NTH_OPEN) {
    for (unsigned width = 2; width <= WIDTH_TRIED_MAX && first + width - 1 <= WEIR_NTH_MAX; width *= 2)
      add_range(self, first, first + width - 1);
    return;
  }
  add_range(self, last, last);
  for (unsigned less = (last - first) / 2; less > 0; less /= 2) add_range(self, first, last - less);
}

/* The whole range goes down, as wide as it is. */
static void add_earlier(ladder *self) {
  unsigned first = self->step->first, last = self->step->last;
  bool open = last == WEIR_NTH_OPEN;
  for (unsigned less = first - 1; less > 0; less /= 2) add_range(self, first - less, open ? last : last - less);
}

static void add_ranges(ladder *self) {
  if (self->step->first == 0) return;
  if (self->step->last > self->step->first) add_narrower(self);
  add_earlier(self);
}

/* ---- Options */

static void add_options(ladder *self) {
  for (unsigned option = 0; option < self->step->option; option++) {
    weir_step rung = *self->step;
    rung.option = (uint8_t)option;
    add(self, rung);
  }
}

/* ---- Numbers */

static int32_t *number_of(weir_step *step, bool second) {
  return second ? &step->b : &step->a;
}

static void add_number(ladder *self, bool second, int32_t number) {
  weir_step rung = *self->step;
  *number_of(&rung, second) = number;
  add(self, rung);
}

static void add_numbers(ladder *self, const weir_argument *argument, bool second) {
  weir_step step = *self->step;
  int32_t number = *number_of(&step, second);
  if (argument->how == WEIR_ARGUMENT_NONE || number == WEIR_NOT_GIVEN) return;
  if (argument->how == WEIR_ARGUMENT_MAYBE) add_number(self, second, WEIR_NOT_GIVEN);
  /* What is below nothing at all is there to be refused: anything else is simpler. */
  int32_t least = argument->least > 0 ? argument->least : 0;
  if (number < least) add_number(self, second, least);
  for (int32_t less = number - least; less > 0; less /= 2) add_number(self, second, number - less);
}

unsigned weir_ladder_below(const weir_step *step, weir_step rungs[WEIR_LADDER_MAX]) {
  const weir_verb_info *verb = weir_verb_get(step->verb);
  assert(verb != NULL);
  ladder self = {.step = step, .rungs = rungs};
  add_triggers(&self);
  add_ranges(&self);
  add_options(&self);
  add_numbers(&self, &verb->a, false);
  add_numbers(&self, &verb->b, true);
  return self.count;
}
