/* What only some layers have. */
#ifndef WEIR_SIMULATION_LAYERS_H
#define WEIR_SIMULATION_LAYERS_H

#include <stdbool.h>

#include "weir/scenario.h"
#include "weir/trace.h"

bool weir_layer_is_pipe(unsigned layer);
/* Whether the kernel can give this error at this operation. */
bool weir_layer_has_error(unsigned layer, weir_occasion occasion, int error);

#endif
