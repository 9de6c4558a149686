/* Work, counted in instructions: the processor stops after each one, and a
 * signal handler counts.  No clock, no hardware but what every x86-64 has, and
 * the same number every time.  It takes microseconds an instruction, so that
 * only samples of a run are counted: some of its ticks, which are its reads or
 * its observations. */
#ifndef WEIR_PROTOCOL_STEPS_H
#define WEIR_PROTOCOL_STEPS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WEIR_STEPS_STACK = 65536, WEIR_STEPS_RANGES = 24 };

/* What the handler works on stands at the bottom of its own stack, where it
 * finds it without anything global. */
typedef struct weir_steps {
  uint64_t tick;                             /* kept by whoever drives */
  bool by_observations;                      /* else by reads */
  uint64_t first[WEIR_STEPS_RANGES], length; /* ticks that are counted */
  unsigned ranges;
  volatile uint64_t work[WEIR_STEPS_RANGES]; /* instructions in each range */
  volatile uint64_t count, most;             /* in all; counting ends at the latter */
  volatile uint64_t *beat;                   /* not NULL: counted up now and then, for who waits */
  unsigned now;
  stack_t old_stack;
  struct sigaction old_action;
} weir_steps;

/* NULL: instructions cannot be counted here. */
weir_steps *weir_steps_new(void);
void weir_steps_free(weir_steps *steps);
/* Before a run: nothing has been counted. */
void weir_steps_clear(weir_steps *steps);
/* Counts what comes between the two, where the tick is in a range.  steps may be NULL. */
void weir_steps_on(weir_steps *steps);
void weir_steps_off(weir_steps *steps);
/* Adds to what is counted now. */
void weir_steps_add(weir_steps *steps, uint64_t work);

#endif
