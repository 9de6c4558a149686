/* weir/adapter.h: the probe and the engine, for whoever can call a C function. */
#include "weir/adapter.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interpose/descriptors.h"
#include "interpose/front.h"
#include "interpose/real.h"
#include "weir/payload.h"
#include "weir/transport.h"

_Static_assert((int)WEIR_ADAPTER_BUFFER == (int)WEIR_BUFFER_SIZE_DEFAULT, "what get_buffer gives");
_Static_assert(sizeof(weir_adapter_call_info) == 48 && offsetof(weir_adapter_call_info, address) == 32 &&
                   sizeof(weir_adapter_decision) == 16 && sizeof(weir_adapter_run) == 20,
               "foreign-function interfaces lay these out by hand");

/* ---- The engine ------------------------------------------------------------- */
static int say(const char *text) {
  (void)fprintf(stderr, "weir: %s\n", text);
  return -1;
}

WEIR_EXPORT int weir_adapter_hello(int abi, const char *name, const char *version, uint32_t capabilities) {
  if (abi != WEIR_ABI) {
    (void)fprintf(stderr, "weir: the adapter speaks version %d of weir/adapter.h, this library %d\n", abi, WEIR_ABI);
    return -1;
  }
  weir_front *front = weir_front_lock();
  weir_problem problem;
  weir_status status = weir_worker_attach(&front->worker, &problem);
  if (status == WEIR_OK) {
    front->capabilities = capabilities;
    front->worker.memory->layer = front->layer;
    weir_crash_watch(&front->worker.memory->crash);
    status = weir_worker_hello(&front->worker, name, version, capabilities, &problem);
  }
  weir_front_unlock(front);
  return status == WEIR_OK ? 0 : say(problem.text);
}

WEIR_EXPORT int weir_adapter_layer(const char *words) {
  for (unsigned layer = 0; layer < WEIR_LAYER_COUNT; layer++) {
    if (strcmp(words, weir_layer_name(layer)) != 0) continue;
    weir_front *front = weir_front_lock();
    front->layer = (uint8_t)layer;
    weir_front_unlock(front);
    return 0;
  }
  (void)fprintf(stderr, "weir: there is no layer '%s'\n", words);
  return -1;
}

/* What the run came to, unless the engine has been told. */
static void report(weir_front *front) {
  if (!front->running) return;
  weir_front_finish(front, WEIR_END_CUT);
  front->running = false;
  if (front->reported) return;
  front->reported = true;
  uint16_t first;
  weir_worker_done(&front->worker, front->trace.count, (uint32_t)weir_network_unreached(&front->network, &first));
}

static int32_t first_size(const weir_scenario *scenario) {
  int32_t size = WEIR_BUFFER_SIZE_DEFAULT;
  for (uint32_t i = 0; i < scenario->count; i++) {
    const weir_step *step = &scenario->steps[i];
    bool first = step->when == WEIR_WHEN_IN && step->event == WEIR_OCCASION_GET_BUFFER && step->first == 1;
    if (!first || step->verb != WEIR_VERB_APP_SIZE || step->connection != 0) continue;
    size = step->option == WEIR_BUFFER_NOT_A_BUFFER ? -1 : (int32_t)step->a;
  }
  return size;
}

/* Callbacks that no step hangs inside. */
static uint32_t idle_callbacks(const weir_scenario *scenario) {
  uint32_t idle = ((UINT32_C(2) << WEIR_EVENT_RESUME_WRITING) - 1) & ~((UINT32_C(1) << WEIR_EVENT_CONNECTION_MADE) - 1);
  for (uint32_t i = 0; i < scenario->count; i++)
    if (scenario->steps[i].when == WEIR_WHEN_IN)
      idle &= ~(UINT32_C(1) << (WEIR_EVENT_CONNECTION_MADE + scenario->steps[i].event));
  return idle;
}

/* One scenario that can be run, or false: the process should end. */
static bool begin(weir_front *front, weir_adapter_run *run) {
  int descriptor = weir_descriptors_renew(front);
  if (descriptor < 0) {
    weir_worker_fail(&front->worker, "no descriptor is to be had for the simulated connection");
    return false;
  }
  if (front->wire != NULL && !front->wire->calls->begin(front->wire)) {
    weir_worker_fail(&front->worker, "no memory for the TLS peer's connection");
    return false;
  }
  weir_front_begin(front);
  *run = (weir_adapter_run){.descriptor = descriptor,
                            .control = front->control,
                            .plain = weir_probe_starts_plain(&front->probes[0]),
                            .idle = idle_callbacks(front->network.scenario),
                            .first_size = first_size(&front->worker.memory->scenario)};
  return true;
}

WEIR_EXPORT int weir_adapter_next(weir_adapter_run *run) {
  weir_front *front = weir_front_lock();
  report(front);
  weir_worker worker = front->worker;
  weir_front_unlock(front);
  if (worker.memory == NULL) return 0;
  /* Other threads of the program go on meanwhile. */
  if (!weir_worker_next(&worker)) return 0;
  front = weir_front_lock();
  bool begun = begin(front, run);
  weir_front_unlock(front);
  return begun;
}

