/* What the verbs of the command have in common. */
#ifndef WEIR_CLI_H
#define WEIR_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "engine/engine.h"
#include "engine/expectations.h"
#include "engine/streams.h"
#include "report/report.h"
#include "targets/places.h"
#include "trace/codec.h"

/* Exit statuses. */
enum {
  WEIR_EXIT_OK = 0,
  WEIR_EXIT_BROKEN_RULE = 1,
  WEIR_EXIT_USAGE = 2, /* usage, unreadable input, a broken harness, output that cannot be written */
  WEIR_EXIT_NOTHING = 77,
  WEIR_EXIT_SIGNAL = 128 /* + the signal that ended the run before its end */
};

/* A verb: its own argv[0] is "weir VERB". */
typedef int weir_cli_verb(int argc, char **argv);
weir_cli_verb weir_cli_test, weir_cli_run, weir_cli_replay, weir_cli_check, weir_cli_list, weir_cli_show,
    weir_cli_shrink, weir_cli_export, weir_cli_fuzz;

/* "weir: text" on standard error. */
void weir_cli_say(const char *format, ...) WEIR_PRINTF(1, 2);
/* Says the problem; returns the exit status that belongs to it. */
int weir_cli_fail(weir_status status, const weir_problem *problem);

struct argp;
/* argp_parse, which says nothing itself where it has no memory. */
bool weir_cli_parse(const struct argp *parser, int argc, char **argv, void *input);
/* Cuts `-- command...` off argv: its beginning, NULL-terminated, or NULL. */
char **weir_cli_cut_command(int *argc, char **argv);
/* `--stream a b c`: every word up to the next option is one.  Each gets an
 * option of its own, since argp gives an option one value.  NULL: no memory. */
char **weir_cli_spread_streams(int *argc, char **argv);
/* "-- command ..." : how a target that is a command is called. */
void weir_cli_command_name(char *const *command, char *out, size_t size);

/* ---- Interrupts: held back, and asked for where it is good to stop, so that
 * nothing is cut in the middle and the results so far still come. */
void weir_cli_signals_hold(void);
/* The number of a signal that came (SIGINT, SIGTERM, SIGHUP), or 0. */
int weir_cli_signals_take(void);

/* ---- Where results go.  Standard output, or a file that is written beside
 * its place and moved there when it is complete. */
typedef struct weir_cli_output {
  FILE *stream;
  const char *path; /* NULL: standard output */
  char temporary[WEIR_PLACE_MAX];
} weir_cli_output;

WEIR_MUST_USE weir_status weir_cli_output_open(weir_cli_output *output, const char *path, weir_problem *problem);
/* Writes out what is buffered, and says so where something was not written. */
WEIR_MUST_USE weir_status weir_cli_output_close(weir_cli_output *output, weir_problem *problem);
/* Drops it: what stood in its place stays there. */
void weir_cli_output_discard(weir_cli_output *output);
/* Whether to use colour: a terminal, and no NO_COLOR. */
bool weir_cli_color(const weir_cli_output *output);

/* ---- Scenarios and traces */
/* The suite's own folder, or the one at `folder` where that is not NULL. */
WEIR_MUST_USE weir_status weir_cli_cases_folder(const char *folder, char *out, size_t size, weir_problem *problem);
/* A scenario by the path of a file or the name of a case: one case. */
WEIR_MUST_USE weir_status weir_cli_load_scenario(const char *name, weir_suite *suite, weir_problem *problem);
/* The trace, a line a record. */
WEIR_MUST_USE weir_status weir_cli_print_trace(const weir_record *records, size_t count, FILE *out);

/* A comment of one line in a scenario's text, whatever `text` holds. */
void weir_cli_write_comment(FILE *out, const char *label, const char *text);

/* ---- A run of many cases: what `test` and `replay` have in common. */
enum { WEIR_CLI_TARGETS_MAX = 256, WEIR_CLI_STALLS_DEFAULT = 10 };

