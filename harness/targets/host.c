/* The loop.  A turn of it, as in asyncio's:
 *
 *   the application's steps that are due, outside any callback
 *   wait: what is ready?  Nothing, and nothing queued: the simulation's turn
 *   what was queued with call_soon before the wait
 *   the sockets' readiness, for what each is watched for by now
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

/* The loop as one connection knows it: there is one loop, but what is told of
 * it (an exception) is told of that connection. */
struct weir_loop {
  weir_host_run *run;
  unsigned connection;
};

/* A descriptor: closed, it stands for the next connection that is opened, as
 * the lowest free number does in the kernel. */
struct weir_socket {
  weir_simulation *simulation; /* NULL: never used in this run */
  unsigned interest;           /* WEIR_READABLE | WEIR_WRITABLE */
  weir_ready_fn *ready;
  void *context;
};

/* What one connection needs. */
typedef struct host_connection {
  weir_loop loop;
  weir_host host;
  weir_native native;
  uint8_t *outgoing;
} host_connection;

/* What a socket showed at the wait. */
typedef struct shown {
  const weir_simulation *simulation;
  unsigned ready;
} shown;

struct weir_host_run {
  soon_queue queue;
  size_t held; /* memory that the transports have, in bytes */
  weir_trace *trace;
  const weir_target *target;
  weir_error refused; /* what open() of a further connection returned */
  unsigned sockets_used;
  weir_socket sockets[WEIR_CONNECTIONS];
  host_connection *connections[WEIR_CONNECTIONS]; /* NULL: never needed so far */
  weir_native_run native;
  weir_network network;
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
  soon_queue *queue = &loop->run->queue;
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
  (void)loop;
  if (socket->simulation->closed) return -EBADF;
  if ((interest & ~(unsigned)(WEIR_READABLE | WEIR_WRITABLE)) != 0 || (interest != 0 && ready == NULL)) return -EINVAL;
  socket->interest = interest;
  socket->ready = ready;
  socket->context = context;
  weir_simulation_watch(socket->simulation, poll_of(interest));
  return 0;
}

/* As in the kernel, a closed descriptor is not watched any more. */
static void host_close(weir_socket *socket) {
  socket->interest = 0;
  weir_simulation_close(socket->simulation);
}

static void host_exception(weir_loop *loop, weir_error error, const char *message) {
  (void)message;
  weir_native_exception(&loop->run->connections[loop->connection]->native, error);
}

/* Past the bound the run is over: what the transport does about its missing
 * memory is no longer recorded. */
static void *host_reallocate(weir_loop *loop, void *memory, size_t size) {
  weir_host_run *host = loop->run;
  size_t before = malloc_usable_size(memory);
  if (size == 0) {
    host->held -= before;
    free(memory);
    return NULL;
  }
  if (size > HELD_MAX - (host->held - before)) {
    weir_trace_close(host->trace, WEIR_END_LIMIT, 0);
    return NULL;
  }
  void *grown = realloc(memory, size);
  if (grown != NULL) host->held += malloc_usable_size(grown) - before;
  return grown;
}

/* ---- Memory --------------------------------------------------------------- */
static void free_connection(host_connection *connection) {
  if (connection == NULL) return;
  weir_native_free(&connection->native);
  free(connection->outgoing);
  free(connection);
}

/* Made when it is first needed, used over and over.  False: no memory. */
static bool provide(weir_host_run *host, unsigned number) {
  if (host->connections[number] != NULL) return true;
  host_connection *connection = calloc(1, sizeof *connection);
  if (connection == NULL) return false;
  connection->outgoing = malloc(OUTGOING_SIZE);
  if (!weir_native_new(&connection->native) || connection->outgoing == NULL) {
    free_connection(connection);
    return false;
  }
  connection->loop = (weir_loop){.run = host, .connection = number};
  connection->host = (weir_host){.size = sizeof connection->host,
                                 .loop = &connection->loop,
                                 .recv = host_recv,
                                 .send = host_send,
                                 .sendv = host_sendv,
                                 .shutdown = host_shutdown,
                                 .close = host_close,
                                 .watch = host_watch,
                                 .call_soon = host_call_soon,
                                 .exception = host_exception,
                                 .reallocate = host_reallocate};
  host->connections[number] = connection;
  return true;
}

