/* A read cycle: get_buffer, 64 bytes copied, buffer_updated. */
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/measure.h"
#include "bench/samples.h"
#include "reference/reference.h"
#include "simulation/network.h"
#include "spec/machine.h"
#include "targets/host.h"
#include "weir/validator.h"

enum { SIZE = 64, CYCLES = WEIR_SIZE_MAX / SIZE, AT_ONCE = 32, ROOM = 4 * CYCLES };

typedef struct cycle {
  weir_scenario scenario;
  weir_record *records;
  weir_machine machine;
  weir_machine_states states;
  weir_validator *validator;
  bool machine_on, rules_on;
  weir_host_run *host;
} cycle;

/* ---- The ceiling ---------------------------------------------------------- */
/* No socket, no script, no buffers but one: the callbacks, the copy, the step
 * of the machine and the records that tell of it. */
typedef struct bare {
  uint8_t buffer[SIZE];
  uint8_t table[WEIR_STATE_COUNT][WEIR_EVENT_COUNT];
  uint8_t *(*get_buffer)(struct bare *);
  void (*buffer_updated)(struct bare *, uint32_t nbytes);
  const uint8_t *stream;
  weir_record *records;
  uint32_t count;
  unsigned state;
} bare;

static void bare_note(bare *self, weir_record record) {
  self->state = self->table[self->state][record.event];
  self->records[self->count++] = record;
}

__attribute__((noinline)) static uint8_t *bare_get_buffer(bare *self) {
  bare_note(self, (weir_record){.event = WEIR_EVENT_GET_BUFFER, .flags = 3, .a = UINT32_MAX, .b = SIZE});
  return self->buffer;
}

__attribute__((noinline)) static void bare_buffer_updated(bare *self, uint32_t nbytes) {
  bare_note(self, (weir_record){.event = WEIR_EVENT_BUFFER_UPDATED, .flags = 3, .a = nbytes});
}

static void bare_cycles(void *context) {
  bare *self = context;
  for (uint32_t i = 0; i < CYCLES; i++) {
    if (i % AT_ONCE == 0) self->count = 0;
    uint8_t *buffer = self->get_buffer(self);
    memcpy(buffer, self->stream + (size_t)(i % AT_ONCE) * SIZE, SIZE);
    bare_note(self, (weir_record){.event = WEIR_EVENT_RECV, .a = SIZE, .b = SIZE});
    self->buffer_updated(self, SIZE);
    weir_bench_keep(self);
  }
}

static double bare_time(weir_record *records) {
  static const uint8_t stream[AT_ONCE * SIZE];
  bare self = {.get_buffer = bare_get_buffer,
               .buffer_updated = bare_buffer_updated,
               .stream = stream,
               .records = records,
               .state = WEIR_STATE_OPEN};
  for (unsigned state = 0; state < WEIR_STATE_COUNT; state++)
    for (unsigned event = 0; event < WEIR_EVENT_COUNT; event++)
      self.table[state][event] = (uint8_t)weir_machine_next((weir_state)state, event);
  return weir_bench_time(bare_cycles, &self) / CYCLES * 1e9;
}

/* ---- The simulation ------------------------------------------------------- */
static void judge(cycle *self, weir_trace *trace) {
  if (self->machine_on && weir_machine_walk(&self->machine, &self->states, trace->records, trace->count) < trace->count)
    weir_bench_fail("the machine refuses a read cycle");
  if (self->rules_on) weir_validator_feed(self->validator, trace->records, trace->count);
  trace->count = 0;
}

static void read_once(weir_simulation *simulation, weir_trace *trace, uint8_t *buffer, uint64_t *offset) {
  (void)weir_trace_add(trace, (weir_record){.event = WEIR_EVENT_GET_BUFFER, .flags = 3, .a = UINT32_MAX, .b = SIZE});
  ptrdiff_t size = weir_simulation_recv(simulation, buffer, SIZE);
  (void)weir_trace_add(
      trace,
      (weir_record){
          .event = WEIR_EVENT_BUFFER_UPDATED, .flags = 3, .code = WEIR_DATA_STREAM, .a = (uint32_t)size, .b = *offset});
  *offset += (uint64_t)size;
}

static void simulated_cycles(void *context) {
  cycle *self = context;
  static weir_network network;
  uint8_t buffer[SIZE], outgoing[1];
  uint64_t offset = 0;
  weir_trace trace;
  weir_trace_init(&trace, self->records, ROOM);
  weir_network_init(&network, &self->scenario, &trace, WEIR_LAYER_TCP, outgoing, sizeof outgoing);
  weir_machine_start(&self->states);
  weir_validator_reset(self->validator);
  (void)weir_trace_add(&trace, (weir_record){.event = WEIR_EVENT_OPEN, .code = 1});
  (void)weir_trace_add(&trace, (weir_record){.event = WEIR_EVENT_CONNECTION_MADE, .flags = 3});
  if (weir_network_turn(&network) != WEIR_TURN_PEER) weir_bench_fail("the peer sends nothing");
  for (uint32_t i = 0; i < CYCLES; i += AT_ONCE) {
    for (uint32_t k = 0; k < AT_ONCE; k++) read_once(&network.connections[0], &trace, buffer, &offset);
    judge(self, &trace);
    weir_bench_keep(buffer);
  }
  size_t count;
  (void)weir_validator_findings(self->validator, &count);
  if (offset != WEIR_SIZE_MAX || count > 0) weir_bench_fail("a read cycle is not what it should be");
}

/* ---- A whole run ---------------------------------------------------------- */
static void whole_run(void *context) {
  cycle *self = context;
  weir_trace trace;
  weir_trace_init(&trace, self->records, ROOM);
  uint32_t unreached;
  weir_problem problem = {.text = ""};
  weir_status status = weir_host_drive(self->host, weir_reference(), &self->scenario, &trace, &unreached, &problem);
  if (status != WEIR_OK) weir_bench_fail(problem.text);
  weir_validator_reset(self->validator);
  weir_validator_feed(self->validator, trace.records, trace.count);
  if (weir_validator_finish(self->validator, NULL) != WEIR_JUDGED) weir_bench_fail("a run cannot be judged");
}

static void say(const char *name, double value, double ceiling, double goal) {
  weir_bench_say(&(weir_bench_figure){
      .name = name, .value = value * 1e9 / CYCLES, .ceiling = ceiling, .goal = goal, .less = true});
}

void weir_bench_cycle(void) {
  cycle self = {.records = weir_bench_memory(ROOM * sizeof(weir_record)),
                .validator = weir_validator_init(weir_bench_memory(weir_validator_size())),
                .host = weir_host_new()};
  if (self.host == NULL) weir_bench_fail("no memory");
  weir_machine_make(&self.machine);
  weir_bench_scenario("weir 1\npeer send 1048576\n", &self.scenario);
  memset(self.records, 0, ROOM * sizeof *self.records);
  weir_bench_head("a read cycle of 64 bytes", "ns", "a bare model of it");
  double ceiling = bare_time(self.records);
  say("simulated, traced", weir_bench_time(simulated_cycles, &self), ceiling, 0);
  self.machine_on = true;
  say("... and with the machine", weir_bench_time(simulated_cycles, &self), ceiling, 15);
  self.machine_on = false;
  self.rules_on = true;
  say("... and with all rules", weir_bench_time(simulated_cycles, &self), ceiling, 40);
  say("reference, probe and all, judged", weir_bench_time(whole_run, &self), ceiling, 0);
  weir_host_free(self.host);
  free(self.records);
  free(self.validator);
}
