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
#include "interpose/timers.h"
#include "simulation/layers.h"

/* Slices of one call at most (UIO_MAXIOV). */
enum { SLICES_MAX = 1024 };

/* What only sockets have, said of a pipe. */
static bool refuses(const weir_front *front, bool socket_call) {
  return socket_call && weir_layer_is_pipe(front->simulation->layer);
}

static size_t total(const struct iovec *slices, size_t count) {
  size_t size = 0;
  for (size_t i = 0; i < count; i++) size += slices[i].iov_len;
  return size;
}

/* Closed, though its placeholder is still there. */
static bool is_gone(int descriptor) {
  ssize_t result;
  weir_front *front = weir_calls_enter(descriptor, &result, 0);
  if (front != NULL) weir_front_unlock(front);
  return result == -EBADF;
}

/* ---- Receiving -------------------------------------------------------------- */
/* How a receiving call came: its flags, and whether a pipe has it (read, readv). */
typedef struct receiving {
  int flags;
  bool socket_call;
} receiving;

/* There is no urgent data, and nothing in the error queue.  In TCP, MSG_TRUNC
 * throws away what is read. */
static ssize_t receive_now(weir_front *front, void *buffer, size_t size, receiving how) {
  if (refuses(front, how.socket_call)) return -ENOTSOCK;
  if (how.flags & MSG_OOB) return -EINVAL;
  if ((how.flags & MSG_ERRQUEUE) && front->simulation->layer != WEIR_LAYER_UNIX) return -EAGAIN;
  const bool discards = (how.flags & MSG_TRUNC) && front->simulation->layer != WEIR_LAYER_UNIX;
  if (buffer == NULL && size > 0 && !discards) return -EFAULT;
  if (discards || buffer == NULL) {
    buffer = front->bounce;
    if (size > sizeof front->bounce) size = sizeof front->bounce;
  }
  const ssize_t result = (how.flags & MSG_PEEK) ? weir_simulation_peek(front->simulation, buffer, size)
                                                : weir_simulation_recv(front->simulation, buffer, size);
  /* Looking for the rest, AF_UNIX finds the error, which nobody is told (unix_stream_read_generic). */
  const bool wants_more = result > 0 && (size_t)result < size && (how.flags & MSG_WAITALL);
  if (wants_more && front->simulation->layer == WEIR_LAYER_UNIX) (void)weir_simulation_take_error(front->simulation);
  return result;
}

/* A byte from the control descriptor says that it was readable, once for each wait. */
static bool receive_notice(int descriptor, void *buffer, size_t size, ssize_t *result) {
  if (*result != WEIR_PASS_ON) return true;
  if (!weir_front_knows(descriptor) || size == 0) return false;
  weir_front *front = weir_front_lock();
  bool control = weir_front_object(front, descriptor)->kind == WEIR_OBJECT_CONTROL;
  bool called = control && weir_front_calls(front) && !front->called;
  front->called = front->called || called;
  front->notices += called;
  weir_front_unlock(front);
  if (called) *(uint8_t *)buffer = '!';
  if (control) *result = called ? 1 : -EAGAIN;
  return control;
}

/* False: libc has it. */
static bool receive(int descriptor, void *buffer, size_t size, receiving how, ssize_t *result) {
  weir_front *front = weir_calls_enter(descriptor, result, 0);
  if (front == NULL) return receive_notice(descriptor, buffer, size, result);
  *result = receive_now(front, buffer, size, how);
  weir_front_unlock(front);
  return true;
}

static void scatter(const uint8_t *bytes, size_t size, const struct iovec *slices) {
  for (; size > 0; slices++) {
    size_t part = slices->iov_len < size ? slices->iov_len : size;
    memcpy(slices->iov_base, bytes, part);
    bytes += part;
    size -= part;
  }
}

static bool receive_slices(int descriptor, const struct iovec *slices, size_t count, receiving how, ssize_t *result) {
  if (count == 1) return receive(descriptor, slices->iov_base, slices->iov_len, how, result);
  weir_front *front = weir_calls_enter(descriptor, result, 0);
  if (front == NULL) return *result != WEIR_PASS_ON;
  size_t size = total(slices, count);
  if (size > sizeof front->bounce) size = sizeof front->bounce;
  *result = receive_now(front, front->bounce, size, how);
  const bool discarded = (how.flags & MSG_TRUNC) && front->simulation->layer != WEIR_LAYER_UNIX;
  if (*result > 0 && !discarded) scatter(front->bounce, (size_t)*result, slices);
  weir_front_unlock(front);
  return true;
}

/* Nothing to read gives nothing, before anybody looks at the connection; EBADF all the same. */
static bool reads_nothing(int descriptor, size_t size, ssize_t *result) {
  if (size > 0 || !weir_front_knows(descriptor)) return false;
  weir_front *front = weir_calls_enter(descriptor, result, 0);
  if (front == NULL) return *result != WEIR_PASS_ON;
  *result = front->simulation->layer == WEIR_LAYER_WRITE_PIPE ? -EBADF : 0;
  weir_front_unlock(front);
  return true;
}

WEIR_EXPORT ssize_t recv(int descriptor, void *buffer, size_t size, int flags) {
  ssize_t result;
  if (receive(descriptor, buffer, size, (receiving){flags, true}, &result)) return weir_calls_answer(result);
  return weir_real()->recv(descriptor, buffer, size, flags);
}

