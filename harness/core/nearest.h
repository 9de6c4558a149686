/* The known word that a mistyped one was probably meant to be. */
#ifndef WEIR_CORE_NEAREST_H
#define WEIR_CORE_NEAREST_H

enum { WEIR_NEAREST_MAX = 64 }; /* words longer than this are never near */

typedef struct weir_nearest {
  char wanted[WEIR_NEAREST_MAX];
  char best[WEIR_NEAREST_MAX];
  unsigned distance; /* of best: letters wrong, missing, added, or neighbours swapped */
} weir_nearest;

void weir_nearest_init(weir_nearest *nearest, const char *wanted);
/* Offers a known word.  The wanted word itself is not near. */
void weir_nearest_offer(weir_nearest *nearest, const char *word);
/* The nearest of those offered, or NULL where none is near: more than one slip,
 * and more than one in three letters. */
const char *weir_nearest_best(const weir_nearest *nearest);

#endif
