/* The forms of a trace: what is written is read again, and nothing that is cut,
 * garbled or wrong gets through. */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "trace/codec.h"
#include "trace/fields.h"
#include "weir/transport.h"

enum { RECORDS_MAX = 512 };

/* ---- Streams in memory */

typedef struct memory {
  char *bytes;
  size_t size;
} memory;

typedef weir_status writer(FILE *out, const weir_trace_header *header, const weir_record *records, size_t count);

static memory written(writer *write, const weir_trace_header *header, const weir_record *records, size_t count) {
  memory result = {0};
  FILE *out = open_memstream(&result.bytes, &result.size);
  ck_assert_ptr_nonnull(out);
  ck_assert_int_eq(write(out, header, records, count), WEIR_OK);
  ck_assert_int_eq(fclose(out), 0);
  return result;
}

/* Reads everything, `most` records at a time, and gives the last status. */
static weir_status read_all(const void *bytes, size_t size, size_t most, weir_trace_header *header,
                            weir_record *records, size_t *count, weir_problem *problem) {
  FILE *in = size > 0 ? fmemopen((void *)(uintptr_t)bytes, size, "r") : fopen("/dev/null", "r");
  ck_assert_ptr_nonnull(in);
  *count = 0;
  weir_trace_reader *reader;
  weir_status status = weir_trace_reader_open(in, &reader, header, problem);
  for (size_t got = 1; status == WEIR_OK && got > 0; *count += got) {
    ck_assert_uint_le(*count + most, RECORDS_MAX + 8);
    status = weir_trace_reader_next(reader, records + *count, most, &got, problem);
    if (status != WEIR_OK) ck_assert_uint_eq(got, 0);
  }
  if (reader != NULL) weir_trace_reader_close(reader);
  (void)fclose(in);
  return status;
}

static weir_status read_text(const char *text, weir_record *records, size_t *count, weir_problem *problem) {
  return read_all(text, strlen(text), 3, NULL, records, count, problem);
}

static void assert_same(const weir_record *left, const weir_record *right, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (memcmp(&left[i], &right[i], sizeof *left) != 0)
      ck_abort_msg("record %zu: %u/%u/%u/%u/%u/%" PRIx64 " became %u/%u/%u/%u/%u/%" PRIx64, i, left[i].event,
                   left[i].connection, left[i].flags, left[i].code, left[i].a, left[i].b, right[i].event,
                   right[i].connection, right[i].flags, right[i].code, right[i].a, right[i].b);
}

/* ---- Records as a recorder writes them, made after weir/trace.h alone */

static uint64_t random_next(uint64_t *seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  *seed ^= *seed << 17;
  return *seed;
}

/* Small numbers, large ones, and those at the ends of their range. */
static uint64_t number_up_to(uint64_t *seed, uint64_t most) {
  switch (random_next(seed) % 4) {
  case 0: return 0;
  case 1: return most;
  case 2: return random_next(seed) % 100 % (most + (most < UINT64_MAX));
  default: return most == UINT64_MAX ? random_next(seed) : random_next(seed) % (most + 1);
  }
}

static void fill_payload(uint64_t *seed, weir_record *record) {
  record->a = (uint32_t)number_up_to(seed, UINT32_MAX);
  record->code = (uint8_t)number_up_to(seed, WEIR_DATA_COUNT - 1);
  bool placed = record->code == WEIR_DATA_STREAM || record->code == WEIR_DATA_REVERSE;
  if (placed) record->b = number_up_to(seed, UINT64_MAX >> 8);
  if (record->code == WEIR_DATA_FOREIGN) record->b = number_up_to(seed, UINT64_MAX >> 8) | random_next(seed) << 56;
}

static void fill_exception(uint64_t *seed, weir_record *record) {
  record->code = (uint8_t)number_up_to(seed, WEIR_EXCEPTION_COUNT - 1);
  if (record->code == WEIR_EXCEPTION_OS)
    record->a = (uint32_t)(random_next(seed) % 2 ? number_up_to(seed, 140) : number_up_to(seed, INT32_MAX));
  if (record->code == WEIR_EXCEPTION_PROBE) record->a = (uint32_t)number_up_to(seed, UINT32_MAX);
}

static uint64_t outcome(uint64_t *seed, uint64_t most) {
  return random_next(seed) % 3 == 0 ? (uint64_t) - (int64_t)(1 + random_next(seed) % 140) : number_up_to(seed, most);
}

