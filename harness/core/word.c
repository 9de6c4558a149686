#include "core/word.h"

#include <string.h>

char *weir_word_next(char **rest) {
  char *word = *rest + strspn(*rest, WEIR_BLANKS);
  if (*word == '\0') return NULL;
  size_t size = strcspn(word, WEIR_BLANKS);
  *rest = word + size + (word[size] != '\0');
  word[size] = '\0';
  return word;
}