WEIR_EXPORT void weir_adapter_fail(const char *message) {
  weir_front *front = weir_front_lock();
  if (!front->running || front->over) {
    (void)say(message); /* the run has its trace, or there is none */
  } else {
    weir_worker_fail(&front->worker, message);
    front->reported = true;
    weir_front_finish(front, WEIR_END_CUT);
  }
  weir_front_unlock(front);
}

/* ---- The probe --------------------------------------------------------------
 * After the end of the run it is silent: what the program does while it clears
 * away is nobody's business. */
static weir_front *enter(void) {
  weir_front *front = weir_front_lock();
  if (front->running && !front->over) return front;
  weir_front_unlock(front);
  return NULL;
}

static unsigned depth_of(const weir_front *front) {
  return front->application.depth <= WEIR_FRAMES_MAX ? front->application.depth : WEIR_FRAMES_MAX;
}

/* The probe of a connection that is open, or NULL. */
static weir_probe *probe_of(const weir_front *front, unsigned connection) {
  return connection < WEIR_CONNECTIONS ? front->application.probes[connection] : NULL;
}

WEIR_EXPORT void weir_adapter_begin(int event, int protocol, int64_t a, int64_t b, const void *address, size_t size) {
  weir_front *front = enter();
  if (front == NULL) return;
  bool known = event >= WEIR_EVENT_CONNECTION_MADE && event <= WEIR_EVENT_RESUME_WRITING;
  unsigned object = (unsigned)protocol & 0xFF;
  weir_probe *probe = probe_of(front, (unsigned)protocol >> 8);
  if (known && probe != NULL && object < WEIR_PROTOCOLS_MAX)
    weir_probe_begin(probe, (weir_event)event, object, a, b, address, size);
  weir_front_unlock(front);
}

/* A callback that turns out to have steps makes no calls: nobody would make them. */
WEIR_EXPORT void weir_adapter_pass(int event, int protocol, int64_t a, int64_t b, void *address, size_t size) {
  weir_front *front = enter();
  if (front == NULL) return;
  bool known = event >= WEIR_EVENT_CONNECTION_MADE && event <= WEIR_EVENT_RESUME_WRITING;
  unsigned object = (unsigned)protocol & 0xFF;
  weir_probe *probe = probe_of(front, (unsigned)protocol >> 8);
  if (known && probe != NULL && object < WEIR_PROTOCOLS_MAX) {
    const bool gives = event == WEIR_EVENT_GET_BUFFER;
    const weir_decision decision = {.size = WEIR_BUFFER_SIZE_DEFAULT, .kind = WEIR_BUFFER_BYTEARRAY};
    weir_probe_begin(probe, (weir_event)event, object, a, b, gives ? NULL : address, gives ? 0 : size);
    weir_application_end(&front->application, &decision, gives ? address : NULL, gives ? size : 0);
  }
  weir_front_unlock(front);
}

WEIR_EXPORT int weir_adapter_outside(void) {
  weir_front *front = enter();
  if (front == NULL) return 0;
  bool begun = weir_application_outside(&front->application);
  weir_front_unlock(front);
  return begun;
}

/* The bytes of a write, in memory of the frame that makes it; NULL: no memory. */
static const uint8_t *make_bytes(weir_front *front, const weir_call *call, size_t size) {
  weir_scratch *scratch = &front->writes[depth_of(front)];
  if (scratch->size < size) {
    uint8_t *larger = realloc(scratch->bytes, size);
    if (larger == NULL) return NULL;
    *scratch = (weir_scratch){.bytes = larger, .size = size};
  }
  weir_payload_fill(weir_stream_outgoing(call->connection), call->offset, scratch->bytes, size);
  return scratch->bytes;
}

static size_t size_of(const weir_call *call) {
  if (call->event == WEIR_EVENT_WRITE) return (size_t)call->a;
  return call->event == WEIR_EVENT_WRITELINES ? (size_t)(call->a * call->b) : 0;
}

/* The run ends here, as an error of the harness. */
static void give_up(weir_front *front, const char *why) {
  weir_worker_fail(&front->worker, why);
  front->reported = true;
  weir_front_finish(front, WEIR_END_CUT);
}

static void tell_open(weir_front *front, unsigned connection, weir_adapter_call_info *info) {
  int descriptor = weir_front_open(front, connection);
  if (descriptor < 0) give_up(front, "no descriptor is to be had for a further connection");
  *info = (weir_adapter_call_info){.event = WEIR_EVENT_OPEN | connection << 8,
                                   .option = descriptor >= 0 && weir_probe_starts_plain(&front->probes[connection]),
                                   .a = (int64_t)connection << 8,
                                   .b = descriptor};
}

