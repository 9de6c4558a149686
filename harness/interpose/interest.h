/* What of the simulation an epoll instance watches.  The kernel's own set knows
 * nothing of it; the rest of the set is the kernel's. */
#ifndef WEIR_INTERPOSE_INTEREST_H
#define WEIR_INTERPOSE_INTEREST_H

#include <sys/epoll.h>

#include "interpose/front.h"

/* epoll_ctl(2) for a simulated descriptor: 0 or -errno. */
int weir_interest_control(weir_front *front, int epoll, int operation, int descriptor, const struct epoll_event *event);
/* The object is gone: no set watches it any longer. */
void weir_interest_forget(weir_front *front, unsigned object);
/* What the simulation shows at one look. */
typedef struct weir_shown {
  uint8_t ready[WEIR_CONNECTIONS]; /* each connection: WEIR_POLL_..., not masked */
  bool calls;                      /* the control descriptor is readable */
  bool arrival;                    /* a connection can be accepted */
  bool timers;                     /* a timer has come: the kernel shows it */
} weir_shown;
/* ... of one of our descriptors: WEIR_POLL_... */
unsigned weir_interest_shown(const weir_front *front, const weir_object *object, weir_shown shown);

/* Tells the simulation what the connections are watched for, by all sets together. */
void weir_interest_apply(weir_front *front);

/* What a set waits for. */
typedef struct weir_wanted {
  uint8_t interest[WEIR_CONNECTIONS]; /* in each connection: WEIR_POLL_IN | WEIR_POLL_OUT */
  bool control, listener;
} weir_wanted;
/* Adds what one of our descriptors is watched for: WEIR_POLL_... */
void weir_interest_want(const weir_front *front, const weir_object *object, unsigned interest, weir_wanted *wanted);
void weir_interest_add(const weir_front *front, const weir_object *set, weir_wanted *wanted);

/* Writes the events that are to be reported, in order of registration, at most
 * `most`, and marks them as reported. */
int weir_interest_report(weir_front *front, weir_object *set, weir_shown shown, struct epoll_event *events, int most);

/* Between epoll's words, poll's (the same numbers) and the simulation's. */
unsigned weir_interest_from_poll(unsigned events);
unsigned weir_interest_to_poll(unsigned ready, unsigned events);

#endif
