/* A program under libweir-preload.so. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "targets/places.h"
#include "targets/supervisor.h"

enum { ARGUMENTS_MAX = 256, VALUE_MAX = 4096 + WEIR_PLACE_MAX };

typedef struct weir_program {
  char *argv[ARGUMENTS_MAX + 1];
  char path[WEIR_PLACE_MAX];    /* of the executable */
  char preload[WEIR_PLACE_MAX]; /* of libweir-preload.so */
} weir_program;

static void program_free(void *context) {
  weir_program *program = context;
  for (size_t i = 0; program->argv[i] != NULL; i++) free(program->argv[i]);
  free(program);
}

static weir_status program_new(char *const *argv, weir_program **out, weir_problem *problem) {
  weir_program *program = calloc(1, sizeof *program);
  if (program == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a program");
  for (size_t i = 0; argv[i] != NULL; i++) {
    if (i < ARGUMENTS_MAX && (program->argv[i] = strdup(argv[i])) != NULL) continue;
    program_free(program);
    return i < ARGUMENTS_MAX ? weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a program")
                             : weir_fail(problem, WEIR_BOUND, 0, "a command has at most %d words", ARGUMENTS_MAX);
  }
  *out = program;
  return WEIR_OK;
}

/* What the environment preloads already stays, behind ours. */
static bool set_environment(const weir_program *program, int memory, int pair) {
  char value[VALUE_MAX];
  (void)snprintf(value, sizeof value, "%d,%d", memory, pair);
  if (setenv(WEIR_CHANNEL_VARIABLE, value, 1) != 0) return false;
  const char *others = getenv("LD_PRELOAD");
  bool some = others != NULL && others[0] != '\0';
  int size = snprintf(value, sizeof value, "%s%s%s", program->preload, some ? ":" : "", some ? others : "");
  if (size < 0 || (size_t)size >= sizeof value || setenv("LD_PRELOAD", value, 1) != 0) return false;
  char folder[WEIR_PLACE_MAX];
  if (weir_installed_folder(folder, sizeof folder) && setenv("WEIR_TARGETS", folder, 1) != 0) return false;
  /* Interpreters that draw a seed at random, or leave files behind, say so here. */
  return setenv("PYTHONHASHSEED", "0", 0) == 0 && setenv("PYTHONDONTWRITEBYTECODE", "1", 0) == 0;
}

static void program_become(void *context, int memory, int pair) {
  weir_program *program = context;
  if (!set_environment(program, memory, pair)) {
    dprintf(2, "the environment cannot be set: %s\n", strerror(errno));
    _exit(127);
  }
  (void)execv(program->path, program->argv);
  dprintf(2, "%s: %s\n", program->path, strerror(errno));
  _exit(127);
}

weir_status weir_process_open(const char *name, char *const *argv, const weir_runner_options *options,
                              weir_runner **runner, weir_problem *problem) {
  *runner = NULL;
  if (argv[0] == NULL) return weir_fail(problem, WEIR_BAD_INPUT, 0, "an empty command: give a program after `--`");
  weir_program *program = NULL;
  weir_status status = program_new(argv, &program, problem);
  if (program == NULL) return status;
  if (!weir_program_find(argv[0], program->path, sizeof program->path))
    status = weir_fail(problem, WEIR_UNAVAILABLE, 0, "there is no program `%s`", argv[0]);
  if (status == WEIR_OK) status = weir_preload_find(program->preload, sizeof program->preload, problem);
  if (status != WEIR_OK) {
    program_free(program);
    return status;
  }
  return weir_supervisor_open(name, options, program_become, program, program_free, runner, problem);
}
