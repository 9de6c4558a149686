/* Which events of a trace are worth the few lines that a screen has: those that
 * a finding names, what they are nested in, and what stands around them. */
#ifndef WEIR_REPORT_WINDOW_H
#define WEIR_REPORT_WINDOW_H

#include "weir/trace.h"

enum { WEIR_WINDOW_MAX = 24 };

typedef struct weir_window {
  uint32_t count;
  uint32_t events[WEIR_WINDOW_MAX]; /* indices, ascending */
} weir_window;

/* At most `lines` lines (4..WEIR_WINDOW_MAX), where a gap between two events,
 * or at either end of the trace, takes one.  depths as weir_trace_depths gives
 * them; event and since are clamped to the trace, which is not empty. */
void weir_window_choose(const weir_record *records, const uint8_t *depths, uint32_t count, uint64_t event,
                        uint64_t since, unsigned lines, weir_window *window);

#endif
