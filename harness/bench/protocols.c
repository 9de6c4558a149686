/* Protocols driven through their chunkings, beside the same calls with no harness. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/measure.h"
#include "protocol/check.h"
#include "protocol/serve.h"

/* ---- With no harness: the callbacks alone, and what they call does nothing. */

static void no_data(weir_log *log, const char *kind, const void *bytes, size_t size) {
  (void)log;
  (void)kind;
  (void)size;
  weir_bench_keep(bytes);
}

static void no_error(weir_log *log, int64_t code, uint64_t position, const char *text) {
  (void)log;
  (void)code;
  (void)position;
  weir_bench_keep(text);
}

static void *plain_reallocate(weir_log *log, void *memory, size_t size) {
  (void)log;
  if (size > 0) return realloc(memory, size);
  free(memory);
  return NULL;
}

static const weir_observer no_observer = {
    .size = sizeof no_observer, .data = no_data, .event = no_data, .error = no_error, .reallocate = plain_reallocate};

/* The calls of the protocols here; it takes nothing and remembers only that it is closed. */
struct weir_transport {
  bool closed;
};

static weir_error no_write(weir_transport *transport, const void *bytes, size_t size) {
  (void)transport;
  (void)size;
  weir_bench_keep(bytes);
  return 0;
}

static weir_error no_close(weir_transport *transport) {
  transport->closed = true;
  return 0;
}

static const weir_transport_calls no_calls = {
    .size = sizeof no_calls, .write = no_write, .close = no_close, .abort = no_close};

typedef struct bare {
  const weir_protocol_target *target;
  weir_protocol *protocol;
} bare;

static void bare_piece(weir_protocol *protocol, const uint8_t *bytes, size_t size, const weir_transport *transport) {
  for (size_t used = 0; used < size && !transport->closed;) {
    weir_buffer buffer = {.base = NULL};
    if (protocol->callbacks->get_buffer(protocol, -1, &buffer) != 0 || buffer.size == 0)
      weir_bench_fail("a protocol gives no buffer");
    size_t count = size - used < buffer.size ? size - used : buffer.size;
    memcpy(buffer.base, bytes + used, count);
    used += count;
    (void)protocol->callbacks->buffer_updated(protocol, count);
  }
}

/* A protocol that can be as new is kept, as under Weir. */
static void bare_run(bare *self, const weir_delivery *delivery) {
  weir_transport transport = {.closed = false};
  const weir_protocol_target *target = self->target;
  bool keep_open = false;
  if (self->protocol == NULL)
    self->protocol = target->open(&no_observer, &no_calls);
  else
    target->reset(self->protocol);
  weir_protocol *protocol = self->protocol;
  if (protocol == NULL) weir_bench_fail("no memory for a protocol");
  (void)protocol->callbacks->connection_made(protocol, &transport);
  size_t begin = 0;
  for (uint64_t cuts = delivery->cuts[0]; cuts != 0 && !transport.closed; cuts &= cuts - 1) {
    size_t end = (size_t)__builtin_ctzll(cuts) + 1;
    bare_piece(protocol, delivery->bytes + begin, end - begin, &transport);
    begin = end;
  }
  bare_piece(protocol, delivery->bytes + begin, delivery->size - begin, &transport);
  if (!transport.closed) (void)protocol->callbacks->eof_received(protocol, &keep_open);
  (void)protocol->callbacks->connection_lost(protocol, 0);
  if (target->reset != NULL) return;
  target->release(protocol);
  self->protocol = NULL;
}

static void bare_end(bare *self) {
  if (self->protocol != NULL) self->target->release(self->protocol);
  self->protocol = NULL;
}

/* ---- All chunkings of 20 bytes */

typedef struct counter {
  weir_protocol base;
  const weir_observer *observer;
  uint64_t bytes;
  uint8_t buffer[64];
} counter;

static weir_error counter_made(weir_protocol *protocol, weir_transport *transport) {
  (void)protocol;
  (void)transport;
  return 0;
}

