/* What changes in a simulation with a wire: the bytes are kept, since they can
 * not be told from their position, and the peer's words go through the wire.
 *
 * The handshake is no part of the scenario: until it is over, nothing that the
 * program sends waits for a turn, no step is taken, no fault applies, and no
 * socket operation counts. */
#include <assert.h>
#include <string.h>

#include "simulation/parts.h"

enum { RECORD_MAX = 16384 }; /* plaintext of one record (RFC 8446 5.1) */

void weir_simulation_wire(weir_simulation *simulation, weir_wire *wire, weir_layer layer) {
  simulation->wire = wire;
  simulation->layer = (uint8_t)layer;
  simulation->handshake = true;
  simulation->start_capacity = simulation->capacity;
  simulation->start_reads = simulation->peer_reads;
  simulation->capacity = simulation->outgoing_size;
  simulation->peer_reads = true;
  simulation->stopped_at_start = false;
  simulation->slow_in |= SLOW_WIRE;
  simulation->slow_out |= SLOW_WIRE;
  simulation->sent = wire->calls->pending(wire);
}

/* ---- What is under way --------------------------------------------------------- */
static uint64_t under_way(const weir_simulation *simulation) {
  return simulation->wire->calls->pending(simulation->wire) - (simulation->sent - simulation->received);
}

/* At most one segment more is there to be received. */
static bool arrive(weir_simulation *simulation) {
  if (simulation->dead || simulation->closed) return false;
  const uint64_t waiting = under_way(simulation);
  const bool whole = simulation->segment == 0 || simulation->handshake || waiting <= simulation->segment;
  simulation->sent += whole ? waiting : simulation->segment;
  if (whole && simulation->fin_follows) {
    simulation->fin_follows = false;
    simulation->peer_fin = true;
    weir_socket_wake(simulation, WEIR_EDGE_ANY);
    return true;
  }
  if (waiting > 0) weir_socket_wake(simulation, WEIR_EDGE_IN);
  return waiting > 0;
}

/* In the turn in which it is said, nothing arrives but where nothing was under way. */
static void set_out(weir_simulation *simulation, uint64_t before) {
  if (before == 0 || simulation->segment == 0) (void)arrive(simulation);
}

bool weir_wire_arrive(weir_simulation *simulation) {
  if (under_way(simulation) == 0 && !simulation->fin_follows) return false;
  return arrive(simulation);
}

size_t weir_wire_deliver(weir_simulation *simulation, void *buffer, size_t size) {
  const uint64_t unread = weir_socket_unread(simulation);
  const size_t count = simulation->wire->calls->fetch(simulation->wire, buffer, size < unread ? size : (size_t)unread);
  simulation->received += count;
  return count;
}

/* ---- The handshake --------------------------------------------------------------- */
static void begin_scenario(weir_simulation *simulation) {
  simulation->handshake = false;
  simulation->capacity = simulation->start_capacity;
  simulation->occurred[WEIR_OCCASION_RECV] = 0;
  simulation->occurred[WEIR_OCCASION_SEND] = 0;
  simulation->occurred[WEIR_OCCASION_WAIT] = 0;
  if (!simulation->start_reads) {
    simulation->peer_reads = false;
    weir_simulation_note(simulation, (weir_record){.event = WEIR_EVENT_PEER_STOP});
  }
  for (unsigned occasion = 0; occasion < WEIR_OCCASION_RECV; occasion++)
    if (simulation->occasions_put_off >> occasion & 1) weir_script_after(simulation, (weir_occasion)occasion);
}

void weir_wire_settle(weir_simulation *simulation) {
  if (!simulation->handshake || !simulation->made) return;
  const bool gone = simulation->dead || simulation->closed;
  if (gone || simulation->wire->calls->made(simulation->wire)) begin_scenario(simulation);
}

/* The whole records at the beginning of what was sent, until the peer has all that its handshake needs. */
static void hear_handshake(weir_simulation *simulation) {
  enum { HEADER = 5 };
  const weir_wire_calls *calls = simulation->wire->calls;
  while (!calls->made(simulation->wire)) {
    const size_t kept = (size_t)weir_socket_undrained(simulation);
    if (kept < HEADER) break;
    const size_t record = HEADER + (size_t)(simulation->outgoing[3] << 8 | simulation->outgoing[4]);
    if (kept < record) break;
    calls->hear(simulation->wire, simulation->outgoing, record);
    memmove(simulation->outgoing, simulation->outgoing + record, kept - record);
    simulation->drained += record;
  }
  (void)arrive(simulation);
}

void weir_wire_take(weir_simulation *simulation, const void *bytes, size_t size) {
  assert(weir_socket_undrained(simulation) + size <= simulation->outgoing_size);
  memcpy(simulation->outgoing + weir_socket_undrained(simulation), bytes, size);
  simulation->taken += size;
  if (simulation->handshake) hear_handshake(simulation);
}

