#include "targets/supervisor.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/transport.h"

enum {
  SPIN_MS_DEFAULT = 2000,
  HANG_MS_DEFAULT = 20000,
  MEMORY_MIB_DEFAULT = 1024,
  EXIT_UNAVAILABLE = 77, /* an adapter that finds its library missing says so with this status, before its hello */
  LAST_WORDS_MAX = 320,
  SPIN_RECORDS = 4096 /* a trace of a spinning program that is shorter has not been kept going by its scenario */
};

/* "signal 11 (Segmentation fault)" or "exit status 1" */
static void describe_end(uint32_t how, char *out, size_t size) {
  if (how >= 256)
    (void)snprintf(out, size, "exit status %u", how - 256);
  else
    (void)snprintf(out, size, "signal %u (%s)", how, strsignal((int)how));
}

/* Why there was no hello. */
static weir_status explain_silence(weir_supervisor *self, weir_heard heard, weir_problem *problem) {
  uint32_t how = weir_child_end(&self->child, heard == WEIR_HEARD_DEATH ? WEIR_CHILD_GRACE_MS : 0);
  weir_channel_memory *memory = self->channel.memory;
  if (memory->failed != 0) {
    memory->problem.text[sizeof memory->problem.text - 1] = '\0';
    return weir_fail(problem, memory->problem.status, 0, "%s", memory->problem.text);
  }
  char words[LAST_WORDS_MAX], end[80];
  weir_child_last_words(&self->child, words, sizeof words);
  if (words[0] == '\0') (void)snprintf(words, sizeof words, "it wrote nothing to standard error");
  if (heard == WEIR_HEARD_MEMORY)
    return weir_fail(problem, WEIR_BROKEN, 0, "%s took more than %u MiB before it said hello: %s", self->base.name,
                     self->child.memory_mib, words);
  if (heard == WEIR_HEARD_SPIN || heard == WEIR_HEARD_HANG)
    return weir_fail(problem, WEIR_BROKEN, 0, "%s did not say hello in time: %s", self->base.name, words);
  describe_end(how, end, sizeof end);
  if (how == 256 + EXIT_UNAVAILABLE) return weir_fail(problem, WEIR_UNAVAILABLE, 0, "%s", words);
  return weir_fail(problem, WEIR_BROKEN, 0, "%s ended before it said hello, with %s: %s", self->base.name, end, words);
}

static weir_status take_hello(weir_supervisor *self, weir_problem *problem) {
  weir_channel_memory *memory = self->channel.memory;
  memory->name[sizeof memory->name - 1] = '\0';
  memory->version[sizeof memory->version - 1] = '\0';
  if (memory->worker_abi != WEIR_ABI)
    return weir_fail(problem, WEIR_VERSION_MISMATCH, 0, "%s speaks version %u of the adapter's interface, this is %d",
                     self->base.name, memory->worker_abi, WEIR_ABI);
  memcpy(self->base.version, memory->version, sizeof self->base.version);
  self->base.capabilities = memory->capabilities;
  self->base.layer = (uint8_t)memory->layer;
  return WEIR_OK;
}

static weir_status worker_start(weir_supervisor *self, weir_problem *problem) {
  weir_channel_clear(&self->channel);
  weir_status status =
      weir_child_start(&self->child, self->become, self->context, self->channel.descriptor, self->log, problem);
  if (status != WEIR_OK) return status;
  char message = 0;
  weir_heard heard = weir_child_hear(&self->child, self->hang_ms, self->hang_ms, NULL, &message);
  if (heard != WEIR_HEARD_MESSAGE) return explain_silence(self, heard, problem);
  if (message != 'h') {
    (void)weir_child_end(&self->child, 0);
    return weir_fail(problem, WEIR_BROKEN, 0, "%s began with '%c' in place of a hello", self->base.name, message);
  }
  status = take_hello(self, problem);
  if (status != WEIR_OK) (void)weir_child_end(&self->child, 0);
  return status;
}

/* One that died between two runs has spoilt neither of them: the next begins in a new one. */
static weir_status worker_ask(weir_supervisor *self, const weir_scenario *const *scenarios, uint32_t count,
                              weir_problem *problem) {
  for (unsigned tries = 0; tries < 2; tries++) {
    /* Whoever has died does not hear either: nobody has to be asked before each run. */
    if (self->child.pid == 0 || (tries > 0 && !weir_child_alive(&self->child))) {
      (void)weir_child_end(&self->child, 0);
      weir_status status = worker_start(self, problem);
      if (status != WEIR_OK) return status;
    }
    weir_channel_load(&self->channel, scenarios, count);
    if (weir_child_tell(&self->child, 'r')) return WEIR_OK;
    (void)weir_child_end(&self->child, WEIR_CHILD_GRACE_MS);
  }
  return weir_fail(problem, WEIR_BROKEN, 0, "%s ends as soon as it has said hello", self->base.name);
}

