/* The prover (R6): that chunking does not matter, for all chunkings where that
 * can be, and for as many as the budget has where it cannot; and it says which. */
#include <inttypes.h>
#include <string.h>

#include "protocol/check.h"

enum {
  WINDOW_MAX = 20,     /* 2^19 chunkings */
  WINDOW_SLIDING = 8,  /* of a longer stream: all along it */
  PAIR_APART_MAX = 16, /* two cuts no further apart than this */
  PIECE_MAX = 64,
  RANDOM_MAX = 20000,
  RANDOM_SHARE = 4 /* of the budget goes to random ones at most */
};

static weir_delivery lean(const weir_check *check, size_t size, const uint64_t *cuts) {
  return (weir_delivery){.bytes = check->job->stream, .size = size, .cuts = cuts, .lean = true};
}

static void add_note(weir_check *check, const char *text) {
  size_t used = strlen(check->report->note);
  (void)snprintf(check->report->note + used, sizeof check->report->note - used, "%s%s", used > 0 ? "; " : "", text);
}

/* ---- All of them */

/* About what all chunkings of each beginning of `size` bytes cost, ended twice. */
static uint64_t cost_of_all(size_t size) {
  return (UINT64_C(2) << size) * (size + 7);
}

static weir_status all_ended(weir_check *check, size_t size, weir_ending ending) {
  uint64_t cuts[2] = {0};
  weir_delivery base = lean(check, size, NULL), delivery = lean(check, size, cuts);
  base.ending = delivery.ending = ending;
  weir_status status = weir_check_base(check, &base);
  uint64_t count = size > 1 ? UINT64_C(1) << (size - 1) : 1;
  for (cuts[0] = 1; status == WEIR_OK && cuts[0] < count; cuts[0]++)
    status = weir_check_compare(check, &delivery, &base, WEIR_RULE_R6);
  return status;
}

static weir_status prove_all(weir_check *check, size_t size) {
  weir_status status = WEIR_OK;
  for (size_t end = 0; status == WEIR_OK && end <= size; end++) {
    status = all_ended(check, end, WEIR_ENDING_FIN);
    if (status == WEIR_OK) status = all_ended(check, end, WEIR_ENDING_RESET);
  }
  char text[160], count[32], runs[32];
  (void)snprintf(text, sizeof text,
                 "all %s chunkings of %zu bytes and all of each beginning, ended by FIN and by reset: %s runs",
                 weir_check_number(size > 0 ? UINT64_C(1) << (size - 1) : 1, count), size,
                 weir_check_number(check->report->runs, runs));
  add_note(check, text);
  return status;
}

/* ---- Of a longer stream */

static weir_status try_cuts(weir_check *check, const uint64_t *cuts) {
  weir_delivery base = lean(check, check->job->size, NULL), delivery = lean(check, check->job->size, cuts);
  return weir_check_compare(check, &delivery, &base, WEIR_RULE_R6);
}

static void clear(weir_check *check) {
  memset(check->cuts, 0, weir_cuts_words(check->job->size) * sizeof *check->cuts);
}

static weir_status try_sizes(weir_check *check) {
  size_t size = check->job->size, each = 1;
  weir_status status = WEIR_OK;
  for (; status == WEIR_OK && each <= PIECE_MAX && each < size; each++) {
    weir_cuts_every(check->cuts, size, each);
    status = try_cuts(check, check->cuts);
  }
  char text[60];
  (void)snprintf(text, sizeof text, "pieces of 1 to %zu bytes", each - 1);
  add_note(check, text);
  return status;
}

/* One run of the whole stream in few pieces. */
static uint64_t cost_of_run(const weir_check *check) {
  return check->job->size / 16 + 10;
}

/* How far one must step so that `count` runs come to at most a share of the budget. */
static size_t step_for(const weir_check *check, uint64_t count, unsigned share) {
  size_t step = 1;
  while (count / step * cost_of_run(check) > check->job->budget / share) step *= 2;
  return step;
}

static weir_status try_splits(weir_check *check) {
  size_t size = check->job->size, step = step_for(check, size, 4);
  weir_status status = WEIR_OK;
  clear(check);
  for (size_t i = 0; status == WEIR_OK && i + 1 < size; i += step) {
    weir_cuts_set(check->cuts, i, true);
    status = try_cuts(check, check->cuts);
    weir_cuts_set(check->cuts, i, false);
  }
  char text[60];
  if (step == 1)
    (void)snprintf(text, sizeof text, "every single split");
  else
    (void)snprintf(text, sizeof text, "single splits, one in %zu", step);
  add_note(check, text);
  return status;
}