static void fill_begin(uint64_t *seed, weir_record *record) {
  switch (record->event) {
  case WEIR_EVENT_OPEN:
    record->code = random_next(seed) & 1;
    record->a = (uint32_t)number_up_to(seed, UINT32_MAX);
    break;
  case WEIR_EVENT_GET_BUFFER:
  case WEIR_EVENT_BUFFER_TAIL:
  case WEIR_EVENT_BUFFER_HELD: record->a = (uint32_t)number_up_to(seed, UINT32_MAX); break;
  case WEIR_EVENT_BUFFER_UPDATED:
  case WEIR_EVENT_DATA_RECEIVED:
  case WEIR_EVENT_PEER_RECEIVED:
  case WEIR_EVENT_DATA: fill_payload(seed, record); break;
  case WEIR_EVENT_CONNECTION_LOST:
  case WEIR_EVENT_EXCEPTION_HANDLER: fill_exception(seed, record); break;
  case WEIR_EVENT_WRITE:
  case WEIR_EVENT_WRITELINES:
  case WEIR_EVENT_PEER_SEND:
    record->a = (uint32_t)number_up_to(seed, UINT32_MAX);
    record->b = number_up_to(seed, INT64_MAX);
    if (record->event == WEIR_EVENT_WRITE) record->code = (uint8_t)number_up_to(seed, WEIR_BYTES_KIND_COUNT - 1);
    if (record->event == WEIR_EVENT_WRITELINES) record->code = (uint8_t)number_up_to(seed, WEIR_LINES_KIND_COUNT - 1);
    break;
  case WEIR_EVENT_SET_PROTOCOL:
    record->a = (uint32_t)number_up_to(seed, 15);
    record->code = random_next(seed) & 1;
    break;
  case WEIR_EVENT_SET_LIMITS:
    record->a = random_next(seed) % 3 ? (uint32_t)random_next(seed) : (uint32_t)INT32_MIN;
    record->b = random_next(seed) % 3 ? (uint32_t)random_next(seed) : (uint32_t)INT32_MIN;
    break;
  case WEIR_EVENT_RECV:
  case WEIR_EVENT_SEND:
    record->a = (uint32_t)number_up_to(seed, UINT32_MAX);
    record->b = outcome(seed, UINT32_MAX);
    break;
  case WEIR_EVENT_SHUTDOWN: record->b = outcome(seed, 0); break;
  case WEIR_EVENT_WATCH:
  case WEIR_EVENT_SPURIOUS: record->a = random_next(seed) & 3; break;
  case WEIR_EVENT_TIMEOUT:
  case WEIR_EVENT_ADVANCE: record->b = number_up_to(seed, INT64_MAX); break;
  case WEIR_EVENT_BUFFER_TOUCHED:
    record->a = (uint32_t)number_up_to(seed, UINT32_MAX);
    record->b = number_up_to(seed, INT64_MAX);
    break;
  case WEIR_EVENT_END:
    record->code = (uint8_t)number_up_to(seed, WEIR_END_COUNT - 1);
    record->a = (uint32_t)number_up_to(seed, 511);
    break;
  default: break;
  }
}

static uint64_t make_result(uint64_t *seed, unsigned event) {
  switch (event) {
  case WEIR_EVENT_GET_BUFFER:
    return number_up_to(seed, UINT32_MAX) | number_up_to(seed, WEIR_BUFFER_KIND_COUNT - 1) << 56;
  case WEIR_EVENT_EOF_RECEIVED:
  case WEIR_EVENT_CAN_WRITE_EOF:
  case WEIR_EVENT_IS_CLOSING:
  case WEIR_EVENT_IS_READING: return random_next(seed) & 1;
  case WEIR_EVENT_GET_PROTOCOL: return number_up_to(seed, 255);
  case WEIR_EVENT_GET_LIMITS: return random_next(seed);
  case WEIR_EVENT_GET_SIZE: return random_next(seed);
  default: return 0;
  }
}

static bool is_pair(unsigned event) {
  weir_event_group group = weir_event_group_of(event);
  return group == WEIR_GROUP_CALLBACK || group == WEIR_GROUP_CALL || event == WEIR_EVENT_OUTSIDE;
}

static weir_record make_record(uint64_t *seed, unsigned event) {
  weir_record record = {.event = (uint8_t)event, .connection = (uint8_t)number_up_to(seed, 255)};
  weir_event_group group = weir_event_group_of(event);
  if (group == WEIR_GROUP_CALLBACK) record.flags = (uint8_t)(number_up_to(seed, 15) << WEIR_FLAG_PROTOCOL_SHIFT);
  if (group == WEIR_GROUP_SOCKET && random_next(seed) % 2) record.flags |= WEIR_FLAG_INJECTED;
  if (!is_pair(event)) {
    fill_begin(seed, &record);
    return record;
  }
  switch (random_next(seed) % 4) {
  case 0:
    record.flags |= WEIR_FLAG_BEGIN;
    fill_begin(seed, &record);
    break;
  case 1:
    record.flags |= WEIR_FLAG_END;
    record.b = make_result(seed, event);
    break;
  case 2:
    record.flags |= WEIR_FLAG_END | WEIR_FLAG_RAISED;
    fill_exception(seed, &record);
    break;
  default:
    record.flags |= WEIR_FLAG_BEGIN | WEIR_FLAG_END;
    fill_begin(seed, &record);
    record.b |= make_result(seed, event);
  }
  return record;
}

static const weir_trace_header example_header = {
    .target = "asyncio@3.12", .version = "3.12.1", .scenario = "close/in-get_buffer", .spec = 0xfedcba9876543210};

static void assert_round_trip(writer *write, const weir_record *records, size_t count, size_t most) {
  weir_record again[RECORDS_MAX + 8];
  weir_trace_header header;
  weir_problem problem = {0};
  size_t got;
  memory text = written(write, &example_header, records, count);
  weir_status status = read_all(text.bytes, text.size, most, &header, again, &got, &problem);
  ck_assert_msg(status == WEIR_OK, "line %u: %s", problem.line, problem.text);
  ck_assert_uint_eq(got, count);
  assert_same(records, again, count);
  ck_assert_str_eq(header.target, example_header.target);
  ck_assert_str_eq(header.version, example_header.version);
  ck_assert_str_eq(header.scenario, example_header.scenario);
  ck_assert_uint_eq(header.spec, example_header.spec);
  free(text.bytes);
}

START_TEST(round_trips) {
  uint64_t seed = 1;
  for (unsigned round = 0; round < 40; round++) {
    weir_record records[RECORDS_MAX];
    size_t count = 0;
    for (unsigned i = 0; i < 5; i++)
      for (unsigned event = 1; event < WEIR_EVENT_COUNT; event++) records[count++] = make_record(&seed, event);
    for (size_t i = 0; i < count; i++) {
      const char *fault = weir_record_fault(&records[i]);
      ck_assert_msg(fault == NULL, "%s: %s", weir_event_name(records[i].event), fault);
    }
    assert_round_trip(weir_trace_write_binary, records, count, 7);
    assert_round_trip(weir_trace_write_jsonl, records, count, 1 + round % 9);
  }
}
END_TEST

