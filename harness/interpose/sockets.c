/* Everything else that is asked of a socket: its end, its addresses, its options. */
/* With _GNU_SOURCE, glibc's addresses are transparent unions, and ISO C has no
 * way to define a function that takes one. */
#undef _GNU_SOURCE
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "interpose/calls.h"
#include "interpose/descriptors.h"
#include "interpose/real.h"

/* The two ends, as getsockname and getpeername tell. */
enum { PROGRAM_PORT = 49152, PEER_PORT = 7 };

/* ---- Ending --------------------------------------------------------------------- */
WEIR_EXPORT int shutdown(int descriptor, int how) {
  ssize_t result;
  weir_front *front = weir_calls_enter(descriptor, &result, -ENOTCONN);
  if (front == NULL)
    return result == WEIR_PASS_ON ? weir_real()->shutdown(descriptor, how) : (int)weir_calls_answer(result);
  /* The reading side: what comes after is still there to be read, as on Linux. */
  result = how == SHUT_RD ? 0 : weir_simulation_shutdown_write(front->simulation);
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
static void tell_address(int port, struct sockaddr *address, socklen_t *length) {
  struct sockaddr_in here = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  memcpy(address, &here, *length < sizeof here ? *length : sizeof here);
  *length = sizeof here;
}

WEIR_EXPORT int getsockname(int descriptor, struct sockaddr *restrict address, socklen_t *restrict length) {
  ssize_t result;
  weir_front *front = weir_calls_enter(descriptor, &result, WEIR_PASS_ON);
  if (front == NULL) {
    bool closed = result == -EBADF;
    return closed ? (int)weir_calls_answer(result) : weir_real()->getsockname(descriptor, address, length);
  }
  weir_front_unlock(front);
  tell_address(PROGRAM_PORT, address, length);
  return 0;
}

WEIR_EXPORT int getpeername(int descriptor, struct sockaddr *restrict address, socklen_t *restrict length) {
  ssize_t result;
  weir_front *front = weir_calls_enter(descriptor, &result, WEIR_PASS_ON);
  if (front == NULL) {
    bool closed = result == -EBADF;
    return closed ? (int)weir_calls_answer(result) : weir_real()->getpeername(descriptor, address, length);
  }
  weir_front_unlock(front);
  tell_address(PEER_PORT, address, length);
  return 0;
}

/* The placeholder answers everything but its error. */
WEIR_EXPORT int getsockopt(int descriptor, int level, int option, void *restrict value, socklen_t *restrict length) {
  ssize_t result;
  weir_front *front = weir_calls_enter(descriptor, &result, WEIR_PASS_ON);
  int error = 0;
  if (front != NULL) {
    if (level == SOL_SOCKET && option == SO_ERROR) error = weir_simulation_take_error(front->simulation);
    weir_front_unlock(front);
  }
  if (result == -EBADF) return (int)weir_calls_answer(result);
  int status = weir_real()->getsockopt(descriptor, level, option, value, length);
  if (status == 0 && error != 0 && *length >= sizeof error) memcpy(value, &error, sizeof error);
  return status;
}

WEIR_EXPORT int setsockopt(int descriptor, int level, int option, const void *value, socklen_t length) {
  ssize_t result;
  weir_front *front = weir_calls_enter(descriptor, &result, WEIR_PASS_ON);
  if (front != NULL) weir_front_unlock(front);
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
