/* The socket's own calls: on the connection they are the simulation's. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "interpose/descriptors.h"
#include "interpose/real.h"

/* The two ends, as getsockname and getpeername tell. */
enum { PROGRAM_PORT = 49152, PEER_PORT = 7 };

static ssize_t answer(ssize_t result) {
  if (result >= 0) return result;
  errno = (int)-result;
  return -1;
}

/* The lock where the connection of the run is meant.  NULL otherwise: *result
 * is the answer (a closed descriptor, a connection of an earlier run), or
 * PASS_ON where libc has it. */
enum { PASS_ON = 1 };
static weir_front *enter(int descriptor, ssize_t *result, int left_behind) {
  *result = PASS_ON;
  if (!weir_front_knows(descriptor)) return NULL;
  weir_front *front = weir_front_lock();
  switch (weir_front_object(front, descriptor)->kind) {
  case WEIR_OBJECT_CONNECTION: return front;
  case WEIR_OBJECT_PARKED: *result = -EBADF; break;
  case WEIR_OBJECT_LEFT: *result = left_behind; break;
  case WEIR_OBJECT_CONTROL: *result = -EAGAIN; break;
  default: break;
  }
  weir_front_unlock(front);
  return NULL;
}

/* ---- Receiving -------------------------------------------------------------- */
/* False: libc has it. */
static bool receive(int descriptor, void *buffer, size_t size, int flags, ssize_t *result) {
  weir_front *front = enter(descriptor, result, 0);
  if (front == NULL) return *result != PASS_ON;
  /* The stream is read once, in order, and has no urgent data. */
  *result = (flags & (MSG_PEEK | MSG_OOB)) ? -EINVAL : weir_simulation_recv(&front->simulation, buffer, size);
  weir_front_unlock(front);
  return true;
}

static size_t total(const struct iovec *slices, size_t count) {
  size_t size = 0;
  for (size_t i = 0; i < count; i++) size += slices[i].iov_len;
  return size;
}

static void scatter(const uint8_t *bytes, size_t size, const struct iovec *slices) {
  for (; size > 0; slices++) {
    size_t part = slices->iov_len < size ? slices->iov_len : size;
    memcpy(slices->iov_base, bytes, part);
    bytes += part;
    size -= part;
  }
}

static bool receive_slices(int descriptor, const struct iovec *slices, size_t count, int flags, ssize_t *result) {
  if (count == 1) return receive(descriptor, slices->iov_base, slices->iov_len, flags, result);
  weir_front *front = enter(descriptor, result, 0);
  if (front == NULL) return *result != PASS_ON;
  size_t size = total(slices, count);
  if (size > sizeof front->bounce) size = sizeof front->bounce;
  *result = (flags & (MSG_PEEK | MSG_OOB)) ? -EINVAL : weir_simulation_recv(&front->simulation, front->bounce, size);
  if (*result > 0) scatter(front->bounce, (size_t)*result, slices);
  weir_front_unlock(front);
  return true;
}

WEIR_EXPORT ssize_t recv(int descriptor, void *buffer, size_t size, int flags) {
  ssize_t result;
  if (receive(descriptor, buffer, size, flags, &result)) return answer(result);
  return weir_real()->recv(descriptor, buffer, size, flags);
}

WEIR_EXPORT ssize_t recvfrom(int descriptor, void *buffer, size_t size, int flags, struct sockaddr *from,
                             socklen_t *length) {
  ssize_t result;
  if (!receive(descriptor, buffer, size, flags, &result))
    return weir_real()->recvfrom(descriptor, buffer, size, flags, from, length);
  if (from != NULL && length != NULL) *length = 0;
  return answer(result);
}

WEIR_EXPORT ssize_t recvmsg(int descriptor, struct msghdr *message, int flags) {
  ssize_t result;
  if (!receive_slices(descriptor, message->msg_iov, message->msg_iovlen, flags, &result))
    return weir_real()->recvmsg(descriptor, message, flags);
  message->msg_namelen = 0;
  message->msg_controllen = 0;
  message->msg_flags = 0;
  return answer(result);
}

WEIR_EXPORT ssize_t read(int descriptor, void *buffer, size_t size) {
  ssize_t result;
  if (receive(descriptor, buffer, size, 0, &result)) return answer(result);
  return weir_real()->read(descriptor, buffer, size);
}

WEIR_EXPORT ssize_t readv(int descriptor, const struct iovec *slices, int count) {
  ssize_t result;
  if (count > 0 && receive_slices(descriptor, slices, (size_t)count, 0, &result)) return answer(result);
  return weir_real()->readv(descriptor, slices, count);
}

