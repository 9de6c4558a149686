/* A transport that opens and closes as it should, and ruins its process in three
 * calls: abort() writes through a null pointer, three functions deep;
 * pause_reading() runs out of stack; resume_reading() takes memory without end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "orderly.h"

static __attribute__((noinline)) void wreck_inner(weir_transport *self) {
  volatile int *volatile nowhere = NULL;
  *nowhere = self->closing; /* NOLINT(clang-analyzer-core.NullDereference): that is what it is for */
}

static __attribute__((noinline)) void wreck_outer(weir_transport *self) {
  wreck_inner(self);
  self->lost = true;
}

static weir_error wreck_abort(weir_transport *self) {
  wreck_outer(self);
  return self->lost ? WEIR_ERROR_NONE : 1;
}

/* NOLINTNEXTLINE(misc-no-recursion): that is what it is for */
static __attribute__((noinline)) size_t wreck_stack(volatile const char *above, size_t depth) {
  volatile char here[1000];
  for (size_t i = 0; i < sizeof here; i++) here[i] = (char)(above[i] + 1);
  return depth == 0 ? 0 : wreck_stack(here, depth - 1) + (size_t)here[depth % sizeof here];
}

static weir_error wreck_pause(weir_transport *self) {
  const char above[1000] = {0};
  return wreck_stack(above, SIZE_MAX - self->closing) == 1 ? WEIR_ERROR_NONE : 1;
}

static weir_error wreck_resume(weir_transport *self) {
  enum { PIECE = 1 << 20 };
  while (!self->closing) {
    char *piece = malloc(PIECE);
    if (piece != NULL) memset(piece, 1, PIECE);
  }
  return WEIR_ERROR_NONE;
}

ORDERLY_PLUGIN("wreck", "1", wreck_abort, wreck_pause, wreck_resume);
