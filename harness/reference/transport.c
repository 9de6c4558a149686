/* From open to release: the stages, and every way to the end. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "reference/internal.h"
#include "reference/reference.h"

static weir_ready_fn ready;

static void watch_for(weir_transport *transport, unsigned interest) {
  if (interest == transport->interest) return;
  const weir_host *host = transport->host;
  int result = host->watch(host->loop, transport->socket, interest, ready, transport);
  if (result == 0)
    transport->interest = interest;
  else
    weir_transport_fail(transport, -result);
}

/* ---- The end -------------------------------------------------------------- */
static void close_socket(weir_transport *transport) {
  const weir_host *host = transport->host;
  if (transport->socket == NULL) return;
  if (transport->interest != 0) (void)host->watch(host->loop, transport->socket, 0, NULL, NULL);
  transport->interest = 0;
  host->close(transport->socket);
  transport->socket = NULL;
}

/* The one place that calls connection_lost, and it leaves LOSING for good: once
 * is enough (L2, C4). */
static void lost(void *context) {
  weir_transport *transport = context;
  if (transport->stage != WEIR_STAGE_LOSING) return;
  transport->stage = WEIR_STAGE_LOST;
  const weir_host *host = transport->host;
  weir_error error = transport->protocol->callbacks->connection_lost(transport->protocol, transport->reason);
  /* L9: nobody is left to be told but the loop, and the socket is closed all the same. */
  if (error != 0) host->exception(host->loop, error, "connection_lost() raised");
  close_socket(transport);
}

void weir_transport_lose(weir_transport *transport, weir_error reason) {
  assert(transport->stage < WEIR_STAGE_LOSING);
  const weir_host *host = transport->host;
  transport->stage = WEIR_STAGE_LOSING;
  transport->reason = reason;
  weir_backlog_drop(&transport->backlog, host);
  watch_for(transport, 0);
  /* L5: even where the loop has no memory to remember us by, the end must come.
   * Readiness is the other way to be called, and needs none. */
  if (host->call_soon(host->loop, lost, transport) != 0) watch_for(transport, WEIR_READABLE | WEIR_WRITABLE);
}

void weir_transport_fail(weir_transport *transport, weir_error error) {
  assert(error != 0);
  if (transport->stage < WEIR_STAGE_LOSING) weir_transport_lose(transport, error);
}

void weir_transport_fail_protocol(weir_transport *transport, weir_error error, const char *message) {
  transport->host->exception(transport->host->loop, error, message);
  weir_transport_fail(transport, error);
}

/* D8: no more is received from now on, and what is buffered is flushed first. */
weir_error weir_transport_close(weir_transport *transport) {
  if (transport->stage != WEIR_STAGE_OPEN) return 0;
  transport->stage = WEIR_STAGE_CLOSING;
  if (transport->backlog.size == 0)
    weir_transport_lose(transport, 0);
  else
    weir_transport_watch(transport);
  return 0;
}

/* D8: what is buffered is dropped.  After close() it cuts the flush short (C3). */
weir_error weir_transport_abort(weir_transport *transport) {
  if (transport->stage < WEIR_STAGE_LOSING) weir_transport_lose(transport, 0);
  return 0;
}

bool weir_transport_is_closing(weir_transport *transport) {
  return transport->stage != WEIR_STAGE_OPEN;
}

/* ---- Readiness ------------------------------------------------------------ */
bool weir_transport_is_transient(ptrdiff_t result) {
  return result == -EAGAIN || result == -EWOULDBLOCK || result == -EINTR;
}

static void ready(void *context, unsigned readiness) {
  weir_transport *transport = context;
  if (transport->stage == WEIR_STAGE_LOSING) {
    lost(transport); /* watched for by weir_transport_lose */
    return;
  }
  if ((readiness & WEIR_READABLE) != 0 && weir_transport_may_read(transport)) weir_transport_read(transport);
  /* Reading called the protocol, which may have aborted: then the backlog is gone. */
  if ((readiness & WEIR_WRITABLE) != 0 && transport->backlog.size > 0) weir_transport_flush(transport);
  weir_transport_watch(transport);
}