/* What _FORTIFY_SOURCE makes of them. */
WEIR_EXPORT ssize_t __read_chk(int descriptor, void *buffer, size_t size, size_t room);
WEIR_EXPORT ssize_t __recv_chk(int descriptor, void *buffer, size_t size, size_t room, int flags);
WEIR_EXPORT ssize_t __recvfrom_chk(int descriptor, void *buffer, size_t size, size_t room, int flags,
                                   struct sockaddr *from, socklen_t *length);

WEIR_EXPORT ssize_t __read_chk(int descriptor, void *buffer, size_t size, size_t room) {
  if (size > room) abort();
  return read(descriptor, buffer, size);
}

WEIR_EXPORT ssize_t __recv_chk(int descriptor, void *buffer, size_t size, size_t room, int flags) {
  if (size > room) abort();
  return recv(descriptor, buffer, size, flags);
}

WEIR_EXPORT ssize_t __recvfrom_chk(int descriptor, void *buffer, size_t size, size_t room, int flags,
                                   struct sockaddr *from, socklen_t *length) {
  if (size > room) abort();
  return recvfrom(descriptor, buffer, size, flags, from, length);
}

/* ---- Sending ------------------------------------------------------------------ */
/* False: libc has it. */
static bool transmit(int descriptor, const struct iovec *slices, size_t count, int flags, ssize_t *result) {
  weir_front *front = enter(descriptor, result, -EPIPE);
  if (front == NULL) return *result != PASS_ON;
  *result = weir_simulation_sendv(&front->simulation, slices, count);
  weir_front_unlock(front);
  if (*result == -EPIPE && !(flags & MSG_NOSIGNAL)) (void)raise(SIGPIPE);
  return true;
}

static bool transmit_bytes(int descriptor, const void *bytes, size_t size, int flags, ssize_t *result) {
  return transmit(descriptor, &(struct iovec){(void *)(uintptr_t)bytes, size}, 1, flags, result);
}

WEIR_EXPORT ssize_t send(int descriptor, const void *bytes, size_t size, int flags) {
  ssize_t result;
  if (transmit_bytes(descriptor, bytes, size, flags, &result)) return answer(result);
  return weir_real()->send(descriptor, bytes, size, flags);
}

WEIR_EXPORT ssize_t sendto(int descriptor, const void *bytes, size_t size, int flags, const struct sockaddr *to,
                           socklen_t length) {
  ssize_t result;
  if (transmit_bytes(descriptor, bytes, size, flags, &result)) return answer(result);
  return weir_real()->sendto(descriptor, bytes, size, flags, to, length);
}

WEIR_EXPORT ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
  ssize_t result;
  if (transmit(descriptor, message->msg_iov, message->msg_iovlen, flags, &result)) return answer(result);
  return weir_real()->sendmsg(descriptor, message, flags);
}

WEIR_EXPORT ssize_t write(int descriptor, const void *bytes, size_t size) {
  ssize_t result;
  if (transmit_bytes(descriptor, bytes, size, 0, &result)) return answer(result);
  return weir_real()->write(descriptor, bytes, size);
}

WEIR_EXPORT ssize_t writev(int descriptor, const struct iovec *slices, int count) {
  ssize_t result;
  if (count >= 0 && transmit(descriptor, slices, (size_t)count, 0, &result)) return answer(result);
  return weir_real()->writev(descriptor, slices, count);
}

/* No page of a file goes through the simulation; programs fall back to send. */
WEIR_EXPORT ssize_t sendfile(int out, int in, off_t *offset, size_t size) {
  ssize_t result;
  weir_front *front = enter(out, &result, -EPIPE);
  if (front == NULL) return result == PASS_ON ? weir_real()->sendfile(out, in, offset, size) : answer(result);
  weir_front_unlock(front);
  return answer(-EINVAL);
}

/* ---- Ending --------------------------------------------------------------------- */
WEIR_EXPORT int shutdown(int descriptor, int how) {
  ssize_t result;
  weir_front *front = enter(descriptor, &result, -ENOTCONN);
  if (front == NULL) return result == PASS_ON ? weir_real()->shutdown(descriptor, how) : (int)answer(result);
  /* The reading side: what comes after is still there to be read, as on Linux. */
  result = how == SHUT_RD ? 0 : weir_simulation_shutdown_write(&front->simulation);
  weir_front_unlock(front);
  return (int)answer(result);
}

WEIR_EXPORT int close(int descriptor) {
  if (!weir_front_knows(descriptor)) return weir_real()->close(descriptor);
  weir_front *front = weir_front_lock();
  bool real = true;
  int result = weir_descriptors_close(front, descriptor, &real);
  weir_front_unlock(front);
  return real ? weir_real()->close(descriptor) : (int)answer(result);
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
  weir_front *front = enter(descriptor, &result, PASS_ON);
  if (front == NULL) {
    bool closed = result == -EBADF;
    return closed ? (int)answer(result) : weir_real()->getsockname(descriptor, address, length);
  }
  weir_front_unlock(front);
  tell_address(PROGRAM_PORT, address, length);
  return 0;
}

