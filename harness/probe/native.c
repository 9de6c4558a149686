#include "probe/native.h"

#include <stdlib.h>
#include <string.h>

#include "probe/poison.h"

enum {
  /* Buffers given one behind the other do not lie at the same place of a page:
   * what was just written there would hold up what is read here. */
  APART = 768,
  SLOT_SIZE = WEIR_SIZE_MAX + 2 * WEIR_CANARY_SIZE + APART
};

bool weir_native_run_new(weir_native_run *run) {
  run->outgoing = malloc((size_t)WEIR_FRAMES_MAX * WEIR_NATIVE_WRITE_MAX);
  return run->outgoing != NULL;
}

void weir_native_run_free(weir_native_run *run) {
  free(run->outgoing);
  run->outgoing = NULL;
}

bool weir_native_new(weir_native *native) {
  native->buffers = malloc((size_t)WEIR_NATIVE_SLOTS * SLOT_SIZE);
  return native->buffers != NULL;
}

void weir_native_free(weir_native *native) {
  free(native->buffers);
  native->buffers = NULL;
}

/* ---- Buffers and their canaries ------------------------------------------- */
static inline bool is_whole(const weir_native_given *given) {
  return weir_poison_whole(given->base - WEIR_CANARY_SIZE, WEIR_CANARY_SIZE, WEIR_CANARY) &&
         weir_poison_whole(given->base + given->size, WEIR_CANARY_SIZE, WEIR_CANARY);
}

/* How many of the canary's bytes are whole, from its beginning. */
static size_t intact(const uint8_t *canary) {
  size_t at = 0;
  while (at < WEIR_CANARY_SIZE && canary[at] == WEIR_CANARY) at++;
  return at;
}

static void note_touched(weir_native *native, int64_t byte) {
  (void)weir_trace_add(native->probe.trace, (weir_record){.event = WEIR_EVENT_BUFFER_TOUCHED,
                                                          .connection = native->probe.connection,
                                                          .a = native->given.nth,
                                                          .b = (uint64_t)byte});
}

static void paint_canaries(const weir_native_given *given) {
  weir_poison_fill(given->base - WEIR_CANARY_SIZE, WEIR_CANARY_SIZE, WEIR_CANARY);
  weir_poison_fill(given->base + given->size, WEIR_CANARY_SIZE, WEIR_CANARY);
}

/* Looks at the canaries of the buffer given last: inside buffer_updated bytes
 * behind it are the tail of what was received (B5), at any other time somebody
 * wrote outside his span (B6). */
static void check_canaries(weir_native *native, bool in_buffer_updated) {
  const weir_native_given *given = &native->given;
  if (given->base == NULL) return;
  if (is_whole(given)) return;
  size_t before = intact(given->base - WEIR_CANARY_SIZE);
  size_t behind = intact(given->base + given->size);
  if (before < WEIR_CANARY_SIZE) note_touched(native, (int64_t)before - WEIR_CANARY_SIZE);
  if (behind < WEIR_CANARY_SIZE && !in_buffer_updated) note_touched(native, (int64_t)(given->size + behind));
  if (behind < WEIR_CANARY_SIZE && in_buffer_updated)
    (void)weir_trace_add(native->probe.trace, (weir_record){.event = WEIR_EVENT_BUFFER_TAIL,
                                                            .connection = native->probe.connection,
                                                            .a = (uint32_t)(given->size + behind)});
  paint_canaries(given);
}

/* The memory that was given longest ago, which the core has forgotten. */
static inline void take_slot(weir_native *native, size_t size, weir_buffer *buffer) {
  native->slot = (native->slot + 1) % WEIR_NATIVE_SLOTS;
  buffer->base = native->buffers + (size_t)native->slot * SLOT_SIZE + WEIR_CANARY_SIZE;
  buffer->size = size;
  native->given =
      (weir_native_given){.base = buffer->base, .size = size, .nth = native->probe.occurred[WEIR_OCCASION_GET_BUFFER]};
  paint_canaries(&native->given);
}

static void make_buffer(weir_native *native, const weir_decision *decision, weir_buffer *buffer) {
  size_t size = decision->kind == WEIR_BUFFER_ARRAY ? decision->size & ~3u : decision->size;
  *buffer = (weir_buffer){.size = size};
  native->given.base = NULL;
  if (weir_buffer_kind_usable(decision->kind)) take_slot(native, size, buffer);
}

/* ---- Callbacks ------------------------------------------------------------ */
static weir_error error_of(const weir_decision *decision) {
  return decision->raise == 0 ? 0 : WEIR_RAISED_BY_PROBE - (weir_error)decision->raise;
}

static weir_decision take_steps(weir_native_run *run) {
  weir_call call;
  weir_decision decision;
  while (weir_application_next(&run->application, &call, &decision))
    weir_application_done(&run->application, weir_native_make(run, &call));
  return decision;
}

static weir_native_protocol *self(weir_protocol *protocol) {
  return (weir_native_protocol *)protocol;
}

/* Nothing is to be done in this callback, and the canaries have nothing to tell. */
static inline bool passes(const weir_native *native, weir_event event) {
  return weir_probe_idle(&native->probe, event) && (native->given.base == NULL || is_whole(&native->given));
}

static void begin(weir_native_protocol *protocol, weir_event event, int64_t a, int64_t b) {
  weir_probe_begin(&protocol->native->probe, event, protocol->number, a, b, NULL, 0);
}

