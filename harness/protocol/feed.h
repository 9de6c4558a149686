/* The socket and the loop that a delivery comes through: what the reference
 * transport is given in place of a simulation with a script.  It does nothing
 * but what a kernel may do, records no trace, and costs next to nothing. */
#ifndef WEIR_PROTOCOL_FEED_H
#define WEIR_PROTOCOL_FEED_H

#include "protocol/delivery.h"
#include "weir/transport.h"

enum { WEIR_FEED_SOON_MAX = 8 };

typedef struct weir_feed {
  weir_host host; /* for the transport; its loop and socket are this feed */
  const weir_delivery *delivery;
  size_t position; /* bytes of the stream given to the transport */
  size_t piece;    /* where the piece in hand ends */
  bool again;      /* the next recv finds nothing */
  bool ended;      /* the end was given, too */
  bool closed;     /* the transport has closed the socket */
  bool shut;
  bool receiving; /* inside recv: bytes are being put into the protocol's buffer */
  bool full;      /* the socket takes nothing until the peer has read */
  unsigned interest;
  weir_ready_fn *ready;
  void *context;
  struct {
    weir_soon_fn *soon;
    void *context;
  } soon[WEIR_FEED_SOON_MAX];
  unsigned first, count; /* of soon, a ring */
  weir_error exception;  /* the last error that the loop's handler was told of */
  void *slot;            /* memory of the last transport, for the next one */
  size_t slot_size;
  bool slot_taken;
  bool starved; /* there was no memory for the transport */
} weir_feed;

void weir_feed_init(weir_feed *feed);
void weir_feed_free(weir_feed *feed);
/* For the next run. */
void weir_feed_load(weir_feed *feed, const weir_delivery *delivery);
/* One turn of the loop.  False: nothing is ready, and nothing will be. */
bool weir_feed_turn(weir_feed *feed);

static inline weir_socket *weir_feed_socket(weir_feed *feed) {
  return (weir_socket *)(void *)feed;
}

#endif
