/* Records in memory: through the machine alone, and through all rules. */
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/measure.h"
#include "bench/samples.h"
#include "spec/machine.h"
#include "weir/validator.h"

typedef struct judging {
  weir_bench_traces traces;
  weir_machine machine;
  uint8_t table[WEIR_STATE_COUNT][WEIR_EVENT_COUNT]; /* of the naive loop */
  weir_validator *validator;
} judging;

/* What anybody would write who knows only D6, and one connection. */
static void naive(void *context) {
  const judging *self = context;
  unsigned state = WEIR_STATE_START;
  for (size_t i = 0; i < self->traces.count; i++) {
    const weir_record *record = &self->traces.records[i];
    if (record->flags & WEIR_FLAG_BEGIN) state = self->table[state][record->event];
  }
  weir_bench_keep(&state);
}

static void machine_alone(void *context) {
  judging *self = context;
  weir_machine_states states;
  weir_machine_start(&states);
  size_t good = weir_machine_walk(&self->machine, &states, self->traces.records, self->traces.count);
  if (good != self->traces.count) weir_bench_fail("the machine refuses a trace of the reference");
}

/* Trace by trace, as they come. */
static void all_rules(void *context) {
  judging *self = context;
  size_t broken = 0;
  for (size_t at = 0; at < self->traces.count;) {
    size_t end = at;
    while (self->traces.records[end].event != WEIR_EVENT_END) end++;
    weir_validator_reset(self->validator);
    weir_validator_feed(self->validator, self->traces.records + at, end + 1 - at);
    if (weir_validator_finish(self->validator, NULL) != WEIR_JUDGED) weir_bench_fail("a trace cannot be judged");
    size_t count;
    (void)weir_validator_findings(self->validator, &count);
    broken += count;
    at = end + 1;
  }
  weir_bench_keep(&broken);
}

static double rate(weir_bench_work *work, judging *self) {
  return (double)self->traces.count / weir_bench_time(work, self) * 1e-6;
}

void weir_bench_judging(void) {
  judging self = {.validator = weir_validator_init(weir_bench_memory(weir_validator_size()))};
  weir_machine_make(&self.machine);
  for (unsigned state = 0; state < WEIR_STATE_COUNT; state++)
    for (unsigned event = 0; event < WEIR_EVENT_COUNT; event++)
      self.table[state][event] = (uint8_t)weir_machine_next((weir_state)state, event);
  weir_bench_traces mixed = weir_bench_mixed();
  self.traces = weir_bench_reading();
  weir_bench_head("binary traces in memory", "million records/s", "a naive table loop");
  double ceiling = rate(naive, &self);
  double alone = rate(machine_alone, &self);
  weir_bench_say(&(weir_bench_figure){.name = "the machine alone", .value = alone, .ceiling = ceiling, .goal = 400});
  double rules = rate(all_rules, &self);
  weir_bench_say(
      &(weir_bench_figure){.name = "all rules, read cycles", .value = rules, .ceiling = ceiling, .goal = 100});
  free(self.traces.records);
  self.traces = mixed;
  ceiling = rate(naive, &self);
  rules = rate(all_rules, &self);
  weir_bench_say(&(weir_bench_figure){.name = "all rules, random scenarios", .value = rules, .ceiling = ceiling});
  free(self.traces.records);
  free(self.validator);
}
