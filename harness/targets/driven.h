/* A target of the role `protocol`, in a worker process of its own: a plug-in
 * that exports weir_protocol_plugin(), or a program (after `--`) that calls
 * weir_protocol_main().  One that crashes, hangs or spins costs its own check a
 * verdict, and the next one runs in a new process. */
#ifndef WEIR_TARGETS_DRIVEN_H
#define WEIR_TARGETS_DRIVEN_H

#include "protocol/serve.h"
#include "targets/target.h"

typedef struct weir_driven weir_driven;

/* How a check ended. */
typedef enum weir_driven_end {
  WEIR_DRIVEN_DONE,  /* the report is filled */
  WEIR_DRIVEN_CRASH, /* `how`: as in the record of a crash (weir/trace.h) */
  WEIR_DRIVEN_SPIN,
  WEIR_DRIVEN_HANG
} weir_driven_end;

typedef struct weir_driven_run {
  weir_driven_end end;
  uint32_t how;
  const weir_check_report *report; /* of whatever was done; both live until the next run */
  const weir_hand *hand;           /* what was in hand */
} weir_driven_run;

/* Errors as weir_runner_open has them. */
WEIR_MUST_USE weir_status weir_driven_open(const char *name, const weir_runner_options *options, weir_driven **driven,
                                           weir_problem *problem);
/* The job's stream has at most WEIR_STREAM_MAX bytes. */
WEIR_MUST_USE weir_status weir_driven_run_check(weir_driven *driven, weir_family family, const weir_check_job *job,
                                                weir_driven_run *run, weir_problem *problem);
const char *weir_driven_version(const weir_driven *driven);
/* Whether it is of a language for which a check must be smaller. */
bool weir_driven_is_slow(const weir_driven *driven);
void weir_driven_close(weir_driven *driven); /* NULL is fine */

#endif