/* The short way never takes what the long one refuses. */
START_TEST(usual_records_have_no_fault) {
  static const uint64_t numbers[] = {0, 1, 64, UINT32_MAX, UINT64_C(1) << 32, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX};
  unsigned usual = 0;
  for (unsigned event = 0; event < 256; event++)
    for (unsigned flags = 0; flags < 256; flags++)
      for (unsigned code = 0; code < 10; code++)
        for (size_t b = 0; b < sizeof numbers / sizeof *numbers; b++) {
          weir_record record = {.event = (uint8_t)event,
                                .flags = (uint8_t)flags,
                                .code = (uint8_t)code,
                                .a = (uint32_t)numbers[(b + code) % 8],
                                .b = numbers[b]};
          if (!weir_record_is_usual(&record)) continue;
          usual++;
          ck_assert_msg(weir_record_fault(&record) == NULL, "event %u flags %u code %u", event, flags, code);
        }
  ck_assert_uint_gt(usual, 100);
}
END_TEST

/* ---- A small trace, in each form word for word */

static const weir_record small[] = {
    {.event = WEIR_EVENT_OPEN, .code = 1, .a = WEIR_CAN_PAUSE | WEIR_CAN_WRITE_EOF},
    {.event = WEIR_EVENT_CONNECTION_MADE, .flags = 3},
    {.event = WEIR_EVENT_PEER_SEND, .a = 10},
    {.event = WEIR_EVENT_GET_BUFFER, .flags = 1, .a = (uint32_t)-1},
    {.event = WEIR_EVENT_CLOSE, .flags = 3},
    {.event = WEIR_EVENT_GET_BUFFER, .flags = 2, .b = 64},
    {.event = WEIR_EVENT_RECV, .a = 64, .b = 10},
    {.event = WEIR_EVENT_BUFFER_UPDATED, .flags = 1, .code = WEIR_DATA_STREAM, .a = 10},
    {.event = WEIR_EVENT_BUFFER_UPDATED, .flags = 6, .code = WEIR_EXCEPTION_PROBE, .a = 1},
    {.event = WEIR_EVENT_SEND, .flags = WEIR_FLAG_INJECTED, .a = 5, .b = (uint64_t)-ECONNRESET},
    {.event = WEIR_EVENT_CONNECTION_LOST, .flags = 3 | 1 << 4, .code = WEIR_EXCEPTION_OS, .a = ECONNRESET},
    {.event = WEIR_EVENT_SET_LIMITS, .flags = 3, .a = 10, .b = (uint32_t)INT32_MIN},
    {.event = WEIR_EVENT_END, .code = WEIR_END_CRASH, .a = 11},
};
enum { SMALL_COUNT = sizeof small / sizeof small[0] };

START_TEST(jsonl_word_for_word) {
  memory text = written(weir_trace_write_jsonl, &example_header, small, SMALL_COUNT);
  ck_assert_str_eq(text.bytes,
                   "{\"weir\":\"" WEIR_VERSION
                   "\",\"trace\":1,\"spec\":\"fedcba9876543210\",\"target\":\"asyncio@3.12\","
                   "\"version\":\"3.12.1\",\"scenario\":\"close/in-get_buffer\"}\n"
                   "{\"event\":\"open\",\"kind\":\"buffered\",\"capabilities\":[\"write_eof\",\"pause\"]}\n"
                   "{\"event\":\"connection_made\"}\n"
                   "{\"event\":\"peer_send\",\"bytes\":10,\"offset\":0}\n"
                   "{\"event\":\"get_buffer\",\"at\":\"begin\",\"hint\":-1}\n"
                   "{\"event\":\"close\"}\n"
                   "{\"event\":\"get_buffer\",\"at\":\"end\",\"size\":64,\"kind\":\"bytearray\"}\n"
                   "{\"event\":\"recv\",\"room\":64,\"bytes\":10}\n"
                   "{\"event\":\"buffer_updated\",\"at\":\"begin\",\"nbytes\":10,\"data\":\"stream\",\"offset\":0}\n"
                   "{\"event\":\"buffer_updated\",\"at\":\"end\",\"raised\":\"probe\",\"number\":1}\n"
                   "{\"event\":\"send\",\"size\":5,\"error\":\"ECONNRESET\",\"injected\":true}\n"
                   "{\"event\":\"connection_lost\",\"protocol\":1,\"exception\":\"os\",\"error\":\"ECONNRESET\"}\n"
                   "{\"event\":\"set_write_buffer_limits\",\"high\":10}\n"
                   "{\"event\":\"end\",\"how\":\"crash\",\"number\":11}\n");
  free(text.bytes);
}
END_TEST

START_TEST(text_word_for_word) {
  static const char *const lines[SMALL_COUNT] = {
      "open, a buffered protocol; the target lacks 12 of 14 capabilities",
      "connection_made()",
      "peer_send(10)  stream 0..10",
      "get_buffer(-1) {",
      "  close()",
      "} get_buffer -> 64 bytes",
      "recv(64) = 10",
      "buffer_updated(10)  stream 0..10 {",
      "} buffer_updated raised probe 1",
      "send(5) = ECONNRESET (injected)",
      "protocol 1: connection_lost(os ECONNRESET)",
      "set_write_buffer_limits(high=10)",
      "end, crash: signal 11",
  };
  uint8_t depths[SMALL_COUNT];
  weir_trace_depths(small, SMALL_COUNT, depths);
  for (size_t i = 0; i < SMALL_COUNT; i++) {
    char line[200];
    ck_assert_uint_eq(weir_trace_print(&small[i], depths[i], line, sizeof line), strlen(lines[i]));
    ck_assert_str_eq(line, lines[i]);
  }
}
END_TEST

