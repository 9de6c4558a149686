/* The other end of the connection: what its steps and its reading do. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "simulation/parts.h"
#include "weir/payload.h"

/* ---- Reading ------------------------------------------------------------------ */
void weir_peer_note_received(weir_trace *trace, uint8_t connection, const weir_payload_run *runs, size_t count,
                             uint32_t size) {
  weir_record record = {
      .event = WEIR_EVENT_PEER_RECEIVED, .connection = connection, .code = WEIR_DATA_MIXED, .a = size};
  if (count == 1) {
    record.code = runs[0].data;
    record.b = runs[0].offset;
  }
  (void)weir_trace_add(trace, record);
  for (size_t index = 0; count > 1 && index < count; index++)
    (void)weir_trace_add(trace, (weir_record){.event = WEIR_EVENT_DATA,
                                              .connection = connection,
                                              .code = runs[index].data,
                                              .a = runs[index].size,
                                              .b = runs[index].offset});
}

/* The first `size` of the kept bytes were read.  Where all were, and they ended
 * on a place of the stream, what follows is expected from there on. */
static void forget_odd(weir_simulation *simulation, size_t size, const weir_payload_run *last) {
  simulation->odd_from += size;
  size_t left = (size_t)(simulation->taken - simulation->odd_from);
  if (left > 0) {
    memmove(simulation->outgoing, simulation->outgoing + size, left);
    return;
  }
  if (last->data == WEIR_DATA_STREAM) simulation->shift = last->offset + last->size - simulation->taken;
  simulation->odd_from = NOTHING_ODD;
}

/* The peer reads the next `size` bytes. */
static void receive(weir_simulation *simulation, uint32_t size) {
  if (simulation->wire != NULL) {
    weir_wire_receive(simulation, size);
    return;
  }
  weir_payload_run runs[WEIR_PEER_RUNS_MAX];
  size_t count = 0;
  const uint64_t kept = simulation->odd_from - simulation->drained; /* before the first byte that was kept */
  const uint32_t clean = simulation->odd_from == NOTHING_ODD || kept > size ? size : (uint32_t)kept;
  const bool full = !weir_socket_writable(simulation);
  if (clean > 0)
    runs[count++] =
        (weir_payload_run){.data = WEIR_DATA_STREAM, .size = clean, .offset = simulation->drained + simulation->shift};
  simulation->drained += size;
  /* AF_UNIX tells of each message that was read (unix_write_space), the others only of the end of a want. */
  if (full || simulation->layer == WEIR_LAYER_UNIX) weir_socket_wake(simulation, WEIR_EDGE_OUT);
  if (clean < size) {
    count += weir_payload_identify(weir_stream_outgoing(simulation->connection),
                                   simulation->odd_from + simulation->shift, WEIR_CONNECTIONS, simulation->outgoing,
                                   size - clean, runs + count, WEIR_PEER_RUNS_MAX - count);
    forget_odd(simulation, size - clean, &runs[count - 1]);
  }
  if (count > 1 && runs[0].data == WEIR_DATA_STREAM && runs[1].data == WEIR_DATA_STREAM &&
      runs[0].offset + runs[0].size == runs[1].offset) {
    runs[0].size += runs[1].size;
    memmove(runs + 1, runs + 2, (--count - 1) * sizeof runs[0]);
  }
  weir_peer_note_received(simulation->trace, simulation->connection, runs, count, size);
}

bool weir_peer_see_end(weir_simulation *simulation) {
  if (simulation->told_end || !(simulation->shut || simulation->closed)) return false;
  simulation->told_end = true;
  weir_simulation_note(
      simulation, (weir_record){.event = simulation->reset_sent ? WEIR_EVENT_PEER_SAW_RESET : WEIR_EVENT_PEER_SAW_FIN});
  return true;
}

/* Data for a peer that has closed is answered by a RST, which finds the socket
 * in CLOSE_WAIT: EPIPE (tcp_reset). */
static bool refuse(weir_simulation *simulation) {
  if (weir_socket_undrained(simulation) == 0) return false;
  bool closed = simulation->closed;
  weir_socket_kill(simulation, EPIPE);
  if (!closed) weir_simulation_note(simulation, (weir_record){.event = WEIR_EVENT_PEER_RESET});
  return !closed;
}

