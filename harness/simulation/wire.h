/* The wire: what lies between the words of the peer and the bytes on the
 * socket, where that is not the plaintext itself (tls/peer.c).
 *
 * The scenario speaks of plaintext, and so do the trace's peer_send and
 * peer_received; recv and send move what is on the wire.  The simulation asks
 * the wire for the bytes of what the peer says, and hands it those that the
 * program sent. */
#ifndef WEIR_SIMULATION_WIRE_H
#define WEIR_SIMULATION_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/scenario.h"

typedef struct weir_wire weir_wire;

/* All of one wire, one connection at a time. */
typedef struct weir_wire_calls {
  /* A new connection; whatever was of the one before is thrown away.  False: no memory. */
  bool (*begin)(weir_wire *wire);
  /* The peer's side of the handshake is over. */
  bool (*made)(const weir_wire *wire);
  /* The peer says: plaintext, as one record (1 to 16384 bytes); its end; a message
   * beside the data.  False: it can not, now or ever. */
  bool (*say)(weir_wire *wire, const void *bytes, size_t size);
  bool (*end)(weir_wire *wire);
  bool (*message)(weir_wire *wire, weir_tls_message message);
  /* What was said and is not yet fetched, in bytes on the wire. */
  size_t (*pending)(const weir_wire *wire);
  size_t (*fetch)(weir_wire *wire, void *buffer, size_t size);
  /* The peer hears bytes of the wire; reads what was plaintext in them, 0: nothing
   * (any more).  ended: the program's close_notify was read. */
  void (*hear)(weir_wire *wire, const void *bytes, size_t size);
  size_t (*read)(weir_wire *wire, void *buffer, size_t size);
  bool (*ended)(const weir_wire *wire);
} weir_wire_calls;

/* The first member of whatever wire there is. */
struct weir_wire {
  const weir_wire_calls *calls;
};

#endif
