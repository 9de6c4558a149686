/* Descriptors that stand for something simulated.
 *
 * Behind each is a placeholder, a real socket (or pipe) that no byte goes through, so
 * that whatever is asked of it beside reading, writing and readiness (fstat,
 * options, flags) is answered by the kernel.  Closing the connection's own
 * placeholder is virtual: it is parked, and the next run has the same number
 * (SIMULATION.md: traps). */
#ifndef WEIR_INTERPOSE_DESCRIPTORS_H
#define WEIR_INTERPOSE_DESCRIPTORS_H

#include "interpose/front.h"

/* Makes what the next run needs: the connection's descriptor and the control
 * descriptor.  A connection that the run before left open stays with it.
 * False, with errno: no descriptor is to be had. */
bool weir_descriptors_renew(weir_front *front);

/* A new descriptor stands for a new epoll instance. */
void weir_descriptors_add_epoll(weir_front *front, int descriptor);
/* `made` is a duplicate of `original`. */
void weir_descriptors_alias(weir_front *front, int original, int made);
/* The program closes a descriptor of ours.  *real: it is to be closed in the
 * kernel as well.  0 or -errno. */
int weir_descriptors_close(weir_front *front, int descriptor, bool *real);
/* The kernel is about to put another file behind a descriptor of ours (dup2). */
void weir_descriptors_replace(weir_front *front, int descriptor);

#endif