void weir_transport_watch(weir_transport *transport) {
  if (transport->stage >= WEIR_STAGE_LOSING) return;
  unsigned interest = 0;
  if (weir_transport_may_read(transport)) interest |= WEIR_READABLE;
  if (transport->backlog.size > 0) interest |= WEIR_WRITABLE;
  watch_for(transport, interest);
}

/* ---- The beginning -------------------------------------------------------- */
static void start(void *context) {
  weir_transport *transport = context;
  const weir_host *host = transport->host;
  weir_error error = transport->protocol->callbacks->connection_made(transport->protocol, transport);
  if (error != 0) host->exception(host->loop, error, "connection_made() raised"); /* L8: and goes on */
  transport->started = true;
  /* connection_made may have paused (P4), written (W10), closed: watch looks at all of it. */
  weir_transport_watch(transport);
}

static weir_error open_transport(const weir_host *host, weir_socket *socket, weir_protocol *protocol,
                                 weir_transport **opened) {
  *opened = NULL;
  weir_transport *transport = host->reallocate(host->loop, NULL, sizeof *transport);
  if (transport == NULL) return ENOMEM;
  *transport = (weir_transport){.host = host, .socket = socket, .protocol = protocol};
  weir_transport_set_defaults(transport);
  int result = host->call_soon(host->loop, start, transport);
  if (result != 0) {
    (void)host->reallocate(host->loop, transport, 0);
    return -result;
  }
  *opened = transport;
  return 0;
}

static void release(weir_transport *transport) {
  const weir_host *host = transport->host;
  close_socket(transport);
  weir_backlog_drop(&transport->backlog, host);
  if (transport->input != NULL) (void)host->reallocate(host->loop, transport->input, 0);
  (void)host->reallocate(host->loop, transport, 0);
}

/* ---- The protocol --------------------------------------------------------- */
/* T1: takes effect with the next read, because whoever calls the protocol takes
 * it from here; no reading is started (T2), no callback made. */
static weir_error set_protocol(weir_transport *transport, weir_protocol *protocol) {
  transport->protocol = protocol;
  return 0;
}

static weir_protocol *get_protocol(weir_transport *transport) {
  return transport->protocol;
}

/* ---- The target ----------------------------------------------------------- */
static const weir_transport_calls calls = {
    .size = sizeof calls,
    .open = open_transport,
    .release = release,
    .write = weir_transport_write,
    .writelines = weir_transport_writelines,
    .write_eof = weir_transport_write_eof,
    .can_write_eof = weir_transport_can_write_eof,
    .close = weir_transport_close,
    .abort = weir_transport_abort,
    .is_closing = weir_transport_is_closing,
    .pause_reading = weir_transport_pause_reading,
    .resume_reading = weir_transport_resume_reading,
    .is_reading = weir_transport_is_reading,
    .set_protocol = set_protocol,
    .get_protocol = get_protocol,
    .set_write_buffer_limits = weir_transport_set_limits,
    .get_write_buffer_limits = weir_transport_get_limits,
    .get_write_buffer_size = weir_transport_get_size,
};

static const weir_target target = {
    .abi = WEIR_ABI,
    .size = sizeof target,
    .name = "reference",
    .version = "0.1.0",
    /* All that C can show: a buffer is an address and a size here, of one kind only. */
    .capabilities = ((1u << WEIR_CAPABILITY_COUNT) - 1) & ~(unsigned)(WEIR_CAN_BUFFER_KINDS | WEIR_CAN_WRITE_KINDS),
    .transport = &calls,
};

const weir_target *weir_reference(void) {
  return &target;
}

#ifdef WEIR_REFERENCE_PLUGIN
const weir_target *weir_plugin(void) {
  return &target;
}
#endif