WEIR_EXPORT int getpeername(int descriptor, struct sockaddr *restrict address, socklen_t *restrict length) {
  ssize_t result;
  weir_front *front = enter(descriptor, &result, PASS_ON);
  if (front == NULL) {
    bool closed = result == -EBADF;
    return closed ? (int)answer(result) : weir_real()->getpeername(descriptor, address, length);
  }
  weir_front_unlock(front);
  tell_address(PEER_PORT, address, length);
  return 0;
}

/* The placeholder answers everything but its error. */
WEIR_EXPORT int getsockopt(int descriptor, int level, int option, void *restrict value, socklen_t *restrict length) {
  ssize_t result;
  weir_front *front = enter(descriptor, &result, PASS_ON);
  int error = 0;
  if (front != NULL) {
    if (level == SOL_SOCKET && option == SO_ERROR) error = weir_simulation_take_error(&front->simulation);
    weir_front_unlock(front);
  }
  if (result == -EBADF) return (int)answer(result);
  int status = weir_real()->getsockopt(descriptor, level, option, value, length);
  if (status == 0 && error != 0 && *length >= sizeof error) memcpy(value, &error, sizeof error);
  return status;
}

WEIR_EXPORT int setsockopt(int descriptor, int level, int option, const void *value, socklen_t length) {
  ssize_t result;
  weir_front *front = enter(descriptor, &result, PASS_ON);
  if (front != NULL) weir_front_unlock(front);
  if (result == -EBADF) return (int)answer(result);
  return weir_real()->setsockopt(descriptor, level, option, value, length);
}

/* Flags are the placeholder's; what can be read is the simulation's. */
WEIR_EXPORT int ioctl(int descriptor, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  ssize_t result;
  weir_front *front = enter(descriptor, &result, PASS_ON);
  if (front != NULL) {
    size_t unread = weir_simulation_unread(&front->simulation);
    weir_front_unlock(front);
    if (request == FIONREAD) {
      *(int *)argument = (int)unread;
      return 0;
    }
  }
  if (result == -EBADF) return (int)answer(result);
  return weir_real()->ioctl(descriptor, request, argument);
}

/* ---- Duplicates ------------------------------------------------------------------ */
static bool is_parked(int descriptor) {
  weir_front *front = weir_front_lock();
  bool parked = weir_front_object(front, descriptor)->kind == WEIR_OBJECT_PARKED;
  weir_front_unlock(front);
  return parked;
}

static int alias(int original, int made) {
  if (made < 0) return made;
  int error = errno;
  weir_front *front = weir_front_lock();
  weir_descriptors_alias(front, original, made);
  weir_front_unlock(front);
  errno = error;
  return made;
}

static int control_flags(int descriptor, int command, void *argument) {
  if (!weir_front_knows(descriptor)) return weir_real()->fcntl(descriptor, command, argument);
  if (is_parked(descriptor)) return (int)answer(-EBADF);
  int result = weir_real()->fcntl(descriptor, command, argument);
  bool duplicates = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
  return duplicates ? alias(descriptor, result) : result;
}

WEIR_EXPORT int fcntl(int descriptor, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  return control_flags(descriptor, command, argument);
}

WEIR_EXPORT int fcntl64(int descriptor, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  return control_flags(descriptor, command, argument);
}

WEIR_EXPORT int dup(int descriptor) {
  if (!weir_front_knows(descriptor)) return weir_real()->dup(descriptor);
  return is_parked(descriptor) ? (int)answer(-EBADF) : alias(descriptor, weir_real()->dup(descriptor));
}

/* What stood behind `made` is closed by the duplication. */
static bool make_way(int original, int made) {
  if (weir_front_knows(original) && is_parked(original)) return false;
  if (original == made || !weir_front_knows(made)) return true;
  weir_front *front = weir_front_lock();
  weir_descriptors_replace(front, made);
  weir_front_unlock(front);
  return true;
}

WEIR_EXPORT int dup2(int descriptor, int made) {
  if (!weir_front_knows(descriptor) && !weir_front_knows(made)) return weir_real()->dup2(descriptor, made);
  if (!make_way(descriptor, made)) return (int)answer(-EBADF);
  int result = weir_real()->dup2(descriptor, made);
  return descriptor == made || !weir_front_knows(descriptor) ? result : alias(descriptor, result);
}

WEIR_EXPORT int dup3(int descriptor, int made, int flags) {
  if (!weir_front_knows(descriptor) && !weir_front_knows(made)) return weir_real()->dup3(descriptor, made, flags);
  if (!make_way(descriptor, made)) return (int)answer(-EBADF);
  int result = weir_real()->dup3(descriptor, made, flags);
  return descriptor == made || !weir_front_knows(descriptor) ? result : alias(descriptor, result);
}
