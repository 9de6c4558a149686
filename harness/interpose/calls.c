#include "interpose/calls.h"

#include <errno.h>

weir_front *weir_calls_enter(int descriptor, ssize_t *result, int left_behind) {
  *result = WEIR_PASS_ON;
  if (!weir_front_knows(descriptor)) return NULL;
  weir_front *front = weir_front_lock();
  const weir_object *object = weir_front_object(front, descriptor);
  switch (object->kind) {
  case WEIR_OBJECT_CONNECTION:
    front->simulation = &front->network.connections[weir_front_connection(front, object)];
    return front;
  case WEIR_OBJECT_PARKED: *result = -EBADF; break;
  case WEIR_OBJECT_LEFT: *result = left_behind; break;
  default: break;
  }
  weir_front_unlock(front);
  return NULL;
}

ssize_t weir_calls_answer(ssize_t result) {
  if (result >= 0) return result;
  errno = (int)-result;
  return -1;
}
