/* The core of the probe: frames, steps and records. */
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
    if (step->verb == WEIR_VERB_APP_PROTOCOL) probe->protocol_plain[0] = step->option == WEIR_PROTOCOL_PLAIN;
    if (step->when != WEIR_WHEN_IN) continue;
    uint16_t link = (uint16_t)(i + 1);
    probe->in_next[i] = 0;
    if (tail[step->event] == 0)
      probe->in_head[step->event] = link;
    else
      probe->in_next[tail[step->event] - 1] = link;
    tail[step->event] = link;
  }
}

void weir_probe_init(weir_probe *probe, const weir_scenario *scenario, weir_trace *trace, weir_simulation *simulation,
                     uint8_t connection, uint32_t capabilities) {
  memset(probe, 0, offsetof(weir_probe, frames));
  probe->scenario = scenario;
  probe->trace = trace;
  probe->simulation = simulation;
  probe->connection = connection;
  probe->capabilities = capabilities;
  probe->protocol_count = 1;
  chain_steps(probe);
  note(probe,
       (weir_record){
           .event = WEIR_EVENT_OPEN, .code = !probe->protocol_plain[0], .a = capabilities, .b = simulation->layer});
}

static weir_frame *top(weir_probe *probe) {
  return probe->depth <= WEIR_FRAMES_MAX ? &probe->frames[probe->depth - 1] : NULL;
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
  uint32_t begin = record_begin(probe, callback_record(probe, event, protocol), a, b, bytes, size);
  if (++probe->depth > WEIR_FRAMES_MAX) {
    weir_trace_end(probe->trace, begin, (weir_record){.event = (uint8_t)event, .flags = WEIR_FLAG_END});
    return;
  }
  weir_frame *frame = top(probe);
  frame->event = (uint8_t)event;
  frame->protocol = (uint8_t)protocol;
  frame->raise = false;
  frame->nth = nth;
  frame->begin = begin;
  frame->decision = (weir_decision){.size = WEIR_BUFFER_SIZE_DEFAULT};
  /* The innermost frame makes no calls, and so nothing can nest in it. */
  frame->step = probe->depth < WEIR_FRAMES_MAX ? probe->in_head[occasion] : 0;
}

/* ---- Steps ---------------------------------------------------------------- */
/* The next step of a frame that applies, or NULL. */
static const weir_step *next_step(weir_probe *probe, weir_frame *frame) {
  const weir_step *steps = probe->scenario->steps;
  if (frame->event == WEIR_EVENT_OUTSIDE) {
    if (frame->step >= frame->count) return NULL;
    uint16_t at = frame->step++;
    return &steps[frame->listed ? frame->due[at] : frame->first + at];
  }
  while (frame->step != 0) {
    const weir_step *step = &steps[frame->step - 1];
    frame->step = probe->in_next[frame->step - 1];
    if (step->first <= frame->nth && (frame->nth <= step->last || step->last == WEIR_NTH_OPEN)) return step;
  }
  return NULL;
}

/* Items of 4 bytes, or rows of 2: whole ones only (weir/trace.h). */
static int64_t whole_items(unsigned kind, int64_t size) {
  if (kind == WEIR_BYTES_WIDE) return size & ~(int64_t)3;
  if (kind == WEIR_BYTES_SHAPED) return size & ~(int64_t)1;
  return size;
}

static void prepare_set_protocol(weir_probe *probe, const weir_step *step, weir_call *call) {
  unsigned number = 0;
  if (step->option != WEIR_PROTOCOL_FIRST) {
    number = WEIR_PROTOCOLS_MAX - 1;
    if (probe->protocol_count < WEIR_PROTOCOLS_MAX) {
      number = probe->protocol_count++;
      probe->protocol_plain[number] = step->option == WEIR_PROTOCOL_PLAIN;
    }
  }
  call->a = number;
  call->b = !probe->protocol_plain[number];
}

