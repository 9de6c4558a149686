/* The loop.  A turn of it, as in asyncio's:
 *
 *   the application's steps that are due, outside any callback
 *   wait: what is ready?  Nothing, and nothing queued: the simulation's turn
 *   what was queued with call_soon before the wait
 *   the socket's readiness, for what it is watched for by now
 *
 * No time passes but what the scenario says, and nothing is allocated once the
 * queue has its size. */
#include "targets/host.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "probe/native.h"

enum {
  SOON_MAX = 1 << 16,            /* call_soon beyond this fails: nobody needs so many */
  SOON_LEAST = 64,               /* a power of two, like the former */
  SLICES_MAX = 1024,             /* of one sendv, as IOV_MAX; what comes behind is left for the next */
  OUTGOING_SIZE = WEIR_SIZE_MAX, /* bounds `socket buffer` */
  HELD_MAX =
      1 << 26 /* bytes that a transport may hold: a scenario can ask for any number of writes that nobody reads */
};

typedef struct soon {
  weir_soon_fn *function;
  void *context;
} soon;

/* What call_soon was asked for: a ring of `capacity`, a power of two. */
typedef struct soon_queue {
  soon *ring;
  uint32_t capacity;
  uint32_t head, count;
} soon_queue;

struct weir_loop {
  soon_queue queue;
  unsigned interest; /* WEIR_READABLE | WEIR_WRITABLE */
  weir_ready_fn *ready;
  void *context;
  weir_native *native;
  weir_trace *trace;
  size_t held; /* memory that the transport has, in bytes */
};

struct weir_socket {
  weir_simulation *simulation;
  weir_loop *loop;
};

struct weir_host_run {
  weir_loop loop;
  weir_socket socket;
  weir_host host;
  weir_simulation simulation;
  weir_native native;
  uint8_t *outgoing;
};

/* ---- The queue ------------------------------------------------------------ */
static bool grow_queue(soon_queue *queue) {
  if (queue->capacity >= SOON_MAX) return false;
  uint32_t capacity = queue->capacity == 0 ? SOON_LEAST : queue->capacity * 2;
  soon *ring = malloc(capacity * sizeof *ring);
  if (ring == NULL) return false;
  for (uint32_t i = 0; i < queue->count; i++) ring[i] = queue->ring[(queue->head + i) & (queue->capacity - 1)];
  free(queue->ring);
  *queue = (soon_queue){.ring = ring, .capacity = capacity, .count = queue->count};
  return true;
}

static int host_call_soon(weir_loop *loop, weir_soon_fn *function, void *context) {
  soon_queue *queue = &loop->queue;
  if (queue->count == queue->capacity && !grow_queue(queue)) return -ENOMEM;
  queue->ring[(queue->head + queue->count++) & (queue->capacity - 1)] = (soon){function, context};
  return 0;
}

/* What is queued meanwhile belongs to the next turn. */
static void run_queue(soon_queue *queue) {
  for (uint32_t left = queue->count; left > 0; left--) {
    soon next = queue->ring[queue->head];
    queue->head = (queue->head + 1) & (queue->capacity - 1);
    queue->count--;
    next.function(next.context);
  }
}

/* ---- The operations of weir_host ------------------------------------------ */
static ptrdiff_t host_recv(weir_socket *socket, void *buffer, size_t size) {
  return weir_simulation_recv(socket->simulation, buffer, size);
}

static ptrdiff_t host_send(weir_socket *socket, const void *bytes, size_t size) {
  return weir_simulation_send(socket->simulation, bytes, size);
}

static ptrdiff_t host_sendv(weir_socket *socket, const weir_slice *slices, size_t count) {
  struct iovec vector[SLICES_MAX];
  if (count > SLICES_MAX) count = SLICES_MAX;
  for (size_t i = 0; i < count; i++)
    vector[i] = (struct iovec){.iov_base = (void *)(uintptr_t)slices[i].base, .iov_len = slices[i].size};
  return weir_simulation_sendv(socket->simulation, vector, count);
}

static int host_shutdown(weir_socket *socket) {
  return weir_simulation_shutdown_write(socket->simulation);
}

static unsigned poll_of(unsigned interest) {
  return ((interest & WEIR_READABLE) ? WEIR_POLL_IN : 0u) | ((interest & WEIR_WRITABLE) ? WEIR_POLL_OUT : 0u);
}

static int host_watch(weir_loop *loop, weir_socket *socket, unsigned interest, weir_ready_fn *ready, void *context) {
  if (socket->simulation->closed) return -EBADF;
  if ((interest & ~(unsigned)(WEIR_READABLE | WEIR_WRITABLE)) != 0 || (interest != 0 && ready == NULL)) return -EINVAL;
  loop->interest = interest;
  loop->ready = ready;
  loop->context = context;
  weir_simulation_watch(socket->simulation, poll_of(interest));
  return 0;
}

/* As in the kernel, a closed descriptor is not watched any more. */
static void host_close(weir_socket *socket) {
  socket->loop->interest = 0;
  weir_simulation_close(socket->simulation);
}

static void host_exception(weir_loop *loop, weir_error error, const char *message) {
  (void)message;
  weir_native_exception(loop->native, error);
}

/* Past the bound the run is over: what the transport does about its missing
 * memory is no longer recorded. */
