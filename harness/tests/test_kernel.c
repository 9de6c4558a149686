/* The simulated socket against a real one: the same operations on a TCP
 * connection over the loopback give the same results and the same readiness. */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "simulation/parts.h"
#include "weir/payload.h"

#define OPERATIONS(X)                                                                                                  \
  X(PEER_SEND) X(PEER_FIN) X(PEER_READ) X(SEND) X(RECV) X(SHUT) X(SO_ERROR) X(PEER_CLOSE) X(PEER_RESET)
typedef enum kind {
#define X(name) OP_##name,
  OPERATIONS(X)
#undef X
      OPERATION_COUNT
} kind;
static const char *const names[] = {
#define X(name) #name,
    OPERATIONS(X)
#undef X
};

enum { LENGTH = 10, SCRIPTS = 600, RECORDS = 256, OUTGOING = 4096, SEND_SIZE = 3, RECV_SIZE = 2 };

static weir_scenario scenario;
static weir_simulation simulation;
static weir_trace trace;
static weir_record records[RECORDS];
static uint8_t outgoing[OUTGOING];

typedef struct ends {
  int ours, peer;
} ends;

/* False where this machine has no loopback. */
static bool connect_pair(ends *pair) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0) return false;
  bool good = bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 1) == 0 &&
              getsockname(listener, (struct sockaddr *)&address, &size) == 0;
  pair->ours = good ? socket(AF_INET, SOCK_STREAM, 0) : -1;
  good = pair->ours >= 0 && connect(pair->ours, (struct sockaddr *)&address, size) == 0;
  pair->peer = good ? accept(listener, NULL, NULL) : -1;
  close(listener);
  const int yes = 1; /* Nagle would hold small sends back for a delayed ACK */
  if (pair->peer >= 0 && setsockopt(pair->ours, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0) return true;
  if (pair->ours >= 0) close(pair->ours);
  return false;
}

static int result_of(ssize_t result) {
  return result < 0 ? -errno : (int)result;
}

static int close_peer(ends *pair, bool reset) {
  const struct linger none = {.l_onoff = 1};
  if (reset) ck_assert_int_eq(setsockopt(pair->peer, SOL_SOCKET, SO_LINGER, &none, sizeof none), 0);
  close(pair->peer);
  pair->peer = -1;
  return 0;
}

static int real_error(int descriptor) {
  int error = 0;
  socklen_t size = sizeof error;
  ck_assert_int_eq(getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size), 0);
  return error;
}

static int do_real(ends *pair, kind operation) {
  char bytes[64] = {0};
  if (operation == OP_PEER_SEND || operation == OP_PEER_FIN || operation == OP_PEER_READ ||
      operation == OP_PEER_CLOSE || operation == OP_PEER_RESET)
    if (pair->peer < 0) return 0;
  switch (operation) {
  case OP_PEER_SEND: (void)send(pair->peer, bytes, SEND_SIZE, MSG_NOSIGNAL | MSG_DONTWAIT); return 0;
  case OP_PEER_FIN: (void)shutdown(pair->peer, SHUT_WR); return 0;
  case OP_PEER_READ: {
    int result = result_of(recv(pair->peer, bytes, sizeof bytes, MSG_DONTWAIT));
    return result > 0 ? result : 0;
  }
  case OP_PEER_CLOSE: return close_peer(pair, false);
  case OP_PEER_RESET: return close_peer(pair, true);
  case OP_SEND: return result_of(send(pair->ours, bytes, SEND_SIZE, MSG_NOSIGNAL | MSG_DONTWAIT));
  case OP_RECV: return result_of(recv(pair->ours, bytes, RECV_SIZE, MSG_DONTWAIT));
  case OP_SHUT: return result_of(shutdown(pair->ours, SHUT_WR));
  case OP_SO_ERROR: return real_error(pair->ours);
  case OPERATION_COUNT: break;
  }
  abort();
}

static int step_peer(weir_verb verb, int32_t a) {
  const uint64_t drained = simulation.drained;
  const weir_step step = {.verb = (uint8_t)verb, .a = a};
  (void)weir_peer_step(&simulation, &step);
  return verb == WEIR_VERB_PEER_READ ? (int)(simulation.drained - drained) : 0;
}

