/* A runner whose target lives in worker processes: one after the other, a new
 * one after each that crashed, hung or spun. */
#ifndef WEIR_TARGETS_SUPERVISOR_H
#define WEIR_TARGETS_SUPERVISOR_H

#include "targets/child.h"
#include "targets/memory.h"
#include "targets/runner.h"
#include "targets/stack.h"

typedef struct weir_supervisor {
  weir_runner base;
  weir_child_become *become;
  void *context;                 /* of become, given away by open */
  void (*forget)(void *context); /* frees it */
  weir_channel channel;
  weir_child child;
  uint32_t spin_ms, hang_ms;
  uint32_t stalls, stalls_max;     /* runs in a row that had to be ended */
  char stack[WEIR_STACK_TEXT_MAX]; /* of the last crash */
  bool log;
} weir_supervisor;

/* Starts the first worker and hears its hello.  The context is forgotten on
 * failure, too. */
WEIR_MUST_USE weir_status weir_supervisor_open(const char *name, const weir_runner_options *options,
                                               weir_child_become *become, void *context, void (*forget)(void *),
                                               weir_runner **runner, weir_problem *problem);

#endif
