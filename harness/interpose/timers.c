#include "interpose/timers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/timerfd.h>

#include "interpose/clock.h"
#include "interpose/descriptors.h"
#include "interpose/real.h"
#include "interpose/wait.h"

enum {
  SET_OFF_MS = 1000, /* the kernel's timer of a nanosecond has come long before */
  PERIODS_MAX = 2    /* of one timer in a row, while nothing else happens */
};

static int64_t from_timespec(const struct timespec *time) {
  return (int64_t)time->tv_sec * WEIR_NANOSECONDS_S + time->tv_nsec;
}

static struct timespec to_timespec(int64_t nanoseconds) {
  return (struct timespec){.tv_sec = (time_t)(nanoseconds / WEIR_NANOSECONDS_S),
                           .tv_nsec = (long)(nanoseconds % WEIR_NANOSECONDS_S)};
}

static bool is_set(const weir_object *object) {
  return object->kind == WEIR_OBJECT_TIMER && object->timer.end != 0;
}

/* ---- Time goes on --------------------------------------------------------------- */
/* Whether a periodic timer is all that still happens. */
static bool is_idle(const weir_front *front, const weir_timer *timer) {
  return timer->interval != 0 && timer->periods >= PERIODS_MAX && timer->periods_at == front->trace.count;
}

int64_t weir_timers_next(const weir_front *front) {
  if (front->timers == 0) return -1;
  int64_t least = -1, now = weir_clock_virtual();
  for (unsigned number = WEIR_OBJECTS_FIXED; number < WEIR_OBJECTS_MAX; number++) {
    const weir_object *object = &front->objects[number];
    if (!is_set(object) || is_idle(front, &object->timer)) continue;
    int64_t left = object->timer.end - now;
    left = left <= 0 ? 0 : (left + WEIR_NANOSECONDS_MS - 1) / WEIR_NANOSECONDS_MS;
    if (least < 0 || left < least) least = left;
  }
  return least;
}

/* The kernel's timer comes at once; it is waited for, so that the next look sees it. */
static void set_off(int descriptor) {
  struct itimerspec soon = {.it_value = {.tv_nsec = 1}};
  struct pollfd polled = {.fd = descriptor, .events = POLLIN};
  const struct timespec most = {.tv_sec = SET_OFF_MS / 1000};
  (void)weir_real()->timerfd_settime(descriptor, 0, &soon, NULL);
  (void)weir_real()->ppoll(&polled, 1, &most, NULL);
}

static void expire(const weir_front *front, weir_object *object, int64_t now) {
  weir_timer *timer = &object->timer;
  int64_t periods = timer->interval == 0 ? 1 : (now - timer->end) / timer->interval + 1;
  timer->expirations += (uint64_t)periods;
  timer->end = timer->interval == 0 ? 0 : timer->end + periods * timer->interval;
  /* The record of the clock's own move is no event. */
  timer->periods = front->trace.count - timer->periods_at <= 1 ? timer->periods + 1 : 1;
  timer->periods_at = front->trace.count;
  set_off(timer->descriptor);
}

void weir_timers_expire(weir_front *front) {
  if (!front->running || front->timers == 0) return;
  int64_t now = weir_clock_virtual();
  for (unsigned number = WEIR_OBJECTS_FIXED; number < WEIR_OBJECTS_MAX; number++)
    if (is_set(&front->objects[number]) && front->objects[number].timer.end <= now)
      expire(front, &front->objects[number], now);
}

bool weir_timers_came(const weir_front *front) {
  if (front->timers == 0) return false;
  for (unsigned number = WEIR_OBJECTS_FIXED; number < WEIR_OBJECTS_MAX; number++)
    if (front->objects[number].kind == WEIR_OBJECT_TIMER && front->objects[number].timer.expirations > 0) return true;
  return false;
}

void weir_timers_restart(weir_front *front) {
  if (front->timers == 0) return;
  int64_t now = weir_clock_virtual();
  for (unsigned number = WEIR_OBJECTS_FIXED; number < WEIR_OBJECTS_MAX; number++) {
    weir_timer *timer = &front->objects[number].timer;
    if (!is_set(&front->objects[number])) continue;
    int64_t left = timer->interval != 0 ? timer->interval : timer->end - now;
    timer->end = WEIR_CLOCK_ANCHOR + (left > 0 ? left : 1);
    timer->periods = 0;
  }
}

/* ---- The calls -------------------------------------------------------------------- */
WEIR_EXPORT int timerfd_create(int clock, int flags) {
  int descriptor = weir_real()->timerfd_create(clock, flags);
  if (descriptor < 0 || !weir_the_front.enabled) return descriptor;
  int error = errno;
  weir_front *front = weir_front_lock();
  weir_descriptors_add_timer(front, descriptor, clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM);
  weir_front_unlock(front);
  errno = error;
  return descriptor;
}

