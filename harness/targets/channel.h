/* The channel between the engine and a worker process: shared memory for what
 * is said, a socket pair for when.
 *
 * A worker is a forked copy of the engine that drives a plug-in, or a program
 * of its own under libweir-preload.so.  Its trace lies in the shared memory, so
 * that it is still there when the worker has died in the middle of a run.
 *
 * One byte a message on the pair.  Engine to worker: 'r' run what lies there,
 * 'q' quit.  Worker to engine: 'h' hello is filled in, 'd' done.
 *
 * What lies there is a batch: one scenario or more, since handing over costs
 * more than a short run.  The worker runs them one after the other, each as if
 * it had come alone; `done` says which is in hand, whatever becomes of the
 * worker.  It says 'd' behind the last, behind one that failed, or where the
 * room for further traces is used up: the engine asks again for the rest. */
#ifndef WEIR_CHANNEL_H
#define WEIR_CHANNEL_H

#include <stdatomic.h>
#include <sys/types.h>

#include "targets/crash.h"
#include "weir/scenario.h"
#include "weir/status.h"
#include "weir/trace.h"

enum {
  WEIR_CHANNEL_MAGIC = 0x57454952, /* "WEIR" */
  /* Of a trace: 32 MiB, touched as far as it is used.  A megabyte in pieces of a few bytes fits. */
  WEIR_CHANNEL_RECORDS = 1 << 21,
  WEIR_CHANNEL_AHEAD = 1 << 17, /* a trace that would begin behind so many records of its batch waits for the next */
  WEIR_CHANNEL_BATCH = 64,      /* scenarios */
  WEIR_CHANNEL_STEPS = 4096,    /* of those behind the first */
  WEIR_CHANNEL_NAME_MAX = 64
};

/* Environment variable for a program: "MEMORY,PAIR", two descriptor numbers. */
#define WEIR_CHANNEL_VARIABLE "WEIR_CHANNEL"

/* A scenario of a batch, and what came of it. */
typedef struct weir_channel_item {
  uint32_t first_step, step_count; /* in `steps`; of the first they lie in `scenario` */
  uint32_t record_count;
  uint32_t unreached; /* steps that never came to pass */
} weir_channel_item;

typedef struct weir_channel_memory {
  uint32_t magic;
  uint32_t abi;  /* WEIR_ABI of the engine */
  uint32_t size; /* of this struct */
  /* hello, from the worker */
  uint32_t worker_abi;
  uint32_t capabilities;
  uint32_t layer; /* weir_layer */
  char name[WEIR_CHANNEL_NAME_MAX];
  char version[WEIR_CHANNEL_NAME_MAX];
  /* a batch */
  uint32_t count;        /* scenarios in it; 0 is 1 */
  _Atomic uint32_t done; /* of them, over */
  uint32_t failed;       /* 1: problem says why the one in hand left no trace (an error of the harness or adapter) */
  weir_problem problem;
  weir_channel_item items[WEIR_CHANNEL_BATCH];
  weir_step steps[WEIR_CHANNEL_STEPS];
  /* the run in hand; both are the worker's */
  uint32_t running; /* 1: it is between 'r' and 'd' */
  uint32_t first;   /* record of its trace; where the worker died, the trace ends at the first zero */
  weir_crash crash; /* where the worker was at the last signal that ends a process */
  weir_scenario scenario;
  weir_record records[WEIR_CHANNEL_AHEAD + WEIR_CHANNEL_RECORDS];
} weir_channel_memory;

/* ---- The worker's end (also used inside the interposing library) */
typedef struct weir_worker {
  weir_channel_memory *memory;
  int pair;
} weir_worker;

/* Attaches to the channel named by WEIR_CHANNEL_VARIABLE.  WEIR_UNAVAILABLE
 * where it is not set. */
WEIR_MUST_USE weir_status weir_worker_attach(weir_worker *worker, weir_problem *problem);
/* Says hello; waits for a run: true, or false where the worker should end. */
WEIR_MUST_USE weir_status weir_worker_hello(weir_worker *worker, const char *name, const char *version,
                                            uint32_t capabilities, weir_problem *problem);
bool weir_worker_next(weir_worker *worker);
/* Where the trace of this run goes: room for WEIR_CHANNEL_RECORDS. */
weir_record *weir_worker_records(const weir_worker *worker);
/* The run is over; the trace of `count` records is complete. */
void weir_worker_done(weir_worker *worker, uint32_t count, uint32_t unreached);
void weir_worker_fail(weir_worker *worker, const char *message);

#endif
