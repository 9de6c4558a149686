/* A stream transport in one file: the smallest that keeps every rule.
 *
 * The idea: whatever happens only changes the fields of struct weir_transport,
 * and settle(), called last, brings the socket in line with them.  There is one
 * place that reads, one that sends, one that ends.
 *
 *   made      connection_made has returned; reading may start
 *   paused    pause_reading() was called last, not resume_reading()
 *   got_eof   the peer has ended its side
 *   closing   close() or worse: nothing is received any more
 *   doomed    connection_lost(reason) is queued, and the last thing to happen
 *   out       what the socket has not taken yet: out_size bytes */
#include <errno.h>
#include <string.h>

#include "weir/transport.h"

enum { PLAIN_SIZE = 16384, HIGH_DEFAULT = 65536 };

struct weir_transport {
  const weir_host *host;
  weir_socket *socket;
  weir_protocol *protocol;
  bool made, paused, got_eof, closing, doomed;
  bool wrote_eof, shut; /* write_eof() was called; the socket knows */
  bool full;            /* pause_writing() was called last, not resume_writing() */
  unsigned watched;
  weir_error reason;
  char *out;
  size_t out_size, out_room, high, low;
  char in[PLAIN_SIZE]; /* for plain protocols */
};

static void on_ready(void *context, unsigned ready);

/* ---- The end -------------------------------------------------------------- */
static void close_socket(weir_transport *self) {
  if (self->socket == NULL) return;
  (void)self->host->watch(self->host->loop, self->socket, 0, NULL, NULL);
  self->host->close(self->socket);
  self->socket = NULL;
}

static void on_lost(void *context) {
  weir_transport *self = context;
  weir_error error = self->protocol->callbacks->connection_lost(self->protocol, self->reason);
  if (error != 0) self->host->exception(self->host->loop, error, "connection_lost raised");
  close_socket(self);
}

/* The connection is over, for this reason; the first one counts. */
static void doom(weir_transport *self, weir_error reason) {
  if (self->doomed) return;
  self->closing = self->doomed = true;
  self->reason = reason;
  self->out_size = 0;
  /* Never from in here: the application may be in the middle of a write(). */
  if (self->host->call_soon(self->host->loop, on_lost, self) != 0) on_lost(self);
}

/* A callback raised, or gave us something useless. */
static void blame(weir_transport *self, weir_error error, const char *message) {
  self->host->exception(self->host->loop, error, message);
  doom(self, error);
}

static bool comes_back(ptrdiff_t result) {
  return result == -EAGAIN || result == -EINTR;
}

/* ---- Bringing the socket in line ------------------------------------------ */
static bool may_read(const weir_transport *self) {
  return self->made && !self->paused && !self->got_eof && !self->closing;
}

static void settle(weir_transport *self) {
  if (self->socket == NULL) return;
  if (self->out_size == 0 && self->wrote_eof && !self->shut && !self->closing) {
    self->shut = true;
    int result = self->host->shutdown(self->socket);
    if (result != 0) doom(self, -result);
  }
  if (self->out_size == 0 && self->closing) doom(self, 0);
  unsigned wanted = (may_read(self) ? WEIR_READABLE : 0u) | (self->out_size > 0 ? WEIR_WRITABLE : 0u);
  if (wanted == self->watched) return;
  self->watched = wanted;
  int result = self->host->watch(self->host->loop, self->socket, wanted, on_ready, self);
  if (result != 0) doom(self, -result);
}

/* ---- Reading -------------------------------------------------------------- */
/* Where to receive into.  False: nowhere now. */
static bool find_room(weir_transport *self, weir_protocol *protocol, weir_buffer *room) {
  if (!weir_protocol_is_buffered(protocol)) {
    *room = (weir_buffer){.base = self->in, .size = sizeof self->in};
    return true;
  }
  weir_error error = protocol->callbacks->get_buffer(protocol, -1, room);
  if (error != 0)
    blame(self, error, "get_buffer raised");
  else if (room->size == 0)
    blame(self, WEIR_ERROR_STATE, "get_buffer gave an empty buffer");
  else if (room->base == NULL)
    blame(self, WEIR_ERROR_TYPE, "get_buffer gave something else than a buffer");
  /* It may have called anything: close(), pause_reading(), set_protocol().  As
   * long as nothing is received, turning back here loses nothing. */
  return may_read(self) && self->protocol == protocol;
}

