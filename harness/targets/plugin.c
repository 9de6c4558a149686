/* A plug-in: a shared object that exports weir_plugin().  It is loaded in a
 * forked worker only, so that nothing it does can harm the engine. */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "targets/host.h"
#include "targets/supervisor.h"
#include "weir/protocol.h"

/* The calls that no capability stands for: every transport has them. */
static const char *missing_call(const weir_transport_calls *calls) {
  if (calls->open == NULL) return "open";
  if (calls->release == NULL) return "release";
  if (calls->write == NULL) return "write";
  if (calls->close == NULL) return "close";
  if (calls->abort == NULL) return "abort";
  return NULL;
}

weir_status weir_target_check(const weir_target *target, weir_problem *problem) {
  if (target == NULL) return weir_fail(problem, WEIR_BAD_INPUT, 0, "weir_plugin() returned NULL");
  if (target->abi != WEIR_ABI)
    return weir_fail(problem, WEIR_VERSION_MISMATCH, 0,
                     "it is made for version %u of weir/transport.h, this is %d: build it again with these headers",
                     target->abi, WEIR_ABI);
  if (target->size != sizeof *target)
    return weir_fail(problem, WEIR_VERSION_MISMATCH, 0,
                     "its weir_target has %u bytes, this one %zu: set size to sizeof(weir_target)", target->size,
                     sizeof *target);
  if (target->name == NULL || target->version == NULL || target->transport == NULL)
    return weir_fail(problem, WEIR_BAD_INPUT, 0, "its weir_target has no name, version or transport");
  if (target->transport->size != sizeof *target->transport)
    return weir_fail(problem, WEIR_VERSION_MISMATCH, 0,
                     "its weir_transport_calls has %u bytes, this one %zu: set size to sizeof(weir_transport_calls)",
                     target->transport->size, sizeof *target->transport);
  const char *missing = missing_call(target->transport);
  if (missing != NULL) return weir_fail(problem, WEIR_BAD_INPUT, 0, "its table has no %s()", missing);
  return WEIR_OK;
}

/* ---- In the worker */

static weir_status plugin_load(const char *path, const weir_target **target, weir_problem *problem) {
  void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (object == NULL) {
    const char *why = dlerror();
    return weir_fail(problem, WEIR_BAD_INPUT, 0, "%s", why != NULL ? why : path);
  }
  union {
    void *pointer;
    weir_plugin_fn *function;
  } symbol = {.pointer = dlsym(object, WEIR_PLUGIN_SYMBOL)};
  if (symbol.pointer == NULL && dlsym(object, WEIR_PROTOCOL_PLUGIN_SYMBOL) != NULL)
    return weir_fail(problem, WEIR_BAD_INPUT, 0, "%s is a protocol: give it byte streams, `weir test %s --stream FILE`",
                     path, path);
  if (symbol.pointer == NULL)
    return weir_fail(problem, WEIR_BAD_INPUT, 0, "%s exports no " WEIR_PLUGIN_SYMBOL "(): see weir/transport.h", path);
  *target = symbol.function();
  weir_problem found;
  weir_status status = weir_target_check(*target, &found);
  return status == WEIR_OK ? status : weir_fail(problem, status, 0, "%s: %s", path, found.text);
}

static void plugin_serve(weir_worker *worker, const weir_target *target, weir_host_run *host) {
  while (weir_worker_next(worker)) {
    weir_channel_memory *memory = worker->memory;
    weir_trace trace;
    weir_trace_init(&trace, weir_worker_records(worker), WEIR_CHANNEL_RECORDS);
    uint32_t unreached = 0;
    weir_problem problem;
    if (weir_host_drive(host, target, &memory->scenario, &trace, &unreached, &problem) == WEIR_OK)
      weir_worker_done(worker, trace.count, unreached);
    else
      weir_worker_fail(worker, problem.text);
  }
}

/* A sanitizer of the engine's would make an exit status of the signal. */
static void drop_handlers(void) {
  static const int numbers[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) (void)signal(numbers[i], SIG_DFL);
}

static void plugin_become(void *context, int memory, int pair) {
  void *place = mmap(NULL, sizeof(weir_channel_memory), PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  if (place == MAP_FAILED) {
    dprintf(STDERR_FILENO, "the channel cannot be mapped: %s\n", strerror(errno));
    _exit(127);
  }
  weir_worker worker = {.memory = place, .pair = pair};
  const weir_target *target = NULL;
  weir_host_run *host = NULL;
  drop_handlers();
  weir_status status = plugin_load(context, &target, &worker.memory->problem);
  if (status == WEIR_OK && (host = weir_host_new()) == NULL)
    status = weir_fail(&worker.memory->problem, WEIR_NO_MEMORY, 0, "no memory for a run");
  if (status == WEIR_OK && target != NULL)
    status = weir_worker_hello(&worker, target->name, target->version, target->capabilities, &worker.memory->problem);
  weir_crash_watch(&worker.memory->crash);
  if (status == WEIR_OK)
    plugin_serve(&worker, target, host);
  else
    worker.memory->failed = 1;
  _exit(0);
}

/* ---- In the engine */

weir_status weir_plugin_open(const char *path, const weir_runner_options *options, weir_runner **runner,
                             weir_problem *problem) {
  if (access(path, R_OK) != 0) return weir_fail(problem, WEIR_BAD_INPUT, 0, "%s: %s", path, strerror(errno));
  char *copy = strdup(path);
  if (copy == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for %s", path);
  return weir_supervisor_open(path, options, plugin_become, copy, free, runner, problem);
}
