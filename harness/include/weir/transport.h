/* The contract for transports written in C.
 *
 * A transport drives a protocol from a socket.  Weir gives it three things: a
 * socket that is already connected, a loop, and a protocol.  It gives back a
 * table of calls.  Everything happens on one thread; nothing here blocks.
 *
 *   the transport calls            to
 *   weir_host.recv, send, ...      move bytes and learn of readiness
 *   weir_protocol_callbacks        tell the protocol what happened
 *   Weir calls                     to
 *   weir_transport_calls           do what an application does
 *
 * The order of callbacks is that of asyncio's "Buffered Streaming Protocols":
 *
 *   start -> connection_made [-> get_buffer [-> buffer_updated]? ]*
 *         [-> eof_received]? -> connection_lost -> end
 *
 * Any transport call may come from inside any callback, and after
 * connection_lost.  RULES (`weir list rules`) says what is then expected.
 *
 * To be tested, a transport is built as a shared object that exports
 * weir_plugin(); see conformance/README.md for a complete one. */
#ifndef WEIR_TRANSPORT_H
#define WEIR_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Counts up with every incompatible change of this header. */
#define WEIR_ABI 1

/* ---- Errors --------------------------------------------------------------
 * What Python calls an exception is a number here.  0: none.  A positive
 * number is an errno value.  Any other is one of the words below.  A callback
 * that returns anything but 0 has raised; the transport hands exactly that
 * number on, to weir_host.exception and to connection_lost, and never makes up
 * or looks into it.  A transport call that returns anything but 0 has raised,
 * and has done nothing. */
typedef int32_t weir_error;

enum {
  WEIR_ERROR_NONE = 0,
  WEIR_ERROR_TYPE = -1,        /* TypeError: not a bytes-like object, not a buffer */
  WEIR_ERROR_VALUE = -2,       /* ValueError: limits that are not 0 <= low <= high */
  WEIR_ERROR_STATE = -3,       /* RuntimeError: write() after write_eof(), an empty buffer */
  WEIR_ERROR_UNSUPPORTED = -4, /* NotImplementedError: a capability that is not declared */
  WEIR_ERROR_INTERNAL = -5     /* a fault of the transport's own; always a finding (L13) */
  /* -1000 and below: raised by the application */
};

/* ---- What the host gives to a transport --------------------------------- */
typedef struct weir_socket weir_socket;       /* the simulated (or real) socket, non-blocking */
typedef struct weir_loop weir_loop;           /* the event loop */
typedef struct weir_protocol weir_protocol;   /* the application's side */
typedef struct weir_transport weir_transport; /* the target's own type */

typedef struct weir_slice {
  const void *base;
  size_t size;
} weir_slice;

enum { WEIR_READABLE = 1u, WEIR_WRITABLE = 2u };

/* Called when the socket is ready: `ready` holds WEIR_READABLE, WEIR_WRITABLE
 * or both.  As with poll(2): an error or a hang-up shows as both.  Readiness
 * is level-triggered and a hint: recv or send may still return -EAGAIN. */
typedef void weir_ready_fn(void *context, unsigned ready);
typedef void weir_soon_fn(void *context);

/* The operations.  Every pointer is set.  `size` is sizeof(weir_host) as the
 * host knows it: a field past it does not exist.  Each connection is given a
 * table of its own: there is one loop behind them, but it tells them apart. */
typedef struct weir_host {
  uint32_t size;
  weir_loop *loop;

  /* recv(2): the number of bytes put into buffer (0: the peer has ended its
   * side), or a negative errno; -EAGAIN when nothing is there.  size > 0. */
  ptrdiff_t (*recv)(weir_socket *socket, void *buffer, size_t size);
  /* send(2) and writev(2): the number of bytes taken, maybe fewer than given,
   * or a negative errno; -EAGAIN when the socket's buffer is full. */
  ptrdiff_t (*send)(weir_socket *socket, const void *bytes, size_t size);
  ptrdiff_t (*sendv)(weir_socket *socket, const weir_slice *slices, size_t count);
  /* shutdown(SHUT_WR): the peer sees the end after what was sent.  0 or -errno. */
  int (*shutdown)(weir_socket *socket);
  /* close(2).  The socket is gone afterwards; watch() it with 0 first.  Like a
   * descriptor's number, its address may be the next connection's at once. */
  void (*close)(weir_socket *socket);

  /* What the socket is watched for from now on, in place of what was: a set of
   * WEIR_READABLE and WEIR_WRITABLE, 0 to stop.  0 or -errno. */
  int (*watch)(weir_loop *loop, weir_socket *socket, unsigned interest, weir_ready_fn *ready, void *context);
  /* Calls soon(context) once, in the loop's next turn, after what was asked
   * for before it.  0 or -ENOMEM. */
  int (*call_soon)(weir_loop *loop, weir_soon_fn *soon, void *context);
  /* The loop's exception handler: an error that no caller can be told of. */
  void (*exception)(weir_loop *loop, weir_error error, const char *message);
  /* realloc(3), and free(3) where size is 0.  The only memory a transport
   * needs; failure (NULL) is injected by tests. */
  void *(*reallocate)(weir_loop *loop, void *memory, size_t size);
} weir_host;

/* ---- The protocol, as a transport sees it -------------------------------- */
typedef struct weir_buffer {
  void *base;  /* NULL with size > 0: not a buffer at all (B9) */
  size_t size; /* in bytes; 0 is an error of the protocol (B12) */
} weir_buffer;

/* A buffered protocol has get_buffer and buffer_updated, a plain one has
 * data_received; the others are NULL.  The rest are always set. */
