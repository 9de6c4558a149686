#include "interpose/clock.h"

#include <errno.h>
#include <unistd.h>

#include "interpose/real.h"
#include "interpose/timers.h"

void weir_clock_restart(weir_front *front) {
  weir_timers_restart(front);
  atomic_store_explicit(&front->clock_slept, 0, memory_order_relaxed);
  weir_front_clock(front);
}

static int64_t from_timespec(const struct timespec *time) {
  return (int64_t)time->tv_sec * WEIR_NANOSECONDS_S + time->tv_nsec;
}

static struct timespec to_timespec(int64_t nanoseconds) {
  return (struct timespec){.tv_sec = (time_t)(nanoseconds / WEIR_NANOSECONDS_S),
                           .tv_nsec = (long)(nanoseconds % WEIR_NANOSECONDS_S)};
}

int64_t weir_clock_real(void) {
  struct timespec now = {0};
  (void)weir_real()->clock_gettime(CLOCK_MONOTONIC, &now);
  return from_timespec(&now);
}

int64_t weir_clock_virtual(void) {
  return WEIR_CLOCK_ANCHOR + atomic_load_explicit(&weir_the_front.clock_run, memory_order_relaxed) +
         atomic_load_explicit(&weir_the_front.clock_slept, memory_order_relaxed);
}

void weir_clock_slept(int64_t since) {
  int64_t slept = weir_clock_real() - since;
  if (slept > 0) (void)atomic_fetch_add_explicit(&weir_the_front.clock_slept, slept, memory_order_relaxed);
}

int64_t weir_clock_milliseconds(const struct timespec *time) {
  if (time == NULL) return -1;
  return (int64_t)time->tv_sec * 1000 + (time->tv_nsec + WEIR_NANOSECONDS_MS - 1) / WEIR_NANOSECONDS_MS;
}

static bool is_virtual(clockid_t clock) {
  if (!weir_the_front.enabled) return false;
  return clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_MONOTONIC_COARSE ||
         clock == CLOCK_BOOTTIME;
}

/* The real point in time of a virtual one. */
static struct timespec translate(const struct timespec *deadline) {
  int64_t left = from_timespec(deadline) - weir_clock_virtual();
  return to_timespec(weir_clock_real() + (left > 0 ? left : 0));
}

WEIR_EXPORT int clock_gettime(clockid_t clock, struct timespec *time) {
  if (!is_virtual(clock)) return weir_real()->clock_gettime(clock, time);
  *time = to_timespec(weir_clock_virtual());
  return 0;
}

WEIR_EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left) {
  if (!is_virtual(clock)) return weir_real()->clock_nanosleep(clock, flags, time, left);
  int64_t since = weir_clock_real();
  struct timespec real = (flags & TIMER_ABSTIME) ? translate(time) : *time;
  int result = weir_real()->clock_nanosleep(CLOCK_MONOTONIC, flags, &real, left);
  weir_clock_slept(since);
  return result;
}

WEIR_EXPORT int nanosleep(const struct timespec *time, struct timespec *left) {
  int error = clock_nanosleep(CLOCK_MONOTONIC, 0, time, left);
  if (error == 0) return 0;
  errno = error;
  return -1;
}

WEIR_EXPORT int usleep(useconds_t microseconds) {
  struct timespec time = to_timespec((int64_t)microseconds * 1000);
  return nanosleep(&time, NULL);
}

WEIR_EXPORT int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *deadline) {
  if (!is_virtual(clock)) return weir_real()->sem_clockwait(semaphore, clock, deadline);
  int64_t since = weir_clock_real();
  struct timespec real = translate(deadline);
  int result = weir_real()->sem_clockwait(semaphore, clock, &real);
  int error = errno;
  if (result != 0 && error == ETIMEDOUT) weir_clock_slept(since);
  errno = error;
  return result;
}

WEIR_EXPORT int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t clock,
                                       const struct timespec *deadline) {
  if (!is_virtual(clock)) return weir_real()->pthread_cond_clockwait(condition, mutex, clock, deadline);
  int64_t since = weir_clock_real();
  struct timespec real = translate(deadline);
  int result = weir_real()->pthread_cond_clockwait(condition, mutex, clock, &real);
  if (result == ETIMEDOUT) weir_clock_slept(since);
  return result;
}

/* Which clock a condition variable goes by is not to be seen from outside; but
 * no time of day is as early as virtual time. */
WEIR_EXPORT int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                       const struct timespec *deadline) {
  bool monotonic = weir_the_front.enabled && from_timespec(deadline) < 100 * WEIR_CLOCK_ANCHOR;
  if (!monotonic) return weir_real()->pthread_cond_timedwait(condition, mutex, deadline);
  int64_t since = weir_clock_real();
  struct timespec real = translate(deadline);
  int result = weir_real()->pthread_cond_timedwait(condition, mutex, &real);
  if (result == ETIMEDOUT) weir_clock_slept(since);
  return result;
}
