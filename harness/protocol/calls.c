/* The transport's calls, as the protocol sees them: noted, judged by R8, and
 * handed on to the reference. */
#include "protocol/drive.h"
#include "reference/reference.h"

static weir_drive *of(weir_transport *transport) {
  return (weir_drive *)(void *)transport;
}

static const weir_transport_calls *real(void) {
  return weir_reference()->transport;
}

/* R8: a call that raised. */
static weir_error judged(weir_drive *self, const char *call, weir_error error) {
  if (error != 0) weir_drive_trouble(self, WEIR_RULE_R8, "%s() is an error here (%d)", call, error);
  return error;
}

/* R8: whether there is still someone to write to. */
static bool may_write(weir_drive *self, const char *call, size_t size) {
  if (!self->lost && !self->closed) return true;
  if (size > 0)
    weir_drive_trouble(self, WEIR_RULE_R8, "%s() of %zu bytes after %s: they are lost", call, size,
                       self->lost ? "the connection is lost" : "close()");
  return false;
}

static weir_error call_write(weir_transport *transport, const void *bytes, size_t size) {
  weir_drive *self = of(transport);
  if (!may_write(self, "write", size)) return 0;
  weir_steps_off(self->steps); /* what the transport does is not the protocol's work */
  weir_error error = real()->write(self->transport, bytes, size);
  if (error == 0) weir_log_wrote(&self->log, bytes, size);
  weir_steps_on(self->steps);
  return judged(self, "write", error);
}

static weir_error call_writelines(weir_transport *transport, const weir_slice *slices, size_t count) {
  weir_drive *self = of(transport);
  size_t total = 0;
  for (size_t i = 0; i < count; i++) total += slices[i].size;
  if (!may_write(self, "writelines", total)) return 0;
  weir_steps_off(self->steps);
  weir_error error = real()->writelines(self->transport, slices, count);
  for (size_t i = 0; i < count && error == 0; i++) weir_log_wrote(&self->log, slices[i].base, slices[i].size);
  weir_steps_on(self->steps);
  return judged(self, "writelines", error);
}

static weir_error call_write_eof(weir_transport *transport) {
  weir_drive *self = of(transport);
  if (self->lost) weir_drive_trouble(self, WEIR_RULE_R8, "write_eof() after the connection is lost");
  if (!self->eof_written && !self->closed && !self->lost) weir_log_note(&self->log, WEIR_ENTRY_EOF_WRITTEN, 0);
  self->eof_written = true;
  return judged(self, "write_eof", real()->write_eof(self->transport));
}

static bool call_can_write_eof(weir_transport *transport) {
  return real()->can_write_eof(of(transport)->transport);
}

/* A second one does nothing (C4), and so is no observation. */
static void note_close(weir_drive *self, weir_entry_type type) {
  if (!self->closed && !self->lost) weir_log_note(&self->log, type, 0);
  self->closed = true;
}

static weir_error call_close(weir_transport *transport) {
  weir_drive *self = of(transport);
  note_close(self, WEIR_ENTRY_CLOSED);
  return real()->close(self->transport);
}

static weir_error call_abort(weir_transport *transport) {
  weir_drive *self = of(transport);
  note_close(self, WEIR_ENTRY_ABORTED);
  return real()->abort(self->transport);
}

static bool call_is_closing(weir_transport *transport) {
  return real()->is_closing(of(transport)->transport);
}

static weir_error call_pause_reading(weir_transport *transport) {
  weir_drive *self = of(transport);
  self->paused = true;
  return judged(self, "pause_reading", real()->pause_reading(self->transport));
}

static weir_error call_resume_reading(weir_transport *transport) {
  weir_drive *self = of(transport);
  self->paused = false;
  return judged(self, "resume_reading", real()->resume_reading(self->transport));
}

static bool call_is_reading(weir_transport *transport) {
  return real()->is_reading(of(transport)->transport);
}

static weir_error call_set_protocol(weir_transport *transport, weir_protocol *protocol) {
  weir_drive *self = of(transport);
  self->protocol = protocol;
  self->base.callbacks = weir_guard_callbacks(self);
  return 0;
}

static weir_protocol *call_get_protocol(weir_transport *transport) {
  return of(transport)->protocol;
}

static weir_error call_set_limits(weir_transport *transport, ptrdiff_t high, ptrdiff_t low) {
  weir_drive *self = of(transport);
  return judged(self, "set_write_buffer_limits", real()->set_write_buffer_limits(self->transport, high, low));
}

static void call_get_limits(weir_transport *transport, size_t *low, size_t *high) {
  real()->get_write_buffer_limits(of(transport)->transport, low, high);
}

static size_t call_get_size(weir_transport *transport) {
  return real()->get_write_buffer_size(of(transport)->transport);
}

void weir_guard_calls(weir_drive *drive) {
  drive->calls = (weir_transport_calls){.size = sizeof drive->calls,
                                        .write = call_write,
                                        .writelines = call_writelines,
                                        .write_eof = call_write_eof,
                                        .can_write_eof = call_can_write_eof,
                                        .close = call_close,
                                        .abort = call_abort,
                                        .is_closing = call_is_closing,
                                        .pause_reading = call_pause_reading,
                                        .resume_reading = call_resume_reading,
                                        .is_reading = call_is_reading,
                                        .set_protocol = call_set_protocol,
                                        .get_protocol = call_get_protocol,
                                        .set_write_buffer_limits = call_set_limits,
                                        .get_write_buffer_limits = call_get_limits,
                                        .get_write_buffer_size = call_get_size};
}