static void take_eof(weir_transport *self) {
  bool keep_open = false;
  self->got_eof = true;
  weir_error error = self->protocol->callbacks->eof_received(self->protocol, &keep_open);
  if (error != 0) blame(self, error, "eof_received raised");
  if (!keep_open) self->closing = true;
}

static void read_some(weir_transport *self) {
  weir_protocol *protocol = self->protocol;
  weir_buffer room = {0};
  if (!find_room(self, protocol, &room)) return;
  ptrdiff_t got = self->host->recv(self->socket, room.base, room.size);
  if (comes_back(got)) return;
  if (got < 0) {
    doom(self, (weir_error)-got);
  } else if (got == 0) {
    take_eof(self);
  } else {
    weir_error error = weir_protocol_is_buffered(protocol)
                           ? protocol->callbacks->buffer_updated(protocol, (size_t)got)
                           : protocol->callbacks->data_received(protocol, room.base, (size_t)got);
    if (error != 0) blame(self, error, "buffer_updated or data_received raised");
  }
}

/* ---- Writing -------------------------------------------------------------- */
static void check_full(weir_transport *self) {
  if (self->full || self->out_size <= self->high) return;
  self->full = true;
  weir_error error = self->protocol->callbacks->pause_writing(self->protocol);
  if (error != 0) self->host->exception(self->host->loop, error, "pause_writing raised");
}

static void check_drained(weir_transport *self) {
  if (!self->full || self->doomed || self->out_size > self->low) return;
  self->full = false;
  weir_error error = self->protocol->callbacks->resume_writing(self->protocol);
  if (error != 0) self->host->exception(self->host->loop, error, "resume_writing raised");
}

/* Sends from the front of out. */
static void send_some(weir_transport *self) {
  ptrdiff_t sent = self->host->send(self->socket, self->out, self->out_size);
  if (comes_back(sent)) return;
  if (sent < 0) {
    doom(self, (weir_error)-sent);
    return;
  }
  self->out_size -= (size_t)sent;
  memmove(self->out, self->out + sent, self->out_size);
}

static bool make_room(weir_transport *self, size_t more) {
  if (more <= self->out_room - self->out_size) return true;
  size_t room = self->out_size + more + self->out_size / 2;
  char *out = self->host->reallocate(self->host->loop, self->out, room);
  if (out == NULL) return false;
  self->out = out;
  self->out_room = room;
  return true;
}

static weir_error do_writelines(weir_transport *self, const weir_slice *slices, size_t count) {
  size_t total = 0;
  for (size_t i = 0; i < count; i++) {
    if (slices[i].base == NULL && slices[i].size > 0) return WEIR_ERROR_TYPE;
    total += slices[i].size;
  }
  if (count > 0 && self->wrote_eof) return WEIR_ERROR_STATE;
  if (total == 0 || self->closing) return 0;
  if (!make_room(self, total)) {
    doom(self, ENOMEM);
    settle(self);
    return 0;
  }
  bool idle = self->out_size == 0;
  for (size_t i = 0; i < count; i++) {
    if (slices[i].size > 0) memcpy(self->out + self->out_size, slices[i].base, slices[i].size);
    self->out_size += slices[i].size;
  }
  if (idle) send_some(self); /* else it is not our turn yet */
  check_full(self);
  settle(self);
  return 0;
}

static weir_error do_write(weir_transport *self, const void *bytes, size_t size) {
  weir_slice slice = {.base = bytes, .size = size};
  return do_writelines(self, &slice, 1);
}

static weir_error do_write_eof(weir_transport *self) {
  if (!self->closing) self->wrote_eof = true;
  settle(self);
  return 0;
}

static bool do_can_write_eof(weir_transport *self) {
  (void)self;
  return true;
}

/* ---- The loop calls ------------------------------------------------------- */
static void on_ready(void *context, unsigned ready) {
  weir_transport *self = context;
  if ((ready & WEIR_READABLE) && may_read(self)) read_some(self);
  if ((ready & WEIR_WRITABLE) && self->out_size > 0) {
    send_some(self);
    check_drained(self);
  }
  settle(self);
}

static void on_made(void *context) {
  weir_transport *self = context;
  weir_error error = self->protocol->callbacks->connection_made(self->protocol, self);
  if (error != 0) self->host->exception(self->host->loop, error, "connection_made raised");
  self->made = true;
  settle(self);
}

