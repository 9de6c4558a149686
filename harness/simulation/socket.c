/* The program's operations on the socket, as Linux's TCP answers them
 * (tcp_recvmsg, tcp_sendmsg, tcp_poll, tcp_reset, tcp_close). */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "simulation/parts.h"
#include "weir/payload.h"

static uint32_t clamp(size_t size) {
  return size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
}

static inline ptrdiff_t note_operation(weir_simulation *simulation, weir_event event, size_t size, ptrdiff_t result,
                                       bool injected) {
  weir_simulation_note(simulation, (weir_record){.event = (uint8_t)event,
                                                 .flags = injected ? WEIR_FLAG_INJECTED : 0,
                                                 .a = clamp(size),
                                                 .b = (uint64_t)(int64_t)result});
  return result;
}

void weir_socket_lose(weir_simulation *simulation) {
  simulation->drained = simulation->taken;
  simulation->odd_from = NOTHING_ODD;
}

void weir_socket_kill(weir_simulation *simulation, int error) {
  weir_socket_lose(simulation);
  simulation->dead = true;
  simulation->pending_error = error;
  simulation->slow_out |= SLOW_ENDED;
}

/* The error that waits for whichever operation comes first; 0: none. */
static int take_pending(weir_simulation *simulation) {
  int error = simulation->pending_error;
  simulation->pending_error = 0;
  return error;
}

/* Whether an injected result that invites a repetition may be given once more:
 * bounded, or the program would repeat it for ever. */
static bool take_transient(weir_simulation *simulation) {
  if (simulation->transient_run >= WEIR_AGAIN_MAX) return false;
  simulation->transient_run++;
  return true;
}

/* The errno that an `error` step makes this operation give; 0: none.  The fatal
 * ones kill the connection as sk_err does. */
static int inject_error(weir_simulation *simulation, int error) {
  if (error == 0 || simulation->dead) return 0;
  if (error == EINTR || error == ENOBUFS || error == ENOMEM) return take_transient(simulation) ? error : 0;
  weir_socket_kill(simulation, 0);
  simulation->progress = true;
  return error;
}

/* ---- Receiving --------------------------------------------------------------- */
static ptrdiff_t deliver(weir_simulation *simulation, void *buffer, size_t size) {
  const uint64_t unread = weir_socket_unread(simulation);
  const size_t count = size < unread ? size : (size_t)unread;
  weir_place_fill(&simulation->incoming, weir_stream_incoming(simulation->connection), simulation->received, buffer,
                  count);
  simulation->received += count;
  simulation->progress = true;
  return (ptrdiff_t)count;
}

/* What recv gives where no data is there. */
static ptrdiff_t receive_end(weir_simulation *simulation) {
  const bool dead = simulation->dead;
  if (!simulation->peer_fin && !dead) return -EAGAIN;
  /* A FIN that came first stays the end of the data, whatever follows (SOCK_DONE). */
  const int error = simulation->peer_fin ? 0 : take_pending(simulation);
  if (error != 0 || !simulation->seen_end_in) simulation->progress = true;
  if (error == 0) simulation->seen_end_in = true;
  return -error;
}

static bool has_input(const weir_simulation *simulation) {
  return weir_socket_unread(simulation) != 0 || simulation->peer_fin || simulation->dead;
}

/* recv with the faults of this operation; *injected: one of them decided it. */
static ptrdiff_t receive_faulty(weir_simulation *simulation, void *buffer, size_t size, bool *injected) {
  if (simulation->closed) return -EBADF;
  const weir_fault fault = weir_script_fault(simulation, WEIR_OCCASION_RECV);
  const int error = inject_error(simulation, fault.error);
  *injected = true;
  if (error != 0) {
    if (simulation->dead) simulation->received = simulation->sent; /* nothing but the end follows */
    return -error;
  }
  if ((fault.again || (simulation->slow_in & SLOW_UNREADY)) && has_input(simulation) && take_transient(simulation)) {
    simulation->slow_in |= SLOW_UNREADY;
    return -EAGAIN;
  }
  const uint64_t unread = weir_socket_unread(simulation);
  *injected = fault.most < size && fault.most < unread;
  if (size == 0) return 0;
  if (unread == 0) return receive_end(simulation);
  return deliver(simulation, buffer, *injected ? fault.most : size);
}

