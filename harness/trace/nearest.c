/* "Did you mean": the word of a list that is the fewest slips away. */
#include <string.h>

#include "trace/fields.h"

enum { LENGTH_MAX = 40, SLIPS_MAX = 3 };

static unsigned least(unsigned x, unsigned y) {
  return x < y ? x : y;
}

/* Letters put in, left out or changed (Levenshtein). */
static unsigned distance(const char *left, size_t left_size, const char *right, size_t right_size) {
  unsigned row[LENGTH_MAX + 1];
  for (size_t j = 0; j <= right_size; j++) row[j] = (unsigned)j;
  for (size_t i = 1; i <= left_size; i++) {
    unsigned diagonal = row[0];
    row[0] = (unsigned)i;
    for (size_t j = 1; j <= right_size; j++) {
      unsigned above = row[j];
      unsigned changed = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
      row[j] = least(changed, least(above, row[j - 1]) + 1);
      diagonal = above;
    }
  }
  return row[right_size];
}

const char *weir_word_nearest(const char *word, weir_word_fn *list, unsigned first) {
  size_t size = strnlen(word, LENGTH_MAX + 1);
  if (size > LENGTH_MAX) return NULL;
  const char *nearest = NULL;
  unsigned slips = SLIPS_MAX + 1;
  for (unsigned i = first; list(i) != NULL; i++) {
    size_t listed = strlen(list(i));
    if (listed > LENGTH_MAX) continue;
    unsigned d = distance(word, size, list(i), listed);
    /* A short word with as many slips as letters is another word. */
    if (d < slips && d < listed) {
      slips = d;
      nearest = list(i);
    }
  }
  return nearest;
}
