#include "engine/pool.h"

#include <stdlib.h>
#include <string.h>

enum { LEVELS = 8, FEATURES = WEIR_COUNTER_COUNT * LEVELS };

typedef struct entry {
  weir_step *steps; /* NULL: the slot is free */
  uint32_t count;
  uint32_t features; /* that it is the least for */
} entry;

struct weir_pool {
  weir_pool_watch *watch;
  void *context;
  entry *entries;
  uint32_t used, capacity, live;
  uint32_t champion[FEATURES]; /* index of an entry and 1; 0: never shown */
  uint32_t hits[FEATURES];     /* traces that showed it */
  uint16_t shown[FEATURES];    /* the features shown, in order */
  uint32_t shown_count;
};

_Static_assert(FEATURES <= UINT16_MAX, "a feature is 16 bits");

static unsigned level_of(uint8_t times) {
  if (times < 4) return times - 1u;
  return times < 8 ? 3 : times < 16 ? 4 : times < 32 ? 5 : times < 128 ? 6 : 7;
}

weir_pool *weir_pool_new(weir_pool_watch *watch, void *context) {
  weir_pool *pool = calloc(1, sizeof *pool);
  if (pool == NULL) return NULL;
  pool->watch = watch;
  pool->context = context;
  return pool;
}

void weir_pool_free(weir_pool *pool) {
  if (pool == NULL) return;
  for (uint32_t i = 0; i < pool->used; i++) free(pool->entries[i].steps);
  free(pool->entries);
  free(pool);
}

size_t weir_pool_size(const weir_pool *pool) {
  return pool->live;
}

bool weir_pool_shown(const weir_pool *pool, unsigned counter) {
  for (unsigned level = 0; counter < WEIR_COUNTER_COUNT && level < LEVELS; level++)
    if (pool->champion[counter * LEVELS + level] != 0) return true;
  return false;
}

/* ---- Coming and going */

static void copy_out(const entry *from, weir_scenario *scenario) {
  scenario->count = from->count;
  if (from->count > 0) memcpy(scenario->steps, from->steps, from->count * sizeof *from->steps);
}

static uint32_t free_slot(weir_pool *pool) {
  for (uint32_t i = 0; pool->live < pool->used && i < pool->used; i++)
    if (pool->entries[i].steps == NULL) return i;
  return pool->used;
}

/* Index and 1 of a new entry; 0: no memory. */
static uint32_t take_in(weir_pool *pool, const weir_scenario *scenario) {
  uint32_t slot = free_slot(pool);
  if (slot == pool->capacity) {
    uint32_t capacity = pool->capacity == 0 ? 64 : pool->capacity * 2;
    entry *larger = realloc(pool->entries, capacity * sizeof *larger);
    if (larger == NULL) return 0;
    pool->entries = larger;
    pool->capacity = capacity;
  }
  weir_step *steps = malloc((scenario->count + 1) * sizeof *steps);
  if (steps == NULL) return 0;
  memcpy(steps, scenario->steps, scenario->count * sizeof *steps);
  pool->entries[slot] = (entry){.steps = steps, .count = scenario->count};
  if (slot == pool->used) pool->used++;
  pool->live++;
  return slot + 1;
}

static void let_go(weir_pool *pool, entry *gone) {
  if (--gone->features > 0) return;
  if (pool->watch != NULL) {
    weir_scenario scenario;
    copy_out(gone, &scenario);
    pool->watch(pool->context, &scenario, false);
  }
  free(gone->steps);
  *gone = (entry){.steps = NULL};
  pool->live--;
}

static bool is_better(const weir_pool *pool, unsigned feature, const weir_scenario *scenario) {
  uint32_t champion = pool->champion[feature];
  return champion == 0 || scenario->count < pool->entries[champion - 1].count;
}

static void crown(weir_pool *pool, unsigned feature, uint32_t taken) {
  uint32_t before = pool->champion[feature];
  pool->champion[feature] = taken;
  pool->entries[taken - 1].features++;
  if (before != 0)
    let_go(pool, &pool->entries[before - 1]);
  else
    pool->shown[pool->shown_count++] = (uint16_t)feature;
}

weir_status weir_pool_offer(weir_pool *pool, const weir_scenario *scenario,
                            const uint8_t counters[WEIR_COUNTER_COUNT]) {
  uint32_t taken = 0;
  for (unsigned counter = 0; counter < WEIR_COUNTER_COUNT; counter++) {
    if (counters[counter] == 0) continue;
    unsigned feature = counter * LEVELS + level_of(counters[counter]);
    if (pool->hits[feature] < UINT32_MAX) pool->hits[feature]++;
    if (!is_better(pool, feature, scenario)) continue;
    if (taken == 0) taken = take_in(pool, scenario);
    if (taken == 0) return WEIR_NO_MEMORY;
    crown(pool, feature, taken);
  }
  if (taken != 0 && pool->watch != NULL) pool->watch(pool->context, scenario, true);
  return WEIR_OK;
}

void weir_pool_pick(const weir_pool *pool, weir_chance *chance, weir_scenario *scenario) {
  enum { DRAWN = 3 };
  scenario->count = 0;
  if (pool->shown_count == 0) return;
  unsigned best = pool->shown[weir_chance_below(chance, pool->shown_count)];
  for (unsigned i = weir_chance_below(chance, DRAWN); i > 0; i--) {
    unsigned other = pool->shown[weir_chance_below(chance, pool->shown_count)];
    if (pool->hits[other] < pool->hits[best]) best = other;
  }
  copy_out(&pool->entries[pool->champion[best] - 1], scenario);
}
