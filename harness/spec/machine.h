/* The machine of weir/spec.h (D6) over records, for whoever has many of them:
 * one word an event holds the next state for each state. */
#ifndef WEIR_SPEC_MACHINE_H
#define WEIR_SPEC_MACHINE_H

#include <stddef.h>

#include "weir/spec.h"
#include "weir/trace.h"

enum { WEIR_MACHINE_EVENTS = 256, WEIR_MACHINE_CONNECTIONS = 256 }; /* whatever a byte can say */

typedef struct weir_machine {
  /* By whether the record begins something, and by event.  A state is a shift
   * of 8 * weir_state bits; the byte there is the next one. */
  uint64_t rows[2][WEIR_MACHINE_EVENTS];
} weir_machine;

/* Where each connection is, by its index. */
typedef struct weir_machine_states {
  uint8_t shift[WEIR_MACHINE_CONNECTIONS];
} weir_machine_states;

/* weir_machine_next of every callback, as a table; nothing for other events. */
extern const uint8_t weir_machine_rows[WEIR_EVENT_COUNT][WEIR_STATE_COUNT];

/* From weir_machine_next. */
void weir_machine_make(weir_machine *machine);
/* All connections at WEIR_STATE_START. */
void weir_machine_start(weir_machine_states *states);
/* Takes the records in order, as far as the machine allows them.  Returns the
 * index of the first callback that was not allowed (nothing of it and behind it
 * was taken), or count. */
size_t weir_machine_walk(const weir_machine *machine, weir_machine_states *states, const weir_record *records,
                         size_t count);

#endif
