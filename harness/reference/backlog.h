/* The bytes that were accepted and that the socket has not taken yet: a queue
 * that grows at its end and shrinks at its front.  Zero is the empty one. */
#ifndef WEIR_REFERENCE_BACKLOG_H
#define WEIR_REFERENCE_BACKLOG_H

#include "weir/transport.h"

typedef struct weir_backlog {
  uint8_t *memory;
  size_t capacity;
  size_t start; /* of what is queued, in memory */
  size_t size;
} weir_backlog;

/* Makes room for `size` more bytes.  False: no memory, and nothing has changed. */
bool weir_backlog_reserve(weir_backlog *backlog, const weir_host *host, size_t size);
/* Copies bytes to the end.  The room must have been reserved. */
void weir_backlog_append(weir_backlog *backlog, const void *bytes, size_t size);
/* Takes `size` bytes, at most all, from the front. */
void weir_backlog_consume(weir_backlog *backlog, size_t size);
/* Forgets everything and gives the memory back. */
void weir_backlog_drop(weir_backlog *backlog, const weir_host *host);

static inline const uint8_t *weir_backlog_front(const weir_backlog *backlog) {
  return backlog->memory + backlog->start;
}

#endif
