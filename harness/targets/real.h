/* A host on a real socket: a small epoll loop behind the operations table of
 * weir/transport.h.  A transport that was tested on the simulation runs on it
 * unchanged: tests and the bench hold the two against each other.
 *
 * One connection, one thread; nothing is recorded. */
#ifndef WEIR_TARGETS_REAL_H
#define WEIR_TARGETS_REAL_H

#include "weir/status.h"
#include "weir/transport.h"

typedef struct weir_real weir_real;

/* A loop for a connected stream socket, which it makes non-blocking and owns.
 * NULL, with errno: no memory, no epoll instance; the descriptor is left alone. */
weir_real *weir_real_new(int descriptor);
/* Closes what the transport left open. */
void weir_real_free(weir_real *real);
/* What open() of a transport is given. */
const weir_host *weir_real_host(const weir_real *real);
weir_socket *weir_real_socket(weir_real *real);
/* Runs until the socket is closed and nothing is queued: true.  False: nothing
 * was ready for `milliseconds`, or the kernel refused to wait. */
bool weir_real_run(weir_real *real, int milliseconds);
/* What the exception handler was given last; 0: nothing. */
weir_error weir_real_exception(const weir_real *real);

#endif
