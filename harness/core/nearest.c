#include "core/nearest.h"

#include <stdio.h>
#include <string.h>

void weir_nearest_init(weir_nearest *nearest, const char *wanted) {
  *nearest = (weir_nearest){.distance = WEIR_NEAREST_MAX};
  (void)snprintf(nearest->wanted, sizeof nearest->wanted, "%s", wanted);
}

static unsigned least(unsigned a, unsigned b) {
  return a < b ? a : b;
}

/* Levenshtein's distance, one row of the table at a time. */
static unsigned distance(const char *left, const char *right, size_t right_size) {
  unsigned row[WEIR_NEAREST_MAX];
  for (unsigned i = 0; i <= right_size; i++) row[i] = i;
  for (unsigned l = 0; left[l] != '\0'; l++) {
    unsigned diagonal = row[0];
    row[0] = l + 1;
    for (unsigned r = 0; r < right_size; r++) {
      unsigned above = row[r + 1];
      unsigned change = diagonal + (left[l] != right[r]);
      row[r + 1] = least(change, least(above, row[r]) + 1);
      diagonal = above;
    }
  }
  return row[right_size];
}

void weir_nearest_offer(weir_nearest *nearest, const char *word) {
  size_t size = strlen(word);
  if (size >= WEIR_NEAREST_MAX) return;
  unsigned away = distance(nearest->wanted, word, size);
  if (away >= nearest->distance) return;
  nearest->distance = away;
  memcpy(nearest->best, word, size + 1);
}

const char *weir_nearest_best(const weir_nearest *nearest) {
  if (nearest->best[0] == '\0') return NULL;
  size_t size = strlen(nearest->wanted);
  return (size_t)nearest->distance * 2 <= (size < 2 ? 2 : size) ? nearest->best : NULL;
}
