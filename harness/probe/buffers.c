#include "probe/buffers.h"

#include <assert.h>
#include <string.h>

enum { RUNS_MAX = 8 };

static void note(weir_probe *probe, weir_event event, uint32_t a, uint64_t b) {
  (void)weir_trace_add(probe->trace,
                       (weir_record){.event = (uint8_t)event, .connection = probe->connection, .a = a, .b = b});
}

/* The first byte in [from, to) that is not poison, or `to`. */
static uint32_t find_touched(const uint8_t *base, uint32_t from, uint32_t to) {
  if (from >= to || weir_poison_whole(base + from, to - from, WEIR_POISON)) return to;
  while (base[from] == WEIR_POISON) from++;
  return from;
}

static void forget(weir_probe *probe, weir_probe_buffer *buffer) {
  if (buffer->state == WEIR_BUFFER_READ) {
    uint32_t touched = find_touched(buffer->base, 0, weir_buffer_guarded(buffer));
    if (touched < weir_buffer_guarded(buffer)) note(probe, WEIR_EVENT_BUFFER_TOUCHED, buffer->nth, touched);
  }
  buffer->state = WEIR_BUFFER_FREE;
}

/* Where the newest and a kept buffer are the same memory, the older is looked
 * at before it is filled again. */
static void forget_overlapping(weir_probe *probe, const uint8_t *base, size_t size) {
  for (unsigned i = 0; i < WEIR_BUFFERS_KEPT; i++) {
    weir_probe_buffer *kept = &probe->buffers[i];
    if (kept->state != WEIR_BUFFER_FREE && base < kept->base + kept->size && kept->base < base + size)
      forget(probe, kept);
  }
}

void weir_buffers_give(weir_probe *probe, void *base, size_t size, uint32_t nth) {
  probe->buffer_newest = (uint8_t)((probe->buffer_newest + 1) % WEIR_BUFFERS_KEPT);
  weir_probe_buffer *buffer = &probe->buffers[probe->buffer_newest];
  forget(probe, buffer);
  if (base == NULL || size == 0) return;
  assert(size <= UINT32_MAX);
  forget_overlapping(probe, base, size);
  *buffer = (weir_probe_buffer){.base = base, .size = (uint32_t)size, .nth = nth, .state = WEIR_BUFFER_GIVEN};
  weir_poison_fill(base, weir_buffer_guarded(buffer), WEIR_POISON);
}

void weir_buffers_settle(weir_probe *probe) {
  weir_probe_buffer *buffer = &probe->buffers[probe->buffer_newest];
  if (buffer->state != WEIR_BUFFER_GIVEN) return;
  memset(buffer->base, WEIR_POISON, weir_buffer_guarded(buffer));
  buffer->state = WEIR_BUFFER_READ;
}

/* Bytes that are not the next ones of the stream: says what they are.  The
 * record is changed in its place, since the runs stand behind it. */
static uint32_t record_runs(weir_probe *probe, weir_record record, const void *bytes, size_t size, uint64_t claimed) {
  weir_payload_run runs[RUNS_MAX];
  weir_stream stream = weir_stream_incoming(probe->connection);
  size_t count = 0;
  /* L11: another connection's bytes are known as such. */
  if (size > 0) count = weir_payload_identify(stream, probe->delivered, WEIR_CONNECTIONS, bytes, size, runs, RUNS_MAX);
  bool whole = count == 1 && size == claimed;
  record.code = whole ? runs[0].data : size > 0 ? WEIR_DATA_MIXED : WEIR_DATA_UNKNOWN;
  record.b = whole ? runs[0].offset : 0;
  uint32_t begin = weir_trace_add(probe->trace, record);
  for (size_t i = 0; i < count; i++) {
    uint64_t end = runs[i].offset + runs[i].size;
    if (runs[i].data == WEIR_DATA_STREAM && end > probe->delivered) probe->delivered = end;
    if (whole) break;
    (void)weir_trace_add(probe->trace, (weir_record){.event = WEIR_EVENT_DATA,
                                                     .connection = probe->connection,
                                                     .code = runs[i].data,
                                                     .a = runs[i].size,
                                                     .b = runs[i].offset});
  }
  if (size > 0 && size < claimed)
    (void)weir_trace_add(probe->trace, (weir_record){.event = WEIR_EVENT_DATA,
                                                     .connection = probe->connection,
                                                     .code = WEIR_DATA_UNKNOWN,
                                                     .a = (uint32_t)(claimed - size)});
  return begin;
}

uint32_t weir_buffers_judge(weir_probe *probe, weir_record record, const void *bytes, size_t size, uint64_t claimed) {
  record.a = claimed < UINT32_MAX ? (uint32_t)claimed : UINT32_MAX;
  weir_stream stream = weir_stream_incoming(probe->connection);
  if (size != claimed || (size > 0 && weir_payload_match(stream, probe->delivered, bytes, size) != size))
    return record_runs(probe, record, bytes, size, claimed);
  record.code = WEIR_DATA_STREAM;
  record.b = probe->delivered;
  probe->delivered += size;
  return weir_trace_add(probe->trace, record);
}

uint32_t weir_buffers_read(weir_probe *probe, weir_record record, uint64_t nbytes) {
  weir_probe_buffer *buffer = &probe->buffers[probe->buffer_newest];
  if (buffer->state == WEIR_BUFFER_FREE) return weir_buffers_judge(probe, record, NULL, 0, nbytes);
  uint32_t used = nbytes < buffer->size ? (uint32_t)nbytes : buffer->size;
  uint32_t begin = weir_buffers_judge(probe, record, buffer->base, used, nbytes);
  uint32_t guard = weir_buffer_guarded(buffer);
  uint32_t touched = find_touched(buffer->base, used, guard);
  if (touched < guard) {
    note(probe, WEIR_EVENT_BUFFER_TAIL, touched, 0);
    used = guard;
  }
  weir_poison_fill(buffer->base, used < guard ? used : guard, WEIR_POISON);
  buffer->state = WEIR_BUFFER_READ;
  return begin;
}

void weir_buffers_withdraw(weir_probe *probe, const void *base) {
  for (unsigned i = 0; i < WEIR_BUFFERS_KEPT; i++)
    if (probe->buffers[i].base == base) forget(probe, &probe->buffers[i]);
}

void weir_buffers_finish(weir_probe *probe) {
  for (unsigned i = 1; i <= WEIR_BUFFERS_KEPT; i++)
    forget(probe, &probe->buffers[(probe->buffer_newest + i) % WEIR_BUFFERS_KEPT]);
}
