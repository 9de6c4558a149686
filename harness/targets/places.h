/* Where things are: the command's own files, and programs. */
#ifndef WEIR_TARGETS_PLACES_H
#define WEIR_TARGETS_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/status.h"

enum { WEIR_PLACE_MAX = 4096 };

/* libweir-preload.so: WEIR_PRELOAD, or in the library folder beside the executable's. */
WEIR_MUST_USE weir_status weir_preload_find(char *out, size_t size, weir_problem *problem);
/* libweir-protocol.so, in the same way. */
#define WEIR_PROTOCOL_LIBRARY_VARIABLE "WEIR_PROTOCOL_LIBRARY"
WEIR_MUST_USE weir_status weir_protocol_library_find(char *out, size_t size, weir_problem *problem);
/* Where scripts/targets installs implementations: WEIR_TARGETS, or the folder
 * targets beside that of the executable's (build/targets for build/release). */
bool weir_installed_folder(char *out, size_t size);
/* An executable by its path, or by its name on PATH or else among what
 * scripts/targets has installed. */
bool weir_program_find(const char *name, char *out, size_t size);
/* Runs a program for at most `most_ms` and reads the first of its standard
 * output.  False where it cannot be run, fails or takes too long. */
bool weir_program_ask(char *const *argv, int most_ms, char *out, size_t size);

#endif
