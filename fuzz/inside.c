#include "inside.h"

#include <stdio.h>
#include <stdlib.h>

#include "interpose/front.h"
#include "interpose/threads.h"
#include "targets/runner.h"

/* Of a trace: what takes longer shows nothing that shorter runs do not. */
enum { RECORDS_MAX = 1 << 14 };

/* The one of this process: the adapter's functions are given nothing to find it by. */
static struct {
  weir_runner base; /* first */
  fuzz_inside_serve *serve;
  weir_channel_memory *memory;
  bool waiting; /* a scenario lies there that nobody has taken */
} self;

/* ---- The worker's end of the channel (targets/channel.h) */
weir_status weir_worker_attach(weir_worker *worker, weir_problem *problem) {
  (void)problem;
  *worker = (weir_worker){.memory = self.memory, .pair = -1};
  return WEIR_OK;
}

weir_status weir_worker_hello(weir_worker *worker, const char *name, const char *version, uint32_t capabilities,
                              weir_problem *problem) {
  (void)problem;
  (void)snprintf(self.base.name, sizeof self.base.name, "%s", name);
  (void)snprintf(self.base.version, sizeof self.base.version, "%s", version);
  self.base.capabilities = capabilities;
  self.base.layer = (uint8_t)worker->memory->layer;
  return WEIR_OK;
}

bool weir_worker_next(weir_worker *worker) {
  (void)worker;
  bool next = self.waiting;
  self.waiting = false;
  return next;
}

weir_record *weir_worker_records(const weir_worker *worker) {
  return worker->memory->records;
}

void weir_worker_done(weir_worker *worker, uint32_t count, uint32_t unreached) {
  worker->memory->items[0].record_count = count;
  worker->memory->items[0].unreached = unreached;
}

void weir_worker_fail(weir_worker *worker, const char *message) {
  (void)weir_fail(&worker->memory->problem, WEIR_BROKEN, 0, "%s", message);
  worker->memory->failed = 1;
}

/* The other threads of this process are the fuzzer's: no run waits for them. */
int weir_threads_settle(void) {
  return 0;
}

/* ---- The engine's end */
static weir_status inside_run(weir_runner *runner, const weir_scenario *scenario, weir_run *run,
                              weir_problem *problem) {
  (void)runner;
  weir_channel_memory *memory = self.memory;
  memory->scenario = *scenario;
  memory->failed = 0;
  memory->items[0] = (weir_channel_item){.step_count = scenario->count};
  self.waiting = true;
  self.serve();
  if (self.waiting) return weir_fail(problem, WEIR_BROKEN, 0, "the adapter did not take the scenario");
  if (memory->failed != 0) {
    if (problem != NULL) *problem = memory->problem;
    return WEIR_BROKEN;
  }
  *run = (weir_run){
      .records = memory->records, .count = memory->items[0].record_count, .unreached = memory->items[0].unreached};
  return WEIR_OK;
}

static void inside_close(weir_runner *runner) {
  (void)runner;
  free(self.memory);
  self.memory = NULL;
}

static const weir_runner_kind inside_kind = {.run = inside_run, .close = inside_close};

weir_runner *fuzz_inside_open(fuzz_inside_serve *serve) {
  self.memory = calloc(1, sizeof *self.memory);
  if (self.memory == NULL) return NULL;
  self.base.kind = &inside_kind;
  self.serve = serve;
  weir_the_front.enabled = true;
  weir_the_front.records_max = RECORDS_MAX;
  serve();
  return self.base.name[0] != '\0' ? &self.base : NULL;
}
