#include <stdlib.h>

#include "engine/engine.h"

const char *weir_verdict_name(weir_verdict verdict) {
  switch (verdict) {
  case WEIR_PASS: return "pass";
  case WEIR_WARN: return "warn";
  case WEIR_FAIL: return "fail";
  case WEIR_SKIP: return "skip";
  case WEIR_ERROR: return "error";
  case WEIR_VERDICT_COUNT: break;
  }
  return "unknown";
}

void weir_case_result_clear(weir_case_result *result) {
  free(result->findings);
  free(result->records);
  *result = (weir_case_result){.of = result->of};
}

void weir_result_clear(weir_result *result) {
  for (size_t t = 0; t < result->count; t++) {
    weir_target_result *target = &result->targets[t];
    for (size_t c = 0; c < target->count; c++) weir_case_result_clear(&target->cases[c]);
    free(target->cases);
  }
  free(result->targets);
  *result = (weir_result){.targets = NULL};
}

int weir_result_status(const weir_result *result) {
  size_t tally[WEIR_VERDICT_COUNT] = {0};
  for (size_t t = 0; t < result->count; t++)
    for (unsigned verdict = 0; verdict < WEIR_VERDICT_COUNT; verdict++)
      tally[verdict] += result->targets[t].tally[verdict];
  if (tally[WEIR_ERROR] > 0) return 2;
  if (tally[WEIR_FAIL] > 0) return 1;
  return tally[WEIR_PASS] + tally[WEIR_WARN] > 0 ? 0 : 77;
}