static void tell_call(weir_front *front, const weir_call *call, weir_adapter_call_info *info) {
  if (call->event == WEIR_EVENT_OPEN) {
    tell_open(front, call->connection, info);
    return;
  }
  size_t size = size_of(call);
  const uint8_t *bytes = size > 0 ? make_bytes(front, call, size) : NULL;
  if (size > 0 && bytes == NULL) {
    give_up(front, "no memory for the bytes to be written");
    size = 0;
  }
  *info = (weir_adapter_call_info){.event = call->event | call->connection << 8,
                                   .option = call->option,
                                   .a = call->a,
                                   .b = call->b,
                                   .offset = call->offset,
                                   .address = (uint64_t)(uintptr_t)bytes,
                                   .size = size};
}

static void tell_decision(const weir_decision *from, weir_adapter_decision *to) {
  *to = (weir_adapter_decision){.raise = from->raise, .size = from->size, .kind = from->kind, .value = from->value};
}

WEIR_EXPORT int weir_adapter_call(weir_adapter_call_info *call, weir_adapter_decision *decision) {
  weir_front *front = enter();
  weir_decision own = {.size = WEIR_BUFFER_SIZE_DEFAULT};
  weir_call made;
  bool more = false;
  if (front != NULL && front->application.depth > 0) {
    more = weir_application_next(&front->application, &made, &own);
    front->decisions[depth_of(front)] = own;
    if (more) tell_call(front, &made, call);
  }
  if (front != NULL) weir_front_unlock(front);
  tell_decision(&own, decision);
  return more;
}

WEIR_EXPORT void weir_adapter_done(int exception, uint32_t number, uint64_t result) {
  weir_front *front = enter();
  if (front == NULL) return;
  weir_outcome outcome = {.exception = (uint8_t)exception, .number = number, .result = result};
  if (weir_application_top(&front->application) != NULL) weir_application_done(&front->application, outcome);
  weir_front_unlock(front);
}

WEIR_EXPORT void weir_adapter_end(void *address, size_t size) {
  weir_front *front = enter();
  if (front == NULL) return;
  if (front->application.depth > 0) {
    weir_decision decision = front->decisions[depth_of(front)];
    weir_application_end(&front->application, &decision, address, size);
  }
  weir_front_unlock(front);
}

WEIR_EXPORT int weir_adapter_wake(void) {
  weir_front *front = weir_front_lock();
  int wake = WEIR_WAKE_STOP;
  if (front->running && !front->over) wake = weir_front_calls(front) ? WEIR_WAKE_CALLS : WEIR_WAKE_NOTHING;
  weir_front_unlock(front);
  return wake;
}

WEIR_EXPORT void weir_adapter_exception(int exception, uint32_t number) {
  weir_front *front = enter();
  if (front == NULL) return;
  unsigned kind = (unsigned)exception & 0xFF, told = (unsigned)exception >> 8;
  unsigned connection = told > 0 ? told - 1 : weir_application_blame(&front->application, (weir_exception)kind, number);
  weir_probe *probe = probe_of(front, connection);
  if (probe != NULL) weir_probe_exception(probe, (weir_exception)kind, number);
  weir_front_unlock(front);
}

WEIR_EXPORT void weir_adapter_held(uint32_t nth) {
  weir_front *front = enter();
  if (front == NULL) return;
  weir_probe *probe = probe_of(front, nth >> 24);
  if (probe != NULL) weir_probe_held(probe, nth & 0xFFFFFF);
  weir_front_unlock(front);
}

WEIR_EXPORT void weir_adapter_withdraw(const void *address) {
  weir_front *front = enter();
  if (front == NULL) return;
  for (unsigned connection = 0; connection < WEIR_CONNECTIONS; connection++)
    if (probe_of(front, connection) != NULL) weir_probe_withdraw(&front->probes[connection], address);
  weir_front_unlock(front);
}

/* ---- Words -------------------------------------------------------------------- */
static const char *protocol_name(unsigned protocol) {
  static const char *const words[] = {
#define X(name, word) word,
      WEIR_PROTOCOL_KINDS(X)
#undef X
  };
  return protocol < sizeof words / sizeof *words ? words[protocol] : NULL;
}

static const char *capability_name(unsigned capability) {
  static const char *const words[] = {
#define X(name, word, meaning) word,
      WEIR_CAPABILITIES(X)
#undef X
  };
  return capability < sizeof words / sizeof *words ? words[capability] : NULL;
}

static int find(const char *(*name)(unsigned), const char *word) {
  const char *found;
  for (unsigned number = 0; (found = name(number)) != NULL; number++)
    if (strcmp(found, word) == 0) return (int)number;
  return -1;
}

WEIR_EXPORT int weir_adapter_number(const char *list, const char *word) {
  if (strcmp(list, "event") == 0) return weir_event_find(word);
  if (strcmp(list, "exception") == 0) return find(weir_exception_name, word);
  if (strcmp(list, "buffer") == 0) return find(weir_buffer_kind_name, word);
  if (strcmp(list, "bytes") == 0) return find(weir_bytes_kind_name, word);
  if (strcmp(list, "lines") == 0) return find(weir_lines_kind_name, word);
  if (strcmp(list, "protocol") == 0) return find(protocol_name, word);
  if (strcmp(list, "capability") != 0) return -1;
  int bit = find(capability_name, word);
  return bit < 0 ? -1 : 1 << bit;
}
