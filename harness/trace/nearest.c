/* "Did you mean", over a list of words. */
#include <string.h>

#include "core/nearest.h"
#include "trace/fields.h"

const char *weir_word_nearest(const char *word, weir_word_fn *list, unsigned first) {
  weir_nearest nearest;
  weir_nearest_init(&nearest, word);
  for (unsigned i = first; list(i) != NULL; i++) weir_nearest_offer(&nearest, list(i));
  const char *best = weir_nearest_best(&nearest);
  for (unsigned i = first; best != NULL && list(i) != NULL; i++)
    if (strcmp(list(i), best) == 0) return list(i);
  return NULL;
}
