/* What a protocol observed: the log behind weir_observer (weir/protocol.h).
 *
 * Two logs are the same where a user of the protocol could not tell them apart:
 * neighbouring data of one kind is merged, what stands behind an error is not
 * compared, and the last data before an error may be a prefix or absent. */
#ifndef WEIR_PROTOCOL_LOG_H
#define WEIR_PROTOCOL_LOG_H

#include <stdio.h>

#include "weir/protocol.h"
#include "weir/status.h"

enum {
  WEIR_LOG_KINDS_MAX = 256,
  WEIR_LOG_PLACES = 64,
  WEIR_LOG_KIND_SIZE = 32,
  WEIR_LOG_ENTRIES_MAX = 1 << 21,
  WEIR_LOG_BYTES_MAX = 1 << 28
};

typedef enum weir_entry_type {
  WEIR_ENTRY_DATA,
  WEIR_ENTRY_EVENT,
  WEIR_ENTRY_ERROR,
  WEIR_ENTRY_RAISED,     /* a callback returned an error: code */
  WEIR_ENTRY_CLOSED,     /* the protocol called close() */
  WEIR_ENTRY_ABORTED,    /* ... abort() */
  WEIR_ENTRY_EOF_WRITTEN /* ... write_eof() */
} weir_entry_type;

typedef struct weir_entry {
  weir_entry_type type;
  uint32_t kind; /* of data and events: index into kinds */
  size_t start;  /* its bytes in the log's */
  size_t size;
  int64_t code;      /* of errors */
  uint64_t position; /* of errors: as told */
  uint64_t at;       /* bytes of the stream that the protocol had been given */
} weir_entry;

/* Memory that was taken through the observer. */
typedef struct weir_block weir_block;

struct weir_log {
  weir_entry *entries;
  size_t count, capacity;
  uint8_t *bytes;
  size_t used, room;
  uint8_t *written; /* to the transport */
  size_t written_size, written_room;
  char (*kinds)[WEIR_LOG_KIND_SIZE];

  uint64_t at;  /* kept by the driver */
  size_t early; /* entries before the end began, and how long the last of them was */
  size_t early_size;
  uint64_t late; /* what was observed after connection_lost */

  weir_block *blocks; /* live ones */
  weir_block *buried; /* given back, and kept until the connection's end: nobody may write there (R3) */
  size_t live_bytes, live_count;
  uint64_t calls;           /* of the observer */
  uint64_t moved;           /* bytes that growing blocks took along */
  struct weir_steps *steps; /* not counted while the log works; NULL: nothing is */

  uint32_t kind_count;
  uint8_t places[WEIR_LOG_PLACES]; /* by the address of its text: the kind that was last found there */
  bool ending;                     /* eof_received or connection_lost has begun */
  bool lost;                       /* connection_lost has returned: nothing more is to be observed (R8) */
  bool failed;                     /* no memory, or a bound: nothing can be said of this run */
  bool starved;                    /* no memory it was, for the log or for the protocol */
  bool bury;
};

WEIR_MUST_USE bool weir_log_init(weir_log *log);
void weir_log_free(weir_log *log);
/* For the next run.  Blocks that are live stay. */
void weir_log_clear(weir_log *log);
/* For the next connection: what was not given back is forgotten and freed. */
void weir_log_drop_blocks(weir_log *log);
/* A copy of what was observed (not of memory).  False: no memory. */
WEIR_MUST_USE bool weir_log_copy(weir_log *to, const weir_log *from);
/* realloc(3), as the observer has it; memory.c. */
void *weir_log_reallocate(weir_log *log, void *memory, size_t size);
/* The observer that writes to this log. */
weir_observer weir_log_observer(weir_log *log);

/* ---- What the driver adds */
void weir_log_note(weir_log *log, weir_entry_type type, int64_t code);
void weir_log_wrote(weir_log *log, const void *bytes, size_t size);
void weir_log_begin_end(weir_log *log);

/* Bytes that this process has allocated and not freed, by whomever. */
size_t weir_heap_in_use(void);

typedef enum weir_memory {
  WEIR_MEMORY_UNKNOWN, /* not taken through the observer */
  WEIR_MEMORY_LIVE,
  WEIR_MEMORY_SMALL, /* begins in a live block and goes over its end */
  WEIR_MEMORY_GIVEN_BACK
} weir_memory;
weir_memory weir_log_memory(const weir_log *log, const void *base, size_t size);

/* ---- Comparing */
typedef struct weir_difference {
  size_t entry; /* the first that differs; count of a log where it has ended before */
  uint64_t at;  /* the position in the stream, of the earlier of the two */
  bool written; /* the logs are the same: what was written to the transport differs, from byte `entry` on */
  bool cut;     /* one log goes on where the other, that closed, has ended (R8) */
} weir_difference;

bool weir_log_same(const weir_log *left, const weir_log *right, uint32_t liberties, weir_difference *difference);
/* Whether what `part` observed before its end is a prefix of `whole` (R7). */
bool weir_log_prefix(const weir_log *part, const weir_log *whole, uint32_t liberties, weir_difference *difference);

/* Entry i in words: `data body "abc"`.  At most size - 1 characters. */
void weir_log_describe(const weir_log *log, size_t i, char *out, size_t size);

#endif
