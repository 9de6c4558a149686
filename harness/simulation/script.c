#include <assert.h>

#include "simulation/parts.h"

static bool is_app(const weir_step *step) {
  return weir_verb_get(step->verb)->actor == WEIR_ACTOR_APP;
}

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
    if (step->when == WEIR_WHEN_START) start(simulation, step);
    if (step->when != WEIR_WHEN_AFTER && step->when != WEIR_WHEN_AT) continue;
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

static void add_due(weir_simulation *simulation, uint16_t step) {
  if (simulation->due_count == WEIR_STEPS_MAX) return;
  uint16_t place = (uint16_t)((simulation->due_first + simulation->due_count) % WEIR_STEPS_MAX);
  simulation->due[place] = (weir_due){.step = step, .group = simulation->due_group};
  simulation->due_count++;
}

void weir_script_after(weir_simulation *simulation, weir_occasion occasion) {
  if (simulation->handshake) {
    simulation->occasions_put_off |= UINT32_C(1) << occasion;
    return;
  }
  simulation->due_group++;
  for (uint16_t link = simulation->after_head[occasion]; link != 0; link = simulation->next[link - 1]) {
    const weir_step *step = &simulation->scenario->steps[link - 1];
    if (!is_nth(step, simulation->occurred[occasion])) continue;
    if (is_app(step))
      add_due(simulation, (uint16_t)(link - 1));
    else if (weir_peer_step(simulation, step))
      simulation->progress = true;
  }
}

size_t weir_simulation_take_due(weir_simulation *simulation, uint16_t *steps, size_t most) {
  const uint16_t group = simulation->due[simulation->due_first].group;
  size_t count = 0;
  while (count < most && simulation->due_count > 0 && simulation->due[simulation->due_first].group == group) {
    steps[count++] = simulation->due[simulation->due_first].step;
    simulation->due_first = (uint16_t)((simulation->due_first + 1) % WEIR_STEPS_MAX);
    simulation->due_count--;
  }
  return count;
}

/* ---- Idle steps -------------------------------------------------------------- */
/* The end of the group that `index` belongs to. */
static uint16_t group_end(const weir_scenario *scenario, uint16_t index) {
  do index++;
  while (index < scenario->count && scenario->steps[index].when == WEIR_WHEN_SAME);
  return index;
}

/* One part of `send N by K`; the rest stays in part_left. */
static bool send_part(weir_simulation *simulation, const weir_step *step) {
  uint32_t left = simulation->part_left != 0 ? simulation->part_left : (uint32_t)step->a;
  uint32_t size = (uint32_t)step->b < left ? (uint32_t)step->b : left;
  bool happened = weir_peer_send(simulation, size);
  simulation->part_left = happened ? left - size : 0;
  return happened;
}

static bool is_in_parts(const weir_step *step) {
  return step->verb == WEIR_VERB_PEER_SEND && step->b > 0;
}

/* The peer's steps from cursor to `end`, or to the first that has parts left. */
static bool peer_group(weir_simulation *simulation, uint16_t end) {
  bool happened = false;
  for (; simulation->cursor < end; simulation->cursor++) {
    const weir_step *step = &simulation->scenario->steps[simulation->cursor];
    happened |= is_in_parts(step) ? send_part(simulation, step) : weir_peer_step(simulation, step);
    if (simulation->part_left != 0) break;
  }
  return happened;
}

static void app_group(weir_simulation *simulation, uint16_t end) {
  simulation->app_first = simulation->cursor;
  simulation->app_count = (uint16_t)(end - simulation->cursor);
  simulation->cursor = end;
}

weir_turn weir_script_turn(weir_simulation *simulation) {
  const weir_scenario *scenario = simulation->scenario;
  while (simulation->cursor < scenario->count) {
    const weir_step *step = &scenario->steps[simulation->cursor];
    if (step->when != WEIR_WHEN_IDLE && simulation->part_left == 0) {
      simulation->cursor++;
      continue;
    }
    uint16_t end = group_end(scenario, simulation->cursor);
    if (is_app(step)) {
      app_group(simulation, end);
      return WEIR_TURN_APP;
    }
    if (peer_group(simulation, end)) return WEIR_TURN_PEER;
  }
  return WEIR_TURN_QUIESCENT;
}

static bool is_unreached(const weir_simulation *simulation, uint32_t index) {
  const weir_step *step = &simulation->scenario->steps[index];
  switch (step->when) {
  case WEIR_WHEN_IDLE:
  case WEIR_WHEN_SAME: return index >= simulation->cursor;
  case WEIR_WHEN_START: return false;
  default: return simulation->occurred[step->event] < step->first;
  }
}

size_t weir_simulation_unreached(const weir_simulation *simulation, uint16_t *first) {
  size_t count = 0;
  for (uint32_t index = simulation->scenario->count; index-- > 0;) {
    if (!is_unreached(simulation, index)) continue;
    *first = (uint16_t)index;
    count++;
  }
  return count;
}