/* A scenario can keep a program busy for ever: a peer that sends at every wait. */
static bool is_kept_busy(const weir_run *run) {
  enum { LOOKED_AT = 256 };
  for (uint32_t i = run->count; i > 0 && run->count - i < LOOKED_AT; i--) {
    unsigned event = run->records[i - 1].event;
    if (event == WEIR_EVENT_SPURIOUS || weir_event_group_of(event) == WEIR_GROUP_PEER) return true;
  }
  return false;
}

/* What a program that ended by itself left of its last signal; one that handled it and went on is not meant. */
static void take_stack(weir_supervisor *self, uint32_t how, weir_run *run) {
  const weir_crash *crash = &self->channel.memory->crash;
  if (crash->signal == 0 || (how < WEIR_CRASH_STATUS && how != crash->signal)) return;
  weir_stack_print(crash, self->stack, sizeof self->stack);
  if (self->stack[0] != '\0') run->stack = self->stack;
}

/* What became of the run that the worker had in hand when it ended. */
static weir_status read_end(weir_supervisor *self, weir_heard heard, char message, uint32_t how, weir_run *run,
                            weir_problem *problem) {
  switch (heard) {
  case WEIR_HEARD_DEATH:
    weir_channel_take_dead(&self->channel, WEIR_END_CRASH, how, run);
    take_stack(self, how, run);
    return WEIR_OK;
  case WEIR_HEARD_MEMORY:
    weir_channel_take_dead(&self->channel, WEIR_END_CRASH, WEIR_CRASH_MEMORY, run);
    return WEIR_OK;
  case WEIR_HEARD_SPIN:
    weir_channel_take_dead(&self->channel, WEIR_END_SPIN, 0, run);
    if (run->count > SPIN_RECORDS && is_kept_busy(run)) weir_channel_take_dead(&self->channel, WEIR_END_LIMIT, 0, run);
    return WEIR_OK;
  case WEIR_HEARD_HANG: weir_channel_take_dead(&self->channel, WEIR_END_HANG, 0, run); return WEIR_OK;
  case WEIR_HEARD_MESSAGE: break;
  }
  return weir_fail(problem, WEIR_BROKEN, 0, "%s answered '%c' to a scenario", self->base.name, message);
}

/* Each run that has to be ended costs seconds: one that always hangs would take hours over a suite. */
static bool is_given_up(const weir_supervisor *self) {
  return self->stalls_max != 0 && self->stalls >= self->stalls_max;
}

static weir_status refuse(const weir_supervisor *self, weir_problem *problem) {
  return weir_fail(problem, WEIR_BROKEN, 0,
                   "not run: the %u cases before had to be ended, since the target did not come back (--stalls %u)",
                   self->stalls_max, 2 * self->stalls_max);
}

/* Many scenarios, and who is told of them. */
typedef struct handing {
  const weir_scenario *const *scenarios;
  uint32_t count, at; /* at: the next to be told of */
  bool again;         /* that one has been tried before */
  weir_runner_take *take;
  void *context;
} handing;

static bool hand_on(handing *to, weir_status status, const weir_run *run, const weir_problem *problem) {
  to->again = false;
  return to->take(to->context, to->at++, status, run, problem);
}

/* What is over of a batch.  False: the taker wants no more. */
static bool take_over(weir_supervisor *self, handing *to) {
  for (uint32_t left = weir_channel_done(&self->channel); left > 0; left--) {
    weir_run run = {.records = NULL};
    weir_problem problem = {.text = ""};
    weir_status status = weir_channel_take(&self->channel, &run, &problem);
    self->stalls = 0;
    if (!hand_on(to, status, &run, &problem)) return false;
  }
  return true;
}

/* The one that was in hand when the worker ended.  Dead before its first record
 * it may have been on its way out already: a new one shows whether it was. */
static bool take_dead(weir_supervisor *self, handing *to, weir_heard heard, char message, uint32_t how) {
  weir_run run = {.records = NULL};
  weir_problem problem = {.text = ""};
  weir_status status = read_end(self, heard, message, how, &run, &problem);
  self->stalls = heard == WEIR_HEARD_SPIN || heard == WEIR_HEARD_HANG ? self->stalls + 1 : 0;
  if (heard != WEIR_HEARD_DEATH || run.count > 1 || to->again) return hand_on(to, status, &run, &problem);
  to->again = true;
  return true;
}

