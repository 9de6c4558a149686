/* The simulation: a connected socket (or an end of a pipe), the peer at its
 * other end and the faults in between; network.h has the connections of a run
 * together, and the clock.  It knows no rule and no front: the loop
 * for C targets (targets/host.c) and the interposing library both stand on it.
 *
 * No byte goes through the kernel.  The simulation owns both ends: what the
 * peer "sends" is payload of the incoming stream (weir/payload.h), made when it
 * is received; what the program sends is compared with the outgoing stream and
 * recorded as runs.
 *
 * The turn rule: the peer (and the application, where a step is its own) acts
 * inside the program's wait, and only when nothing is ready and the program is
 * willing to block.  One idle step a turn.  When no step is left, virtual time
 * is advanced to the program's next timeout; with no timeout either, the run is
 * at quiescence.  Steps with AFTER act at once, whenever their event ends.
 *
 * Everything that happens is recorded in the trace.  Bounds: the trace's
 * capacity, WEIR_FRUITLESS_MAX. */
#ifndef WEIR_SIMULATION_H
#define WEIR_SIMULATION_H

#include "core/place.h"
#include "weir/scenario.h"
#include "weir/trace.h"

typedef struct weir_wire weir_wire;

/* A peer of somebody else's, in place of the module's own: the other end of a
 * real socket (targets/loopback.h).  Each function is as the one of peer.c by
 * its name, and records what it does. */
typedef struct weir_peer {
  void *context;
  bool (*drain)(void *context); /* reads what there is; whether anything happened */
  bool (*send)(void *context, uint32_t size);
  bool (*step)(void *context, const weir_step *step);
} weir_peer;

/* What a peer has received: a record, and one for each run where there are
 * several. */
enum { WEIR_PEER_RUNS_MAX = 16 };
void weir_peer_note_received(weir_trace *trace, uint8_t connection, const weir_payload_run *runs, size_t count,
                             uint32_t size);

enum {
  WEIR_SOCKET_BUFFER_DEFAULT = 65536, /* bytes that the socket takes while the peer does not read */
  /* Waits in a row that end at once although nothing useful was done since the
   * one before: the implementation spins (L12). */
  WEIR_FRUITLESS_MAX = 256,
  /* Injected EAGAINs, EINTRs and spurious readiness, with no step of anybody
   * between, after which the fault is spent: `recv *: again` still ends. */
  WEIR_AGAIN_MAX = 16
};

/* Readiness, as poll(2) would show it. */
enum {
  WEIR_POLL_IN = 1,
  WEIR_POLL_OUT = 2,
  WEIR_POLL_ERR = 4,
  WEIR_POLL_HUP = 8,
  WEIR_POLL_RDHUP = 16,
  WEIR_POLL_OUT_BAND = 32 /* AF_UNIX shows it with OUT */
};

/* What wakes those who wait for it, as the kernel's wake-ups do: new data, new
 * room, or anything at all. */
typedef enum weir_edge { WEIR_EDGE_IN, WEIR_EDGE_OUT, WEIR_EDGE_ANY, WEIR_EDGE_COUNT } weir_edge;

struct weir_network;

/* One connection.  Positions are counts of bytes over the whole of it.  All of
 * this is the module's own. */
