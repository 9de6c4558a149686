/* kernel_differences N SEED [LAYER...]: N random sequences of operations on a
 * real and on a simulated connection of each layer.  Exits 0 where no result,
 * errno, signal, byte or readiness differs, 1 at the first that does, 77 where
 * this machine has nothing to compare with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "operations.h"

enum { LENGTH = 14, PAUSES = 3, TEXT_MAX = 16384 };

/* A machine so busy that the kernel delivers later is given time. */
static const useconds_t pauses[PAUSES] = {0, 300, 5000};

typedef enum outcome { SAME, DIFFERENT, NOTHING_THERE } outcome;

static outcome compare(weir_layer layer, uint64_t seed, uint32_t number, useconds_t pause, char *text) {
  ends real, simulated;
  if (!ends_open(&real, &simulated, layer, number)) return NOTHING_THERE;
  uint64_t state = seed;
  size_t used = 0;
  outcome result = SAME;
  for (int step = 0; step < LENGTH && result == SAME; step++) {
    const operation drawn = operation_draw(&state);
    const seen expected = operation_try(&real, &drawn);
    if (pause > 0) (void)usleep(pause);
    const seen found = operation_try(&simulated, &drawn);
    if (used < TEXT_MAX) used += operation_print(&drawn, &expected, &found, text + used, TEXT_MAX - used);
    if (memcmp(&expected, &found, sizeof found) != 0) result = DIFFERENT;
  }
  ends_close(&real);
  ends_close(&simulated);
  return result;
}

static outcome try_hard(weir_layer layer, uint64_t seed, uint32_t number) {
  char text[TEXT_MAX] = "";
  outcome result = DIFFERENT;
  for (int i = 0; i < PAUSES && result == DIFFERENT; i++) result = compare(layer, seed, number, pauses[i], text);
  if (result == DIFFERENT)
    printf("%s, sequence %u of seed %lu: result or -errno (more), bytes, signals, readiness\n%s",
           weir_layer_name(layer), number, (unsigned long)(seed >> 32), text);
  return result;
}

static outcome run_layer(weir_layer layer, uint32_t count, uint32_t seed) {
  for (uint32_t number = 0; number < count; number++) {
    const outcome result = try_hard(layer, (uint64_t)seed << 32 | number, number);
    if (result != SAME) return result;
  }
  printf("%-10s %u sequences of %d operations, no difference\n", weir_layer_name(layer), count, LENGTH);
  return SAME;
}

static bool asked_for(int count, char **arguments, const char *layer) {
  for (int i = 3; i < count; i++)
    if (strcmp(arguments[i], layer) == 0) return true;
  return count <= 3;
}

int main(int count, char **arguments) {
  const uint32_t sequences = count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 1000;
  const uint32_t seed = count > 2 ? (uint32_t)strtoul(arguments[2], NULL, 10) : 1;
  if (!ends_begin()) {
    fprintf(stderr, "kernel_differences: no memory\n");
    return 2;
  }
  operation_catch_signals();
  bool compared = false;
  for (unsigned layer = 0; layer < WEIR_LAYER_TLS; layer++) {
    if (!asked_for(count, arguments, weir_layer_name(layer))) continue;
    const outcome result = run_layer((weir_layer)layer, sequences, seed);
    if (result == DIFFERENT) return 1;
    if (result == NOTHING_THERE) fprintf(stderr, "kernel_differences: no %s here\n", weir_layer_name(layer));
    compared = compared || result == SAME;
  }
  return compared ? 0 : 77;
}
