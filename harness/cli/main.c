/* The `weir` command: one file a verb. */
#include <argp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "core/nearest.h"

static const struct {
  const char *word;
  weir_cli_verb *run;
  const char *name; /* what its usage is headed with */
  const char *summary;
} verbs[] = {
    {"test", weir_cli_test, "weir test", "run the suite on targets and report"},
    {"run", weir_cli_run, "weir run", "run one scenario: its trace and its verdict"},
    {"replay", weir_cli_replay, "weir replay", "run scenario files, or folders of them, on a target"},
    {"check", weir_cli_check, "weir check", "judge recorded traces"},
    {"list", weir_cli_list, "weir list", "list targets, rules, cases or events"},
    {"show", weir_cli_show, "weir show", "show a scenario or a trace for a person to read"},
    {"shrink", weir_cli_shrink, "weir shrink", "reduce a failing scenario to the least that still fails"},
    {"fuzz", weir_cli_fuzz, "weir fuzz", "search for scenarios that break a rule"},
    {"export", weir_cli_export, "weir export", "write a case as a script that needs no Weir"},
};
enum { VERB_COUNT = sizeof verbs / sizeof *verbs };

static void print_help(FILE *out) {
  (void)fputs("Usage: weir VERB [OPTION...] ...\n"
              "Weir tests whether an implementation of asyncio's buffered streaming protocol\n"
              "does what the documentation says.\n\n",
              out);
  for (unsigned i = 0; i < VERB_COUNT; i++) (void)fprintf(out, "  %-8s %s\n", verbs[i].word, verbs[i].summary);
  (void)fputs("\nA target is a name with an optional runtime (reference, asyncio@3.12,\n"
              "asyncio@/path/to/python), a plug-in (./libmine.so), or a command after `--`.\n"
              "`weir VERB --help` tells of each verb; `weir list targets` what is on this machine.\n\n"
              "Exit status: 0 conforms; 1 a MUST is broken; 2 usage, unreadable input or a broken\n"
              "harness; 77 nothing could be run; 130 stopped by an interrupt.\n",
              out);
}

static int unknown_verb(const char *word) {
  weir_nearest nearest;
  weir_nearest_init(&nearest, word);
  for (unsigned i = 0; i < VERB_COUNT; i++) weir_nearest_offer(&nearest, verbs[i].word);
  const char *best = weir_nearest_best(&nearest);
  if (best != NULL)
    weir_cli_say("there is no verb `%s`; did you mean `%s`?", word, best);
  else
    weir_cli_say("there is no verb `%s`: see `weir --help`", word);
  return WEIR_EXIT_USAGE;
}

/* Help and version are results: where they cannot be written, that is said. */
static int finish(void) {
  if (fflush(stdout) == 0 && ferror(stdout) == 0) return WEIR_EXIT_OK;
  weir_cli_say("standard output cannot be written");
  return WEIR_EXIT_USAGE;
}

int main(int argc, char **argv) {
  /* A reader that goes away is an error of writing, not a reason to die. */
  (void)signal(SIGPIPE, SIG_IGN);
  argp_err_exit_status = WEIR_EXIT_USAGE;
  argp_program_version = "weir " WEIR_VERSION;
  if (argc < 2) {
    print_help(stderr);
    return WEIR_EXIT_USAGE;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0 || strcmp(argv[1], "help") == 0) {
    print_help(stdout);
    return finish();
  }
  if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
    (void)puts(argp_program_version);
    return finish();
  }
  for (unsigned i = 0; i < VERB_COUNT; i++) {
    if (strcmp(argv[1], verbs[i].word) != 0) continue;
    char name[32];
    (void)snprintf(name, sizeof name, "%s", verbs[i].name);
    argv[1] = name;
    return verbs[i].run(argc - 1, argv + 1);
  }
  return unknown_verb(argv[1]);
}
