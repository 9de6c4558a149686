/* Two connections of one kind, a real and a simulated one, that the same
 * operations are tried on.  The program's end is a descriptor in both: the
 * interposed functions, which are linked in here, tell them apart. */
#ifndef WEIR_TESTS_KERNEL_ENDS_H
#define WEIR_TESTS_KERNEL_ENDS_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/trace.h"

typedef struct ends {
  weir_layer layer;
  bool simulated;
  int ours; /* the program's descriptor; a closed number where `closed` */
  int twin; /* a duplicate of it, -1: none */
  int epoll;
  int peer; /* the other end, -1: closed; no descriptor where simulated */
  bool closed;
  bool told_end;  /* the peer has seen the end */
  bool was_reset; /* ... when it sent */
  bool finished;  /* the peer has ended its side: once, since AF_UNIX would wake us again */
  uint64_t sent;  /* by the peer */
  uint64_t taken; /* from the program */
} ends;

/* What the peer found when it read: bytes, or one of these. */
enum { PEER_NOTHING = 0, PEER_END = -1, PEER_RESET = -2 };

/* Once, first.  False: no memory. */
bool ends_begin(void);
/* Both of one pair.  `number` tells the runs apart, so that no address comes twice soon.
 * False: this machine has no such thing (no loopback). */
bool ends_open(ends *real, ends *simulated, weir_layer layer, uint32_t number);
/* Whatever is still open is closed. */
void ends_close(ends *end);

/* The peer's steps. */
void peer_send(ends *end, uint32_t size);
void peer_fin(ends *end);
void peer_close(ends *end, bool reset);
int peer_read(ends *end, uint32_t most);
/* What a peer's kernel does by itself, at once. */
void peer_answer(ends *end);

#endif
