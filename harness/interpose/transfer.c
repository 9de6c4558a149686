/* Receiving and sending: on the connection they are the simulation's. */
/* With _GNU_SOURCE, glibc's addresses are transparent unions, and ISO C has no
 * way to define a function that takes one. */
#undef _GNU_SOURCE
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "interpose/calls.h"
#include "interpose/real.h"

/* ---- Receiving -------------------------------------------------------------- */
/* False: libc has it. */
static bool receive(int descriptor, void *buffer, size_t size, int flags, ssize_t *result) {
  weir_front *front = weir_calls_enter(descriptor, result, 0);
  if (front == NULL) return *result != WEIR_PASS_ON;
  /* The stream is read once, in order, and has no urgent data. */
  *result = (flags & (MSG_PEEK | MSG_OOB)) ? -EINVAL : weir_simulation_recv(front->simulation, buffer, size);
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
  weir_front *front = weir_calls_enter(descriptor, result, 0);
  if (front == NULL) return *result != WEIR_PASS_ON;
  size_t size = total(slices, count);
  if (size > sizeof front->bounce) size = sizeof front->bounce;
  *result = (flags & (MSG_PEEK | MSG_OOB)) ? -EINVAL : weir_simulation_recv(front->simulation, front->bounce, size);
  if (*result > 0) scatter(front->bounce, (size_t)*result, slices);
  weir_front_unlock(front);
  return true;
}

WEIR_EXPORT ssize_t recv(int descriptor, void *buffer, size_t size, int flags) {
  ssize_t result;
  if (receive(descriptor, buffer, size, flags, &result)) return weir_calls_answer(result);
  return weir_real()->recv(descriptor, buffer, size, flags);
}

WEIR_EXPORT ssize_t recvfrom(int descriptor, void *buffer, size_t size, int flags, struct sockaddr *from,
                             socklen_t *length) {
  ssize_t result;
  if (!receive(descriptor, buffer, size, flags, &result))
    return weir_real()->recvfrom(descriptor, buffer, size, flags, from, length);
  if (from != NULL && length != NULL) *length = 0;
  return weir_calls_answer(result);
}

WEIR_EXPORT ssize_t recvmsg(int descriptor, struct msghdr *message, int flags) {
  ssize_t result;
  if (!receive_slices(descriptor, message->msg_iov, message->msg_iovlen, flags, &result))
    return weir_real()->recvmsg(descriptor, message, flags);
  message->msg_namelen = 0;
  message->msg_controllen = 0;
  message->msg_flags = 0;
  return weir_calls_answer(result);
}

WEIR_EXPORT ssize_t read(int descriptor, void *buffer, size_t size) {
  ssize_t result;
  if (receive(descriptor, buffer, size, 0, &result)) return weir_calls_answer(result);
  return weir_real()->read(descriptor, buffer, size);
}

WEIR_EXPORT ssize_t readv(int descriptor, const struct iovec *slices, int count) {
  ssize_t result;
  if (count > 0 && receive_slices(descriptor, slices, (size_t)count, 0, &result)) return weir_calls_answer(result);
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
  weir_front *front = weir_calls_enter(descriptor, result, -EPIPE);
  if (front == NULL) return *result != WEIR_PASS_ON;
  *result = weir_simulation_sendv(front->simulation, slices, count);
  weir_front_unlock(front);
  if (*result == -EPIPE && !(flags & MSG_NOSIGNAL)) (void)raise(SIGPIPE);
  return true;
}

static bool transmit_bytes(int descriptor, const void *bytes, size_t size, int flags, ssize_t *result) {
  return transmit(descriptor, &(struct iovec){(void *)(uintptr_t)bytes, size}, 1, flags, result);
}

WEIR_EXPORT ssize_t send(int descriptor, const void *bytes, size_t size, int flags) {
  ssize_t result;
  if (transmit_bytes(descriptor, bytes, size, flags, &result)) return weir_calls_answer(result);
  return weir_real()->send(descriptor, bytes, size, flags);
}

WEIR_EXPORT ssize_t sendto(int descriptor, const void *bytes, size_t size, int flags, const struct sockaddr *to,
                           socklen_t length) {
  ssize_t result;
  if (transmit_bytes(descriptor, bytes, size, flags, &result)) return weir_calls_answer(result);
  return weir_real()->sendto(descriptor, bytes, size, flags, to, length);
}

WEIR_EXPORT ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
  ssize_t result;
  if (transmit(descriptor, message->msg_iov, message->msg_iovlen, flags, &result)) return weir_calls_answer(result);
  return weir_real()->sendmsg(descriptor, message, flags);
}

WEIR_EXPORT ssize_t write(int descriptor, const void *bytes, size_t size) {
  ssize_t result;
  if (transmit_bytes(descriptor, bytes, size, 0, &result)) return weir_calls_answer(result);
  return weir_real()->write(descriptor, bytes, size);
}

WEIR_EXPORT ssize_t writev(int descriptor, const struct iovec *slices, int count) {
  ssize_t result;
  if (count >= 0 && transmit(descriptor, slices, (size_t)count, 0, &result)) return weir_calls_answer(result);
  return weir_real()->writev(descriptor, slices, count);
}

/* No page of a file goes through the simulation; programs fall back to send. */
WEIR_EXPORT ssize_t sendfile(int out, int in, off_t *offset, size_t size) {
  ssize_t result;
  weir_front *front = weir_calls_enter(out, &result, -EPIPE);
  if (front == NULL)
    return result == WEIR_PASS_ON ? weir_real()->sendfile(out, in, offset, size) : weir_calls_answer(result);
  weir_front_unlock(front);
  return weir_calls_answer(-EINVAL);
}