static weir_error counter_get(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  counter *self = (counter *)(void *)protocol;
  (void)hint;
  *buffer = (weir_buffer){.base = self->buffer, .size = sizeof self->buffer};
  return 0;
}

static weir_error counter_updated(weir_protocol *protocol, size_t nbytes) {
  ((counter *)(void *)protocol)->bytes += nbytes;
  return 0;
}

static weir_error counter_eof(weir_protocol *protocol, bool *keep_open) {
  counter *self = (counter *)(void *)protocol;
  *keep_open = false;
  self->observer->event(self->observer->log, "bytes", &self->bytes, sizeof self->bytes);
  return 0;
}

static weir_error counter_lost(weir_protocol *protocol, weir_error error) {
  (void)protocol;
  (void)error;
  return 0;
}

static weir_error counter_pause(weir_protocol *protocol) {
  (void)protocol;
  return 0;
}

static const weir_protocol_callbacks counting = {.size = sizeof counting,
                                                 .connection_made = counter_made,
                                                 .get_buffer = counter_get,
                                                 .buffer_updated = counter_updated,
                                                 .eof_received = counter_eof,
                                                 .connection_lost = counter_lost,
                                                 .pause_writing = counter_pause,
                                                 .resume_writing = counter_pause};

static weir_protocol *counter_open(const weir_observer *observer, const weir_transport_calls *calls) {
  (void)calls;
  counter *self = observer->reallocate(observer->log, NULL, sizeof *self);
  if (self == NULL) return NULL;
  *self = (counter){.base.callbacks = &counting, .observer = observer};
  return &self->base;
}

static void counter_release(weir_protocol *protocol) {
  const weir_observer *observer = ((counter *)(void *)protocol)->observer;
  (void)observer->reallocate(observer->log, protocol, 0);
}

static void counter_reset(weir_protocol *protocol) {
  ((counter *)(void *)protocol)->bytes = 0;
}

static const weir_protocol_target counter_target = {.abi = WEIR_PROTOCOL_ABI,
                                                    .size = sizeof counter_target,
                                                    .name = "counter",
                                                    .version = "1",
                                                    .open = counter_open,
                                                    .release = counter_release,
                                                    .reset = counter_reset};

enum { WINDOW = 20 };
static const uint8_t window[WINDOW + 1] = "twenty bytes to cut.";

static void cut_bare(void *context) {
  uint64_t cuts = 0;
  weir_delivery delivery = {.bytes = window, .size = WINDOW, .cuts = &cuts};
  bare self = {.target = &counter_target};
  (void)context;
  for (; cuts < UINT64_C(1) << (WINDOW - 1); cuts++) bare_run(&self, &delivery);
  bare_end(&self);
}

static void cut_judged(void *context) {
  weir_problem problem = {.text = ""};
  weir_check_report report;
  weir_check_job job = {.stream = window, .size = WINDOW, .budget = WEIR_CHECK_BUDGET_DEFAULT, .seed = 1, .window = 0};
  (void)context;
  if (weir_check_run(&counter_target, WEIR_FAMILY_CHUNKINGS, &job, &report, NULL, &problem) != WEIR_OK)
    weir_bench_fail(problem.text);
  if (report.count > 0) weir_bench_fail("a protocol that counts is not what it should be");
}

/* ---- Real libraries */

typedef struct splitting {
  const weir_protocol_target *target;
  const uint8_t *bytes;
  size_t size;
  unsigned rounds;
} splitting;

static void split_bare(void *context) {
  const splitting *self = context;
  bare alone = {.target = self->target};
  uint64_t cuts = 0;
  weir_delivery delivery = {.bytes = self->bytes, .size = self->size, .cuts = &cuts};
  for (unsigned round = 0; round < self->rounds; round++)
    for (size_t i = 0; i + 1 < self->size; i++) {
      cuts = UINT64_C(1) << i;
      bare_run(&alone, &delivery);
    }
  bare_end(&alone);
}

