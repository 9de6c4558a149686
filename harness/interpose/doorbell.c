#include "interpose/doorbell.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>

#include "interpose/real.h"

enum { BELL_LEAST = 900 }; /* so that the program's own numbers do not shift */

/* What the bell's event is known by: no program has data of this value. */
static uint64_t data_of_bell(void) {
  return (uint64_t)(uintptr_t)&weir_the_front.bell;
}

/* It is rung once and for all: a set has it only as long as somebody is to be woken. */
static bool make_bell(weir_front *front) {
  if (front->bell >= 0) return true;
  int made = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
  if (made < 0) return false;
  front->bell = weir_real()->fcntl(made, F_DUPFD_CLOEXEC, BELL_LEAST);
  if (front->bell < 0) front->bell = made;
  if (front->bell != made) (void)weir_real()->close(made);
  return true;
}

void weir_doorbell_ring(weir_front *front, int epoll) {
  weir_object *set = weir_front_object(front, epoll);
  set->changes++;
  if (set->asleep == 0 || set->rung || !make_bell(front)) return;
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = data_of_bell()};
  set->rung = weir_real()->epoll_ctl(epoll, EPOLL_CTL_ADD, front->bell, &event) == 0;
}

/* False: something has come into the set since it was looked at. */
static bool lie_down(const weir_sleep *sleep) {
  weir_front *front = weir_front_lock();
  weir_object *set = weir_front_object(front, sleep->epoll);
  const bool same = set->changes == sleep->changes;
  if (same) set->asleep++;
  weir_front_unlock(front);
  return same;
}

/* Takes the bell's event out; the last to wake takes the bell down. */
static int get_up(int epoll, struct epoll_event *events, int count, bool *rung) {
  weir_front *front = weir_front_lock();
  weir_object *set = weir_front_object(front, epoll);
  if (set->asleep > 0) set->asleep--;
  *rung = set->rung;
  if (set->rung && set->asleep == 0) set->rung = weir_real()->epoll_ctl(epoll, EPOLL_CTL_DEL, front->bell, NULL) != 0;
  int kept = 0;
  for (int i = 0; i < count; i++)
    if (events[i].data.u64 != data_of_bell()) events[kept++] = events[i];
  weir_front_unlock(front);
  return count < 0 ? count : kept;
}

int weir_doorbell_wait(weir_sleep *sleep, struct epoll_event *events, int most, int milliseconds,
                       const struct timespec *timeout) {
  const bool known = weir_front_knows(sleep->epoll) && (milliseconds != 0 || timeout != NULL);
  sleep->rung = known && !lie_down(sleep);
  if (sleep->rung) return 0;
  int count = timeout != NULL ? weir_real()->epoll_pwait2(sleep->epoll, events, most, timeout, sleep->mask)
                              : weir_real()->epoll_pwait(sleep->epoll, events, most, milliseconds, sleep->mask);
  const int error = errno;
  if (known) count = get_up(sleep->epoll, events, count, &sleep->rung);
  errno = error;
  return count;
}
