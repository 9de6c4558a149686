/* The program's other threads. */
#ifndef WEIR_INTERPOSE_THREADS_H
#define WEIR_INTERPOSE_THREADS_H

/* How long the others get, in milliseconds of real time, before the end of a run
 * is believed: 0 where there are none, next to nothing where each of them waits
 * to be told something, else WEIR_SETTLE_MS. */
int weir_threads_settle(void);

#endif
