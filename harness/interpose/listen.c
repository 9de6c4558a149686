/* An unmodified server needs no co-operation: what it binds to 127.0.0.1:7 is
 * where the connections of the run come in. */
/* With _GNU_SOURCE, glibc's addresses are transparent unions, and ISO C has no
 * way to define a function that takes one. */
#undef _GNU_SOURCE
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/socket.h>

#include "interpose/addresses.h"
#include "interpose/calls.h"
#include "interpose/descriptors.h"
#include "interpose/real.h"

/* accept4's, which are hidden without _GNU_SOURCE. */
enum { ACCEPT_NONBLOCK = O_NONBLOCK, ACCEPT_CLOEXEC = O_CLOEXEC };

bool weir_listens(int descriptor) {
  if (!weir_front_knows(descriptor)) return false;
  weir_front *front = weir_front_lock();
  const bool listens = weir_front_object(front, descriptor)->kind == WEIR_OBJECT_LISTENER;
  weir_front_unlock(front);
  return listens;
}

WEIR_EXPORT int bind(int descriptor, const struct sockaddr *address, socklen_t length) {
  if (!weir_the_front.enabled || weir_address_port(address, length) != WEIR_PORT_CONNECTION)
    return weir_real()->bind(descriptor, address, length);
  if (weir_front_knows(descriptor)) return (int)weir_calls_answer(-EINVAL);
  if (weir_real()->fcntl(descriptor, F_GETFD) < 0) return -1;
  weir_front *front = weir_front_lock();
  const bool made = weir_descriptors_add_listener(front, descriptor);
  weir_front_unlock(front);
  return made ? 0 : (int)weir_calls_answer(-ENOBUFS);
}

WEIR_EXPORT int listen(int descriptor, int backlog) {
  return weir_listens(descriptor) ? 0 : weir_real()->listen(descriptor, backlog);
}

static int give(int descriptor, int flags, struct sockaddr *address, socklen_t *length) {
  const int status = weir_real()->fcntl(descriptor, F_GETFL);
  (void)weir_real()->fcntl(descriptor, F_SETFL, flags & ACCEPT_NONBLOCK ? status | O_NONBLOCK : status & ~O_NONBLOCK);
  (void)weir_real()->fcntl(descriptor, F_SETFD, flags & ACCEPT_CLOEXEC ? FD_CLOEXEC : 0);
  if (address != NULL) weir_address_tell(WEIR_PORT_OTHER, address, length);
  return descriptor;
}

/* Non-blocking whatever its flags say, as the connection is. */
static int take(int descriptor, int flags, struct sockaddr *address, socklen_t *length) {
  if (flags & ~(ACCEPT_NONBLOCK | ACCEPT_CLOEXEC)) return (int)weir_calls_answer(-EINVAL);
  (void)descriptor;
  weir_front *front = weir_front_lock();
  const int accepted = weir_descriptors_accept(front);
  weir_front_unlock(front);
  return accepted >= 0 ? give(accepted, flags, address, length) : (int)weir_calls_answer(-EAGAIN);
}

WEIR_EXPORT int accept(int descriptor, struct sockaddr *restrict address, socklen_t *restrict length) {
  return weir_listens(descriptor) ? take(descriptor, 0, address, length)
                                  : weir_real()->accept(descriptor, address, length);
}

WEIR_EXPORT int accept4(int descriptor, struct sockaddr *restrict address, socklen_t *restrict length, int flags);

WEIR_EXPORT int accept4(int descriptor, struct sockaddr *restrict address, socklen_t *restrict length, int flags) {
  return weir_listens(descriptor) ? take(descriptor, flags, address, length)
                                  : weir_real()->accept4(descriptor, address, length, flags);
}
