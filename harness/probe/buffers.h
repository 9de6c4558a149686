/* What the probe knows of the buffers it gave out, and of the bytes in them.
 * Private to the probe. */
#ifndef WEIR_PROBE_BUFFERS_H
#define WEIR_PROBE_BUFFERS_H

#include "probe/probe.h"

/* A buffer was given: it is filled with poison.  base NULL: none that can be looked at. */
void weir_buffers_give(weir_probe *probe, void *base, size_t size, uint32_t nth);
/* The span of the newest buffer is over although no buffer_updated came (B6, B15). */
void weir_buffers_settle(weir_probe *probe);
/* Records a buffer_updated with what the newest buffer holds, and fills that again.  Returns its index. */
uint32_t weir_buffers_read(weir_probe *probe, weir_record record, uint64_t nbytes);
/* Records a callback that hands over `claimed` bytes, of which `size` can be looked at.  Returns its index. */
uint32_t weir_buffers_judge(weir_probe *probe, weir_record record, const void *bytes, size_t size, uint64_t claimed);
void weir_buffers_withdraw(weir_probe *probe, const void *base);
void weir_buffers_finish(weir_probe *probe);

#endif
