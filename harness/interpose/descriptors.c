#include "interpose/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "interpose/interest.h"

static void set_object(weir_front *front, int descriptor, unsigned object) {
  atomic_store_explicit(&front->object_of[descriptor], (uint8_t)object, memory_order_relaxed);
}

static unsigned number_of(const weir_front *front, int descriptor) {
  return atomic_load_explicit(&front->object_of[descriptor], memory_order_relaxed);
}

/* A free object; 0: none is left. */
static unsigned take_object(weir_front *front, weir_object_kind kind) {
  for (unsigned number = WEIR_OBJECTS_FIXED; number < WEIR_OBJECTS_MAX; number++) {
    if (front->objects[number].kind != WEIR_OBJECT_NONE) continue;
    front->objects[number] = (weir_object){.kind = kind, .references = 1};
    return number;
  }
  return 0;
}

/* One end of two, the other is given up. */
static int keep_one(int made, const int pair[2], int kept) {
  if (made != 0) return -1;
  (void)close(pair[1 - kept]);
  return pair[kept];
}

static int open_layer(unsigned layer) {
  int pair[2];
  switch (layer) {
  case WEIR_LAYER_UNIX:
    return keep_one(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), pair, 0);
  case WEIR_LAYER_READ_PIPE: return keep_one(pipe2(pair, O_NONBLOCK | O_CLOEXEC), pair, 0);
  case WEIR_LAYER_WRITE_PIPE: return keep_one(pipe2(pair, O_NONBLOCK | O_CLOEXEC), pair, 1);
  default: return socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  }
}

static int make_placeholder(unsigned layer) {
  int descriptor = open_layer(layer);
  if (descriptor < WEIR_DESCRIPTORS_MAX) return descriptor;
  (void)close(descriptor);
  errno = EMFILE;
  return -1;
}

/* The slot of a placeholder; NULL: it is none. */
static int *slot_of(weir_front *front, int descriptor) {
  for (unsigned slot = 0; slot < WEIR_CONNECTIONS; slot++)
    if (descriptor >= 0 && front->placeholders[slot] == descriptor) return &front->placeholders[slot];
  return NULL;
}

/* The program still holds a connection of the run before: it keeps the number,
 * and what it does with it reaches no other run. */
static void leave_connection(weir_front *front, unsigned number) {
  unsigned left = take_object(front, WEIR_OBJECT_LEFT);
  if (left == 0) left = WEIR_THE_PARKED;
  for (int descriptor = 0; descriptor < WEIR_DESCRIPTORS_MAX; descriptor++) {
    if (number_of(front, descriptor) != number) continue;
    set_object(front, descriptor, left);
    int *slot = slot_of(front, descriptor);
    if (slot != NULL) *slot = -1;
  }
  front->objects[left].references = front->objects[number].references;
  front->objects[number].references = 0;
  weir_interest_forget(front, number);
}

/* The lowest placeholder that is parked; NULL: there is none. */
static int *lowest_parked(weir_front *front) {
  int *lowest = NULL;
  for (unsigned slot = 0; slot < WEIR_CONNECTIONS; slot++) {
    int *place = &front->placeholders[slot];
    if (*place < 0 || number_of(front, *place) != WEIR_THE_PARKED) continue;
    if (lowest == NULL || *place < *lowest) lowest = place;
  }
  return lowest;
}

/* A slot with no placeholder; NULL: there is none. */
static int *empty_slot(weir_front *front) {
  for (unsigned slot = 0; slot < WEIR_CONNECTIONS; slot++)
    if (front->placeholders[slot] < 0) return &front->placeholders[slot];
  return NULL;
}

int weir_descriptors_connect(weir_front *front, unsigned connection) {
  int *place = lowest_parked(front);
  if (place == NULL) {
    place = empty_slot(front);
    if (place == NULL || (*place = make_placeholder(front->layer)) < 0) return -1;
  }
  front->objects[WEIR_THE_CONNECTION + connection].references = 1;
  set_object(front, *place, WEIR_THE_CONNECTION + connection);
  return *place;
}

int weir_descriptors_renew(weir_front *front) {
  if (front->control < 0) {
    front->control = make_placeholder(WEIR_LAYER_TCP);
    if (front->control < 0) return -1;
    set_object(front, front->control, WEIR_THE_CONTROL);
  }
  for (unsigned number = WEIR_THE_CONNECTION; number < WEIR_OBJECTS_FIXED; number++)
    if (front->objects[number].references > 0) leave_connection(front, number);
  return weir_descriptors_connect(front, 0);
}

