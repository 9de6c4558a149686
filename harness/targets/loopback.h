/* The peer at the other end of a real connection: what its steps and its
 * reading do, on a TCP socket over the loopback interface.  It takes the place
 * of simulation/peer.c, and records as that does.
 *
 * The kernel hands over at once what goes through the loopback interface, so
 * that the turn rule holds: what the peer does is there when the program looks
 * the next time. */
#ifndef WEIR_TARGETS_LOOPBACK_H
#define WEIR_TARGETS_LOOPBACK_H

#include "simulation/simulation.h"

enum {
  WEIR_LOOPBACK_CHUNK = 1 << 16,
  /* Of the buffers at both ends, so that a peer that does not read is felt
   * after about as much as on the simulated socket. */
  WEIR_LOOPBACK_BUFFER = 1 << 14
};

typedef struct weir_loopback {
  weir_peer peer; /* for weir_simulation_peer */
  int descriptor; /* -1: not there, or closed */
  weir_trace *trace;
  uint8_t connection;
  bool reads;        /* the peer takes what was sent */
  bool fin, closed;  /* it has ended its side, or both */
  bool dead;         /* it has reset the connection, or was reset */
  bool told_end;     /* it has seen the program's end */
  bool shut;         /* the kernel has been told of fin */
  uint64_t sent;     /* by its steps */
  uint64_t handed;   /* ... to the kernel */
  uint64_t received; /* the place in the outgoing stream that is expected next */
  uint8_t *chunk;    /* WEIR_LOOPBACK_CHUNK bytes, the caller's */
} weir_loopback;

/* A listening socket of 127.0.0.1, and its port; -1, with errno. */
int weir_loopback_listen(uint16_t *port);
/* For a new run.  descriptor: the peer's end of the connection, which is then the module's. */
void weir_loopback_begin(weir_loopback *loopback, int descriptor, weir_trace *trace, unsigned connection, bool reads,
                         uint8_t *chunk);
/* Gives the descriptor back. */
void weir_loopback_end(weir_loopback *loopback);
/* Whether the peer would read, were there anything. */
bool weir_loopback_listens(const weir_loopback *loopback);

#endif
