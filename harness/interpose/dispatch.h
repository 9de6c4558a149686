/* System calls by number: those that the simulation has a say in are made
 * through the interposed functions, however the program issues them. */
#ifndef WEIR_INTERPOSE_DISPATCH_H
#define WEIR_INTERPOSE_DISPATCH_H

#include <stdbool.h>

enum { WEIR_SYSCALL_ARGUMENTS = 6 };

/* Answers as syscall(2) does: a result, or -1 with errno.  False: the call is
 * the kernel's, and nothing was done. */
bool weir_dispatch(long number, const long arguments[WEIR_SYSCALL_ARGUMENTS], long *result);

#endif
