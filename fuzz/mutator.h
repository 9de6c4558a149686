/* Bytes of a scenario made into those of another, for the engines: decoded,
 * changed by steps (scenario/mutate.h), encoded. */
#ifndef WEIR_FUZZ_MUTATOR_H
#define WEIR_FUZZ_MUTATOR_H

#include <stddef.h>
#include <stdint.h>

/* Longer ones show nothing that shorter ones do not, and are slow. */
enum { FUZZ_STEPS_MAX = 48 };

/* data[0..size) becomes another scenario of at most `most` bytes; returns its size. */
size_t fuzz_mutate(uint8_t *data, size_t size, size_t most, uint64_t seed);
/* Steps of both, into out[0..most). */
size_t fuzz_splice(const uint8_t *left, size_t left_size, const uint8_t *right, size_t right_size, uint8_t *out,
                   size_t most, uint64_t seed);

#endif
