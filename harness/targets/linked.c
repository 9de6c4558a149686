/* A target that is linked in: the host drives it in this process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "targets/host.h"
#include "targets/runner.h"

/* Of a trace.  What is linked in reads as much as it is given, so that fewer
 * will do than a worker has; shrinking and fuzzing run to this bound often. */
enum { RECORDS = 1 << 18 };

typedef struct weir_linked {
  weir_runner base;
  const weir_target *target;
  weir_host_run *host;
  weir_record *records;
  uint32_t used;
} weir_linked;

static weir_status linked_run(weir_runner *runner, const weir_scenario *scenario, weir_run *run,
                              weir_problem *problem) {
  weir_linked *linked = (weir_linked *)runner;
  memset(linked->records, 0, linked->used * sizeof *linked->records);
  weir_trace trace;
  uint32_t most = runner->records_max;
  weir_trace_init(&trace, linked->records, most != 0 && most < RECORDS ? most : RECORDS);
  uint32_t unreached = 0;
  weir_status status = weir_host_drive(linked->host, linked->target, scenario, &trace, &unreached, problem);
  linked->used = trace.count;
  if (status != WEIR_OK) return status;
  *run = (weir_run){.records = linked->records, .count = trace.count, .unreached = unreached};
  return WEIR_OK;
}

static void linked_close(weir_runner *runner) {
  weir_linked *linked = (weir_linked *)runner;
  weir_host_free(linked->host);
  free(linked->records);
  free(linked);
}

static const weir_runner_kind linked_kind = {.run = linked_run, .close = linked_close};

static weir_linked *linked_new(void) {
  weir_linked *linked = calloc(1, sizeof *linked);
  if (linked == NULL) return NULL;
  linked->host = weir_host_new();
  linked->records = calloc(RECORDS, sizeof *linked->records);
  if (linked->host != NULL && linked->records != NULL) return linked;
  if (linked->host != NULL) weir_host_free(linked->host);
  free(linked->records);
  free(linked);
  return NULL;
}

weir_status weir_runner_open_linked(const weir_target *target, weir_runner **runner, weir_problem *problem) {
  *runner = NULL;
  weir_status status = weir_target_check(target, problem);
  if (status != WEIR_OK) return status;
  weir_linked *linked = linked_new();
  if (linked == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for the trace of %s", target->name);
  linked->base.kind = &linked_kind;
  linked->base.capabilities = target->capabilities;
  linked->base.posix = true; /* unless whoever names it wants Linux alone */
  linked->target = target;
  (void)snprintf(linked->base.name, sizeof linked->base.name, "%s", target->name);
  (void)snprintf(linked->base.version, sizeof linked->base.version, "%s", target->version);
  *runner = &linked->base;
  return WEIR_OK;
}
