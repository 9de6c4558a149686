/* One connection of a protocol: the reference transport, fed a delivery, and a
 * guard between the two.
 *
 * The guard is what the transport takes for the protocol.  It passes every
 * callback on, asks for buffers as the delivery says (which a transport may do,
 * D3, D5), looks at what it is given, and stands in for the transport's calls,
 * so that whatever the protocol does is seen. */
#ifndef WEIR_PROTOCOL_DRIVE_H
#define WEIR_PROTOCOL_DRIVE_H

#include "protocol/delivery.h"
#include "protocol/feed.h"
#include "protocol/log.h"
#include "protocol/steps.h"
#include "weir/protocol.h"
#include "weir/spec.h"

enum { WEIR_TROUBLES_MAX = 12, WEIR_TROUBLE_TEXT_MAX = 160, WEIR_HAND_WORDS = 8 };

/* A rule that was broken in one run, seen without any other run beside it. */
typedef struct weir_trouble {
  weir_rule rule;
  uint64_t at; /* bytes of the stream that the protocol had been given */
  char text[WEIR_TROUBLE_TEXT_MAX];
} weir_trouble;

typedef enum weir_inside {
  WEIR_INSIDE_NOTHING,
  WEIR_INSIDE_OPEN,
  WEIR_INSIDE_CONNECTION_MADE,
  WEIR_INSIDE_GET_BUFFER,
  WEIR_INSIDE_FILL, /* the transport writes into the buffer */
  WEIR_INSIDE_BUFFER_UPDATED,
  WEIR_INSIDE_DATA_RECEIVED,
  WEIR_INSIDE_EOF_RECEIVED,
  WEIR_INSIDE_CONNECTION_LOST,
  WEIR_INSIDE_PAUSE_WRITING,
  WEIR_INSIDE_RESUME_WRITING,
  WEIR_INSIDE_RELEASE,
  WEIR_INSIDE_COUNT
} weir_inside;
const char *weir_inside_name(weir_inside inside);

/* The run in hand, where it can be read when this process is dead. */
typedef struct weir_hand {
  weir_inside inside;
  uint64_t position;
  weir_delivery delivery; /* its pointers mean nothing to anyone else */
  uint64_t cuts[WEIR_HAND_WORDS];
  bool cut; /* the delivery has cuts, and they fit */
} weir_hand;

typedef struct weir_drive {
  weir_protocol base; /* first: what the transport calls */
  const weir_protocol_target *target;
  weir_observer observer;
  weir_transport_calls calls; /* what the protocol calls */
  weir_protocol *protocol;
  weir_transport *transport;
  weir_feed feed;
  weir_log log;
  weir_hand *hand; /* never NULL */
  weir_hand own_hand;

  /* of the run */
  const weir_delivery *delivery;
  weir_buffer buffer; /* the one given last */
  bool given;         /* ... and not updated yet */
  bool closed;        /* by the protocol */
  bool lost;
  bool paused;
  bool eof_written;
  bool spun;
  uint64_t gets, updates;
  /* Of the families COST and MEMORY; NULL and false in all others. */
  weir_steps *steps;
  uint64_t *told; /* after each of the first told_count reads: a number that changes with every observation */
  size_t told_count;
  bool weigh;  /* fills in kept */
  size_t kept; /* memory in use just before the end */
  weir_trouble troubles[WEIR_TROUBLES_MAX];
  unsigned trouble_count;
} weir_drive;

/* Opens the target's first protocol, to see that it is whole.  hand: NULL, or
 * where to keep it. */
WEIR_MUST_USE weir_status weir_drive_init(weir_drive *drive, const weir_protocol_target *target, weir_hand *hand,
                                          weir_problem *problem);
void weir_drive_free(weir_drive *drive);
/* Runs one delivery; what was observed is in drive->log until the next.
 * WEIR_NO_MEMORY, WEIR_BOUND: nothing can be said. */
WEIR_MUST_USE weir_status weir_drive_run(weir_drive *drive, const weir_delivery *delivery, weir_problem *problem);

/* Adds a trouble, once a rule and run. */
void weir_drive_trouble(weir_drive *drive, weir_rule rule, const char *format, ...) WEIR_PRINTF(3, 4);

/* ---- Between the files of the driver */
const weir_protocol_callbacks *weir_guard_callbacks(const weir_drive *drive);
void weir_guard_calls(weir_drive *drive);

#endif
