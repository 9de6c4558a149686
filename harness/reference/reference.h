/* The reference transport: how it should be done.
 *
 * A complete stream transport in the sense of asyncio's "Transports and
 * Protocols", for buffered and plain protocols, written against the public
 * contract (weir/transport.h) and nothing else.  It keeps every rule of every
 * level (`weir list rules`), and is meant to be read: wherever it looks a
 * second time at something it has already looked at, a callback came between,
 * and the comment says which rule the second look is there for.
 *
 *   transport.c  from open to release: the states, and every way to the end
 *   reading.c    bytes and the end of file, from the socket to the protocol
 *   writing.c    bytes and the end of file, from the caller to the socket
 *   flow.c       pause_writing, resume_writing and the limits
 *   backlog.c    the bytes that the socket has not taken yet
 *
 * Built with WEIR_REFERENCE_PLUGIN the same files are a plug-in. */
#ifndef WEIR_REFERENCE_H
#define WEIR_REFERENCE_H

#include "weir/transport.h"

const weir_target *weir_reference(void);

#endif