static void open_another(void *context, unsigned connection);

weir_host_run *weir_host_new(void) {
  weir_host_run *host = calloc(1, sizeof *host);
  if (host == NULL) return NULL;
  if (!weir_native_run_new(&host->native) || !provide(host, 0) || !grow_queue(&host->queue)) {
    weir_host_free(host);
    return NULL;
  }
  host->native.open = open_another;
  host->native.context = host;
  return host;
}

void weir_host_free(weir_host_run *host) {
  if (host == NULL) return;
  for (unsigned number = 0; number < WEIR_CONNECTIONS; number++) free_connection(host->connections[number]);
  weir_native_run_free(&host->native);
  free(host->queue.ring);
  free(host);
}

/* ---- Connections ---------------------------------------------------------- */
static weir_socket *lowest_free(weir_host_run *host) {
  unsigned number = 0;
  while (number < host->sockets_used && !host->sockets[number].simulation->closed) number++;
  assert(number < WEIR_CONNECTIONS);
  if (number == host->sockets_used) host->sockets_used++;
  return &host->sockets[number];
}

/* The transport of a connection that the network has open. */
static weir_error open_transport(weir_host_run *host, unsigned number) {
  host_connection *connection = host->connections[number];
  weir_native_init(&connection->native, &host->native, number);
  weir_socket *socket = lowest_free(host);
  *socket = (weir_socket){.simulation = weir_network_connection(&host->network, number)};
  weir_transport *transport = NULL;
  weir_error error =
      host->target->transport->open(&connection->host, socket, weir_native_first(&connection->native), &transport);
  connection->native.transport = transport;
  return error;
}

static void open_another(void *context, unsigned connection) {
  weir_host_run *host = context;
  if (!provide(host, connection)) {
    weir_trace_close(host->trace, WEIR_END_LIMIT, 0);
    return;
  }
  (void)weir_network_open(&host->network, connection, host->connections[connection]->outgoing, OUTGOING_SIZE);
  weir_error error = open_transport(host, connection);
  if (error != 0) host->refused = error;
  if (error != 0 || host->connections[connection]->native.transport == NULL)
    weir_trace_close(host->trace, WEIR_END_CUT, 0);
}

/* ---- Turns ---------------------------------------------------------------- */
/* What the transport may be told of: an error or a hang-up shows as both. */
static unsigned ready_of(const weir_socket *socket, unsigned poll) {
  unsigned both = poll & (WEIR_POLL_ERR | WEIR_POLL_HUP);
  unsigned ready =
      ((poll & WEIR_POLL_IN) || both ? WEIR_READABLE : 0u) | ((poll & WEIR_POLL_OUT) || both ? WEIR_WRITABLE : 0u);
  return ready & socket->interest;
}

static unsigned wait_once(weir_host_run *host, shown *all) {
  unsigned any = 0;
  weir_network_wait(&host->network);
  for (unsigned i = 0; i < host->sockets_used; i++) {
    const weir_socket *socket = &host->sockets[i];
    all[i].simulation = socket->simulation;
    all[i].ready = ready_of(socket, weir_simulation_wait(socket->simulation, poll_of(socket->interest)));
    any |= all[i].ready;
  }
  return any;
}

static unsigned look(weir_host_run *host, shown *all) {
  unsigned any = 0;
  for (unsigned i = 0; i < host->sockets_used; i++) {
    all[i].ready = ready_of(&host->sockets[i], weir_simulation_ready(host->sockets[i].simulation));
    any |= all[i].ready;
  }
  return any;
}

/* Nothing is ready or queued: lets the others act until something is, or until
 * nobody has anything left to do. */
static weir_turn take_turns(weir_host_run *host, shown *all) {
  for (;;) {
    weir_turn turn = weir_network_turn(&host->network);
    if (turn != WEIR_TURN_PEER || look(host, all) != 0) return turn;
  }
}

