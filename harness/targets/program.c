#include "targets/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void weir_program_free(weir_program *program) {
  if (program == NULL) return;
  for (size_t i = 0; program->argv[i] != NULL; i++) free(program->argv[i]);
  free(program);
}

static weir_status copy_words(weir_program *program, char *const *argv, weir_problem *problem) {
  for (size_t i = 0; argv[i] != NULL; i++) {
    if (i >= WEIR_PROGRAM_WORDS_MAX)
      return weir_fail(problem, WEIR_BOUND, 0, "a command has at most %d words", WEIR_PROGRAM_WORDS_MAX);
    program->argv[i] = strdup(argv[i]);
    if (program->argv[i] == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a program");
  }
  return WEIR_OK;
}

weir_status weir_program_new(char *const *argv, weir_program **out, weir_problem *problem) {
  *out = NULL;
  if (argv[0] == NULL) return weir_fail(problem, WEIR_BAD_INPUT, 0, "an empty command: give a program after `--`");
  weir_program *program = calloc(1, sizeof *program);
  if (program == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a program");
  weir_status status = copy_words(program, argv, problem);
  if (status == WEIR_OK && !weir_program_find(argv[0], program->path, sizeof program->path))
    status = weir_fail(problem, WEIR_UNAVAILABLE, 0, "there is no program `%s`", argv[0]);
  if (status == WEIR_OK)
    *out = program;
  else
    weir_program_free(program);
  return status;
}

bool weir_program_environment(void) {
  char folder[WEIR_PLACE_MAX];
  if (weir_installed_folder(folder, sizeof folder) && setenv("WEIR_TARGETS", folder, 1) != 0) return false;
  /* Interpreters that draw a seed at random, or leave files behind, say so here. */
  return setenv("PYTHONHASHSEED", "0", 0) == 0 && setenv("PYTHONDONTWRITEBYTECODE", "1", 0) == 0;
}

_Noreturn void weir_program_exec(const weir_program *program) {
  (void)execv(program->path, program->argv);
  dprintf(2, "%s: %s\n", program->path, strerror(errno));
  _exit(127);
}
