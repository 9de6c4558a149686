/* A worker process, seen from the engine: started, listened to, ended.
 * Whatever it does, each of these functions comes back in bounded time, and
 * nothing of it is left afterwards. */
#ifndef WEIR_TARGETS_CHILD_H
#define WEIR_TARGETS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "weir/status.h"

enum {
  WEIR_CHILD_TAIL_MAX = 1024,
  WEIR_CHILD_DESCRIPTOR_LEAST = 700, /* where its two descriptors go, so that its own numbers do not shift */
  WEIR_CHILD_GRACE_MS = 2000         /* for ending by itself when it was asked to */
};

typedef struct weir_child {
  pid_t pid; /* 0: none */
  int pair;
  int errors; /* its standard error, -1: let through or closed */
  clockid_t clock;
  uint32_t memory_mib;            /* what it may take while it is listened to; 0: as much as there is */
  char tail[WEIR_CHILD_TAIL_MAX]; /* the last of its standard error */
  size_t tail_size;
} weir_child;

/* What the child becomes, in the child: it does not come back. */
typedef void weir_child_become(void *context, int memory, int pair);

typedef enum weir_heard {
  WEIR_HEARD_MESSAGE,
  WEIR_HEARD_DEATH, /* it is dead or has closed its end */
  WEIR_HEARD_SPIN,  /* it has used its processor time up */
  WEIR_HEARD_HANG,  /* the real time is over */
  WEIR_HEARD_MEMORY /* it takes more memory than it may */
} weir_heard;

/* memory: a descriptor to be handed on.  show_errors: its standard error is the engine's. */
WEIR_MUST_USE weir_status weir_child_start(weir_child *child, weir_child_become *become, void *context, int memory,
                                           bool show_errors, weir_problem *problem);
/* Waits for one message.  progress: whenever it is another number, the times begin anew; NULL: there is none. */
weir_heard weir_child_hear(weir_child *child, uint32_t spin_ms, uint32_t hang_ms, const _Atomic uint32_t *progress,
                           char *message);
/* As weir_child_hear, for a pair that carries more than messages of a byte: it
 * is there to be read, and nothing of it is taken. */
weir_heard weir_child_await(weir_child *child, uint32_t spin_ms, uint32_t hang_ms);
/* False: nobody is there any more. */
bool weir_child_tell(weir_child *child, char message);
/* Whether it still runs. */
bool weir_child_alive(const weir_child *child);
/* Ends it: waits grace_ms, kills what is left of its process group, reaps.
 * Returns the signal that it died of, or 256 + its exit status. */
uint32_t weir_child_end(weir_child *child, uint32_t grace_ms);
/* The last of its standard error in one line. */
void weir_child_last_words(const weir_child *child, char *out, size_t size);

#endif
