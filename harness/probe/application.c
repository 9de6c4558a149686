/* The application: the stack of callbacks under way, of all connections, and
 * the steps that are taken in them. */
#include <assert.h>
#include <string.h>

#include "probe/buffers.h"
#include "probe/probe.h"
#include "weir/transport.h"

void weir_application_init(weir_application *application, weir_network *network, uint32_t capabilities) {
  memset(application, 0, offsetof(weir_application, raised_by));
  application->network = network;
  application->capabilities = capabilities;
}

unsigned weir_application_blame(const weir_application *application, weir_exception exception, uint32_t number) {
  const bool known = exception == WEIR_EXCEPTION_PROBE && number > 0 && number <= application->raised &&
                     application->raised - number < WEIR_RAISES_KEPT;
  return known ? application->raised_by[number % WEIR_RAISES_KEPT] : application->latest;
}

/* ---- Steps ---------------------------------------------------------------- */
/* The next step of a frame that applies, or NULL. */
static const weir_step *next_step(weir_frame *frame) {
  const weir_probe *probe = frame->probe;
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
    [WEIR_VERB_APP_OPEN] = WEIR_EVENT_OPEN,
};

/* How many bytes of the outgoing stream a call stands for. */
static uint64_t call_size(const weir_call *call) {
  if (call->event == WEIR_EVENT_WRITE) return weir_bytes_kind_is_bytes_like(call->option) ? (uint64_t)call->a : 0;
  if (call->event == WEIR_EVENT_WRITELINES) return (uint64_t)(call->a * call->b);
  return 0;
}

static weir_call make_call(weir_probe *probe, const weir_step *step) {
  weir_call call = {.event = call_events[step->verb],
                    .option = step->option,
                    .a = step->a,
                    .b = step->b,
                    .offset = probe->accepted,
                    .connection = probe->connection};
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

static bool is_over(const weir_trace *trace) {
  return trace->closed || trace->full;
}

/* The next call on a transport that there is: one whose callback this is has made
 * itself known by it, and the first must be there before anybody has nothing to do. */
static bool make_step(weir_application *application, weir_frame *frame, const weir_step *step) {
  weir_probe *probe = application->probes[step->connection];
  bool certain = probe == frame->probe && (frame->event != WEIR_EVENT_OUTSIDE || probe->connection == 0);
  if (probe == NULL || !(certain || probe->made)) return false;
  frame->pending = make_call(probe, step);
  frame->call = record_call(probe, &frame->pending);
  probe->accepted += call_size(&frame->pending);
  return true;
}

/* Opens once, and where the target can.  Recorded by the new connection's probe. */
static bool make_open(weir_application *application, weir_frame *frame, const weir_step *step) {
  if (application->probes[step->connection] != NULL || !(application->capabilities & WEIR_CAN_CONNECTIONS))
    return false;
  frame->pending = (weir_call){.event = WEIR_EVENT_OPEN, .connection = step->connection};
  frame->call = UINT32_MAX;
  return true;
}

static void number_raise(weir_application *application, weir_frame *frame) {
  if (!frame->raise || frame->decision.raise != 0) return;
  frame->decision.raise = ++application->raised;
  application->raised_by[application->raised % WEIR_RAISES_KEPT] = frame->probe->connection;
}

/* The next call of a frame that has steps. */
static bool take_step(weir_application *application, weir_frame *frame, weir_call *call) {
  const weir_step *step;
  while (!is_over(application->network->trace) && (step = next_step(frame)) != NULL) {
    if (call_events[step->verb] == 0) {
      decide(frame, step);
      continue;
    }
    const bool opens = step->verb == WEIR_VERB_APP_OPEN;
    if (!(opens ? make_open(application, frame, step) : make_step(application, frame, step))) continue;
    application->network->progress = true;
    *call = frame->pending;
    return true;
  }
  number_raise(application, frame);
  return false;
}

bool weir_application_next(weir_application *application, weir_call *call, weir_decision *decision) {
  assert(application->depth > 0);
  weir_frame *frame = weir_application_top(application);
  if (frame == NULL) {
    *decision = (weir_decision){.size = WEIR_BUFFER_SIZE_DEFAULT};
    return false;
  }
  /* Most callbacks of most runs have nothing to do. */
  bool idle = frame->step == 0 && !frame->raise && frame->event != WEIR_EVENT_OUTSIDE;
  bool calls = !idle && take_step(application, frame, call);
  *decision = frame->decision;
  return calls;
}

void weir_application_done(weir_application *application, weir_outcome outcome) {
  weir_frame *frame = weir_application_top(application);
  assert(frame != NULL);
  const weir_call *call = &frame->pending;
  if (call->event == WEIR_EVENT_OPEN) return;
  weir_probe *probe = application->probes[call->connection];
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

void weir_application_end(weir_application *application, const weir_decision *decision, void *base, size_t size) {
  assert(application->depth > 0);
  weir_frame *frame = weir_application_top(application);
  application->depth--;
  if (frame == NULL) return;
  weir_probe *probe = frame->probe;
  weir_trace_end(probe->trace, frame->begin, end_record(probe, frame, decision, size));
  if (frame->event == WEIR_EVENT_OUTSIDE) return;
  if (frame->event == WEIR_EVENT_GET_BUFFER) {
    bool usable = decision->raise == 0 && weir_buffer_kind_usable(decision->kind);
    weir_buffers_give(probe, usable ? base : NULL, size, frame->nth);
  }
  weir_simulation_occasion(probe->simulation, weir_occasion_of(frame->event));
}

/* ---- Outside -------------------------------------------------------------- */
/* The connection that the first of the steps is about; `open` is of one that
 * has no probe yet. */
static weir_probe *probe_outside(const weir_application *application, const weir_frame *frame) {
  const weir_step *steps = application->network->scenario->steps;
  weir_probe *probe = application->probes[steps[frame->listed ? frame->due[0] : frame->first].connection];
  return probe != NULL ? probe : application->probes[0];
}

bool weir_application_outside(weir_application *application) {
  weir_network *network = application->network;
  if (application->depth >= WEIR_FRAMES_MAX || is_over(network->trace)) return false;
  if (!weir_network_is_due(network) && network->app_count == 0) return false;
  weir_frame *frame = &application->frames[application->depth];
  size_t due = weir_network_take_due(network, frame->due, WEIR_DUE_MAX);
  frame->event = WEIR_EVENT_OUTSIDE;
  frame->protocol = 0;
  frame->raise = false;
  frame->step = 0;
  frame->nth = 0;
  frame->decision = (weir_decision){0};
  frame->listed = due != 0;
  frame->first = network->app_first;
  frame->count = frame->listed ? (uint16_t)due : network->app_count;
  if (!frame->listed) network->app_count = 0;
  frame->probe = probe_outside(application, frame);
  application->depth++;
  frame->begin = weir_trace_add(
      network->trace,
      (weir_record){.event = WEIR_EVENT_OUTSIDE, .connection = frame->probe->connection, .flags = WEIR_FLAG_BEGIN});
  return true;
}
