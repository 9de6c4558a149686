#include "ends.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "interpose/descriptors.h"
#include "simulation/parts.h"
#include "weir/payload.h"

enum { READ_SIZE = 4096, SEND_SIZE = 64, SMALL_BUFFER = 4608 };

static int listener = -1;

bool ends_begin(void) {
  static weir_channel_memory *memory;
  memory = calloc(1, sizeof *memory);
  if (memory == NULL) return false;
  memory->scenario = (weir_scenario){.count = 1, .steps = {{.verb = WEIR_VERB_PEER_STOP, .when = WEIR_WHEN_START}}};
  weir_the_front.worker.memory = memory;
  weir_the_front.worker.pair = -1;
  struct sockaddr_in any = {.sin_family = AF_INET};
  listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener >= 0 && bind(listener, (struct sockaddr *)&any, sizeof any) == 0 && listen(listener, 8) == 0)
    return true;
  if (listener >= 0) (void)close(listener);
  listener = -1;
  return true;
}

/* ---- Opening ------------------------------------------------------------------ */
/* Another address of the loopback each time: none waits for the last one's TIME_WAIT. */
static bool connect_tcp(ends *end, uint32_t number) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof address;
  const int yes = 1, small = SMALL_BUFFER;
  if (listener < 0 || getsockname(listener, (struct sockaddr *)&address, &size) != 0) return false;
  address.sin_addr.s_addr = htonl(UINT32_C(0x7F000001) + number % UINT32_C(0x00FFFF00));
  end->ours = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (end->ours < 0) return false;
  /* Nagle would hold small sends back for a delayed ACK. */
  bool good = setsockopt(end->ours, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0 &&
              setsockopt(end->ours, SOL_SOCKET, SO_SNDBUF, &small, sizeof small) == 0 &&
              connect(end->ours, (struct sockaddr *)&address, size) == 0;
  end->peer = good ? accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC) : -1;
  if (end->peer >= 0 && fcntl(end->ours, F_SETFL, O_NONBLOCK) == 0 &&
      setsockopt(end->peer, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0)
    return true;
  if (end->peer >= 0) (void)close(end->peer);
  (void)close(end->ours);
  return false;
}

static bool connect_local(ends *end) {
  int pair[2];
  const bool writes = end->layer == WEIR_LAYER_WRITE_PIPE;
  const int made = end->layer == WEIR_LAYER_UNIX
                       ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair)
                       : pipe2(pair, O_NONBLOCK | O_CLOEXEC);
  if (made != 0) return false;
  end->ours = pair[writes];
  end->peer = pair[!writes];
  return true;
}

static bool connect_simulated(ends *end) {
  weir_front *front = weir_front_lock();
  if (front->layer != end->layer && front->placeholders[0] >= 0)
    weir_descriptors_replace(front, front->placeholders[0]);
  front->layer = (uint8_t)end->layer;
  end->ours = weir_descriptors_renew(front);
  if (end->ours >= 0) weir_front_begin(front);
  weir_front_unlock(front);
  return end->ours >= 0;
}

bool ends_open(ends *real, ends *simulated, weir_layer layer, uint32_t number) {
  *real = (ends){.layer = layer, .ours = -1, .twin = -1, .epoll = -1, .peer = -1};
  *simulated = *real;
  simulated->simulated = true;
  simulated->peer = 0; /* there is one */
  if (!(layer == WEIR_LAYER_TCP ? connect_tcp(real, number) : connect_local(real))) return false;
  if (!connect_simulated(simulated)) return false;
  real->epoll = epoll_create1(EPOLL_CLOEXEC);
  simulated->epoll = epoll_create1(EPOLL_CLOEXEC);
  return real->epoll >= 0 && simulated->epoll >= 0;
}

void ends_close(ends *end) {
  if (!end->closed) (void)close(end->ours);
  if (end->twin >= 0) (void)close(end->twin);
  if (end->epoll >= 0) (void)close(end->epoll);
  if (end->peer >= 0 && !end->simulated) (void)close(end->peer);
}

