/* Bytes and the end of file, from the socket to the protocol. */
#include <assert.h>
#include <errno.h>

#include "reference/internal.h"

/* Nothing is received before connection_made has returned (L7), while paused
 * (P1), after close() or abort() (C1, C8, E7) or after the end of file (E2). */
bool weir_transport_may_read(const weir_transport *transport) {
  return transport->started && transport->stage == WEIR_STAGE_OPEN && !transport->paused && !transport->eof_seen;
}

/* ---- The end of file ------------------------------------------------------ */
static void receive_eof(weir_transport *transport) {
  transport->eof_seen = true; /* E1: first of all, since eof_received may call anything */
  bool keep_open = false;
  weir_error error = transport->protocol->callbacks->eof_received(transport->protocol, &keep_open);
  if (error != 0) {
    weir_transport_fail_protocol(transport, error, "eof_received() raised"); /* E6 */
    return;
  }
  /* E3, E4.  Where eof_received itself closed (E9), this is the second close() and does nothing (C4). */
  if (!keep_open) (void)weir_transport_close(transport);
}

/* What recv had to say other than bytes. */
static void receive_no_bytes(weir_transport *transport, ptrdiff_t result) {
  assert(result <= 0);
  if (result == 0)
    receive_eof(transport);
  else if (!weir_transport_is_transient(result)) /* else: a get_buffer without buffer_updated, which is legal (B15) */
    weir_transport_fail(transport, (weir_error)-result);
}

/* ---- Buffered protocols --------------------------------------------------- */
/* B9, B12.  0: the buffer can be received into. */
static weir_error check_buffer(weir_transport *transport, const weir_buffer *buffer) {
  if (buffer->size == 0) {
    weir_transport_fail_protocol(transport, WEIR_ERROR_STATE, "get_buffer() returned an empty buffer");
    return WEIR_ERROR_STATE;
  }
  if (buffer->base == NULL) {
    weir_transport_fail_protocol(transport, WEIR_ERROR_TYPE, "get_buffer() did not return a buffer");
    return WEIR_ERROR_TYPE;
  }
  return 0;
}

static void read_buffered(weir_transport *transport) {
  /* B16: the protocol whose buffer it is, whatever set_protocol() does meanwhile. */
  weir_protocol *protocol = transport->protocol;
  weir_buffer buffer = {0};
  weir_error error = protocol->callbacks->get_buffer(protocol, -1, &buffer); /* B10: any size is welcome */
  if (error != 0) {
    weir_transport_fail_protocol(transport, error, "get_buffer() raised"); /* B13 */
    return;
  }
  if (check_buffer(transport, &buffer) != 0) return;
  /* get_buffer may have closed (C1), paused (P7) or switched (B16).  Nothing has
   * been received yet, so nothing is lost: the bytes wait in the socket, and the
   * buffer is simply not used (B6).  The socket stays readable, so that a new
   * protocol is asked for a buffer of its own in the next turn. */
  if (!weir_transport_may_read(transport) || transport->protocol != protocol) return;
  ptrdiff_t result = transport->host->recv(transport->socket, buffer.base, buffer.size);
  if (result <= 0) {
    receive_no_bytes(transport, result);
    return;
  }
  assert((size_t)result <= buffer.size); /* B3 */
  error = protocol->callbacks->buffer_updated(protocol, (size_t)result);
  if (error != 0) weir_transport_fail_protocol(transport, error, "buffer_updated() raised"); /* B14 */
}

/* ---- Plain protocols ------------------------------------------------------ */
static void read_plain(weir_transport *transport) {
  const weir_host *host = transport->host;
  if (transport->input == NULL) transport->input = host->reallocate(host->loop, NULL, WEIR_INPUT_SIZE);
  if (transport->input == NULL) {
    weir_transport_fail(transport, ENOMEM);
    return;
  }
  ptrdiff_t result = host->recv(transport->socket, transport->input, WEIR_INPUT_SIZE);
  if (result <= 0) {
    receive_no_bytes(transport, result); /* B21: never a data_received of nothing */
    return;
  }
  weir_protocol *protocol = transport->protocol;
  weir_error error = protocol->callbacks->data_received(protocol, transport->input, (size_t)result);
  if (error != 0) weir_transport_fail_protocol(transport, error, "data_received() raised");
}

void weir_transport_read(weir_transport *transport) {
  assert(weir_transport_may_read(transport));
  /* Asked each time: set_protocol() takes effect with the next read (T1). */
  if (weir_protocol_is_buffered(transport->protocol))
    read_buffered(transport);
  else
    read_plain(transport);
}

/* ---- Pausing -------------------------------------------------------------- */
/* P2: idempotent, and nothing at all once closing. */
weir_error weir_transport_pause_reading(weir_transport *transport) {
  if (transport->stage != WEIR_STAGE_OPEN) return 0;
  transport->paused = true;
  weir_transport_watch(transport); /* P8: while paused the socket is not even looked at */
  return 0;
}

/* P5, P6: what came meanwhile, the end of file too (E8), is still in the socket,
 * and readiness is a level: watching is all there is to do. */
weir_error weir_transport_resume_reading(weir_transport *transport) {
  if (transport->stage != WEIR_STAGE_OPEN) return 0;
  transport->paused = false;
  weir_transport_watch(transport);
  return 0;
}

/* P3 */
bool weir_transport_is_reading(weir_transport *transport) {
  return transport->stage == WEIR_STAGE_OPEN && !transport->paused;
}
