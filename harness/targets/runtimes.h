/* Runtimes: the interpreters on this machine that adapters run in. */
#ifndef WEIR_TARGETS_RUNTIMES_H
#define WEIR_TARGETS_RUNTIMES_H

#include "targets/places.h"
#include "weir/status.h"

enum { WEIR_RUNTIMES_MAX = 64 };

typedef struct weir_runtime {
  char path[WEIR_PLACE_MAX];
  int version[3];
} weir_runtime;

/* The newest one of `kind` whose version begins with `wanted` ("3.12"), or the
 * first on PATH where wanted is empty; or the one at `wanted` where that is a
 * path.  At least of version `least`.  WEIR_UNAVAILABLE: there is none, and
 * problem says where it was looked for. */
WEIR_MUST_USE weir_status weir_runtime_find(const char *kind, const char *wanted, const char *least,
                                            weir_runtime *runtime, weir_problem *problem);
/* The newest of each minor version ("3.12"), oldest first: at most `most` into
 * runtimes, and how many into *count. */
WEIR_MUST_USE weir_status weir_runtimes_list(const char *kind, const char *least, weir_runtime *runtimes, size_t most,
                                             size_t *count, weir_problem *problem);

#endif
