/* A chunking that is observed otherwise than the whole: shrunk to two chunkings
 * that differ in one cut. */
#include <string.h>

#include "protocol/check.h"

enum { REMOVALS_MAX = 400 };

/* Whether the delivery with these cuts is observed as the base was. */
static weir_status same_as_base(weir_check *check, weir_delivery *delivery, const uint64_t *cuts, bool *same) {
  weir_difference difference;
  delivery->cuts = cuts;
  weir_status status = weir_check_deliver(check, delivery);
  *same = weir_log_same(&check->base, &check->drive.log, check->drive.target->liberties, &difference);
  return status;
}

/* The cuts before byte `end`. */
static void cuts_before(const uint64_t *all, size_t end, uint64_t *out, size_t size) {
  for (size_t word = 0; word < weir_cuts_words(size); word++) out[word] = (word + 1) * 64 <= end ? all[word] : 0;
  for (size_t i = end / 64 * 64; i < end; i++) weir_cuts_set(out, i, weir_cuts_get(all, i));
}

/* Somewhere on the way from no cut to all of them it begins to differ: there is
 * a last set that is the same, and the next cut makes the difference. */
static weir_status find_cut(weir_check *check, weir_delivery *delivery, const uint64_t *all, uint64_t *more,
                            size_t *cut) {
  size_t low = 0, high = delivery->size;
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    bool same = false;
    cuts_before(all, middle, more, delivery->size);
    weir_status status = same_as_base(check, delivery, more, &same);
    if (status != WEIR_OK) return status;
    if (same)
      low = middle;
    else
      high = middle;
  }
  cuts_before(all, high, more, delivery->size);
  *cut = high - 1;
  return WEIR_OK;
}

/* Whether the set with the cut and the set without it are observed differently. */
static weir_status still_differs(weir_check *check, weir_delivery *delivery, uint64_t *more, size_t cut,
                                 bool *differs) {
  weir_difference difference;
  weir_cuts_set(more, cut, false);
  delivery->cuts = more;
  weir_status status = weir_check_base(check, delivery);
  weir_cuts_set(more, cut, true);
  if (status == WEIR_OK) status = weir_check_deliver(check, delivery);
  *differs = !weir_log_same(&check->base, &check->drive.log, check->drive.target->liberties, &difference);
  return status;
}

/* What else can go from both: half of it, a quarter of it, ... each by itself. */
static weir_status remove_others(weir_check *check, weir_delivery *delivery, uint64_t *more, uint64_t *room,
                                 size_t cut) {
  size_t size = delivery->size, bytes = weir_cuts_words(size) * sizeof *more;
  unsigned tries = 0;
  for (size_t block = size / 2 > 0 ? size / 2 : 1;; block /= 2) {
    for (size_t begin = 0; begin < size && tries < REMOVALS_MAX; begin += block) {
      bool any = false, differs = false;
      memcpy(room, more, bytes);
      for (size_t i = begin; i < begin + block && i < size; i++) {
        any = any || (i != cut && weir_cuts_get(room, i));
        if (i != cut) weir_cuts_set(room, i, false);
      }
      if (!any) continue;
      tries++;
      weir_status status = still_differs(check, delivery, room, cut, &differs);
      if (status != WEIR_OK) return status;
      if (differs) memcpy(more, room, bytes);
    }
    if (block <= 1 || tries >= REMOVALS_MAX) return WEIR_OK;
  }
}

weir_status weir_check_shrink(weir_check *check, const weir_delivery *delivery, uint64_t *more, uint64_t *fewer) {
  weir_delivery trial = *delivery;
  size_t cut = 0;
  weir_status status = find_cut(check, &trial, delivery->cuts, more, &cut);
  if (status == WEIR_OK) status = remove_others(check, &trial, more, fewer, cut);
  memcpy(fewer, more, weir_cuts_words(delivery->size) * sizeof *more);
  weir_cuts_set(fewer, cut, false);
  return status;
}
