/* A transport that opens and closes as it should, and does one terrible thing
 * in each of three calls: abort() crashes, pause_reading() never comes back and
 * sleeps, resume_reading() never comes back and works. */
#include <stdlib.h>
#include <unistd.h>

#include "weir/transport.h"

struct weir_transport {
  const weir_host *host;
  weir_socket *socket;
  weir_protocol *protocol;
  bool closing, lost;
};

static void made(void *context) {
  weir_transport *self = context;
  (void)self->protocol->callbacks->connection_made(self->protocol, self);
}

static void lost(void *context) {
  weir_transport *self = context;
  self->lost = true;
  (void)self->protocol->callbacks->connection_lost(self->protocol, WEIR_ERROR_NONE);
  self->host->close(self->socket);
}

static weir_error faulty_open(const weir_host *host, weir_socket *socket, weir_protocol *protocol,
                              weir_transport **transport) {
  weir_transport *self = calloc(1, sizeof *self);
  if (self == NULL) return 12;
  *self = (weir_transport){.host = host, .socket = socket, .protocol = protocol};
  *transport = self;
  (void)host->call_soon(host->loop, made, self);
  return WEIR_ERROR_NONE;
}

static void faulty_release(weir_transport *self) {
  if (!self->lost) self->host->close(self->socket);
  free(self);
}

static weir_error faulty_write(weir_transport *self, const void *bytes, size_t size) {
  (void)self, (void)bytes, (void)size;
  return WEIR_ERROR_NONE;
}

static weir_error faulty_close(weir_transport *self) {
  if (!self->closing) (void)self->host->call_soon(self->host->loop, lost, self);
  self->closing = true;
  return WEIR_ERROR_NONE;
}

static weir_error faulty_abort(weir_transport *self) {
  (void)self;
  abort();
}

static bool faulty_is_closing(weir_transport *self) {
  return self->closing;
}

static weir_error faulty_pause(weir_transport *self) {
  while (!self->closing) (void)pause();
  return WEIR_ERROR_NONE;
}

static weir_error faulty_resume(weir_transport *self) {
  volatile bool *closing = &self->closing;
  while (!*closing) {
  }
  return WEIR_ERROR_NONE;
}

static const weir_transport_calls calls = {
    .size = sizeof calls,
    .open = faulty_open,
    .release = faulty_release,
    .write = faulty_write,
    .close = faulty_close,
    .abort = faulty_abort,
    .is_closing = faulty_is_closing,
    .pause_reading = faulty_pause,
    .resume_reading = faulty_resume,
};

static const weir_target target = {
    .abi = WEIR_ABI,
    .size = sizeof target,
    .name = "faulty",
    .version = "1.2.3",
    .capabilities = WEIR_CAN_PAUSE,
    .transport = &calls,
};

const weir_target *weir_plugin(void) {
  return &target;
}
