/* The machine as its documentation writes it (D6), as a regular expression over
 * one letter a callback. */
#ifndef WEIR_GRAMMAR_H
#define WEIR_GRAMMAR_H

#include <stddef.h>

typedef struct grammar grammar;

grammar *grammar_open(void); /* NULL: out of memory */
void grammar_close(grammar *rule);
char grammar_letter(unsigned event); /* 0: the grammar says nothing of it */
/* How many of the letters are the beginning of something that it allows. */
size_t grammar_allows(const grammar *rule, const char *letters, size_t count);

#endif
