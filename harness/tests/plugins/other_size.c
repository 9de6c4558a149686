/* Made with a weir_target of another size. */
#include "weir/transport.h"

static const weir_target target = {
    .abi = WEIR_ABI, .size = sizeof target - 8, .name = "other", .version = "1", .transport = NULL};

const weir_target *weir_plugin(void) {
  return &target;
}
