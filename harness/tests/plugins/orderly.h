/* A transport that opens and closes as it should, and does nothing else: what
 * plug-ins have in common that do something terrible in some other call. */
#ifndef ORDERLY_H
#define ORDERLY_H

#include <stdlib.h>

#include "weir/transport.h"

struct weir_transport {
  const weir_host *host;
  weir_socket *socket;
  weir_protocol *protocol;
  bool closing, lost;
};

static inline void orderly_made(void *context) {
  weir_transport *self = context;
  (void)self->protocol->callbacks->connection_made(self->protocol, self);
}

static inline void orderly_lost(void *context) {
  weir_transport *self = context;
  self->lost = true;
  (void)self->protocol->callbacks->connection_lost(self->protocol, WEIR_ERROR_NONE);
  self->host->close(self->socket);
}

static inline weir_error orderly_open(const weir_host *host, weir_socket *socket, weir_protocol *protocol,
                                      weir_transport **transport) {
  weir_transport *self = calloc(1, sizeof *self);
  if (self == NULL) return 12;
  *self = (weir_transport){.host = host, .socket = socket, .protocol = protocol};
  *transport = self;
  (void)host->call_soon(host->loop, orderly_made, self);
  return WEIR_ERROR_NONE;
}

static inline void orderly_release(weir_transport *self) {
  if (!self->lost) self->host->close(self->socket);
  free(self);
}

static inline weir_error orderly_write(weir_transport *self, const void *bytes, size_t size) {
  (void)self, (void)bytes, (void)size;
  return WEIR_ERROR_NONE;
}

static inline weir_error orderly_close(weir_transport *self) {
  if (!self->closing) (void)self->host->call_soon(self->host->loop, orderly_lost, self);
  self->closing = true;
  return WEIR_ERROR_NONE;
}

static inline bool orderly_is_closing(weir_transport *self) {
  return self->closing;
}

/* Exports a transport with these, abort(), pause_reading() and resume_reading(). */
#define ORDERLY_PLUGIN(called, its_version, aborts, pauses, resumes)                                                   \
  const weir_target *weir_plugin(void) {                                                                               \
    static const weir_transport_calls calls = {.size = sizeof calls,                                                   \
                                               .open = orderly_open,                                                   \
                                               .release = orderly_release,                                             \
                                               .write = orderly_write,                                                 \
                                               .close = orderly_close,                                                 \
                                               .is_closing = orderly_is_closing,                                       \
                                               .abort = (aborts),                                                      \
                                               .pause_reading = (pauses),                                              \
                                               .resume_reading = (resumes)};                                           \
    static const weir_target target = {.abi = WEIR_ABI,                                                                \
                                       .size = sizeof target,                                                          \
                                       .name = (called),                                                               \
                                       .version = (its_version),                                                       \
                                       .capabilities = WEIR_CAN_PAUSE,                                                 \
                                       .transport = &calls};                                                           \
    return &target;                                                                                                    \
  }                                                                                                                    \
  typedef int orderly_needs_a_semicolon

#endif
