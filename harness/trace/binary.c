/* A trace as bytes: a header of 512, then 16 a record, all little-endian.
 *
 *   0    "WEIRTRC1"
 *   8    spec, 8 bytes
 *   16   target, 128 bytes, ended by a 0
 *   144  version, 64
 *   208  scenario, 200
 *   408  zeros
 *   512  records: event, connection, flags, code, a (4 bytes), b (8 bytes) */
#include <string.h>

#include "trace/fields.h"
#include "trace/reader.h"

enum { AT_SPEC = 8, AT_TARGET = 16, AT_VERSION = 144, AT_SCENARIO = 208 };

static const char magic[8] = {'W', 'E', 'I', 'R', 'T', 'R', 'C', '1'};

static void put_number(uint8_t *out, uint64_t value, unsigned size) {
  for (unsigned i = 0; i < size; i++) out[i] = (uint8_t)(value >> (8 * i));
}

/* Written out, so that the compiler sees one load. */
static uint32_t get_half(const uint8_t *bytes) {
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint64_t get_word(const uint8_t *bytes) {
  return get_half(bytes) | (uint64_t)get_half(bytes + 4) << 32;
}

/* Copies a string, and leaves at least one 0 behind it. */
static void copy_text(void *out, const void *text, size_t size) {
  size_t length = strnlen(text, size - 1);
  memcpy(out, text, length);
  memset((char *)out + length, 0, size - length);
}

weir_status weir_trace_write_binary(FILE *out, const weir_trace_header *header, const weir_record *records,
                                    size_t count) {
  uint8_t bytes[WEIR_BINARY_HEADER_SIZE] = {0};
  memcpy(bytes, magic, sizeof magic);
  if (header != NULL) {
    put_number(bytes + AT_SPEC, header->spec, 8);
    copy_text(bytes + AT_TARGET, header->target, sizeof header->target);
    copy_text(bytes + AT_VERSION, header->version, sizeof header->version);
    copy_text(bytes + AT_SCENARIO, header->scenario, sizeof header->scenario);
  }
  if (fwrite(bytes, sizeof bytes, 1, out) != 1) return WEIR_IO;
  for (size_t i = 0; i < count; i++) {
    const weir_record *record = &records[i];
    uint8_t packed[sizeof *record] = {record->event, record->connection, record->flags, record->code};
    put_number(packed + 4, record->a, 4);
    put_number(packed + 8, record->b, 8);
    if (fwrite(packed, sizeof packed, 1, out) != 1) return WEIR_IO;
  }
  return fflush(out) == 0 ? WEIR_OK : WEIR_IO;
}

weir_status weir_binary_read_header(FILE *in, weir_trace_header *header, weir_problem *problem) {
  uint8_t bytes[WEIR_BINARY_HEADER_SIZE];
  size_t size = fread(bytes, 1, sizeof bytes, in);
  if (ferror(in)) return weir_fail(problem, WEIR_IO, 0, "the trace cannot be read");
  size_t known = size < sizeof magic ? size : sizeof magic;
  if (known == sizeof magic && memcmp(bytes, magic, known - 1) == 0 && memcmp(bytes, magic, known) != 0)
    return weir_fail(problem, WEIR_VERSION_MISMATCH, 0,
                     "a binary trace of another form; this version of weir reads \"WEIRTRC1\"");
  if (memcmp(bytes, magic, known) != 0)
    return weir_fail(problem, WEIR_BAD_INPUT, 0, "neither a binary trace (\"WEIRTRC1\") nor JSON Lines ('{')");
  if (size < sizeof bytes)
    return weir_fail(problem, WEIR_BAD_INPUT, 0, "the header of the trace is cut: %zu bytes of %zu", size,
                     sizeof bytes);
  header->spec = get_word(bytes + AT_SPEC);
  copy_text(header->target, bytes + AT_TARGET, sizeof header->target);
  copy_text(header->version, bytes + AT_VERSION, sizeof header->version);
  copy_text(header->scenario, bytes + AT_SCENARIO, sizeof header->scenario);
  return WEIR_OK;
}

static weir_record unpack(const uint8_t *bytes) {
  return (weir_record){.event = bytes[0],
                       .connection = bytes[1],
                       .flags = bytes[2],
                       .code = bytes[3],
                       .a = get_half(bytes + 4),
                       .b = get_word(bytes + 8)};
}

weir_status weir_binary_read_records(FILE *in, uint32_t number, weir_record *records, size_t most, size_t *count,
                                     weir_problem *problem) {
  size_t size = fread(records, 1, most * sizeof *records, in);
  bool failed = size < most * sizeof *records && ferror(in);
  for (*count = 0; *count < size / sizeof *records; ++*count, number++) {
    uint8_t bytes[sizeof *records];
    memcpy(bytes, &records[*count], sizeof bytes);
    records[*count] = unpack(bytes);
    if (weir_record_is_usual(&records[*count])) continue;
    const char *fault = weir_record_fault(&records[*count]);
    if (fault == NULL) continue;
    return weir_fail(problem, WEIR_BAD_INPUT, number, "record %u is none that a recorder writes: %s", number, fault);
  }
  if (failed) return weir_fail(problem, WEIR_IO, number, "the trace cannot be read");
  size_t rest = size % sizeof *records;
  if (rest == 0) return WEIR_OK;
  return weir_fail(problem, WEIR_BAD_INPUT, number, "record %u is cut: %zu bytes of %zu", number, rest,
                   sizeof *records);
}
