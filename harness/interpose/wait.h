/* The turn rule (SIMULATION.md), whatever the program waits with.
 *
 * The kernel is asked for the program's other descriptors without waiting, and
 * what the simulation has ready is added.  Only where nothing is ready and the
 * program is willing to block does somebody take a turn.  When no step is left
 * the wait runs out in virtual time; without a timeout the run is over. */
#ifndef WEIR_INTERPOSE_WAIT_H
#define WEIR_INTERPOSE_WAIT_H

#include "interpose/interest.h"

/* Fills in the program's events: what is shown, and what the kernel has ready
 * within `milliseconds` (0 where something is shown).  WEIR_LOOK_OURS: the kernel
 * was asked a moment ago in this very wait, and need not be.  Their number, or
 * -1 with errno. */
enum { WEIR_LOOK_OURS = -2 };
typedef int weir_look_fn(void *context, weir_shown shown, int milliseconds);

typedef struct weir_wait {
  weir_wanted wanted;
  bool polled;          /* poll, select: what is wanted is told anew with each wait */
  int64_t milliseconds; /* -1: for ever */
  weir_look_fn *look;
  void *context;
} weir_wait;

/* As the system call: the number of events, 0 at the timeout, -1 with errno. */
int weir_wait_run(const weir_wait *wait);
/* The program's wait was refused outright (select on a closed descriptor): it
 * counts all the same, since a program may try for ever. */
void weir_wait_refused(void);

#endif
