/* The host of a C transport: a loop over the simulation, and the native probe.
 * One scenario in this process, from open() to quiescence. */
#ifndef WEIR_TARGETS_HOST_H
#define WEIR_TARGETS_HOST_H

#include "probe/probe.h"
#include "simulation/simulation.h"
#include "weir/transport.h"

typedef struct weir_host_run weir_host_run;

/* Memory for runs, used over and over.  NULL: no memory. */
weir_host_run *weir_host_new(void);
void weir_host_free(weir_host_run *host);
/* Runs one scenario; the trace is closed afterwards.  Returns the number of
 * steps that were never reached.  WEIR_BROKEN: open() failed without cause. */
WEIR_MUST_USE weir_status weir_host_drive(weir_host_run *host, const weir_target *target, const weir_scenario *scenario,
                                          weir_trace *trace, uint32_t *unreached, weir_problem *problem);

#endif