typedef struct weir_cli_campaign {
  const char *targets[WEIR_CLI_TARGETS_MAX];
  size_t target_count;
  char **command; /* after `--` */
  weir_format format;
  const char *output;
  const char *traces; /* a folder for every trace, or NULL */
  bool strict;
  bool log;
  bool posix; /* --faults posix */
  uint32_t memory_mib, stalls_max;
  bool lines; /* --lines */
  uint64_t seed;
  bool brief;                            /* the table's rows alone */
  int explain;                           /* failures to be explained behind a table; -1: the default */
  const weir_expectations *expectations; /* NULL: none are applied */
  const char *update;                    /* where to write what they should be, or NULL */
  const weir_streams *streams;           /* not NULL: the targets are protocols, and these are the cases */
  weir_streams_options plan;
} weir_cli_campaign;

struct argp_state;
/* The number of a rule by its id; argp_error where there is none. */
int weir_cli_parse_rule(const char *value, struct argp_state *state);
/* The options of a campaign, as argp wants them. */
enum {
  WEIR_CLI_KEY_STRICT = 256,
  WEIR_CLI_KEY_SEED,
  WEIR_CLI_KEY_LOG,
  WEIR_CLI_KEY_EXPLAIN,
  WEIR_CLI_KEY_TRACES,
  WEIR_CLI_KEY_BRIEF,
  WEIR_CLI_KEY_FAULTS,
  WEIR_CLI_KEY_MEMORY,
  WEIR_CLI_KEY_STALLS,
  WEIR_CLI_KEY_LINES
};
/* clang-format off */
#define WEIR_CLI_FAULTS_OPTION                                                                                         \
  {"faults", WEIR_CLI_KEY_FAULTS, "LEVEL", 0, "legal (default): what Linux does; posix: EINTR too", 0}
#define WEIR_CLI_LINES_OPTION                                                                                          \
  {"lines", WEIR_CLI_KEY_LINES, NULL, 0, "the command after -- speaks in lines, over real sockets", 0}
#define WEIR_CLI_CAMPAIGN_OPTIONS                                                                                      \
  {"format", 'f', "FORMAT", 0, "table (default), tap, junit or json", 0},                                              \
  {"output", 'o', "FILE", 0, "write to FILE, in one piece, in place of standard output", 0},                           \
  {"strict", WEIR_CLI_KEY_STRICT, NULL, 0, "a broken SHOULD fails as a MUST does", 0},                                 \
  {"brief", WEIR_CLI_KEY_BRIEF, NULL, 0, "table: a row a target, and nothing more", 0},                                \
  {"explain", WEIR_CLI_KEY_EXPLAIN, "N", 0,                                                                            \
   "explain the first N failures behind the table, known ones left out (default 1; 0 with --brief)", 0},               \
  {"traces", WEIR_CLI_KEY_TRACES, "FOLDER", 0, "write every trace to FOLDER/TARGET/CASE.jsonl", 0},                    \
  WEIR_CLI_FAULTS_OPTION,                                                                                              \
  {"memory", WEIR_CLI_KEY_MEMORY, "MIB", 0, "what one run may take before it counts as a crash (default 1024)", 0},    \
  {"stalls", WEIR_CLI_KEY_STALLS, "N", 0,                                                                              \
   "run no more of a target that hung or spun in N cases in a row (default 10; 0: run all)", 0},                       \
  WEIR_CLI_LINES_OPTION,                                                                                               \
  {"log", WEIR_CLI_KEY_LOG, NULL, 0, "let the standard error of targets through", 0}
/* clang-format on */
/* --faults: whether EINTR may come. */
bool weir_cli_faults(const char *value, struct argp_state *state);
/* Takes one of them; false where the key is another. */
bool weir_cli_campaign_option(weir_cli_campaign *campaign, int key, const char *value, struct argp_state *state);
void weir_cli_campaign_target(weir_cli_campaign *campaign, const char *name, struct argp_state *state);
/* What a trace of this run says of itself. */
weir_trace_header weir_cli_trace_header(const weir_target_result *target, const weir_case_result *one);
/* Writes the traces that the result has kept. */
WEIR_MUST_USE weir_status weir_cli_traces_write(const char *folder, const weir_result *result, weir_problem *problem);
/* Runs it and reports.  Returns the exit status. */
int weir_cli_campaign_run(const weir_cli_campaign *campaign, const weir_suite *suite);

#endif
