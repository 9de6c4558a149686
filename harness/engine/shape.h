/* The shape of a finding: what the application saw and did up to it, without
 * sizes and numbers, so that two scenarios which break a rule in the same way
 * can be told from two which do not.
 *
 *   connection_made get_buffer(close) buffer_updated!
 *
 * Callbacks in their order, in brackets the calls made inside, calls outside
 * all callbacks by themselves; what repeats itself is told once; `!` marks the
 * event of the finding where it is one of these. */
#ifndef WEIR_ENGINE_SHAPE_H
#define WEIR_ENGINE_SHAPE_H

#include "weir/trace.h"

enum { WEIR_SHAPE_MAX = 400 };

/* The shape of records[0..event] into out, cut where it does not fit. */
void weir_shape_write(const weir_record *records, size_t count, uint64_t event, char out[WEIR_SHAPE_MAX]);
/* Of a shape or any other text: 64-bit FNV-1a. */
uint64_t weir_shape_hash(const char *shape);
/* The last few callbacks and calls before an event, as a number: cheap, and
 * mostly different where shapes are. */
uint64_t weir_shape_context(const weir_record *records, size_t count, uint64_t event);

#endif
