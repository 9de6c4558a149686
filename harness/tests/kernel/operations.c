#include "operations.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "weir/payload.h"

/* AF_UNIX tells of room where a whole message was read: the peer reads all there is. */
enum {
  FILL_SIZE = 4096,
  FILL_MOST = 4096,
  UNIX_READ = 4096,
  POLL_ALL = POLLIN | POLLOUT | POLLPRI | POLLRDHUP | POLLRDNORM | POLLWRNORM | POLLRDBAND | POLLWRBAND
};

static volatile sig_atomic_t signals;

static void count_signal(int number) {
  (void)number;
  signals = signals + 1;
}

void operation_catch_signals(void) {
  struct sigaction action = {.sa_handler = count_signal, .sa_flags = SA_RESTART};
  (void)sigaction(SIGPIPE, &action, NULL);
}

/* ---- Drawing --------------------------------------------------------------------- */
static uint64_t draw(uint64_t *state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

/* How often each comes, out of their sum. */
static const uint8_t weights[OPERATION_COUNT] = {
    [OP_PEER_SEND] = 24, [OP_PEER_FIN] = 8,    [OP_PEER_READ] = 12, [OP_PEER_CLOSE] = 6, [OP_PEER_RESET] = 6,
    [OP_RECV] = 16,      [OP_RECVFROM] = 6,    [OP_RECVMSG] = 8,    [OP_READ] = 8,       [OP_READV] = 6,
    [OP_SEND] = 12,      [OP_SENDTO] = 4,      [OP_SENDMSG] = 5,    [OP_WRITE] = 6,      [OP_WRITEV] = 5,
    [OP_SHUTDOWN] = 8,   [OP_CLOSE] = 3,       [OP_DUP] = 2,        [OP_LINGER] = 3,     [OP_FILL] = 2,
    [OP_OPTION] = 8,     [OP_NAMES] = 4,       [OP_UNREAD] = 4,     [OP_FLAGS] = 2,      [OP_KIND] = 1,
    [OP_EPOLL_CTL] = 16, [OP_EPOLL_WAIT] = 24, [OP_POLL] = 6,       [OP_SELECT] = 6,
};

static operation_kind draw_kind(uint64_t *state) {
  uint64_t sum = 0;
  for (size_t kind = 0; kind < OPERATION_COUNT; kind++) sum += weights[kind];
  uint64_t place = draw(state) % sum;
  size_t kind = 0;
  while (place >= weights[kind]) place -= weights[kind++];
  return (operation_kind)kind;
}

static uint32_t draw_events(uint64_t *state) {
  static const uint32_t some[] = {EPOLLIN,
                                  EPOLLOUT,
                                  EPOLLIN | EPOLLOUT,
                                  EPOLLRDHUP,
                                  0,
                                  EPOLLIN | EPOLLRDHUP,
                                  EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI};
  static const uint32_t modes[] = {0, 0, EPOLLET, EPOLLET, EPOLLONESHOT, EPOLLET | EPOLLONESHOT};
  return some[draw(state) % (sizeof some / sizeof *some)] | modes[draw(state) % (sizeof modes / sizeof *modes)];
}

operation operation_draw(uint64_t *state) {
  static const uint32_t receiving[] = {0,
                                       0,
                                       0,
                                       0,
                                       MSG_PEEK,
                                       MSG_PEEK,
                                       MSG_DONTWAIT,
                                       MSG_TRUNC,
                                       MSG_PEEK | MSG_TRUNC,
                                       MSG_WAITALL,
                                       MSG_OOB,
                                       MSG_ERRQUEUE,
                                       MSG_NOSIGNAL};
  static const uint32_t sending[] = {0, MSG_NOSIGNAL, MSG_DONTWAIT, MSG_NOSIGNAL | MSG_DONTWAIT};
  operation made = {.kind = draw_kind(state), .size = (uint32_t)(draw(state) % 7)};
  const uint64_t which = draw(state);
  made.flags = (uint32_t)(which % 16);
  if (made.kind == OP_RECV || made.kind == OP_RECVFROM || made.kind == OP_RECVMSG)
    made.flags = receiving[which % (sizeof receiving / sizeof *receiving)];
  if (made.kind == OP_SEND || made.kind == OP_SENDTO || made.kind == OP_SENDMSG)
    made.flags = sending[which % (sizeof sending / sizeof *sending)];
  made.events = draw_events(state);
  return made;
}

/* ---- Trying ---------------------------------------------------------------------- */
static long answer(long result) {
  return result < 0 ? -errno : result;
}

static void receive(ends *end, const operation *drawn, seen *out) {
  uint8_t *bytes = out->bytes;
  struct sockaddr_un from = {0};
  socklen_t length = sizeof from;
  struct iovec slices[3] = {
      {bytes, drawn->size / 2}, {bytes + drawn->size / 2, 0}, {bytes + drawn->size / 2, drawn->size - drawn->size / 2}};
  struct msghdr message = {
      .msg_iov = slices, .msg_iovlen = drawn->size == 0 ? 0 : 3, .msg_name = &from, .msg_namelen = sizeof from};
  switch (drawn->kind) {
  case OP_RECV: out->result = answer(recv(end->ours, bytes, drawn->size, (int)drawn->flags)); break;
  case OP_RECVFROM:
    out->result = answer(recvfrom(end->ours, bytes, drawn->size, (int)drawn->flags, (struct sockaddr *)&from, &length));
    out->more[0] = length;
    break;
  case OP_RECVMSG:
    out->result = answer(recvmsg(end->ours, &message, (int)drawn->flags));
    out->more[0] = (long)message.msg_namelen;
    out->more[1] = (long)message.msg_controllen;
    out->more[2] = message.msg_flags;
    break;
  case OP_READ: out->result = answer(read(end->ours, bytes, drawn->size)); break;
  default: out->result = answer(readv(end->ours, slices, drawn->flags == 1 ? -1 : drawn->flags == 2 ? 2000 : 3)); break;
  }
}

static void transmit(ends *end, const operation *drawn, seen *out) {
  uint8_t bytes[8];
  weir_payload_fill(weir_stream_outgoing(0), end->taken, bytes, sizeof bytes);
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  struct iovec slices[3] = {
      {bytes, drawn->size / 2}, {NULL, 0}, {bytes + drawn->size / 2, drawn->size - drawn->size / 2}};
  struct msghdr message = {.msg_iov = slices, .msg_iovlen = 3};
  const bool named = end->layer == WEIR_LAYER_UNIX && drawn->size == 3;
  switch (drawn->kind) {
  case OP_SEND: out->result = answer(send(end->ours, bytes, drawn->size, (int)drawn->flags)); break;
  case OP_SENDTO:
    out->result = answer(sendto(end->ours, bytes, drawn->size, (int)drawn->flags, named ? (struct sockaddr *)&to : NULL,
                                named ? sizeof to : 0));
    break;
  case OP_SENDMSG: out->result = answer(sendmsg(end->ours, &message, (int)drawn->flags)); break;
  case OP_WRITE: out->result = answer(write(end->ours, bytes, drawn->size)); break;
  default:
    out->result = answer(writev(end->ours, slices, drawn->flags == 1 ? -1 : drawn->flags == 2 ? 2000 : 3));
    break;
  }
  if (out->result > 0) end->taken += (uint64_t)out->result;
}

/* Until nothing more is taken; then the peer reads it all.  How much that is, is the kernel's to choose. */
static void fill(ends *end, seen *out) {
  uint8_t bytes[FILL_SIZE];
  long result = 0;
  for (int i = 0; i < FILL_MOST; i++) {
    weir_payload_fill(weir_stream_outgoing(0), end->taken, bytes, sizeof bytes);
    result = answer(write(end->ours, bytes, sizeof bytes));
    if (result < 0) break;
    end->taken += (uint64_t)result;
    peer_answer(end);
  }
  out->result = result;
  if (result != -EAGAIN) return;
  struct pollfd polled = {.fd = end->ours, .events = POLL_ALL};
  (void)poll(&polled, 1, 0);
  out->more[0] = polled.revents;
  if (!end->simulated && end->layer == WEIR_LAYER_TCP) { /* acknowledgements take their time */
    for (int quiet = 0; quiet < 3; quiet++) {
      if (peer_read(end, 1 << 24) > 0) quiet = 0;
      (void)usleep(200);
    }
  } else {
    (void)peer_read(end, 1 << 20);
  }
}

static void ask_option(ends *end, const operation *drawn, seen *out) {
  static const int options[] = {SO_ERROR, SO_ERROR, SO_ERROR, SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_ACCEPTCONN};
  int value = -1;
  socklen_t length = sizeof value;
  out->result = answer(getsockopt(end->ours, SOL_SOCKET, options[drawn->size], &value, &length));
  out->more[0] = value;
  out->more[1] = (long)length;
}

static void ask_names(ends *end, const operation *drawn, seen *out) {
  struct sockaddr_storage address = {0};
  socklen_t length = sizeof address;
  struct sockaddr *any = (struct sockaddr *)&address;
  out->result = answer(drawn->flags & 1 ? getpeername(end->ours, any, &length) : getsockname(end->ours, any, &length));
  out->more[0] = address.ss_family;
  out->more[1] = (long)length;
}

static void ask_flags(ends *end, const operation *drawn, seen *out) {
  if (drawn->size < 3)
    out->result = answer(fcntl(end->ours, F_GETFL));
  else if (drawn->size < 5)
    out->result = answer(fcntl(end->ours, F_GETFD));
  else
    out->result = answer(fcntl(end->ours, F_SETFL, O_NONBLOCK));
}

static void ask_kind(ends *end, seen *out) {
  struct stat status = {0};
  if (end->closed) return; /* the placeholder is still there */
  out->result = answer(fstat(end->ours, &status));
  out->more[0] = (long)(status.st_mode & S_IFMT);
}

static void control(ends *end, const operation *drawn, seen *out) {
  static const int operations[] = {EPOLL_CTL_ADD, EPOLL_CTL_ADD, EPOLL_CTL_ADD,
                                   EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_MOD,
                                   EPOLL_CTL_MOD, EPOLL_CTL_DEL, 77};
  struct epoll_event event = {.events = drawn->events, .data.u32 = drawn->size};
  const int which = operations[drawn->flags % (sizeof operations / sizeof *operations)];
  out->result = answer(epoll_ctl(end->epoll, which, end->ours, drawn->flags == 15 ? NULL : &event));
}

static void wait_epoll(ends *end, const operation *drawn, seen *out) {
  struct epoll_event events[3] = {{0}};
  out->result = answer(epoll_wait(end->epoll, events, drawn->flags == 15 ? 0 : 3, 0));
  for (long i = 0; i < out->result; i++) {
    out->more[2 * i] = (long)events[i].events;
    out->more[2 * i + 1] = (long)events[i].data.u32;
  }
}

static void wait_select(ends *end, const operation *drawn, seen *out) {
  fd_set sets[3];
  struct timeval none = {0};
  for (int i = 0; i < 3; i++) {
    FD_ZERO(&sets[i]);
    if (drawn->flags >> i & 1) FD_SET(end->ours, &sets[i]);
  }
  out->result = answer(select(end->ours + 1, &sets[0], &sets[1], &sets[2], &none));
  for (int i = 0; out->result >= 0 && i < 3; i++) out->more[i] = FD_ISSET(end->ours, &sets[i]) != 0;
}

static void ask_poll(ends *end, const operation *drawn, seen *out) {
  struct pollfd polled = {.fd = end->ours, .events = (short)(drawn->events & POLL_ALL)};
  out->result = answer(poll(&polled, 1, 0));
  out->more[0] = polled.revents;
}

/* Where there is a duplicate, it is what is used from then on. */
static void close_ours(ends *end, seen *out) {
  out->result = answer(close(end->ours));
  end->closed = end->twin < 0;
  if (end->twin >= 0) end->ours = end->twin;
  end->twin = -1;
}

static void duplicate(ends *end, const operation *drawn, seen *out) {
  if (end->twin < 0 && !end->closed) {
    end->twin = drawn->flags & 1 ? dup(end->ours) : fcntl(end->ours, F_DUPFD_CLOEXEC, 0);
    out->result = end->twin >= 0;
  } else if (end->twin >= 0) {
    const int ours = end->ours;
    end->ours = end->twin;
    end->twin = ours;
  }
}

static void set_linger(ends *end, const operation *drawn, seen *out) {
  const struct linger linger = {.l_onoff = (int)(drawn->flags & 1), .l_linger = (int)(drawn->flags & 2)};
  out->result = answer(setsockopt(end->ours, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
}

static void try_one(ends *end, const operation *drawn, seen *out) {
  int unread = -1;
  switch (drawn->kind) {
  case OP_PEER_SEND: peer_send(end, drawn->size + 1); break;
  case OP_PEER_FIN: peer_fin(end); break;
  case OP_PEER_READ:
    out->result = peer_read(end, end->layer == WEIR_LAYER_UNIX ? UNIX_READ : drawn->size * 2 + 1);
    break;
  case OP_PEER_CLOSE: peer_close(end, false); break;
  case OP_PEER_RESET: peer_close(end, true); break;
  case OP_RECV:
  case OP_RECVFROM:
  case OP_RECVMSG:
  case OP_READ:
  case OP_READV: receive(end, drawn, out); break;
  case OP_SEND:
  case OP_SENDTO:
  case OP_SENDMSG:
  case OP_WRITE:
  case OP_WRITEV: transmit(end, drawn, out); break;
  case OP_SHUTDOWN: out->result = answer(shutdown(end->ours, (int)(drawn->flags % 7) / 2)); break;
  case OP_CLOSE: close_ours(end, out); break;
  case OP_DUP: duplicate(end, drawn, out); break;
  case OP_LINGER: set_linger(end, drawn, out); break;
  case OP_FILL: fill(end, out); break;
  case OP_OPTION: ask_option(end, drawn, out); break;
  case OP_NAMES: ask_names(end, drawn, out); break;
  case OP_UNREAD:
    out->result = answer(ioctl(end->ours, FIONREAD, &unread));
    out->more[0] = unread;
    break;
  case OP_FLAGS: ask_flags(end, drawn, out); break;
  case OP_KIND: ask_kind(end, out); break;
  case OP_EPOLL_CTL: control(end, drawn, out); break;
  case OP_EPOLL_WAIT: wait_epoll(end, drawn, out); break;
  case OP_POLL: ask_poll(end, drawn, out); break;
  case OP_SELECT: wait_select(end, drawn, out); break;
  case OPERATION_COUNT: break;
  }
}

seen operation_try(ends *end, const operation *drawn) {
  seen out;
  memset(&out, 0, sizeof out); /* padding too: it is compared as bytes */
  const int before = signals;
  try_one(end, drawn, &out);
  peer_answer(end);
  if (drawn->kind > OP_PEER_RESET) out.signals = signals - before;
  struct pollfd polled = {.fd = end->ours, .events = POLL_ALL};
  (void)poll(&polled, 1, 0);
  out.ready = (unsigned short)polled.revents;
  return out;
}

/* ---- Telling --------------------------------------------------------------------- */
static size_t print_seen(const seen *of, char *out, size_t size) {
  int used = snprintf(out, size, "%ld (%ld %ld %ld %ld) '%02x%02x%02x%02x' sigpipe %d ready %x", of->result,
                      of->more[0], of->more[1], of->more[2], of->more[3], of->bytes[0], of->bytes[1], of->bytes[2],
                      of->bytes[3], of->signals, of->ready);
  return used < 0 ? 0 : (size_t)used;
}

size_t operation_print(const operation *drawn, const seen *real, const seen *simulated, char *out, size_t size) {
  static const char *const names[] = {
#define X(name) #name,
      OPERATIONS(X)
#undef X
  };
  char left[160], right[160];
  (void)print_seen(real, left, sizeof left);
  (void)print_seen(simulated, right, sizeof right);
  const bool same = memcmp(real, simulated, sizeof *real) == 0;
  int used = snprintf(out, size, "  %s size %u flags %x events %x: %s%s%s\n", names[drawn->kind], drawn->size,
                      drawn->flags, drawn->events, left, same ? "" : "\n    SIMULATED: ", same ? "" : right);
  return used < 0 ? 0 : (size_t)used;
}
