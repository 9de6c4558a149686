/* select and pselect.  The kernel looks at copies of the sets that our
 * descriptors are taken out of. */
#include <errno.h>

#include "interpose/clock.h"
#include "interpose/real.h"
#include "interpose/timers.h"
#include "interpose/wait.h"

typedef struct select_sets {
  fd_set in, out, except;
} select_sets;

typedef struct select_call {
  int count;
  fd_set *in, *out, *except; /* the program's, where the result goes; may be NULL */
  select_sets asked;
  const sigset_t *mask;
} select_call;

static bool is_simulated(weir_front *front, int descriptor) {
  return weir_object_is_simulated(weir_front_object(front, descriptor));
}

/* As the kernel maps poll's words to the sets. */
static unsigned state_of(weir_front *front, int descriptor, weir_shown shown) {
  unsigned ready = weir_interest_shown(front, weir_front_object(front, descriptor), shown);
  return ((ready & (WEIR_POLL_IN | WEIR_POLL_HUP | WEIR_POLL_ERR)) ? WEIR_POLL_IN : 0u) |
         ((ready & (WEIR_POLL_OUT | WEIR_POLL_ERR)) ? WEIR_POLL_OUT : 0u);
}

/* Takes ours out of the copies, and keeps in `ours` what they show. */
static int split(const select_call *call, weir_shown shown, select_sets *rest, select_sets *ours) {
  int count = 0;
  *rest = call->asked;
  *ours = (select_sets){0};
  weir_front *front = weir_front_lock();
  for (int descriptor = 0; descriptor < call->count; descriptor++) {
    if (!is_simulated(front, descriptor)) continue;
    unsigned state = state_of(front, descriptor, shown);
    if (FD_ISSET(descriptor, &rest->in) && (state & WEIR_POLL_IN)) {
      FD_SET(descriptor, &ours->in);
      count++;
    }
    if (FD_ISSET(descriptor, &rest->out) && (state & WEIR_POLL_OUT)) {
      FD_SET(descriptor, &ours->out);
      count++;
    }
    FD_CLR(descriptor, &rest->in);
    FD_CLR(descriptor, &rest->out);
    FD_CLR(descriptor, &rest->except);
  }
  weir_front_unlock(front);
  return count;
}

/* The program's sets: what the kernel found, and ours. */
static void join(const select_call *call, const select_sets *rest, const select_sets *ours) {
  for (int descriptor = 0; descriptor < call->count; descriptor++) {
    if (call->in != NULL && (FD_ISSET(descriptor, &rest->in) || FD_ISSET(descriptor, &ours->in)))
      FD_SET(descriptor, call->in);
    if (call->out != NULL && (FD_ISSET(descriptor, &rest->out) || FD_ISSET(descriptor, &ours->out)))
      FD_SET(descriptor, call->out);
    if (call->except != NULL && FD_ISSET(descriptor, &rest->except)) FD_SET(descriptor, call->except);
  }
}

static void clear(const select_call *call) {
  if (call->in != NULL) FD_ZERO(call->in);
  if (call->out != NULL) FD_ZERO(call->out);
  if (call->except != NULL) FD_ZERO(call->except);
}

static int look(void *context, weir_shown shown, int milliseconds) {
  const select_call *call = context;
  select_sets rest, ours;
  int count = split(call, shown, &rest, &ours);
  struct timespec timeout = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * WEIR_NANOSECONDS_MS};
  if (count > 0) timeout = (struct timespec){0};
  const bool known = milliseconds == WEIR_LOOK_OURS;
  int others = known ? 0
                     : weir_real()->pselect(call->count, &rest.in, &rest.out, &rest.except,
                                            milliseconds < 0 && count == 0 ? NULL : &timeout, call->mask);
  if (others < 0 && count == 0) return -1;
  if (known || others < 0) rest = (select_sets){0};
  clear(call);
  join(call, &rest, &ours);
  return count + (others > 0 ? others : 0);
}

static bool among(const select_call *call, int descriptor) {
  return FD_ISSET(descriptor, &call->asked.in) || FD_ISSET(descriptor, &call->asked.out) ||
         FD_ISSET(descriptor, &call->asked.except);
}

/* Whether any of ours is among them: 1 or 0, or -EBADF where one is closed. */
static int wants(const select_call *call, weir_wanted *wanted) {
  int any = 0;
  weir_front *front = weir_front_lock();
  for (int descriptor = 0; descriptor < call->count; descriptor++) {
    if (!weir_front_knows(descriptor) || !among(call, descriptor) || !is_simulated(front, descriptor)) continue;
    const weir_object *object = weir_front_object(front, descriptor);
    if (object->kind == WEIR_OBJECT_PARKED) any = -EBADF;
    if (any >= 0) any = 1;
    const unsigned interest = (FD_ISSET(descriptor, &call->asked.in) ? WEIR_POLL_IN : 0u) |
                              (FD_ISSET(descriptor, &call->asked.out) ? WEIR_POLL_OUT : 0u);
    weir_interest_want(front, object, interest, wanted);
  }
  if (any == 0) any = weir_timers_next(front) >= 0;
  weir_front_unlock(front);
  return any;
}

static bool any_known(int count) {
  for (int descriptor = 0; descriptor < count; descriptor++)
    if (weir_front_knows(descriptor)) return true;
  return false;
}

/* True where the wait was the simulation's: *result is what it came to. */
static bool wait_simulated(int count, fd_set *in, fd_set *out, fd_set *except, int64_t milliseconds,
                           const sigset_t *mask, int *result) {
  if (count < 0 || count > FD_SETSIZE || !any_known(count)) return false;
  select_call call = {.count = count, .in = in, .out = out, .except = except, .mask = mask};
  if (in != NULL) call.asked.in = *in;
  if (out != NULL) call.asked.out = *out;
  if (except != NULL) call.asked.except = *except;
  weir_wanted wanted = {0};
  int any = wants(&call, &wanted);
  if (any == 0) return false;
  if (any < 0) {
    weir_wait_refused();
    errno = EBADF;
    *result = -1;
  } else {
    *result = weir_wait_run(
        &(weir_wait){.wanted = wanted, .polled = true, .milliseconds = milliseconds, .look = look, .context = &call});
  }
  return true;
}

WEIR_EXPORT int pselect(int count, fd_set *in, fd_set *out, fd_set *except, const struct timespec *timeout,
                        const sigset_t *mask) {
  int result;
  if (wait_simulated(count, in, out, except, weir_clock_milliseconds(timeout), mask, &result)) return result;
  int64_t since = weir_clock_real();
  result = weir_real()->pselect(count, in, out, except, timeout, mask);
  weir_clock_slept(since);
  return result;
}

WEIR_EXPORT int select(int count, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout) {
  int result;
  int64_t milliseconds = timeout == NULL ? -1 : (int64_t)timeout->tv_sec * 1000 + (timeout->tv_usec + 999) / 1000;
  if (wait_simulated(count, in, out, except, milliseconds, NULL, &result)) {
    if (timeout != NULL && result == 0) *timeout = (struct timeval){0};
    return result;
  }
  int64_t since = weir_clock_real();
  result = weir_real()->select(count, in, out, except, timeout);
  weir_clock_slept(since);
  return result;
}