static const struct {
  weir_record record;
  const char *line;
} printed[] = {
    {{.event = WEIR_EVENT_OPEN, .a = UINT32_MAX & ~(uint32_t)WEIR_CAN_PAUSE},
     "open, a plain protocol; the target has no pause"},
    {{.event = WEIR_EVENT_GET_BUFFER, .flags = 3, .a = 7, .b = (uint64_t)WEIR_BUFFER_MMAP << 56 | 4096},
     "get_buffer(7) -> 4096 bytes of mmap"},
    {{.event = WEIR_EVENT_GET_BUFFER, .flags = 2, .b = (uint64_t)WEIR_BUFFER_NOT_A_BUFFER << 56},
     "} get_buffer -> no buffer"},
    {{.event = WEIR_EVENT_DATA_RECEIVED, .flags = 3, .a = 3}, "data_received(3)"},
    {{.event = WEIR_EVENT_EOF_RECEIVED, .flags = 3, .b = 1}, "eof_received() -> true"},
    {{.event = WEIR_EVENT_CONNECTION_LOST, .flags = 3}, "connection_lost(None)"},
    {{.event = WEIR_EVENT_WRITE, .connection = 2, .flags = 3, .code = WEIR_BYTES_STR, .a = 4, .b = 6},
     "connection 2: write(4, str)  stream 6..10"},
    {{.event = WEIR_EVENT_SET_PROTOCOL, .flags = 3, .a = 1}, "set_protocol(protocol 1, plain)"},
    {{.event = WEIR_EVENT_GET_PROTOCOL, .flags = 3, .b = 255}, "get_protocol() -> another"},
    {{.event = WEIR_EVENT_GET_LIMITS, .flags = 3, .b = (uint64_t)20 << 32 | 5},
     "get_write_buffer_limits() -> low 5, high 20"},
    {{.event = WEIR_EVENT_GET_SIZE, .flags = 3, .b = (uint64_t)-1}, "get_write_buffer_size() -> -1"},
    {{.event = WEIR_EVENT_WATCH, .a = 3}, "watch(readable, writable)"},
    {{.event = WEIR_EVENT_DATA, .code = WEIR_DATA_FOREIGN, .a = 4, .b = (uint64_t)3 << 56 | 8},
     "data(4)  foreign connection 3 8..12"},
    {{.event = WEIR_EVENT_DATA, .code = WEIR_DATA_POISON, .a = 4}, "data(4)  poison"},
    {{.event = WEIR_EVENT_EXCEPTION_HANDLER, .code = WEIR_EXCEPTION_OS, .a = 9999}, "exception_handler(os errno 9999)"},
    {{.event = WEIR_EVENT_TIMEOUT, .b = 250}, "timeout 250 ms"},
    {{.event = WEIR_EVENT_SHUTDOWN}, "shutdown() = 0"},
    {{.event = WEIR_EVENT_OUTSIDE, .flags = 1}, "outside {"},
    {{.event = WEIR_EVENT_OUTSIDE, .flags = 2}, "} outside"},
    {{.event = WEIR_EVENT_END, .code = WEIR_END_CRASH, .a = 259}, "end, crash: exit status 3"},
    {{.event = 200}, "event #200"},
};

START_TEST(text_of_one_record) {
  char line[200];
  (void)weir_trace_print(&printed[_i].record, 0, line, sizeof line);
  ck_assert_str_eq(line, printed[_i].line);
  char cut[8];
  ck_assert_uint_eq(weir_trace_print(&printed[_i].record, 0, cut, sizeof cut), strlen(line));
  ck_assert_int_eq(strncmp(cut, line, 7), 0);
  ck_assert_uint_eq(weir_trace_print(&printed[_i].record, 0, NULL, 0), strlen(line));
}
END_TEST

START_TEST(depths_of_odd_traces) {
  const weir_record records[] = {
      {.event = WEIR_EVENT_CLOSE, .flags = WEIR_FLAG_END}, /* of nothing that began */
      {.event = WEIR_EVENT_WRITE, .flags = WEIR_FLAG_BEGIN},         {.event = WEIR_EVENT_SEND},
      {.event = WEIR_EVENT_PAUSE_WRITING, .flags = WEIR_FLAG_BEGIN}, {.event = WEIR_EVENT_END, .code = WEIR_END_CRASH},
  };
  const uint8_t right[] = {0, 0, 1, 1, 0};
  uint8_t depths[5];
  weir_trace_depths(records, 5, depths);
  ck_assert_mem_eq(depths, right, sizeof right);
}
END_TEST

/* ---- Cut and garbled */

static void assert_prefixes(writer *write) {
  memory text = written(write, &example_header, small, SMALL_COUNT);
  for (size_t size = 0; size < text.size; size++) {
    weir_record records[RECORDS_MAX];
    weir_problem problem = {0};
    size_t count;
    weir_status status = read_all(text.bytes, size, 5, NULL, records, &count, &problem);
    ck_assert_uint_le(count, SMALL_COUNT);
    assert_same(small, records, count);
    if (status != WEIR_OK)
      ck_assert_uint_gt(strlen(problem.text), 0);
    else if (size + 1 < text.size) /* all but the last newline */
      ck_assert_uint_lt(count, SMALL_COUNT);
  }
  free(text.bytes);
}

