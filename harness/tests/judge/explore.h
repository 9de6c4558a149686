/* Every sequence of a family up to a length, or random ones, held before all judges. */
#ifndef WEIR_EXPLORE_H
#define WEIR_EXPLORE_H

#include "alphabet.h"
#include "compare.h"

typedef struct explore_tally {
  uint64_t sequences;
  uint64_t disagreements;
  /* Told of each disagreement: the words, and who says what.  Returns false to stop. */
  bool (*told)(void *context, const char *words, const char *text);
  void *context;
} explore_tally;

/* Every sequence of exactly 0..length words; each as it is cut there, and, where nothing is open, with quiescence. */
void explore_family(compare_judges *judges, const alphabet_family *family, unsigned length, explore_tally *tally);
/* `count` sequences of up to `length` words, of one family or of two together. */
void explore_random(compare_judges *judges, uint64_t seed, uint64_t count, unsigned length, explore_tally *tally);

#endif
