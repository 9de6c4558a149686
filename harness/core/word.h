/* Lines of words, as the small text files have them. */
#ifndef WEIR_CORE_WORD_H
#define WEIR_CORE_WORD_H

#define WEIR_BLANKS " \t\r\n"

/* Cuts the next word off *rest, in place; NULL: none. */
char *weir_word_next(char **rest);

#endif
