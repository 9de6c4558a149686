/* A crash's addresses as names. */
#ifndef WEIR_TARGETS_STACK_H
#define WEIR_TARGETS_STACK_H

#include <stddef.h>

#include "targets/crash.h"

enum { WEIR_STACK_TEXT_MAX = 4096 };

/* A line a frame, innermost first: "function+0x12 (libmine.so)", or, where its
 * file has no name for the place, "libmine.so+0x1234", which addr2line takes.
 * No line depends on where things were loaded.  "": there is nothing to tell.
 * The crash was written by a process that was damaged: nothing in it is trusted. */
void weir_stack_print(const weir_crash *crash, char *out, size_t size);

#endif
