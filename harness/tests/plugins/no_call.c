/* A table without a single call. */
#include "weir/transport.h"

static const weir_transport_calls calls = {.size = sizeof calls};
static const weir_target target = {
    .abi = WEIR_ABI, .size = sizeof target, .name = "empty", .version = "1", .transport = &calls};

const weir_target *weir_plugin(void) {
  return &target;
}