/* The worker did not come to the end of its batch.  One that went on to another
 * scenario before it could be ended has been wronged: that one comes again. */
static bool end_batch(weir_supervisor *self, handing *to, weir_heard heard, char message) {
  uint32_t seen = weir_channel_done(&self->channel);
  uint32_t how = weir_child_end(&self->child, heard == WEIR_HEARD_DEATH ? WEIR_CHILD_GRACE_MS : 0);
  uint32_t done = weir_channel_done(&self->channel);
  if (!take_over(self, to)) return false;
  return done != seen || done == self->channel.count || take_dead(self, to, heard, message, how);
}

/* False: the taker wants no more. */
static bool run_batch(weir_supervisor *self, handing *to) {
  weir_run none = {.records = NULL};
  weir_problem problem = {.text = ""};
  weir_status status = is_given_up(self) ? refuse(self, &problem)
                                         : worker_ask(self, to->scenarios + to->at, to->count - to->at, &problem);
  if (status != WEIR_OK) return hand_on(to, status, &none, &problem);
  char message = 0;
  const _Atomic uint32_t *progress = &self->channel.memory->done;
  weir_heard heard = weir_child_hear(&self->child, self->spin_ms, self->hang_ms, progress, &message);
  if (heard != WEIR_HEARD_MESSAGE || message != 'd') return end_batch(self, to, heard, message);
  uint32_t before = to->at;
  if (!take_over(self, to)) return false;
  if (self->channel.memory->failed == 0 && to->at > before) return true;
  status = weir_channel_take_failed(&self->channel, &problem);
  return hand_on(to, status, &none, &problem);
}

static void supervisor_run_each(weir_runner *runner, const weir_scenario *const *scenarios, uint32_t count,
                                weir_runner_take *take, void *context) {
  handing to = {.scenarios = scenarios, .count = count, .take = take, .context = context};
  while (to.at < count && run_batch((weir_supervisor *)runner, &to)) {
  }
}

typedef struct single {
  weir_status status;
  weir_run *run;
  weir_problem *problem;
} single;

static bool take_single(void *context, uint32_t nth, weir_status status, const weir_run *run,
                        const weir_problem *problem) {
  single *one = context;
  (void)nth;
  one->status = status;
  *one->run = *run;
  if (status != WEIR_OK && one->problem != NULL) *one->problem = *problem;
  return false;
}

static weir_status supervisor_run(weir_runner *runner, const weir_scenario *scenario, weir_run *run,
                                  weir_problem *problem) {
  single one = {.run = run, .problem = problem};
  supervisor_run_each(runner, &scenario, 1, take_single, &one);
  return one.status;
}

static void supervisor_close(weir_runner *runner) {
  weir_supervisor *self = (weir_supervisor *)runner;
  if (self->child.pid != 0) {
    bool asked = weir_child_tell(&self->child, 'q');
    (void)weir_child_end(&self->child, asked ? WEIR_CHILD_GRACE_MS : 0);
  }
  weir_channel_close(&self->channel);
  self->forget(self->context);
  free(self);
}

static const weir_runner_kind supervisor_kind = {
    .run = supervisor_run, .run_each = supervisor_run_each, .close = supervisor_close};

weir_status weir_supervisor_open(const char *name, const weir_runner_options *options, weir_child_become *become,
                                 void *context, void (*forget)(void *), weir_runner **runner, weir_problem *problem) {
  *runner = NULL;
  weir_supervisor *self = calloc(1, sizeof *self);
  if (self == NULL) {
    forget(context);
    return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for target %s", name);
  }
  *self = (weir_supervisor){
      .base.kind = &supervisor_kind,
      .become = become,
      .context = context,
      .forget = forget,
      .child = {.pair = -1,
                .errors = -1,
                .memory_mib = options != NULL && options->memory_mib != 0 ? options->memory_mib : MEMORY_MIB_DEFAULT},
      .stalls_max = options != NULL ? options->stalls_max : 0,
      .spin_ms = options != NULL && options->spin_ms != 0 ? options->spin_ms : SPIN_MS_DEFAULT,
      .hang_ms = options != NULL && options->hang_ms != 0 ? options->hang_ms : HANG_MS_DEFAULT,
      .log = options != NULL && options->log,
  };
  (void)snprintf(self->base.name, sizeof self->base.name, "%s", name);
  weir_status status = weir_channel_open(&self->channel, problem);
  if (status == WEIR_OK) status = worker_start(self, problem);
  if (status != WEIR_OK) {
    supervisor_close(&self->base);
    return status;
  }
  *runner = &self->base;
  return WEIR_OK;
}
