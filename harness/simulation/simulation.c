#include "simulation/simulation.h"

#include <assert.h>
#include <string.h>

#include "simulation/parts.h"

/* Clears only what every run uses; the arrays behind are set as they are needed. */
void weir_simulation_init(weir_simulation *simulation, const weir_scenario *scenario, weir_trace *trace,
                          uint8_t connection, uint8_t *outgoing, uint32_t outgoing_size) {
  assert(outgoing != NULL && outgoing_size > 0);
  memset(simulation, 0, offsetof(weir_simulation, next));
  simulation->scenario = scenario;
  simulation->trace = trace;
  simulation->connection = connection;
  simulation->outgoing = outgoing;
  simulation->outgoing_size = outgoing_size;
  simulation->capacity = outgoing_size < WEIR_SOCKET_BUFFER_DEFAULT ? outgoing_size : WEIR_SOCKET_BUFFER_DEFAULT;
  simulation->odd_from = NOTHING_ODD;
  simulation->peer_reads = true;
  simulation->progress = true;
  weir_script_compile(simulation);
}

void weir_simulation_peer(weir_simulation *simulation, const weir_peer *peer) {
  simulation->peer = peer;
}

/* What was set up before the run is told at the first occasion, so that it
 * stands behind OPEN in the trace. */
static void tell_start(weir_simulation *simulation) {
  if (!simulation->stopped_at_start) return;
  simulation->stopped_at_start = false;
  weir_simulation_note(simulation, (weir_record){.event = WEIR_EVENT_PEER_STOP});
}

void weir_simulation_made(weir_simulation *simulation) {
  if (simulation->wire == NULL) return;
  simulation->made = true;
  weir_wire_settle(simulation);
}

void weir_simulation_watch(weir_simulation *simulation, unsigned interest) {
  const uint8_t watched = (uint8_t)(interest & (WEIR_POLL_IN | WEIR_POLL_OUT));
  if (watched == simulation->watched || simulation->closed) return;
  simulation->watched = watched;
  simulation->progress = true;
  weir_simulation_note(simulation, (weir_record){.event = WEIR_EVENT_WATCH, .a = watched});
}

void weir_simulation_fire(weir_simulation *simulation, weir_occasion occasion) {
  assert(occasion < WEIR_OCCASION_COUNT);
  tell_start(simulation);
  simulation->occurred[occasion]++;
  if (simulation->after_head[occasion] != 0) weir_script_after(simulation, occasion);
}

/* ---- Waits ----------------------------------------------------------- */
/* Readiness that is not there, of what is watched. */
static unsigned add_spurious(weir_simulation *simulation, unsigned ready, unsigned interest) {
  const weir_fault fault = weir_script_fault(simulation, WEIR_OCCASION_WAIT);
  const unsigned extra = fault.ready & interest & ~ready;
  if (extra == 0 || simulation->transient_run >= WEIR_AGAIN_MAX) return ready;
  simulation->transient_run++;
  weir_socket_wake(simulation, WEIR_EDGE_ANY);
  weir_simulation_note(simulation, (weir_record){.event = WEIR_EVENT_SPURIOUS, .a = extra});
  return ready | extra;
}

unsigned weir_simulation_wait_slowly(weir_simulation *simulation, unsigned interest) {
  tell_start(simulation);
  if (interest == 0 || simulation->closed) return 0;
  simulation->occurred[WEIR_OCCASION_WAIT]++;
  if (simulation->after_head[WEIR_OCCASION_WAIT] != 0) weir_script_after(simulation, WEIR_OCCASION_WAIT);
  unsigned ready = weir_simulation_ready(simulation);
  if (simulation->at_head[WEIR_OCCASION_WAIT] != 0) ready = add_spurious(simulation, ready, interest);
  return ready & (interest | WEIR_POLL_ERR | WEIR_POLL_HUP);
}
