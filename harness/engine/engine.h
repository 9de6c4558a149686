/* The engine: cases in, verdicts out.
 *
 * One result object holds everything that a report can say; report/ turns it
 * into each format, and nothing else computes a verdict. */
#ifndef WEIR_ENGINE_H
#define WEIR_ENGINE_H

#include "targets/target.h"
#include "weir/scenario.h"
#include "weir/validator.h"

typedef enum weir_verdict { WEIR_PASS, WEIR_WARN, WEIR_FAIL, WEIR_SKIP, WEIR_ERROR, WEIR_VERDICT_COUNT } weir_verdict;
const char *weir_verdict_name(weir_verdict verdict);

enum { WEIR_CASE_NAME_MAX = 200, WEIR_REASON_MAX = 300 };

/* A case: a scenario file of the suite, named by its path below cases/ without
 * ".weir": "close/in-get_buffer". */
typedef struct weir_case {
  char name[WEIR_CASE_NAME_MAX];
  char *path;
  weir_scenario_about about;
  weir_scenario *scenario;
} weir_case;

typedef struct weir_suite {
  weir_case *cases; /* of each place sorted by name */
  size_t count;
} weir_suite;

/* Adds every *.weir below `path` (a folder, or one file) to *suite, which is
 * {0} or was loaded from elsewhere before.  Cases are named by their path below
 * the folder, one file by its path as given.  glob filters by name, NULL takes
 * all.  Loading nothing is no error.  On a file that cannot be read:
 * WEIR_BAD_INPUT, its name and line at the beginning of problem's text, and
 * *suite is as it was. */
WEIR_MUST_USE weir_status weir_suite_load(const char *path, const char *glob, weir_suite *suite, weir_problem *problem);
void weir_suite_free(weir_suite *suite);

/* The verdict of one case on one target. */
typedef struct weir_case_result {
  const weir_case *of;
  weir_verdict verdict;
  char reason[WEIR_REASON_MAX]; /* skip, error: why; fail, warn: the first finding; pass: empty */
  weir_finding *findings;       /* those that count for the verdict, worst first */
  size_t finding_count;
  weir_record *records; /* the trace, kept where there are findings (or keep_traces) */
  uint32_t record_count;
  uint32_t unreached;
  uint64_t exercised[2];         /* rules put to the test, bit by weir_rule */
  char profile[WEIR_REASON_MAX]; /* "F12=high 65536 low 16384; ..." */
  /* Of the role `protocol` (streams.h), else empty. */
  char note[WEIR_REASON_MAX];      /* what was shown */
  bool proof;                      /* ... is what the case is there for */
  char again[2 * WEIR_REASON_MAX]; /* the command that repeats the first finding */
  char *detail;                    /* lines for a person; NULL: none */
  /* Of a crash: a line a function, innermost first; NULL: nothing is known. */
  char *stack;
  /* What expectations say of it (expectations.h), rules as bits by weir_rule. */
  uint64_t known[2];                  /* rules whose break here is a known deviation */
  uint64_t gone[2];                   /* those of them that were kept: an unexpected pass */
  bool all_known;                     /* verdict fail, and each finding that makes it one is known */
  char known_reason[WEIR_REASON_MAX]; /* of the first known deviation that came */
} weir_case_result;

/* Whether what came is what was to come: no failure but known ones, no error,
 * and no known deviation that has gone away. */
bool weir_case_expected(const weir_case_result *result);
bool weir_case_gone(const weir_case_result *result);
/* Whether the break of a rule in this case is a known deviation. */
bool weir_case_knows(const weir_case_result *result, unsigned rule);

typedef struct weir_target_result {
  char name[WEIR_CASE_NAME_MAX];
  char version[64];
  char unavailable[WEIR_REASON_MAX]; /* not empty: nothing was run, and why */
  bool protocol;                     /* its role; else it is a transport */
  weir_case_result *cases;
  size_t count;
  size_t tally[WEIR_VERDICT_COUNT];
  size_t known; /* cases of tally[WEIR_FAIL] that are known deviations */
  size_t gone;  /* cases with an unexpected pass */
} weir_target_result;

typedef struct weir_result {
  weir_target_result *targets;
  size_t count;
  bool strict;
  bool expecting; /* expectations were applied */
  uint64_t seed;
} weir_result;

typedef struct weir_engine_options {
  bool strict; /* SHOULD counts as MUST */
  bool keep_traces;
  uint64_t seed;
  /* Called after each case; may be NULL. */
  void (*progress)(void *context, const weir_target_result *target, size_t done, size_t total);
  void *context;
  /* Asked between two cases: true ends the run there, with the results so far.
   * May be NULL. */
  bool (*stop)(void *context);
} weir_engine_options;

/* Judges one run: fills *result (of is left alone).  needs and capabilities
 * decide about skip: a scenario that needs what the target does not declare is
 * run all the same, and is a skip where every such call was refused, an error
 * where one was not. */
WEIR_MUST_USE weir_status weir_engine_judge(const weir_run *run, uint32_t needs, uint32_t capabilities, bool strict,
                                            bool keep_trace, weir_case_result *result);
/* Runs every case of the suite on a target and adds its results.  A target that
 * is not on this machine (WEIR_UNAVAILABLE) is added with its reason, and is no
 * failure of this function; one that cannot be opened for any other reason is
 * added, too, and its status returned.  The suite must outlive the result. */
WEIR_MUST_USE weir_status weir_engine_test(const char *name, const weir_runner_options *runner_options,
                                           const weir_suite *suite, const weir_engine_options *options,
                                           weir_result *result, weir_problem *problem);
/* Adds a target with no case.  NULL: no memory. */
weir_target_result *weir_result_add(weir_result *result, const char *name, weir_problem *problem);
void weir_case_result_clear(weir_case_result *result);
void weir_result_clear(weir_result *result);

/* The exit status of it all: 2 where a case was an error of the harness or the
 * adapter; else 1 where a MUST is broken (strict: a SHOULD) and that is not a
 * known deviation, or where a known deviation has gone away; else 77 where
 * nothing was run, or all was skipped; else 0. */
int weir_result_status(const weir_result *result);

#endif
