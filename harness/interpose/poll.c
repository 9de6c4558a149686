/* poll and ppoll.  The kernel looks at a copy in which ours are -1, which it
 * passes over. */
#include <errno.h>
#include <stdlib.h>

#include "interpose/clock.h"
#include "interpose/real.h"
#include "interpose/timers.h"
#include "interpose/wait.h"

typedef struct poll_call {
  struct pollfd *polled;
  struct pollfd *rest; /* the kernel's copy */
  nfds_t count;
  const sigset_t *mask;
} poll_call;

enum { FEW = 64 }; /* descriptors whose copy needs no allocation */

/* What one of our descriptors shows.  Called with the lock. */
static unsigned state_of(weir_front *front, const struct pollfd *polled, weir_shown shown) {
  const weir_object *object = weir_front_object(front, polled->fd);
  if (object->kind == WEIR_OBJECT_PARKED) return POLLNVAL;
  return weir_interest_to_poll(weir_interest_shown(front, object, shown), (unsigned short)polled->events);
}

static bool is_simulated(weir_front *front, int descriptor) {
  return descriptor >= 0 && weir_object_is_simulated(weir_front_object(front, descriptor));
}

/* The kernel's copy without ours; counts what they show. */
static int split(const poll_call *call, weir_shown shown) {
  int count = 0;
  weir_front *front = weir_front_lock();
  for (nfds_t i = 0; i < call->count; i++) {
    call->rest[i] = call->polled[i];
    if (!is_simulated(front, call->polled[i].fd)) continue;
    count += state_of(front, &call->polled[i], shown) != 0;
    call->rest[i].fd = -1;
  }
  weir_front_unlock(front);
  return count;
}

static void join(const poll_call *call, weir_shown shown) {
  weir_front *front = weir_front_lock();
  for (nfds_t i = 0; i < call->count; i++) {
    struct pollfd *polled = &call->polled[i];
    polled->revents = call->rest[i].revents;
    if (is_simulated(front, polled->fd)) polled->revents = (short)state_of(front, polled, shown);
  }
  weir_front_unlock(front);
}

/* Nothing is left that the kernel could be asked about. */
static bool all_ours(const poll_call *call) {
  for (nfds_t i = 0; i < call->count; i++)
    if (call->rest[i].fd >= 0) return false;
  return call->mask == NULL;
}

static int look(void *context, weir_shown shown, int milliseconds) {
  const poll_call *call = context;
  int count = split(call, shown);
  struct timespec timeout = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * WEIR_NANOSECONDS_MS};
  if (count > 0) timeout = (struct timespec){0};
  const bool known = milliseconds == WEIR_LOOK_OURS || (all_ours(call) && (count > 0 || milliseconds == 0));
  int others =
      known ? 0
            : weir_real()->ppoll(call->rest, call->count, milliseconds < 0 && count == 0 ? NULL : &timeout, call->mask);
  if (others < 0 && count == 0) return -1;
  if (known || others < 0)
    for (nfds_t i = 0; i < call->count; i++) call->rest[i].revents = 0;
  join(call, shown);
  return count + (others > 0 ? others : 0);
}

/* Whether any of ours is among them, and what is wanted of the connection. */
static bool wants(const struct pollfd *polled, nfds_t count, weir_wanted *wanted) {
  bool any = false;
  /* A timer that is waited for is known. */
  for (nfds_t i = 0; i < count && !any; i++) any = weir_front_knows(polled[i].fd);
  if (!any) return false;
  any = false;
  *wanted = (weir_wanted){0};
  weir_front *front = weir_front_lock();
  for (nfds_t i = 0; i < count; i++) {
    const weir_object *object = weir_front_object(front, polled[i].fd);
    any = any || is_simulated(front, polled[i].fd);
    weir_interest_want(front, object, weir_interest_from_poll((unsigned short)polled[i].events), wanted);
  }
  any = any || weir_timers_next(front) >= 0;
  weir_front_unlock(front);
  return any;
}

static int wait_simulated(const weir_wanted *wanted, poll_call *call, int64_t milliseconds) {
  struct pollfd few[FEW];
  call->rest = call->count <= FEW ? few : calloc(call->count, sizeof *call->rest);
  if (call->rest == NULL) return -1; /* poll(2) may say ENOMEM */
  int result = weir_wait_run(
      &(weir_wait){.wanted = *wanted, .polled = true, .milliseconds = milliseconds, .look = look, .context = call});
  int error = errno;
  if (call->rest != few) free(call->rest);
  errno = error;
  return result;
}

WEIR_EXPORT int ppoll(struct pollfd *polled, nfds_t count, const struct timespec *timeout, const sigset_t *mask) {
  weir_wanted wanted;
  if (wants(polled, count, &wanted))
    return wait_simulated(&wanted, &(poll_call){.polled = polled, .count = count, .mask = mask},
                          weir_clock_milliseconds(timeout));
  int64_t since = weir_clock_real();
  int result = weir_real()->ppoll(polled, count, timeout, mask);
  weir_clock_slept(since);
  return result;
}

WEIR_EXPORT int poll(struct pollfd *polled, nfds_t count, int milliseconds) {
  struct timespec timeout = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * WEIR_NANOSECONDS_MS};
  return ppoll(polled, count, milliseconds < 0 ? NULL : &timeout, NULL);
}

/* What _FORTIFY_SOURCE makes of them. */
WEIR_EXPORT int __poll_chk(struct pollfd *polled, nfds_t count, int milliseconds, size_t size);
WEIR_EXPORT int __ppoll_chk(struct pollfd *polled, nfds_t count, const struct timespec *timeout, const sigset_t *mask,
                            size_t size);

WEIR_EXPORT int __poll_chk(struct pollfd *polled, nfds_t count, int milliseconds, size_t size) {
  if (size / sizeof *polled < count) abort();
  return poll(polled, count, milliseconds);
}

WEIR_EXPORT int __ppoll_chk(struct pollfd *polled, nfds_t count, const struct timespec *timeout, const sigset_t *mask,
                            size_t size) {
  if (size / sizeof *polled < count) abort();
  return ppoll(polled, count, timeout, mask);
}
