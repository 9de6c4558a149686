/* TAP version 14: a test point a case, its findings as YAML below it. */
#include <string.h>

#include "report/formats.h"
#include "report/text.h"

/* A description: '#' begins a directive, and the line ends the point. */
static void write_words(FILE *out, const char *text) {
  char clean[WEIR_TEXT_LINE_MAX];
  weir_text_clean(text, clean, sizeof clean);
  for (const char *c = clean; *c != 0; c++) (void)fprintf(out, "%s%c", *c == '#' || *c == '\\' ? "\\" : "", *c);
}

static void write_finding(FILE *out, const weir_finding *finding) {
  const weir_rule_info *rule = weir_report_rule(finding);
  (void)fprintf(out, "    - rule: %s\n      level: %s\n      event: %llu\n      message: ", rule->id,
                weir_level_name(rule->level), (unsigned long long)finding->event);
  weir_text_quote(out, finding->message);
  (void)fputc('\n', out);
}

/* Rules whose known deviation did not come: an unexpected pass. */
static void write_gone(FILE *out, const weir_case_result *result) {
  if (!weir_case_gone(result)) return;
  const char *between = "  unexpected_pass: [";
  for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++) {
    if ((result->gone[rule / 64] >> rule % 64 & 1) == 0) continue;
    (void)fprintf(out, "%s%s", between, weir_rule_get(rule)->id);
    between = ", ";
  }
  (void)fputs("]\n", out);
}

static void write_yaml(FILE *out, const weir_case_result *result) {
  (void)fprintf(out, "  ---\n  verdict: %s\n", weir_verdict_name(result->verdict));
  if (result->reason[0] != 0) {
    (void)fputs("  reason: ", out);
    weir_text_quote(out, result->reason);
    (void)fputc('\n', out);
  }
  write_gone(out, result);
  if (result->again[0] != 0) {
    (void)fputs("  again: ", out);
    weir_text_quote(out, result->again);
    (void)fputc('\n', out);
  }
  if (result->finding_count > 0) (void)fputs("  findings:\n", out);
  for (size_t i = 0; i < result->finding_count; i++) write_finding(out, &result->findings[i]);
  (void)fputs("  ...\n", out);
}

static void write_point(FILE *out, size_t number, const weir_target_result *target, const weir_case_result *result) {
  bool gone = weir_case_gone(result), todo = result->all_known && !gone;
  bool failed = result->verdict == WEIR_FAIL || !weir_case_expected(result);
  (void)fprintf(out, "%s %zu - ", failed ? "not ok" : "ok", number);
  write_words(out, target->name);
  (void)fputc(' ', out);
  write_words(out, weir_report_case_name(result));
  if (result->verdict == WEIR_SKIP) {
    (void)fputs(" # SKIP ", out);
    write_words(out, result->reason);
  } else if (todo) {
    (void)fputs(" # TODO ", out);
    write_words(out, result->known_reason);
  }
  (void)fputc('\n', out);
  if ((result->verdict != WEIR_PASS && result->verdict != WEIR_SKIP) || gone) write_yaml(out, result);
}

static void write_unavailable(FILE *out, size_t number, const weir_target_result *target) {
  (void)fprintf(out, "ok %zu - ", number);
  write_words(out, target->name);
  (void)fputs(" # SKIP not available: ", out);
  write_words(out, target->unavailable);
  (void)fputc('\n', out);
}

void weir_report_tap(const weir_result *result, FILE *out) {
  size_t points = 0;
  for (size_t i = 0; i < result->count; i++)
    points += result->targets[i].unavailable[0] != 0 ? 1 : result->targets[i].count;
  (void)fprintf(out, "TAP version 14\n1..%zu%s\n", points, points == 0 ? " # SKIP nothing was run" : "");
  size_t number = 0;
  for (size_t i = 0; i < result->count; i++) {
    const weir_target_result *target = &result->targets[i];
    if (target->unavailable[0] != 0) {
      write_unavailable(out, ++number, target);
      continue;
    }
    for (size_t k = 0; k < target->count; k++) write_point(out, ++number, target, &target->cases[k]);
  }
}
