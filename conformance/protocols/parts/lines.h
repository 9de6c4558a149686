/* A protocol of lines, the sound base of the mutants and of the odd ones.
 *
 * A line ends with \n and is at most LINES_MAX bytes long without it; a longer
 * one is an error.  The line "QUIT" closes the connection; "ECHO..." is sent
 * back.  The end of the stream drops a line that has not ended.
 *
 * What is read is collected in one block, with the unfinished line at its
 * start.  get_buffer gives what is free behind it: since an unfinished line has
 * at most LINES_MAX bytes, that is always something. */
#ifndef LINES_H
#define LINES_H

#include "session.h"

enum { LINES_MAX = 64, LINES_ROOM = 80, LINES_TOO_LONG = 1 };

typedef struct lines {
  session session;
  char *base;
  size_t room;
  size_t used;       /* the unfinished line, at the start of base */
  uint64_t position; /* of base[0] in the stream */
} lines;

/* A session of `size` bytes that begins with a lines, and its block. */
lines *lines_new(size_t size, const weir_protocol_callbacks *callbacks, const weir_observer *observer,
                 const weir_transport_calls *calls);
void lines_free(weir_protocol *protocol);

/* Tells one whole line, and does what it says. */
void lines_tell(lines *self, const char *line, size_t size);
/* Tells the lines that are whole among the `used` bytes, and moves the rest to
 * the start. */
void lines_parse(lines *self);

weir_error lines_get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer);
weir_error lines_buffer_updated(weir_protocol *protocol, size_t nbytes);

#define LINES_CALLBACKS(get, updated) SESSION_CALLBACKS(get, updated), .eof_received = session_eof

/* Exports a plug-in of sessions of `type`, with the table `callbacks`. */
#define LINES_PLUGIN(name, type, callbacks)                                                                            \
  static weir_protocol *open_lines(const weir_observer *observer, const weir_transport_calls *calls) {                 \
    lines *made = lines_new(sizeof(type), &(callbacks), observer, calls);                                              \
    return made != NULL ? &made->session.protocol : NULL;                                                              \
  }                                                                                                                    \
  SESSION_PLUGIN(name, "1", 0, open_lines, lines_free)

#endif