START_TEST(each_prefix) {
  assert_prefixes(weir_trace_write_binary);
  assert_prefixes(weir_trace_write_jsonl);
}
END_TEST

/* Whatever is read, it is what a recorder writes. */
static void assert_garbled(writer *write, const unsigned char *changes, size_t change_count) {
  memory text = written(write, &example_header, small, SMALL_COUNT);
  for (size_t i = 0; i < text.size; i++)
    for (size_t k = 0; k < change_count; k++) {
      weir_record records[RECORDS_MAX];
      weir_problem problem = {0};
      size_t count;
      text.bytes[i] = (char)(text.bytes[i] ^ changes[k]);
      weir_status status = read_all(text.bytes, text.size, 4, NULL, records, &count, &problem);
      ck_assert(status == WEIR_OK || problem.text[0] != 0);
      for (size_t n = 0; n < count; n++) ck_assert_ptr_null(weir_record_fault(&records[n]));
      text.bytes[i] = (char)(text.bytes[i] ^ changes[k]);
    }
  free(text.bytes);
}

START_TEST(each_byte_changed) {
  static const unsigned char changes[] = {0x01, 0x02, 0x10, 0x80, 0xFF};
  assert_garbled(weir_trace_write_binary, changes, sizeof changes);
  assert_garbled(weir_trace_write_jsonl, changes, sizeof changes);
}
END_TEST

/* ---- What is refused, and in which words */

static const struct {
  const char *text;
  uint32_t line;
  const char *words;
} refused[] = {
    {"", 0, "empty"},
    {"\n  \n", 3, "blank"},
    {"hello", 1, "neither"},
    {"WEIRTRC", 0, "cut"},
    {"WEIRTRC2........", 0, "another form"},
    {"{\"event\":\"connection_made\"}\n{\"event\":\"get_bufer\"}", 2, "did you mean \"get_buffer\"?"},
    {"{\"event\":\"zzzzzzzzzzzzzzzz\"}", 1, "unknown \"event\""},
    {"{\"event\":3}", 1, "\"event\" is to be a string, not a whole number"},
    {"{\"evnt\":\"close\"}", 1, "no \"event\""},
    {"[1]", 1, "neither"},
    {"{\"event\":\"close\"}\n[1]\n", 2, "an object, not an array"},
    {"{\"event\":\"close\"}\n\n{\"event\":\"close\"", 3, "not JSON, or cut"},
    {"{\"event\":\"close\",\"event\":\"abort\"}", 1, "not JSON"},
    {"{\"event\":\"buffer_updated\"}", 1, "buffer_updated needs \"nbytes\""},
    {"{\"event\":\"buffer_updated\",\"nbytes\":\"10\"}", 1, "\"nbytes\" is to be a whole number, not a string"},
    {"{\"event\":\"buffer_updated\",\"nbytes\":1.5}", 1, "not a number with a fraction"},
    {"{\"event\":\"buffer_updated\",\"nbytes\":-1}", 1, "from 0 to 4294967295, not -1"},
    {"{\"event\":\"buffer_updated\",\"nbytes\":1,\"data\":\"streem\"}", 1, "did you mean \"stream\"?"},
    {"{\"event\":\"get_buffer\"}", 1, "get_buffer needs \"size\""},
    {"{\"event\":\"get_buffer\",\"at\":\"start\"}", 1, "\"begin\" or \"end\", not \"start\""},
    {"{\"event\":\"get_buffer\",\"at\":\"begin\",\"raised\":\"type\"}", 1, "belongs to the end"},
    {"{\"event\":\"connection_lost\"}", 1, "connection_lost needs \"exception\""},
    {"{\"event\":\"connection_lost\",\"exception\":\"os\",\"error\":\"ENOTHING\"}", 1, "ECONNRESET or its number"},
    {"{\"event\":\"eof_received\",\"result\":1}", 1, "\"result\" is to be true or false"},
    {"{\"event\":\"recv\",\"room\":1}", 1, "recv needs \"bytes\""},
    {"{\"event\":\"close\",\"connection\":256}", 1, "from 0 to 255"},
    {"{\"event\":\"close\",\"connection\":-1}", 1, "from 0 to"},
    {"{\"event\":\"eof_received\",\"protocol\":16}", 1, "from 0 to 15"},
    {"{\"event\":\"open\",\"capabilities\":[\"pauze\"]}", 1, "did you mean \"pause\"?"},
    {"{\"event\":\"open\",\"capabilities\":\"pause\"}", 1, "an array of words"},
    {"{\"event\":\"end\"}", 1, "end needs \"how\""},
    {"{\"trace\":2}", 1, "form 2; this version of weir reads form 1"},
    {"{\"trace\":1,\"spec\":\"12\"}", 1, "16 hexadecimal digits"},
    {"{\"trace\":1,\"target\":5}", 1, "\"target\" is to be a string"},
    {"{\"event\":\"close\"}\n{\"trace\":1}", 2, "in the middle"},
};

START_TEST(refusals) {
  weir_record records[RECORDS_MAX];
  weir_problem problem = {0};
  size_t count;
  weir_status status = read_text(refused[_i].text, records, &count, &problem);
  ck_assert_int_ne(status, WEIR_OK);
  ck_assert_int_eq(problem.status, status);
  ck_assert_msg(strstr(problem.text, refused[_i].words) != NULL, "\"%s\" is not about \"%s\"", problem.text,
                refused[_i].words);
  ck_assert_uint_eq(problem.line, refused[_i].line);
  ck_assert_ptr_null(strchr(problem.text, '\n'));
}
END_TEST

