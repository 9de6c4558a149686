/* Work (R10), counted in instructions and not timed.
 *
 * Two things are looked at, since a stream need not show both.  Where it can be
 * said again and again, as streams of messages can: what it costs near the
 * beginning and near the end of many times, in one piece and byte by byte.  And
 * whatever it is, a long stretch, byte by byte, of which nothing comes to light:
 * what a byte costs must not depend on how many came before it.  Such a stretch
 * is looked for: a byte of the stream repeated (a longer length, a longer word),
 * and then more of it. */
#include "protocol/cost.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
  PIECE_LEAST = 8192, /* bytes of many times the stream, in one piece, and byte by byte */
  BYTES_LEAST = 1024,
  TIMES_LEAST = 16,
  SAMPLES = 3, /* of it near the beginning, and as many near the end */
  SAMPLE_READS = 12,
  SAMPLE_CALLS = 32,
  STEPS_MAX = 100000,
  INSTRUCTIONS_LEAST = 40 /* less is no growth */
};

/* So much dearer may the same bytes be where there are more of them around. */
#define GROWTH_MAX 1.5

weir_status weir_costing_run(weir_costing *self, size_t size, bool bytewise, bool counted) {
  weir_check *check = self->check;
  weir_drive *drive = &check->drive;
  weir_delivery delivery = {.bytes = self->stream, .size = size, .cuts = bytewise ? self->cuts : NULL, .lean = true};
  drive->steps = drive->log.steps = counted ? self->steps : NULL;
  weir_steps_clear(self->steps);
  weir_status status = weir_drive_run(drive, &delivery, check->problem);
  drive->steps = drive->log.steps = NULL;
  check->report->runs++;
  return status;
}

bool weir_costing_went_well(const weir_costing *self) {
  const weir_drive *drive = &self->check->drive;
  for (size_t i = 0; i < drive->log.count; i++)
    if (drive->log.entries[i].type == WEIR_ENTRY_ERROR || drive->log.entries[i].type == WEIR_ENTRY_RAISED) return false;
  return !drive->closed && !drive->spun && drive->trouble_count == 0;
}

/* ---- The stream said many times */

/* Ticks that one time takes, and of them those that are counted. */
static void place_samples(weir_steps *steps, uint64_t each, uint64_t times, uint64_t length, unsigned samples) {
  steps->length = length;
  steps->ranges = 2 * samples;
  for (unsigned i = 0; i < samples; i++) {
    steps->first[i] = (1 + i) * each;
    steps->first[samples + i] = (times - 1 - samples + i) * each;
  }
}

static uint64_t least_of(const weir_steps *steps, unsigned first, unsigned count) {
  uint64_t least = UINT64_MAX;
  for (unsigned i = first; i < first + count; i++) least = steps->work[i] < least ? steps->work[i] : least;
  return least;
}

static void tell_growth(weir_costing *self, size_t size, bool bytewise, uint64_t first, uint64_t last) {
  weir_check_finding *finding = weir_check_find(self->check, WEIR_RULE_R10);
  if (finding == NULL) return;
  (void)snprintf(finding->message, sizeof finding->message,
                 "of the stream said again and again, %zu bytes %s, the same bytes take %" PRIu64
                 " instructions near the beginning and %" PRIu64 " near the end",
                 size, bytewise ? "byte by byte" : "in one piece", first, last);
}

/* Counts the samples; where they are too dear, the least that can be. */
static weir_status count_samples(weir_costing *self, uint64_t each, uint64_t length, size_t times, bool bytewise,
                                 bool *done) {
  weir_steps *steps = self->steps;
  size_t size = times * self->check->job->size;
  unsigned samples = SAMPLES;
  steps->by_observations = !bytewise;
  place_samples(steps, each, times, length, samples);
  weir_status status = weir_costing_run(self, size, bytewise, true);
  if (status == WEIR_OK && steps->count >= steps->most) {
    samples = 1;
    place_samples(steps, each, times, 1, samples);
    status = weir_costing_run(self, size, bytewise, true);
  }
  *done = status == WEIR_OK && steps->count < steps->most;
  if (!*done) return status;
  uint64_t first = least_of(steps, 0, samples), last = least_of(steps, samples, samples);
  uint64_t more = first > last ? first : last, less = first > last ? last : first;
  if (more - less >= INSTRUCTIONS_LEAST && (double)more > GROWTH_MAX * (double)less)
    tell_growth(self, size, bytewise, first, last);
  return WEIR_OK;
}

