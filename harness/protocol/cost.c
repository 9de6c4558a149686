/* Work (R10), counted in instructions and not timed.
 *
 * Two things are looked at, since a stream need not show both.  Where it can be
 * said again and again, as streams of messages can: once, twice and four times
 * as much of it, in one piece and byte by byte.  And whatever it is, a long
 * stretch, byte by byte, of which nothing comes to light: what a byte costs must
 * not depend on how many came before it.  Such a stretch is looked for: a byte
 * of the stream repeated (a longer length, a longer word), and then more of it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/check.h"

enum {
  PIECE_LEAST = 2048, /* bytes at once, and byte by byte: once */
  BYTES_LEAST = 256,
  STRETCH = 2048, /* bytes of a stream that is looked at for a silent stretch */
  STRETCH_LEAST = 128,
  PLACES_MAX = 24, /* where a byte is repeated */
  WINDOWS = 8,
  STEPS_MAX = 3000000
};

/* Growth is linear where twice as much more costs twice as much more. */
#define LINEAR_MAX         2.4
/* A byte at the end of a stretch may cost so much more than one at its beginning. */
#define STRETCH_GROWTH_MAX 1.5

typedef struct costing {
  weir_check *check;
  weir_steps *steps;
  uint8_t *stream; /* what is made of the stream */
  uint64_t *cuts;  /* bytewise */
  size_t room;
  weir_mark *marks; /* STRETCH of them */
} costing;

/* ---- Runs */

/* By the driver itself: what else may be wrong with it is told by other families. */
static weir_status run(costing *self, size_t size, bool bytewise, bool counted) {
  weir_check *check = self->check;
  weir_drive *drive = &check->drive;
  weir_delivery delivery = {.bytes = self->stream, .size = size, .cuts = bytewise ? self->cuts : NULL, .lean = true};
  drive->steps = drive->log.steps = counted ? self->steps : NULL;
  if (counted) self->steps->count = 0;
  weir_status status = weir_drive_run(drive, &delivery, check->problem);
  drive->steps = drive->log.steps = NULL;
  check->report->runs++;
  return status;
}

static bool went_well(const costing *self) {
  const weir_drive *drive = &self->check->drive;
  for (size_t i = 0; i < drive->log.count; i++)
    if (drive->log.entries[i].type == WEIR_ENTRY_ERROR || drive->log.entries[i].type == WEIR_ENTRY_RAISED) return false;
  return !drive->closed && !drive->spun && drive->trouble_count == 0;
}

/* ---- The stream said several times */

static void say(costing *self, size_t times) {
  const weir_check_job *job = self->check->job;
  for (size_t i = 0; i < times; i++) memcpy(self->stream + i * job->size, job->stream, job->size);
}

static weir_status measure(costing *self, size_t times, bool bytewise, uint64_t *work) {
  weir_status status = run(self, times * self->check->job->size, bytewise, true);
  *work = self->steps->count;
  return status;
}

static weir_status compare_growth(costing *self, size_t least, bool bytewise, bool *done) {
  size_t size = self->check->job->size, times = (least + size - 1) / size;
  *done = 4 * times * size <= self->room;
  if (!*done) return WEIR_OK;
  say(self, 4 * times);
  weir_status status = run(self, 4 * times * size, bytewise, false);
  *done = status == WEIR_OK && went_well(self);
  if (!*done) return status;
  uint64_t once = 0, twice = 0, four = 0;
  status = measure(self, times, bytewise, &once);
  if (status == WEIR_OK) status = measure(self, 2 * times, bytewise, &twice);
  if (status == WEIR_OK) status = measure(self, 4 * times, bytewise, &four);
  if (status != WEIR_OK || twice <= once) return status;
  if ((double)(four - twice) <= LINEAR_MAX * (double)(twice - once)) return WEIR_OK;
  weir_check_finding *finding = weir_check_find(self->check, WEIR_RULE_R10);
  if (finding != NULL)
    (void)snprintf(finding->message, sizeof finding->message,
                   "the stream %zu times %s takes %" PRIu64 " instructions, %zu times %" PRIu64 ", %zu times %s%" PRIu64
                   ": more than linear",
                   times, bytewise ? "byte by byte" : "in one piece", once, 2 * times, twice, 4 * times,
                   four >= STEPS_MAX ? "over " : "", four);
  return WEIR_OK;
}

/* ---- A silent stretch */

/* The stream with `copies` more of byte `place`, and after its end again from the beginning. */
static void stretch_stream(costing *self, size_t place, size_t copies) {
  const weir_check_job *job = self->check->job;
  size_t used = 0;
  for (size_t i = 0; used < STRETCH; i = i + 1 < job->size ? i + 1 : 0) {
    size_t times = used == place ? 1 + copies : 1;
    for (size_t k = 0; k < times && used < STRETCH; k++) self->stream[used++] = job->stream[i];
  }
}

/* The longest run of reads that told nothing, in the marks of the last run. */
static size_t find_silence(const costing *self, size_t *begin) {
  size_t reads = self->check->drive.updates < STRETCH ? (size_t)self->check->drive.updates : STRETCH, best = 0;
  for (size_t i = 0, from = 0; i < reads; i++) {
    if (i > 0 && self->marks[i].told != self->marks[i - 1].told) from = i + 1;
    if (i >= from && i + 1 - from > best) {
      best = i + 1 - from;
      *begin = from;
    }
  }
  return best;
}

typedef struct stretch {
  size_t place, copies, begin, size;
} stretch;