/* Nothing more reaches the peer. */
static bool is_deaf(const weir_simulation *simulation) {
  return simulation->dead && !simulation->answered;
}

bool weir_peer_drain(weir_simulation *simulation) {
  if (simulation->peer != NULL) return simulation->peer->drain(simulation->peer->context);
  if (is_deaf(simulation)) return false;
  if (simulation->peer_closed) return refuse(simulation);
  if (!simulation->peer_reads) return false;
  if (simulation->handshake && !simulation->wire->calls->made(simulation->wire)) return weir_peer_see_end(simulation);
  const uint64_t undrained = weir_socket_undrained(simulation);
  assert(undrained <= simulation->capacity || simulation->wire != NULL);
  if (undrained > 0) receive(simulation, (uint32_t)undrained);
  return weir_peer_see_end(simulation) || undrained > 0;
}

/* ---- Steps ---------------------------------------------------------------------- */
/* Whether anything can be sent to the program at all: EPIPE to the peer otherwise. */
static bool takes_data(const weir_simulation *simulation) {
  if (simulation->layer == WEIR_LAYER_UNIX) return !simulation->shut_in;
  return simulation->layer != WEIR_LAYER_WRITE_PIPE;
}

/* Data for a TCP connection that is shut both ways (tcp_rcv_state_process,
 * FIN_WAIT): a RST, behind the data and the FIN that the peer has. */
static void answer_with_reset(weir_simulation *simulation) {
  simulation->answered = true;
  weir_socket_kill(simulation, ECONNRESET);
}

bool weir_peer_send(weir_simulation *simulation, uint32_t size) {
  if (simulation->peer != NULL) return simulation->peer->send(simulation->peer->context, size);
  if (simulation->dead || simulation->closed || simulation->peer_fin || !takes_data(simulation)) return false;
  if (simulation->wire != NULL) return weir_wire_send(simulation, size);
  weir_simulation_note(simulation, (weir_record){.event = WEIR_EVENT_PEER_SEND, .a = size, .b = simulation->sent});
  if (simulation->shut && simulation->shut_in) {
    answer_with_reset(simulation);
    return true;
  }
  simulation->sent += size;
  weir_socket_wake(simulation, WEIR_EDGE_IN);
  return true;
}

static bool fin(weir_simulation *simulation) {
  if (simulation->dead || simulation->closed || simulation->peer_fin) return false;
  if (simulation->wire != NULL) return weir_wire_fin(simulation);
  if (simulation->layer == WEIR_LAYER_WRITE_PIPE) return false;
  simulation->peer_fin = true;
  weir_socket_wake(simulation, WEIR_EDGE_ANY);
  weir_simulation_note(simulation, (weir_record){.event = WEIR_EVENT_PEER_FIN});
  return true;
}

/* The error that a RST leaves behind (tcp_reset). */
static int reset_error(const weir_simulation *simulation) {
  return simulation->peer_fin ? EPIPE : ECONNRESET;
}

/* A RST arrives.  Where both sides have ended it finds no connection, and only
 * what the peer had not read is gone. */
static void receive_reset(weir_simulation *simulation) {
  if (simulation->peer_fin && simulation->shut) {
    weir_socket_lose(simulation);
    simulation->peer_closed = true;
  } else {
    weir_socket_kill(simulation, reset_error(simulation));
  }
}

static bool is_gone(const weir_simulation *simulation) {
  return simulation->dead || simulation->closed || simulation->peer_closed;
}

static bool close_both(weir_simulation *simulation);

static bool reset(weir_simulation *simulation) {
  if (simulation->layer != WEIR_LAYER_TCP && simulation->layer != WEIR_LAYER_TLS) return close_both(simulation);
  const bool ended = simulation->peer_fin && simulation->shut;
  if (is_gone(simulation) || (ended && weir_socket_undrained(simulation) == 0)) return false;
  weir_simulation_note(simulation, (weir_record){.event = WEIR_EVENT_PEER_RESET});
  receive_reset(simulation);
  return true;
}

/* unix_release_sock, pipe_release: the other end is gone at once, and says ECONNRESET where it had not read all.
 * There is no reset of its own. */
