/* Reading a trace of either form, told apart by the first byte. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "trace/reader.h"

struct weir_trace_reader {
  FILE *in;
  bool binary;
  uint32_t number;      /* of the record or line read last */
  weir_problem failure; /* waits until the records before it have been handed out */
  weir_jsonl_line line; /* records that are still to be handed out */
  size_t taken;         /* of them */
  weir_jsonl_places places;
  char text[WEIR_TRACE_LINE_MAX + 1];
};

/* The next line that is not blank into reader->text; *size 0: the end. */
static weir_status read_line(weir_trace_reader *reader, size_t *size, weir_problem *problem) {
  bool blank = true;
  *size = 0;
  reader->number++;
  for (int c = getc_unlocked(reader->in); c != EOF; c = getc_unlocked(reader->in)) {
    if (c == '\n') {
      if (!blank) return WEIR_OK;
      *size = 0;
      reader->number++;
      continue;
    }
    if (*size == WEIR_TRACE_LINE_MAX)
      return weir_fail(problem, WEIR_BAD_INPUT, reader->number, "a line of more than %d bytes", WEIR_TRACE_LINE_MAX);
    blank = blank && (c == ' ' || c == '\t' || c == '\r');
    reader->text[(*size)++] = (char)c;
  }
  if (blank) *size = 0;
  return ferror(reader->in) ? weir_fail(problem, WEIR_IO, reader->number, "the trace cannot be read") : WEIR_OK;
}

/* The records of the next line into reader->line; count 0: the end. */
static weir_status next_line(weir_trace_reader *reader, weir_trace_header *header, weir_problem *problem) {
  size_t size;
  reader->line.count = 0;
  reader->line.is_header = false;
  reader->taken = 0;
  weir_status status = read_line(reader, &size, problem);
  if (status != WEIR_OK || size == 0) return status;
  status = weir_jsonl_parse(reader->text, size, reader->number, &reader->places, header, &reader->line, problem);
  if (status != WEIR_OK || !reader->line.is_header || header != NULL) return status;
  return weir_fail(problem, WEIR_BAD_INPUT, reader->number, "a header in the middle of a trace; it is the first line");
}

/* A byte order mark, which some programs put before every text, is passed over. */
static void skip_mark(FILE *in, int first) {
  if (first != 0xEF) return;
  for (int i = 0; i < 3; i++) (void)getc(in);
}

static weir_status open_jsonl(weir_trace_reader *reader, weir_trace_header *header, weir_problem *problem) {
  weir_status status = next_line(reader, header, problem);
  if (status != WEIR_OK) return status;
  if (!reader->line.is_header && reader->line.count == 0)
    return weir_fail(problem, WEIR_BAD_INPUT, reader->number, "nothing but blank lines: an event a line was expected");
  return WEIR_OK;
}

static weir_status open_either(weir_trace_reader *reader, weir_trace_header *header, weir_problem *problem) {
  int first = getc(reader->in);
  if (first == EOF && ferror(reader->in)) return weir_fail(problem, WEIR_IO, 0, "the trace cannot be read");
  if (first == EOF)
    return weir_fail(problem, WEIR_BAD_INPUT, 0, "an empty input: a trace has a line or record an event");
  (void)ungetc(first, reader->in);
  reader->binary = first == 'W';
  if (reader->binary) return weir_binary_read_header(reader->in, header, problem);
  if (first == 0 || strchr("{ \t\r\n\xEF", first) == NULL)
    return weir_fail(problem, WEIR_BAD_INPUT, 1, "neither a binary trace (\"WEIRTRC1\") nor JSON Lines ('{')");
  skip_mark(reader->in, first);
  return open_jsonl(reader, header, problem);
}

weir_status weir_trace_reader_open(FILE *in, weir_trace_reader **reader, weir_trace_header *header,
                                   weir_problem *problem) {
  weir_trace_header unwanted;
  if (header == NULL) header = &unwanted;
  *header = (weir_trace_header){.spec = 0};
  *reader = calloc(1, sizeof **reader);
  if (*reader == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory to read a trace");
  (*reader)->in = in;
  weir_status status = open_either(*reader, header, problem);
  if (status == WEIR_OK) return WEIR_OK;
  free(*reader);
  *reader = NULL;
  return status;
}

static weir_status next_event(weir_trace_reader *reader, weir_record *record, uint64_t *connection, bool *there,
                              weir_problem *problem) {
  *there = false;
  if (reader->taken == reader->line.count) {
    weir_status status = next_line(reader, NULL, problem);
    if (status != WEIR_OK) return status;
  }
  if (reader->taken == reader->line.count) return WEIR_OK;
  *record = reader->line.records[reader->taken++];
  *connection = reader->line.connection;
  *there = true;
  return WEIR_OK;
}

/* A record alone has no room for a greater number. */
static bool fits_record(weir_trace_reader *reader, uint64_t connection) {
  if (connection <= UINT8_MAX) return true;
  (void)weir_fail(&reader->failure, WEIR_BOUND, reader->number,
                  "\"connection\" is to be from 0 to %d here, not %" PRIu64 "; weir check takes any", UINT8_MAX,
                  connection);
  return false;
}

static size_t read_events(weir_trace_reader *reader, weir_record *records, uint64_t *connections, size_t most) {
  bool there = true;
  uint64_t connection = 0;
  for (size_t count = 0; count < most; count++) {
    (void)next_event(reader, &records[count], &connection, &there, &reader->failure);
    if (reader->failure.status != WEIR_OK || !there) return count;
    if (connections != NULL)
      connections[count] = connection;
    else if (!fits_record(reader, connection))
      return count;
  }
  return most;
}

static size_t read_records(weir_trace_reader *reader, weir_record *records, uint64_t *connections, size_t most) {
  size_t count = 0;
  weir_status status =
      weir_binary_read_records(reader->in, reader->number + 1, records, most, &count, &reader->failure);
  assert(status == reader->failure.status);
  (void)status;
  reader->number += (uint32_t)count;
  for (size_t i = 0; connections != NULL && i < count; i++) connections[i] = records[i].connection;
  return count;
}

weir_status weir_trace_reader_next_of(weir_trace_reader *reader, weir_record *records, uint64_t *connections,
                                      size_t most, size_t *count, weir_problem *problem) {
  *count = 0;
  if (reader->failure.status == WEIR_OK)
    *count = reader->binary ? read_records(reader, records, connections, most)
                            : read_events(reader, records, connections, most);
  /* What came before a failure is handed out first. */
  if (*count > 0 || reader->failure.status == WEIR_OK) return WEIR_OK;
  if (problem != NULL) *problem = reader->failure;
  return reader->failure.status;
}

weir_status weir_trace_reader_next(weir_trace_reader *reader, weir_record *records, size_t most, size_t *count,
                                   weir_problem *problem) {
  return weir_trace_reader_next_of(reader, records, NULL, most, count, problem);
}

void weir_trace_reader_close(weir_trace_reader *reader) {
  free(reader);
}
