/* Measures how fast traces are judged: `bench_trace [SECONDS]`.
 *
 * One line a figure: name, value, unit.
 *   machine  binary records in memory through the machine of the specification alone
 *   rules    ... through the validator, all rules
 *   jsonl    events of JSON Lines from a pipe of memory, read and given to the validator of a live recording */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trace/codec.h"
#include "validator/live.h"

enum { RECORDS = 1 << 16, LINES = 1 << 14, READ_AT_ONCE = 1024 };

/* Of the processor: others on the machine do not count. */
static double now(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* A connection that reads: connected, then pairs of get_buffer and buffer_updated, a recv between them. */
static size_t make_trace(weir_record *records, size_t count, bool sockets) {
  size_t n = 0;
  uint64_t offset = 0;
  enum { BOTH = WEIR_FLAG_BEGIN | WEIR_FLAG_END, SIZE = 100 };
  records[n++] = (weir_record){.event = WEIR_EVENT_CONNECTION_MADE, .flags = BOTH};
  for (; n + 4 <= count; offset += SIZE) {
    if (sockets) records[n++] = (weir_record){.event = WEIR_EVENT_PEER_SEND, .a = SIZE, .b = offset};
    records[n++] = (weir_record){.event = WEIR_EVENT_GET_BUFFER, .flags = BOTH, .a = UINT32_MAX, .b = 1024};
    if (sockets) records[n++] = (weir_record){.event = WEIR_EVENT_RECV, .a = 1024, .b = SIZE};
    records[n++] = (weir_record){.event = WEIR_EVENT_BUFFER_UPDATED,
                                 .flags = BOTH,
                                 .code = sockets ? WEIR_DATA_STREAM : WEIR_DATA_UNKNOWN,
                                 .a = SIZE,
                                 .b = sockets ? offset : 0};
  }
  return n;
}

/* What no record of the trace may do, summed up so that nothing is left out. */
static double bench_machine(const weir_record *records, size_t count, double seconds) {
  size_t rounds = 0;
  unsigned bad = 0;
  double began = now(), took;
  do {
    weir_state state = WEIR_STATE_START;
    for (size_t i = 0; i < count; i++) {
      if (weir_event_group_of(records[i].event) != WEIR_GROUP_CALLBACK) continue;
      state = weir_machine_next(state, records[i].event);
      bad += state == WEIR_STATE_BAD;
    }
    rounds++;
    took = now() - began;
  } while (took < seconds);
  if (bad != 0) (void)fprintf(stderr, "bench_trace: %u records that the machine refuses\n", bad);
  return (double)rounds * (double)count / took;
}

static double bench_rules(const weir_record *records, size_t count, double seconds) {
  void *memory = malloc(weir_validator_size());
  if (memory == NULL) return 0;
  size_t rounds = 0, findings = 0;
  double began = now(), took;
  do {
    weir_validator *validator = weir_validator_init(memory);
    weir_validator_feed(validator, records, count);
    (void)weir_validator_findings(validator, &findings);
    rounds++;
    took = now() - began;
  } while (took < seconds);
  if (findings != 0) (void)fprintf(stderr, "bench_trace: %zu findings\n", findings);
  free(memory);
  return (double)rounds * (double)count / took;
}

/* Reads a text of JSON Lines and judges it; the number of events. */
static size_t judge_text(char *text, size_t size) {
  FILE *in = fmemopen(text, size, "r");
  weir_live *live = weir_live_new(0);
  weir_trace_reader *reader = NULL;
  weir_problem problem = {.text = ""};
  size_t events = 0, count = 0;
  if (in == NULL || live == NULL || weir_trace_reader_open(in, &reader, NULL, &problem) != WEIR_OK) abort();
  do {
    weir_record records[READ_AT_ONCE];
    uint64_t connections[READ_AT_ONCE];
    if (weir_trace_reader_next_of(reader, records, connections, READ_AT_ONCE, &count, &problem) != WEIR_OK) abort();
    weir_live_feed(live, records, connections, count);
    events += count;
  } while (count > 0);
  weir_trace_reader_close(reader);
  weir_live_free(live);
  (void)fclose(in);
  return events;
}

static double bench_jsonl(weir_record *records, double seconds) {
  char *text = NULL;
  size_t size = 0, count = make_trace(records, LINES, false);
  FILE *out = open_memstream(&text, &size);
  if (out == NULL || weir_trace_write_jsonl(out, NULL, records, count) != WEIR_OK || fclose(out) != 0) abort();
  size_t events = 0;
  double began = now(), took;
  do {
    events += judge_text(text, size);
    took = now() - began;
  } while (took < seconds);
  free(text);
  return (double)events / took;
}

int main(int argc, char **argv) {
  double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;
  weir_record *records = calloc(RECORDS, sizeof *records);
  if (records == NULL) return EXIT_FAILURE;
  size_t count = make_trace(records, RECORDS, true);
  (void)printf("machine %.0f records/s\n", bench_machine(records, count, seconds));
  (void)printf("rules %.0f records/s\n", bench_rules(records, count, seconds));
  (void)printf("jsonl %.0f events/s\n", bench_jsonl(records, seconds));
  free(records);
  return EXIT_SUCCESS;
}
