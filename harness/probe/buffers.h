/* What the probe knows of the buffers it gave out, and of the bytes in them.
 * Private to the probe. */
#ifndef WEIR_PROBE_BUFFERS_H
#define WEIR_PROBE_BUFFERS_H

#include "probe/poison.h"
#include "probe/probe.h"
#include "weir/payload.h"

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

/* How much of a buffer is filled and looked at. */
static inline uint32_t weir_buffer_guarded(const weir_probe_buffer *buffer) {
  return buffer->size < WEIR_BUFFER_GUARDED ? buffer->size : WEIR_BUFFER_GUARDED;
}

/* ---- The usual course: the functions above for a buffer that everybody left
 * alone, given and filled with the next bytes of the stream.  Each returns
 * false, having done nothing, where that is not so. */

/* weir_buffers_give, of usable memory that no other buffer which is kept lies in. */
static inline bool weir_buffers_give_usual(weir_probe *probe, uint8_t *base, uint32_t size, uint32_t nth) {
  const uint8_t place = (uint8_t)((probe->buffer_newest + 1) % WEIR_BUFFERS_KEPT);
  weir_probe_buffer *buffer = &probe->buffers[place];
  if (buffer->state == WEIR_BUFFER_READ && !weir_poison_whole(buffer->base, weir_buffer_guarded(buffer), WEIR_POISON))
    return false;
  probe->buffer_newest = place;
  *buffer = (weir_probe_buffer){.base = base, .size = size, .nth = nth, .state = WEIR_BUFFER_GIVEN};
  weir_poison_fill(base, weir_buffer_guarded(buffer), WEIR_POISON);
  return true;
}

/* weir_buffers_read; the callback ends at once. */
static inline bool weir_buffers_read_usual(weir_probe *probe, weir_record record, uint64_t nbytes) {
  weir_probe_buffer *buffer = &probe->buffers[probe->buffer_newest];
  const uint32_t guard = weir_buffer_guarded(buffer);
  if (buffer->state == WEIR_BUFFER_FREE || nbytes > guard || nbytes == 0) return false;
  const uint32_t used = (uint32_t)nbytes;
  const weir_stream stream = weir_stream_incoming(probe->connection);
  if (!weir_place_match(&probe->incoming, stream, probe->delivered, buffer->base, used)) return false;
  if (used < guard && !weir_poison_whole(buffer->base + used, guard - used, WEIR_POISON)) return false;
  record.flags |= WEIR_FLAG_END;
  record.code = WEIR_DATA_STREAM;
  record.a = used;
  record.b = probe->delivered;
  probe->delivered += used;
  (void)weir_trace_add(probe->trace, record);
  weir_poison_fill(buffer->base, used, WEIR_POISON);
  buffer->state = WEIR_BUFFER_READ;
  return true;
}

#endif
