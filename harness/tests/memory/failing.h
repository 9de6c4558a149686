/* Allocations that fail when told to.  Linked in place of malloc() and of what
 * else of libc asks for memory (CMakeLists.txt has the list), in this program's
 * own code; jansson's go the same way. */
#ifndef WEIR_TESTS_MEMORY_FAILING_H
#define WEIR_TESTS_MEMORY_FAILING_H

#include <stdbool.h>

/* To be called once, first.  False: no memory. */
bool failing_set_up(void);
/* The k-th allocation from now on fails, in this process and in each that it
 * forks; 0: none does. */
void failing_begin(unsigned k);
/* Whether one has failed since, here or in a child; none fails any more. */
bool failing_end(void);

#endif
