/* Many scenarios in one input: each behind its length, two bytes, the low one
 * first.  Every byte string is a batch: what is cut is as long as there is. */
#ifndef WEIR_FUZZ_BATCH_H
#define WEIR_FUZZ_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FUZZ_BATCH_HEAD = 2, FUZZ_BATCH_MOST = 64 };

typedef struct fuzz_batch {
  const uint8_t *data;
  size_t size, at;
  unsigned taken;
} fuzz_batch;

/* False: there is no more.  A batch of nothing has one scenario, the empty one. */
static inline bool fuzz_batch_next(fuzz_batch *self, const uint8_t **one, size_t *length) {
  if (self->taken == FUZZ_BATCH_MOST || (self->taken > 0 && self->size - self->at < FUZZ_BATCH_HEAD)) return false;
  self->taken++;
  *one = self->data;
  *length = 0;
  if (self->size - self->at < FUZZ_BATCH_HEAD) return true;
  size_t said = self->data[self->at] | (size_t)self->data[self->at + 1] << 8;
  self->at += FUZZ_BATCH_HEAD;
  size_t left = self->size - self->at;
  *one = self->data + self->at;
  *length = said < left ? said : left;
  self->at += *length;
  return true;
}

#endif
