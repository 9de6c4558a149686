/* Numbers drawn from a seed, for whatever is made at random.  Small ones are
 * likely: a scenario that shows something mostly does so with small numbers. */
#ifndef WEIR_SCENARIO_CHANCE_H
#define WEIR_SCENARIO_CHANCE_H

#include <assert.h>
#include <stdint.h>

typedef struct weir_chance {
  uint64_t state; /* any will do, zero too */
} weir_chance;

/* SplitMix64 (Steele, Lea, Flood 2014). */
static inline uint64_t weir_chance_next(weir_chance *self) {
  uint64_t value = (self->state += UINT64_C(0x9E3779B97F4A7C15));
  value = (value ^ value >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  value = (value ^ value >> 27) * UINT64_C(0x94D049BB133111EB);
  return value ^ value >> 31;
}

/* 0..bound - 1 */
static inline uint32_t weir_chance_below(weir_chance *self, uint32_t bound) {
  assert(bound > 0);
  return (uint32_t)((weir_chance_next(self) >> 32) * bound >> 32);
}

/* 0..most: as many bits as chance gives, so that small is likely; a bound of
 * the range one time in eight. */
static inline uint32_t weir_chance_small(weir_chance *self, uint32_t most) {
  switch (weir_chance_below(self, 16)) {
  case 0: return 0;
  case 1: return most;
  default: break;
  }
  uint32_t bits = weir_chance_below(self, weir_chance_below(self, 4) == 0 ? 28 : 7);
  uint32_t value = weir_chance_below(self, (UINT32_C(1) << bits) + 1);
  return value > most ? weir_chance_below(self, most + 1) : value;
}

#endif
