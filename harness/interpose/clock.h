/* Virtual time: the monotonic clocks as the program sees them.
 *
 * They stand still, but for the steps of the scenario and the waits that ran
 * out (SIMULATION.md: the turn rule), so that a timeout is the same number in
 * every run.  What the program really slept, in waits that have nothing to do
 * with the simulation, is added: a deadline of its own still comes.  Deadlines
 * that libc takes as a point in time are translated. */
#ifndef WEIR_INTERPOSE_CLOCK_H
#define WEIR_INTERPOSE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "interpose/front.h"

#define WEIR_NANOSECONDS_MS INT64_C(1000000)
#define WEIR_NANOSECONDS_S  INT64_C(1000000000)

/* Every run begins at the same point: timers are floating-point sums in most
 * programs, and would round differently elsewhere. */
void weir_clock_restart(weir_front *front);
/* Where virtual time begins: a power of two, far from any real time of day. */
#define WEIR_CLOCK_ANCHOR (INT64_C(1048576) * WEIR_NANOSECONDS_S)
/* The monotonic clock as the program sees it, in nanoseconds. */
int64_t weir_clock_virtual(void);
/* The real monotonic clock, in nanoseconds. */
int64_t weir_clock_real(void);
/* A wait outside the simulation took from `since` (weir_clock_real) till now. */
void weir_clock_slept(int64_t since);

/* Milliseconds, rounded up; -1 for NULL. */
int64_t weir_clock_milliseconds(const struct timespec *time);

#endif