/* Kept apart, so that the short way has no more to save and restore than it needs. */
__attribute__((noinline)) static ptrdiff_t receive_slowly(weir_simulation *simulation, void *buffer, size_t size) {
  bool injected = false;
  ptrdiff_t result = receive_faulty(simulation, buffer, size, &injected);
  (void)note_operation(simulation, WEIR_EVENT_RECV, size, result, injected);
  if (simulation->after_head[WEIR_OCCASION_RECV] != 0) weir_script_after(simulation, WEIR_OCCASION_RECV);
  return result;
}

ptrdiff_t weir_simulation_recv(weir_simulation *simulation, void *buffer, size_t size) {
  simulation->occurred[WEIR_OCCASION_RECV]++;
  if (simulation->slow_in != 0 || weir_socket_unread(simulation) == 0) return receive_slowly(simulation, buffer, size);
  return note_operation(simulation, WEIR_EVENT_RECV, size, deliver(simulation, buffer, size), false);
}

/* ---- Sending ------------------------------------------------------------------- */
/* Only bytes that are not the expected ones, and those behind them, are kept:
 * the others can be told from their position (peer.c). */
static void take(weir_simulation *simulation, const void *bytes, size_t size) {
  if (simulation->odd_from == NOTHING_ODD) {
    const weir_stream stream = weir_stream_outgoing(simulation->connection);
    if (weir_payload_match(stream, simulation->taken + simulation->shift, bytes, size) == size) {
      simulation->taken += size;
      return;
    }
    simulation->odd_from = simulation->taken;
  }
  memcpy(simulation->outgoing + (simulation->taken - simulation->odd_from), bytes, size);
  simulation->taken += size;
}

static ptrdiff_t take_slices(weir_simulation *simulation, const struct iovec *slices, size_t count, size_t most) {
  size_t left = most;
  for (size_t index = 0; index < count && left > 0; index++) {
    const size_t size = slices[index].iov_len < left ? slices[index].iov_len : left;
    if (size > 0) take(simulation, slices[index].iov_base, size);
    left -= size;
  }
  if (most > 0) simulation->progress = true;
  return (ptrdiff_t)most;
}

static size_t room(const weir_simulation *simulation) {
  return simulation->capacity - (size_t)weir_socket_undrained(simulation);
}

/* The error of a send whose side has ended: the pending one, then EPIPE (sk_stream_error). */
static int send_error(weir_simulation *simulation) {
  if (!simulation->dead && !simulation->shut) return 0;
  const int pending = take_pending(simulation);
  if (pending != 0 || !simulation->seen_end_out) simulation->progress = true;
  if (pending == 0) simulation->seen_end_out = true;
  return pending != 0 ? pending : EPIPE;
}

/* How many bytes of `size` are taken, or -errno. */
static ptrdiff_t send_faulty(weir_simulation *simulation, size_t size, bool *injected) {
  if (simulation->closed) return -EBADF;
  const weir_fault fault = weir_script_fault(simulation, WEIR_OCCASION_SEND);
  const size_t most = size < room(simulation) ? size : room(simulation);
  const bool ended = simulation->dead || simulation->shut;
  int error = inject_error(simulation, fault.error);
  *injected = true;
  if (error != 0) return -error;
  if ((fault.again || (simulation->slow_out & SLOW_UNREADY)) && (most > 0 || ended) && take_transient(simulation)) {
    simulation->slow_out |= SLOW_UNREADY;
    return -EAGAIN;
  }
  *injected = !ended && fault.most < most;
  error = send_error(simulation);
  if (error != 0) return -error;
  if (most == 0 && size > 0) return -EAGAIN;
  return (ptrdiff_t)(*injected ? fault.most : most);
}

__attribute__((noinline)) static ptrdiff_t send_slowly(weir_simulation *simulation, const struct iovec *slices,
                                                       size_t count, size_t size) {
  bool injected = false;
  ptrdiff_t result = send_faulty(simulation, size, &injected);
  if (result > 0) (void)take_slices(simulation, slices, count, (size_t)result);
  (void)note_operation(simulation, WEIR_EVENT_SEND, size, result, injected);
  if (simulation->after_head[WEIR_OCCASION_SEND] != 0) weir_script_after(simulation, WEIR_OCCASION_SEND);
  return result;
}

