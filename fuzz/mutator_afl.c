/* AFL++'s custom mutator (a shared object, AFL_CUSTOM_MUTATOR_LIBRARY): a batch
 * (batch.h) of scenarios made from one, and trimming by whole scenarios. */
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "mutator.h"
#include "scenario/chance.h"

#define EXPORTED __attribute__((visibility("default")))
enum { SCENARIO_MAX = 1024, BATCH_BYTES = FUZZ_BATCH_MOST * (SCENARIO_MAX + FUZZ_BATCH_HEAD) };

typedef struct piece {
  const uint8_t *at;
  size_t size;
} piece;

typedef struct mutator {
  weir_chance chance;
  uint8_t out[BATCH_BYTES];
  /* Trimming: without the scenario `dropped` of what is left. */
  uint8_t kept[BATCH_BYTES];
  size_t kept_size;
  unsigned dropped, count;
} mutator;

static unsigned split(const uint8_t *data, size_t size, piece pieces[FUZZ_BATCH_MOST]) {
  fuzz_batch batch = {.data = data, .size = size};
  unsigned count = 0;
  while (fuzz_batch_next(&batch, &pieces[count].at, &pieces[count].size))
    if (++count == FUZZ_BATCH_MOST) break;
  return count;
}

static size_t put(uint8_t *out, size_t used, const uint8_t *one, size_t size) {
  out[used] = (uint8_t)size;
  out[used + 1] = (uint8_t)(size >> 8);
  memmove(out + used + FUZZ_BATCH_HEAD, one, size);
  return used + FUZZ_BATCH_HEAD + size;
}

EXPORTED void *afl_custom_init(void *afl, unsigned seed);
EXPORTED void afl_custom_deinit(void *data);
EXPORTED size_t afl_custom_fuzz(void *data, uint8_t *buffer, size_t size, uint8_t **out, uint8_t *other,
                                size_t other_size, size_t most);
EXPORTED int32_t afl_custom_init_trim(void *data, uint8_t *buffer, size_t size);
EXPORTED size_t afl_custom_trim(void *data, uint8_t **out);
EXPORTED int32_t afl_custom_post_trim(void *data, uint8_t success);

void *afl_custom_init(void *afl, unsigned seed) {
  (void)afl;
  mutator *self = calloc(1, sizeof *self);
  if (self != NULL) self->chance.state = seed;
  return self;
}

void afl_custom_deinit(void *data) {
  free(data);
}

size_t afl_custom_fuzz(void *data, uint8_t *buffer, size_t size, uint8_t **out, uint8_t *other, size_t other_size,
                       size_t most) {
  mutator *self = data;
  piece mine[FUZZ_BATCH_MOST], theirs[FUZZ_BATCH_MOST];
  unsigned own = split(buffer, size, mine), strange = split(other, other != NULL ? other_size : 0, theirs);
  size_t used = 0;
  if (most > BATCH_BYTES) most = BATCH_BYTES;
  for (unsigned i = 0; i < FUZZ_BATCH_MOST && used + FUZZ_BATCH_HEAD + SCENARIO_MAX <= most; i++) {
    const piece *from = &mine[weir_chance_below(&self->chance, own)];
    uint8_t one[SCENARIO_MAX];
    size_t length = from->size < SCENARIO_MAX ? from->size : SCENARIO_MAX;
    memcpy(one, from->at, length);
    if (strange > 0 && weir_chance_below(&self->chance, 8) == 0) {
      const piece *with = &theirs[weir_chance_below(&self->chance, strange)];
      length =
          fuzz_splice(from->at, from->size, with->at, with->size, one, SCENARIO_MAX, weir_chance_next(&self->chance));
    }
    length = fuzz_mutate(one, length, SCENARIO_MAX, weir_chance_next(&self->chance));
    used = put(self->out, used, one, length);
  }
  *out = self->out;
  return used;
}

/* ---- Trimming: one scenario after the other is left out, and stays out where
 * AFL++ sees the same without it. */
int32_t afl_custom_init_trim(void *data, uint8_t *buffer, size_t size) {
  mutator *self = data;
  piece pieces[FUZZ_BATCH_MOST];
  if (size > BATCH_BYTES) return 0;
  memcpy(self->kept, buffer, size);
  self->kept_size = size;
  self->dropped = 0;
  self->count = split(buffer, size, pieces);
  return self->count > 1 ? (int32_t)self->count : 0;
}

size_t afl_custom_trim(void *data, uint8_t **out) {
  mutator *self = data;
  piece pieces[FUZZ_BATCH_MOST];
  unsigned count = split(self->kept, self->kept_size, pieces);
  size_t used = 0;
  for (unsigned i = 0; i < count; i++)
    if (i != self->dropped) used = put(self->out, used, pieces[i].at, pieces[i].size);
  *out = self->out;
  return used;
}

/* Returns how many were tried; all of them at the end. */
int32_t afl_custom_post_trim(void *data, uint8_t success) {
  mutator *self = data;
  piece pieces[FUZZ_BATCH_MOST];
  if (success) {
    uint8_t *left = NULL;
    self->kept_size = afl_custom_trim(self, &left);
    memcpy(self->kept, left, self->kept_size);
  } else {
    self->dropped++;
  }
  unsigned count = split(self->kept, self->kept_size, pieces);
  if (self->dropped >= count || count == 1) return (int32_t)self->count;
  int32_t tried = (int32_t)(self->count - count + self->dropped);
  return tried < (int32_t)self->count ? tried : (int32_t)self->count - 1;
}
