/* Generated scenarios, each run three times on a target: twice in one process,
 * once in another.  The traces must be the same, byte for byte.
 *
 *   repeat_scenarios TARGET [COUNT [SEED]]
 *
 * Exit status: 0 all came alike, 1 one did not (the first event that differs is
 * printed, on both sides), 2 usage or a broken harness, 77 the target is not here. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/random.h"
#include "targets/target.h"
#include "trace/codec.h"

enum {
  STEPS_MAX = 24,
  BYTES_MAX = 4096,  /* of one step: byte by byte a megabyte would be slow, and shows nothing more */
  TIMES_MAX = 16,    /* of a step after an event: a peer that answers every recv with more never ends */
  PATIENCE = 100000, /* milliseconds: the clock must not decide how a run ends */
  TEXT_MAX = 512,
  BEFORE = 6, /* events that are shown before the one that differs */
  DIFFERS = 1,
  BROKEN = 2,
  NOT_HERE = 77
};

typedef struct repeat {
  const char *target;
  weir_runner *one, *other;
  weir_scenario scenario;
  weir_record *first;
  uint32_t first_count, first_room;
  uint64_t events;
} repeat;

static void clamp(weir_step *step) {
  const bool sends = step->verb == WEIR_VERB_PEER_SEND, writes = step->verb == WEIR_VERB_APP_WRITE;
  const bool elements = step->verb == WEIR_VERB_APP_WRITELINES;
  if ((sends || writes) && step->a > BYTES_MAX) step->a = BYTES_MAX;
  if (elements && step->b > BYTES_MAX) step->b = BYTES_MAX;
  if (step->when == WEIR_WHEN_AFTER && step->last - step->first > TIMES_MAX)
    step->last = (uint16_t)(step->first + TIMES_MAX);
}

static int broken(const weir_problem *problem) {
  (void)fprintf(stderr, "repeat_scenarios: %s\n", problem->text);
  return BROKEN;
}

static int keep_first(repeat *self, const weir_run *run) {
  if (run->count > self->first_room) {
    weir_record *larger = realloc(self->first, run->count * sizeof *larger);
    if (larger == NULL) return BROKEN;
    self->first = larger;
    self->first_room = run->count;
  }
  if (run->count > 0) memcpy(self->first, run->records, run->count * sizeof *run->records);
  self->first_count = run->count;
  self->events += run->count;
  return 0;
}

static void say_event(const char *side, const weir_record *records, uint32_t count, uint32_t event) {
  char text[TEXT_MAX] = "nothing: the trace has ended";
  if (event < count) (void)weir_trace_print(&records[event], 0, text, sizeof text);
  (void)printf("%s event %" PRIu32 ": %s\n", side, event, text);
}

/* 0 where the run is as the first was. */
static int compare(const repeat *self, const weir_run *run, const char *what, uint64_t seed) {
  uint32_t least = run->count < self->first_count ? run->count : self->first_count;
  uint32_t event = 0;
  while (event < least && memcmp(&self->first[event], &run->records[event], sizeof *run->records) == 0) event++;
  if (event == run->count && event == self->first_count) return 0;
  static char text[WEIR_TEXT_MAX];
  (void)weir_scenario_print(&self->scenario, NULL, text, sizeof text);
  (void)printf("%s: seed %" PRIu64 " gives another trace %s; they differ at event %" PRIu32 "\n\n", self->target, seed,
               what, event);
  for (uint32_t before = event > BEFORE ? event - BEFORE : 0; before < event; before++)
    say_event("both  ", self->first, self->first_count, before);
  say_event("first ", self->first, self->first_count, event);
  say_event("second", run->records, run->count, event);
  (void)printf("\n%s", text);
  return DIFFERS;
}

static int run_seed(repeat *self, uint64_t seed) {
  weir_problem problem = {.text = ""};
  weir_run run;
  weir_scenario_random(&self->scenario, seed, STEPS_MAX);
  for (uint32_t step = 0; step < self->scenario.count; step++) clamp(&self->scenario.steps[step]);
  if (weir_runner_run(self->one, &self->scenario, &run, &problem) != WEIR_OK) return broken(&problem);
  if (keep_first(self, &run) != 0) return BROKEN;
  if (weir_runner_run(self->one, &self->scenario, &run, &problem) != WEIR_OK) return broken(&problem);
  int status = compare(self, &run, "the second time", seed);
  if (status != 0) return status;
  if (weir_runner_run(self->other, &self->scenario, &run, &problem) != WEIR_OK) return broken(&problem);
  return compare(self, &run, "in another process", seed);
}

static int run_seeds(repeat *self, uint64_t count, uint64_t seed) {
  int status = 0;
  for (uint64_t end = seed + count; seed < end && status == 0; seed++) status = run_seed(self, seed);
  if (status == 0)
    (void)printf("%s: %" PRIu64 " scenarios, %" PRIu64 " events, three times the same\n", self->target, count,
                 self->events);
  return status;
}

int main(int argc, char **argv) {
  static repeat self;
  if (argc < 2 || argc > 4) {
    (void)fprintf(stderr, "usage: repeat_scenarios TARGET [COUNT [SEED]]\n");
    return BROKEN;
  }
  self.target = argv[1];
  uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000;
  uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
  weir_problem problem = {.text = ""};
  const weir_runner_options options = {.spin_ms = PATIENCE, .hang_ms = PATIENCE};
  weir_status status = weir_runner_open(self.target, &options, &self.one, &problem);
  if (status == WEIR_OK) status = weir_runner_open(self.target, &options, &self.other, &problem);
  int exit_status = status == WEIR_OK ? run_seeds(&self, count, seed) : broken(&problem);
  weir_runner_close(self.one);
  weir_runner_close(self.other);
  free(self.first);
  return status == WEIR_UNAVAILABLE ? NOT_HERE : exit_status;
}
