/* What the measurements work on: scenarios, and traces recorded from the reference. */
#ifndef WEIR_BENCH_SAMPLES_H
#define WEIR_BENCH_SAMPLES_H

#include "weir/scenario.h"
#include "weir/trace.h"

/* Traces one behind the other, each ended by its END record. */
typedef struct weir_bench_traces {
  weir_record *records;
  size_t count;
} weir_bench_traces;

void weir_bench_scenario(const char *text, weir_scenario *scenario);
/* connect, two reads, FIN, close */
extern const char weir_bench_short[];

/* One connection that does nothing but read 64 bytes at a time. */
weir_bench_traces weir_bench_reading(void);
/* Random scenarios, short ones: a bit of everything that a scenario can say. */
weir_bench_traces weir_bench_mixed(void);

#endif
