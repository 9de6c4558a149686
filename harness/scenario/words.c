#include "scenario/words.h"

#include <assert.h>
#include <string.h>

static size_t least_of(size_t left, size_t right) {
  return left < right ? left : right;
}

/* Edits from one word to the other: a letter wrong, missing, added, or two
 * neighbours swapped (optimal string alignment). */
static size_t distance(const char *left, size_t left_size, const char *right, size_t right_size) {
  assert(left_size <= WEIR_WORD_MAX && right_size <= WEIR_WORD_MAX);
  size_t rows[WEIR_WORD_MAX + 1][WEIR_WORD_MAX + 1];
  for (size_t i = 0; i <= left_size; i++) rows[i][0] = i;
  for (size_t j = 0; j <= right_size; j++) rows[0][j] = j;
  for (size_t i = 1; i <= left_size; i++) {
    for (size_t j = 1; j <= right_size; j++) {
      size_t wrong = rows[i - 1][j - 1] + (left[i - 1] != right[j - 1]);
      rows[i][j] = least_of(wrong, least_of(rows[i - 1][j], rows[i][j - 1]) + 1);
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
        rows[i][j] = least_of(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[left_size][right_size];
}

const char *weir_words_nearest(const char *word, size_t size, const char *const *words, size_t count) {
  if (size == 0 || size > WEIR_WORD_MAX) return NULL;
  const char *nearest = NULL;
  size_t best = 3;
  for (size_t index = 0; index < count; index++) {
    size_t candidate_size = strlen(words[index]);
    if (candidate_size > WEIR_WORD_MAX) continue;
    size_t edits = distance(word, size, words[index], candidate_size);
    if (edits > 0 && edits < best && 2 * edits < candidate_size) {
      best = edits;
      nearest = words[index];
    }
  }
  return nearest;
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
