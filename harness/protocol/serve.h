/* A protocol in a process of its own: shared memory and a pair of sockets, as
 * targets/channel.h has them for transports.  Engine to worker: 'r' run the job
 * that lies there, 'q' quit.  Worker to engine: 'h' hello is filled in, 'd' done. */
#ifndef WEIR_PROTOCOL_SERVE_H
#define WEIR_PROTOCOL_SERVE_H

#include "protocol/check.h"

enum { WEIR_STREAM_MAX = 1 << 24, WEIR_SERVE_MAGIC = 0x57505254, WEIR_SERVE_NAME_MAX = 64 };

/* Environment variable for a program: "MEMORY,PAIR", two descriptor numbers. */
#define WEIR_PROTOCOL_VARIABLE "WEIR_PROTOCOL"

typedef struct weir_serve_memory {
  uint32_t magic;
  uint32_t abi;  /* WEIR_PROTOCOL_ABI of the engine */
  uint32_t size; /* of this struct */
  /* hello, from the worker */
  uint32_t worker_abi;
  uint32_t liberties;
  uint32_t slow; /* of another language: a budget that fits */
  char name[WEIR_SERVE_NAME_MAX];
  char version[WEIR_SERVE_NAME_MAX];
  uint32_t failed; /* 1: problem says why there is no result */
  weir_problem problem;
  /* a job, and what came of it */
  weir_family family;
  weir_check_job job; /* its stream is the one below */
  weir_check_report report;
  weir_hand hand;
  uint8_t stream[WEIR_STREAM_MAX];
} weir_serve_memory;

/* Whether a descriptor is one that this version can drive. */
WEIR_MUST_USE weir_status weir_protocol_check(const weir_protocol_target *target, weir_problem *problem);
/* Says hello and does the jobs that come, until the engine is gone.  target is
 * NULL where it could not be loaded: then problem says why, and that is passed on. */
void weir_protocol_serve(const weir_protocol_target *target, const weir_problem *problem, weir_serve_memory *memory,
                         int pair);
/* For a program that was started by `weir`: finds the memory and the pair in
 * the environment and serves.  0; 2 where it was not, and standard error says so. */
#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
int weir_protocol_main(const weir_protocol_target *target);

#endif
