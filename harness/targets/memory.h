/* The engine's end of the channel: the shared memory. */
#ifndef WEIR_TARGETS_MEMORY_H
#define WEIR_TARGETS_MEMORY_H

#include "targets/channel.h"
#include "targets/target.h"

typedef struct weir_channel {
  weir_channel_memory *memory;
  int descriptor; /* of the memory, closed on exec */
  uint32_t used;  /* records that the batch before may have left */
  uint32_t count; /* scenarios of the batch */
  uint32_t taken; /* of them */
  uint32_t place; /* where the trace of the next to be taken begins */
} weir_channel;

WEIR_MUST_USE weir_status weir_channel_open(weir_channel *channel, weir_problem *problem);
void weir_channel_close(weir_channel *channel);
/* Before a hello: what a worker before this one said is forgotten. */
void weir_channel_clear(weir_channel *channel);
/* Before a batch: the first of them, as many as fit, and one at least. */
void weir_channel_load(weir_channel *channel, const weir_scenario *const *scenarios, uint32_t count);
/* How many runs of the batch are over. */
uint32_t weir_channel_done(const weir_channel *channel);
/* The next of those that are over, in their order: its records, checked for bounds. */
WEIR_MUST_USE weir_status weir_channel_take(weir_channel *channel, weir_run *run, weir_problem *problem);
/* When all those are taken, what became of the one that was in hand.  It failed: why. */
WEIR_MUST_USE weir_status weir_channel_take_failed(weir_channel *channel, weir_problem *problem);
/* The worker ended in the middle of it: the records up to there, and how it ended behind them. */
void weir_channel_take_dead(weir_channel *channel, weir_end how, uint32_t number, weir_run *run);

#endif
