/* Any scenario on a program that is inside (inside.h). */
#ifndef WEIR_FUZZ_PROGRAM_H
#define WEIR_FUZZ_PROGRAM_H

#include "inside.h"
#include "weir/scenario.h"

typedef struct fuzz_about {
  fuzz_inside_serve *serve;
  /* Steps that are left out since what they show is known, and would end every search; NULL: none. */
  bool (*known)(const weir_step *step);
  const char *rules; /* known to be broken, beside those that the variable FUZZ_KNOWN names: "C1 P7", or "all" */
} fuzz_about;

/* Decodes the bytes and runs what of the scenario the program can do: aborts
 * where a MUST is broken that is not known, and tells the fuzzer what was seen.
 * Always with the same program. */
void fuzz_program(const fuzz_about *about, const uint8_t *data, size_t size);

#endif