/* ---- The peer ----------------------------------------------------------------- */
static weir_simulation *simulation(void) {
  return &weir_the_front.network.connections[0];
}

static void take_step(weir_verb verb, uint32_t size) {
  const weir_step step = {.verb = (uint8_t)verb, .a = (int32_t)size};
  (void)weir_peer_step(simulation(), &step);
}

void peer_send(ends *end, uint32_t size) {
  uint8_t bytes[SEND_SIZE];
  if (end->simulated) {
    take_step(WEIR_VERB_PEER_SEND, size);
    return;
  }
  if (end->peer < 0) return;
  weir_payload_fill(weir_stream_incoming(0), end->sent, bytes, size);
  const ssize_t sent = write(end->peer, bytes, size);
  if (sent < 0 && errno == ECONNRESET) end->was_reset = true;
  if (sent > 0) end->sent += (uint64_t)sent;
}

void peer_fin(ends *end) {
  if (end->finished) return;
  end->finished = true;
  if (end->simulated) {
    take_step(WEIR_VERB_PEER_FIN, 0);
  } else if (end->layer == WEIR_LAYER_READ_PIPE) {
    peer_close(end, false);
  } else if (end->peer >= 0 && end->layer != WEIR_LAYER_WRITE_PIPE) {
    (void)shutdown(end->peer, SHUT_WR);
  }
}

void peer_close(ends *end, bool reset) {
  const struct linger none = {.l_onoff = 1};
  if (end->peer < 0) return;
  if (end->simulated) {
    take_step(reset ? WEIR_VERB_PEER_RESET : WEIR_VERB_PEER_CLOSE, 0);
    end->peer = -1;
    return;
  }
  if (reset) (void)setsockopt(end->peer, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  (void)close(end->peer);
  end->peer = -1;
}

/* The end is told once: what a peer makes of it afterwards is its own business. */
static int tell_end(ends *end, int what) {
  if (end->told_end || end->layer == WEIR_LAYER_READ_PIPE) return PEER_NOTHING;
  end->told_end = true;
  return what;
}

static int read_simulated(ends *end, uint32_t most) {
  const weir_trace *trace = &weir_the_front.trace;
  const uint64_t drained = simulation()->drained;
  const uint32_t before = trace->count;
  take_step(WEIR_VERB_PEER_READ, most);
  const uint64_t got = simulation()->drained - drained;
  int what = PEER_NOTHING;
  for (uint32_t i = before; i < trace->count; i++) {
    if (trace->records[i].event == WEIR_EVENT_PEER_SAW_FIN) what = PEER_END;
    if (trace->records[i].event == WEIR_EVENT_PEER_SAW_RESET) what = PEER_RESET;
  }
  if (got > 0 || what == PEER_NOTHING) {
    if (what != PEER_NOTHING) end->told_end = true;
    return (int)got;
  }
  return tell_end(end, what);
}

static int read_real(ends *end, uint32_t most) {
  uint8_t bytes[READ_SIZE];
  uint32_t got = 0;
  while (got < most) {
    const uint32_t room = most - got < READ_SIZE ? most - got : READ_SIZE;
    const ssize_t count = read(end->peer, bytes, room);
    if (count > 0) {
      got += (uint32_t)count;
      continue;
    }
    int what = errno == ECONNRESET ? PEER_RESET : PEER_NOTHING;
    if (count == 0) what = end->was_reset ? PEER_RESET : PEER_END;
    if (what == PEER_NOTHING) break;
    if (got == 0) return tell_end(end, what);
    end->told_end = true;
    break;
  }
  return (int)got;
}

int peer_read(ends *end, uint32_t most) {
  if (end->peer < 0 || end->layer == WEIR_LAYER_READ_PIPE) return PEER_NOTHING;
  return end->simulated ? read_simulated(end, most) : read_real(end, most);
}

void peer_answer(ends *end) {
  if (end->simulated) (void)weir_peer_drain(simulation());
}
