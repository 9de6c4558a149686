/* All the connections of a run: the one order of idle steps over them, the one
 * clock, and with these the turn rule (simulation.h), spinning and quiescence.
 *
 * Connection 0 is there from the beginning; another is opened where a step says
 * `open`, once, and keeps its index to the end of the run.  The step of a
 * connection that is not open does nothing.
 *
 * A wait of the program is weir_network_wait, and then weir_simulation_wait for
 * each connection; where nothing is ready, weir_network_turn. */
#ifndef WEIR_NETWORK_H
#define WEIR_NETWORK_H

#include "simulation/simulation.h"

/* What became of a wait in which nothing was ready. */
typedef enum weir_turn {
  WEIR_TURN_PEER,      /* a step was taken: look at readiness again */
  WEIR_TURN_APP,       /* the next steps are the application's: call the probe from outside */
  WEIR_TURN_QUIESCENT, /* nothing is left: the run is over unless a timer of the program's is armed */
  WEIR_TURN_SPIN       /* the implementation spins: the run is over */
} weir_turn;

/* An application's AFTER step that is due; steps of one occasion are a group. */
typedef struct weir_due {
  uint16_t step;
  uint16_t group;
} weir_due;

/* For a caller to read: clock_ms, opened, app_first and app_count (which it sets
 * back to 0).  The rest is the module's own. */
typedef struct weir_network {
  const weir_scenario *scenario;
  weir_trace *trace;
  uint64_t clock_ms; /* virtual time since the run began */
  uint32_t fruitless;
  uint32_t part_left;            /* bytes of the `send N by K` at cursor still to come */
  uint16_t cursor;               /* the next idle step */
  uint16_t app_first, app_count; /* the application's steps, when WEIR_TURN_APP */
  uint16_t due_first, due_count, due_group;
  uint8_t opened; /* bit c: connection c has been opened */
  uint8_t layer;  /* weir_layer of every connection */
  uint8_t open_count;
  bool progress;                           /* something useful happened since the last wait */
  weir_simulation *open[WEIR_CONNECTIONS]; /* those that have been opened, in that order */

  /* From here on only what is in use is ever set. */
  weir_simulation connections[WEIR_CONNECTIONS];
  weir_due due[WEIR_STEPS_MAX]; /* the application's AFTER steps that are due, oldest first, as a ring; past this many
                                   at once further ones are dropped */
} weir_network;

/* Sets everything up for one run, and opens connection 0 (weir_network_open).
 * The scenario must be valid and stays the caller's, as trace does. */
void weir_network_init(weir_network *network, const weir_scenario *scenario, weir_trace *trace, weir_layer layer,
                       uint8_t *outgoing, uint32_t outgoing_size);
/* Opens a connection that is not: compiles its script, applies its START steps.
 * outgoing is as for weir_simulation_init, memory of this connection's own. */
weir_simulation *weir_network_open(weir_network *network, unsigned connection, uint8_t *outgoing,
                                   uint32_t outgoing_size);
/* NULL where it has not been opened. */
static inline weir_simulation *weir_network_connection(weir_network *network, unsigned connection) {
  return (network->opened >> connection & 1) != 0 ? &network->connections[connection] : NULL;
}

/* The program waits.  Once for each wait, before weir_simulation_wait. */
void weir_network_wait(weir_network *network);
/* Nothing is ready and the program would block.  WEIR_TURN_APP also where AFTER
 * steps of the application are due (app_count is 0 then). */
weir_turn weir_network_turn(weir_network *network);
/* Takes the next group of AFTER steps of the application that are due: indices
 * into scenario->steps, at most `most`. */
size_t weir_network_take_due(weir_network *network, uint16_t *steps, size_t most);
/* Whether any are due: a wait must not block then. */
static inline bool weir_network_is_due(const weir_network *network) {
  return network->due_count != 0;
}
/* Whether the application has anything to do outside callbacks. */
static inline bool weir_network_app_waits(const weir_network *network) {
  return (network->due_count | network->app_count) != 0;
}
/* The implementation spins: WEIR_FRUITLESS_MAX waits in a row without progress
 * or turn.  The run is over (WEIR_END_SPIN). */
static inline bool weir_network_spinning(const weir_network *network) {
  return network->fruitless >= WEIR_FRUITLESS_MAX;
}
/* The program's wait ran out after `milliseconds` of virtual time.  Recorded. */
void weir_network_timeout(weir_network *network, uint64_t milliseconds);

/* Steps that were never reached: for a person to know that a scenario says more
 * than the run showed.  Returns how many, and the first in *first (index). */
size_t weir_network_unreached(const weir_network *network, uint16_t *first);

#endif
