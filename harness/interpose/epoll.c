/* epoll: the program's sets are the kernel's, with our descriptors beside them. */
#include <errno.h>
#include <limits.h>

#include "interpose/clock.h"
#include "interpose/descriptors.h"
#include "interpose/doorbell.h"
#include "interpose/real.h"
#include "interpose/timers.h"
#include "interpose/wait.h"

enum { RINGS_MAX = 1000 }; /* of the bell, in one wait */

static int made(int descriptor) {
  if (descriptor < 0) return descriptor;
  int error = errno;
  weir_front *front = weir_front_lock();
  weir_descriptors_add_epoll(front, descriptor);
  weir_front_unlock(front);
  errno = error;
  return descriptor;
}

WEIR_EXPORT int epoll_create(int size) {
  return made(weir_real()->epoll_create(size));
}

WEIR_EXPORT int epoll_create1(int flags) {
  return made(weir_real()->epoll_create1(flags));
}

static bool is_simulated(weir_front *front, int descriptor) {
  return weir_object_is_simulated(weir_front_object(front, descriptor));
}

WEIR_EXPORT int epoll_ctl(int epoll, int operation, int descriptor, struct epoll_event *event) {
  if (!weir_front_knows(descriptor)) return weir_real()->epoll_ctl(epoll, operation, descriptor, event);
  weir_front *front = weir_front_lock();
  bool ours = is_simulated(front, descriptor);
  int result = ours ? weir_interest_control(front, epoll, operation, descriptor, event) : 0;
  weir_front_unlock(front);
  if (!ours) return weir_real()->epoll_ctl(epoll, operation, descriptor, event);
  if (result == 0) return 0;
  errno = -result;
  return -1;
}

/* ---- Waiting ---------------------------------------------------------------- */
typedef struct epoll_wait_call {
  weir_sleep sleep;
  struct epoll_event *events;
  int most;
} epoll_wait_call;

static int look(void *context, weir_shown shown, int milliseconds) {
  epoll_wait_call *call = context;
  weir_front *front = weir_front_lock();
  weir_object *set = weir_front_object(front, call->sleep.epoll);
  int count = weir_interest_report(front, set, shown, call->events, call->most);
  weir_front_unlock(front);
  if (count == call->most || milliseconds == WEIR_LOOK_OURS) return count;
  const int time = count > 0 ? 0 : milliseconds;
  int others = weir_doorbell_wait(&call->sleep, call->events + count, call->most - count, time, NULL);
  if (others < 0) return count > 0 ? count : -1;
  return count + others;
}

/* Whether a set watches anything of ours, and what. */
static bool wants(weir_sleep *sleep, weir_wanted *wanted) {
  if (!weir_front_knows(sleep->epoll)) return false;
  weir_front *front = weir_front_lock();
  const weir_object *set = weir_front_object(front, sleep->epoll);
  sleep->changes = set->changes;
  bool any = set->kind == WEIR_OBJECT_EPOLL && (set->watched_count > 0 || weir_timers_next(front) >= 0);
  *wanted = (weir_wanted){0};
  if (any) weir_interest_add(front, set, wanted);
  weir_front_unlock(front);
  return any;
}

static int wait_simulated(const weir_wanted *wanted, epoll_wait_call *call, int64_t milliseconds) {
  return weir_wait_run(&(weir_wait){
      .wanted = *wanted, .milliseconds = milliseconds < 0 ? -1 : milliseconds, .look = look, .context = call});
}

/* One wait, until it is over or the bell was rung; timeout as for weir_doorbell_wait.
 * A wait with an end may end early, but not wait twice. */
static int wait_once(epoll_wait_call *call, int milliseconds, const struct timespec *timeout) {
  weir_wanted wanted;
  if (call->most > 0 && wants(&call->sleep, &wanted)) {
    int count = wait_simulated(&wanted, call, timeout != NULL ? weir_clock_milliseconds(timeout) : milliseconds);
    if (timeout != NULL || milliseconds >= 0) call->sleep.rung = false;
    return count;
  }
  const int64_t since = weir_clock_real();
  int count = weir_doorbell_wait(&call->sleep, call->events, call->most, milliseconds, timeout);
  if (milliseconds != 0 || timeout != NULL) weir_clock_slept(since);
  return count;
}

/* Who is woken by the bell has waited for nothing yet: the timeout begins anew. */
static int wait_all(epoll_wait_call *call, int milliseconds, const struct timespec *timeout) {
  for (unsigned rings = 0; rings < RINGS_MAX; rings++) {
    int count = wait_once(call, milliseconds, timeout);
    if (count != 0 || !call->sleep.rung) return count;
  }
  return 0;
}

WEIR_EXPORT int epoll_pwait(int epoll, struct epoll_event *events, int most, int milliseconds, const sigset_t *mask) {
  return wait_all(&(epoll_wait_call){.sleep = {.epoll = epoll, .mask = mask}, .events = events, .most = most},
                  milliseconds, NULL);
}

WEIR_EXPORT int epoll_wait(int epoll, struct epoll_event *events, int most, int milliseconds) {
  return epoll_pwait(epoll, events, most, milliseconds, NULL);
}

WEIR_EXPORT int epoll_pwait2(int epoll, struct epoll_event *events, int most, const struct timespec *timeout,
                             const sigset_t *mask) {
  const bool exact = weir_real()->epoll_pwait2 != NULL;
  if (!exact && !weir_front_knows(epoll)) {
    errno = ENOSYS;
    return -1;
  }
  const int64_t milliseconds = weir_clock_milliseconds(timeout);
  return wait_all(&(epoll_wait_call){.sleep = {.epoll = epoll, .mask = mask}, .events = events, .most = most},
                  milliseconds > INT_MAX ? INT_MAX : (int)milliseconds, exact ? timeout : NULL);
}