ptrdiff_t weir_simulation_sendv(weir_simulation *simulation, const struct iovec *slices, size_t count) {
  size_t size = 0;
  for (size_t index = 0; index < count; index++) size += slices[index].iov_len;
  simulation->occurred[WEIR_OCCASION_SEND]++;
  const size_t space = room(simulation);
  if (simulation->slow_out != 0 || space == 0) return send_slowly(simulation, slices, count, size);
  ptrdiff_t taken = take_slices(simulation, slices, count, size < space ? size : space);
  return note_operation(simulation, WEIR_EVENT_SEND, size, taken, false);
}

ptrdiff_t weir_simulation_send(weir_simulation *simulation, const void *bytes, size_t size) {
  const size_t space = room(simulation);
  if (simulation->slow_out == 0 && space >= size && size > 0) {
    simulation->occurred[WEIR_OCCASION_SEND]++;
    take(simulation, bytes, size);
    simulation->progress = true;
    return note_operation(simulation, WEIR_EVENT_SEND, size, (ptrdiff_t)size, false);
  }
  /* iovec is not const-correct; nothing is written through it. */
  union {
    const void *in;
    void *out;
  } base = {.in = bytes};
  const struct iovec slice = {.iov_base = base.out, .iov_len = size};
  return weir_simulation_sendv(simulation, &slice, 1);
}

/* ---- Ending -------------------------------------------------------------------- */
static int shut_down(weir_simulation *simulation) {
  if (simulation->closed) return -EBADF;
  if (simulation->dead || (simulation->shut && simulation->peer_fin)) return -ENOTCONN;
  if (!simulation->shut) simulation->progress = true;
  simulation->shut = true;
  simulation->slow_out |= SLOW_ENDED;
  return 0;
}

int weir_simulation_shutdown_write(weir_simulation *simulation) {
  int result = shut_down(simulation);
  return (int)note_operation(simulation, WEIR_EVENT_SHUTDOWN, 0, result, false);
}

/* Unread data makes it a RST (tcp_close, RFC 2525 2.17); what was sent before is on its way all the same. */
void weir_simulation_close(weir_simulation *simulation) {
  if (simulation->closed) return;
  simulation->closed = true;
  simulation->progress = true;
  simulation->slow_in |= SLOW_ENDED;
  simulation->slow_out |= SLOW_ENDED;
  if (weir_socket_unread(simulation) > 0) {
    simulation->reset_sent = true;
    simulation->told_end = false;
  }
  weir_simulation_note(simulation, (weir_record){.event = WEIR_EVENT_SOCKET_CLOSE});
}

/* ---- Asking --------------------------------------------------------------------- */
size_t weir_simulation_unread(const weir_simulation *simulation) {
  return simulation->closed ? 0 : (size_t)weir_socket_unread(simulation);
}

int weir_simulation_take_error(weir_simulation *simulation) {
  return take_pending(simulation);
}

/* tcp_poll.  An injected EAGAIN hides its direction, and with it what would
 * wake the program all the same.  OUT: any room at all, where Linux waits for
 * a third of the buffer. */
unsigned weir_simulation_ready(const weir_simulation *simulation) {
  if (simulation->closed) return 0;
  const bool end_in = simulation->peer_fin || simulation->dead;
  const bool end_out = simulation->shut || simulation->dead;
  unsigned ready = end_in ? WEIR_POLL_IN | WEIR_POLL_RDHUP : 0u;
  if (weir_socket_unread(simulation) > 0) ready |= WEIR_POLL_IN;
  if (end_out || room(simulation) > 0) ready |= WEIR_POLL_OUT;
  if (end_in && end_out) ready |= WEIR_POLL_HUP;
  if (simulation->pending_error != 0) ready |= WEIR_POLL_ERR;
  if (simulation->slow_in & SLOW_UNREADY)
    ready &= ~(unsigned)(WEIR_POLL_IN | WEIR_POLL_RDHUP | WEIR_POLL_ERR | WEIR_POLL_HUP);
  if (simulation->slow_out & SLOW_UNREADY) ready &= ~(unsigned)(WEIR_POLL_OUT | WEIR_POLL_ERR | WEIR_POLL_HUP);
  return ready;
}
