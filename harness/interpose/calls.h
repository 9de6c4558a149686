/* The way into an interposed call on a socket. */
#ifndef WEIR_INTERPOSE_CALLS_H
#define WEIR_INTERPOSE_CALLS_H

#include <sys/types.h>

#include "interpose/front.h"

/* Where libc has the call. */
enum { WEIR_PASS_ON = 1 };

/* The locked state where a connection of the run is meant (front->simulation).  NULL otherwise:
 * *result is the answer, or WEIR_PASS_ON.  left_behind: the answer for a
 * connection of an earlier run. */
weir_front *weir_calls_enter(int descriptor, ssize_t *result, int left_behind);
/* What the call returns: result, or -1 with errno. */
ssize_t weir_calls_answer(ssize_t result);

#endif