typedef struct weir_simulation {
  const weir_scenario *scenario;
  weir_trace *trace;
  struct weir_network *network; /* that it is part of; NULL: none, and then the scenario has no AFTER steps */

  /* The incoming direction. */
  uint64_t sent;       /* by the peer */
  uint64_t received;   /* by the program */
  weir_place incoming; /* ... in the stream */
  /* The outgoing direction. */
  uint64_t taken;    /* by the socket */
  uint64_t drained;  /* by the peer */
  uint64_t shift;    /* offset in the stream minus position, modulo 2^64: 0 unless the program lost or doubled bytes */
  uint64_t odd_from; /* the first undrained position whose byte was not the expected one; UINT64_MAX: none */
  uint8_t *outgoing; /* the bytes from odd_from on; owned by the caller */
  uint32_t outgoing_size;
  uint32_t capacity;

  const weir_peer *peer; /* NULL: the module's own */

  uint32_t transient_run; /* injected EAGAIN, EINTR and spurious readiness since the last step */
  int pending_error;      /* what SO_ERROR would show */

  /* What lies between the peer's words and the socket's bytes (simulation/wire.h);
   * NULL: nothing, and the fields behind are not in use.  All positions above
   * are of the bytes on the wire then. */
  weir_wire *wire;
  uint64_t said, heard;       /* plaintext: by the peer, by the program */
  uint64_t heard_shift;       /* as shift, of `heard` */
  uint32_t record;            /* the most plaintext of one record, 0: as TLS has it */
  uint32_t segment;           /* the most bytes that arrive in one turn, 0: all */
  uint32_t start_capacity;    /* what the START steps have set, for when the handshake is over */
  uint32_t occasions_put_off; /* set of weir_occasion: ended before it was over */
  bool start_reads;
  bool handshake;   /* it is not over: no step counts yet */
  bool made;        /* connection_made has begun */
  bool said_end;    /* close_notify was sent */
  bool fin_follows; /* a FIN behind what is still under way */
  bool deaf;        /* a close_notify is not answered */

  uint8_t connection;             /* index, in records and streams */
  uint8_t layer;                  /* weir_layer: what its network is made of */
  uint8_t watched;                /* what the program watches the socket for */
  uint8_t slow_in, slow_out;      /* why recv and send cannot take the short way: private */
  bool progress;                  /* something useful happened since the last wait */
  bool peer_fin, peer_closed;     /* the peer has ended its side, or both */
  bool peer_reads;                /* the peer takes what was sent, a turn later */
  bool stopped_at_start;          /* ... not, and the trace has still to say so */
  bool shut, closed;              /* by the program: the sending side, the descriptor */
  bool shut_in;                   /* ... the receiving side */
  bool abortive;                  /* ... closing is to reset (SO_LINGER of no time) */
  bool answered;                  /* dead by our own RST: the peer still reads what it has */
  bool reset_sent;                /* closed with unread data: the peer sees a reset in place of a FIN */
  bool told_end;                  /* the peer has seen our FIN or reset */
  bool dead;                      /* reset, or killed by an error: the peer sees nothing more */
  bool seen_end_in, seen_end_out; /* recv, send have shown the end: once more is no progress */

  uint32_t edges[WEIR_EDGE_COUNT]; /* how often there was one */

  /* The script. */
  uint32_t occurred[WEIR_OCCASION_COUNT]; /* how often each occasion has come */
  uint16_t after_head[WEIR_OCCASION_COUNT];
  uint16_t at_head[WEIR_OCCASION_COUNT];

  /* From here on only what is in use is ever set. */
  uint16_t next[WEIR_STEPS_MAX]; /* chains of AFTER and AT steps, by occasion: index + 1 of the next */
} weir_simulation;

/* Sets one connection up: compiles its part of the script, applies its START steps.
 * outgoing is memory for what the peer has not read yet (outgoing_size bytes, at
 * least 1, which bounds `socket buffer`); it may be shared between runs.  The scenario
 * must be valid and stays the caller's, as trace does. */
void weir_simulation_init(weir_simulation *simulation, const weir_scenario *scenario, weir_trace *trace,
                          uint8_t connection, uint8_t *outgoing, uint32_t outgoing_size);

/* Right after init: the connection speaks through `wire`, which stays the
 * caller's, and is of this layer.  The scenario begins when the handshake is
 * over: connection_made has begun, and the peer has finished its side. */
void weir_simulation_wire(weir_simulation *simulation, weir_wire *wire, weir_layer layer);
/* Before the run: what the connection is made of. */
void weir_simulation_set_layer(weir_simulation *simulation, weir_layer layer);

/* Right after init: the other end is this one, which stays the caller's.  The
 * program's socket operations are not to be called then: nobody sees them. */
void weir_simulation_peer(weir_simulation *simulation, const weir_peer *peer);

