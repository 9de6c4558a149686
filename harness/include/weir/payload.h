/* The payload whose every byte tells where it belongs.
 *
 * The byte at offset i of a stream is a function of i and of the stream alone,
 * so that what was delivered can be told from what should have been: lost
 * bytes (a jump forward), doubled or stale ones (a jump back), bytes of
 * another connection, bytes of the other direction, bytes never written.
 * Single bytes are ambiguous, runs of four and more hardly ever. */
#ifndef WEIR_PAYLOAD_H
#define WEIR_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of every stream avoid this value, which fills unwritten memory. */
enum { WEIR_POISON = 0xA5 };

/* A stream: one direction of one connection. */
typedef uint32_t weir_stream;
static inline weir_stream weir_stream_incoming(unsigned connection) {
  return connection * 2u;
}
static inline weir_stream weir_stream_outgoing(unsigned connection) {
  return connection * 2u + 1u;
}

/* Fills bytes[0..size) with the stream from offset on. */
void weir_payload_fill(weir_stream stream, uint64_t offset, void *bytes, size_t size);

/* How many of the first bytes are the stream from offset on. */
size_t weir_payload_match(weir_stream stream, uint64_t offset, const void *bytes, size_t size);

/* How far before and behind its place a stray run of four to seven bytes is
 * looked for.  Longer ones are certain wherever they come from. */
enum { WEIR_PAYLOAD_REACH = 1 << 16 };

/* One run of bytes of the same origin. */
typedef struct weir_payload_run {
  uint8_t data; /* weir_data: STREAM, POISON, REVERSE, FOREIGN or NONSENSE */
  uint32_t size;
  uint64_t offset; /* FOREIGN: the connection is in the top 8 bits */
} weir_payload_run;

/* Splits bytes into runs, most of which should be `stream` from `expected` on.
 * Looks for other origins in the streams of `connections` connections and of
 * this one; an offset is known modulo 32 MiB, and the nearest to `expected` is
 * given.  Writes at most `most` runs (the last one takes all that is left) and
 * returns how many.  A run shorter than four bytes that is not the continuation
 * of `expected` is NONSENSE unless it is POISON.  Bounded work: at most 1024
 * places of a call are searched for; what is unknown after that is NONSENSE. */
size_t weir_payload_identify(weir_stream stream, uint64_t expected, unsigned connections, const void *bytes,
                             size_t size, weir_payload_run *runs, size_t most);

#endif
