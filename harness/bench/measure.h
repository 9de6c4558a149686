/* Measuring: how long something takes, and the lines that say so. */
#ifndef WEIR_BENCH_MEASURE_H
#define WEIR_BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Real time, seconds since some moment. */
double weir_bench_now(void);
/* Seconds of the processor that this process has used. */
double weir_bench_used(void);

/* Work that can be done again and again. */
typedef void weir_bench_work(void *context);
/* Seconds of one time, the best of several: what else the machine does only
 * makes it longer.  Of this process's processor, or of real time where the work
 * is another process's. */
double weir_bench_time(weir_bench_work *work, void *context);
double weir_bench_time_outside(weir_bench_work *work, void *context);

/* The compiler may not know what a value is for, nor leave its making out. */
static inline void weir_bench_keep(const void *value) {
  __asm__ volatile("" : : "g"(value) : "memory");
}

/* One line: what was measured beside what bounds it, both in the same run. */
typedef struct weir_bench_figure {
  const char *name;
  double value;
  double ceiling; /* 0: there is none */
  double goal;    /* 0: there is none */
  bool less;      /* less is better: nanoseconds, megabytes */
} weir_bench_figure;

/* The unit, and what the ceiling of the lines below is (NULL: they have none). */
void weir_bench_head(const char *what, const char *unit, const char *ceiling);
void weir_bench_say(const weir_bench_figure *figure);
/* A figure that could not be measured here, and why. */
void weir_bench_skip(const char *name, const char *why);

/* Ends the program (status 2): the machine refuses what the bench needs. */
_Noreturn void weir_bench_fail(const char *what);
/* malloc that ends the program in place of failing. */
void *weir_bench_memory(size_t size);

#endif
