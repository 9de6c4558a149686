/* A stretch of bytes of which nothing comes to light, byte by byte: whoever
 * looks at all of them again for each new one is found (R10). */
#include <inttypes.h>
#include <string.h>

#include "protocol/cost.h"

enum {
  STRETCH = 2048, /* bytes of a stream that is looked at for one */
  STRETCH_LEAST = 128,
  PLACES_MAX = 24, /* where a byte is repeated */
  WINDOWS = 6,
  READS = 2 /* counted in each window */
};

/* A byte at its end may cost so much more than one at its beginning. */
#define GROWTH_MAX 1.5

typedef struct stretch {
  size_t place, copies, begin, size;
} stretch;

/* The stream with `copies` more of byte `place`, and after its end again from the beginning. */
static void make_stream(weir_costing *self, const stretch *of) {
  const weir_check_job *job = self->check->job;
  size_t used = 0;
  for (size_t i = 0; used < STRETCH; i = i + 1 < job->size ? i + 1 : 0) {
    size_t times = used == of->place ? 1 + of->copies : 1;
    for (size_t k = 0; k < times && used < STRETCH; k++) self->stream[used++] = job->stream[i];
  }
}

/* The longest run of reads that told nothing. */
static void find_silence(const uint64_t *told, size_t reads, stretch *found) {
  for (size_t i = 0, from = 0; i < reads; i++) {
    if (i > 0 && told[i] != told[i - 1]) from = i + 1;
    if (i < from || i + 1 - from <= found->size) continue;
    found->size = i + 1 - from;
    found->begin = from;
  }
}

static weir_status search(weir_costing *self, stretch *best) {
  static const size_t copies[] = {0, 1, 2, 3, STRETCH};
  uint64_t told[STRETCH] = {0};
  weir_drive *drive = &self->check->drive;
  size_t size = self->check->job->size, step = size / PLACES_MAX + 1;
  weir_status status = WEIR_OK;
  drive->told = told;
  drive->told_count = STRETCH;
  for (size_t place = 0; place < size && place < STRETCH; place += step)
    for (size_t i = 0; status == WEIR_OK && i < sizeof copies / sizeof *copies; i++) {
      stretch found = {.place = place, .copies = copies[i]};
      make_stream(self, &found);
      status = weir_costing_run(self, STRETCH, true, false);
      find_silence(told, drive->updates < STRETCH ? (size_t)drive->updates : STRETCH, &found);
      if (found.size > best->size) *best = found;
    }
  drive->told = NULL;
  drive->told_count = 0;
  return status;
}

/* Of each window the cheapest of some reads, since now and then a buffer has to grow. */
static void measure(const weir_steps *steps, uint64_t least[WINDOWS]) {
  for (unsigned w = 0; w < WINDOWS; w++) {
    least[w] = UINT64_MAX;
    for (unsigned i = 0; i < READS; i++)
      if (steps->work[w * READS + i] < least[w]) least[w] = steps->work[w * READS + i];
  }
}

static weir_status count(weir_costing *self, const stretch *at, uint64_t least[WINDOWS]) {
  weir_steps *steps = self->steps;
  size_t width = at->size / WINDOWS;
  steps->by_observations = false;
  steps->length = 1;
  steps->ranges = WINDOWS * READS;
  for (unsigned i = 0; i < WINDOWS * READS; i++)
    steps->first[i] = at->begin + i / READS * width + width / 2 + (size_t)3 * (i % READS);
  make_stream(self, at);
  weir_status status = weir_costing_run(self, STRETCH, true, true);
  measure(steps, least);
  return status;
}

weir_status weir_costing_stretch(weir_costing *self, size_t *size) {
  stretch best = {.size = 0};
  uint64_t least[WINDOWS];
  *size = 0;
  weir_status status = search(self, &best);
  if (status != WEIR_OK || best.size < STRETCH_LEAST) return status;
  *size = best.size;
  status = count(self, &best, least);
  if (status != WEIR_OK) return status;
  /* Where the count came to its bound before the end, what was counted is enough. */
  unsigned windows = WINDOWS;
  while (windows > 0 && least[windows - 1] == 0) windows--;
  if (windows < WINDOWS / 2) return WEIR_OK;
  if (windows < WINDOWS) windows--;
  for (unsigned w = 1; w < windows; w++)
    if (least[w] <= least[w - 1]) return WEIR_OK;
  if ((double)least[windows - 1] <= GROWTH_MAX * (double)least[0]) return WEIR_OK;
  weir_check_finding *finding = weir_check_find(self->check, WEIR_RULE_R10);
  if (finding == NULL) return WEIR_OK;
  finding->at = best.begin;
  (void)snprintf(finding->message, sizeof finding->message,
                 "byte by byte, with %zu more of byte %zu: in %zu bytes that tell nothing yet a byte takes %" PRIu64
                 " instructions at first and %" PRIu64 " at last",
                 best.copies, best.place, best.size, least[0], least[windows - 1]);
  return WEIR_OK;
}
