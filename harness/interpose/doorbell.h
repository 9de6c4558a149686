/* A thread that blocks in the kernel with an epoll set knows nothing of what is
 * added to the set behind the kernel's back: a descriptor of the kernel's that
 * is always readable wakes it. */
#ifndef WEIR_INTERPOSE_DOORBELL_H
#define WEIR_INTERPOSE_DOORBELL_H

#include <sys/epoll.h>

#include "interpose/front.h"

typedef struct weir_sleep {
  int epoll;
  const sigset_t *mask;
  uint32_t changes; /* of the set (weir_object), when it was last looked at */
  bool rung;        /* afterwards: it was woken to look at the set again, which is no event */
} weir_sleep;

/* As the system call, for a wait that may block: `timeout`, or where that is NULL, milliseconds. */
int weir_doorbell_wait(weir_sleep *sleep, struct epoll_event *events, int most, int milliseconds,
                       const struct timespec *timeout);
/* The set watches something more of ours.  Called with the lock. */
void weir_doorbell_ring(weir_front *front, int epoll);

#endif
