/* A program under libweir-preload.so. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "targets/program.h"
#include "targets/supervisor.h"

enum { VALUE_MAX = 4096 + WEIR_PLACE_MAX };

typedef struct weir_process {
  weir_program *program;
  char preload[WEIR_PLACE_MAX]; /* of libweir-preload.so */
} weir_process;

static void process_free(void *context) {
  weir_process *process = context;
  weir_program_free(process->program);
  free(process);
}

/* What the environment preloads already stays, behind ours. */
static bool set_environment(const weir_process *process, int memory, int pair) {
  char value[VALUE_MAX];
  (void)snprintf(value, sizeof value, "%d,%d", memory, pair);
  if (setenv(WEIR_CHANNEL_VARIABLE, value, 1) != 0) return false;
  const char *others = getenv("LD_PRELOAD");
  bool some = others != NULL && others[0] != '\0';
  int size = snprintf(value, sizeof value, "%s%s%s", process->preload, some ? ":" : "", some ? others : "");
  if (size < 0 || (size_t)size >= sizeof value || setenv("LD_PRELOAD", value, 1) != 0) return false;
  return weir_program_environment();
}

static void process_become(void *context, int memory, int pair) {
  weir_process *process = context;
  if (!set_environment(process, memory, pair)) {
    dprintf(2, "the environment cannot be set: %s\n", strerror(errno));
    _exit(127);
  }
  weir_program_exec(process->program);
}

weir_status weir_process_open(const char *name, char *const *argv, const weir_runner_options *options,
                              weir_runner **runner, weir_problem *problem) {
  *runner = NULL;
  weir_process *process = calloc(1, sizeof *process);
  if (process == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a program");
  weir_status status = weir_program_new(argv, &process->program, problem);
  if (status == WEIR_OK) status = weir_preload_find(process->preload, sizeof process->preload, problem);
  if (status != WEIR_OK) {
    process_free(process);
    return status;
  }
  return weir_supervisor_open(name, options, process_become, process, process_free, runner, problem);
}
