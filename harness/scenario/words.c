#include "scenario/words.h"

#include <assert.h>
#include <string.h>

#include "core/nearest.h"

static size_t least_of(size_t left, size_t right) {
  return left < right ? left : right;
}

const char *weir_words_nearest(const char *word, size_t size, const char *const *words, size_t count) {
  char wanted[WEIR_NEAREST_MAX];
  if (size == 0 || size >= sizeof wanted) return NULL;
  memcpy(wanted, word, size);
  wanted[size] = '\0';
  weir_nearest nearest;
  weir_nearest_init(&nearest, wanted);
  for (size_t index = 0; index < count; index++) weir_nearest_offer(&nearest, words[index]);
  const char *best = weir_nearest_best(&nearest);
  for (size_t index = 0; best != NULL && index < count; index++)
    if (strcmp(words[index], best) == 0) return words[index];
  return NULL;
}

void weir_words_append(char *out, size_t size, const char *text) {
  size_t length = strlen(out);
  assert(length < size);
  size_t more = least_of(strlen(text), size - length - 1);
  memcpy(out + length, text, more);
  out[length + more] = '\0';
}

void weir_words_list(const char *const *words, size_t count, char *out, size_t size) {
  assert(size > 0);
  out[0] = '\0';
  for (size_t index = 0; index < count; index++) {
    const char *between = index == 0 ? "" : index + 1 == count ? " or " : ", ";
    weir_words_append(out, size, between);
    weir_words_append(out, size, words[index]);
  }
}