typedef struct weir_protocol_callbacks {
  uint32_t size;
  weir_error (*connection_made)(weir_protocol *protocol, weir_transport *transport);
  /* hint: the recommended least size, or -1 where any will do.  The memory
   * belongs to the protocol; the transport may write to it until the
   * buffer_updated that follows has returned. */
  weir_error (*get_buffer)(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer);
  weir_error (*buffer_updated)(weir_protocol *protocol, size_t nbytes);
  weir_error (*data_received)(weir_protocol *protocol, const void *data, size_t size);
  /* *keep_open is false on entry; true afterwards leaves closing to the protocol. */
  weir_error (*eof_received)(weir_protocol *protocol, bool *keep_open);
  weir_error (*connection_lost)(weir_protocol *protocol, weir_error error);
  weir_error (*pause_writing)(weir_protocol *protocol);
  weir_error (*resume_writing)(weir_protocol *protocol);
} weir_protocol_callbacks;

/* The first member of whatever the application's protocol is. */
struct weir_protocol {
  const weir_protocol_callbacks *callbacks;
};

static inline bool weir_protocol_is_buffered(const weir_protocol *protocol) {
  return protocol->callbacks->get_buffer != NULL;
}

/* ---- What a transport offers ---------------------------------------------
 * A call that is not offered is NULL, and its capability is not declared. */
#define WEIR_LIMIT_DEFAULT PTRDIFF_MIN /* set_write_buffer_limits: not given */

typedef struct weir_transport_calls {
  uint32_t size;
  /* Makes a transport on a connected socket.  connection_made may be called
   * from inside or in a later turn of the loop; reading starts after it has
   * returned.  On failure *transport is NULL and the socket is untouched. */
  weir_error (*open)(const weir_host *host, weir_socket *socket, weir_protocol *protocol, weir_transport **transport);
  /* The last call, exactly once, in whatever state the transport is: frees it
   * and closes a socket that is still open, without calling any callback. */
  void (*release)(weir_transport *transport);

  /* bytes may be reused by the caller as soon as write returns.
   * bytes == NULL with size > 0 stands for something that is not bytes-like. */
  weir_error (*write)(weir_transport *transport, const void *bytes, size_t size);
  weir_error (*writelines)(weir_transport *transport, const weir_slice *slices, size_t count);
  weir_error (*write_eof)(weir_transport *transport);
  bool (*can_write_eof)(weir_transport *transport);

  weir_error (*close)(weir_transport *transport);
  weir_error (*abort)(weir_transport *transport);
  bool (*is_closing)(weir_transport *transport);

  weir_error (*pause_reading)(weir_transport *transport);
  weir_error (*resume_reading)(weir_transport *transport);
  bool (*is_reading)(weir_transport *transport);

  weir_error (*set_protocol)(weir_transport *transport, weir_protocol *protocol);
  weir_protocol *(*get_protocol)(weir_transport *transport);

  /* Limits in bytes.  WEIR_LIMIT_DEFAULT stands for one that is not given. */
  weir_error (*set_write_buffer_limits)(weir_transport *transport, ptrdiff_t high, ptrdiff_t low);
  void (*get_write_buffer_limits)(weir_transport *transport, size_t *low, size_t *high);
  size_t (*get_write_buffer_size)(weir_transport *transport);
} weir_transport_calls;

/* ---- Capabilities --------------------------------------------------------
 * What a target declares.  A case that needs one that is not declared is
 * skipped with that reason, after the target has proved that it refuses it. */
#define WEIR_CAPABILITIES(X)                                                                                           \
  X(HALF_CLOSE, "half_close", "eof_received may return true and the connection stays open")                            \
  X(WRITE_EOF, "write_eof", "write_eof()")                                                                             \
  X(PAUSE, "pause", "pause_reading(), resume_reading()")                                                               \
  X(IS_READING, "is_reading", "is_reading()")                                                                          \
  X(FLOW_CONTROL, "flow_control", "pause_writing, resume_writing and the write buffer limits")                         \
  X(LIMITS_QUERY, "limits_query", "get_write_buffer_limits()")                                                         \
  X(SET_PROTOCOL, "set_protocol", "set_protocol() and get_protocol()")                                                 \
  X(PLAIN, "plain", "plain protocols (data_received) as well as buffered ones")                                        \
  X(WRITELINES, "writelines", "writelines()")                                                                          \
  X(BUFFER_KINDS, "buffer_kinds",                                                                                      \
    "languages that have them (not C): buffers that are an array, an mmap, read-only, ...")                            \
  X(WRITE_KINDS, "write_kinds", "languages that have them (not C): bytes-like objects of many kinds and shapes")       \
  X(RAISE, "raise", "callbacks may raise")                                                                             \
  X(CONNECTIONS, "connections", "more than one connection in a run: open() again while others are open")               \
  X(TLS, "tls", "the connection is TLS: records, close_notify, messages after the handshake")

enum {
#define X(name, word, meaning) WEIR_CAPABILITY_INDEX_##name,
  WEIR_CAPABILITIES(X)
#undef X
      WEIR_CAPABILITY_COUNT
};
enum {
#define X(name, word, meaning) WEIR_CAN_##name = 1u << WEIR_CAPABILITY_INDEX_##name,
  WEIR_CAPABILITIES(X)
#undef X
};

/* ---- The descriptor a plug-in exports ------------------------------------ */
typedef struct weir_target {
  uint32_t abi;  /* WEIR_ABI */
  uint32_t size; /* sizeof(weir_target) */
  const char *name;
  const char *version;
  uint32_t capabilities; /* a set of WEIR_CAN_... */
  const weir_transport_calls *transport;
} weir_target;

typedef const weir_target *weir_plugin_fn(void);
#define WEIR_PLUGIN_SYMBOL "weir_plugin"

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const weir_target *
weir_plugin(void);

#endif
