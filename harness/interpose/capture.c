/* An unmodified client needs no co-operation: what it connects to 127.0.0.1:7 is
 * the connection of the run, and to 127.0.0.1:9 the control descriptor. */
/* With _GNU_SOURCE, glibc's addresses are transparent unions, and ISO C has no
 * way to define a function that takes one. */
#undef _GNU_SOURCE
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "interpose/addresses.h"
#include "interpose/calls.h"
#include "interpose/descriptors.h"
#include "interpose/real.h"

/* As a non-blocking socket does it: the way is open once it can be written to. */
static int answer(int descriptor) {
  int flags = weir_real()->fcntl(descriptor, F_GETFL);
  return flags >= 0 && (flags & O_NONBLOCK) ? (int)weir_calls_answer(-EINPROGRESS) : 0;
}

WEIR_EXPORT int connect(int descriptor, const struct sockaddr *address, socklen_t length) {
  if (!weir_the_front.enabled) return weir_real()->connect(descriptor, address, length);
  if (weir_front_knows(descriptor)) return (int)weir_calls_answer(-EISCONN);
  int port = weir_address_port(address, length);
  if (port != WEIR_PORT_CONNECTION && port != WEIR_PORT_CONTROL)
    return weir_real()->connect(descriptor, address, length);
  weir_front *front = weir_front_lock();
  bool taken = port == WEIR_PORT_CONTROL ? weir_descriptors_take_control(front, descriptor)
                                         : weir_descriptors_take_connection(front, descriptor);
  weir_front_unlock(front);
  return taken ? answer(descriptor) : (int)weir_calls_answer(-ECONNREFUSED);
}