/* ---- Socket operations: results as of the system call, or -errno.  Recorded. */
ptrdiff_t weir_simulation_recv(weir_simulation *simulation, void *buffer, size_t size);
/* MSG_PEEK: nothing is read, and nothing recorded but an error, which is thereby taken. */
ptrdiff_t weir_simulation_peek(weir_simulation *simulation, void *buffer, size_t size);
ptrdiff_t weir_simulation_send(weir_simulation *simulation, const void *bytes, size_t size);
/* The slices in order, as one operation. */
struct iovec;
ptrdiff_t weir_simulation_sendv(weir_simulation *simulation, const struct iovec *slices, size_t count);
int weir_simulation_shutdown_write(weir_simulation *simulation);
/* how: SHUT_RD, SHUT_WR or SHUT_RDWR. */
int weir_simulation_shutdown(weir_simulation *simulation, int how);
void weir_simulation_close(weir_simulation *simulation);
/* Bytes that can be read now (FIONREAD), and the pending error (SO_ERROR), which is thereby taken. */
size_t weir_simulation_unread(const weir_simulation *simulation);
int weir_simulation_take_error(weir_simulation *simulation);
/* Whether the two ends still know each other: getpeername gives ENOTCONN otherwise. */
bool weir_simulation_is_connected(const weir_simulation *simulation);
/* The program watches the socket for this (WEIR_POLL_IN | WEIR_POLL_OUT), from now on.  Recorded where it changes. */
void weir_simulation_watch(weir_simulation *simulation, unsigned interest);

/* ---- Readiness and waits */
/* Readiness now (WEIR_POLL_...), not masked by what is watched.  */
unsigned weir_simulation_ready(const weir_simulation *simulation);
/* Grows with each event that wakes who waits for `interest` (WEIR_POLL_IN, OUT): the edge of EPOLLET. */
static inline uint64_t weir_simulation_edges(const weir_simulation *simulation, unsigned interest) {
  return (uint64_t)simulation->edges[WEIR_EDGE_ANY] +
         ((interest & WEIR_POLL_IN) ? simulation->edges[WEIR_EDGE_IN] : 0u) +
         ((interest & WEIR_POLL_OUT) ? simulation->edges[WEIR_EDGE_OUT] : 0u);
}
unsigned weir_simulation_wait_slowly(weir_simulation *simulation, unsigned interest);
/* The program waits, watching `interest` (0: not at all).  Counts the occasion
 * WAIT, applies `spurious`, and returns what is ready of interest | ERR | HUP.
 * Call it once for each wait of the program, before any turn. */
static inline unsigned weir_simulation_wait(weir_simulation *simulation, unsigned interest) {
  const unsigned steps = (unsigned)simulation->at_head[WEIR_OCCASION_WAIT] | simulation->after_head[WEIR_OCCASION_WAIT];
  const unsigned odd = (unsigned)simulation->slow_in | simulation->slow_out | simulation->stopped_at_start;
  /* Data for who only waits for that, on a connection where nothing is going on. */
  if ((steps | odd) != 0 || simulation->sent == simulation->received || interest != WEIR_POLL_IN)
    return weir_simulation_wait_slowly(simulation, interest);
  simulation->occurred[WEIR_OCCASION_WAIT]++;
  return WEIR_POLL_IN;
}

/* ---- From the probe: connection_made begins; with a wire alone that matters. */
void weir_simulation_made(weir_simulation *simulation);
/* ---- From the probe: an occasion (a callback) has ended.  Fires AFTER steps. */
void weir_simulation_fire(weir_simulation *simulation, weir_occasion occasion); /* the long way */
static inline void weir_simulation_occasion(weir_simulation *simulation, weir_occasion occasion) {
  if (simulation->after_head[occasion] != 0 || simulation->stopped_at_start)
    weir_simulation_fire(simulation, occasion);
  else
    simulation->occurred[occasion]++;
}
/* Something useful happened that the simulation cannot see (a callback). */
static inline void weir_simulation_progress(weir_simulation *simulation) {
  simulation->progress = true;
}

#endif
