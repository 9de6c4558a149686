#include "core/nearest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void weir_nearest_init(weir_nearest *nearest, const char *wanted) {
  *nearest = (weir_nearest){.distance = WEIR_NEAREST_MAX};
  (void)snprintf(nearest->wanted, sizeof nearest->wanted, "%s", wanted);
}

static unsigned least(unsigned a, unsigned b) {
  return a < b ? a : b;
}

/* Edits from one word to the other (optimal string alignment), two rows back. */
static unsigned distance(const char *left, const char *right, size_t right_size) {
  unsigned rows[3][WEIR_NEAREST_MAX];
  unsigned *before = rows[0], *above = rows[1], *row = rows[2];
  for (unsigned r = 0; r <= right_size; r++) before[r] = above[r] = r;
  for (unsigned l = 1; left[l - 1] != '\0'; l++) {
    row[0] = l;
    for (unsigned r = 1; r <= right_size; r++) {
      row[r] = least(above[r - 1] + (left[l - 1] != right[r - 1]), least(above[r], row[r - 1]) + 1);
      bool swapped = l > 1 && r > 1 && left[l - 1] == right[r - 2] && left[l - 2] == right[r - 1];
      if (swapped) row[r] = least(row[r], before[r - 2] + 1);
    }
    unsigned *spare = before;
    before = above;
    above = row;
    row = spare;
  }
  return above[right_size];
}

void weir_nearest_offer(weir_nearest *nearest, const char *word) {
  size_t size = strlen(word);
  if (size >= WEIR_NEAREST_MAX) return;
  unsigned away = distance(nearest->wanted, word, size);
  if (away == 0 || away >= nearest->distance) return; /* the word itself is no slip */
  nearest->distance = away;
  memcpy(nearest->best, word, size + 1);
}

const char *weir_nearest_best(const weir_nearest *nearest) {
  if (nearest->best[0] == '\0') return NULL;
  size_t size = strlen(nearest->wanted);
  return nearest->distance <= (size < 6 ? 1 : size / 3) ? nearest->best : NULL;
}