/* The peer does not read by itself here, so draining is only the answer of a closed one. */
static int send_simulated(void) {
  const char bytes[SEND_SIZE] = {0};
  int result = (int)weir_simulation_send(&simulation, bytes, SEND_SIZE);
  (void)weir_peer_drain(&simulation);
  return result;
}

static int do_simulated(kind operation) {
  char bytes[64];
  switch (operation) {
  case OP_PEER_SEND: return step_peer(WEIR_VERB_PEER_SEND, SEND_SIZE);
  case OP_PEER_FIN: return step_peer(WEIR_VERB_PEER_FIN, 0);
  case OP_PEER_READ: return step_peer(WEIR_VERB_PEER_READ, 64);
  case OP_PEER_CLOSE: return step_peer(WEIR_VERB_PEER_CLOSE, 0);
  case OP_PEER_RESET: return step_peer(WEIR_VERB_PEER_RESET, 0);
  case OP_SEND: return send_simulated();
  case OP_RECV: return (int)weir_simulation_recv(&simulation, bytes, RECV_SIZE);
  case OP_SHUT: return weir_simulation_shutdown_write(&simulation);
  case OP_SO_ERROR: return weir_simulation_take_error(&simulation);
  case OPERATION_COUNT: break;
  }
  abort();
}

static unsigned real_readiness(int descriptor) {
  struct pollfd watched = {.fd = descriptor, .events = POLLIN | POLLOUT | POLLRDHUP};
  ck_assert_int_ge(poll(&watched, 1, 0), 0);
  const unsigned set = (unsigned)watched.revents;
  return (set & POLLIN ? WEIR_POLL_IN : 0u) | (set & POLLOUT ? WEIR_POLL_OUT : 0u) |
         (set & POLLERR ? WEIR_POLL_ERR : 0u) | (set & POLLHUP ? WEIR_POLL_HUP : 0u) |
         (set & POLLRDHUP ? WEIR_POLL_RDHUP : 0u);
}

static void begin(void) {
  weir_trace_init(&trace, records, RECORDS);
  scenario = (weir_scenario){.count = 1, .steps = {{.verb = WEIR_VERB_PEER_STOP, .when = WEIR_WHEN_START}}};
  weir_simulation_init(&simulation, &scenario, &trace, 0, outgoing, OUTGOING);
}

/* Runs the script on both; false and a line in `text` where they differ.
 * pause_us: for a machine so busy that the kernel delivers later. */
static bool agree(const kind *script, useconds_t pause_us, char *text, size_t size) {
  ends pair;
  ck_assert(connect_pair(&pair));
  begin();
  size_t length = 0;
  bool same = true;
  for (size_t index = 0; index < LENGTH && same; index++) {
    const int real = do_real(&pair, script[index]);
    const int simulated = do_simulated(script[index]);
    if (pause_us > 0) (void)usleep(pause_us);
    const unsigned real_ready = real_readiness(pair.ours), ready = weir_simulation_ready(&simulation);
    same = real == simulated && real_ready == ready;
    length += (size_t)snprintf(text + length, size - length, "%s %d/%d [%u/%u], ", names[script[index]], real,
                               simulated, real_ready, ready);
  }
  close(pair.ours);
  if (pair.peer >= 0) close(pair.peer);
  return same;
}

static uint64_t random_next(uint64_t *state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

START_TEST(simulated_and_real_agree) {
  ends pair;
  if (!connect_pair(&pair)) {
    fprintf(stderr, "no loopback here: nothing was compared\n");
    return;
  }
  close(pair.ours);
  close(pair.peer);
  uint64_t state = 1;
  for (int round = 0; round < SCRIPTS; round++) {
    kind script[LENGTH];
    char text[1024];
    for (size_t index = 0; index < LENGTH; index++) script[index] = (kind)(random_next(&state) % OPERATION_COUNT);
    bool same = agree(script, 0, text, sizeof text) || agree(script, 5000, text, sizeof text);
    ck_assert_msg(same, "script %d: real/simulated result [readiness]: %s", round, text);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("kernel");
  TCase *tests = tcase_create("kernel");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, simulated_and_real_agree);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
