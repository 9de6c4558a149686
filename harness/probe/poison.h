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

#include "core/lanes.h"

enum { WEIR_POISON_SHORT = 512 /* bytes; beyond, the C library is faster */ };

static inline void weir_poison_fill(uint8_t *base, size_t size, uint8_t byte) {
  if (size < WEIR_LANES_SIZE || size > WEIR_POISON_SHORT) {
    memset(base, byte, size);
    return;
  }
  const weir_lanes value = weir_lanes_of(byte);
  size_t done = 0;
  for (; done + WEIR_LANES_ROW <= size; done += WEIR_LANES_ROW) weir_lanes_store_row(base + done, value);
  for (; done + WEIR_LANES_SIZE <= size; done += WEIR_LANES_SIZE) weir_lanes_store(base + done, value);
  if (done < size) weir_lanes_store(base + size - WEIR_LANES_SIZE, value);
}

/* Whether all of it is that byte. */
static inline bool weir_poison_whole(const uint8_t *base, size_t size, uint8_t byte) {
  if (size < WEIR_LANES_SIZE || size > WEIR_POISON_SHORT)
    return size == 0 || (base[0] == byte && memcmp(base, base + 1, size - 1) == 0);
  const weir_lanes value = weir_lanes_of(byte);
  weir_lanes difference = weir_lanes_load(base + size - WEIR_LANES_SIZE) ^ value;
  size_t done = 0;
  for (; done + WEIR_LANES_ROW <= size; done += WEIR_LANES_ROW) difference |= weir_lanes_differ_row(base + done, value);
  for (; done + WEIR_LANES_SIZE <= size; done += WEIR_LANES_SIZE) difference |= weir_lanes_load(base + done) ^ value;
  return !weir_lanes_any(difference);
}

#endif
