/* Words of which traces are made, and the families of them that mean something together. */
#ifndef WEIR_ALPHABET_H
#define WEIR_ALPHABET_H

#include "weir/trace.h"

enum { ALPHABET_WORDS_MAX = 96, ALPHABET_RECORDS_MAX = 256, ALPHABET_DEPTH_MAX = 8 };

/* A family: words, parted by blanks, that stand in a sequence in every order. */
typedef struct alphabet_family {
  const char *name;
  const char *opening; /* words that every sequence begins with */
  const char *words;
  unsigned length; /* of the longest sequences that the unit test tries */
} alphabet_family;

const alphabet_family *alphabet_family_get(unsigned index); /* NULL past the end */

typedef struct alphabet_word {
  const char *word;
  weir_record record;
  int leaves; /* 1: ends what is innermost; 2: by an exception */
} alphabet_word;

/* The words of a list, in order; returns how many. */
unsigned alphabet_read(const char *list, const alphabet_word *words[ALPHABET_WORDS_MAX]);

/* A trace that is being written. */
typedef struct alphabet_trace {
  weir_record records[ALPHABET_RECORDS_MAX];
  uint32_t count;
  unsigned depth;
  uint8_t open[ALPHABET_DEPTH_MAX]; /* events */
  uint32_t delivered, sent, written, received;
  uint32_t raises;
  bool opened, made;
  unsigned parts; /* of a mixed payload that are to follow */
  uint8_t whole;  /* event that they are parts of */
} alphabet_trace;

/* Adds a word, its offsets filled in so that they follow on.  False: it makes no sense there (nothing to leave). */
bool alphabet_add(alphabet_trace *trace, const alphabet_word *word);

#endif