/* Each is compared with the stream in one piece, as the prover does it. */
static void split_judged(void *context) {
  const splitting *self = context;
  weir_problem problem = {.text = ""};
  weir_drive drive;
  weir_log base;
  weir_difference difference;
  uint64_t cuts = 0;
  weir_delivery delivery = {.bytes = self->bytes, .size = self->size, .cuts = &cuts, .lean = true};
  if (weir_drive_init(&drive, self->target, NULL, &problem) != WEIR_OK || !weir_log_init(&base) ||
      weir_drive_run(&drive, &delivery, &problem) != WEIR_OK || !weir_log_copy(&base, &drive.log))
    weir_bench_fail("a protocol cannot be driven");
  for (unsigned round = 0; round < self->rounds; round++)
    for (size_t i = 0; i + 1 < self->size; i++) {
      cuts = UINT64_C(1) << i;
      if (weir_drive_run(&drive, &delivery, &problem) != WEIR_OK) weir_bench_fail(problem.text);
      if (!weir_log_same(&base, &drive.log, self->target->liberties, &difference))
        weir_bench_fail("a library observes a split");
    }
  weir_drive_free(&drive);
  weir_log_free(&base);
}

/* The plug-ins lie beside the command: BUILD/bin/weir, BUILD/protocols/libraries. */
static const weir_protocol_target *load(const char *weir, const char *library) {
  char path[4096];
  const char *slash = strrchr(weir, '/');
  int folder = slash != NULL ? (int)(slash - weir) : 1;
  (void)snprintf(path, sizeof path, "%.*s/../protocols/libraries/%s.so", folder, slash != NULL ? weir : ".", library);
  void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (object == NULL) return NULL;
  union {
    void *pointer;
    weir_protocol_plugin_fn *plugin;
  } symbol = {.pointer = dlsym(object, WEIR_PROTOCOL_PLUGIN_SYMBOL)};
  const weir_protocol_target *target = symbol.pointer != NULL ? symbol.plugin() : NULL;
  weir_problem problem;
  return weir_protocol_check(target, &problem) == WEIR_OK ? target : NULL;
}

static void say_library(const char *weir, const char *library, const char *stream) {
  enum { ROUNDS = 60 };
  splitting self = {.target = load(weir, library), .bytes = (const uint8_t *)stream, .size = strlen(stream)};
  self.rounds = ROUNDS;
  if (self.target == NULL) {
    weir_bench_skip(library, "not built: the library is not installed (conformance/protocols/libraries.md)");
    return;
  }
  double runs = ROUNDS * 1e-3 * (double)(self.size - 1);
  double ceiling = runs / weir_bench_time(split_bare, &self), value = runs / weir_bench_time(split_judged, &self);
  weir_bench_say(
      &(weir_bench_figure){.name = library, .value = value, .ceiling = ceiling, .goal = (double)(long)(ceiling / 2)});
}

void weir_bench_protocols(const char *weir) {
  weir_bench_head("all 524,288 chunkings of 20 bytes", "ms", "the same callbacks in a plain loop");
  double ceiling = 1e3 * weir_bench_time(cut_bare, NULL), value = 1e3 * weir_bench_time(cut_judged, NULL);
  weir_bench_say(&(weir_bench_figure){
      .name = "a protocol that counts", .value = value, .ceiling = ceiling, .goal = 300, .less = true});
  weir_bench_head("a short stream, every split", "thousand connections/s", "the same callbacks in a plain loop");
  say_library(weir, "expat", "<a b='c'>text &amp; <d/>more</a>");
  say_library(weir, "http-parser", "GET /path HTTP/1.1\r\nHost: example.org\r\n\r\n");
  say_library(weir, "llhttp", "GET /path HTTP/1.1\r\nHost: example.org\r\n\r\n");
  say_library(weir, "hiredis", "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n:12345\r\n+OK\r\n");
}