/* ---- The application calls ------------------------------------------------ */
static weir_error do_close(weir_transport *self) {
  self->closing = true;
  settle(self);
  return 0;
}

static weir_error do_abort(weir_transport *self) {
  doom(self, 0);
  settle(self);
  return 0;
}

static bool do_is_closing(weir_transport *self) {
  return self->closing;
}

static weir_error do_pause_reading(weir_transport *self) {
  self->paused = true;
  settle(self);
  return 0;
}

static weir_error do_resume_reading(weir_transport *self) {
  self->paused = false;
  settle(self);
  return 0;
}

static bool do_is_reading(weir_transport *self) {
  return !self->paused && !self->closing;
}

static weir_error do_set_protocol(weir_transport *self, weir_protocol *protocol) {
  self->protocol = protocol;
  return 0;
}

static weir_protocol *do_get_protocol(weir_transport *self) {
  return self->protocol;
}

static weir_error do_set_limits(weir_transport *self, ptrdiff_t high, ptrdiff_t low) {
  if (high == WEIR_LIMIT_DEFAULT) high = low == WEIR_LIMIT_DEFAULT || low < HIGH_DEFAULT ? HIGH_DEFAULT : low;
  if (low == WEIR_LIMIT_DEFAULT) low = high / 2;
  if (low < 0 || high < low) return WEIR_ERROR_VALUE;
  self->high = (size_t)high;
  self->low = (size_t)low;
  check_full(self);
  return 0;
}

static void do_get_limits(weir_transport *self, size_t *low, size_t *high) {
  *low = self->low;
  *high = self->high;
}

static size_t do_get_size(weir_transport *self) {
  return self->out_size;
}

static weir_error do_open(const weir_host *host, weir_socket *socket, weir_protocol *protocol,
                          weir_transport **opened) {
  weir_transport *self = *opened = host->reallocate(host->loop, NULL, sizeof *self);
  if (self == NULL) return ENOMEM;
  memset(self, 0, sizeof *self);
  self->host = host;
  self->socket = socket;
  self->protocol = protocol;
  self->high = HIGH_DEFAULT;
  self->low = HIGH_DEFAULT / 2;
  if (host->call_soon(host->loop, on_made, self) == 0) return 0;
  *opened = host->reallocate(host->loop, self, 0);
  return ENOMEM;
}

static void do_release(weir_transport *self) {
  close_socket(self);
  if (self->out != NULL) (void)self->host->reallocate(self->host->loop, self->out, 0);
  (void)self->host->reallocate(self->host->loop, self, 0);
}

/* ---- What Weir asks for --------------------------------------------------- */
const weir_target *weir_plugin(void) {
  static const weir_transport_calls calls = {.size = sizeof calls,
                                             .open = do_open,
                                             .release = do_release,
                                             .write = do_write,
                                             .writelines = do_writelines,
                                             .write_eof = do_write_eof,
                                             .can_write_eof = do_can_write_eof,
                                             .close = do_close,
                                             .abort = do_abort,
                                             .is_closing = do_is_closing,
                                             .pause_reading = do_pause_reading,
                                             .resume_reading = do_resume_reading,
                                             .is_reading = do_is_reading,
                                             .set_protocol = do_set_protocol,
                                             .get_protocol = do_get_protocol,
                                             .set_write_buffer_limits = do_set_limits,
                                             .get_write_buffer_limits = do_get_limits,
                                             .get_write_buffer_size = do_get_size};
  /* What is not offered is left out here, and NULL above.  Kinds of buffers and
   * of bytes are for languages that have them: in C each is an address and a size. */
  enum {
    capabilities = WEIR_CAN_HALF_CLOSE | WEIR_CAN_WRITE_EOF | WEIR_CAN_PAUSE | WEIR_CAN_IS_READING |
                   WEIR_CAN_FLOW_CONTROL | WEIR_CAN_LIMITS_QUERY | WEIR_CAN_SET_PROTOCOL | WEIR_CAN_PLAIN |
                   WEIR_CAN_WRITELINES | WEIR_CAN_RAISE | WEIR_CAN_CONNECTIONS
  };
  static const weir_target target = {.abi = WEIR_ABI,
                                     .size = sizeof target,
                                     .name = "example",
                                     .version = "1.0",
                                     .capabilities = capabilities,
                                     .transport = &calls};
  return &target;
}
