/* Byte streams on a protocol: a case a stream and family of checks. */
#ifndef WEIR_ENGINE_STREAMS_H
#define WEIR_ENGINE_STREAMS_H

#include "engine/engine.h"
#include "protocol/check.h"
#include "targets/driven.h"

typedef struct weir_stream_file {
  char name[WEIR_CASE_NAME_MAX - 16];
  char *path;
  uint8_t *bytes;
  size_t size;
} weir_stream_file;

typedef struct weir_stream_case {
  uint32_t stream;
  weir_family family;
} weir_stream_case;

typedef struct weir_streams {
  weir_stream_file *streams;
  size_t count;
  weir_suite suite;        /* named "STREAM/FAMILY" */
  weir_stream_case *cases; /* of suite.cases, one for one */
} weir_streams;

typedef struct weir_streams_options {
  uint64_t budget;           /* 0: what fits the target */
  size_t window;             /* see weir_check_job; SIZE_MAX: none */
  const char *deliveries[2]; /* NULL: the families; else these alone */
} weir_streams_options;

/* Adds the file at path, or every file below the folder. */
WEIR_MUST_USE weir_status weir_streams_load(const char *path, weir_streams *streams, weir_problem *problem);
/* Makes the cases, once all are loaded; glob filters by name, NULL takes all. */
WEIR_MUST_USE weir_status weir_streams_plan(weir_streams *streams, const weir_streams_options *plan, const char *glob,
                                            weir_problem *problem);
void weir_streams_free(weir_streams *streams);

/* Adds to the report what a worker that died, span or hung was at. */
void weir_streams_end(const weir_driven_run *run, weir_family family, size_t size, weir_check_report *report);

/* As weir_engine_test, for the role `protocol`.  streams must outlive the result. */
WEIR_MUST_USE weir_status weir_streams_test(const char *name, const weir_runner_options *runner_options,
                                            const weir_streams *streams, const weir_streams_options *plan,
                                            const weir_engine_options *options, weir_result *result,
                                            weir_problem *problem);

#endif
