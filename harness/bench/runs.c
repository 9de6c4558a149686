/* Short scenarios in this process, as a fuzzer runs them: connect, two reads,
 * FIN, close. */
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/measure.h"
#include "bench/samples.h"
#include "reference/reference.h"
#include "targets/host.h"
#include "validator/counters.h"
#include "weir/payload.h"
#include "weir/validator.h"

enum { RUNS = 20000, ROOM = 1024, READS = 2, CYCLES = 32, SIZE = 64 };

typedef struct runs {
  weir_scenario scenario;
  weir_host_run *host;
  weir_validator *validator;
  weir_record *records;
  bool judged, counted;
  uint32_t reads;         /* of one run */
  uint32_t count;         /* of records of one run */
  weir_record done[ROOM]; /* which are these */
} runs;

static void run_all(void *context) {
  runs *self = context;
  uint32_t unreached;
  weir_problem problem = {.text = ""};
  for (unsigned i = 0; i < RUNS; i++) {
    weir_trace trace;
    weir_trace_init(&trace, self->records, ROOM);
    if (weir_host_drive(self->host, weir_reference(), &self->scenario, &trace, &unreached, &problem) != WEIR_OK)
      weir_bench_fail(problem.text);
    self->count = trace.count;
    if (!self->judged) continue;
    weir_validator_reset(self->validator);
    weir_validator_feed(self->validator, trace.records, trace.count);
    size_t count;
    (void)weir_validator_findings(self->validator, &count);
    if (weir_validator_finish(self->validator, NULL) != WEIR_JUDGED || count > 0)
      weir_bench_fail("the reference breaks a rule");
    if (!self->counted) continue;
    static uint8_t counters[WEIR_COUNTER_COUNT];
    weir_counters_add(trace.records, trace.count, counters);
    weir_counters_add_rules(self->validator, counters);
    weir_bench_keep(counters);
  }
}

/* Nothing but what is left of a run when it is over: its records, its bytes,
 * each filled and compared, and memory for a transport. */
static void bare_all(void *context) {
  runs *self = context;
  uint8_t buffer[SIZE];
  for (unsigned i = 0; i < RUNS; i++) {
    void *transport = malloc(SIZE);
    weir_bench_keep(transport);
    for (uint32_t record = 0; record < self->count; record++) self->records[record] = self->done[record];
    for (uint64_t read = 0; read < self->reads; read++) {
      weir_payload_fill(0, read * SIZE, buffer, SIZE);
      if (weir_payload_match(0, read * SIZE, buffer, SIZE) != SIZE) weir_bench_fail("payload is not what it is");
    }
    free(transport);
    weir_bench_keep(self->records);
  }
}

static double rate(weir_bench_work *work, runs *self) {
  return RUNS / weir_bench_time(work, self) * 1e-3;
}

void weir_bench_runs(void) {
  static runs self;
  self = (runs){.host = weir_host_new(),
                .validator = weir_validator_init(weir_bench_memory(weir_validator_size())),
                .records = weir_bench_memory(ROOM * sizeof(weir_record))};
  if (self.host == NULL) weir_bench_fail("no memory");
  weir_bench_scenario(weir_bench_short, &self.scenario);
  self.reads = READS;
  double traced = rate(run_all, &self);
  memcpy(self.done, self.records, self.count * sizeof *self.records);
  double ceiling = rate(bare_all, &self);
  self.judged = true;
  double judged = rate(run_all, &self);
  weir_bench_head("scenarios (connect, two reads, FIN, close)", "thousand/s", "only their records and bytes");
  weir_bench_say(&(weir_bench_figure){.name = "reference, traced", .value = traced, .ceiling = ceiling});
  weir_bench_say(&(weir_bench_figure){.name = "... and judged", .value = judged, .ceiling = ceiling, .goal = 1000});
  weir_bench_scenario("weir 1\npeer send 2048\npeer fin\n", &self.scenario);
  self.reads = CYCLES;
  self.counted = true;
  judged = rate(run_all, &self);
  memcpy(self.done, self.records, self.count * sizeof *self.records);
  ceiling = rate(bare_all, &self);
  weir_bench_say(&(weir_bench_figure){
      .name = "32 read cycles, judged and counted", .value = judged, .ceiling = ceiling, .goal = 780});
  weir_host_free(self.host);
  free(self.validator);
  free(self.records);
}
