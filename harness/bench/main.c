/* How fast Weir is here, each figure beside a ceiling measured in the same run. */
#include <stdio.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/measure.h"

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--program") == 0) return weir_bench_program();
  if (argc != 2) {
    (void)fprintf(stderr, "usage: %s WEIR\n", argv[0]);
    return 2;
  }
  (void)printf("  %-36s%10s%10s%7s  %s\n", "", "measured", "ceiling", "ratio", "goal");
  weir_bench_judging();
  weir_bench_jsonl();
  weir_bench_check(argv[1]);
  weir_bench_cycle();
  weir_bench_runs();
  weir_bench_programs(argv[0]);
  return 0;
}
