/* The reference transport with a defect many events deep, to measure what the
 * counters are worth (scripts/feedback): once what `script` lists has come to
 * pass in that order, whatever came between, connection_lost comes twice (L2).
 *
 * How far it has come is data and no branch, and this file is built without the
 * compiler's coverage: as in an interpreter, nothing but the trace shows it.
 * The environment's DEPTH is how many of the events it takes (1 to 12; 12). */
#include <string.h>

#include "fuzz.h"
#include "reference/reference.h"
#include "transport.h"
#include "weir/spec.h"
#include "weir/trace.h"

/* A callback in a state of the machine; a call inside a callback, or outside all (NONE). */
#define WHEN(state, callback)  (uint16_t)(WEIR_STATE_##state << 8 | WEIR_EVENT_##callback)
#define INSIDE(callback, call) (uint16_t)(WEIR_EVENT_##callback << 8 | WEIR_EVENT_##call)
enum { DEPTH_MAX = 12 };
#ifdef FUZZ_CANARY
/* What an application can do at any time, in an order that nobody would do it in. */
static const uint16_t script[DEPTH_MAX + 1] = {
    INSIDE(NONE, WRITE),         INSIDE(NONE, IS_CLOSING),    INSIDE(NONE, PAUSE_READING),
    INSIDE(NONE, WRITE),         INSIDE(NONE, PAUSE_READING), INSIDE(NONE, RESUME_READING),
    INSIDE(NONE, IS_CLOSING),    INSIDE(NONE, WRITE),         INSIDE(NONE, RESUME_READING),
    INSIDE(NONE, PAUSE_READING), INSIDE(NONE, WRITE_EOF),     WHEN(OPEN, CONNECTION_LOST),
};
#else
static const uint16_t script[DEPTH_MAX + 1] = {
    INSIDE(CONNECTION_MADE, WRITE), INSIDE(BUFFER_UPDATED, PAUSE_READING), INSIDE(NONE, RESUME_READING),
    WHEN(BUFFER, PAUSE_WRITING),    INSIDE(PAUSE_WRITING, IS_CLOSING),     WHEN(BUFFER, RESUME_WRITING),
    WHEN(BUFFER, EOF_RECEIVED),     INSIDE(EOF_RECEIVED, WRITE),           WHEN(EOF, PAUSE_WRITING),
    WHEN(EOF, RESUME_WRITING),      INSIDE(RESUME_WRITING, WRITE_EOF),     WHEN(EOF, CONNECTION_LOST),
};
#endif

/* A protocol's callbacks get nothing of ours to keep this in. */
static struct {
  unsigned depth;
  unsigned progress;
  unsigned place; /* the innermost callback */
  weir_state state;
  weir_protocol_callbacks hooks[2];           /* plain, buffered */
  const weir_protocol_callbacks *original[2]; /* what they stand in for */
  weir_transport_calls calls;
  const weir_transport_calls *reference;
} self;

/* The canary shows the moves of its state, as a monitor made of a table does that
 * gives its transitions to the fuzzer; without that only the trace speaks. */
#ifdef FUZZ_CANARY
enum { STATES_MAX = 16 };
_Static_assert(DEPTH_MAX < STATES_MAX, "a row for each state");
__attribute__((used, section("__libfuzzer_extra_counters"))) uint8_t fuzz_canary_states[STATES_MAX * STATES_MAX];
static void show_move(unsigned from, unsigned to) {
  fuzz_canary_states[from * STATES_MAX + to] = 1;
}
#else
static void show_move(unsigned from, unsigned to) {
  (void)from;
  (void)to;
}
#endif

static void see(unsigned in, unsigned event) {
  unsigned before = self.progress;
  self.progress += script[before] == (in << 8 | event);
  show_move(before, self.progress);
}

/* ---- Callbacks */

/* Returns the place to go back to. */
static unsigned enter(unsigned callback) {
  unsigned place = self.place;
  see(self.state, callback);
  self.state = weir_machine_next(self.state, callback);
  self.place = callback;
  return place;
}

static weir_error leave(unsigned place, weir_error error) {
  self.place = place;
  return error;
}

static const weir_protocol_callbacks *original_of(const weir_protocol *protocol) {
  return self.original[weir_protocol_is_buffered(protocol)];
}

static weir_error connection_made(weir_protocol *protocol, weir_transport *transport) {
  unsigned place = enter(WEIR_EVENT_CONNECTION_MADE);
  return leave(place, original_of(protocol)->connection_made(protocol, transport));
}

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  unsigned place = enter(WEIR_EVENT_GET_BUFFER);
  return leave(place, original_of(protocol)->get_buffer(protocol, hint, buffer));
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  unsigned place = enter(WEIR_EVENT_BUFFER_UPDATED);
  return leave(place, original_of(protocol)->buffer_updated(protocol, nbytes));
}

