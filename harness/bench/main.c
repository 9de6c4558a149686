/* How fast Weir is here, each figure beside a ceiling measured in the same run. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/measure.h"

/* Groups are named behind the command; none: all. */
static bool wanted(char **argv, const char *group) {
  if (argv[2] == NULL) return true;
  for (char **name = argv + 2; *name != NULL; name++)
    if (strcmp(*name, group) == 0) return true;
  return false;
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--program") == 0) return weir_bench_program();
  if (argc < 2) {
    (void)fprintf(stderr, "usage: %s WEIR [judging|jsonl|check|cycle|runs|shrinking|transfer|protocols|programs]...\n",
                  argv[0]);
    return 2;
  }
  (void)printf("  %-36s%10s%10s%7s  %s\n", "", "measured", "ceiling", "ratio", "goal");
  if (wanted(argv, "judging")) weir_bench_judging();
  if (wanted(argv, "jsonl")) weir_bench_jsonl();
  if (wanted(argv, "check")) weir_bench_check(argv[1]);
  if (wanted(argv, "cycle")) weir_bench_cycle();
  if (wanted(argv, "runs")) weir_bench_runs();
  if (wanted(argv, "shrinking")) weir_bench_shrinking();
  if (wanted(argv, "transfer")) weir_bench_transfer();
  if (wanted(argv, "protocols")) weir_bench_protocols(argv[1]);
  if (wanted(argv, "programs")) weir_bench_programs(argv[0]);
  return 0;
}
