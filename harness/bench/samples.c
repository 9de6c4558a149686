#include "bench/samples.h"

#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"
#include "reference/reference.h"
#include "scenario/random.h"
#include "targets/host.h"

enum { RECORDS = 1 << 20, SENDS = 20, STEPS = 40, SHORT = 256 /* records of a trace */ };

const char weir_bench_short[] = "weir 1\npeer send 64\npeer send 64\npeer fin\n";

void weir_bench_scenario(const char *text, weir_scenario *scenario) {
  weir_problem problem = {.text = ""};
  if (weir_scenario_parse(text, strlen(text), scenario, NULL, &problem) != WEIR_OK) weir_bench_fail(problem.text);
}

/* A trace that was cut at a bound, that of `room` records or another, is left out. */
static bool run(weir_host_run *host, const weir_scenario *scenario, size_t room, weir_bench_traces *traces) {
  weir_trace trace;
  weir_problem problem = {.text = ""};
  uint32_t unreached;
  weir_trace_init(&trace, traces->records + traces->count, (uint32_t)room);
  weir_status status = weir_host_drive(host, weir_reference(), scenario, &trace, &unreached, &problem);
  if (status != WEIR_OK) weir_bench_fail(problem.text);
  if (trace.records[trace.count - 1].code == WEIR_END_LIMIT) return false;
  traces->count += trace.count;
  return true;
}

static weir_bench_traces begin(weir_host_run **host) {
  *host = weir_host_new();
  if (*host == NULL) weir_bench_fail("no memory");
  return (weir_bench_traces){.records = weir_bench_memory(RECORDS * sizeof(weir_record))};
}

weir_bench_traces weir_bench_reading(void) {
  weir_host_run *host;
  weir_bench_traces traces = begin(&host);
  weir_scenario scenario;
  weir_bench_scenario("weir 1\npeer send 1048576\n", &scenario);
  for (scenario.count = 1; scenario.count < SENDS; scenario.count++) scenario.steps[scenario.count] = scenario.steps[0];
  if (!run(host, &scenario, RECORDS, &traces)) weir_bench_fail("the trace does not fit");
  weir_host_free(host);
  return traces;
}

weir_bench_traces weir_bench_mixed(void) {
  weir_host_run *host;
  weir_bench_traces traces = begin(&host);
  weir_scenario scenario;
  for (uint64_t seed = 1; traces.count + SHORT <= RECORDS; seed++) {
    weir_scenario_random(&scenario, seed, STEPS);
    (void)run(host, &scenario, SHORT, &traces);
  }
  weir_host_free(host);
  return traces;
}