static weir_error data_received(weir_protocol *protocol, const void *data, size_t size) {
  unsigned place = enter(WEIR_EVENT_DATA_RECEIVED);
  return leave(place, original_of(protocol)->data_received(protocol, data, size));
}

static weir_error eof_received(weir_protocol *protocol, bool *keep_open) {
  unsigned place = enter(WEIR_EVENT_EOF_RECEIVED);
  return leave(place, original_of(protocol)->eof_received(protocol, keep_open));
}

static weir_error connection_lost(weir_protocol *protocol, weir_error error) {
  unsigned place = enter(WEIR_EVENT_CONNECTION_LOST);
  weir_error raised = original_of(protocol)->connection_lost(protocol, error);
  if (self.progress >= self.depth) (void)original_of(protocol)->connection_lost(protocol, error);
  return leave(place, raised);
}

static weir_error pause_writing(weir_protocol *protocol) {
  unsigned place = enter(WEIR_EVENT_PAUSE_WRITING);
  return leave(place, original_of(protocol)->pause_writing(protocol));
}

static weir_error resume_writing(weir_protocol *protocol) {
  unsigned place = enter(WEIR_EVENT_RESUME_WRITING);
  return leave(place, original_of(protocol)->resume_writing(protocol));
}

/* All buffered protocols of the host share a table, and all plain ones. */
static void hook(weir_protocol *protocol) {
  bool buffered = weir_protocol_is_buffered(protocol);
  weir_protocol_callbacks *hooks = &self.hooks[buffered];
  if (protocol->callbacks == hooks) return;
  self.original[buffered] = protocol->callbacks;
  *hooks = *protocol->callbacks;
  hooks->connection_made = connection_made;
  if (buffered) {
    hooks->get_buffer = get_buffer;
    hooks->buffer_updated = buffer_updated;
  } else {
    hooks->data_received = data_received;
  }
  hooks->eof_received = eof_received;
  hooks->connection_lost = connection_lost;
  hooks->pause_writing = pause_writing;
  hooks->resume_writing = resume_writing;
  protocol->callbacks = hooks;
}

/* ---- Calls */

static weir_error open_planted(const weir_host *host, weir_socket *socket, weir_protocol *protocol,
                               weir_transport **transport) {
  self.progress = 0;
  self.place = WEIR_EVENT_NONE;
  self.state = WEIR_STATE_START;
  hook(protocol);
  return self.reference->open(host, socket, protocol, transport);
}

static weir_error set_protocol(weir_transport *transport, weir_protocol *protocol) {
  hook(protocol);
  return self.reference->set_protocol(transport, protocol);
}

static weir_error write_bytes(weir_transport *transport, const void *bytes, size_t size) {
  see(self.place, WEIR_EVENT_WRITE);
  return self.reference->write(transport, bytes, size);
}

static weir_error write_eof(weir_transport *transport) {
  see(self.place, WEIR_EVENT_WRITE_EOF);
  return self.reference->write_eof(transport);
}

static bool is_closing(weir_transport *transport) {
  see(self.place, WEIR_EVENT_IS_CLOSING);
  return self.reference->is_closing(transport);
}

static weir_error pause_reading(weir_transport *transport) {
  see(self.place, WEIR_EVENT_PAUSE_READING);
  return self.reference->pause_reading(transport);
}

static weir_error resume_reading(weir_transport *transport) {
  see(self.place, WEIR_EVENT_RESUME_READING);
  return self.reference->resume_reading(transport);
}

static const weir_target *make(weir_target *target) {
  const char *depth = getenv("DEPTH");
  self.depth = depth != NULL ? (unsigned)strtoul(depth, NULL, 10) : DEPTH_MAX;
  FUZZ_CHECK(self.depth >= 1 && self.depth <= DEPTH_MAX);
  *target = *weir_reference();
  self.reference = target->transport;
  self.calls = *self.reference;
  self.calls.open = open_planted;
  self.calls.set_protocol = set_protocol;
  self.calls.write = write_bytes;
  self.calls.write_eof = write_eof;
  self.calls.is_closing = is_closing;
  self.calls.pause_reading = pause_reading;
  self.calls.resume_reading = resume_reading;
  target->name = "planted";
  target->transport = &self.calls;
  return target;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static weir_target target;
  if (target.transport == NULL) (void)make(&target);
  fuzz_transport(&target, data, size);
  return 0;
}
