#include "traces.h"

#include <string.h>

#include "fuzz.h"
#include "report/report.h"
#include "trace/fields.h"
#include "weir/validator.h"

enum { RECORDS_MAX = 1 << 16, WRITTEN_MAX = 1 << 24 };

/* ---- Judging */

static void check_finding(const weir_finding *finding, size_t count) {
  FUZZ_CHECK(finding->rule < WEIR_RULE_COUNT && finding->count > 0);
  FUZZ_CHECK(finding->event < count && finding->since <= finding->event);
  FUZZ_CHECK(memchr(finding->message, '\0', sizeof finding->message) != NULL && finding->message[0] != '\0');
}

/* The report takes findings of such a trace as of any other. */
static void check_report(const weir_finding *findings, size_t finding_count, const weir_record *records, size_t count) {
  static weir_record copy[RECORDS_MAX];
  memcpy(copy, records, count * sizeof *copy);
  FILE *out = fopen("/dev/null", "w");
  FUZZ_CHECK(out != NULL);
  weir_target_result target = {.name = "reference"};
  weir_case of = {.name = "any"};
  weir_case_result one = {.of = &of, .verdict = WEIR_FAIL, .records = copy, .record_count = (uint32_t)count};
  const weir_report_options options = {.color = true};
  for (size_t i = 0; i < finding_count; i++)
    FUZZ_CHECK(weir_report_finding(&target, &one, &findings[i], &options, out) == WEIR_OK);
  FUZZ_CHECK(fclose(out) == 0);
}

static weir_judgement judge(void *memory, const weir_record *records, size_t count, size_t step) {
  weir_validator *validator = weir_validator_init(memory);
  for (size_t done = 0; done < count; done += step)
    weir_validator_feed(validator, records + done, count - done < step ? count - done : step);
  return weir_validator_finish(validator, NULL);
}

void fuzz_check_judgement(const weir_record *records, size_t count) {
  void *whole = malloc(weir_validator_size()), *pieces = malloc(weir_validator_size());
  FUZZ_CHECK(whole != NULL && pieces != NULL);
  /* In one piece or record by record is the same. */
  weir_judgement judgement = judge(whole, records, count, count > 0 ? count : 1);
  FUZZ_CHECK(judgement == judge(pieces, records, count, 1));
  size_t found = 0, again = 0;
  const weir_finding *findings = weir_validator_findings(whole, &found);
  const weir_finding *same = weir_validator_findings(pieces, &again);
  FUZZ_CHECK(found <= WEIR_FINDINGS_MAX && found == again);
  for (size_t i = 0; i < found; i++) {
    check_finding(&findings[i], count);
    FUZZ_CHECK(i == 0 || findings[i - 1].event <= findings[i].event);
    FUZZ_CHECK(findings[i].rule == same[i].rule && findings[i].event == same[i].event &&
               findings[i].since == same[i].since && strcmp(findings[i].message, same[i].message) == 0);
  }
  for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++) {
    FUZZ_CHECK(weir_validator_exercised(whole, rule) == weir_validator_exercised(pieces, rule));
    const char *profile = weir_validator_profile(whole, rule);
    FUZZ_CHECK(profile == NULL || profile[0] != '\0');
  }
  if (found > 0) check_report(findings, found, records, count);
  free(whole);
  free(pieces);
}

/* ---- Reading and writing */

/* Returns how many records could be read; *whole: to the end. */
static size_t read_trace(const void *data, size_t size, weir_trace_header *header, weir_record *records, bool *whole) {
  *whole = false;
  FILE *in = fmemopen((void *)(uintptr_t)data, size, "r");
  FUZZ_CHECK(in != NULL);
  weir_trace_reader *reader = NULL;
  weir_problem problem = {.text = ""};
  weir_status status = weir_trace_reader_open(in, &reader, header, &problem);
  size_t count = 0, got = 1;
  while (status == WEIR_OK && got > 0 && count < RECORDS_MAX) {
    status = weir_trace_reader_next(reader, records + count, RECORDS_MAX - count, &got, &problem);
    count += status == WEIR_OK ? got : 0;
  }
  FUZZ_CHECK(status == WEIR_OK || (problem.status == status && problem.text[0] != '\0'));
  weir_trace_reader_close(reader);
  FUZZ_CHECK(fclose(in) == 0);
  *whole = status == WEIR_OK && got == 0;
  return count;
}

typedef weir_status write_form(FILE *out, const weir_trace_header *header, const weir_record *records, size_t count);

/* What one form says comes back from it as it was. */
static void check_round_trip(write_form *form, const weir_trace_header *header, const weir_record *records,
                             size_t count) {
  static weir_record again[RECORDS_MAX];
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  FUZZ_CHECK(out != NULL);
  FUZZ_CHECK(form(out, header, records, count) == WEIR_OK);
  FUZZ_CHECK(fclose(out) == 0 && size < WRITTEN_MAX);
  weir_trace_header also;
  bool whole = false;
  FUZZ_CHECK(read_trace(text, size, &also, again, &whole) == count && (whole || count == RECORDS_MAX));
  FUZZ_CHECK(memcmp(records, again, count * sizeof *again) == 0);
  FUZZ_CHECK(also.spec == header->spec && strcmp(also.target, header->target) == 0);
  FUZZ_CHECK(strcmp(also.version, header->version) == 0 && strcmp(also.scenario, header->scenario) == 0);
  free(text);
}

static void check_text(const weir_record *records, size_t count) {
  static uint8_t depths[RECORDS_MAX];
  weir_trace_depths(records, count, depths);
  for (size_t i = 0; i < count; i++) {
    char line[64];
    size_t size = weir_trace_print(&records[i], depths[i], line, sizeof line);
    FUZZ_CHECK(size > 0 && strlen(line) == (size < sizeof line ? size : sizeof line - 1));
  }
}

/* JSON is UTF-8, and a header of a binary trace need not be. */
static bool is_text(const weir_trace_header *header) {
  const char *texts[] = {header->target, header->version, header->scenario};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    for (const char *at = texts[i]; *at != '\0'; at++)
      if (*at < 0x20 || *at == 0x7f) return false;
  return true;
}

void fuzz_check_trace(const uint8_t *data, size_t size) {
  static weir_record records[RECORDS_MAX];
  weir_trace_header header;
  bool whole = false;
  if (size == 0) return;
  size_t count = read_trace(data, size, &header, records, &whole);
  for (size_t i = 0; i < count; i++) FUZZ_CHECK(weir_record_fault(&records[i]) == NULL);
  fuzz_check_judgement(records, count);
  check_text(records, count);
  check_round_trip(weir_trace_write_binary, &header, records, count);
  if (is_text(&header)) check_round_trip(weir_trace_write_jsonl, &header, records, count);
}
