#include "simulation/network.h"

#include <assert.h>
#include <string.h>

#include "simulation/parts.h"

void weir_network_init(weir_network *network, const weir_scenario *scenario, weir_trace *trace, weir_layer layer,
                       uint8_t *outgoing, uint32_t outgoing_size) {
  memset(network, 0, offsetof(weir_network, connections));
  network->scenario = scenario;
  network->trace = trace;
  network->progress = true;
  network->layer = (uint8_t)layer;
  (void)weir_network_open(network, 0, outgoing, outgoing_size);
}

weir_simulation *weir_network_open(weir_network *network, unsigned connection, uint8_t *outgoing,
                                   uint32_t outgoing_size) {
  assert(connection < WEIR_CONNECTIONS && weir_network_connection(network, connection) == NULL);
  weir_simulation *simulation = &network->connections[connection];
  weir_simulation_init(simulation, network->scenario, network->trace, (uint8_t)connection, outgoing, outgoing_size);
  simulation->network = network;
  weir_simulation_set_layer(simulation, (weir_layer)network->layer);
  network->opened = (uint8_t)(network->opened | 1u << connection);
  network->open[network->open_count++] = simulation;
  network->progress = true;
  return simulation;
}

/* ---- Waits and turns ----------------------------------------------------------- */
void weir_network_wait(weir_network *network) {
  bool progress = network->progress;
  for (unsigned i = 0; i < network->open_count; i++) {
    progress |= network->open[i]->progress;
    network->open[i]->progress = false;
  }
  network->progress = false;
  if (progress)
    network->fruitless = 0;
  else if (network->fruitless < WEIR_FRUITLESS_MAX)
    network->fruitless++;
}

/* What is under way on a wire; and whether a handshake holds the scenario up. */
static bool arrive(weir_network *network) {
  bool arrived = false;
  for (unsigned i = 0; i < network->open_count; i++)
    if (network->open[i]->wire != NULL) arrived |= weir_wire_arrive(network->open[i]);
  return arrived;
}

static bool is_held_up(const weir_network *network) {
  for (unsigned i = 0; i < network->open_count; i++)
    if (network->open[i]->handshake) return true;
  return false;
}

/* After a step of anybody an injected fault may be repeated. */
static void forgive(weir_network *network) {
  for (unsigned i = 0; i < network->open_count; i++) network->open[i]->transient_run = 0;
}

static weir_turn take_turn(weir_network *network) {
  if (network->due_count > 0) return WEIR_TURN_APP;
  bool unready = false, drained = false;
  for (unsigned i = 0; i < network->open_count; i++) {
    unready |= weir_socket_end_unready(network->open[i]);
    drained |= weir_peer_drain(network->open[i]);
  }
  if (drained) return WEIR_TURN_PEER;
  if (network->layer == WEIR_LAYER_TLS) {
    if (arrive(network)) return WEIR_TURN_PEER;
    if (is_held_up(network)) return WEIR_TURN_QUIESCENT;
  }
  const weir_turn turn = weir_order_turn(network);
  if (turn != WEIR_TURN_QUIESCENT) {
    forgive(network);
    return turn;
  }
  return unready ? WEIR_TURN_PEER : WEIR_TURN_QUIESCENT;
}

weir_turn weir_network_turn(weir_network *network) {
  if (weir_network_spinning(network)) return WEIR_TURN_SPIN;
  const weir_turn turn = take_turn(network);
  if (turn != WEIR_TURN_QUIESCENT) network->progress = true;
  return turn;
}

void weir_network_timeout(weir_network *network, uint64_t milliseconds) {
  network->clock_ms += milliseconds;
  weir_simulation_note(&network->connections[0], (weir_record){.event = WEIR_EVENT_TIMEOUT, .b = milliseconds});
}

/* ---- AFTER steps of the application ---------------------------------------------- */
void weir_network_add_due(weir_network *network, uint16_t step) {
  if (network->due_count == WEIR_STEPS_MAX) return;
  uint16_t place = (uint16_t)((network->due_first + network->due_count) % WEIR_STEPS_MAX);
  network->due[place] = (weir_due){.step = step, .group = network->due_group};
  network->due_count++;
}

size_t weir_network_take_due(weir_network *network, uint16_t *steps, size_t most) {
  const uint16_t group = network->due[network->due_first].group;
  size_t count = 0;
  while (count < most && network->due_count > 0 && network->due[network->due_first].group == group) {
    steps[count++] = network->due[network->due_first].step;
    network->due_first = (uint16_t)((network->due_first + 1) % WEIR_STEPS_MAX);
    network->due_count--;
  }
  return count;
}

/* ---- What was never reached -------------------------------------------------------- */
static bool is_open(const weir_network *network, unsigned connection) {
  return (network->opened >> connection & 1) != 0;
}

static bool is_unreached(const weir_network *network, uint32_t index) {
  const weir_step *step = &network->scenario->steps[index];
  const unsigned counted = weir_step_counted(step);
  if (step->verb != WEIR_VERB_APP_OPEN && !is_open(network, step->connection)) return true;
  switch (step->when) {
  case WEIR_WHEN_IDLE:
  case WEIR_WHEN_SAME: return index >= network->cursor;
  case WEIR_WHEN_START: return false;
  default: return !is_open(network, counted) || network->connections[counted].occurred[step->event] < step->first;
  }
}

size_t weir_network_unreached(const weir_network *network, uint16_t *first) {
  size_t count = 0;
  for (uint32_t index = network->scenario->count; index-- > 0;) {
    if (!is_unreached(network, index)) continue;
    *first = (uint16_t)index;
    count++;
  }
  return count;
}
