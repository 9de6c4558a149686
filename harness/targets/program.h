/* A command that is to be run as a worker: its words, and its executable. */
#ifndef WEIR_TARGETS_PROGRAM_H
#define WEIR_TARGETS_PROGRAM_H

#include "targets/places.h"

enum { WEIR_PROGRAM_WORDS_MAX = 256 };

typedef struct weir_program {
  char *argv[WEIR_PROGRAM_WORDS_MAX + 1];
  char path[WEIR_PLACE_MAX]; /* of the executable */
} weir_program;

/* argv is copied.  WEIR_UNAVAILABLE: there is no such program. */
WEIR_MUST_USE weir_status weir_program_new(char *const *argv, weir_program **program, weir_problem *problem);
void weir_program_free(weir_program *program); /* NULL is fine */
/* In the child, before exec: what every worker's environment has.  False: errno says why not. */
bool weir_program_environment(void);
/* In the child: does not come back. */
_Noreturn void weir_program_exec(const weir_program *program);

#endif
