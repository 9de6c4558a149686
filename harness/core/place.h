/* Making and comparing payload piece by piece, each where the one before ended:
 * the key of the block in hand is kept, so that small pieces cost hardly more
 * than a copy.  The same bytes as weir/payload.h, which does the odd pieces. */
#ifndef WEIR_CORE_PLACE_H
#define WEIR_CORE_PLACE_H

#include <stdbool.h>
#include <string.h>

#include "core/lanes.h"
#include "weir/payload.h"

/* Of one stream.  Zero: nothing is kept yet. */
typedef struct weir_place {
  uint64_t number; /* 1 + the block's */
  uint32_t key;
} weir_place;

enum { WEIR_BLOCK_BITS = 10, WEIR_BLOCK = 1 << WEIR_BLOCK_BITS }; /* of payload.c */

/* ---- core/payload.c */
extern const uint64_t weir_payload_pattern[WEIR_BLOCK / sizeof(uint64_t)];
uint32_t weir_payload_key(weir_stream stream, uint64_t block);

static inline const uint8_t *weir_place_pattern(uint64_t offset) {
  return (const uint8_t *)weir_payload_pattern + (offset & (WEIR_BLOCK - 1));
}

/* The key of the block that offset is in, turned so that it begins at offset, in every lane. */
static inline weir_lanes weir_place_keys(weir_place *place, weir_stream stream, uint64_t offset) {
  const uint64_t number = (offset >> WEIR_BLOCK_BITS) + 1;
  if (place->number != number) {
    place->number = number;
    place->key = weir_payload_key(stream, number - 1);
  }
  const unsigned bits = (unsigned)(offset & 3) * 8;
  const uint32_t key = place->key >> bits | place->key << (-bits & 31);
  typedef uint32_t words __attribute__((vector_size(16)));
  return (weir_lanes)(words){key, key, key, key};
}

/* Whole lanes within one block: what is done here. */
static inline bool weir_place_is_plain(uint64_t offset, size_t size) {
  return size % WEIR_LANES_SIZE == 0 && (offset & (WEIR_BLOCK - 1)) + size <= WEIR_BLOCK;
}

static inline void weir_place_fill_row(uint8_t *bytes, const uint8_t *pattern, weir_lanes keys) {
  weir_lanes_store(bytes, weir_lanes_load(pattern) ^ keys);
  weir_lanes_store(bytes + 16, weir_lanes_load(pattern + 16) ^ keys);
  weir_lanes_store(bytes + 32, weir_lanes_load(pattern + 32) ^ keys);
  weir_lanes_store(bytes + 48, weir_lanes_load(pattern + 48) ^ keys);
}

static inline weir_lanes weir_place_differ_row(const uint8_t *bytes, const uint8_t *pattern, weir_lanes keys) {
  const weir_lanes first = weir_lanes_load(bytes) ^ weir_lanes_load(pattern);
  const weir_lanes second = weir_lanes_load(bytes + 16) ^ weir_lanes_load(pattern + 16);
  const weir_lanes third = weir_lanes_load(bytes + 32) ^ weir_lanes_load(pattern + 32);
  const weir_lanes fourth = weir_lanes_load(bytes + 48) ^ weir_lanes_load(pattern + 48);
  return ((first ^ keys) | (second ^ keys)) | ((third ^ keys) | (fourth ^ keys));
}

static inline void weir_place_fill(weir_place *place, weir_stream stream, uint64_t offset, uint8_t *bytes,
                                   size_t size) {
  if (!weir_place_is_plain(offset, size)) {
    weir_payload_fill(stream, offset, bytes, size);
    return;
  }
  const weir_lanes keys = weir_place_keys(place, stream, offset);
  const uint8_t *pattern = weir_place_pattern(offset);
  size_t done = 0;
  for (; done + WEIR_LANES_ROW <= size; done += WEIR_LANES_ROW) weir_place_fill_row(bytes + done, pattern + done, keys);
  for (; done < size; done += WEIR_LANES_SIZE) weir_lanes_store(bytes + done, weir_lanes_load(pattern + done) ^ keys);
}

/* Whether all of the bytes are those of the stream. */
static inline bool weir_place_match(weir_place *place, weir_stream stream, uint64_t offset, const uint8_t *bytes,
                                    size_t size) {
  if (!weir_place_is_plain(offset, size)) return weir_payload_match(stream, offset, bytes, size) == size;
  const weir_lanes keys = weir_place_keys(place, stream, offset);
  const uint8_t *pattern = weir_place_pattern(offset);
  weir_lanes difference = {0};
  size_t done = 0;
  for (; done + WEIR_LANES_ROW <= size; done += WEIR_LANES_ROW)
    difference |= weir_place_differ_row(bytes + done, pattern + done, keys);
  for (; done < size; done += WEIR_LANES_SIZE)
    difference |= weir_lanes_load(bytes + done) ^ weir_lanes_load(pattern + done) ^ keys;
  return !weir_lanes_any(difference);
}

#endif
