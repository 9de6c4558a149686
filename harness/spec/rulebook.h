/* The rule book: the table of rules and the machine, for people.  Made from the
 * tables alone: whatever differs from them is out of date. */
#ifndef WEIR_SPEC_RULEBOOK_H
#define WEIR_SPEC_RULEBOOK_H

#include <stdio.h>

/* All write to a stream of the caller's, who looks at ferror() in the end.
 * Markdown: the rules by family with what they watch, the machine as a table, the sources. */
void weir_rulebook_markdown(FILE *out);
/* SVG: the machine as a drawing. */
void weir_rulebook_svg(FILE *out);

#endif
