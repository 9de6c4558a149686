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
  free(result->detail);
  free(result->stack);
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

bool weir_case_gone(const weir_case_result *result) {
  return (result->gone[0] | result->gone[1]) != 0;
}

bool weir_case_expected(const weir_case_result *result) {
  bool bad = result->verdict == WEIR_ERROR || (result->verdict == WEIR_FAIL && !result->all_known);
  return !bad && !weir_case_gone(result);
}

bool weir_case_knows(const weir_case_result *result, unsigned rule) {
  return rule < WEIR_RULE_COUNT && (result->known[rule / 64] >> rule % 64 & 1) != 0;
}

int weir_result_status(const weir_result *result) {
  size_t tally[WEIR_VERDICT_COUNT] = {0}, known = 0, gone = 0;
  for (size_t t = 0; t < result->count; t++) {
    const weir_target_result *target = &result->targets[t];
    for (unsigned verdict = 0; verdict < WEIR_VERDICT_COUNT; verdict++) tally[verdict] += target->tally[verdict];
    known += target->known;
    gone += target->gone;
  }
  if (tally[WEIR_ERROR] > 0) return 2;
  if (tally[WEIR_FAIL] > known || gone > 0) return 1;
  return tally[WEIR_PASS] + tally[WEIR_WARN] + known > 0 ? 0 : 77;
}