static void *host_reallocate(weir_loop *loop, void *memory, size_t size) {
  size_t before = malloc_usable_size(memory);
  if (size == 0) {
    loop->held -= before;
    free(memory);
    return NULL;
  }
  if (size > HELD_MAX - (loop->held - before)) {
    weir_trace_close(loop->trace, WEIR_END_LIMIT, 0);
    return NULL;
  }
  void *grown = realloc(memory, size);
  if (grown != NULL) loop->held += malloc_usable_size(grown) - before;
  return grown;
}

/* ---- Memory --------------------------------------------------------------- */
weir_host_run *weir_host_new(void) {
  weir_host_run *host = calloc(1, sizeof *host);
  if (host == NULL) return NULL;
  host->outgoing = malloc(OUTGOING_SIZE);
  if (!weir_native_new(&host->native) || host->outgoing == NULL || !grow_queue(&host->loop.queue)) {
    weir_host_free(host);
    return NULL;
  }
  host->host = (weir_host){.size = sizeof host->host,
                           .loop = &host->loop,
                           .recv = host_recv,
                           .send = host_send,
                           .sendv = host_sendv,
                           .shutdown = host_shutdown,
                           .close = host_close,
                           .watch = host_watch,
                           .call_soon = host_call_soon,
                           .exception = host_exception,
                           .reallocate = host_reallocate};
  host->socket = (weir_socket){.simulation = &host->simulation, .loop = &host->loop};
  host->loop.native = &host->native;
  return host;
}

void weir_host_free(weir_host_run *host) {
  if (host == NULL) return;
  weir_native_free(&host->native);
  free(host->outgoing);
  free(host->loop.queue.ring);
  free(host);
}

/* ---- Turns ---------------------------------------------------------------- */
/* What the transport may be told of: an error or a hang-up shows as both. */
static unsigned ready_of(const weir_loop *loop, unsigned poll) {
  unsigned both = poll & (WEIR_POLL_ERR | WEIR_POLL_HUP);
  unsigned ready =
      ((poll & WEIR_POLL_IN) || both ? WEIR_READABLE : 0u) | ((poll & WEIR_POLL_OUT) || both ? WEIR_WRITABLE : 0u);
  return ready & loop->interest;
}

/* Nothing is ready or queued: lets the others act until something is, or until
 * nobody has anything left to do. */
static weir_turn take_turns(weir_host_run *host, unsigned *ready) {
  for (;;) {
    weir_turn turn = weir_simulation_turn(&host->simulation);
    if (turn != WEIR_TURN_PEER) return turn;
    *ready = ready_of(&host->loop, weir_simulation_ready(&host->simulation));
    if (*ready != 0) return turn;
  }
}

/* One turn of the loop.  False: the run is over, and *how says how. */
static bool turn_loop(weir_host_run *host, const weir_trace *trace, weir_end *how) {
  weir_loop *loop = &host->loop;
  if (weir_simulation_app_waits(&host->simulation)) weir_native_outside(&host->native);
  *how = WEIR_END_LIMIT;
  if (trace->full || trace->closed) return false;
  unsigned ready = ready_of(loop, weir_simulation_wait(&host->simulation, poll_of(loop->interest)));
  *how = WEIR_END_SPIN;
  if (weir_simulation_spinning(&host->simulation)) return false;
  if (ready == 0 && loop->queue.count == 0) {
    weir_turn turn = take_turns(host, &ready);
    *how = turn == WEIR_TURN_SPIN ? WEIR_END_SPIN : WEIR_END_QUIESCENT;
    if (turn == WEIR_TURN_SPIN || turn == WEIR_TURN_QUIESCENT) return false;
  }
  run_queue(&loop->queue);
  ready &= loop->interest;
  if (ready != 0) loop->ready(loop->context, ready);
  return true;
}

/* ---- A run ---------------------------------------------------------------- */
static void set_up(weir_host_run *host, const weir_target *target, const weir_scenario *scenario, weir_trace *trace) {
  weir_simulation_init(&host->simulation, scenario, trace, 0, host->outgoing, OUTGOING_SIZE);
  weir_native_init(&host->native, target->transport, scenario, trace, &host->simulation, 0, target->capabilities);
  host->loop.queue.head = host->loop.queue.count = 0;
  host->loop.interest = 0;
  host->loop.trace = trace;
  host->loop.held = 0;
}

weir_status weir_host_drive(weir_host_run *host, const weir_target *target, const weir_scenario *scenario,
                            weir_trace *trace, uint32_t *unreached, weir_problem *problem) {
  assert(target->abi == WEIR_ABI);
  set_up(host, target, scenario, trace);
  weir_transport *transport = NULL;
  weir_error error = target->transport->open(&host->host, &host->socket, weir_native_first(&host->native), &transport);
  if (error != 0 || transport == NULL) {
    weir_trace_close(trace, WEIR_END_CUT, 0);
    return weir_fail(problem, WEIR_BROKEN, 0,
                     "open() of %s returned %d%s%s%s and %s transport; 0 and a transport are due", target->name,
                     (int)error, error > 0 ? " (" : "", error > 0 ? strerror(error) : "", error > 0 ? ")" : "",
                     transport == NULL ? "no" : "a");
  }
  host->native.transport = transport;
  weir_end how;
  while (turn_loop(host, trace, &how)) {
  }
  weir_native_finish(&host->native);
  weir_trace_close(trace, how, 0);
  target->transport->release(transport);
  uint16_t first;
  *unreached = (uint32_t)weir_simulation_unreached(&host->simulation, &first);
  return WEIR_OK;
}
