/* Bytes and the end of file, from the caller to the socket.
 *
 * Order (W1) is kept by one rule: bytes go to the socket directly only while
 * the backlog is empty, and to the end of the backlog otherwise. */
#include <assert.h>
#include <errno.h>

#include "reference/internal.h"

/* ---- The end of file ------------------------------------------------------ */
/* Once, as soon as everything written has been sent (W7). */
static void shut_down(weir_transport *transport) {
  if (!transport->eof_written || transport->shut || transport->backlog.size > 0) return;
  transport->shut = true;
  int result = transport->host->shutdown(transport->socket);
  if (result != 0) weir_transport_fail(transport, -result);
}

weir_error weir_transport_write_eof(weir_transport *transport) {
  /* A second call does nothing (W7); close() ends the write side by itself. */
  if (transport->stage != WEIR_STAGE_OPEN || transport->eof_written) return 0;
  transport->eof_written = true;
  shut_down(transport);
  return 0;
}

bool weir_transport_can_write_eof(weir_transport *transport) {
  (void)transport;
  return true; /* W8 */
}

/* ---- Writing -------------------------------------------------------------- */
/* Hands to the socket what it takes at once.  Returns the number of bytes
 * taken; false where the connection is lost. */
static bool send_now(weir_transport *transport, const weir_slice *slices, size_t count, size_t *taken) {
  *taken = 0;
  if (transport->backlog.size > 0) return true;
  const weir_host *host = transport->host;
  ptrdiff_t result = count == 1 ? host->send(transport->socket, slices->base, slices->size)
                                : host->sendv(transport->socket, slices, count);
  if (result >= 0)
    *taken = (size_t)result;
  else if (!weir_transport_is_transient(result))
    weir_transport_fail(transport, (weir_error)-result);
  return transport->stage == WEIR_STAGE_OPEN;
}

/* Copies the slices, but for the first `taken` bytes, to the backlog: the
 * caller may use them for something else as soon as we return (W2). */
static bool keep_rest(weir_transport *transport, const weir_slice *slices, size_t count, size_t total, size_t taken) {
  if (!weir_backlog_reserve(&transport->backlog, transport->host, total - taken)) return false;
  for (size_t i = 0; i < count; i++) {
    size_t skip = taken < slices[i].size ? taken : slices[i].size;
    taken -= skip;
    if (skip < slices[i].size)
      weir_backlog_append(&transport->backlog, (const uint8_t *)slices[i].base + skip, slices[i].size - skip);
  }
  return true;
}

/* All elements as one write: the same bytes in the same order as one by one
 * (D12), and flow control is asked once, when all of them are in (F9). */
static void write_all(weir_transport *transport, const weir_slice *slices, size_t count, size_t total) {
  size_t taken = 0;
  if (!send_now(transport, slices, count, &taken) || taken == total) return;
  if (!keep_rest(transport, slices, count, total, taken)) {
    weir_transport_fail(transport, ENOMEM); /* part of it may be sent: there is no way back */
    return;
  }
  weir_transport_watch(transport);
  weir_transport_grown(transport); /* last: it may call anything */
}

/* W3: looked at before anything else, and before anything is done. */
static bool are_bytes(const weir_slice *slices, size_t count, size_t *total) {
  *total = 0;
  for (size_t i = 0; i < count; i++) {
    if (slices[i].base == NULL && slices[i].size > 0) return false;
    if (slices[i].size > PTRDIFF_MAX - *total) return false;
    *total += slices[i].size;
  }
  return true;
}

weir_error weir_transport_writelines(weir_transport *transport, const weir_slice *slices, size_t count) {
  size_t total = 0;
  if (!are_bytes(slices, count, &total)) return WEIR_ERROR_TYPE;
  if (count > 0 && transport->eof_written) return WEIR_ERROR_STATE; /* W6; no elements are no write (W5) */
  /* Nothing is nothing (W4); after close() there is no one to send to (C7, W9). */
  if (total > 0 && transport->stage == WEIR_STAGE_OPEN) write_all(transport, slices, count, total);
  return 0;
}

weir_error weir_transport_write(weir_transport *transport, const void *bytes, size_t size) {
  weir_slice slice = {.base = bytes, .size = size};
  return weir_transport_writelines(transport, &slice, 1);
}

/* ---- The backlog ---------------------------------------------------------- */
/* F10: accepted, and not yet handed to the system. */
size_t weir_transport_get_size(weir_transport *transport) {
  return transport->backlog.size;
}

void weir_transport_flush(weir_transport *transport) {
  assert(transport->backlog.size > 0);
  weir_backlog *backlog = &transport->backlog;
  ptrdiff_t result = transport->host->send(transport->socket, weir_backlog_front(backlog), backlog->size);
  if (result < 0) {
    if (!weir_transport_is_transient(result)) weir_transport_fail(transport, (weir_error)-result);
    return;
  }
  weir_backlog_consume(backlog, (size_t)result);
  weir_transport_shrunk(transport);
  /* resume_writing may have written again, so that the backlog is not empty any
   * more (W7, C2); or aborted, so that connection_lost is on its way (C3). */
  if (backlog->size > 0) return;
  if (transport->stage == WEIR_STAGE_CLOSING)
    weir_transport_lose(transport, 0); /* C2: all is flushed */
  else if (transport->stage == WEIR_STAGE_OPEN)
    shut_down(transport);
}