static weir_status search(costing *self, stretch *best) {
  static const size_t copies[] = {0, 1, 2, 3, STRETCH};
  size_t size = self->check->job->size, step = size / PLACES_MAX + 1;
  for (size_t place = 0; place < size && place < STRETCH; place += step)
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++) {
      stretch found = {.place = place, .copies = copies[i]};
      stretch_stream(self, place, copies[i]);
      weir_status status = run(self, STRETCH, true, false);
      if (status != WEIR_OK) return status;
      found.size = find_silence(self, &found.begin);
      /* The read that ends it, or the connection, is not a silent one. */
      if (found.size > best->size) *best = found;
    }
  return WEIR_OK;
}

static int by_size(const void *left, const void *right) {
  uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
  return a < b ? -1 : a > b;
}

/* What a read costs in each of some windows of the stretch: the median, since
 * now and then a buffer has to grow. */
static void measure_windows(const costing *self, const stretch *at, uint64_t medians[WINDOWS]) {
  size_t width = (at->size - 1) / WINDOWS;
  for (size_t w = 0; w < WINDOWS; w++) {
    uint64_t costs[STRETCH / WINDOWS];
    for (size_t i = 0; i < width; i++) {
      size_t read = at->begin + 1 + w * width + i;
      costs[i] = self->marks[read].work - self->marks[read - 1].work;
    }
    qsort(costs, width, sizeof *costs, by_size);
    medians[w] = costs[width / 2];
  }
}

static weir_status look_at_stretch(costing *self, size_t *size) {
  stretch best = {.size = 0};
  weir_status status = search(self, &best);
  *size = best.size;
  if (status != WEIR_OK || best.size < STRETCH_LEAST) return status;
  stretch_stream(self, best.place, best.copies);
  status = run(self, best.begin + best.size, true, true);
  if (status != WEIR_OK || self->check->drive.updates < best.begin + best.size) return status;
  uint64_t medians[WINDOWS];
  if (self->steps->count >= STEPS_MAX) {
    /* Not even counted to its end, which no linear work would have kept it from. */
    best.size = best.size / 2;
  }
  measure_windows(self, &best, medians);
  for (size_t w = 1; w < WINDOWS; w++)
    if (medians[w] <= medians[w - 1]) return WEIR_OK;
  if ((double)medians[WINDOWS - 1] <= STRETCH_GROWTH_MAX * (double)medians[0]) return WEIR_OK;
  weir_check_finding *finding = weir_check_find(self->check, WEIR_RULE_R10);
  if (finding == NULL) return WEIR_OK;
  finding->at = best.begin;
  (void)snprintf(finding->message, sizeof finding->message,
                 "byte by byte, with %zu more of byte %zu: in %zu bytes that tell nothing yet, a byte takes %" PRIu64
                 " instructions at first and %" PRIu64 " at last",
                 best.copies, best.place, best.size, medians[0], medians[WINDOWS - 1]);
  return WEIR_OK;
}

/* ---- Both */

static weir_status cost(costing *self) {
  weir_check *check = self->check;
  bool pieces = false, bytes = false;
  size_t silent = 0;
  weir_status status = compare_growth(self, PIECE_LEAST, false, &pieces);
  if (status == WEIR_OK) status = compare_growth(self, BYTES_LEAST, true, &bytes);
  check->drive.marks = self->marks;
  check->drive.mark_count = STRETCH;
  if (status == WEIR_OK) status = look_at_stretch(self, &silent);
  check->drive.mark_count = 0;
  char stretch_text[100] = "";
  if (silent >= STRETCH_LEAST)
    (void)snprintf(stretch_text, sizeof stretch_text, "%sa stretch of %zu bytes that tell nothing, byte by byte",
                   pieces || bytes ? "; " : "", silent);
  if (!pieces && !bytes && silent < STRETCH_LEAST)
    (void)snprintf(check->report->skip, sizeof check->report->skip,
                   "it cannot be said several times without an error, nor made longer: how work grows is not seen");
  (void)snprintf(check->report->note, sizeof check->report->note, "instructions counted: %s%s",
                 pieces || bytes ? "the stream once, twice and four times" : "", stretch_text);
  return status;
}

weir_status weir_check_cost(weir_check *check) {
  const weir_check_job *job = check->job;
  costing self = {.check = check, .room = 4 * (job->size + PIECE_LEAST), .steps = job->slow ? NULL : weir_steps_new()};
  if (self.steps == NULL || job->size == 0) {
    (void)snprintf(check->report->skip, sizeof check->report->skip,
                   job->size == 0 ? "a stream of no bytes" : "instructions cannot be counted here");
    weir_steps_free(self.steps);
    return WEIR_OK;
  }
  self.steps->most = STEPS_MAX;
  self.steps->beat = &check->report->runs;
  self.stream = malloc(self.room);
  self.cuts = malloc(weir_cuts_words(self.room) * sizeof *self.cuts);
  self.marks = calloc(STRETCH, sizeof *self.marks);
  weir_status status = WEIR_OK;
  if (self.stream == NULL || self.cuts == NULL || self.marks == NULL) {
    status = weir_fail(check->problem, WEIR_NO_MEMORY, 0, "no memory for a longer stream");
  } else {
    memset(self.cuts, 0xFF, weir_cuts_words(self.room) * sizeof *self.cuts);
    status = cost(&self);
  }
  free(self.stream);
  free(self.cuts);
  free(self.marks);
  weir_steps_free(self.steps);
  return status;
}
