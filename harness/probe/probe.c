/* One connection's probe: its protocol objects, and what its callbacks record. */
#include "probe/probe.h"

#include <assert.h>
#include <string.h>

#include "probe/buffers.h"

static void note(weir_probe *probe, weir_record record) {
  record.connection = probe->connection;
  (void)weir_trace_add(probe->trace, record);
}

/* One chain a callback, in the order of the script, so that a callback with
 * nothing to do costs one look. */
static void chain_steps(weir_probe *probe) {
  uint16_t tail[WEIR_OCCASION_COUNT] = {0};
  const weir_scenario *scenario = probe->scenario;
  for (uint32_t i = 0; i < scenario->count; i++) {
    const weir_step *step = &scenario->steps[i];
    if (step->verb == WEIR_VERB_APP_PROTOCOL && step->connection == probe->connection)
      probe->protocol_plain[0] = step->option == WEIR_PROTOCOL_PLAIN;
    if (step->when != WEIR_WHEN_IN || weir_step_counted(step) != probe->connection) continue;
    uint16_t link = (uint16_t)(i + 1);
    probe->in_next[i] = 0;
    if (tail[step->event] == 0)
      probe->in_head[step->event] = link;
    else
      probe->in_next[tail[step->event] - 1] = link;
    tail[step->event] = link;
  }
}

void weir_probe_init(weir_probe *probe, weir_application *application, unsigned connection) {
  weir_network *network = application->network;
  memset(probe, 0, offsetof(weir_probe, in_next));
  probe->scenario = network->scenario;
  probe->trace = network->trace;
  probe->simulation = weir_network_connection(network, connection);
  assert(probe->simulation != NULL);
  probe->application = application;
  probe->connection = (uint8_t)connection;
  probe->capabilities = application->capabilities;
  probe->protocol_count = 1;
  application->probes[connection] = probe;
  chain_steps(probe);
  note(probe, (weir_record){.event = WEIR_EVENT_OPEN,
                            .code = !probe->protocol_plain[0],
                            .a = probe->capabilities,
                            .b = probe->simulation->layer});
}

bool weir_probe_starts_plain(const weir_probe *probe) {
  return probe->protocol_plain[0];
}

/* ---- Callbacks begin ------------------------------------------------------ */
static weir_record callback_record(weir_probe *probe, weir_event event, unsigned protocol) {
  return (weir_record){.event = (uint8_t)event,
                       .connection = probe->connection,
                       .flags = (uint8_t)(WEIR_FLAG_BEGIN | (protocol << WEIR_FLAG_PROTOCOL_SHIFT))};
}

static uint32_t record_begin(weir_probe *probe, weir_record record, int64_t a, int64_t b, const void *bytes,
                             size_t size) {
  switch (record.event) {
  case WEIR_EVENT_GET_BUFFER:
    weir_buffers_settle(probe);
    record.a = (uint32_t)(int32_t)a;
    break;
  case WEIR_EVENT_BUFFER_UPDATED: return weir_buffers_read(probe, record, (uint64_t)a);
  case WEIR_EVENT_DATA_RECEIVED: return weir_buffers_judge(probe, record, bytes, size, size);
  case WEIR_EVENT_CONNECTION_LOST:
    weir_buffers_settle(probe);
    record.code = (uint8_t)a;
    record.a = (uint32_t)b;
    break;
  default: break;
  }
  return weir_trace_add(probe->trace, record);
}

