/* The reference transport's own type, and what its files say to each other. */
#ifndef WEIR_REFERENCE_INTERNAL_H
#define WEIR_REFERENCE_INTERNAL_H

#include "reference/backlog.h"
#include "weir/transport.h"

/* The one line along which every connection goes, never back.  Any callback may
 * move it forward, so it is looked at again after each of them. */
typedef enum weir_stage {
  WEIR_STAGE_OPEN,    /* reading and writing */
  WEIR_STAGE_CLOSING, /* close() was called: no more is received, the backlog is being flushed (D8) */
  WEIR_STAGE_LOSING,  /* connection_lost is on its way; nothing else may happen */
  WEIR_STAGE_LOST     /* connection_lost has been called */
} weir_stage;

struct weir_transport {
  const weir_host *host;
  weir_socket *socket; /* NULL once closed */
  weir_protocol *protocol;
  weir_stage stage;
  weir_error reason; /* what connection_lost will be told */
  unsigned interest; /* what the socket is watched for */

  bool started;     /* connection_made has returned (L7) */
  bool paused;      /* pause_reading() */
  bool eof_seen;    /* the peer's end of file was received: the last thing to read (E2) */
  bool eof_written; /* write_eof() was called: nothing more may be written (W6) */
  bool shut;        /* ... and the socket was told */
  uint8_t *input;   /* WEIR_INPUT_SIZE bytes to receive into for plain protocols; made when first needed */

  weir_backlog backlog;
  size_t high, low; /* limits of the backlog */
  bool told_pause;  /* pause_writing was called last, not resume_writing (F2) */
};

enum { WEIR_INPUT_SIZE = 65536, WEIR_HIGH_DEFAULT = 65536 };

/* ---- transport.c */
/* The connection cannot go on: what is buffered is dropped, connection_lost(error)
 * follows.  Does nothing where connection_lost is on its way already (L2). */
void weir_transport_fail(weir_transport *transport, weir_error error);
/* The same, for an error that is the protocol's and not the connection's: the
 * loop's exception handler hears of it first (B9, B12 to B14, E6). */
void weir_transport_fail_protocol(weir_transport *transport, weir_error error, const char *message);
/* connection_lost(reason) follows in a later turn, never from in here (L6). */
void weir_transport_lose(weir_transport *transport, weir_error reason);
/* Watches the socket for exactly what can be done now.  To be called at the end
 * of whatever changed that. */
void weir_transport_watch(weir_transport *transport);
weir_error weir_transport_close(weir_transport *transport);
weir_error weir_transport_abort(weir_transport *transport);
bool weir_transport_is_closing(weir_transport *transport);

/* ---- reading.c */
bool weir_transport_may_read(const weir_transport *transport);
/* The socket is readable: at most one read, so that one busy connection does
 * not starve the others of the loop. */
void weir_transport_read(weir_transport *transport);
weir_error weir_transport_pause_reading(weir_transport *transport);
weir_error weir_transport_resume_reading(weir_transport *transport);
bool weir_transport_is_reading(weir_transport *transport);

/* ---- writing.c */
/* The socket is writable: sends of the backlog what it takes. */
void weir_transport_flush(weir_transport *transport);
weir_error weir_transport_write(weir_transport *transport, const void *bytes, size_t size);
weir_error weir_transport_writelines(weir_transport *transport, const weir_slice *slices, size_t count);
weir_error weir_transport_write_eof(weir_transport *transport);
bool weir_transport_can_write_eof(weir_transport *transport);
size_t weir_transport_get_size(weir_transport *transport);

/* ---- flow.c */
void weir_transport_set_defaults(weir_transport *transport);
/* After the backlog has grown; after it has shrunk.  Both may call the protocol. */
void weir_transport_grown(weir_transport *transport);
void weir_transport_shrunk(weir_transport *transport);
weir_error weir_transport_set_limits(weir_transport *transport, ptrdiff_t high, ptrdiff_t low);
void weir_transport_get_limits(weir_transport *transport, size_t *low, size_t *high);

/* The socket is not ready after all, which is no error. */
bool weir_transport_is_transient(ptrdiff_t result);

#endif