static weir_status try_pairs(weir_check *check) {
  size_t size = check->job->size, step = step_for(check, (uint64_t)size * PAIR_APART_MAX, 4);
  weir_status status = WEIR_OK;
  clear(check);
  for (size_t i = 0; status == WEIR_OK && i + 1 < size; i += step) {
    weir_cuts_set(check->cuts, i, true);
    for (size_t k = i + 1; status == WEIR_OK && k + 1 < size && k <= i + PAIR_APART_MAX; k++) {
      weir_cuts_set(check->cuts, k, true);
      status = try_cuts(check, check->cuts);
      weir_cuts_set(check->cuts, k, false);
    }
    weir_cuts_set(check->cuts, i, false);
  }
  char text[80];
  if (step == 1)
    (void)snprintf(text, sizeof text, "every pair of splits up to %d apart", PAIR_APART_MAX);
  else
    (void)snprintf(text, sizeof text, "pairs of splits up to %d apart, from one byte in %zu", PAIR_APART_MAX, step);
  add_note(check, text);
  return status;
}

/* All chunkings of `width` bytes from `begin` on; before and behind them one piece each. */
static weir_status try_window(weir_check *check, size_t begin, size_t width) {
  weir_status status = WEIR_OK;
  clear(check);
  for (uint64_t mask = 0; status == WEIR_OK && mask < UINT64_C(1) << (width - 1); mask++) {
    if (begin > 0) weir_cuts_set(check->cuts, begin - 1, true);
    for (size_t i = 0; i + 1 < width; i++) weir_cuts_set(check->cuts, begin + i, (mask >> i & 1) != 0);
    if (begin + width < check->job->size) weir_cuts_set(check->cuts, begin + width - 1, true);
    status = try_cuts(check, check->cuts);
  }
  return status;
}

static weir_status try_windows(weir_check *check) {
  size_t size = check->job->size, width = WINDOW_SLIDING, half = WINDOW_SLIDING / 2;
  size_t step = half * step_for(check, (uint64_t)(size / half + 1) << (width - 1), 4);
  weir_status status = WEIR_OK;
  for (size_t begin = 0; status == WEIR_OK && begin + width <= size; begin += step)
    status = try_window(check, begin, width);
  char text[80];
  (void)snprintf(text, sizeof text, "all 128 chunkings of %zu bytes, from one in %zu", width, step);
  add_note(check, text);
  return status;
}

static weir_status try_random(weir_check *check) {
  size_t size = check->job->size;
  uint64_t tries = 0, end = check->spent + check->job->budget / RANDOM_SHARE;
  weir_status status = WEIR_OK;
  for (; status == WEIR_OK && tries < RANDOM_MAX && check->spent < end; tries++) {
    clear(check);
    uint64_t often = weir_check_random(check, 1 + (size < 512 ? size : 512)) + 1;
    for (size_t i = weir_check_random(check, 2 * often); i + 1 < size; i += 1 + weir_check_random(check, 2 * often))
      weir_cuts_set(check->cuts, i, true);
    status = try_cuts(check, check->cuts);
  }
  char text[80], count[32];
  (void)snprintf(text, sizeof text, "%s random ones (seed %" PRIu64 ")", weir_check_number(tries, count),
                 check->job->seed);
  add_note(check, text);
  return status;
}

static weir_status prove_window(weir_check *check, size_t begin, size_t width) {
  weir_delivery whole = lean(check, check->job->size, NULL);
  weir_status status = weir_check_base(check, &whole);
  if (status == WEIR_OK) status = try_window(check, begin, width);
  char text[100], count[32];
  (void)snprintf(text, sizeof text, "all %s chunkings of the %zu bytes from byte %zu on",
                 weir_check_number(UINT64_C(1) << (width - 1), count), width, begin);
  add_note(check, text);
  return status;
}

static weir_status prove_long(weir_check *check) {
  weir_delivery whole = lean(check, check->job->size, NULL);
  weir_status status = weir_check_base(check, &whole);
  if (status == WEIR_OK) status = try_sizes(check);
  if (status == WEIR_OK) status = try_splits(check);
  if (status == WEIR_OK) status = try_pairs(check);
  if (status == WEIR_OK) status = try_windows(check);
  if (status == WEIR_OK) status = try_random(check);
  return status;
}

weir_status weir_check_chunkings(weir_check *check) {
  const weir_check_job *job = check->job;
  size_t width = job->size < WINDOW_MAX ? job->size : WINDOW_MAX;
  if (job->window != SIZE_MAX && job->size > 0) {
    size_t begin = job->window < job->size - width ? job->window : job->size - width;
    return prove_window(check, begin, width);
  }
  if (job->size <= WINDOW_MAX && cost_of_all(job->size) <= job->budget) return prove_all(check, job->size);
  /* What does not fit is proven as far as it does, and tried all along. */
  while (width > 1 && cost_of_all(width) > job->budget / 8) width--;
  weir_status status = prove_all(check, width);
  return status == WEIR_OK ? prove_long(check) : status;
}
