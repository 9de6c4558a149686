#include "bench/measure.h"

#include <stdlib.h>
#include <time.h>

enum { REPEATS = 15 };

static double read_clock(clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now) != 0) weir_bench_fail("no clock");
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double weir_bench_now(void) {
  return read_clock(CLOCK_MONOTONIC);
}

double weir_bench_used(void) {
  return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

static double best_of(weir_bench_work *work, void *context, clockid_t clock) {
  double best = 0;
  for (int i = 0; i < REPEATS; i++) {
    double began = read_clock(clock);
    work(context);
    double took = read_clock(clock) - began;
    if (i == 0 || took < best) best = took;
  }
  return best;
}

double weir_bench_time(weir_bench_work *work, void *context) {
  return best_of(work, context, CLOCK_PROCESS_CPUTIME_ID);
}

double weir_bench_time_outside(weir_bench_work *work, void *context) {
  return best_of(work, context, CLOCK_MONOTONIC);
}

void weir_bench_head(const char *what, const char *unit, const char *ceiling) {
  (void)printf("%s, %s", what, unit);
  if (ceiling != NULL) (void)printf(" (ceiling: %s)", ceiling);
  (void)putchar('\n');
}

static void print_number(double number) {
  if (number == 0)
    (void)printf("%10s", "-");
  else
    (void)printf(number < 100 ? "%10.2f" : "%10.0f", number);
}

void weir_bench_say(const weir_bench_figure *figure) {
  (void)printf("  %-36s", figure->name);
  print_number(figure->value);
  print_number(figure->ceiling);
  double ratio = figure->less ? figure->ceiling / figure->value : figure->value / figure->ceiling;
  if (figure->ceiling == 0)
    (void)printf("%7s", "-");
  else
    (void)printf("%7.2f", ratio);
  bool reached = figure->less ? figure->value <= figure->goal : figure->value >= figure->goal;
  if (figure->goal != 0) (void)printf("  %s %-4g%s", figure->less ? "<=" : ">=", figure->goal, reached ? "" : " no");
  (void)putchar('\n');
  (void)fflush(stdout);
}

void weir_bench_skip(const char *name, const char *why) {
  (void)printf("  %-36s%10s  %s\n", name, "-", why);
}

_Noreturn void weir_bench_fail(const char *what) {
  (void)fflush(stdout);
  (void)fprintf(stderr, "bench: %s\n", what);
  exit(2);
}

void *weir_bench_memory(size_t size) {
  void *memory = malloc(size);
  if (memory == NULL) weir_bench_fail("no memory");
  return memory;
}
