/* A file of expectations: entries or an error with a line, and what was read
 * comes back from what is written of it. */
#include "engine/expectations.h"

#include <string.h>

#include "fuzz.h"
#include "weir/spec.h"

static void check_error(const weir_expectations *read, const weir_problem *problem, weir_status status) {
  FUZZ_CHECK(status == WEIR_BAD_INPUT || status == WEIR_BOUND);
  FUZZ_CHECK(problem->status == status && problem->text[0] != '\0' && strchr(problem->text, '\n') == NULL);
  FUZZ_CHECK(read->count == 0 && read->glob_count == 0 && read->file_count == 0);
}

static void check_entry(const weir_expectations *read, const weir_expectation *entry) {
  FUZZ_CHECK(entry->rule < WEIR_RULE_COUNT && entry->targets[0] != '\0' && entry->reason[0] != '\0');
  FUZZ_CHECK(entry->glob_count > 0 && entry->first_glob + entry->glob_count <= read->glob_count);
  FUZZ_CHECK((entry->version == NULL) == (entry->version_count == 0));
  (void)weir_expectation_applies(entry, "asyncio@3.12", "3.12.1");
  for (size_t i = 0; i < entry->version_count; i++) (void)weir_version_range_has(&entry->versions[i], "3.12.1rc1");
}

static void check_again(const weir_expectations *read) {
  const weir_result none = {.count = 0};
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  FUZZ_CHECK(out != NULL && weir_expectations_write(read, &none, out) == WEIR_OK && fclose(out) == 0);
  weir_expectations again = {.count = 0};
  if (size <= WEIR_EXPECTATIONS_SIZE_MAX) {
    FUZZ_CHECK(weir_expectations_parse(text, size, "again", &again, NULL) == WEIR_OK);
    FUZZ_CHECK(again.count == read->count && again.glob_count == read->glob_count);
    for (size_t i = 0; i < read->count; i++)
      FUZZ_CHECK(again.entries[i].rule == read->entries[i].rule &&
                 strcmp(again.entries[i].reason, read->entries[i].reason) == 0 &&
                 memcmp(again.entries[i].versions, read->entries[i].versions, sizeof again.entries[i].versions) == 0);
    for (size_t i = 0; i < read->glob_count; i++) FUZZ_CHECK(strcmp(again.globs[i].text, read->globs[i].text) == 0);
  }
  weir_expectations_free(&again);
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weir_expectations read = {.count = 0};
  weir_problem problem = {.text = ""};
  weir_status status = weir_expectations_parse(size > 0 ? (const char *)data : "", size, "input", &read, &problem);
  if (status == WEIR_OK) {
    for (size_t i = 0; i < read.count; i++) check_entry(&read, &read.entries[i]);
    check_again(&read);
  } else {
    check_error(&read, &problem, status);
  }
  weir_expectations_free(&read);
  return 0;
}