/* The events of the verbs that are transport calls; 0 for the others. */
static const uint8_t call_events[WEIR_VERB_COUNT] = {
    [WEIR_VERB_APP_RESIZE] = WEIR_EVENT_GET_BUFFER,
    [WEIR_VERB_APP_CLOSE] = WEIR_EVENT_CLOSE,
    [WEIR_VERB_APP_ABORT] = WEIR_EVENT_ABORT,
    [WEIR_VERB_APP_PAUSE_READING] = WEIR_EVENT_PAUSE_READING,
    [WEIR_VERB_APP_RESUME_READING] = WEIR_EVENT_RESUME_READING,
    [WEIR_VERB_APP_WRITE] = WEIR_EVENT_WRITE,
    [WEIR_VERB_APP_WRITELINES] = WEIR_EVENT_WRITELINES,
    [WEIR_VERB_APP_WRITE_EOF] = WEIR_EVENT_WRITE_EOF,
    [WEIR_VERB_APP_SET_LIMITS] = WEIR_EVENT_SET_LIMITS,
    [WEIR_VERB_APP_SET_PROTOCOL] = WEIR_EVENT_SET_PROTOCOL,
    [WEIR_VERB_APP_IS_CLOSING] = WEIR_EVENT_IS_CLOSING,
    [WEIR_VERB_APP_IS_READING] = WEIR_EVENT_IS_READING,
    [WEIR_VERB_APP_CAN_WRITE_EOF] = WEIR_EVENT_CAN_WRITE_EOF,
    [WEIR_VERB_APP_GET_LIMITS] = WEIR_EVENT_GET_LIMITS,
    [WEIR_VERB_APP_GET_SIZE] = WEIR_EVENT_GET_SIZE,
    [WEIR_VERB_APP_GET_PROTOCOL] = WEIR_EVENT_GET_PROTOCOL,
};

/* How many bytes of the outgoing stream a call stands for. */
static uint64_t call_size(const weir_call *call) {
  if (call->event == WEIR_EVENT_WRITE) return weir_bytes_kind_is_bytes_like(call->option) ? (uint64_t)call->a : 0;
  if (call->event == WEIR_EVENT_WRITELINES) return (uint64_t)(call->a * call->b);
  return 0;
}

static weir_call make_call(weir_probe *probe, const weir_step *step) {
  weir_call call = {
      .event = call_events[step->verb], .option = step->option, .a = step->a, .b = step->b, .offset = probe->accepted};
  if (call.event == WEIR_EVENT_WRITE) call.a = whole_items(call.option, call.a);
  if (call.event == WEIR_EVENT_WRITELINES && step->b == WEIR_NOT_GIVEN) call.b = WEIR_LINE_SIZE_DEFAULT;
  if (call.event == WEIR_EVENT_SET_PROTOCOL) prepare_set_protocol(probe, step, &call);
  return call;
}

static uint32_t record_call(weir_probe *probe, const weir_call *call) {
  weir_record record = {
      .event = (uint8_t)call->event, .connection = probe->connection, .flags = WEIR_FLAG_BEGIN, .a = (uint32_t)call->a};
  switch (call->event) {
  case WEIR_EVENT_GET_BUFFER: return UINT32_MAX; /* resize: nothing that the transport is told */
  case WEIR_EVENT_WRITE:
    record.code = (uint8_t)call->option;
    record.b = call->offset;
    break;
  case WEIR_EVENT_WRITELINES:
    record.code = (uint8_t)call->option;
    record.a = (uint32_t)(call->a * call->b);
    record.b = call->offset;
    break;
  case WEIR_EVENT_SET_PROTOCOL: record.code = (uint8_t)call->b; break;
  case WEIR_EVENT_SET_LIMITS: record.b = (uint32_t)call->b; break;
  default: record.a = 0; break;
  }
  return weir_trace_add(probe->trace, record);
}

/* A step that changes how the callback ends. */
static void decide(weir_frame *frame, const weir_step *step) {
  switch (step->verb) {
  case WEIR_VERB_APP_SIZE:
    frame->decision.size = (uint32_t)step->a;
    frame->decision.kind = step->option;
    break;
  case WEIR_VERB_APP_RETURN: frame->decision.value = step->option == WEIR_BOOLEAN_TRUE; break;
  case WEIR_VERB_APP_RAISE: frame->raise = true; break;
  default: break;
  }
}

static bool is_over(const weir_probe *probe) {
  return probe->trace->closed || probe->trace->full;
}

/* The next call of a frame that has steps. */
static bool take_step(weir_probe *probe, weir_frame *frame, weir_call *call) {
  const weir_step *step;
  while (!is_over(probe) && (step = next_step(probe, frame)) != NULL) {
    if (call_events[step->verb] == 0) {
      decide(frame, step);
      continue;
    }
    weir_simulation_progress(probe->simulation);
    *call = frame->pending = make_call(probe, step);
    frame->call = record_call(probe, call);
    probe->accepted += call_size(call);
    return true;
  }
  if (frame->raise && frame->decision.raise == 0) frame->decision.raise = ++probe->raised;
  return false;
}

bool weir_probe_next(weir_probe *probe, weir_call *call, weir_decision *decision) {
  assert(probe->depth > 0);
  weir_frame *frame = top(probe);
  if (frame == NULL) {
    *decision = (weir_decision){.size = WEIR_BUFFER_SIZE_DEFAULT};
    return false;
  }
  /* Most callbacks of most runs have nothing to do. */
  bool idle = frame->step == 0 && !frame->raise && frame->event != WEIR_EVENT_OUTSIDE;
  bool calls = !idle && take_step(probe, frame, call);
  *decision = frame->decision;
  return calls;
}