void weir_probe_begin(weir_probe *probe, weir_event event, unsigned protocol, int64_t a, int64_t b, const void *bytes,
                      size_t size) {
  assert(event >= WEIR_EVENT_CONNECTION_MADE && event <= WEIR_EVENT_RESUME_WRITING);
  assert(protocol < WEIR_PROTOCOLS_MAX);
  unsigned occasion = weir_occasion_of(event);
  uint32_t nth = ++probe->occurred[occasion];
  if (event != WEIR_EVENT_GET_BUFFER) weir_simulation_progress(probe->simulation);
  if (event == WEIR_EVENT_CONNECTION_MADE) weir_simulation_made(probe->simulation);
  uint32_t begin = record_begin(probe, callback_record(probe, event, protocol), a, b, bytes, size);
  weir_application *application = probe->application;
  application->latest = probe->connection;
  if (event == WEIR_EVENT_CONNECTION_MADE) probe->made = true;
  if (++application->depth > WEIR_FRAMES_MAX) {
    weir_record end = {.event = (uint8_t)event, .connection = probe->connection, .flags = WEIR_FLAG_END};
    weir_trace_end(probe->trace, begin, end);
    return;
  }
  weir_frame *frame = weir_application_top(application);
  frame->probe = probe;
  frame->event = (uint8_t)event;
  frame->protocol = (uint8_t)protocol;
  frame->raise = false;
  frame->nth = nth;
  frame->begin = begin;
  frame->decision = (weir_decision){.size = WEIR_BUFFER_SIZE_DEFAULT};
  /* The innermost frame makes no calls, and so nothing can nest in it. */
  frame->step = application->depth < WEIR_FRAMES_MAX ? probe->in_head[occasion] : 0;
}

/* ---- Callbacks that do nothing --------------------------------------------- */
void weir_probe_pass(weir_probe *probe, weir_event event, unsigned protocol, int64_t a, int64_t b, const void *bytes,
                     size_t size) {
  assert(weir_probe_idle(probe, event) && event != WEIR_EVENT_GET_BUFFER);
  const unsigned occasion = weir_occasion_of(event);
  weir_record record = callback_record(probe, event, protocol);
  probe->occurred[occasion]++;
  probe->application->latest = probe->connection;
  if (event == WEIR_EVENT_CONNECTION_MADE) probe->made = true;
  weir_simulation_progress(probe->simulation);
  if (event != WEIR_EVENT_BUFFER_UPDATED || !weir_buffers_read_usual(probe, record, (uint64_t)a)) {
    uint32_t begin = record_begin(probe, record, a, b, bytes, size);
    record.flags ^= WEIR_FLAG_BEGIN | WEIR_FLAG_END;
    weir_trace_end(probe->trace, begin, record);
  }
  weir_simulation_occasion(probe->simulation, occasion);
}

void weir_probe_pass_buffer(weir_probe *probe, unsigned protocol, int64_t hint, uint8_t *base) {
  assert(weir_probe_idle(probe, WEIR_EVENT_GET_BUFFER));
  const uint32_t nth = ++probe->occurred[WEIR_OCCASION_GET_BUFFER], size = WEIR_BUFFER_SIZE_DEFAULT;
  probe->application->latest = probe->connection;
  weir_buffers_settle(probe);
  weir_record record = callback_record(probe, WEIR_EVENT_GET_BUFFER, protocol);
  record.flags |= WEIR_FLAG_END;
  record.a = (uint32_t)(int32_t)hint;
  record.b = size | (uint64_t)WEIR_BUFFER_BYTEARRAY << 56;
  (void)weir_trace_add(probe->trace, record);
  if (!weir_buffers_give_usual(probe, base, size, nth)) weir_buffers_give(probe, base, size, nth);
  weir_simulation_occasion(probe->simulation, WEIR_OCCASION_GET_BUFFER);
}

/* ---- Told by the joiner --------------------------------------------------- */
void weir_probe_exception(weir_probe *probe, weir_exception exception, uint32_t number) {
  note(probe, (weir_record){.event = WEIR_EVENT_EXCEPTION_HANDLER, .code = (uint8_t)exception, .a = number});
}

void weir_probe_held(weir_probe *probe, uint32_t nth) {
  note(probe, (weir_record){.event = WEIR_EVENT_BUFFER_HELD, .a = nth});
}

void weir_probe_withdraw(weir_probe *probe, const void *base) {
  weir_buffers_withdraw(probe, base);
}

void weir_probe_finish(weir_probe *probe) {
  weir_buffers_finish(probe);
}