START_TEST(records_before_a_failure) {
  weir_record records[RECORDS_MAX];
  weir_problem problem = {0};
  size_t count;
  const char *text = "{\"event\":\"close\"}\n{\"event\":\"abort\"}\n{\"event\":\"closs\"}\n{\"event\":\"close\"}\n";
  ck_assert_int_eq(read_all(text, strlen(text), 100, NULL, records, &count, &problem), WEIR_BAD_INPUT);
  ck_assert_uint_eq(count, 2);
  ck_assert_uint_eq(problem.line, 3);
}
END_TEST

START_TEST(a_line_too_long) {
  memory text = {.size = WEIR_TRACE_LINE_MAX + 40};
  text.bytes = malloc(text.size + 1);
  ck_assert_ptr_nonnull(text.bytes);
  memset(text.bytes, ' ', text.size);
  memcpy(text.bytes, "{\"event\":\"close\"}\n{", 19);
  weir_record records[RECORDS_MAX];
  weir_problem problem = {0};
  size_t count;
  ck_assert_int_eq(read_all(text.bytes, text.size, 4, NULL, records, &count, &problem), WEIR_BAD_INPUT);
  ck_assert_uint_eq(count, 1);
  ck_assert_ptr_nonnull(strstr(problem.text, "65536"));
  free(text.bytes);
}
END_TEST

START_TEST(records_that_no_recorder_writes) {
  static const weir_record wrong[] = {
      {.event = WEIR_EVENT_NONE},
      {.event = WEIR_EVENT_COUNT},
      {.event = WEIR_EVENT_CLOSE},
      {.event = WEIR_EVENT_CLOSE, .flags = WEIR_FLAG_BEGIN | WEIR_FLAG_RAISED},
      {.event = WEIR_EVENT_CLOSE, .flags = 3, .a = 1},
      {.event = WEIR_EVENT_CLOSE, .flags = 3 | 1 << 4},
      {.event = WEIR_EVENT_RECV, .flags = WEIR_FLAG_BEGIN},
      {.event = WEIR_EVENT_PEER_FIN, .flags = WEIR_FLAG_INJECTED},
      {.event = WEIR_EVENT_BUFFER_UPDATED, .flags = 3, .code = WEIR_DATA_COUNT},
      {.event = WEIR_EVENT_GET_BUFFER, .flags = 3, .b = (uint64_t)WEIR_BUFFER_KIND_COUNT << 56},
      {.event = WEIR_EVENT_IS_READING, .flags = 3, .b = 2},
      {.event = WEIR_EVENT_SHUTDOWN, .b = 1},
      {.event = WEIR_EVENT_RECV, .b = (uint64_t)INT64_MIN},
      {.event = WEIR_EVENT_WATCH, .a = 4},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    memory text = {0};
    FILE *out = open_memstream(&text.bytes, &text.size);
    ck_assert_msg(weir_trace_write_jsonl(out, NULL, &wrong[i], 1) == WEIR_BROKEN, "record %zu was written", i);
    (void)fclose(out);
    free(text.bytes);
    text = written(weir_trace_write_binary, NULL, &wrong[i], 1);
    weir_record records[RECORDS_MAX];
    weir_problem problem = {0};
    size_t count;
    ck_assert_int_eq(read_all(text.bytes, text.size, 4, NULL, records, &count, &problem), WEIR_BAD_INPUT);
    ck_assert_uint_eq(count, 0);
    ck_assert_uint_eq(problem.line, 1);
    free(text.bytes);
  }
}
END_TEST

START_TEST(a_full_disk) {
  FILE *out = fopen("/dev/full", "w");
  if (out == NULL) return; /* not on this system */
  ck_assert_int_eq(weir_trace_write_jsonl(out, &example_header, small, SMALL_COUNT), WEIR_IO);
  ck_assert_int_eq(weir_trace_write_binary(out, &example_header, small, SMALL_COUNT), WEIR_IO);
  (void)fclose(out);
}
END_TEST

/* ---- What may be left out */

static const struct {
  const char *text;
  weir_record record;
} generous[] = {
    {"\xEF\xBB\xBF{\"event\":\"close\"}\r\n", {.event = WEIR_EVENT_CLOSE, .flags = 3}},
    {"\n {\"event\":\"close\",\"time\":1.5,\"task\":{\"name\":[1]}}", {.event = WEIR_EVENT_CLOSE, .flags = 3}},
    {"{\"trace\":1,\"extra\":1}\n{\"event\":\"abort\"}", {.event = WEIR_EVENT_ABORT, .flags = 3}},
    {"{\"event\":\"open\"}", {.event = WEIR_EVENT_OPEN, .code = 1, .a = (1u << WEIR_CAPABILITY_COUNT) - 1}},
    {"{\"event\":\"get_buffer\",\"size\":9}", {.event = WEIR_EVENT_GET_BUFFER, .flags = 3, .a = UINT32_MAX, .b = 9}},
    {"{\"event\":\"get_buffer\",\"size\":0,\"kind\":null}",
     {.event = WEIR_EVENT_GET_BUFFER, .flags = 3, .a = UINT32_MAX, .b = (uint64_t)WEIR_BUFFER_NOT_A_BUFFER << 56}},
    {"{\"event\":\"buffer_updated\",\"nbytes\":9}", {.event = WEIR_EVENT_BUFFER_UPDATED, .flags = 3, .a = 9}},
    {"{\"event\":\"eof_received\"}", {.event = WEIR_EVENT_EOF_RECEIVED, .flags = 3}},
    {"{\"event\":\"connection_lost\",\"exception\":null}", {.event = WEIR_EVENT_CONNECTION_LOST, .flags = 3}},
    {"{\"event\":\"connection_lost\",\"exception\":\"os\",\"number\":5}",
     {.event = WEIR_EVENT_CONNECTION_LOST, .flags = 3, .code = WEIR_EXCEPTION_OS, .a = 5}},
    {"{\"event\":\"recv\",\"room\":4,\"bytes\":-1,\"error\":\"EWOULDBLOCK\"}",
     {.event = WEIR_EVENT_RECV, .a = 4, .b = (uint64_t)-EAGAIN}},
    {"{\"event\":\"send\",\"size\":4,\"error\":250}", {.event = WEIR_EVENT_SEND, .a = 4, .b = (uint64_t)-250}},
    {"{\"event\":\"set_write_buffer_limits\",\"high\":null}",
     {.event = WEIR_EVENT_SET_LIMITS, .flags = 3, .a = (uint32_t)INT32_MIN, .b = (uint32_t)INT32_MIN}},
    {"{\"event\":\"end\",\"how\":\"quiescent\"}", {.event = WEIR_EVENT_END}},
};