void weir_probe_done(weir_probe *probe, weir_outcome outcome) {
  assert(probe->depth > 0 && probe->depth <= WEIR_FRAMES_MAX);
  weir_frame *frame = top(probe);
  const weir_call *call = &frame->pending;
  weir_record end = {
      .event = (uint8_t)call->event, .connection = probe->connection, .flags = WEIR_FLAG_END, .b = outcome.result};
  if (outcome.exception != WEIR_EXCEPTION_NONE) {
    end.flags |= WEIR_FLAG_RAISED;
    end.code = outcome.exception;
    end.a = outcome.number;
    end.b = 0;
    uint64_t size = call_size(call);
    if (probe->accepted == call->offset + size) probe->accepted -= size;
  }
  weir_trace_end(probe->trace, frame->call, end);
}

/* ---- Callbacks end -------------------------------------------------------- */
static weir_record end_record(const weir_probe *probe, const weir_frame *frame, const weir_decision *decision,
                              size_t size) {
  weir_record end = {.event = frame->event,
                     .connection = probe->connection,
                     .flags = (uint8_t)(WEIR_FLAG_END | (frame->protocol << WEIR_FLAG_PROTOCOL_SHIFT))};
  if (decision->raise != 0) {
    end.flags |= WEIR_FLAG_RAISED;
    end.code = WEIR_EXCEPTION_PROBE;
    end.a = decision->raise;
  } else if (frame->event == WEIR_EVENT_GET_BUFFER) {
    end.b = (uint32_t)size | (uint64_t)decision->kind << 56;
  } else if (frame->event == WEIR_EVENT_EOF_RECEIVED) {
    end.b = decision->value;
  }
  return end;
}

void weir_probe_end(weir_probe *probe, const weir_decision *decision, void *base, size_t size) {
  assert(probe->depth > 0);
  weir_frame *frame = top(probe);
  probe->depth--;
  if (frame == NULL) return;
  weir_trace_end(probe->trace, frame->begin, end_record(probe, frame, decision, size));
  if (frame->event == WEIR_EVENT_OUTSIDE) return;
  if (frame->event == WEIR_EVENT_GET_BUFFER) {
    bool usable = decision->raise == 0 && weir_buffer_kind_usable(decision->kind);
    weir_buffers_give(probe, usable ? base : NULL, size, frame->nth);
  }
  weir_simulation_occasion(probe->simulation, weir_occasion_of(frame->event));
}

/* ---- Callbacks that do nothing --------------------------------------------- */
void weir_probe_pass(weir_probe *probe, weir_event event, unsigned protocol, int64_t a, int64_t b, const void *bytes,
                     size_t size) {
  assert(weir_probe_idle(probe, event) && event != WEIR_EVENT_GET_BUFFER);
  const unsigned occasion = weir_occasion_of(event);
  weir_record record = callback_record(probe, event, protocol);
  probe->occurred[occasion]++;
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
  weir_buffers_settle(probe);
  weir_record record = callback_record(probe, WEIR_EVENT_GET_BUFFER, protocol);
  record.flags |= WEIR_FLAG_END;
  record.a = (uint32_t)(int32_t)hint;
  record.b = size | (uint64_t)WEIR_BUFFER_BYTEARRAY << 56;
  (void)weir_trace_add(probe->trace, record);
  if (!weir_buffers_give_usual(probe, base, size, nth)) weir_buffers_give(probe, base, size, nth);
  weir_simulation_occasion(probe->simulation, WEIR_OCCASION_GET_BUFFER);
}

/* ---- Outside -------------------------------------------------------------- */
bool weir_probe_outside(weir_probe *probe) {
  if (probe->depth >= WEIR_FRAMES_MAX || is_over(probe)) return false;
  weir_simulation *simulation = probe->simulation;
  weir_frame *frame = &probe->frames[probe->depth];
  if (!weir_simulation_is_due(simulation) && simulation->app_count == 0) return false;
  size_t due = weir_simulation_take_due(simulation, frame->due, WEIR_DUE_MAX);
  frame->event = WEIR_EVENT_OUTSIDE;
  frame->protocol = 0;
  frame->raise = false;
  frame->step = 0;
  frame->nth = 0;
  frame->decision = (weir_decision){0};
  frame->listed = due != 0;
  frame->first = simulation->app_first;
  frame->count = frame->listed ? (uint16_t)due : simulation->app_count;
  if (!frame->listed) simulation->app_count = 0;
  probe->depth++;
  frame->begin = weir_trace_add(
      probe->trace,
      (weir_record){.event = WEIR_EVENT_OUTSIDE, .connection = probe->connection, .flags = WEIR_FLAG_BEGIN});
  return true;
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