void weir_descriptors_add_epoll(weir_front *front, int descriptor) {
  if (descriptor < 0 || descriptor >= WEIR_DESCRIPTORS_MAX) return;
  set_object(front, descriptor, take_object(front, WEIR_OBJECT_EPOLL));
}

void weir_descriptors_add_timer(weir_front *front, int descriptor, bool of_day) {
  if (descriptor < 0 || descriptor >= WEIR_DESCRIPTORS_MAX) return;
  unsigned number = take_object(front, WEIR_OBJECT_TIMER);
  if (number != 0) {
    front->objects[number].timer = (weir_timer){.descriptor = descriptor, .of_day = of_day};
    front->timers++;
  }
  set_object(front, descriptor, number);
}

void weir_descriptors_alias(weir_front *front, int original, int made) {
  if (made < 0 || made >= WEIR_DESCRIPTORS_MAX) return;
  set_object(front, made, number_of(front, original));
  weir_front_object(front, original)->references++;
}

bool weir_descriptors_take_control(weir_front *front, int descriptor) {
  if (front->control < 0) return false;
  weir_descriptors_alias(front, front->control, descriptor);
  return true;
}

/* The descriptor of the first connection that still has the one it was given, and is nobody's; -1: there is none. */
static int first_given(weir_front *front, unsigned *number) {
  if (!front->running) return -1;
  for (*number = WEIR_THE_CONNECTION; *number < WEIR_OBJECTS_FIXED; ++*number) {
    if (front->taken >> (*number - WEIR_THE_CONNECTION) & 1) continue;
    for (unsigned slot = 0; slot < WEIR_CONNECTIONS; slot++) {
      int given = front->placeholders[slot];
      if (given >= 0 && number_of(front, given) == *number) return given;
    }
  }
  return -1;
}

bool weir_descriptors_take_connection(weir_front *front, int descriptor) {
  unsigned number;
  int given = first_given(front, &number);
  if (given < 0 || descriptor < 0 || descriptor >= WEIR_DESCRIPTORS_MAX) return false;
  front->taken |= (uint8_t)(1u << (number - WEIR_THE_CONNECTION));
  set_object(front, given, WEIR_THE_PARKED);
  set_object(front, descriptor, number);
  return true;
}

int weir_descriptors_accept(weir_front *front) {
  unsigned number;
  int given = front->over ? -1 : first_given(front, &number);
  if (given < 0) return -1;
  front->taken |= (uint8_t)(1u << (number - WEIR_THE_CONNECTION));
  front->accepted |= (uint8_t)(1u << (number - WEIR_THE_CONNECTION));
  return given;
}

bool weir_descriptors_can_accept(weir_front *front) {
  unsigned number;
  return !front->over && first_given(front, &number) >= 0;
}

bool weir_descriptors_add_listener(weir_front *front, int descriptor) {
  if (descriptor < 0 || descriptor >= WEIR_DESCRIPTORS_MAX) return false;
  unsigned number = take_object(front, WEIR_OBJECT_LISTENER);
  set_object(front, descriptor, number);
  return number != 0;
}

static void drop_reference(weir_front *front, unsigned number) {
  weir_object *object = &front->objects[number];
  if (object->references > 0) object->references--;
  if (object->references > 0) return;
  front->timers -= object->kind == WEIR_OBJECT_TIMER;
  if (number >= WEIR_OBJECTS_FIXED) *object = (weir_object){0};
  if (object->kind == WEIR_OBJECT_CONNECTION && front->running) {
    weir_interest_forget(front, number);
    weir_simulation_close(&front->network.connections[weir_front_connection(front, object)]);
  }
  weir_interest_apply(front);
}

int weir_descriptors_close(weir_front *front, int descriptor, bool *real) {
  unsigned number = number_of(front, descriptor);
  *real = false;
  switch (front->objects[number].kind) {
  case WEIR_OBJECT_PARKED: return -EBADF;
  case WEIR_OBJECT_CONTROL:
    if (descriptor != front->control) break;
    return 0; /* not the program's to close: it lasts as long as the process */
  default: break;
  }
  *real = slot_of(front, descriptor) == NULL;
  set_object(front, descriptor, *real ? 0u : WEIR_THE_PARKED);
  drop_reference(front, number);
  return 0;
}

void weir_descriptors_replace(weir_front *front, int descriptor) {
  unsigned number = number_of(front, descriptor);
  set_object(front, descriptor, 0);
  int *slot = slot_of(front, descriptor);
  if (slot != NULL) *slot = -1;
  if (descriptor == front->control) front->control = -1;
  drop_reference(front, number);
}
