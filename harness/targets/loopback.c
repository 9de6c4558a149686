#include "targets/loopback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "weir/payload.h"

enum { CHUNKS_MAX = 4096 };

int weir_loopback_listen(uint16_t *port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0) return -1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  const int room = WEIR_LOOPBACK_BUFFER;
  /* Inherited by what is accepted. */
  (void)setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 8) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
    (void)close(listener);
    return -1;
  }
  *port = ntohs(address.sin_port);
  return listener;
}

static void note(const weir_loopback *loopback, weir_record record) {
  record.connection = loopback->connection;
  (void)weir_trace_add(loopback->trace, record);
}

/* ---- Sending -------------------------------------------------------------------- */
static void hang_up(weir_loopback *loopback) {
  if (loopback->descriptor >= 0) (void)close(loopback->descriptor);
  loopback->descriptor = -1;
}

/* Hands the kernel what it takes, and what follows that.  Whether anything happened. */
static bool hand_over(weir_loopback *loopback) {
  const uint64_t before = loopback->handed;
  bool takes = loopback->descriptor >= 0;
  while (takes && loopback->handed < loopback->sent) {
    const uint64_t left = loopback->sent - loopback->handed;
    const size_t size = left < WEIR_LOOPBACK_CHUNK ? (size_t)left : WEIR_LOOPBACK_CHUNK;
    weir_payload_fill(weir_stream_incoming(loopback->connection), loopback->handed, loopback->chunk, size);
    const ssize_t taken = send(loopback->descriptor, loopback->chunk, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken > 0) loopback->handed += (uint64_t)taken;
    if (taken < 0 && errno != EAGAIN && errno != EINTR) loopback->sent = loopback->handed; /* nobody is there */
    takes = taken > 0 || (taken < 0 && errno == EINTR);
  }
  const bool all = loopback->handed == loopback->sent;
  if (all && loopback->fin && !loopback->closed && !loopback->shut && loopback->descriptor >= 0) {
    (void)shutdown(loopback->descriptor, SHUT_WR);
    loopback->shut = true;
  }
  if (all && loopback->closed) hang_up(loopback);
  return loopback->handed != before;
}

static bool send_some(void *context, uint32_t size) {
  weir_loopback *loopback = context;
  if (loopback->dead || loopback->closed || loopback->fin) return false;
  note(loopback, (weir_record){.event = WEIR_EVENT_PEER_SEND, .a = size, .b = loopback->sent});
  loopback->sent += size;
  (void)hand_over(loopback);
  return true;
}

/* ---- Reading -------------------------------------------------------------------- */
static void note_received(weir_loopback *loopback, uint32_t size) {
  weir_payload_run runs[WEIR_PEER_RUNS_MAX];
  const size_t count = weir_payload_identify(weir_stream_outgoing(loopback->connection), loopback->received,
                                             WEIR_CONNECTIONS, loopback->chunk, size, runs, WEIR_PEER_RUNS_MAX);
  weir_peer_note_received(loopback->trace, loopback->connection, runs, count, size);
  const weir_payload_run *last = &runs[count - 1];
  loopback->received = last->data == WEIR_DATA_STREAM ? last->offset + last->size : loopback->received + size;
}

static bool see_end(weir_loopback *loopback, bool reset) {
  if (reset) loopback->dead = true;
  if (loopback->told_end) return false;
  loopback->told_end = true;
  note(loopback, (weir_record){.event = reset ? WEIR_EVENT_PEER_SAW_RESET : WEIR_EVENT_PEER_SAW_FIN});
  return true;
}

/* Reads `most` bytes, and the end where there are fewer.  Whether anything happened. */
static bool receive(weir_loopback *loopback, uint32_t most) {
  if (loopback->descriptor < 0 || loopback->dead || loopback->closed) return false;
  const size_t size = most < WEIR_LOOPBACK_CHUNK ? most : WEIR_LOOPBACK_CHUNK;
  const ssize_t got = recv(loopback->descriptor, loopback->chunk, size, MSG_DONTWAIT);
  if (got < 0) return errno != EAGAIN && errno != EINTR && see_end(loopback, true);
  if (got == 0) return see_end(loopback, false);
  note_received(loopback, (uint32_t)got);
  return true;
}

static bool drain(void *context) {
  weir_loopback *loopback = context;
  bool happened = hand_over(loopback);
  if (!loopback->reads) return happened;
  for (unsigned chunks = 0; chunks < CHUNKS_MAX && receive(loopback, WEIR_LOOPBACK_CHUNK); chunks++) happened = true;
  return happened;
}

/* ---- Steps ---------------------------------------------------------------------- */
static bool is_gone(const weir_loopback *loopback) {
  return loopback->dead || loopback->closed;
}

static bool end_sending(weir_loopback *loopback) {
  if (is_gone(loopback) || loopback->fin) return false;
  loopback->fin = true;
  note(loopback, (weir_record){.event = WEIR_EVENT_PEER_FIN});
  (void)hand_over(loopback);
  return true;
}

/* Where both sides have ended there is no connection to be reset. */
static bool reset(weir_loopback *loopback) {
  if (is_gone(loopback) || (loopback->fin && loopback->told_end)) return false;
  const struct linger none = {.l_onoff = 1};
  note(loopback, (weir_record){.event = WEIR_EVENT_PEER_RESET});
  loopback->dead = true;
  (void)setsockopt(loopback->descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  hang_up(loopback);
  return true;
}

/* With data unread the kernel makes a reset of it. */
static bool close_both(weir_loopback *loopback) {
  if (is_gone(loopback)) return false;
  note(loopback, (weir_record){.event = WEIR_EVENT_PEER_CLOSE});
  loopback->closed = loopback->fin = true;
  (void)hand_over(loopback);
  return true;
}

static bool set_reading(weir_loopback *loopback, bool reads) {
  if (is_gone(loopback) || loopback->reads == reads) return false;
  loopback->reads = reads;
  note(loopback, (weir_record){.event = reads ? WEIR_EVENT_PEER_START : WEIR_EVENT_PEER_STOP});
  return true;
}

static bool take_step(void *context, const weir_step *step) {
  weir_loopback *loopback = context;
  switch (step->verb) {
  case WEIR_VERB_PEER_SEND: return send_some(loopback, (uint32_t)step->a);
  case WEIR_VERB_PEER_FIN: return end_sending(loopback);
  case WEIR_VERB_PEER_RESET: return reset(loopback);
  case WEIR_VERB_PEER_CLOSE: return close_both(loopback);
  case WEIR_VERB_PEER_STOP: return set_reading(loopback, false);
  case WEIR_VERB_PEER_START: return set_reading(loopback, true);
  case WEIR_VERB_PEER_READ: return receive(loopback, (uint32_t)step->a);
  default: return false;
  }
}

/* ---- A run ---------------------------------------------------------------------- */
void weir_loopback_begin(weir_loopback *loopback, int descriptor, weir_trace *trace, unsigned connection, bool reads,
                         uint8_t *chunk) {
  *loopback = (weir_loopback){.peer = {.context = loopback, .drain = drain, .send = send_some, .step = take_step},
                              .descriptor = descriptor,
                              .trace = trace,
                              .connection = (uint8_t)connection,
                              .reads = reads,
                              .chunk = chunk};
  /* What a step sends goes out with it. */
  const int at_once = 1;
  if (descriptor >= 0) (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
}

void weir_loopback_end(weir_loopback *loopback) {
  hang_up(loopback);
}

bool weir_loopback_listens(const weir_loopback *loopback) {
  return loopback->descriptor >= 0 && loopback->reads && !is_gone(loopback) && !loopback->told_end;
}
