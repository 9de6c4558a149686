#include "interpose/interest.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>

#include "interpose/doorbell.h"

_Static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR && EPOLLHUP == POLLHUP &&
                   EPOLLRDHUP == POLLRDHUP && EPOLLWRBAND == POLLWRBAND && EPOLLRDNORM == POLLRDNORM &&
                   EPOLLWRNORM == POLLWRNORM,
               "one set of words for epoll and poll");

unsigned weir_interest_from_poll(unsigned events) {
  return ((events & (POLLIN | POLLRDNORM)) ? WEIR_POLL_IN : 0u) |
         ((events & (POLLOUT | POLLWRNORM | POLLWRBAND)) ? WEIR_POLL_OUT : 0u);
}

unsigned weir_interest_to_poll(unsigned ready, unsigned events) {
  unsigned shown = 0;
  if (ready & WEIR_POLL_IN) shown |= POLLIN | POLLRDNORM;
  if (ready & WEIR_POLL_OUT) shown |= POLLOUT | POLLWRNORM;
  if (ready & WEIR_POLL_OUT_BAND) shown |= POLLWRBAND;
  if (ready & WEIR_POLL_RDHUP) shown |= POLLRDHUP;
  shown &= events;
  if (ready & WEIR_POLL_ERR) shown |= POLLERR;
  if (ready & WEIR_POLL_HUP) shown |= POLLHUP;
  return shown;
}

/* ---- The set ---------------------------------------------------------------- */
static weir_watched *find(weir_object *set, int descriptor) {
  for (uint32_t i = 0; i < set->watched_count; i++)
    if (set->watched[i].descriptor == descriptor) return &set->watched[i];
  return NULL;
}

static void erase(weir_object *set, weir_watched *watched) {
  weir_watched *last = &set->watched[--set->watched_count];
  for (; watched < last; watched++) *watched = watched[1];
}

static int change(weir_front *front, weir_object *set, int operation, int descriptor, const struct epoll_event *event) {
  weir_watched *watched = find(set, descriptor);
  if (operation == EPOLL_CTL_ADD) {
    if (watched != NULL) return -EEXIST;
    if (set->watched_count == WEIR_WATCHED_MAX) return -ENOSPC;
    watched = &set->watched[set->watched_count++];
  } else if (watched == NULL) {
    return -ENOENT;
  }
  if (operation == EPOLL_CTL_DEL) {
    erase(set, watched);
    return 0;
  }
  *watched = (weir_watched){.descriptor = descriptor,
                            .object = front->object_of[descriptor],
                            .events = event->events,
                            .data = event->data.u64,
                            .seen = UINT64_MAX};
  return 0;
}

int weir_interest_control(weir_front *front, int epoll, int operation, int descriptor,
                          const struct epoll_event *event) {
  weir_object *set = weir_front_object(front, epoll);
  if (operation != EPOLL_CTL_DEL && event == NULL) return -EFAULT;
  if (weir_front_object(front, descriptor)->kind == WEIR_OBJECT_PARKED) return -EBADF;
  if (set->kind != WEIR_OBJECT_EPOLL) return -EINVAL;
  if (operation != EPOLL_CTL_ADD && operation != EPOLL_CTL_MOD && operation != EPOLL_CTL_DEL) return -EINVAL;
  int result = change(front, set, operation, descriptor, event);
  if (result == 0) weir_interest_apply(front);
  if (result == 0) weir_doorbell_ring(front, epoll);
  return result;
}

void weir_interest_forget(weir_front *front, unsigned object) {
  for (unsigned number = WEIR_OBJECTS_FIXED; number < WEIR_OBJECTS_MAX; number++) {
    weir_object *set = &front->objects[number];
    for (uint32_t i = set->watched_count; i-- > 0;)
      if (set->watched[i].object == object) erase(set, &set->watched[i]);
  }
}

void weir_interest_apply(weir_front *front) {
  if (!front->running) return;
  weir_wanted all = {0};
  for (unsigned number = WEIR_OBJECTS_FIXED; number < WEIR_OBJECTS_MAX; number++) {
    const weir_object *set = &front->objects[number];
    if (set->kind == WEIR_OBJECT_EPOLL) weir_interest_add(front, set, &all);
  }
  for (unsigned connection = 0; connection < WEIR_CONNECTIONS; connection++) {
    weir_simulation *simulation = weir_network_connection(&front->network, connection);
    if (simulation != NULL) weir_simulation_watch(simulation, all.interest[connection]);
  }
}

void weir_interest_want(const weir_front *front, const weir_object *object, unsigned interest, weir_wanted *wanted) {
  if (object->kind == WEIR_OBJECT_CONTROL) wanted->control = true;
  if (object->kind == WEIR_OBJECT_LISTENER) wanted->listener = true;
  if (object->kind == WEIR_OBJECT_CONNECTION)
    wanted->interest[weir_front_connection(front, object)] |= (uint8_t)interest;
}

void weir_interest_add(const weir_front *front, const weir_object *set, weir_wanted *wanted) {
  for (uint32_t i = 0; i < set->watched_count; i++) {
    const weir_watched *watched = &set->watched[i];
    const weir_object *object = &front->objects[watched->object];
    if (watched->spent && object->kind != WEIR_OBJECT_CONTROL) continue;
    weir_interest_want(front, object, weir_interest_from_poll(watched->events), wanted);
  }
}

unsigned weir_interest_shown(const weir_front *front, const weir_object *object, weir_shown shown) {
  if (object->kind == WEIR_OBJECT_CONNECTION) return shown.ready[weir_front_connection(front, object)];
  if (object->kind == WEIR_OBJECT_LISTENER) return shown.arrival ? WEIR_POLL_IN : 0;
  if (object->kind != WEIR_OBJECT_CONTROL) return 0;
  return shown.calls ? WEIR_POLL_IN | WEIR_POLL_OUT : WEIR_POLL_OUT;
}

/* What grows with every edge of what is watched. */
static uint64_t edges_of(const weir_front *front, const weir_object *object, weir_shown shown,
                         const weir_watched *watched) {
  if (object->kind == WEIR_OBJECT_LISTENER) return front->arrivals;
  if (object->kind != WEIR_OBJECT_CONNECTION) return 2 * front->notices + (shown.calls ? 1 : 0);
  const weir_simulation *simulation = &front->network.connections[weir_front_connection(front, object)];
  return weir_simulation_edges(simulation, weir_interest_from_poll(watched->events));
}

/* Whether this edge was looked at before. */
static bool was_seen(const weir_front *front, const weir_object *object, weir_shown shown, weir_watched *watched) {
  if (!(watched->events & EPOLLET)) return false;
  const uint64_t edges = edges_of(front, object, shown, watched);
  const bool seen = watched->seen == edges;
  watched->seen = edges;
  return seen;
}

int weir_interest_report(weir_front *front, weir_object *set, weir_shown shown, struct epoll_event *events, int most) {
  assert(most >= 0);
  int count = 0;
  for (uint32_t i = 0; i < set->watched_count && count < most; i++) {
    weir_watched *watched = &set->watched[i];
    const weir_object *object = &front->objects[watched->object];
    unsigned state = weir_interest_to_poll(weir_interest_shown(front, object, shown), watched->events);
    const bool seen = was_seen(front, object, shown, watched);
    if (state == 0 || watched->spent || seen) continue;
    watched->spent = (watched->events & EPOLLONESHOT) != 0;
    events[count++] = (struct epoll_event){.events = state, .data.u64 = watched->data};
  }
  return count;
}
