/* Words for error messages: lists of what is legal, and what was probably meant. */
#ifndef WEIR_SCENARIO_WORDS_H
#define WEIR_SCENARIO_WORDS_H

#include <stddef.h>

/* Room for any list of words that this module writes. */
enum { WEIR_WORDS_TEXT_MAX = 400 };

/* The one of `words` that is nearest to word[0..size), or NULL where none is
 * near (core/nearest.h). */
const char *weir_words_nearest(const char *word, size_t size, const char *const *words, size_t count);

/* Writes "a, b or c" into out[0..size), cut where it does not fit. */
void weir_words_list(const char *const *words, size_t count, char *out, size_t size);

/* Puts text behind what stands in out, cut where it does not fit. */
void weir_words_append(char *out, size_t size, const char *text);

#endif
