/* The program's operations on the socket, as Linux answers them: TCP
 * (tcp_recvmsg, tcp_sendmsg, tcp_poll, tcp_reset, tcp_close), AF_UNIX
 * (unix_stream_read_generic, unix_stream_sendmsg, unix_release_sock) and pipes
 * (pipe_read, pipe_write, pipe_poll).  tests/kernel/ holds them against it. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
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
  if (simulation->layer != WEIR_LAYER_WRITE_PIPE && !simulation->answered) weir_socket_lose(simulation);
  weir_socket_wake(simulation, WEIR_EDGE_ANY);
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
static int inject_error(weir_simulation *simulation, weir_occasion occasion, int error) {
  if (error == 0 || simulation->dead || !weir_layer_has_error(simulation->layer, occasion, error)) return 0;
  if (error == EINTR || error == ENOBUFS || error == ENOMEM) return take_transient(simulation) ? error : 0;
  weir_socket_kill(simulation, 0);
  simulation->progress = true;
  return error;
}

/* ---- Receiving --------------------------------------------------------------- */
static ptrdiff_t deliver_from_wire(weir_simulation *simulation, void *buffer, size_t size) {
  simulation->progress = true;
  return (ptrdiff_t)weir_wire_deliver(simulation, buffer, size);
}

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
  if (simulation->layer == WEIR_LAYER_WRITE_PIPE) return -EBADF;
  if (!simulation->peer_fin && !simulation->dead && !simulation->shut_in) return -EAGAIN;
  /* In TCP a FIN that came first stays the end of the data, whatever follows (SOCK_DONE). */
  const bool done = simulation->peer_fin && simulation->layer != WEIR_LAYER_UNIX;
  const int error = done ? 0 : take_pending(simulation);
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
  const int error = inject_error(simulation, WEIR_OCCASION_RECV, fault.error);
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
  if (unread == 0) return receive_end(simulation);
  const size_t most = *injected ? fault.most : size;
  return simulation->wire != NULL ? deliver_from_wire(simulation, buffer, most) : deliver(simulation, buffer, most);
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

