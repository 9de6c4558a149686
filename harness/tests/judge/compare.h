/* The judges side by side: the validator, the naive judge, and for the machine
 * itself the table and the documented grammar. */
#ifndef WEIR_COMPARE_H
#define WEIR_COMPARE_H

#include "naive.h"

enum { COMPARE_TEXT_MAX = 8192 };

typedef struct compare_judges compare_judges;

compare_judges *compare_open(void); /* NULL: out of memory */
void compare_close(compare_judges *judges);

/* Whether all agree on which rules are broken, and at which record each is
 * broken first, for every connection.  Where not, `text` says in a line for each rule who says what. */
bool compare_agree(compare_judges *judges, const weir_record *records, uint32_t count, char text[COMPARE_TEXT_MAX]);
/* A test of the comparison itself: the same, with the naive judge made blind to a rule. */
bool compare_verdicts_differ(compare_judges *judges, const weir_record *records, uint32_t count, unsigned blind,
                             char text[COMPARE_TEXT_MAX]);
uint64_t compare_findings(const compare_judges *judges); /* of the validator, so far */

#endif
