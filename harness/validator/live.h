/* Many connections in one recording, each judged for itself: a validator each,
 * for as long as it is open.
 *
 * Numbers of connections may be any; each is one connection and never used again.
 * Memory grows with the connections that are open at once, up to a bound, and
 * not with those that there have been: of a connection that has been lost long
 * ago the judgement is final, and what it stood in is used again.  Events are
 * counted within their connection, as they are in a trace of that one alone. */
#ifndef WEIR_VALIDATOR_LIVE_H
#define WEIR_VALIDATOR_LIVE_H

#include "weir/validator.h"

enum {
  WEIR_LIVE_OPEN_MAX = 4096,   /* connections open at once; more are WEIR_BOUND */
  WEIR_LIVE_LOST_KEPT = 64,    /* connections that are kept after connection_lost, for what comes late */
  WEIR_LIVE_RECORDS = 1 << 16, /* records of all connections that are kept for showing */
  WEIR_LIVE_EXCERPT = 1 << 12  /* records of one connection that are shown of them */
};

/* What one connection's trace shows of a finding: its records from event `from` on, the last of them in all. */
typedef struct weir_excerpt {
  weir_record *records;
  uint32_t count; /* 0: they were not kept */
  uint64_t from;
} weir_excerpt;

/* A rule broken: the first time, on the first connection. */
typedef struct weir_live_finding {
  weir_finding finding; /* count: in all; event and since are counted within the connection */
  uint64_t connection;
  uint64_t connections; /* how many broke it */
  uint64_t event;       /* in the whole recording */
  bool at_end;          /* judged where the connection's trace ended: at this record */
  weir_record end;
  weir_excerpt excerpt;
} weir_live_finding;

typedef struct weir_live weir_live;

/* explained: of how many findings excerpts are kept.  NULL: no memory. */
weir_live *weir_live_new(size_t explained);
void weir_live_free(weir_live *live);
/* connections[i] is the number of records[i]'s; its own 8 bits do not count. */
void weir_live_feed(weir_live *live, const weir_record *records, const uint64_t *connections, size_t count);
/* After the last record, once.  problem may be NULL; WEIR_UNREADABLE with WEIR_NO_MEMORY in it too. */
WEIR_MUST_USE weir_judgement weir_live_finish(weir_live *live, weir_problem *problem);
/* One a rule, in order of appearance.  They live in *live. */
const weir_live_finding *weir_live_findings(const weir_live *live, size_t *count);
uint64_t weir_live_events(const weir_live *live);
/* Connections that there have been, and those not lost at the end. */
uint64_t weir_live_connections(const weir_live *live);
uint64_t weir_live_open(const weir_live *live);

#endif
