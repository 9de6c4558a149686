#include "session.h"

session *session_new(size_t size, const weir_protocol_callbacks *callbacks, const weir_observer *observer,
                     const weir_transport_calls *calls) {
  session *made = observer->reallocate(observer->log, NULL, size);
  if (made == NULL) return NULL;
  memset(made, 0, size);
  made->protocol.callbacks = callbacks;
  made->observer = observer;
  made->calls = calls;
  return made;
}

void session_free(weir_protocol *protocol) {
  session *old = (session *)protocol;
  session_take(old, old, 0);
}

void *session_take(session *self, void *memory, size_t size) {
  return self->observer->reallocate(self->observer->log, memory, size);
}

void session_data(session *self, const char *kind, const void *bytes, size_t size) {
  if (size > 0) self->observer->data(self->observer->log, kind, bytes, size);
}

void session_event(session *self, const char *kind, const void *bytes, size_t size) {
  self->observer->event(self->observer->log, kind, bytes, size);
}

void session_say(session *self, const char *kind, const char *text) {
  session_event(self, kind, text, text != NULL ? strlen(text) : 0);
}

void session_fail(session *self, int64_t code, uint64_t position, const char *text) {
  if (self->closed) return;
  self->closed = true;
  self->observer->error(self->observer->log, code, position, text);
  if (self->transport != NULL) (void)self->calls->abort(self->transport);
}

void session_write(session *self, const void *bytes, size_t size) {
  if (self->transport != NULL && !self->closed) (void)self->calls->write(self->transport, bytes, size);
}

void session_close(session *self) {
  if (self->closed) return;
  self->closed = true;
  if (self->transport != NULL) (void)self->calls->close(self->transport);
}

weir_error session_made(weir_protocol *protocol, weir_transport *transport) {
  ((session *)protocol)->transport = transport;
  return WEIR_ERROR_NONE;
}

weir_error session_eof(weir_protocol *protocol, bool *keep_open) {
  (void)protocol;
  *keep_open = false;
  return WEIR_ERROR_NONE;
}

weir_error session_lost(weir_protocol *protocol, weir_error error) {
  session *self = (session *)protocol;
  (void)error;
  self->closed = true;
  self->transport = NULL;
  return WEIR_ERROR_NONE;
}

weir_error session_no_pause(weir_protocol *protocol) {
  (void)protocol;
  return WEIR_ERROR_NONE;
}
