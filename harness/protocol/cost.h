/* What the two ways to look at work (cost.c, stretch.c) have in common. */
#ifndef WEIR_PROTOCOL_COST_H
#define WEIR_PROTOCOL_COST_H

#include "protocol/check.h"

enum { WEIR_COSTING_SIZE_MAX = 1 << 20 };

typedef struct weir_costing {
  weir_check *check;
  weir_steps *steps;
  uint8_t *stream; /* what is made of the job's, of at most `room` bytes */
  uint64_t *cuts;  /* a cut behind each byte */
  size_t room;
} weir_costing;

/* By the driver itself: what else may be wrong is told by other families. */
WEIR_MUST_USE weir_status weir_costing_run(weir_costing *costing, size_t size, bool bytewise, bool counted);
/* No error, and not closed by the protocol. */
bool weir_costing_went_well(const weir_costing *costing);
/* Looks at a silent stretch: *size bytes of it, 0 where none is long enough. */
WEIR_MUST_USE weir_status weir_costing_stretch(weir_costing *costing, size_t *size);

#endif
