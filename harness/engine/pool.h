/* The scenarios that a search builds upon: for everything that a trace has
 * shown (validator/counters.h, and how often: 1, 2, 3, 4+, 8+, 16+, 32+, 128+),
 * the least scenario that shows it. */
#ifndef WEIR_ENGINE_POOL_H
#define WEIR_ENGINE_POOL_H

#include "scenario/chance.h"
#include "validator/counters.h"
#include "weir/scenario.h"

typedef struct weir_pool weir_pool;

/* Told of each scenario that comes in, and of each that goes because others
 * show all of it with less.  May be NULL. */
typedef void weir_pool_watch(void *context, const weir_scenario *scenario, bool in);

/* NULL: no memory. */
weir_pool *weir_pool_new(weir_pool_watch *watch, void *context);
void weir_pool_free(weir_pool *pool);

/* Takes the scenario in where its counters show something new, or something
 * known with fewer steps.  WEIR_NO_MEMORY: it was not. */
WEIR_MUST_USE weir_status weir_pool_offer(weir_pool *pool, const weir_scenario *scenario,
                                          const uint8_t counters[WEIR_COUNTER_COUNT]);
/* Copies one out, the likelier the rarer what it shows.  The empty scenario,
 * where there is none. */
void weir_pool_pick(const weir_pool *pool, weir_chance *chance, weir_scenario *scenario);

size_t weir_pool_size(const weir_pool *pool); /* scenarios */
/* Whether any trace has raised this counter. */
bool weir_pool_shown(const weir_pool *pool, unsigned counter);

#endif
