/* Filling small memory and looking whether it is still as it was filled.
 *
 * Buffers are mostly some dozens of bytes, where calls of the C library would
 * cost more than the work does: sixteen bytes at a time, the last of which may
 * overlap those before them.  Private to the probe. */
#ifndef WEIR_PROBE_POISON_H
#define WEIR_PROBE_POISON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t weir_lanes __attribute__((vector_size(16)));

enum { WEIR_LANES_SIZE = sizeof(weir_lanes), WEIR_LANES_SHORT = 512 /* bytes; beyond, the C library is faster */ };

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

static inline void weir_poison_fill(uint8_t *base, size_t size, uint8_t byte) {
  if (size < WEIR_LANES_SIZE || size > WEIR_LANES_SHORT) {
    memset(base, byte, size);
    return;
  }
  const weir_lanes value = weir_lanes_of(byte);
  for (size_t done = 0; done + WEIR_LANES_SIZE <= size; done += WEIR_LANES_SIZE) weir_lanes_store(base + done, value);
  weir_lanes_store(base + size - WEIR_LANES_SIZE, value);
}

/* Whether all of it is that byte. */
static inline bool weir_poison_whole(const uint8_t *base, size_t size, uint8_t byte) {
  if (size < WEIR_LANES_SIZE || size > WEIR_LANES_SHORT)
    return size == 0 || (base[0] == byte && memcmp(base, base + 1, size - 1) == 0);
  const weir_lanes value = weir_lanes_of(byte);
  weir_lanes difference = weir_lanes_load(base + size - WEIR_LANES_SIZE) ^ value;
  for (size_t done = 0; done + WEIR_LANES_SIZE <= size; done += WEIR_LANES_SIZE)
    difference |= weir_lanes_load(base + done) ^ value;
  return !weir_lanes_any(difference);
}

#endif
