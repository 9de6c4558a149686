/* Work, counted in instructions: the processor stops after each one, and a
 * signal handler counts.  No clock, no other hardware than every x86-64 has, and
 * the same number every time.  About a microsecond an instruction: for short
 * streams only. */
#ifndef WEIR_PROTOCOL_STEPS_H
#define WEIR_PROTOCOL_STEPS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

enum { WEIR_STEPS_STACK = 65536 };

/* What the handler works on stands at the bottom of its own stack, where it
 * finds it without anything global. */
typedef struct weir_steps {
  volatile uint64_t count;
  volatile uint64_t most;  /* counting ends there */
  volatile uint64_t *beat; /* not NULL: counted up now and then, for who waits */
  stack_t old_stack;
  struct sigaction old_action;
} weir_steps;

/* NULL: instructions cannot be counted here. */
weir_steps *weir_steps_new(void);
void weir_steps_free(weir_steps *steps);
/* Counts what comes between the two.  steps may be NULL. */
void weir_steps_on(weir_steps *steps);
void weir_steps_off(weir_steps *steps);

#endif
