/* Idle steps: one order over all connections, one turn after the other. */
#include <assert.h>

#include "simulation/parts.h"

/* The end of the group that `index` belongs to. */
static uint16_t group_end(const weir_scenario *scenario, uint16_t index) {
  do index++;
  while (index < scenario->count && scenario->steps[index].when == WEIR_WHEN_SAME);
  return index;
}

/* One part of `send N by K`; the rest stays in part_left. */
static bool send_part(weir_network *network, const weir_step *step) {
  uint32_t left = network->part_left != 0 ? network->part_left : (uint32_t)step->a;
  uint32_t size = (uint32_t)step->b < left ? (uint32_t)step->b : left;
  bool happened = weir_peer_send(&network->connections[step->connection], size);
  network->part_left = happened ? left - size : 0;
  return happened;
}

static bool is_in_parts(const weir_step *step) {
  return step->verb == WEIR_VERB_PEER_SEND && step->b > 0;
}

static bool advance(weir_network *network, uint64_t milliseconds) {
  network->clock_ms += milliseconds;
  weir_simulation_note(&network->connections[0], (weir_record){.event = WEIR_EVENT_ADVANCE, .b = milliseconds});
  return true;
}

static bool peer_step(weir_network *network, const weir_step *step) {
  weir_simulation *simulation = weir_network_connection(network, step->connection);
  if (simulation == NULL) return false;
  if (step->verb == WEIR_VERB_PEER_SLEEP) return advance(network, (uint64_t)step->a);
  return is_in_parts(step) ? send_part(network, step) : weir_peer_step(simulation, step);
}

/* The peers' steps from cursor to `end`, or to the first that has parts left. */
static bool peer_group(weir_network *network, uint16_t end) {
  bool happened = false;
  for (; network->cursor < end; network->cursor++) {
    happened |= peer_step(network, &network->scenario->steps[network->cursor]);
    if (network->part_left != 0) break;
  }
  return happened;
}

/* False: all of it is about connections that are not open. */
static bool app_group(weir_network *network, uint16_t end) {
  bool any = false;
  network->app_first = network->cursor;
  network->app_count = (uint16_t)(end - network->cursor);
  for (; network->cursor < end; network->cursor++)
    any |= weir_network_can(network, &network->scenario->steps[network->cursor]);
  if (!any) network->app_count = 0;
  return any;
}

weir_turn weir_order_turn(weir_network *network) {
  const weir_scenario *scenario = network->scenario;
  while (network->cursor < scenario->count) {
    const weir_step *step = &scenario->steps[network->cursor];
    if (step->when != WEIR_WHEN_IDLE && network->part_left == 0) {
      network->cursor++;
      continue;
    }
    uint16_t end = group_end(scenario, network->cursor);
    if (weir_step_is_app(step)) {
      if (app_group(network, end)) return WEIR_TURN_APP;
    } else if (peer_group(network, end)) {
      return WEIR_TURN_PEER;
    }
  }
  return WEIR_TURN_QUIESCENT;
}