static bool close_local(weir_simulation *simulation) {
  const bool unread = weir_socket_undrained(simulation) > 0;
  if (simulation->layer == WEIR_LAYER_READ_PIPE) return fin(simulation);
  const bool reset = unread && simulation->layer == WEIR_LAYER_UNIX;
  weir_simulation_note(simulation, (weir_record){.event = reset ? WEIR_EVENT_PEER_RESET : WEIR_EVENT_PEER_CLOSE});
  weir_socket_kill(simulation, reset ? ECONNRESET : 0);
  simulation->peer_closed = simulation->peer_fin = true;
  return true;
}

/* A close that leaves data unread is a RST, any other a FIN. */
static bool close_both(weir_simulation *simulation) {
  if (is_gone(simulation)) return false;
  if (simulation->layer != WEIR_LAYER_TCP && simulation->layer != WEIR_LAYER_TLS) return close_local(simulation);
  weir_simulation_note(simulation, (weir_record){.event = WEIR_EVENT_PEER_CLOSE});
  if (weir_socket_undrained(simulation) > 0) {
    receive_reset(simulation);
    return true;
  }
  if (simulation->wire != NULL)
    (void)weir_wire_fin(simulation);
  else if (!simulation->peer_fin)
    weir_socket_wake(simulation, WEIR_EDGE_ANY);
  simulation->peer_closed = true;
  simulation->peer_fin = true;
  return true;
}

static bool set_reading(weir_simulation *simulation, bool reads) {
  if (is_deaf(simulation) || simulation->peer_closed || simulation->peer_reads == reads) return false;
  simulation->peer_reads = reads;
  weir_simulation_note(simulation, (weir_record){.event = reads ? WEIR_EVENT_PEER_START : WEIR_EVENT_PEER_STOP});
  return true;
}

/* Reads `most` bytes; the end as well, where there are fewer. */
static bool read_some(weir_simulation *simulation, uint32_t most) {
  if (is_deaf(simulation) || simulation->peer_closed) return false;
  const uint64_t undrained = weir_socket_undrained(simulation);
  const uint32_t size = undrained < most ? (uint32_t)undrained : most;
  if (size > 0) receive(simulation, size);
  return (size < most && weir_peer_see_end(simulation)) || size > 0;
}

static bool is_sending(const weir_simulation *simulation) {
  return !simulation->dead && !simulation->closed && !simulation->peer_fin;
}

/* Where there is no wire, these never happen. */
static bool wire_step(weir_simulation *simulation, const weir_step *step) {
  if (simulation->wire == NULL) return false;
  switch (step->verb) {
  case WEIR_VERB_PEER_RECORD: simulation->record = (uint32_t)step->a; return true;
  case WEIR_VERB_PEER_SEGMENT: simulation->segment = (uint32_t)step->a; return true;
  case WEIR_VERB_PEER_DEAF: simulation->deaf = true; return true;
  case WEIR_VERB_PEER_CLOSE_NOTIFY: return is_sending(simulation) && weir_wire_close_notify(simulation);
  case WEIR_VERB_PEER_TRUNCATE: return is_sending(simulation) && weir_wire_truncate(simulation);
  case WEIR_VERB_PEER_MESSAGE:
    return is_sending(simulation) && weir_wire_message(simulation, (weir_tls_message)step->option);
  default: return false;
  }
}

bool weir_peer_step(weir_simulation *simulation, const weir_step *step) {
  if (simulation->peer != NULL) return simulation->peer->step(simulation->peer->context, step);
  switch (step->verb) {
  case WEIR_VERB_PEER_SEND: return weir_peer_send(simulation, (uint32_t)step->a);
  case WEIR_VERB_PEER_FIN: return fin(simulation);
  case WEIR_VERB_PEER_RESET: return reset(simulation);
  case WEIR_VERB_PEER_CLOSE: return close_both(simulation);
  case WEIR_VERB_PEER_STOP: return set_reading(simulation, false);
  case WEIR_VERB_PEER_START: return set_reading(simulation, true);
  case WEIR_VERB_PEER_READ: return read_some(simulation, (uint32_t)step->a);
  default: return wire_step(simulation, step);
  }
}
