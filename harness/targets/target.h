/* How a target is found and driven.
 *
 * A target is named on the command line as
 *   reference            built in: runs in this process
 *   ./libmine.so         a plug-in (anything with a '/' that ends in .so)
 *   asyncio@3.12         an adapter, with a version of its runtime
 *   asyncio@/path/to/python   ... with this very runtime
 *   asyncio              ... with the first runtime that fits on PATH
 * or is a command of its own (after `--`) that speaks weir/adapter.h.
 *
 * Plug-ins and programs run in a worker process (channel.h): one that crashes,
 * hangs or spins costs its own scenario a verdict, and the next one runs in a
 * new process.
 *
 * Adapters are described by files NAME.target in a folder below the data
 * folder's targets/, one word and its value a line:
 *   runtime python3 3.7          kind of runtime and its least version
 *   runtime deno 2.0 run -A      ... and words that stand before the file
 *   install uvloop               needs what scripts/targets installs by that name
 *   command adapter.py --selector epoll   the first word is beside the file
 *   carrier lines                it speaks in lines, over real sockets (targets/remote.h)
 *   program weir-libuv --tcp     in its place: a program on PATH, or installed by scripts/targets
 *   summary  asyncio's selector transport, epoll */
#ifndef WEIR_TARGETS_TARGET_H
#define WEIR_TARGETS_TARGET_H

#include "weir/scenario.h"
#include "weir/status.h"
#include "weir/trace.h"
#include "weir/transport.h"

typedef struct weir_runner weir_runner;

typedef struct weir_runner_options {
  char *const *command;    /* after `--`, NULL-terminated; NULL: use the name */
  const char *data_folder; /* where cases/ and targets/ are; NULL: found beside the executable */
  uint32_t spin_ms;        /* processor time of one run before it counts as spinning; 0: 2000 */
  uint32_t hang_ms;        /* real time before it counts as hanging; 0: 20000 */
  uint32_t memory_mib;     /* what one run may take beside what was there before it; 0: 1024 */
  uint32_t stalls_max;     /* runs in a row that had to be ended (hang, spin), before no more is run; 0: any number */
  bool posix;              /* faults that POSIX allows, and not those of Linux alone: EINTR */
  bool lines;              /* the command speaks in lines, over real sockets */
  bool log;                /* let the worker's own standard error through */
} weir_runner_options;

/* What one run gave.  The records live in the runner, until its next run. */
typedef struct weir_run {
  const weir_record *records;
  uint32_t count;
  uint32_t unreached; /* steps that never came to pass */
  const char *stack;  /* of a crash: a line a function, innermost first (stack.h); NULL: nothing is known */
} weir_run;

/* WEIR_UNAVAILABLE: it is not on this machine (no such interpreter, ...), and
 * problem says what to install; WEIR_VERSION_MISMATCH: a plug-in or adapter of
 * another version; WEIR_BAD_INPUT: no target of that name. */
WEIR_MUST_USE weir_status weir_runner_open(const char *name, const weir_runner_options *options, weir_runner **runner,
                                           weir_problem *problem);
/* For a target that is linked in (the reference, a mutant in a fuzzer). */
WEIR_MUST_USE weir_status weir_runner_open_linked(const weir_target *target, weir_runner **runner,
                                                  weir_problem *problem);
/* WEIR_OK: there is a trace, whatever it shows (a crash is an END record in
 * it).  WEIR_BROKEN: the adapter or the harness failed, and problem says how;
 * the runner can be used again. */
WEIR_MUST_USE weir_status weir_runner_run(weir_runner *runner, const weir_scenario *scenario, weir_run *run,
                                          weir_problem *problem);
/* Many that are known beforehand, in their order: the traces are those of as
 * many single runs, but a target in another process is asked for a batch at
 * once.  take() is told what weir_runner_run() would return, and has the records
 * until it returns; it runs nothing on this runner.  False: no more of them. */
typedef bool weir_runner_take(void *context, uint32_t nth, weir_status status, const weir_run *run,
                              const weir_problem *problem);
void weir_runner_run_each(weir_runner *runner, const weir_scenario *const *scenarios, uint32_t count,
                          weir_runner_take *take, void *context);
/* From the next run on, one whose trace comes to this many records ends there,
 * with WEIR_END_LIMIT; 0: as many as there is room for.  It is there to save
 * time: a target in another process takes no notice of it. */
void weir_runner_limit(weir_runner *runner, uint32_t records_max);
const char *weir_runner_name(const weir_runner *runner);    /* as given: "asyncio@3.12" */
const char *weir_runner_version(const weir_runner *runner); /* as it says of itself: "3.12.1" */
uint32_t weir_runner_capabilities(const weir_runner *runner);
/* Whether the scenario asks for what Linux does not do on this target's
 * connections (EINTR unless `posix`, writing on a read pipe, ...), and why.  It is not to be run then. */
bool weir_runner_refuses(const weir_runner *runner, const weir_scenario *scenario, char *reason, size_t size);
void weir_runner_close(weir_runner *runner); /* NULL is fine */

/* Every target that weir knows on this machine, for `weir list targets`:
 * visit(name, how to name it; available; summary or the reason why not). */
typedef void weir_target_visit(void *context, const char *name, bool available, const char *summary);
WEIR_MUST_USE weir_status weir_targets_each(const weir_runner_options *options, weir_target_visit *visit, void *context,
                                            weir_problem *problem);

/* The data folder: WEIR_DATA, or ../share/weir beside the executable.  Written
 * to out[0..size). */
WEIR_MUST_USE weir_status weir_data_folder(char *out, size_t size, weir_problem *problem);

#endif
