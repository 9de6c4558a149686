/* Reports: one result object, every format.  Written to a stream that the
 * caller owns; the outcome of writing is checked once, at the end. */
#ifndef WEIR_REPORT_H
#define WEIR_REPORT_H

#include <stdio.h>

#include "engine/engine.h"

typedef enum weir_format {
  WEIR_FORMAT_TABLE,
  WEIR_FORMAT_TAP,
  WEIR_FORMAT_JUNIT,
  WEIR_FORMAT_JSON,
  WEIR_FORMAT_COUNT
} weir_format;
int weir_format_find(const char *word); /* -1: unknown */

typedef struct weir_report_options {
  bool color;
  bool brief;     /* table: a row a target and nothing more */
  unsigned width; /* columns, 0: 80 */
} weir_report_options;

WEIR_MUST_USE weir_status weir_report_write(const weir_result *result, weir_format format,
                                            const weir_report_options *options, FILE *out);

/* One failure, for a person, in a screen (80x24): the target, the case, the
 * rule with its level and source, the events around it with nesting shown, the
 * event that broke it marked, and the command that repeats it: `weir run TARGET
 * CASE`, or, for a trace of no known target (its name is empty), `weir check
 * CASE`, where the name of the case is the trace's path. */
WEIR_MUST_USE weir_status weir_report_finding(const weir_target_result *target, const weir_case_result *of,
                                              const weir_finding *finding, const weir_report_options *options,
                                              FILE *out);

#endif