START_TEST(what_may_be_left_out) {
  weir_record records[RECORDS_MAX];
  weir_problem problem = {0};
  size_t count;
  weir_status status = read_text(generous[_i].text, records, &count, &problem);
  ck_assert_msg(status == WEIR_OK, "%s", problem.text);
  ck_assert_uint_eq(count, 1);
  assert_same(&generous[_i].record, records, 1);
}
END_TEST

/* One line for a call that raised; offsets that follow on. */
START_TEST(lines_that_stand_for_more) {
  static const char text[] = "{\"event\":\"write\",\"size\":5}\n"
                             "{\"event\":\"write\",\"size\":9,\"kind\":\"str\",\"raised\":\"type\"}\n"
                             "{\"event\":\"writelines\",\"size\":3}\n"
                             "{\"event\":\"peer_send\",\"bytes\":4}\n"
                             "{\"event\":\"peer_send\",\"bytes\":4}\n"
                             "{\"event\":\"buffer_updated\",\"nbytes\":6}\n"
                             "{\"event\":\"buffer_updated\",\"nbytes\":2,\"data\":\"stream\"}\n"
                             "{\"event\":\"get_buffer\",\"hint\":1,\"raised\":\"probe\",\"number\":2}\n";
  static const weir_record right[] = {
      {.event = WEIR_EVENT_WRITE, .flags = 3, .a = 5, .b = 0},
      {.event = WEIR_EVENT_WRITE, .flags = 1, .code = WEIR_BYTES_STR, .a = 9, .b = 5},
      {.event = WEIR_EVENT_WRITE, .flags = 6, .code = WEIR_EXCEPTION_TYPE},
      {.event = WEIR_EVENT_WRITELINES, .flags = 3, .a = 3, .b = 5},
      {.event = WEIR_EVENT_PEER_SEND, .a = 4, .b = 0},
      {.event = WEIR_EVENT_PEER_SEND, .a = 4, .b = 4},
      {.event = WEIR_EVENT_BUFFER_UPDATED, .flags = 3, .a = 6},
      {.event = WEIR_EVENT_BUFFER_UPDATED, .flags = 3, .code = WEIR_DATA_STREAM, .a = 2, .b = 6},
      {.event = WEIR_EVENT_GET_BUFFER, .flags = 1, .a = 1},
      {.event = WEIR_EVENT_GET_BUFFER, .flags = 6, .code = WEIR_EXCEPTION_PROBE, .a = 2},
  };
  weir_record records[RECORDS_MAX];
  weir_problem problem = {0};
  size_t count;
  ck_assert_int_eq(read_text(text, records, &count, &problem), WEIR_OK);
  ck_assert_uint_eq(count, sizeof right / sizeof right[0]);
  assert_same(right, records, count);
}
END_TEST

START_TEST(header_of_odd_text) {
  weir_trace_header header = {.target = "a \"b\" \\ \xFF", .version = "\xC3\xA9", .scenario = "tab\there"};
  memset(header.version + 2, 'x', sizeof header.version - 2); /* no room for the final 0 */
  weir_trace_header again;
  weir_record records[RECORDS_MAX];
  size_t count;
  memory text = written(weir_trace_write_jsonl, &header, NULL, 0);
  ck_assert_int_eq(read_all(text.bytes, text.size, 1, &again, records, &count, NULL), WEIR_OK);
  ck_assert_str_eq(again.target, "a \"b\" \\ ?");
  ck_assert_str_eq(again.scenario, header.scenario);
  ck_assert_uint_eq(strlen(again.version), sizeof again.version - 1);
  free(text.bytes);
  text = written(weir_trace_write_binary, &header, NULL, 0);
  ck_assert_uint_eq(text.size, 512);
  ck_assert_int_eq(read_all(text.bytes, text.size, 1, &again, records, &count, NULL), WEIR_OK);
  ck_assert_str_eq(again.target, header.target);
  ck_assert_uint_eq(strlen(again.version), sizeof again.version - 1);
  free(text.bytes);
}
END_TEST

/* ---- The page */

static void describe_left_out(FILE *out, const weir_field *field) {
  if (field->presence == WEIR_PRESENCE_REQUIRED) {
    fprintf(out, "**needed**");
  } else if (field->presence == WEIR_PRESENCE_OFFSET) {
    fprintf(out, "follows on");
  } else if (field->form == WEIR_FORM_WORD) {
    fprintf(out, "`%s`", field->word((unsigned)field->fallback));
  } else if (field->form == WEIR_FORM_BOOLEAN) {
    fprintf(out, "false");
  } else if (field->form == WEIR_FORM_CAPABILITIES) {
    fprintf(out, "all");
  } else if (field->form == WEIR_FORM_ERRNO || field->form == WEIR_FORM_MINUS_ERRNO || field->fallback == INT32_MIN) {
    fprintf(out, "none");
  } else {
    fprintf(out, "%" PRId64, field->fallback);
  }
}

