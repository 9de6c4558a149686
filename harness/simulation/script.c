#include <assert.h>

#include "simulation/parts.h"

/* Which of one connection's steps an occasion has: its faults, and what comes after it. */
static void start(weir_simulation *simulation, const weir_step *step) {
  if (step->verb == WEIR_VERB_SOCKET_BUFFER && (uint32_t)step->a < simulation->outgoing_size)
    simulation->capacity = (uint32_t)step->a;
  else if (step->verb == WEIR_VERB_SOCKET_BUFFER)
    simulation->capacity = simulation->outgoing_size;
  else if (step->verb == WEIR_VERB_PEER_STOP) {
    simulation->peer_reads = false;
    simulation->stopped_at_start = true;
  } else if (step->verb == WEIR_VERB_PEER_RECORD) {
    simulation->record = (uint32_t)step->a;
  } else if (step->verb == WEIR_VERB_PEER_SEGMENT) {
    simulation->segment = (uint32_t)step->a;
  } else if (step->verb == WEIR_VERB_PEER_DEAF) {
    simulation->deaf = true;
  }
}

/* From the last step to the first, so that every chain is in the order of the script. */
void weir_script_compile(weir_simulation *simulation) {
  const weir_scenario *scenario = simulation->scenario;
  assert(scenario->count <= WEIR_STEPS_MAX);
  for (uint32_t index = scenario->count; index-- > 0;) {
    const weir_step *step = &scenario->steps[index];
    if (step->when == WEIR_WHEN_START && step->connection == simulation->connection) start(simulation, step);
    if (step->when != WEIR_WHEN_AFTER && step->when != WEIR_WHEN_AT) continue;
    if (weir_step_counted(step) != simulation->connection) continue;
    uint16_t *head = step->when == WEIR_WHEN_AT ? simulation->at_head : simulation->after_head;
    simulation->next[index] = head[step->event];
    head[step->event] = (uint16_t)(index + 1);
  }
  const uint16_t *at = simulation->at_head, *after = simulation->after_head;
  if (at[WEIR_OCCASION_RECV] != 0 || after[WEIR_OCCASION_RECV] != 0) simulation->slow_in = SLOW_STEPS;
  if (at[WEIR_OCCASION_SEND] != 0 || after[WEIR_OCCASION_SEND] != 0) simulation->slow_out = SLOW_STEPS;
}

static bool is_nth(const weir_step *step, uint32_t nth) {
  return nth >= step->first && (nth <= step->last || step->last == WEIR_NTH_OPEN);
}

static void add_fault(weir_fault *fault, const weir_step *step) {
  static const uint32_t ready[WEIR_READINESS_COUNT] = {[WEIR_READY_IN] = WEIR_POLL_IN,
                                                       [WEIR_READY_OUT] = WEIR_POLL_OUT,
                                                       [WEIR_READY_BOTH] = WEIR_POLL_IN | WEIR_POLL_OUT};
  switch (step->verb) {
  case WEIR_VERB_SOCKET_SHORT:
    if ((uint32_t)step->a < fault->most) fault->most = (uint32_t)step->a;
    break;
  case WEIR_VERB_SOCKET_AGAIN: fault->again = true; break;
  case WEIR_VERB_SOCKET_ERROR: fault->error = weir_socket_error_number(step->option); break;
  case WEIR_VERB_SOCKET_SPURIOUS: fault->ready |= ready[step->option]; break;
  default: break;
  }
}

weir_fault weir_script_fault(const weir_simulation *simulation, weir_occasion occasion) {
  weir_fault fault = {.most = UINT32_MAX};
  if (simulation->handshake) return fault;
  for (uint16_t link = simulation->at_head[occasion]; link != 0; link = simulation->next[link - 1]) {
    const weir_step *step = &simulation->scenario->steps[link - 1];
    if (is_nth(step, simulation->occurred[occasion])) add_fault(&fault, step);
  }
  return fault;
}

/* The step may be another connection's. */
static void take_after(weir_network *network, uint16_t index) {
  const weir_step *step = &network->scenario->steps[index];
  if (!weir_network_can(network, step)) return;
  if (weir_step_is_app(step))
    weir_network_add_due(network, index);
  else if (weir_peer_step(&network->connections[step->connection], step))
    network->progress = true;
}

void weir_script_after(weir_simulation *simulation, weir_occasion occasion) {
  if (simulation->handshake) {
    simulation->occasions_put_off |= UINT32_C(1) << occasion;
    return;
  }
  simulation->network->due_group++;
  for (uint16_t link = simulation->after_head[occasion]; link != 0; link = simulation->next[link - 1]) {
    if (is_nth(&simulation->scenario->steps[link - 1], simulation->occurred[occasion]))
      take_after(simulation->network, (uint16_t)(link - 1));
  }
}
