/* The two readers behind weir_trace_reader. */
#ifndef WEIR_TRACE_READER_H
#define WEIR_TRACE_READER_H

#include "trace/codec.h"

enum {
  WEIR_BINARY_HEADER_SIZE = 512,
  WEIR_JSONL_RECORDS_MAX = 2 /* a call that raised may stand on one line: begin and end */
};

WEIR_MUST_USE weir_status weir_binary_read_header(FILE *in, weir_trace_header *header, weir_problem *problem);
/* Up to `most` records, the first of which is record `number` (from 1); *count 0
 * with WEIR_OK: the end.  Those before a failure are there, too. */
WEIR_MUST_USE weir_status weir_binary_read_records(FILE *in, uint32_t number, weir_record *records, size_t most,
                                                   size_t *count, weir_problem *problem);

/* Where the next piece of each stream of a connection begins when its offset is left out. */
typedef struct weir_jsonl_place {
  uint64_t connection;
  uint64_t written, write_began;
  uint64_t sent, delivered, received;
} weir_jsonl_place;

enum { WEIR_JSONL_PLACES = 1 << 14 };

/* By connection.  Of two whose numbers are WEIR_JSONL_PLACES apart, one at a time. */
typedef struct weir_jsonl_places {
  weir_jsonl_place *current; /* of the line in hand */
  weir_jsonl_place of[WEIR_JSONL_PLACES];
} weir_jsonl_places;

/* What a line holds. */
typedef struct weir_jsonl_line {
  bool is_header;      /* header was filled in */
  uint64_t connection; /* all of its number */
  size_t count;        /* of records */
  weir_record records[WEIR_JSONL_RECORDS_MAX];
} weir_jsonl_line;

/* Reads line `number`, of `size` bytes, which are followed by one that may be
 * written to; the line is not the same after that. */
WEIR_MUST_USE weir_status weir_jsonl_parse(char *text, size_t size, uint32_t number, weir_jsonl_places *places,
                                           weir_trace_header *header, weir_jsonl_line *line, weir_problem *problem);

#endif
