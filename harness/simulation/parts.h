/* What the files of this module share.
 *   simulation.c  one connection: set-up, waits
 *   socket.c      the program's operations on the socket
 *   peer.c        the other end
 *   wire.c        what changes where there is a wire between the two
 *   layers.c      in what the layers differ
 *   script.c      which faults and AFTER steps an occasion has
 *   network.c     all connections: waits and turns
 *   order.c       which idle step is next */
#ifndef WEIR_SIMULATION_PARTS_H
#define WEIR_SIMULATION_PARTS_H

#include "simulation/layers.h"
#include "simulation/network.h"
#include "simulation/simulation.h"
#include "simulation/wire.h"
#include "weir/payload.h"

/* Bits of slow_in and slow_out. */
enum {
  SLOW_STEPS = 1,   /* steps hang on this operation */
  SLOW_UNREADY = 2, /* an EAGAIN was injected, and no turn was taken since */
  SLOW_ENDED = 4,   /* shut, closed or dead */
  SLOW_WIRE = 8     /* there is a wire */
};

static const uint64_t NOTHING_ODD = UINT64_MAX;

static inline uint64_t weir_socket_unread(const weir_simulation *simulation) {
  return simulation->sent - simulation->received;
}

static inline uint64_t weir_socket_undrained(const weir_simulation *simulation) {
  return simulation->taken - simulation->drained;
}

static inline void weir_socket_wake(weir_simulation *simulation, weir_edge edge) {
  simulation->edges[edge]++;
}

static inline void weir_simulation_note(weir_simulation *simulation, weir_record record) {
  record.connection = simulation->connection;
  (void)weir_trace_add(simulation->trace, record);
}

/* What the peer has not read is lost. */
void weir_socket_lose(weir_simulation *simulation);
/* The connection is gone, as after a RST or a fatal sk_err: what was received
 * stays readable, what was sent is lost.  `error` is told once, 0: it was. */
void weir_socket_kill(weir_simulation *simulation, int error);
/* Whether the socket can take anything; a pipe takes a page. */
bool weir_socket_writable(const weir_simulation *simulation);

/* Each returns whether anything happened: a step that can no longer happen is
 * passed over. */
bool weir_peer_send(weir_simulation *simulation, uint32_t size);
bool weir_peer_step(weir_simulation *simulation, const weir_step *step);
/* The peer reads all there is, and then our end. */
bool weir_peer_drain(weir_simulation *simulation);

/* The program has ended its side, and the peer is told so. */
bool weir_peer_see_end(weir_simulation *simulation);
/* ---- With a wire (simulation->wire != NULL) */
/* The program receives, sends: as deliver and take in socket.c. */
size_t weir_wire_deliver(weir_simulation *simulation, void *buffer, size_t size);
void weir_wire_take(weir_simulation *simulation, const void *bytes, size_t size);
/* Whether the handshake is over by now; where it has just ended, the scenario begins. */
void weir_wire_settle(weir_simulation *simulation);
/* The peer: each returns whether anything happened. */
bool weir_wire_send(weir_simulation *simulation, uint32_t size);
bool weir_wire_close_notify(weir_simulation *simulation);
bool weir_wire_message(weir_simulation *simulation, weir_tls_message message);
/* close_notify where it is still to be said; then a FIN, now or behind what is under way. */
bool weir_wire_fin(weir_simulation *simulation);
bool weir_wire_truncate(weir_simulation *simulation);
/* The peer reads the next `size` bytes of the wire, and answers what it has to. */
void weir_wire_receive(weir_simulation *simulation, uint32_t size);
/* What is under way arrives, a segment a turn. */
bool weir_wire_arrive(weir_simulation *simulation);

/* The faults of one socket operation, all steps together. */
typedef struct weir_fault {
  uint32_t most;  /* `short`: bytes at most; UINT32_MAX: no such fault */
  uint32_t ready; /* `spurious`: WEIR_POLL_IN | WEIR_POLL_OUT */
  int error;      /* `error`: errno; 0: none */
  bool again;
} weir_fault;

void weir_script_compile(weir_simulation *simulation);
weir_fault weir_script_fault(const weir_simulation *simulation, weir_occasion occasion);
/* The occasion, already counted, has ended: its AFTER steps. */
void weir_script_after(weir_simulation *simulation, weir_occasion occasion);
/* Injected EAGAINs are over; false: there were none. */
static inline bool weir_socket_end_unready(weir_simulation *simulation) {
  const bool unready = ((simulation->slow_in | simulation->slow_out) & SLOW_UNREADY) != 0;
  simulation->slow_in &= (uint8_t)~SLOW_UNREADY;
  simulation->slow_out &= (uint8_t)~SLOW_UNREADY;
  if (unready) weir_socket_wake(simulation, WEIR_EDGE_ANY);
  return unready;
}

/* The verbs are in the order peer, socket, application (WEIR_VERBS). */
static inline bool weir_step_is_app(const weir_step *step) {
  return step->verb >= WEIR_VERB_APP_SIZE && step->verb <= WEIR_VERB_APP_OPEN; /* TLS's own come last */
}
/* Whether a step can do anything now: its connection is open, or it opens it. */
static inline bool weir_network_can(const weir_network *network, const weir_step *step) {
  return step->verb == WEIR_VERB_APP_OPEN || (network->opened >> step->connection & 1) != 0;
}
void weir_network_add_due(weir_network *network, uint16_t step);
/* The next idle step with what is joined to it.  QUIESCENT: there is none. */
weir_turn weir_order_turn(weir_network *network);

#endif
