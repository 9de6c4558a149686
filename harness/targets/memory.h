/* The engine's end of the channel: the shared memory. */
#ifndef WEIR_TARGETS_MEMORY_H
#define WEIR_TARGETS_MEMORY_H

#include "targets/channel.h"
#include "targets/target.h"

typedef struct weir_channel {
  weir_channel_memory *memory;
  int descriptor; /* of the memory, closed on exec */
  uint32_t used;  /* records that the run before may have left */
} weir_channel;

WEIR_MUST_USE weir_status weir_channel_open(weir_channel *channel, weir_problem *problem);
void weir_channel_close(weir_channel *channel);
/* Before a hello: what a worker before this one said is forgotten. */
void weir_channel_clear(weir_channel *channel);
/* Before a run. */
void weir_channel_load(weir_channel *channel, const weir_scenario *scenario);
/* The worker finished its run: its records, checked for bounds. */
WEIR_MUST_USE weir_status weir_channel_take(weir_channel *channel, weir_run *run, weir_problem *problem);
/* The worker ended in the middle of its run: the records up to there, and how it ended behind them. */
void weir_channel_take_dead(weir_channel *channel, weir_end how, uint32_t number, weir_run *run);

#endif
