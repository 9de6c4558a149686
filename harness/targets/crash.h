/* Where a worker was when it died: return addresses, written by the dying
 * process into memory that outlives it, and made into names by the engine
 * (stack.h). */
#ifndef WEIR_TARGETS_CRASH_H
#define WEIR_TARGETS_CRASH_H

#include <stdint.h>

enum { WEIR_CRASH_FRAMES = 24, WEIR_CRASH_FILE_MAX = 256 };

/* A place in a file's code, as its own symbol table counts it. */
typedef struct weir_crash_frame {
  uint64_t place;
  char file[WEIR_CRASH_FILE_MAX]; /* "": code that no file holds */
} weir_crash_frame;

typedef struct weir_crash {
  uint32_t signal; /* 0: none came */
  uint32_t count;
  weir_crash_frame frames[WEIR_CRASH_FRAMES]; /* innermost first */
} weir_crash;

/* From now on SIGSEGV, SIGBUS, SIGABRT, SIGFPE and SIGILL of this process are
 * noted in `place`, which has to last as long as the process, and go to whoever
 * handled them before.  A handler that the program sets later takes our place. */
void weir_crash_watch(weir_crash *place);

#endif
