/* Sixteen bytes at a time, wherever they lie. */
#ifndef WEIR_CORE_LANES_H
#define WEIR_CORE_LANES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t weir_lanes __attribute__((vector_size(16)));

enum { WEIR_LANES_SIZE = sizeof(weir_lanes), WEIR_LANES_ROW = 4 * WEIR_LANES_SIZE };

static inline weir_lanes weir_lanes_of(uint8_t byte) {
  return (weir_lanes){byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte};
}

static inline void weir_lanes_store(uint8_t *to, weir_lanes value) {
  memcpy(to, &value, sizeof value);
}

static inline weir_lanes weir_lanes_load(const uint8_t *from) {
  weir_lanes value;
  memcpy(&value, from, sizeof value);
  return value;
}

static inline bool weir_lanes_any(weir_lanes value) {
  typedef uint64_t words __attribute__((vector_size(16)));
  const words halves = (words)value;
  return (halves[0] | halves[1]) != 0;
}

/* Four at a time: to[0..64) = value, and from[0..64) ^ value. */
static inline void weir_lanes_store_row(uint8_t *to, weir_lanes value) {
  weir_lanes_store(to, value);
  weir_lanes_store(to + 16, value);
  weir_lanes_store(to + 32, value);
  weir_lanes_store(to + 48, value);
}

static inline weir_lanes weir_lanes_differ_row(const uint8_t *from, weir_lanes value) {
  return ((weir_lanes_load(from) ^ value) | (weir_lanes_load(from + 16) ^ value)) |
         ((weir_lanes_load(from + 32) ^ value) | (weir_lanes_load(from + 48) ^ value));
}

#endif