ptrdiff_t weir_simulation_peek(weir_simulation *simulation, void *buffer, size_t size) {
  if (simulation->closed) return -EBADF;
  if (simulation->wire != NULL) return -EINVAL;
  if (simulation->slow_in & SLOW_UNREADY) return -EAGAIN;
  const uint64_t unread = weir_socket_unread(simulation);
  if (unread == 0) {
    const ptrdiff_t result = receive_end(simulation);
    return result >= 0 || result == -EAGAIN ? result : note_operation(simulation, WEIR_EVENT_RECV, size, result, false);
  }
  const size_t count = size < unread ? size : (size_t)unread;
  weir_payload_fill(weir_stream_incoming(simulation->connection), simulation->received, buffer, count);
  return (ptrdiff_t)count;
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

/* On a wire no byte can be told from its position. */
static void take_either(weir_simulation *simulation, const void *bytes, size_t size) {
  if (simulation->wire != NULL)
    weir_wire_take(simulation, bytes, size);
  else
    take(simulation, bytes, size);
}

static ptrdiff_t take_slices(weir_simulation *simulation, const struct iovec *slices, size_t count, size_t most) {
  size_t left = most;
  for (size_t index = 0; index < count && left > 0; index++) {
    const size_t size = slices[index].iov_len < left ? slices[index].iov_len : left;
    if (size > 0) take_either(simulation, slices[index].iov_base, size);
    left -= size;
  }
  if (most > 0) simulation->progress = true;
  return (ptrdiff_t)most;
}

/* A handshake may have left more than a small buffer holds. */
static size_t room(const weir_simulation *simulation) {
  const size_t undrained = (size_t)weir_socket_undrained(simulation);
  return undrained < simulation->capacity ? simulation->capacity - undrained : 0;
}

bool weir_socket_writable(const weir_simulation *simulation) {
  return room(simulation) >= (simulation->layer == WEIR_LAYER_WRITE_PIPE ? PIPE_BUF : 1);
}

/* The error of a send whose side has ended: in TCP the pending one, then EPIPE (sk_stream_error). */
static int send_error(weir_simulation *simulation) {
  if (!simulation->dead && !simulation->shut) return 0;
  const int pending = simulation->layer == WEIR_LAYER_UNIX ? 0 : take_pending(simulation);
  if (pending != 0 || !simulation->seen_end_out) simulation->progress = true;
  if (pending == 0) simulation->seen_end_out = true;
  return pending != 0 ? pending : EPIPE;
}

/* How much of `size` the socket could take.  A pipe takes up to a page whole or not at all (pipe(7)). */
static size_t fitting(const weir_simulation *simulation, size_t size, bool whole) {
  const size_t space = room(simulation);
  if (size <= space) return size;
  return whole ? 0 : space;
}

/* How many bytes of `size` are taken, or -errno. */
static ptrdiff_t send_faulty(weir_simulation *simulation, size_t size, bool *injected) {
  if (simulation->closed || simulation->layer == WEIR_LAYER_READ_PIPE) return -EBADF;
  const bool whole = simulation->layer == WEIR_LAYER_WRITE_PIPE && size <= PIPE_BUF;
  if (whole && size == 0) return 0;
  weir_fault fault = weir_script_fault(simulation, WEIR_OCCASION_SEND);
  if (whole) fault.most = UINT32_MAX;
  const size_t most = fitting(simulation, size, whole);
  const bool ended = simulation->dead || simulation->shut;
  int error = inject_error(simulation, WEIR_OCCASION_SEND, fault.error);
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
  if (simulation->handshake) weir_wire_settle(simulation);
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
bool weir_simulation_is_connected(const weir_simulation *simulation) {
  if (simulation->layer == WEIR_LAYER_UNIX) return true;
  return !simulation->dead && !(simulation->shut && simulation->peer_fin);
}

static int shut_down(weir_simulation *simulation, int how) {
  if (simulation->closed) return -EBADF;
  if (weir_layer_is_pipe(simulation->layer)) return -ENOTSOCK;
  if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) return -EINVAL;
  weir_socket_wake(simulation, WEIR_EDGE_ANY);
  if (!weir_simulation_is_connected(simulation)) return -ENOTCONN;
  if (how != SHUT_WR) simulation->shut_in = true;
  if (how == SHUT_RD) return 0;
  if (!simulation->shut) simulation->progress = true;
  simulation->shut = true;
  simulation->slow_out |= SLOW_ENDED;
  return 0;
}

int weir_simulation_shutdown(weir_simulation *simulation, int how) {
  int result = shut_down(simulation, how);
  if (how == SHUT_RD) return result;
  return (int)note_operation(simulation, WEIR_EVENT_SHUTDOWN, 0, result, false);
}

int weir_simulation_shutdown_write(weir_simulation *simulation) {
  return weir_simulation_shutdown(simulation, SHUT_WR);
}

/* Whether closing is a RST: unread data (tcp_close, RFC 2525 2.17), or asked
 * for.  A connection that has ended has none, and who has seen the FIN does not see it. */
static bool closes_with_reset(const weir_simulation *simulation) {
  const bool unread = weir_socket_unread(simulation) > 0;
  if (simulation->layer == WEIR_LAYER_UNIX) return unread;
  if (weir_layer_is_pipe(simulation->layer)) return false;
  return (unread || simulation->abortive) && !simulation->dead && !simulation->shut;
}

/* What was sent before is on its way all the same. */
void weir_simulation_close(weir_simulation *simulation) {
  if (simulation->closed) return;
  simulation->closed = true;
  simulation->progress = true;
  simulation->slow_in |= SLOW_ENDED;
  simulation->slow_out |= SLOW_ENDED;
  if (closes_with_reset(simulation)) {
    simulation->reset_sent = true;
    simulation->told_end = simulation->told_end && simulation->wire != NULL; /* a close_notify came before */
  }
  weir_simulation_note(simulation, (weir_record){.event = WEIR_EVENT_SOCKET_CLOSE});
  if (simulation->handshake) weir_wire_settle(simulation);
}

/* ---- Asking --------------------------------------------------------------------- */
size_t weir_simulation_unread(const weir_simulation *simulation) {
  if (simulation->closed) return 0;
  return (size_t)(simulation->layer == WEIR_LAYER_WRITE_PIPE ? weir_socket_undrained(simulation)
                                                             : weir_socket_unread(simulation));
}

int weir_simulation_take_error(weir_simulation *simulation) {
  return take_pending(simulation);
}

/* tcp_poll, unix_poll.  OUT: any room at all, where Linux waits for a third of the buffer. */
static unsigned ready_socket(const weir_simulation *simulation) {
  const bool local = simulation->layer == WEIR_LAYER_UNIX;
  const bool end_in = simulation->peer_fin || simulation->dead || simulation->shut_in;
  const bool end_out = simulation->shut || simulation->dead;
  unsigned ready = end_in ? WEIR_POLL_IN | WEIR_POLL_RDHUP : 0u;
  if (weir_socket_unread(simulation) > 0) ready |= WEIR_POLL_IN;
  if ((end_out && !local) || room(simulation) > 0) ready |= local ? WEIR_POLL_OUT | WEIR_POLL_OUT_BAND : WEIR_POLL_OUT;
  if (end_in && end_out) ready |= WEIR_POLL_HUP;
  if (simulation->pending_error != 0) ready |= WEIR_POLL_ERR;
  return ready;
}

/* pipe_poll. */
static unsigned ready_pipe(const weir_simulation *simulation) {
  if (simulation->layer == WEIR_LAYER_WRITE_PIPE)
    return (weir_socket_writable(simulation) ? WEIR_POLL_OUT : 0u) | (simulation->dead ? WEIR_POLL_ERR : 0u);
  return (weir_socket_unread(simulation) > 0 ? WEIR_POLL_IN : 0u) | (simulation->peer_fin ? WEIR_POLL_HUP : 0u);
}

/* An injected EAGAIN hides its direction, and with it what would wake the
 * program all the same. */
unsigned weir_simulation_ready(const weir_simulation *simulation) {
  if (simulation->closed) return 0;
  unsigned ready = weir_layer_is_pipe(simulation->layer) ? ready_pipe(simulation) : ready_socket(simulation);
  if (simulation->slow_in & SLOW_UNREADY)
    ready &= ~(unsigned)(WEIR_POLL_IN | WEIR_POLL_RDHUP | WEIR_POLL_ERR | WEIR_POLL_HUP);
  if (simulation->slow_out & SLOW_UNREADY)
    ready &= ~(unsigned)(WEIR_POLL_OUT | WEIR_POLL_OUT_BAND | WEIR_POLL_ERR | WEIR_POLL_HUP);
  return ready;
}
