/* The transport calls that a step asks for, made through the target's table. */
#include <assert.h>
#include <string.h>

#include "probe/native.h"
#include "weir/payload.h"

enum { SLICES_MAX = 2 * WEIR_LINES_MAX + 1 /* elements, and holes around them */ };

weir_outcome weir_native_outcome(weir_error error) {
  if (error > 0) return (weir_outcome){.exception = WEIR_EXCEPTION_OS, .number = (uint32_t)error};
  if (error < WEIR_RAISED_BY_PROBE)
    return (weir_outcome){.exception = WEIR_EXCEPTION_PROBE,
                          .number = (uint32_t)(WEIR_RAISED_BY_PROBE - (int64_t)error)};
  switch (error) {
  case WEIR_ERROR_NONE: return (weir_outcome){.exception = WEIR_EXCEPTION_NONE};
  case WEIR_ERROR_TYPE: return (weir_outcome){.exception = WEIR_EXCEPTION_TYPE};
  case WEIR_ERROR_VALUE: return (weir_outcome){.exception = WEIR_EXCEPTION_VALUE};
  case WEIR_ERROR_STATE: return (weir_outcome){.exception = WEIR_EXCEPTION_RUNTIME};
  case WEIR_ERROR_UNSUPPORTED: return (weir_outcome){.exception = WEIR_EXCEPTION_UNSUPPORTED};
  case WEIR_ERROR_INTERNAL: return (weir_outcome){.exception = WEIR_EXCEPTION_INTERNAL};
  default: return (weir_outcome){.exception = WEIR_EXCEPTION_OTHER};
  }
}

static weir_outcome answer(uint64_t result) {
  return (weir_outcome){.result = result};
}

static uint8_t *outgoing_memory(weir_native *native) {
  return native->run->outgoing + (size_t)(native->run->application.depth - 1) * WEIR_NATIVE_WRITE_MAX;
}

static weir_outcome call_write(weir_native *native, const weir_call *call) {
  const weir_transport_calls *calls = native->run->calls;
  if (calls->write == NULL) return weir_native_outcome(WEIR_ERROR_UNSUPPORTED);
  size_t size = (size_t)call->a;
  if (!weir_bytes_kind_is_bytes_like(call->option))
    return weir_native_outcome(calls->write(native->transport, NULL, size > 0 ? size : 1));
  uint8_t *bytes = outgoing_memory(native);
  weir_payload_fill(weir_stream_outgoing(native->probe.connection), call->offset, bytes, size);
  weir_error error = calls->write(native->transport, bytes, size);
  if (call->option == WEIR_BYTES_REUSED) memset(bytes, WEIR_POISON, size);
  return weir_native_outcome(error);
}

static weir_outcome call_writelines(weir_native *native, const weir_call *call) {
  const weir_transport_calls *calls = native->run->calls;
  if (calls->writelines == NULL) return weir_native_outcome(WEIR_ERROR_UNSUPPORTED);
  size_t elements = (size_t)call->a, size = (size_t)call->b, count = 0;
  assert(elements <= WEIR_LINES_MAX && elements * size <= WEIR_NATIVE_WRITE_MAX);
  bool holes = call->option == WEIR_LINES_HOLES;
  uint8_t *bytes = outgoing_memory(native);
  weir_payload_fill(weir_stream_outgoing(native->probe.connection), call->offset, bytes, elements * size);
  weir_slice slices[SLICES_MAX];
  for (size_t i = 0; i < elements; i++) {
    if (holes) slices[count++] = (weir_slice){.base = bytes};
    slices[count++] = (weir_slice){.base = bytes + i * size, .size = size};
  }
  if (holes) slices[count++] = (weir_slice){.base = bytes};
  return weir_native_outcome(calls->writelines(native->transport, slices, count));
}

static weir_outcome call_set_protocol(weir_native *native, const weir_call *call) {
  if (native->run->calls->set_protocol == NULL) return weir_native_outcome(WEIR_ERROR_UNSUPPORTED);
  weir_protocol *protocol = weir_native_protocol_object(native, (unsigned)call->a);
  return weir_native_outcome(native->run->calls->set_protocol(native->transport, protocol));
}

