/* What every protocol here has in common: the log that it tells what it saw,
 * the transport while there is one, and callbacks that do nothing special.
 * A protocol embeds it as its first member. */
#ifndef SESSION_H
#define SESSION_H

#include <string.h>

#include "weir/protocol.h"

typedef struct session {
  weir_protocol protocol;
  const weir_observer *observer;
  const weir_transport_calls *calls;
  weir_transport *transport; /* from connection_made to connection_lost, else NULL */
  bool closed;               /* this side has closed: nothing is parsed any more */
} session;

/* A session of `size` zeroed bytes, or NULL. */
session *session_new(size_t size, const weir_protocol_callbacks *callbacks, const weir_observer *observer,
                     const weir_transport_calls *calls);
void session_free(weir_protocol *protocol);

/* realloc(3) that is counted; size 0 frees. */
void *session_take(session *self, void *memory, size_t size);

void session_data(session *self, const char *kind, const void *bytes, size_t size);
void session_event(session *self, const char *kind, const void *bytes, size_t size);
/* An event whose bytes are text; NULL for none. */
void session_say(session *self, const char *kind, const char *text);
/* Tells the error, once, and gives the connection up. */
void session_fail(session *self, int64_t code, uint64_t position, const char *text);

void session_write(session *self, const void *bytes, size_t size);
void session_close(session *self);

/* The callbacks of a protocol that asks for nothing special. */
weir_error session_made(weir_protocol *protocol, weir_transport *transport);
weir_error session_eof(weir_protocol *protocol, bool *keep_open);
weir_error session_lost(weir_protocol *protocol, weir_error error);
weir_error session_no_pause(weir_protocol *protocol);

#define SESSION_CALLBACKS(get, updated)                                                                                \
  .size = sizeof(weir_protocol_callbacks), .connection_made = session_made, .get_buffer = (get),                       \
  .buffer_updated = (updated), .connection_lost = session_lost, .pause_writing = session_no_pause,                     \
  .resume_writing = session_no_pause

/* "a.b.c" of three macros that are numbers. */
#define SESSION_TEXT(number)     #number
#define SESSION_VERSION(a, b, c) SESSION_TEXT(a) "." SESSION_TEXT(b) "." SESSION_TEXT(c)

/* Exports the plug-in that `open` makes sessions of. */
#define SESSION_PLUGIN(called, its_version, may, opens, releases)                                                      \
  const weir_protocol_target *weir_protocol_plugin(void) {                                                             \
    static const weir_protocol_target target = {.abi = WEIR_PROTOCOL_ABI,                                              \
                                                .size = sizeof target,                                                 \
                                                .name = (called),                                                      \
                                                .version = (its_version),                                              \
                                                .liberties = (may),                                                    \
                                                .open = (opens),                                                       \
                                                .release = (releases)};                                                \
    return &target;                                                                                                    \
  }                                                                                                                    \
  typedef int session_plugin_needs_a_semicolon

#endif
