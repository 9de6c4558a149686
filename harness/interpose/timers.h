/* timerfd(2) on virtual time.
 *
 * The descriptor is a real one, whose timer stands still in the kernel until
 * virtual time has come to its end; then it is set off there, at once, so that
 * every wait of the program sees it as it sees any of its own descriptors.  How
 * often it has come, and reading it, is answered here.  Outside a run timers are
 * the kernel's. */
#ifndef WEIR_INTERPOSE_TIMERS_H
#define WEIR_INTERPOSE_TIMERS_H

#include <stddef.h>
#include <sys/types.h>

#include "interpose/front.h"

/* Virtual milliseconds until the next timer comes, rounded up; -1: none is set.
 * One that only comes again and again, with nothing in between, is not waited
 * for any longer. */
int64_t weir_timers_next(const weir_front *front);
/* Sets off what has come by now. */
void weir_timers_expire(weir_front *front);
/* Whether any has come that was not read yet. */
bool weir_timers_came(const weir_front *front);
/* A new run begins at the same point of time: what is set keeps its distance, what is
 * periodic begins anew. */
void weir_timers_restart(weir_front *front);
/* read(2).  False: the descriptor is no timer of ours, or it is the kernel's to answer. */
bool weir_timers_read(int descriptor, void *buffer, size_t size, ssize_t *result);

#endif