static weir_outcome call_get_protocol(weir_native *native) {
  if (native->run->calls->get_protocol == NULL) return weir_native_outcome(WEIR_ERROR_UNSUPPORTED);
  const weir_protocol *protocol = native->run->calls->get_protocol(native->transport);
  for (unsigned i = 0; i < native->probe.protocol_count; i++)
    if (protocol == &native->protocols[i].base) return answer(i);
  return answer(255);
}

static uint32_t saturated(size_t size) {
  return size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
}

static weir_outcome call_get_limits(weir_native *native) {
  if (native->run->calls->get_write_buffer_limits == NULL) return weir_native_outcome(WEIR_ERROR_UNSUPPORTED);
  size_t low = 0, high = 0;
  native->run->calls->get_write_buffer_limits(native->transport, &low, &high);
  return answer(saturated(low) | (uint64_t)saturated(high) << 32);
}

static ptrdiff_t limit_of(int64_t given) {
  return given == WEIR_NOT_GIVEN ? WEIR_LIMIT_DEFAULT : (ptrdiff_t)given;
}

static weir_outcome call_set_limits(weir_native *native, const weir_call *call) {
  if (native->run->calls->set_write_buffer_limits == NULL) return weir_native_outcome(WEIR_ERROR_UNSUPPORTED);
  return weir_native_outcome(
      native->run->calls->set_write_buffer_limits(native->transport, limit_of(call->a), limit_of(call->b)));
}

/* Calls of the shapes that several have. */
static weir_outcome call_plain(weir_native *native, weir_error (*function)(weir_transport *)) {
  return weir_native_outcome(function == NULL ? WEIR_ERROR_UNSUPPORTED : function(native->transport));
}

static weir_outcome call_ask(weir_native *native, bool (*function)(weir_transport *)) {
  if (function == NULL) return weir_native_outcome(WEIR_ERROR_UNSUPPORTED);
  return answer(function(native->transport));
}

static weir_outcome call_get_size(weir_native *native) {
  if (native->run->calls->get_write_buffer_size == NULL) return weir_native_outcome(WEIR_ERROR_UNSUPPORTED);
  return answer(native->run->calls->get_write_buffer_size(native->transport));
}

/* B7: the memory that the transport was given is the probe's again. */
static weir_outcome resize(weir_native *native) {
  if (native->given.base != NULL) weir_probe_withdraw(&native->probe, native->given.base);
  native->given.base = NULL;
  return answer(0);
}

weir_outcome weir_native_make(weir_native_run *run, const weir_call *call) {
  if (call->event == WEIR_EVENT_OPEN) {
    run->open(run->context, call->connection);
    return answer(0);
  }
  const weir_transport_calls *calls = run->calls;
  weir_native *native = run->natives[call->connection];
  if (call->event == WEIR_EVENT_GET_BUFFER) return resize(native);
  if (native->transport == NULL) return weir_native_outcome(WEIR_ERROR_INTERNAL); /* called before there is one (L1) */
  switch (call->event) {
  case WEIR_EVENT_WRITE: return call_write(native, call);
  case WEIR_EVENT_WRITELINES: return call_writelines(native, call);
  case WEIR_EVENT_WRITE_EOF: return call_plain(native, calls->write_eof);
  case WEIR_EVENT_CAN_WRITE_EOF: return call_ask(native, calls->can_write_eof);
  case WEIR_EVENT_CLOSE: return call_plain(native, calls->close);
  case WEIR_EVENT_ABORT: return call_plain(native, calls->abort);
  case WEIR_EVENT_IS_CLOSING: return call_ask(native, calls->is_closing);
  case WEIR_EVENT_PAUSE_READING: return call_plain(native, calls->pause_reading);
  case WEIR_EVENT_RESUME_READING: return call_plain(native, calls->resume_reading);
  case WEIR_EVENT_IS_READING: return call_ask(native, calls->is_reading);
  case WEIR_EVENT_SET_PROTOCOL: return call_set_protocol(native, call);
  case WEIR_EVENT_GET_PROTOCOL: return call_get_protocol(native);
  case WEIR_EVENT_SET_LIMITS: return call_set_limits(native, call);
  case WEIR_EVENT_GET_LIMITS: return call_get_limits(native);
  case WEIR_EVENT_GET_SIZE: return call_get_size(native);
  default: return weir_native_outcome(WEIR_ERROR_UNSUPPORTED);
  }
}
