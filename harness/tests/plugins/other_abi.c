/* Made for a version of the interface that is not there yet. */
#include "weir/transport.h"

static const weir_target target = {
    .abi = WEIR_ABI + 1, .size = sizeof target, .name = "other", .version = "1", .transport = NULL};

const weir_target *weir_plugin(void) {
  return &target;
}
