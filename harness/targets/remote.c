#include "targets/remote.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- Made once ----------------------------------------------------------------- */
weir_remote *weir_remote_new(void) {
  weir_remote *remote = calloc(1, sizeof *remote);
  if (remote == NULL) return NULL;
  remote->lines.descriptor = -1;
  bool all = true;
  for (unsigned i = 0; i < WEIR_CONNECTIONS; i++) {
    weir_remote_connection *connection = &remote->connections[i];
    connection->loopback.descriptor = -1;
    connection->listener = all ? weir_loopback_listen(&connection->port) : -1;
    all = all && connection->listener >= 0;
  }
  if (all) return remote;
  const int why = errno;
  weir_remote_free(remote);
  errno = why;
  return NULL;
}

void weir_remote_free(weir_remote *remote) {
  if (remote == NULL) return;
  for (unsigned i = 0; i < WEIR_CONNECTIONS; i++) {
    weir_remote_connection *connection = &remote->connections[i];
    weir_loopback_end(&connection->loopback);
    weir_mirrors_free(&connection->mirrors);
    if (connection->listener >= 0) (void)close(connection->listener);
  }
  weir_lines_free(&remote->lines);
  free(remote);
}

/* ---- Connections ----------------------------------------------------------------- */
weir_status weir_remote_accept(weir_remote *remote, unsigned connection, weir_problem *problem) {
  weir_remote_connection *one = &remote->connections[connection];
  if (one->accepted || remote->over) return WEIR_OK;
  struct pollfd ready = {.fd = one->listener, .events = POLLIN};
  (void)poll(&ready, 1, WEIR_REMOTE_CONNECT_MS);
  one->loopback.descriptor = accept4(one->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  one->accepted = one->loopback.descriptor >= 0;
  if (!one->accepted)
    return weir_fail(problem, WEIR_BROKEN, 0, "the program has not connected to 127.0.0.1:%u, as it was told to",
                     (unsigned)one->port);
  weir_simulation *simulation = weir_network_connection(&remote->network, connection);
  weir_loopback_begin(&one->loopback, one->loopback.descriptor, &remote->trace, connection, simulation->peer_reads,
                      remote->chunk);
  return WEIR_OK;
}

/* Until the program has connected, there is nothing that the peer could do. */
static void put_peer(weir_remote *remote, unsigned connection) {
  weir_remote_connection *one = &remote->connections[connection];
  weir_simulation *simulation = weir_network_connection(&remote->network, connection);
  one->accepted = false;
  weir_loopback_begin(&one->loopback, -1, &remote->trace, connection, simulation->peer_reads, remote->chunk);
  weir_simulation_peer(simulation, &one->loopback.peer);
  weir_mirrors_clear(&one->mirrors);
}

void weir_remote_open(weir_remote *remote, unsigned connection) {
  (void)weir_network_open(&remote->network, connection, remote->unused, sizeof remote->unused);
  put_peer(remote, connection);
  weir_probe_init(&remote->probes[connection], &remote->application, connection);
}

/* Connections that an earlier run was too late with. */
static void forget_late(const weir_remote *remote) {
  enum { LATE_MAX = 16 };
  for (unsigned i = 0; i < WEIR_CONNECTIONS; i++)
    for (unsigned tries = 0; tries < LATE_MAX; tries++) {
      const int late = accept4(remote->connections[i].listener, NULL, NULL, SOCK_CLOEXEC);
      if (late < 0) break;
      (void)close(late);
    }
}

bool weir_remote_begin(weir_remote *remote, const weir_scenario *scenario, uint32_t capabilities, weir_record *records,
                       uint32_t capacity) {
  forget_late(remote);
  remote->capabilities = capabilities;
  remote->settled = remote->over = remote->stopped = false;
  remote->waits = 0;
  weir_trace_init(&remote->trace, records, capacity);
  weir_network_init(&remote->network, scenario, &remote->trace, WEIR_LAYER_TCP, remote->unused, sizeof remote->unused);
  put_peer(remote, 0);
  weir_application_init(&remote->application, &remote->network, capabilities);
  weir_probe_init(&remote->probes[0], &remote->application, 0);
  weir_lines_say(&remote->lines, "run %u %s", (unsigned)remote->connections[0].port,
                 weir_probe_starts_plain(&remote->probes[0]) ? "plain" : "buffered");
  return weir_lines_send(&remote->lines);
}

void weir_remote_end(weir_remote *remote, weir_end how, uint32_t number) {
  for (unsigned i = 0; i < WEIR_CONNECTIONS; i++) {
    if (!remote->over && how == WEIR_END_QUIESCENT && remote->application.probes[i] != NULL)
      weir_probe_finish(&remote->probes[i]);
  }
  if (!remote->over) weir_trace_close(&remote->trace, remote->trace.full ? WEIR_END_LIMIT : how, number);
  remote->over = true;
}

void weir_remote_hang_up(weir_remote *remote) {
  for (unsigned i = 0; i < WEIR_CONNECTIONS; i++) weir_loopback_end(&remote->connections[i].loopback);
}

/* ---- Turns ------------------------------------------------------------------------- */
/* Whether the peer is still to get what the program has written: the kernel may
 * have it under way. */
static bool is_under_way(const weir_remote *remote) {
  for (unsigned i = 0; i < WEIR_CONNECTIONS; i++) {
    const weir_probe *probe = remote->application.probes[i];
    const weir_loopback *loopback = &remote->connections[i].loopback;
    if (probe != NULL && weir_loopback_listens(loopback) && loopback->received < probe->accepted) return true;
  }
  return false;
}

/* Gives the kernel its time.  Whether the peers have anything to read then. */
static bool settle(const weir_remote *remote) {
  struct pollfd ready[WEIR_CONNECTIONS];
  for (unsigned i = 0; i < WEIR_CONNECTIONS; i++) {
    const weir_loopback *loopback = &remote->connections[i].loopback;
    const bool open = remote->application.probes[i] != NULL && weir_loopback_listens(loopback);
    ready[i] = (struct pollfd){.fd = open ? loopback->descriptor : -1, .events = POLLIN};
  }
  return poll(ready, WEIR_CONNECTIONS, is_under_way(remote) ? WEIR_REMOTE_FLIGHT_MS : WEIR_REMOTE_SETTLE_MS) > 0;
}

/* Nothing is left to do for anybody: the program looks once more, and then it is the end.  NULL: not yet. */
static const char *end_slowly(weir_remote *remote, int64_t milliseconds) {
  const bool again = remote->settled && remote->settled_at == remote->trace.count;
  if (!again) {
    remote->settled = true;
    remote->settled_at = remote->trace.count;
    return settle(remote) ? NULL : "look";
  }
  if (milliseconds >= 0 && milliseconds <= WEIR_REMOTE_WAIT_MS && remote->waits < WEIR_REMOTE_WAITS_MAX) {
    remote->waits++;
    remote->settled = false;
    return "wait";
  }
  weir_remote_end(remote, WEIR_END_QUIESCENT, 0);
  return "stop";
}

static const char *take_turn(weir_remote *remote, int64_t milliseconds) {
  for (;;) {
    if (remote->trace.full) weir_remote_end(remote, WEIR_END_LIMIT, 0);
    if (remote->over) return "stop";
    switch (weir_network_turn(&remote->network)) {
    case WEIR_TURN_PEER: return "look";
    case WEIR_TURN_APP: return "calls";
    case WEIR_TURN_SPIN: weir_remote_end(remote, WEIR_END_SPIN, 0); return "stop";
    case WEIR_TURN_QUIESCENT: break;
    }
    const char *word = end_slowly(remote, milliseconds);
    if (word != NULL) return word;
  }
}

weir_status weir_remote_idle(weir_remote *remote, int64_t milliseconds, weir_problem *problem) {
  weir_status status = WEIR_OK;
  for (unsigned i = 0; i < WEIR_CONNECTIONS && status == WEIR_OK; i++)
    if (!remote->over && remote->application.probes[i] != NULL) status = weir_remote_accept(remote, i, problem);
  if (status != WEIR_OK) return status;
  const char *word = take_turn(remote, milliseconds);
  remote->stopped = remote->over;
  weir_lines_say(&remote->lines, "%s", word);
  return WEIR_OK;
}

const char *weir_remote_due(weir_remote *remote) {
  if (remote->trace.full) weir_remote_end(remote, WEIR_END_LIMIT, 0);
  remote->stopped = remote->over;
  if (remote->over) return "stop";
  return weir_network_is_due(&remote->network) ? "calls" : "go";
}