static void describe_fields(FILE *out, const char *event, const weir_field *field, bool is_pair_event) {
  static const char *const forms[] = {[WEIR_FORM_UNSIGNED] = "number",     [WEIR_FORM_SIGNED] = "number, any sign",
                                      [WEIR_FORM_BOOLEAN] = "true, false", [WEIR_FORM_WORD] = "word",
                                      [WEIR_FORM_ERRNO] = "error",         [WEIR_FORM_MINUS_ERRNO] = "error",
                                      [WEIR_FORM_CAPABILITIES] = "words"};
  if (field->name == NULL) fprintf(out, "| `%s` | | | | | |\n", event);
  for (; field->name != NULL; field++) {
    fprintf(out, "| `%s` | `%s` | %s | %s | ", event, field->name, forms[field->form],
            !is_pair_event                    ? ""
            : field->side == WEIR_SIDE_RESULT ? "end"
                                              : "begin");
    describe_left_out(out, field);
    fprintf(out, " | %s |\n", field->meaning);
  }
}

static char *page(void) {
  FILE *in = fopen(WEIR_SOURCE_FOLDER "/harness/doc/trace.md", "r");
  ck_assert_ptr_nonnull(in);
  char *text = calloc(1, 1 << 17);
  ck_assert_ptr_nonnull(text);
  ck_assert_uint_lt(fread(text, 1, (1 << 17) - 1, in), (1 << 17) - 1);
  (void)fclose(in);
  return text;
}

/* The tables of harness/doc/trace.md are those of trace/fields.c. */
START_TEST(the_page_says_so) {
  memory rows = {0};
  FILE *out = open_memstream(&rows.bytes, &rows.size);
  ck_assert_ptr_nonnull(out);
  for (unsigned event = 1; event < WEIR_EVENT_COUNT; event++)
    describe_fields(out, weir_event_name(event), weir_event_field_list(event), is_pair(event));
  (void)fclose(out);
  char *text = page();
  bool same = strstr(text, rows.bytes) != NULL;
  if (!same) (void)fprintf(stderr, "%s", rows.bytes);
  ck_assert_msg(same, "the table of harness/doc/trace.md is to be as above");
  free(text);
  free(rows.bytes);
}
END_TEST

static void assert_words(const char *text, weir_word_fn *list) {
  for (unsigned i = 0; list(i) != NULL; i++) {
    char word[64];
    (void)snprintf(word, sizeof word, "`%s`", list(i));
    ck_assert_msg(strstr(text, word) != NULL, "harness/doc/trace.md says nothing of %s", word);
  }
}

START_TEST(the_page_has_the_words) {
  char *text = page();
  assert_words(text, weir_data_name);
  assert_words(text, weir_exception_name);
  assert_words(text, weir_end_name);
  assert_words(text, weir_buffer_kind_name);
  assert_words(text, weir_bytes_kind_name);
  assert_words(text, weir_lines_kind_name);
  assert_words(text, weir_capability_word);
  assert_words(text, weir_layer_name);
  free(text);
}
END_TEST

/* Each example of the page can be read, line by line. */
START_TEST(the_page_has_examples) {
  char *text = page();
  unsigned examples = 0;
  char *block = strstr(text, "```jsonl\n");
  while (block != NULL) {
    char *from = block + strlen("```jsonl\n");
    char *to = strstr(from, "```");
    ck_assert_ptr_nonnull(to);
    *to = 0;
    weir_record records[RECORDS_MAX];
    weir_problem problem = {0};
    size_t count;
    weir_status status = read_text(from, records, &count, &problem);
    ck_assert_msg(status == WEIR_OK, "line %u of an example: %s", problem.line, problem.text);
    ck_assert_uint_gt(count, 0);
    examples++;
    block = strstr(to + 1, "```jsonl\n");
  }
  ck_assert_uint_ge(examples, 2);
  free(text);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("trace");
  TCase *forms = tcase_create("forms");
  tcase_add_test(forms, round_trips);
  tcase_add_test(forms, usual_records_have_no_fault);
  tcase_add_test(forms, jsonl_word_for_word);
  tcase_add_test(forms, text_word_for_word);
  tcase_add_loop_test(forms, text_of_one_record, 0, sizeof printed / sizeof printed[0]);
  tcase_add_test(forms, depths_of_odd_traces);
  tcase_add_test(forms, header_of_odd_text);
  tcase_add_test(forms, a_full_disk);
  suite_add_tcase(suite, forms);
  TCase *reading = tcase_create("reading");
  tcase_add_test(reading, each_prefix);
  tcase_add_test(reading, each_byte_changed);
  tcase_add_loop_test(reading, refusals, 0, sizeof refused / sizeof refused[0]);
  tcase_add_loop_test(reading, what_may_be_left_out, 0, sizeof generous / sizeof generous[0]);
  tcase_add_test(reading, records_before_a_failure);
  tcase_add_test(reading, a_line_too_long);
  tcase_add_test(reading, records_that_no_recorder_writes);
  tcase_add_test(reading, lines_that_stand_for_more);
  suite_add_tcase(suite, reading);
  TCase *documents = tcase_create("page");
  tcase_add_test(documents, the_page_says_so);
  tcase_add_test(documents, the_page_has_the_words);
  tcase_add_test(documents, the_page_has_examples);
  suite_add_tcase(suite, documents);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? 0 : 1;
}
