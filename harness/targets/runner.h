/* What the kinds of target have in common: the interface behind weir_runner. */
#ifndef WEIR_TARGETS_RUNNER_H
#define WEIR_TARGETS_RUNNER_H

#include "targets/channel.h"
#include "targets/target.h"

enum { WEIR_RUNNER_NAME_MAX = 200 };

typedef struct weir_runner_kind {
  weir_status (*run)(weir_runner *runner, const weir_scenario *scenario, weir_run *run, weir_problem *problem);
  /* Hands over many at once; NULL: that saves nothing. */
  void (*run_each)(weir_runner *runner, const weir_scenario *const *scenarios, uint32_t count, weir_runner_take *take,
                   void *context);
  void (*close)(weir_runner *runner); /* frees it */
} weir_runner_kind;

/* The first member of each kind's own type. */
struct weir_runner {
  const weir_runner_kind *kind;
  char name[WEIR_RUNNER_NAME_MAX];
  char version[WEIR_CHANNEL_NAME_MAX];
  uint32_t capabilities;
  uint8_t layer;        /* weir_layer of its connections */
  bool posix;           /* EINTR too */
  bool real;            /* over real sockets: neither faults nor virtual time */
  uint32_t records_max; /* of a trace; 0: WEIR_CHANNEL_RECORDS */
};

/* A plug-in in a worker of its own; the engine's process never loads it. */
WEIR_MUST_USE weir_status weir_plugin_open(const char *path, const weir_runner_options *options, weir_runner **runner,
                                           weir_problem *problem);
/* Whether a descriptor is one that this version can drive. */
WEIR_MUST_USE weir_status weir_target_check(const weir_target *target, weir_problem *problem);

/* A program under libweir-preload.so.  argv is copied. */
WEIR_MUST_USE weir_status weir_process_open(const char *name, char *const *argv, const weir_runner_options *options,
                                            weir_runner **runner, weir_problem *problem);
/* A program as it is, that speaks in lines, over real sockets.  argv is copied. */
WEIR_MUST_USE weir_status weir_lines_open(const char *name, char *const *argv, const weir_runner_options *options,
                                          weir_runner **runner, weir_problem *problem);

#endif