static weir_status compare_growth(weir_costing *self, size_t least, bool bytewise, bool *done) {
  size_t size = self->check->job->size, times = least / size > TIMES_LEAST ? least / size : TIMES_LEAST;
  *done = times * size <= self->room;
  if (!*done) return WEIR_OK;
  for (size_t i = 0; i < times; i++) memcpy(self->stream + i * size, self->check->job->stream, size);
  weir_status status = weir_costing_run(self, times * size, bytewise, false);
  const weir_drive *drive = &self->check->drive;
  *done = status == WEIR_OK && weir_costing_went_well(self);
  if (!*done) return status;
  uint64_t calls = drive->log.calls / times, length = size < SAMPLE_READS ? size : SAMPLE_READS;
  if (bytewise) {
    *done = drive->updates == times * size;
    return *done ? count_samples(self, size, length, times, true, done) : status;
  }
  /* A whole time's worth, so that it does not matter where in it the sample begins. */
  *done = calls > 0 && calls <= SAMPLE_CALLS;
  return *done ? count_samples(self, calls, calls, times, false, done) : status;
}

/* ---- Both */

static weir_status cost(weir_costing *self) {
  weir_check *check = self->check;
  bool pieces = false, bytes = false;
  size_t silent = 0;
  weir_status status = compare_growth(self, PIECE_LEAST, false, &pieces);
  if (status == WEIR_OK) status = compare_growth(self, BYTES_LEAST, true, &bytes);
  if (status == WEIR_OK) status = weir_costing_stretch(self, &silent);
  char stretch[100] = "", again[100] = "";
  if (pieces || bytes)
    (void)snprintf(again, sizeof again, "the stream said again and again%s%s%s", pieces ? " in one piece" : "",
                   pieces && bytes ? " and" : "", bytes ? " byte by byte" : "");
  if (silent > 0)
    (void)snprintf(stretch, sizeof stretch, "%sa stretch of %zu bytes that tell nothing, byte by byte",
                   again[0] != '\0' ? "; " : "", silent);
  (void)snprintf(check->report->note, sizeof check->report->note, "instructions counted: %s%s", again, stretch);
  if (again[0] == '\0' && silent == 0)
    (void)snprintf(check->report->skip, sizeof check->report->skip,
                   "it cannot be said several times without an error, nor made longer: how work grows is not seen");
  return status;
}

weir_status weir_check_cost(weir_check *check) {
  const weir_check_job *job = check->job;
  weir_costing self = {.check = check, .room = TIMES_LEAST * job->size + PIECE_LEAST};
  if (!job->slow && job->size > 0 && job->size <= WEIR_COSTING_SIZE_MAX) self.steps = weir_steps_new();
  if (self.steps == NULL) {
    (void)snprintf(check->report->skip, sizeof check->report->skip, "%s",
                   job->size == 0                      ? "a stream of no bytes"
                   : job->size > WEIR_COSTING_SIZE_MAX ? "it is too long to be said again and again"
                                                       : "instructions cannot be counted here");
    return WEIR_OK;
  }
  self.steps->most = STEPS_MAX;
  self.steps->beat = &check->report->runs;
  self.stream = malloc(self.room);
  self.cuts = malloc(weir_cuts_words(self.room) * sizeof *self.cuts);
  weir_status status = WEIR_OK;
  if (self.stream == NULL || self.cuts == NULL) {
    status = weir_fail(check->problem, WEIR_NO_MEMORY, 0, "no memory for a longer stream");
  } else {
    memset(self.cuts, 0xFF, weir_cuts_words(self.room) * sizeof *self.cuts);
    status = cost(&self);
  }
  free(self.stream);
  free(self.cuts);
  weir_steps_free(self.steps);
  return status;
}