static weir_error finish(weir_native *native) {
  weir_decision decision = take_steps(native->run);
  weir_application_end(&native->run->application, &decision, NULL, 0);
  return error_of(&decision);
}

static weir_error connection_made(weir_protocol *protocol, weir_transport *transport) {
  weir_native *native = self(protocol)->native;
  if (native->transport == NULL) native->transport = transport;
  begin(self(protocol), WEIR_EVENT_CONNECTION_MADE, 0, 0);
  return finish(native);
}

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  weir_native *native = self(protocol)->native;
  if (passes(native, WEIR_EVENT_GET_BUFFER)) {
    take_slot(native, WEIR_BUFFER_SIZE_DEFAULT, buffer);
    weir_probe_pass_buffer(&native->probe, self(protocol)->number, hint, buffer->base);
    native->given.nth = native->probe.occurred[WEIR_OCCASION_GET_BUFFER];
    return 0;
  }
  begin(self(protocol), WEIR_EVENT_GET_BUFFER, hint, 0);
  check_canaries(native, false);
  weir_decision decision = take_steps(native->run);
  *buffer = (weir_buffer){0};
  if (decision.raise == 0) make_buffer(native, &decision, buffer);
  weir_application_end(&native->run->application, &decision, buffer->base, buffer->size);
  return error_of(&decision);
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  weir_native *native = self(protocol)->native;
  if (passes(native, WEIR_EVENT_BUFFER_UPDATED)) {
    weir_probe_pass(&native->probe, WEIR_EVENT_BUFFER_UPDATED, self(protocol)->number, (int64_t)nbytes, 0, NULL, 0);
    return 0;
  }
  begin(self(protocol), WEIR_EVENT_BUFFER_UPDATED, (int64_t)nbytes, 0);
  check_canaries(native, true);
  return finish(native);
}

static weir_error data_received(weir_protocol *protocol, const void *data, size_t size) {
  weir_native *native = self(protocol)->native;
  weir_probe_begin(&native->probe, WEIR_EVENT_DATA_RECEIVED, self(protocol)->number, 0, 0, data, size);
  return finish(native);
}

static weir_error eof_received(weir_protocol *protocol, bool *keep_open) {
  weir_native *native = self(protocol)->native;
  begin(self(protocol), WEIR_EVENT_EOF_RECEIVED, 0, 0);
  weir_decision decision = take_steps(native->run);
  *keep_open = decision.value != 0;
  weir_application_end(&native->run->application, &decision, NULL, 0);
  return error_of(&decision);
}

static weir_error connection_lost(weir_protocol *protocol, weir_error error) {
  weir_outcome outcome = weir_native_outcome(error);
  begin(self(protocol), WEIR_EVENT_CONNECTION_LOST, outcome.exception, outcome.number);
  return finish(self(protocol)->native);
}

static weir_error pause_writing(weir_protocol *protocol) {
  begin(self(protocol), WEIR_EVENT_PAUSE_WRITING, 0, 0);
  return finish(self(protocol)->native);
}

static weir_error resume_writing(weir_protocol *protocol) {
  begin(self(protocol), WEIR_EVENT_RESUME_WRITING, 0, 0);
  return finish(self(protocol)->native);
}

static const weir_protocol_callbacks buffered = {
    .size = sizeof buffered,
    .connection_made = connection_made,
    .get_buffer = get_buffer,
    .buffer_updated = buffer_updated,
    .eof_received = eof_received,
    .connection_lost = connection_lost,
    .pause_writing = pause_writing,
    .resume_writing = resume_writing,
};

static const weir_protocol_callbacks plain = {
    .size = sizeof plain,
    .connection_made = connection_made,
    .data_received = data_received,
    .eof_received = eof_received,
    .connection_lost = connection_lost,
    .pause_writing = pause_writing,
    .resume_writing = resume_writing,
};

/* ---- Protocol objects ----------------------------------------------------- */
weir_protocol *weir_native_protocol_object(weir_native *native, unsigned number) {
  weir_native_protocol *protocol = &native->protocols[number];
  *protocol = (weir_native_protocol){.base.callbacks = native->probe.protocol_plain[number] ? &plain : &buffered,
                                     .native = native,
                                     .number = (uint8_t)number};
  return &protocol->base;
}

/* ---- A run ---------------------------------------------------------------- */
void weir_native_run_init(weir_native_run *run, const weir_transport_calls *calls, weir_network *network,
                          uint32_t capabilities) {
  weir_application_init(&run->application, network, capabilities);
  run->calls = calls;
  memset(run->natives, 0, sizeof run->natives);
}

void weir_native_init(weir_native *native, weir_native_run *run, unsigned connection) {
  weir_probe_init(&native->probe, &run->application, connection);
  native->run = run;
  run->natives[connection] = native;
  native->transport = NULL;
  native->given = (weir_native_given){0};
  native->slot = 0;
}

weir_protocol *weir_native_first(weir_native *native) {
  return weir_native_protocol_object(native, 0);
}

void weir_native_outside(weir_native_run *run) {
  while (weir_application_outside(&run->application)) {
    weir_decision decision = take_steps(run);
    weir_application_end(&run->application, &decision, NULL, 0);
  }
}

void weir_native_exception(weir_native *native, weir_error error) {
  weir_outcome outcome = weir_native_outcome(error);
  weir_probe_exception(&native->probe, outcome.exception, outcome.number);
}

void weir_native_finish(weir_native *native) {
  check_canaries(native, false);
  weir_probe_finish(&native->probe);
}
