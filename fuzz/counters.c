/* What the traces below the places named show together: every counter, and in
 * how many of the traces it was raised.
 *
 *   fuzz_counters FOLDER...      "TRACES KIND NAME", a line a counter
 *
 * KIND is legal, illegal (a transition to bad), pair or rule.
 * Exit status: 0; 2 something cannot be read. */
#include <ftw.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "trace/codec.h"
#include "validator/counters.h"

enum { RECORDS_MAX = 1 << 22, DESCRIPTORS = 16 };

/* nftw passes no context on. */
static struct {
  weir_record *records;
  weir_validator *validator;
  uint64_t traces, shown[WEIR_COUNTER_COUNT];
} self;

static weir_status read_records(FILE *in, size_t *count, weir_problem *problem) {
  weir_trace_reader *reader = NULL;
  weir_status status = weir_trace_reader_open(in, &reader, NULL, problem);
  size_t got = 1;
  for (*count = 0; status == WEIR_OK && got > 0; *count += got) {
    if (*count == RECORDS_MAX) status = weir_fail(problem, WEIR_BOUND, 0, "more than %d records", RECORDS_MAX);
    got = 0;
    if (status == WEIR_OK)
      status = weir_trace_reader_next(reader, self.records + *count, RECORDS_MAX - *count, &got, problem);
  }
  weir_trace_reader_close(reader);
  return status;
}

static void count_trace(size_t count) {
  uint8_t counters[WEIR_COUNTER_COUNT] = {0};
  weir_validator_reset(self.validator);
  weir_validator_feed(self.validator, self.records, count);
  weir_counters_add(self.records, count, counters);
  weir_counters_add_rules(self.validator, counters);
  for (unsigned i = 0; i < WEIR_COUNTER_COUNT; i++) self.shown[i] += counters[i] > 0;
  self.traces++;
}

static int take(const char *path, const struct stat *about, int type, struct FTW *where) {
  (void)about, (void)where;
  if (type != FTW_F) return 0;
  FILE *in = fopen(path, "rb");
  weir_problem problem = {.text = "it cannot be opened"};
  size_t count = 0;
  weir_status status = in != NULL ? read_records(in, &count, &problem) : WEIR_IO;
  if (in != NULL) (void)fclose(in);
  if (status != WEIR_OK) {
    (void)fprintf(stderr, "%s: %s\n", path, problem.text);
    return 1;
  }
  count_trace(count);
  return 0;
}

static const char *kind_of(unsigned counter, const char *name) {
  if (counter >= WEIR_COUNTER_RULES) return "rule";
  if (counter >= WEIR_COUNTER_PAIRS) return "pair";
  return strstr(name, "-> bad ") != NULL ? "illegal" : "legal";
}

static void tell(void) {
  for (unsigned i = 0; i < WEIR_COUNTER_COUNT; i++) {
    char name[80];
    (void)weir_counter_name(i, name, sizeof name);
    (void)printf("%" PRIu64 " %s %s\n", self.shown[i], kind_of(i, name), name);
  }
}

int main(int argc, char **argv) {
  self.records = malloc(RECORDS_MAX * sizeof *self.records);
  void *validator = malloc(weir_validator_size());
  if (self.records == NULL || validator == NULL || argc < 2) return 2;
  self.validator = weir_validator_init(validator);
  int status = 0;
  for (int i = 1; i < argc && status == 0; i++) status = nftw(argv[i], take, DESCRIPTORS, FTW_PHYS);
  if (status == 0 && self.traces > 0) tell();
  free(validator);
  free(self.records);
  return status == 0 && self.traces > 0 ? 0 : 2;
}
