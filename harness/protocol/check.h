/* One family of checks on one stream: deliveries that differ in one thing, and
 * what the protocol made of them compared.  What differs tells the rule. */
#ifndef WEIR_PROTOCOL_CHECK_H
#define WEIR_PROTOCOL_CHECK_H

#include "protocol/drive.h"

enum {
  WEIR_CHECK_FINDINGS_MAX = 12,
  WEIR_CHECK_SHOWN = 4,
  WEIR_CHECK_MESSAGE_MAX = 200,
  WEIR_CHECK_NOTE_MAX = 280,
  WEIR_CHECK_DETAIL_MAX = 2400,
  WEIR_CHECK_BUDGET_DEFAULT = 64000000
};

/* FAMILY(name, word, rule, what it is about).  The rule is the one that a
 * difference breaks, or a crash. */
#define WEIR_FAMILIES(X)                                                                                               \
  X(WHOLE, "whole", R6, "the stream in one piece, and byte by byte: what can be seen in one run")                      \
  X(HINTS, "hints", R2, "every hint")                                                                                  \
  X(ASKING, "asking", R4, "get_buffer with no buffer_updated, and several times before one")                           \
  X(STALE, "stale", R5, "other bytes behind the data")                                                                 \
  X(ENDS, "ends", R7, "FIN and reset at each byte")                                                                    \
  X(SLOW, "slow", R6, "a peer that reads slowly: pause_writing and resume_writing")                                    \
  X(CHUNKINGS, "chunkings", R6, "every chunking")                                                                      \
  X(COST, "cost", R10, "work for the stream once, twice and four times")                                               \
  X(MEMORY, "memory", R11, "what is kept, and what is given back")                                                     \
  X(DELIVERY, "delivery", R6, "the deliveries given, against the stream in one piece or each other")

typedef enum weir_family {
#define X(name, word, rule, about) WEIR_FAMILY_##name,
  WEIR_FAMILIES(X)
#undef X
      WEIR_FAMILY_COUNT
} weir_family;
const char *weir_family_word(weir_family family);
const char *weir_family_about(weir_family family);
weir_rule weir_family_rule(weir_family family);

typedef struct weir_check_finding {
  weir_rule rule;
  uint32_t count;
  uint64_t at; /* position in the stream */
  char message[WEIR_CHECK_MESSAGE_MAX];
  char delivery[WEIR_DELIVERY_TEXT_MAX]; /* the one that shows it; empty: none in particular */
  char against[WEIR_DELIVERY_TEXT_MAX];  /* the one that it was compared with; empty: none */
  char detail[WEIR_CHECK_DETAIL_MAX];    /* both logs side by side; lines */
} weir_check_finding;

typedef struct weir_check_report {
  uint32_t count;
  weir_check_finding findings[WEIR_CHECK_FINDINGS_MAX];
  uint64_t rules; /* put to the test: bit by number of the R rule */
  /* Of the family WHOLE: which kinds of observations came one after the other,
   * by hash, for who searches. */
  uint64_t shown[WEIR_CHECK_SHOWN];
  volatile uint64_t runs;         /* grows while it runs: who watches sees that it gets on */
  char note[WEIR_CHECK_NOTE_MAX]; /* what was shown */
  char skip[WEIR_CHECK_NOTE_MAX]; /* not empty: nothing could be compared, and why */
} weir_check_report;

typedef struct weir_check_job {
  const uint8_t *stream;
  size_t size;
  uint64_t budget; /* how much work a family may be: about one for each read */
  uint64_t seed;
  bool slow;     /* the protocol is of a language for which instructions say nothing */
  size_t window; /* where the bytes are whose chunkings are all tried, of a longer stream; SIZE_MAX: all along */
  char deliveries[2][WEIR_DELIVERY_TEXT_MAX]; /* of the family DELIVERY */
} weir_check_job;

/* Runs a family.  hand: see weir_drive_init.  WEIR_OK: the report is filled. */
WEIR_MUST_USE weir_status weir_check_run(const weir_protocol_target *target, weir_family family,
                                         const weir_check_job *job, weir_check_report *report, weir_hand *hand,
                                         weir_problem *problem);

/* ---- Between the files of the module */
typedef struct weir_check {
  const weir_check_job *job;
  weir_family family;
  weir_drive drive;
  weir_log base;         /* what is compared with */
  uint64_t *cuts, *less; /* room for the stream, four times */
  weir_check_report *report;
  uint64_t spent;
  uint64_t rng;
  weir_problem *problem;
} weir_check;

/* A run; troubles become findings.  False: check->status says why nothing can be said. */
WEIR_MUST_USE weir_status weir_check_deliver(weir_check *check, const weir_delivery *delivery);
/* ... kept as what others are compared with. */
WEIR_MUST_USE weir_status weir_check_base(weir_check *check, const weir_delivery *delivery);
/* ... and compared with the base, which `base` gave: a difference is shrunk where
 * the two differ in their cuts alone, and becomes a finding of `rule`. */
WEIR_MUST_USE weir_status weir_check_compare(weir_check *check, const weir_delivery *delivery,
                                             const weir_delivery *base, weir_rule rule);
weir_check_finding *weir_check_find(weir_check *check, weir_rule rule);
uint64_t weir_check_random(weir_check *check, uint64_t below);
/* Finds two chunkings that differ in one cut and in what was observed (shrink.c).
 * check->cuts is the larger set, check->less the smaller one on return. */
WEIR_MUST_USE weir_status weir_check_shrink(weir_check *check, const weir_delivery *delivery, uint64_t *more,
                                            uint64_t *fewer);
/* Both logs side by side, the first entry that differs marked (detail.c). */
void weir_check_detail(const weir_log *left, const weir_log *right, const weir_difference *difference, char *out,
                       size_t size);

weir_status weir_check_chunkings(weir_check *check);
weir_status weir_check_cost(weir_check *check);
weir_status weir_check_memory(weir_check *check);

/* "4,194,302" */
const char *weir_check_number(uint64_t number, char out[32]);

#endif
