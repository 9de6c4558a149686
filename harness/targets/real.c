#include "targets/real.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SOON_MAX = 64, SLICES_MAX = 64, READS_MAX = 32 /* before others get their turn */ };

typedef struct soon {
  weir_soon_fn *function;
  void *context;
} soon;

struct weir_socket {
  int descriptor; /* -1: closed */
  int epoll;
  bool full; /* the last recv filled its buffer: there may be more */
};

struct weir_loop {
  soon queue[SOON_MAX]; /* a ring */
  unsigned head, count;
  unsigned interest; /* WEIR_READABLE | WEIR_WRITABLE */
  weir_ready_fn *ready;
  void *context;
  weir_error exception;
};

struct weir_real {
  weir_host host;
  weir_loop loop;
  weir_socket socket;
};

static ptrdiff_t answer(ssize_t result) {
  return result < 0 ? -errno : result;
}

/* ---- The operations ---------------------------------------------------------- */
static ptrdiff_t real_recv(weir_socket *socket, void *buffer, size_t size) {
  const ptrdiff_t result = answer(recv(socket->descriptor, buffer, size, 0));
  socket->full = result > 0 && (size_t)result == size;
  return result;
}

static ptrdiff_t real_send(weir_socket *socket, const void *bytes, size_t size) {
  return answer(send(socket->descriptor, bytes, size, MSG_NOSIGNAL));
}

static ptrdiff_t real_sendv(weir_socket *socket, const weir_slice *slices, size_t count) {
  struct iovec vector[SLICES_MAX];
  if (count > SLICES_MAX) count = SLICES_MAX;
  for (size_t i = 0; i < count; i++)
    vector[i] = (struct iovec){.iov_base = (void *)(uintptr_t)slices[i].base, .iov_len = slices[i].size};
  const struct msghdr message = {.msg_iov = vector, .msg_iovlen = count};
  return answer(sendmsg(socket->descriptor, &message, MSG_NOSIGNAL));
}

static int real_shutdown(weir_socket *socket) {
  return (int)answer(shutdown(socket->descriptor, SHUT_WR));
}

static void real_close(weir_socket *socket) {
  if (socket->descriptor >= 0) (void)close(socket->descriptor);
  socket->descriptor = -1;
}

static int real_watch(weir_loop *loop, weir_socket *socket, unsigned interest, weir_ready_fn *ready, void *context) {
  if (socket->descriptor < 0) return -EBADF;
  struct epoll_event event = {.events = ((interest & WEIR_READABLE) ? EPOLLIN : 0u) |
                                        ((interest & WEIR_WRITABLE) ? EPOLLOUT : 0u)};
  int operation = interest == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  if (loop->interest == 0) operation = EPOLL_CTL_ADD;
  const bool changes = interest != loop->interest;
  if (changes && epoll_ctl(socket->epoll, operation, socket->descriptor, &event) != 0) return -errno;
  loop->interest = interest;
  loop->ready = ready;
  loop->context = context;
  return 0;
}

static int real_call_soon(weir_loop *loop, weir_soon_fn *function, void *context) {
  if (loop->count == SOON_MAX) return -ENOMEM;
  loop->queue[(loop->head + loop->count++) % SOON_MAX] = (soon){function, context};
  return 0;
}

static void real_exception(weir_loop *loop, weir_error error, const char *message) {
  (void)message;
  loop->exception = error;
}

static void *real_reallocate(weir_loop *loop, void *memory, size_t size) {
  (void)loop;
  if (size > 0) return realloc(memory, size);
  free(memory);
  return NULL;
}

/* ---- The loop ------------------------------------------------------------------ */
weir_real *weir_real_new(int descriptor) {
  weir_real *real = calloc(1, sizeof *real);
  if (real == NULL) return NULL;
  real->socket = (weir_socket){.descriptor = descriptor, .epoll = epoll_create1(EPOLL_CLOEXEC)};
  const int flags = fcntl(descriptor, F_GETFL);
  if (real->socket.epoll < 0 || flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0) {
    if (real->socket.epoll >= 0) (void)close(real->socket.epoll);
    free(real);
    return NULL;
  }
  real->host = (weir_host){.size = sizeof real->host,
                           .loop = &real->loop,
                           .recv = real_recv,
                           .send = real_send,
                           .sendv = real_sendv,
                           .shutdown = real_shutdown,
                           .close = real_close,
                           .watch = real_watch,
                           .call_soon = real_call_soon,
                           .exception = real_exception,
                           .reallocate = real_reallocate};
  return real;
}

void weir_real_free(weir_real *real) {
  if (real == NULL) return;
  real_close(&real->socket);
  (void)close(real->socket.epoll);
  free(real);
}

const weir_host *weir_real_host(const weir_real *real) {
  return &real->host;
}

weir_socket *weir_real_socket(weir_real *real) {
  return &real->socket;
}

weir_error weir_real_exception(const weir_real *real) {
  return real->loop.exception;
}

/* What is queued meanwhile belongs to the next turn. */
static void run_queue(weir_loop *loop) {
  for (unsigned left = loop->count; left > 0; left--) {
    const soon next = loop->queue[loop->head];
    loop->head = (loop->head + 1) % SOON_MAX;
    loop->count--;
    next.function(next.context);
  }
}

/* What the transport may be told of: an error or a hang-up shows as both. */
static unsigned ready_of(const weir_loop *loop, uint32_t events) {
  const bool both = (events & (EPOLLERR | EPOLLHUP)) != 0;
  const unsigned ready =
      ((events & EPOLLIN) || both ? WEIR_READABLE : 0u) | ((events & EPOLLOUT) || both ? WEIR_WRITABLE : 0u);
  return ready & loop->interest;
}

/* Readiness is a hint: where a buffer was filled, the next is tried at once. */
static void call_ready(weir_real *real, unsigned ready) {
  weir_loop *loop = &real->loop;
  real->socket.full = false;
  loop->ready(loop->context, ready);
  for (int reads = 1; reads < READS_MAX && real->socket.full && (loop->interest & WEIR_READABLE); reads++) {
    real->socket.full = false;
    loop->ready(loop->context, WEIR_READABLE);
  }
}

bool weir_real_run(weir_real *real, int milliseconds) {
  weir_loop *loop = &real->loop;
  while (real->socket.descriptor >= 0 || loop->count > 0) {
    struct epoll_event event = {.events = 0};
    const int count = epoll_wait(real->socket.epoll, &event, 1, loop->count > 0 ? 0 : milliseconds);
    if (count < 0 && errno != EINTR) return false;
    if (count == 0 && loop->count == 0) return false;
    run_queue(loop);
    const unsigned ready = count == 1 && real->socket.descriptor >= 0 ? ready_of(loop, event.events) : 0;
    if (ready != 0) call_ready(real, ready);
  }
  return true;
}
