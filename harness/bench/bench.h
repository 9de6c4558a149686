/* The measurements, a file each. */
#ifndef WEIR_BENCH_BENCH_H
#define WEIR_BENCH_BENCH_H

/* judging.c: records in memory through the machine and through all rules */
void weir_bench_judging(void);
/* reading.c: JSON Lines, and `weir check` on a pipe; `weir` is the command */
void weir_bench_jsonl(void);
void weir_bench_check(const char *weir);
/* cycle.c: a read cycle in the simulation, and in a whole run */
void weir_bench_cycle(void);
/* runs.c: scenarios in this process: short ones, and of 32 read cycles with the counters */
void weir_bench_runs(void);
/* shrinking.c: failing scenarios of 1,000 steps */
void weir_bench_shrinking(void);
/* transfer.c: real sockets, beside libuv's */
void weir_bench_transfer(void);
/* protocols.c: protocols through their chunkings; `weir` has the plug-ins beside it */
void weir_bench_protocols(const char *weir);
/* programs.c: under the interposing library; `self` is this program, which is also a target */
void weir_bench_programs(const char *self);
int weir_bench_program(void);

#endif
