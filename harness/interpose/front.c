#include "interpose/front.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/single_threaded.h>

#include "interpose/clock.h"
#include "interpose/descriptors.h"
#include "interpose/real.h"
#include "interpose/timers.h"

_Static_assert(WEIR_CONNECTIONS == 4, "as many placeholders and objects are set up here");
weir_front weir_the_front = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .placeholders = {-1, -1, -1, -1},
    .control = -1,
    .bell = -1,
    .objects =
        {
            [WEIR_THE_PARKED] = {.kind = WEIR_OBJECT_PARKED},
            [WEIR_THE_CONTROL] = {.kind = WEIR_OBJECT_CONTROL},
            [WEIR_THE_CONNECTION] = {.kind = WEIR_OBJECT_CONNECTION},
            [WEIR_THE_CONNECTION + 1] = {.kind = WEIR_OBJECT_CONNECTION},
            [WEIR_THE_CONNECTION + 2] = {.kind = WEIR_OBJECT_CONNECTION},
            [WEIR_THE_CONNECTION + 3] = {.kind = WEIR_OBJECT_CONNECTION},
        },
};

/* What the program starts itself inherits the variable, but not the channel. */
__attribute__((constructor)) static void start(void) {
  const char *channel = getenv(WEIR_CHANNEL_VARIABLE);
  if (channel == NULL) return;
  long memory = strtol(channel, NULL, 10);
  weir_the_front.enabled = memory > 0 && memory < INT_MAX && weir_real()->fcntl((int)memory, F_GETFD) >= 0;
}

/* Where there is one thread only the lock would cost more than what it guards.
 * Nobody starts another between the two. */
weir_front *weir_front_lock(void) {
  weir_front *front = &weir_the_front;
  if (__libc_single_threaded) return front;
  (void)pthread_mutex_lock(&front->lock);
  front->locked = true;
  return front;
}

void weir_front_unlock(weir_front *front) {
  if (!front->locked) return;
  front->locked = false;
  (void)pthread_mutex_unlock(&front->lock);
}

void weir_front_begin(weir_front *front) {
  assert(front->worker.memory != NULL);
  const weir_scenario *scenario = &front->worker.memory->scenario;
  const uint32_t most = front->records_max != 0 ? front->records_max : WEIR_CHANNEL_RECORDS;
  weir_trace_init(&front->trace, weir_worker_records(&front->worker), most);
  weir_network_init(&front->network, scenario, &front->trace, front->layer, front->outgoing[0], WEIR_OUTGOING_MAX);
  if (front->wire != NULL) weir_simulation_wire(&front->network.connections[0], front->wire, (weir_layer)front->layer);
  weir_application_init(&front->application, &front->network, front->capabilities);
  weir_probe_init(&front->probes[0], &front->application, 0);
  front->running = true;
  front->over = front->reported = false;
  front->timeouts = front->timeouts_at = 0;
  front->taken = front->accepted = 0;
  front->arrivals++;
  weir_clock_restart(front);
}

int weir_front_open(weir_front *front, unsigned connection) {
  int descriptor = weir_descriptors_connect(front, connection);
  if (descriptor < 0) return -1;
  (void)weir_network_open(&front->network, connection, front->outgoing[connection], WEIR_OUTGOING_MAX);
  weir_probe_init(&front->probes[connection], &front->application, connection);
  front->arrivals++;
  return descriptor;
}

static void finish_probes(weir_front *front) {
  for (unsigned connection = 0; connection < WEIR_CONNECTIONS; connection++)
    if (front->application.probes[connection] != NULL) weir_probe_finish(&front->probes[connection]);
}

void weir_front_finish(weir_front *front, weir_end how) {
  if (!front->running || front->over) return;
  if (how == WEIR_END_QUIESCENT) finish_probes(front);
  weir_trace_close(&front->trace, front->trace.full ? WEIR_END_LIMIT : how, 0);
  front->over = true;
}

void weir_front_check(weir_front *front) {
  if (!front->running || front->over) return;
  if (front->trace.full)
    weir_front_finish(front, WEIR_END_LIMIT);
  else if (weir_network_spinning(&front->network))
    weir_front_finish(front, WEIR_END_SPIN);
}

bool weir_front_calls(const weir_front *front) {
  if (!front->running || front->over) return true;
  return front->network.app_count > 0 || weir_network_is_due(&front->network);
}

void weir_front_clock(weir_front *front) {
  atomic_store_explicit(&front->clock_run, (int64_t)front->network.clock_ms * WEIR_NANOSECONDS_MS,
                        memory_order_relaxed);
  weir_timers_expire(front);
}