WEIR_EXPORT ssize_t recvfrom(int descriptor, void *buffer, size_t size, int flags, struct sockaddr *from,
                             socklen_t *length) {
  ssize_t result;
  if (!receive(descriptor, buffer, size, (receiving){flags, true}, &result))
    return weir_real()->recvfrom(descriptor, buffer, size, flags, from, length);
  if (result >= 0 && from != NULL && length != NULL) *length = 0;
  return weir_calls_answer(result);
}

WEIR_EXPORT ssize_t recvmsg(int descriptor, struct msghdr *message, int flags) {
  ssize_t result = -EMSGSIZE;
  const bool ours = weir_front_knows(descriptor) && message->msg_iovlen > SLICES_MAX;
  if (!ours && !receive_slices(descriptor, message->msg_iov, message->msg_iovlen, (receiving){flags, true}, &result))
    return weir_real()->recvmsg(descriptor, message, flags);
  if (result < 0) return weir_calls_answer(result);
  message->msg_namelen = 0;
  message->msg_controllen = 0;
  message->msg_flags = 0;
  return result;
}

WEIR_EXPORT ssize_t read(int descriptor, void *buffer, size_t size) {
  ssize_t result;
  if (reads_nothing(descriptor, size, &result) || receive(descriptor, buffer, size, (receiving){0}, &result))
    return weir_calls_answer(result);
  if (weir_front_knows(descriptor) && weir_timers_read(descriptor, buffer, size, &result)) return result;
  return weir_real()->read(descriptor, buffer, size);
}

WEIR_EXPORT ssize_t readv(int descriptor, const struct iovec *slices, int count) {
  ssize_t result;
  if (count < 0 || count > SLICES_MAX) count = SLICES_MAX + 1; /* the kernel says what is wrong with it */
  if (count > SLICES_MAX || !weir_front_knows(descriptor))
    return is_gone(descriptor) ? (ssize_t)weir_calls_answer(-EBADF) : weir_real()->readv(descriptor, slices, count);
  if (reads_nothing(descriptor, total(slices, (size_t)count), &result) ||
      receive_slices(descriptor, slices, (size_t)count, (receiving){0}, &result))
    return weir_calls_answer(result);
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
typedef struct sending {
  int flags;
  bool socket_call;
  bool addressed; /* to somebody by name */
} sending;

/* False: libc has it. */
static bool transmit(int descriptor, const struct iovec *slices, size_t count, sending how, ssize_t *result) {
  weir_front *front = weir_calls_enter(descriptor, result, -EPIPE);
  if (front == NULL) return *result != WEIR_PASS_ON;
  if (refuses(front, how.socket_call))
    *result = -ENOTSOCK;
  else if (how.addressed && front->simulation->layer == WEIR_LAYER_UNIX)
    *result = -EISCONN;
  else
    *result = weir_simulation_sendv(front->simulation, slices, count);
  weir_front_unlock(front);
  if (*result == -EPIPE && !(how.flags & MSG_NOSIGNAL)) (void)raise(SIGPIPE);
  return true;
}

static bool transmit_bytes(int descriptor, const void *bytes, size_t size, sending how, ssize_t *result) {
  return transmit(descriptor, &(struct iovec){(void *)(uintptr_t)bytes, size}, 1, how, result);
}

WEIR_EXPORT ssize_t send(int descriptor, const void *bytes, size_t size, int flags) {
  ssize_t result;
  if (transmit_bytes(descriptor, bytes, size, (sending){flags, true, false}, &result)) return weir_calls_answer(result);
  return weir_real()->send(descriptor, bytes, size, flags);
}

WEIR_EXPORT ssize_t sendto(int descriptor, const void *bytes, size_t size, int flags, const struct sockaddr *to,
                           socklen_t length) {
  ssize_t result;
  const sending how = {flags, true, to != NULL && length > 0};
  if (transmit_bytes(descriptor, bytes, size, how, &result)) return weir_calls_answer(result);
  return weir_real()->sendto(descriptor, bytes, size, flags, to, length);
}

WEIR_EXPORT ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
  ssize_t result;
  if (weir_front_knows(descriptor) && message->msg_iovlen > SLICES_MAX) return weir_calls_answer(-EMSGSIZE);
  const sending how = {flags, true, message->msg_name != NULL && message->msg_namelen > 0};
  if (transmit(descriptor, message->msg_iov, message->msg_iovlen, how, &result)) return weir_calls_answer(result);
  return weir_real()->sendmsg(descriptor, message, flags);
}

WEIR_EXPORT ssize_t write(int descriptor, const void *bytes, size_t size) {
  ssize_t result;
  if (transmit_bytes(descriptor, bytes, size, (sending){0}, &result)) return weir_calls_answer(result);
  return weir_real()->write(descriptor, bytes, size);
}

/* As reads_nothing. */
static bool writes_nothing(int descriptor, size_t size, ssize_t *result) {
  if (size > 0) return false;
  weir_front *front = weir_calls_enter(descriptor, result, 0);
  if (front == NULL) return *result != WEIR_PASS_ON;
  *result = front->simulation->layer == WEIR_LAYER_READ_PIPE ? -EBADF : 0;
  weir_front_unlock(front);
  return true;
}

WEIR_EXPORT ssize_t writev(int descriptor, const struct iovec *slices, int count) {
  ssize_t result;
  if (count < 0 || count > SLICES_MAX) count = SLICES_MAX + 1;
  if (count > SLICES_MAX || !weir_front_knows(descriptor))
    return is_gone(descriptor) ? (ssize_t)weir_calls_answer(-EBADF) : weir_real()->writev(descriptor, slices, count);
  if (writes_nothing(descriptor, total(slices, (size_t)count), &result) ||
      transmit(descriptor, slices, (size_t)count, (sending){0}, &result))
    return weir_calls_answer(result);
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
