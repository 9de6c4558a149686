/* The forms of a trace: binary (files, pipes), JSON Lines, text.
 * harness/doc/trace.md is the page; weir/trace.h says what records mean. */
#ifndef WEIR_TRACE_CODEC_H
#define WEIR_TRACE_CODEC_H

#include <stdio.h>

#include "weir/trace.h"

enum {
  WEIR_TRACE_FORM = 1,        /* counts up with every incompatible change of a form */
  WEIR_TRACE_LINE_MAX = 65536 /* bytes of a line of JSON Lines */
};

/* What a trace says of itself, before its records. */
typedef struct weir_trace_header {
  char target[128];
  char version[64];
  char scenario[200];
  uint64_t spec; /* weir_spec_hash(), 0: not told */
} weir_trace_header;

/* ---- Binary: a 512-byte header ("WEIRTRC1", little-endian), then records.
 * Both writers: header may be NULL; WEIR_IO where out does not take it all. */
WEIR_MUST_USE weir_status weir_trace_write_binary(FILE *out, const weir_trace_header *header,
                                                  const weir_record *records, size_t count);

/* ---- JSON Lines: a header object, then an object a record.  WEIR_BROKEN: a
 * record that no recorder writes, which JSON could not give back as it was. */
WEIR_MUST_USE weir_status weir_trace_write_jsonl(FILE *out, const weir_trace_header *header, const weir_record *records,
                                                 size_t count);

/* ---- Reading either, told apart by the first byte; streaming, in constant
 * memory.  An empty input, a cut record or line, an unknown event and a wrong
 * field are WEIR_BAD_INPUT with the line (JSON Lines) or record number (binary)
 * in problem->line, and everything read before it has been handed out. Unknown
 * fields are passed over. */
typedef struct weir_trace_reader weir_trace_reader;
/* header may be NULL; without one in the input it is all zero. */
WEIR_MUST_USE weir_status weir_trace_reader_open(FILE *in, weir_trace_reader **reader, weir_trace_header *header,
                                                 weir_problem *problem);
/* Up to `most` records into records; *count 0 with WEIR_OK: the end. */
WEIR_MUST_USE weir_status weir_trace_reader_next(weir_trace_reader *reader, weir_record *records, size_t most,
                                                 size_t *count, weir_problem *problem);
/* The same with the number of each record's connection beside it, which may be
 * any up to INT64_MAX in JSON Lines; record.connection is its lowest 8 bits.
 * Without it a number above 255 is WEIR_BOUND. */
WEIR_MUST_USE weir_status weir_trace_reader_next_of(weir_trace_reader *reader, weir_record *records,
                                                    uint64_t *connections, size_t most, size_t *count,
                                                    weir_problem *problem);
void weir_trace_reader_close(weir_trace_reader *reader); /* leaves the stream open */

/* ---- Text: one line a record, indented by nesting, for people.
 * Writes a record as one line without newline, as snprintf does.
 * depth: how deep it is nested (0..); as weir_trace_depths gives. */
size_t weir_trace_print(const weir_record *record, unsigned depth, char *out, size_t size);
/* Depth of each record: the begin and end of a pair have the same. */
void weir_trace_depths(const weir_record *records, size_t count, uint8_t *depths);

#endif
