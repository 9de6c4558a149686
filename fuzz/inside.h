/* A program that speaks weir/adapter.h, in this process: its adapter, and the
 * simulation in front of libc's functions (harness/interpose), are linked in,
 * and no process and no channel is between them and the fuzzer. */
#ifndef WEIR_FUZZ_INSIDE_H
#define WEIR_FUZZ_INSIDE_H

#include "targets/target.h"

/* What the adapter does in a process of its own: hello, if it has not been said,
 * and what weir_adapter_next gives until that is 0, which here is soon. */
typedef void fuzz_inside_serve(void);

/* One in a process.  NULL: no memory, or the adapter said no hello. */
weir_runner *fuzz_inside_open(fuzz_inside_serve *serve);

#endif
