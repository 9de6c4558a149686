/* What the files of `weir fuzz` share: the folder of a search, which is what
 * it goes on from.
 *
 *   pool/HASH                a scenario as bytes, named by its content: libFuzzer
 *                            and AFL++ read it, too
 *   findings/RULE-HASH.weir  what was found, as text, named by rule and shape
 *   state                    `runs N`: of all parts of the search so far */
#ifndef WEIR_CLI_FUZZ_H
#define WEIR_CLI_FUZZ_H

#include "cli/cli.h"
#include "engine/search.h"
#include "engine/streams.h"

/* The role `protocol`: streams in place of scenarios (fuzz_streams.c). */
typedef struct weir_fuzz_streams {
  const char *target;
  char *const *command;
  const char *const *paths;
  size_t path_count;
  uint64_t seconds, runs, seed; /* seconds and runs: 0 where not given */
  const char *out;
  bool log;
} weir_fuzz_streams;
int weir_cli_fuzz_streams(const weir_fuzz_streams *how);

typedef struct weir_fuzz_folder {
  char path[WEIR_PLACE_MAX];
  const char *target; /* as it is called on the command line */
  const char *version;
  uint64_t seed;
} weir_fuzz_folder;

/* Sets its path: out, or where that is NULL one named by the target.  False: it
 * is too long, which is said. */
bool weir_fuzz_folder_place(weir_fuzz_folder *folder, const char *out);
/* Makes it, where it is not there yet. */
WEIR_MUST_USE weir_status weir_fuzz_folder_open(weir_fuzz_folder *folder, weir_problem *problem);
/* The runs of what was done there before. */
uint64_t weir_fuzz_folder_runs(const weir_fuzz_folder *folder);
WEIR_MUST_USE weir_status weir_fuzz_folder_keep_runs(const weir_fuzz_folder *folder, uint64_t runs,
                                                     weir_problem *problem);

/* A scenario of the pool comes or goes. */
WEIR_MUST_USE weir_status weir_fuzz_folder_put(const weir_fuzz_folder *folder, const weir_scenario *scenario, bool in,
                                               weir_problem *problem);
/* Writes a finding; `out` gets its path. */
WEIR_MUST_USE weir_status weir_fuzz_folder_write(const weir_fuzz_folder *folder, const weir_discovery *discovery,
                                                 weir_problem *problem);
void weir_fuzz_folder_name(const weir_fuzz_folder *folder, const weir_discovery *discovery, char *out, size_t size);

/* Gives the search every scenario of the folder `name` below it (bytes), in the
 * order of their names; `stop` is asked between them. */
WEIR_MUST_USE weir_status weir_fuzz_folder_replay(const weir_fuzz_folder *folder, const char *name, weir_search *search,
                                                  bool (*stop)(void *context), void *context, weir_problem *problem);
/* ... and those of findings, which are text. */
WEIR_MUST_USE weir_status weir_fuzz_folder_reopen(const weir_fuzz_folder *folder, weir_search *search,
                                                  weir_problem *problem);

/* What was found and seen, for a person. */
void weir_fuzz_report(const weir_fuzz_folder *folder, const weir_search *search, double seconds, FILE *out);
/* 1: a MUST is broken (strict: a SHOULD) in a way that is not known; 2: runs
 * that gave nothing; 77: nothing was run; 0 */
int weir_fuzz_status(const weir_search *search, bool strict);

#endif
