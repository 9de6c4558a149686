#include "weir/validator.h"

#include <stddef.h>

struct weir_validator {
  weir_finding findings[WEIR_FINDINGS_MAX];
  size_t finding_count;
};

size_t weir_validator_size(void) {
  return sizeof(weir_validator);
}

weir_validator *weir_validator_init(void *memory) {
  weir_validator *validator = memory;
  validator->finding_count = 0;
  return validator;
}

/* No monitor yet: nothing is judged, and finish says so. */
void weir_validator_feed(weir_validator *validator, const weir_record *records, size_t count) {
  (void)validator;
  (void)records;
  (void)count;
}

weir_judgement weir_validator_finish(weir_validator *validator, weir_problem *problem) {
  (void)validator;
  (void)weir_fail(problem, WEIR_UNAVAILABLE, 0, "no monitor is built in yet");
  return WEIR_INCOMPLETE;
}

const weir_finding *weir_validator_findings(const weir_validator *validator, size_t *count) {
  *count = validator->finding_count;
  return validator->findings;
}

bool weir_validator_exercised(const weir_validator *validator, unsigned rule) {
  (void)validator;
  (void)rule;
  return false;
}

const char *weir_validator_profile(const weir_validator *validator, unsigned rule) {
  (void)validator;
  (void)rule;
  return NULL;
}
