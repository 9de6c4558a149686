/* Sound: the base of them all, as it is. */
#include "parts/lines.h"

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(lines_get_buffer, lines_buffer_updated)};
LINES_PLUGIN("plain", lines, callbacks);
