#include "interpose/wait.h"

#include <assert.h>
#include <limits.h>

#include "interpose/clock.h"
#include "interpose/descriptors.h"
#include "interpose/threads.h"
#include "interpose/timers.h"

/* What became of a wait in which nothing was ready. */
typedef enum outcome {
  LOOK_AGAIN, /* something happened */
  RAN_OUT,    /* the timeout has come */
  SETTLE,     /* no step is left: other threads get their time before that counts */
  STUCK       /* the run is over and this wait cannot see it: the kernel decides */
} outcome;

/* What the connections show now. */
static weir_shown show(weir_front *front) {
  weir_shown shown = {.calls = weir_front_calls(front),
                      .arrival = weir_descriptors_can_accept(front),
                      .timers = weir_timers_came(front)};
  if (!front->running) return shown;
  for (unsigned connection = 0; connection < WEIR_CONNECTIONS; connection++) {
    const weir_simulation *simulation = weir_network_connection(&front->network, connection);
    if (simulation != NULL) shown.ready[connection] = (uint8_t)weir_simulation_ready(simulation);
  }
  return shown;
}

/* What one connection shows to a wait, which is counted. */
static unsigned enter_connection(weir_simulation *simulation, const weir_wait *wait, unsigned interest) {
  if (wait->polled) weir_simulation_watch(simulation, interest);
  unsigned shown = weir_simulation_wait(simulation, interest);
  /* What is shown to who watches for nothing else, and what the simulation is not asked for. */
  const unsigned always = WEIR_POLL_ERR | WEIR_POLL_HUP | WEIR_POLL_RDHUP;
  const unsigned now = weir_simulation_ready(simulation);
  return shown | (now & always) | (shown & WEIR_POLL_OUT ? now & WEIR_POLL_OUT_BAND : 0u);
}

static weir_shown enter(const weir_wait *wait, int64_t *now) {
  weir_front *front = weir_front_lock();
  weir_timers_expire(front);
  *now = (int64_t)front->network.clock_ms;
  weir_shown result = {0};
  front->called = false;
  if (front->running) {
    weir_network_wait(&front->network);
    for (unsigned connection = 0; connection < WEIR_CONNECTIONS; connection++) {
      weir_simulation *simulation = weir_network_connection(&front->network, connection);
      if (simulation == NULL) continue;
      result.ready[connection] = (uint8_t)enter_connection(simulation, wait, wait->wanted.interest[connection]);
    }
    weir_front_check(front);
  }
  result.calls = weir_front_calls(front);
  result.arrival = wait->wanted.listener && weir_descriptors_can_accept(front);
  weir_front_unlock(front);
  return result;
}

/* A program that sets its timers again and again, and does nothing else, would
 * never end. */
static bool only_timeouts(weir_front *front) {
  if (front->trace.count != front->timeouts_at) front->timeouts = 0;
  return front->timeouts >= WEIR_TIMEOUTS_MAX;
}

static outcome run_out(weir_front *front, int64_t milliseconds) {
  weir_network_timeout(&front->network, (uint64_t)milliseconds);
  weir_front_clock(front);
  front->timeouts++;
  front->timeouts_at = front->trace.count;
  return RAN_OUT;
}

/* Virtual time goes on to the program's next timer, or to the end of this wait. */
static outcome nothing_left(weir_front *front, const weir_wait *wait, int64_t deadline) {
  const int64_t left = deadline - (int64_t)front->network.clock_ms, timer = weir_timers_next(front);
  const bool bounded = wait->milliseconds > 0, first = timer >= 0 && (!bounded || timer < left);
  if (first && (front->over || !only_timeouts(front))) {
    (void)run_out(front, timer);
    return LOOK_AGAIN;
  }
  if (bounded && (front->over || !only_timeouts(front))) return run_out(front, left);
  weir_front_finish(front, WEIR_END_QUIESCENT);
  return wait->wanted.control ? LOOK_AGAIN : STUCK;
}

/* One turn.  settled: the other threads have had their time. */
static outcome take_turn(const weir_wait *wait, int64_t deadline, bool settled, weir_shown *shown) {
  weir_front *front = weir_front_lock();
  outcome result = LOOK_AGAIN;
  if (!front->running || front->over) {
    result = front->running ? nothing_left(front, wait, deadline) : STUCK;
  } else {
    switch (weir_network_turn(&front->network)) {
    case WEIR_TURN_PEER: weir_front_clock(front); break;
    case WEIR_TURN_APP: break;
    case WEIR_TURN_SPIN: weir_front_finish(front, WEIR_END_SPIN); break;
    case WEIR_TURN_QUIESCENT: result = settled ? nothing_left(front, wait, deadline) : SETTLE; break;
    }
    weir_front_check(front);
  }
  *shown = show(front);
  weir_front_unlock(front);
  return result;
}

static int clip(int64_t milliseconds) {
  return milliseconds > INT_MAX ? INT_MAX : (int)milliseconds;
}

static bool has_passed(int64_t deadline) {
  const weir_front *front = weir_front_lock();
  const bool passed = front->running && (int64_t)front->network.clock_ms >= deadline;
  weir_front_unlock(&weir_the_front);
  return passed;
}

/* A wait that only told of the program's other descriptors is no sign of
 * spinning: other threads have their say at any time. */
static void excuse(const weir_wait *wait, const weir_shown *shown) {
  bool ours = shown->calls || (shown->arrival && wait->wanted.listener);
  for (unsigned connection = 0; connection < WEIR_CONNECTIONS; connection++)
    ours =
        ours || (shown->ready[connection] & (wait->wanted.interest[connection] | WEIR_POLL_ERR | WEIR_POLL_HUP)) != 0;
  if (ours) return;
  weir_front *front = weir_front_lock();
  if (front->network.fruitless > 0) front->network.fruitless--;
  weir_front_unlock(front);
}

/* Bounded: each turn takes a step of the scenario or ends the run. */
int weir_wait_run(const weir_wait *wait) {
  assert(wait->milliseconds >= -1);
  int64_t now = 0;
  weir_shown shown = enter(wait, &now);
  /* Past it, a wait with nothing to show is over, whoever let the time pass. */
  const int64_t deadline = wait->milliseconds > INT64_MAX - now ? INT64_MAX : now + wait->milliseconds;
  int count = wait->look(wait->context, shown, 0);
  if (count > 0) excuse(wait, &shown);
  bool settled = false;
  while (count == 0 && wait->milliseconds != 0) {
    switch (take_turn(wait, deadline, settled, &shown)) {
    case LOOK_AGAIN:
      count = wait->look(wait->context, shown, shown.timers ? 0 : WEIR_LOOK_OURS);
      if (count == 0 && wait->milliseconds > 0 && has_passed(deadline)) return 0;
      break;
    case SETTLE:
      count = wait->look(wait->context, shown, weir_threads_settle());
      settled = true;
      break;
    case RAN_OUT: return 0;
    case STUCK: return wait->look(wait->context, shown, clip(wait->milliseconds));
    }
  }
  return count;
}

void weir_wait_refused(void) {
  weir_front *front = weir_front_lock();
  if (front->running) {
    weir_network_wait(&front->network);
    weir_front_check(front);
  }
  weir_front_unlock(front);
}