/* ---- What the peer says ------------------------------------------------------------ */
static bool may_speak(const weir_simulation *simulation) {
  return !simulation->said_end && !simulation->fin_follows;
}

bool weir_wire_send(weir_simulation *simulation, uint32_t size) {
  if (!may_speak(simulation)) return false;
  uint8_t plain[RECORD_MAX];
  const uint64_t before = under_way(simulation);
  const uint32_t most = simulation->record != 0 ? simulation->record : RECORD_MAX;
  weir_simulation_note(simulation, (weir_record){.event = WEIR_EVENT_PEER_SEND, .a = size, .b = simulation->said});
  for (uint32_t left = size; left > 0;) {
    const uint32_t part = left < most ? left : most;
    weir_payload_fill(weir_stream_incoming(simulation->connection), simulation->said, plain, part);
    if (!simulation->wire->calls->say(simulation->wire, plain, part)) return false;
    simulation->said += part;
    left -= part;
  }
  set_out(simulation, before);
  return true;
}

bool weir_wire_message(weir_simulation *simulation, weir_tls_message message) {
  const uint64_t before = under_way(simulation);
  if (!may_speak(simulation) || !simulation->wire->calls->message(simulation->wire, message)) return false;
  set_out(simulation, before);
  return true;
}

static bool say_end(weir_simulation *simulation) {
  if (!may_speak(simulation) || !simulation->wire->calls->end(simulation->wire)) return false;
  simulation->said_end = true;
  return true;
}

bool weir_wire_close_notify(weir_simulation *simulation) {
  const uint64_t before = under_way(simulation);
  if (!say_end(simulation)) return false;
  weir_simulation_note(simulation, (weir_record){.event = WEIR_EVENT_PEER_CLOSE_NOTIFY});
  set_out(simulation, before);
  return true;
}

static bool end_below(weir_simulation *simulation) {
  if (simulation->fin_follows) return false;
  simulation->fin_follows = true;
  set_out(simulation, under_way(simulation));
  return true;
}

bool weir_wire_fin(weir_simulation *simulation) {
  if (say_end(simulation)) weir_simulation_note(simulation, (weir_record){.event = WEIR_EVENT_PEER_FIN});
  return end_below(simulation);
}

/* After a close_notify it is the regular end of the connection below. */
bool weir_wire_truncate(weir_simulation *simulation) {
  if (!may_speak(simulation)) return end_below(simulation);
  weir_simulation_note(simulation, (weir_record){.event = WEIR_EVENT_PEER_TRUNCATE});
  return end_below(simulation);
}

/* ---- What the peer hears ------------------------------------------------------------- */
static void note_plain(weir_simulation *simulation, const uint8_t *bytes, size_t size) {
  weir_payload_run runs[WEIR_PEER_RUNS_MAX];
  const weir_stream stream = weir_stream_outgoing(simulation->connection);
  const uint64_t expected = simulation->heard + simulation->heard_shift;
  size_t count = 1;
  runs[0] = (weir_payload_run){.data = WEIR_DATA_STREAM, .size = (uint32_t)size, .offset = expected};
  if (weir_payload_match(stream, expected, bytes, size) != size)
    count = weir_payload_identify(stream, expected, WEIR_CONNECTIONS, bytes, size, runs, WEIR_PEER_RUNS_MAX);
  simulation->heard += size;
  const weir_payload_run *last = &runs[count - 1];
  if (last->data == WEIR_DATA_STREAM) simulation->heard_shift = last->offset + last->size - simulation->heard;
  weir_peer_note_received(simulation->trace, simulation->connection, runs, count, (uint32_t)size);
}

/* A close_notify was read: it is told, and answered unless the peer is deaf. */
static void hear_end(weir_simulation *simulation) {
  if (simulation->told_end) return;
  simulation->told_end = true;
  weir_simulation_note(simulation, (weir_record){.event = WEIR_EVENT_PEER_SAW_FIN});
  if (!simulation->deaf && !simulation->peer_fin) (void)weir_wire_close_notify(simulation);
}

void weir_wire_receive(weir_simulation *simulation, uint32_t size) {
  const weir_wire_calls *calls = simulation->wire->calls;
  uint8_t plain[RECORD_MAX];
  const size_t left = (size_t)weir_socket_undrained(simulation) - size;
  const bool full = !weir_socket_writable(simulation);
  calls->hear(simulation->wire, simulation->outgoing, size);
  memmove(simulation->outgoing, simulation->outgoing + size, left);
  simulation->drained += size;
  if (full) weir_socket_wake(simulation, WEIR_EDGE_OUT);
  for (size_t count; (count = calls->read(simulation->wire, plain, sizeof plain)) > 0;)
    note_plain(simulation, plain, count);
  if (calls->ended(simulation->wire)) hear_end(simulation);
  (void)arrive(simulation);
}
