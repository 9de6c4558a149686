/* Everything else that is asked of a socket: its end, its addresses, its options. */
/* With _GNU_SOURCE, glibc's addresses are transparent unions, and ISO C has no
 * way to define a function that takes one. */
#undef _GNU_SOURCE
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "interpose/addresses.h"
#include "interpose/calls.h"
#include "interpose/descriptors.h"
#include "interpose/real.h"
#include "simulation/layers.h"

/* ---- Ending --------------------------------------------------------------------- */
WEIR_EXPORT int shutdown(int descriptor, int how) {
  ssize_t result;
  weir_front *front = weir_calls_enter(descriptor, &result, -ENOTCONN);
  if (front == NULL)
    return result == WEIR_PASS_ON ? weir_real()->shutdown(descriptor, how) : (int)weir_calls_answer(result);
  result = weir_simulation_shutdown(front->simulation, how);
  weir_front_unlock(front);
  return (int)weir_calls_answer(result);
}

WEIR_EXPORT int close(int descriptor) {
  if (!weir_front_knows(descriptor)) return weir_real()->close(descriptor);
  weir_front *front = weir_front_lock();
  bool real = true;
  int result = weir_descriptors_close(front, descriptor, &real);
  weir_front_unlock(front);
  return real ? weir_real()->close(descriptor) : (int)weir_calls_answer(result);
}

/* ---- Questions ------------------------------------------------------------------ */
/* Nobody asks for the control descriptor's but a program that has connected it (capture.c). */
static bool is_control(int descriptor) {
  if (!weir_front_knows(descriptor)) return false;
  weir_front *front = weir_front_lock();
  bool control = weir_front_object(front, descriptor)->kind == WEIR_OBJECT_CONTROL;
  weir_front_unlock(front);
  return control;
}

/* A TCP connection's addresses are made up; of anything else the placeholder knows.
 * False: libc has it. */
static bool asks_address(int descriptor, bool own, struct sockaddr *address, socklen_t *length, ssize_t *result) {
  weir_front *front = weir_calls_enter(descriptor, result, WEIR_PASS_ON);
  if (front == NULL) return *result == -EBADF;
  const bool tcp = front->simulation->layer == WEIR_LAYER_TCP || front->simulation->layer == WEIR_LAYER_TLS;
  const bool known = own || weir_simulation_is_connected(front->simulation);
  const bool serves = front->accepted >> (front->simulation - front->network.connections) & 1;
  weir_front_unlock(front);
  *result = known ? 0 : -ENOTCONN;
  if (tcp && known) weir_address_tell(own == serves ? WEIR_PORT_CONNECTION : WEIR_PORT_OTHER, address, length);
  return tcp;
}

WEIR_EXPORT int getsockname(int descriptor, struct sockaddr *restrict address, socklen_t *restrict length) {
  ssize_t result;
  if (weir_listens(descriptor)) {
    weir_address_tell(WEIR_PORT_CONNECTION, address, length);
    return 0;
  }
  if (asks_address(descriptor, true, address, length, &result)) return (int)weir_calls_answer(result);
  return weir_real()->getsockname(descriptor, address, length);
}

WEIR_EXPORT int getpeername(int descriptor, struct sockaddr *restrict address, socklen_t *restrict length) {
  ssize_t result;
  if (is_control(descriptor)) {
    weir_address_tell(WEIR_PORT_CONNECTION, address, length);
    return 0;
  }
  if (asks_address(descriptor, false, address, length, &result)) return (int)weir_calls_answer(result);
  return weir_real()->getpeername(descriptor, address, length);
}

/* The placeholder answers everything but its error. */
WEIR_EXPORT int getsockopt(int descriptor, int level, int option, void *restrict value, socklen_t *restrict length) {
  ssize_t result;
  weir_front *front = weir_calls_enter(descriptor, &result, WEIR_PASS_ON);
  int error = 0;
  if (front != NULL) {
    const bool pipe = weir_layer_is_pipe(front->simulation->layer);
    if (level == SOL_SOCKET && option == SO_ERROR && !pipe) error = weir_simulation_take_error(front->simulation);
    weir_front_unlock(front);
  }
  if (result == -EBADF) return (int)weir_calls_answer(result);
  int status = weir_real()->getsockopt(descriptor, level, option, value, length);
  if (status == 0 && error != 0 && *length >= sizeof error) memcpy(value, &error, sizeof error);
  return status;
}

static void set_linger(weir_front *front, const void *value) {
  struct linger linger;
  memcpy(&linger, value, sizeof linger);
  front->simulation->abortive = linger.l_onoff != 0 && linger.l_linger == 0;
}

WEIR_EXPORT int setsockopt(int descriptor, int level, int option, const void *value, socklen_t length) {
  ssize_t result;
  weir_front *front = weir_calls_enter(descriptor, &result, WEIR_PASS_ON);
  if (front != NULL) {
    if (level == SOL_SOCKET && option == SO_LINGER && length >= sizeof(struct linger)) set_linger(front, value);
    weir_front_unlock(front);
  }
  if (result == -EBADF) return (int)weir_calls_answer(result);
  return weir_real()->setsockopt(descriptor, level, option, value, length);
}

/* Flags are the placeholder's; what can be read is the simulation's. */
WEIR_EXPORT int ioctl(int descriptor, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  ssize_t result;
  weir_front *front = weir_calls_enter(descriptor, &result, WEIR_PASS_ON);
  if (front != NULL) {
    size_t unread = weir_simulation_unread(front->simulation);
    weir_front_unlock(front);
    if (request == FIONREAD) {
      *(int *)argument = (int)unread;
      return 0;
    }
  }
  if (result == -EBADF) return (int)weir_calls_answer(result);
  return weir_real()->ioctl(descriptor, request, argument);
}
