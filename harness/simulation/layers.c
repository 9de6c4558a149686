/* In what the layers differ.  Measured by tests/kernel/, which says where in
 * the kernel it comes from. */
#include <errno.h>
#include <limits.h>

#include "simulation/parts.h"

bool weir_layer_is_pipe(unsigned layer) {
  return layer == WEIR_LAYER_READ_PIPE || layer == WEIR_LAYER_WRITE_PIPE;
}

/* What no network lies behind fails for want of memory only (sock_alloc_send_pskb,
 * pipe_write); the other errors are the peer's doing.  EINTR is another matter
 * (weir_fault_level). */
bool weir_layer_has_error(unsigned layer, weir_occasion occasion, int error) {
  if (layer == WEIR_LAYER_TCP || layer == WEIR_LAYER_TLS || error == EINTR) return true;
  if (occasion != WEIR_OCCASION_SEND) return false;
  return error == ENOMEM || (error == ENOBUFS && layer == WEIR_LAYER_UNIX);
}

/* A pipe has whole pages. */
void weir_simulation_set_layer(weir_simulation *simulation, weir_layer layer) {
  simulation->layer = (uint8_t)layer;
  if (!weir_layer_is_pipe(layer)) return;
  simulation->slow_out |= SLOW_STEPS;
  simulation->capacity = (simulation->capacity + PIPE_BUF - 1) / PIPE_BUF * PIPE_BUF;
  if (simulation->capacity > simulation->outgoing_size) simulation->capacity = simulation->outgoing_size;
}