/* What was shown of a socket is nothing to the connection that has its number now. */
static void dispatch(weir_host_run *host, const shown *all, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    weir_socket *socket = &host->sockets[i];
    unsigned ready = all[i].ready & socket->interest;
    if (ready != 0 && socket->simulation == all[i].simulation) socket->ready(socket->context, ready);
  }
}

/* One turn of the loop.  False: the run is over, and *how says how. */
static bool turn_loop(weir_host_run *host, const weir_trace *trace, weir_end *how) {
  if (weir_network_app_waits(&host->network)) weir_native_outside(&host->native);
  *how = WEIR_END_LIMIT;
  if (trace->full || trace->closed) return false;
  shown all[WEIR_CONNECTIONS];
  unsigned ready = wait_once(host, all), count = host->sockets_used;
  *how = WEIR_END_SPIN;
  if (weir_network_spinning(&host->network)) return false;
  /* The wait of one connection may have let a step act on another, which was looked at before. */
  if (ready == 0 && count > 1) ready = look(host, all);
  if (ready == 0 && host->queue.count == 0) {
    weir_turn turn = take_turns(host, all);
    *how = turn == WEIR_TURN_SPIN ? WEIR_END_SPIN : WEIR_END_QUIESCENT;
    if (turn == WEIR_TURN_SPIN || turn == WEIR_TURN_QUIESCENT) return false;
  }
  run_queue(&host->queue);
  dispatch(host, all, count);
  return true;
}

/* ---- A run ---------------------------------------------------------------- */
static void set_up(weir_host_run *host, const weir_target *target, const weir_scenario *scenario, weir_trace *trace) {
  host->target = target;
  host->trace = trace;
  host->held = 0;
  host->refused = 0;
  host->sockets_used = 0;
  host->queue.head = host->queue.count = 0;
  weir_network_init(&host->network, scenario, trace, WEIR_LAYER_TCP, host->connections[0]->outgoing, OUTGOING_SIZE);
  weir_native_run_init(&host->native, target->transport, &host->network, target->capabilities);
}

static weir_status fail_open(const weir_target *target, weir_error error, bool made, weir_problem *problem) {
  return weir_fail(problem, WEIR_BROKEN, 0,
                   "open() of %s returned %d%s%s%s and %s transport; 0 and a transport are due", target->name,
                   (int)error, error > 0 ? " (" : "", error > 0 ? strerror(error) : "", error > 0 ? ")" : "",
                   made ? "a" : "no");
}

/* Frees what was opened.  False: open() failed where none of its calls may. */
static bool release_all(weir_host_run *host) {
  bool made = true;
  for (unsigned number = 0; number < WEIR_CONNECTIONS; number++) {
    const weir_native *native = host->native.natives[number];
    if (native == NULL) continue;
    made = made && native->transport != NULL;
    if (native->transport != NULL) host->target->transport->release(native->transport);
  }
  return made;
}

weir_status weir_host_drive(weir_host_run *host, const weir_target *target, const weir_scenario *scenario,
                            weir_trace *trace, uint32_t *unreached, weir_problem *problem) {
  assert(target->abi == WEIR_ABI);
  set_up(host, target, scenario, trace);
  weir_error error = open_transport(host, 0);
  weir_transport *first = host->connections[0]->native.transport;
  if (error != 0 || first == NULL) {
    weir_trace_close(trace, WEIR_END_CUT, 0);
    return fail_open(target, error, first != NULL, problem);
  }
  weir_end how;
  while (turn_loop(host, trace, &how)) {
  }
  for (unsigned number = 0; number < WEIR_CONNECTIONS; number++)
    if (host->native.natives[number] != NULL) weir_native_finish(host->native.natives[number]);
  weir_trace_close(trace, how, 0);
  bool made = release_all(host);
  if (host->refused != 0 || !made) return fail_open(target, host->refused, made, problem);
  uint16_t step;
  *unreached = (uint32_t)weir_network_unreached(&host->network, &step);
  return WEIR_OK;
}
