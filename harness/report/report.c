#include "report/report.h"

#include <string.h>

#include "report/formats.h"

static const char *const words[WEIR_FORMAT_COUNT] = {
    [WEIR_FORMAT_TABLE] = "table",
    [WEIR_FORMAT_TAP] = "tap",
    [WEIR_FORMAT_JUNIT] = "junit",
    [WEIR_FORMAT_JSON] = "json",
};

int weir_format_find(const char *word) {
  for (int format = 0; format < WEIR_FORMAT_COUNT; format++)
    if (strcmp(words[format], word) == 0) return format;
  return -1;
}

weir_status weir_report_write(const weir_result *result, weir_format format, const weir_report_options *options,
                              FILE *out) {
  const weir_report_options usual = {.color = false};
  weir_status status = WEIR_OK;
  switch (format) {
  case WEIR_FORMAT_TABLE: weir_report_table(result, options != NULL ? options : &usual, out); break;
  case WEIR_FORMAT_TAP: weir_report_tap(result, out); break;
  case WEIR_FORMAT_JUNIT: weir_report_junit(result, out); break;
  case WEIR_FORMAT_JSON: status = weir_report_json(result, out); break;
  case WEIR_FORMAT_COUNT: return WEIR_BAD_INPUT;
  }
  if (status != WEIR_OK) return status;
  return fflush(out) == 0 && !ferror(out) ? WEIR_OK : WEIR_IO;
}

bool weir_report_stack(const weir_case_result *result, const weir_finding *finding, char *out, size_t size) {
  if (result->stack == NULL || finding->event + 1 != result->record_count) return false;
  size_t used = 0;
  for (const char *c = result->stack; *c != '\0' && used + 4 < size; c++) {
    if (*c == '\n') {
      memcpy(out + used, " < ", 3);
      used += 3;
    } else {
      out[used++] = *c;
    }
  }
  out[used] = '\0';
  return true;
}

const weir_rule_info *weir_report_rule(const weir_finding *finding) {
  static const weir_rule_info unknown = {.id = "?", .level = WEIR_MUST, .source = "", .sentence = "an unknown rule"};
  const weir_rule_info *rule = weir_rule_get(finding->rule);
  return rule != NULL ? rule : &unknown;
}

bool weir_report_breaks(const weir_case_result *result, unsigned rule) {
  for (size_t i = 0; i < result->finding_count; i++)
    if (result->findings[i].rule == rule) return true;
  return false;
}

size_t weir_report_broken(const weir_target_result *target, unsigned rule, const weir_case_result **first) {
  size_t count = 0;
  for (size_t i = 0; i < target->count; i++) {
    if (!weir_report_breaks(&target->cases[i], rule)) continue;
    if (count++ == 0 && first != NULL) *first = &target->cases[i];
  }
  return count;
}

bool weir_report_judged(const weir_target_result *target, unsigned rule) {
  return weir_rule_get(rule)->state == (target->protocol ? WEIR_DRIVEN : WEIR_CHECKED);
}

bool weir_report_exercised(const weir_target_result *target, unsigned rule) {
  _Static_assert(WEIR_RULE_COUNT <= 128, "two words hold a bit for each rule");
  for (size_t i = 0; i < target->count; i++)
    if (target->cases[i].exercised[rule / 64] >> (rule % 64) & 1) return true;
  return false;
}

const char *weir_report_case_name(const weir_case_result *result) {
  return result->of != NULL ? result->of->name : "";
}
