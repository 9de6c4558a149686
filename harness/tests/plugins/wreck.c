/* A transport that opens and closes as it should, and ruins its process in three
 * calls: abort() writes through a null pointer, three functions deep;
 * pause_reading() runs out of stack; resume_reading() takes memory without end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

static weir_error wreck_open(const weir_host *host, weir_socket *socket, weir_protocol *protocol,
                             weir_transport **transport) {
  weir_transport *self = calloc(1, sizeof *self);
  if (self == NULL) return 12;
  *self = (weir_transport){.host = host, .socket = socket, .protocol = protocol};
  *transport = self;
  (void)host->call_soon(host->loop, made, self);
  return WEIR_ERROR_NONE;
}

static void wreck_release(weir_transport *self) {
  if (!self->lost) self->host->close(self->socket);
  free(self);
}

static weir_error wreck_write(weir_transport *self, const void *bytes, size_t size) {
  (void)self, (void)bytes, (void)size;
  return WEIR_ERROR_NONE;
}

static weir_error wreck_close(weir_transport *self) {
  if (!self->closing) (void)self->host->call_soon(self->host->loop, lost, self);
  self->closing = true;
  return WEIR_ERROR_NONE;
}

static __attribute__((noinline)) void wreck_inner(weir_transport *self) {
  volatile int *volatile nowhere = NULL;
  *nowhere = self->closing; /* NOLINT(clang-analyzer-core.NullDereference): that is what it is for */
}

static __attribute__((noinline)) void wreck_outer(weir_transport *self) {
  wreck_inner(self);
  self->lost = true;
}

static weir_error wreck_abort(weir_transport *self) {
  wreck_outer(self);
  return self->lost ? WEIR_ERROR_NONE : 1;
}

static bool wreck_is_closing(weir_transport *self) {
  return self->closing;
}

/* NOLINTNEXTLINE(misc-no-recursion): that is what it is for */
static __attribute__((noinline)) size_t wreck_stack(volatile const char *above, size_t depth) {
  volatile char here[1000];
  for (size_t i = 0; i < sizeof here; i++) here[i] = (char)(above[i] + 1);
  return depth == 0 ? 0 : wreck_stack(here, depth - 1) + (size_t)here[depth % sizeof here];
}

static weir_error wreck_pause(weir_transport *self) {
  const char above[1000] = {0};
  return wreck_stack(above, SIZE_MAX - self->closing) == 1 ? WEIR_ERROR_NONE : 1;
}

static weir_error wreck_resume(weir_transport *self) {
  enum { PIECE = 1 << 20 };
  while (!self->closing) {
    char *piece = malloc(PIECE);
    if (piece != NULL) memset(piece, 1, PIECE);
  }
  return WEIR_ERROR_NONE;
}

static const weir_transport_calls calls = {
    .size = sizeof calls,
    .open = wreck_open,
    .release = wreck_release,
    .write = wreck_write,
    .close = wreck_close,
    .abort = wreck_abort,
    .is_closing = wreck_is_closing,
    .pause_reading = wreck_pause,
    .resume_reading = wreck_resume,
};

static const weir_target target = {
    .abi = WEIR_ABI,
    .size = sizeof target,
    .name = "wreck",
    .version = "1",
    .capabilities = WEIR_CAN_PAUSE,
    .transport = &calls,
};

const weir_target *weir_plugin(void) {
  return &target;
}
