#include "spec/machine.h"

#include <string.h>

enum { SHIFT = 8, BAD = WEIR_STATE_BAD * SHIFT };

_Static_assert(WEIR_STATE_COUNT *SHIFT <= 64, "a byte a state in one word");
_Static_assert(WEIR_STATE_START == 0, "a connection that was not seen is at shift 0");

void weir_machine_make(weir_machine *machine) {
  memset(machine, 0, sizeof *machine);
  for (unsigned event = 0; event < WEIR_MACHINE_EVENTS; event++) {
    for (unsigned state = 0; state < WEIR_STATE_COUNT; state++) {
      unsigned next = event < WEIR_EVENT_COUNT ? (unsigned)weir_machine_next((weir_state)state, event) : state;
      machine->rows[0][event] |= (uint64_t)(state * SHIFT) << state * SHIFT;
      machine->rows[1][event] |= (uint64_t)(next * SHIFT) << state * SHIFT;
    }
  }
}

void weir_machine_start(weir_machine_states *states) {
  memset(states, 0, sizeof *states);
}

/* The records from the first one on that are of its connection. */
static size_t walk_one(const weir_machine *machine, uint8_t *state, const weir_record *records, size_t count) {
  const uint8_t connection = records->connection;
  uint64_t shift = *state;
  size_t i = 0;
  for (; i < count && records[i].connection == connection; i++) {
    uint64_t next = machine->rows[records[i].flags & WEIR_FLAG_BEGIN][records[i].event] >> (shift & 63);
    if ((next & 63) == BAD) break;
    shift = next;
  }
  *state = (uint8_t)(shift & 63);
  return i;
}

size_t weir_machine_walk(const weir_machine *machine, weir_machine_states *states, const weir_record *records,
                         size_t count) {
  size_t done = 0;
  while (done < count) {
    size_t taken = walk_one(machine, &states->shift[records[done].connection], records + done, count - done);
    if (taken == 0) break;
    done += taken;
  }
  return done;
}
