/* Descriptors that stand for something simulated.
 *
 * Behind each is a placeholder, a real socket (or pipe) that no byte goes through, so
 * that whatever is asked of it beside reading, writing and readiness (fstat,
 * options, flags) is answered by the kernel.  Closing a connection's own
 * placeholder is virtual: it is parked, and the next connection has the same
 * number (SIMULATION.md: traps). */
#ifndef WEIR_INTERPOSE_DESCRIPTORS_H
#define WEIR_INTERPOSE_DESCRIPTORS_H

#include "interpose/front.h"

/* Makes what the next run needs: the control descriptor, and the first
 * connection's.  Connections that the run before left open stay with it.  The
 * connection's descriptor, or -1, with errno: none is to be had. */
int weir_descriptors_renew(weir_front *front);
/* The descriptor of a further connection: the lowest that is parked, at once,
 * as the kernel's next is the lowest free one (L10).  -1, with errno: none. */
int weir_descriptors_connect(weir_front *front, unsigned connection);

/* The program's own descriptor stands for the first connection that still has
 * the one it was given, in place of that.  False: there is none. */
bool weir_descriptors_take_connection(weir_front *front, int descriptor);
/* ... or for the control descriptor, beside it.  False: there is no run. */
bool weir_descriptors_take_control(weir_front *front, int descriptor);

/* The descriptor of the first connection that nobody has taken is the program's
 * from now on; -1: there is none. */
int weir_descriptors_accept(weir_front *front);
/* Whether there is one. */
bool weir_descriptors_can_accept(weir_front *front);
/* The program's descriptor listens for them.  False: there is no room. */
bool weir_descriptors_add_listener(weir_front *front, int descriptor);

/* A new descriptor stands for a new epoll instance. */
void weir_descriptors_add_epoll(weir_front *front, int descriptor);
/* ... for a new timer, whose points in time are times of day or not. */
void weir_descriptors_add_timer(weir_front *front, int descriptor, bool of_day);
/* `made` is a duplicate of `original`. */
void weir_descriptors_alias(weir_front *front, int original, int made);
/* The program closes a descriptor of ours.  *real: it is to be closed in the
 * kernel as well.  0 or -errno. */
int weir_descriptors_close(weir_front *front, int descriptor, bool *real);
/* The kernel is about to put another file behind a descriptor of ours (dup2). */
void weir_descriptors_replace(weir_front *front, int descriptor);

#endif