/* The time that is left, as timerfd_gettime tells it. */
static struct itimerspec left_of(const weir_timer *timer) {
  int64_t left = timer->end - weir_clock_virtual();
  return (struct itimerspec){.it_interval = to_timespec(timer->interval),
                             .it_value = to_timespec(timer->end == 0 ? 0
                                                     : left > 0      ? left
                                                                     : 1)};
}

/* The clock that a point in time is meant on, as it shows now. */
static int64_t now_of(const weir_timer *timer) {
  struct timespec now = {0};
  if (!timer->of_day) return weir_clock_virtual();
  (void)weir_real()->clock_gettime(CLOCK_REALTIME, &now);
  return from_timespec(&now);
}

static bool is_valid(const struct timespec *time) {
  return time->tv_sec >= 0 && time->tv_nsec >= 0 && time->tv_nsec < WEIR_NANOSECONDS_S;
}

static void set(weir_timer *timer, int flags, const struct itimerspec *value) {
  int64_t given = from_timespec(&value->it_value);
  if (given != 0 && (flags & TFD_TIMER_ABSTIME)) {
    given -= now_of(timer);
    if (given <= 0) given = 1; /* it has come already */
  }
  timer->end = given == 0 ? 0 : weir_clock_virtual() + given;
  timer->interval = from_timespec(&value->it_interval);
  timer->expirations = 0;
  timer->periods = 0;
}

WEIR_EXPORT int timerfd_settime(int descriptor, int flags, const struct itimerspec *value, struct itimerspec *old) {
  if (!weir_front_knows(descriptor)) return weir_real()->timerfd_settime(descriptor, flags, value, old);
  static const struct itimerspec never;
  weir_front *front = weir_front_lock();
  weir_object *object = weir_front_object(front, descriptor);
  bool ours = object->kind == WEIR_OBJECT_TIMER && front->running;
  int result = 0;
  if (ours && (value == NULL || !is_valid(&value->it_value) || !is_valid(&value->it_interval))) {
    errno = value == NULL ? EFAULT : EINVAL;
    result = -1;
  } else if (ours) {
    if (old != NULL) *old = left_of(&object->timer);
    (void)weir_real()->timerfd_settime(descriptor, 0, &never, NULL); /* forgets what has come */
    set(&object->timer, flags, value);
    weir_timers_expire(front);
  }
  weir_front_unlock(front);
  return ours ? result : weir_real()->timerfd_settime(descriptor, flags, value, old);
}

WEIR_EXPORT int timerfd_gettime(int descriptor, struct itimerspec *value) {
  if (!weir_front_knows(descriptor)) return weir_real()->timerfd_gettime(descriptor, value);
  weir_front *front = weir_front_lock();
  const weir_object *object = weir_front_object(front, descriptor);
  bool ours = object->kind == WEIR_OBJECT_TIMER && front->running;
  if (ours) *value = left_of(&object->timer);
  weir_front_unlock(front);
  return ours ? 0 : weir_real()->timerfd_gettime(descriptor, value);
}

/* ---- Reading ------------------------------------------------------------------------ */
/* What has come since the last read; 0: nothing.  The kernel's is taken with it. */
static uint64_t take(weir_front *front, int descriptor) {
  weir_object *object = weir_front_object(front, descriptor);
  if (object->kind != WEIR_OBJECT_TIMER || object->timer.expirations == 0) return 0;
  uint64_t count = object->timer.expirations, one;
  object->timer.expirations = 0;
  (void)weir_real()->read(descriptor, &one, sizeof one);
  return count;
}

static int look(void *context, weir_shown shown, int milliseconds) {
  struct pollfd polled = {.fd = *(const int *)context, .events = POLLIN};
  struct timespec most = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * WEIR_NANOSECONDS_MS};
  (void)shown;
  if (milliseconds == WEIR_LOOK_OURS) most = (struct timespec){0};
  return weir_real()->ppoll(&polled, 1, milliseconds == -1 ? NULL : &most, NULL);
}

bool weir_timers_read(int descriptor, void *buffer, size_t size, ssize_t *result) {
  weir_front *front = weir_front_lock();
  const weir_object *object = weir_front_object(front, descriptor);
  bool ours = object->kind == WEIR_OBJECT_TIMER && front->running && (is_set(object) || object->timer.expirations > 0);
  uint64_t count = ours && size >= sizeof count ? take(front, descriptor) : 0;
  weir_front_unlock(front);
  if (!ours || size < sizeof count) return false;
  if (count == 0) {
    /* libc's read says EAGAIN, or blocks: then it has come. */
    int flags = weir_real()->fcntl(descriptor, F_GETFL, 0);
    if (flags >= 0 && (flags & O_NONBLOCK)) return false;
    (void)weir_wait_run(&(weir_wait){.milliseconds = -1, .look = look, .context = &descriptor});
    front = weir_front_lock();
    count = take(front, descriptor);
    weir_front_unlock(front);
    if (count == 0) return false;
  }
  memcpy(buffer, &count, sizeof count);
  *result = sizeof count;
  return true;
}
