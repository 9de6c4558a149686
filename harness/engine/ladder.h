/* Ladders: how a step is made simpler, one field at a time.
 *
 * Every field of a step stands on a ladder whose lowest rung is the simplest
 * thing it can say:
 *   trigger  a turn of its own (idle), below `same turn`, in a callback, after an occasion
 *   range    one occasion, below a range, below one without an end; the first, below the n-th
 *   option   the default, below the others in their order
 *   number   not given, below 0, 1, 2, ...; a negative one is above them all
 * A rung below changes one field and nothing else, so that whoever only ever
 * goes down comes to an end. */
#ifndef WEIR_ENGINE_LADDER_H
#define WEIR_ENGINE_LADDER_H

#include "weir/scenario.h"

enum { WEIR_LADDER_MAX = 128 };

/* The rungs below a step that is to be tried, the boldest of each field first
 * and the next one below it last: where none of them will do, the step is
 * minimal.  Each is a valid step wherever `step` is one.  Returns how many. */
unsigned weir_ladder_below(const weir_step *step, weir_step rungs[WEIR_LADDER_MAX]);

#endif
