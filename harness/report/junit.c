/* JUnit XML as its consumers read it: testsuites, a testsuite a target, a
 * testcase a case; failure, error, skipped inside.  No time is told: a run has
 * none of its own. */
#include <inttypes.h>
#include <string.h>

#include "report/formats.h"
#include "report/text.h"

/* XML 1.0 has no way at all to write most control characters. */
static bool is_xml(uint32_t code) {
  return code == '\t' || code == '\n' || code == '\r' || (code >= 0x20 && code != 0xFFFE && code != 0xFFFF);
}

static void write_text(FILE *out, const char *text) {
  for (uint32_t code = weir_utf8_next(&text); code != 0; code = weir_utf8_next(&text)) {
    char bytes[4];
    switch (code) {
    case '&': (void)fputs("&amp;", out); break;
    case '<': (void)fputs("&lt;", out); break;
    case '>': (void)fputs("&gt;", out); break;
    case '"': (void)fputs("&quot;", out); break;
    case '\t':
    case '\n':
    case '\r': (void)fprintf(out, "&#%" PRIu32 ";", code); break;
    default:
      if (!is_xml(code)) code = WEIR_UTF8_REPLACEMENT;
      (void)fwrite(bytes, 1, weir_utf8_put(code, bytes), out);
    }
  }
}

static void write_attribute(FILE *out, const char *name, const char *value) {
  (void)fprintf(out, " %s=\"", name);
  write_text(out, value);
  (void)fputc('"', out);
}

static void write_findings(FILE *out, const weir_case_result *result) {
  for (size_t i = 0; i < result->finding_count; i++) {
    const weir_finding *finding = &result->findings[i];
    const weir_rule_info *rule = weir_report_rule(finding);
    (void)fprintf(out, "%s %s at event %" PRIu64 ": ", rule->id, weir_level_name(rule->level), finding->event);
    write_text(out, finding->message);
    (void)fputc('\n', out);
  }
}

/* What a case is to the consumers: a known deviation is a test that was skipped,
 * one that has gone away a failure. */
static weir_verdict outcome_of(const weir_case_result *result) {
  if (weir_case_gone(result)) return WEIR_FAIL;
  return result->verdict == WEIR_FAIL && result->all_known ? WEIR_SKIP : result->verdict;
}

static void write_gone(FILE *out, const weir_case_result *result) {
  (void)fputs("      <failure message=\"unexpected pass: known to be broken, and kept:", out);
  for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++)
    if ((result->gone[rule / 64] >> rule % 64 & 1) != 0) (void)fprintf(out, " %s", weir_rule_get(rule)->id);
  (void)fputs("\" type=\"unexpected pass\">", out);
  write_findings(out, result);
  (void)fputs("</failure>\n", out);
}

static void write_known(FILE *out, const weir_case_result *result) {
  (void)fputs("      <skipped type=\"known\" message=\"known: ", out);
  write_text(out, result->known_reason);
  (void)fputs("\">", out);
  write_findings(out, result);
  (void)fputs("</skipped>\n", out);
}

/* <failure>, <error>, <skipped>; a warning is no failure and goes to the output. */
static void write_outcome(FILE *out, const weir_case_result *result) {
  if (weir_case_gone(result)) {
    write_gone(out, result);
    return;
  }
  if (outcome_of(result) != result->verdict) {
    write_known(out, result);
    return;
  }
  const char *elements[WEIR_VERDICT_COUNT] = {
      [WEIR_FAIL] = "failure", [WEIR_ERROR] = "error", [WEIR_SKIP] = "skipped", [WEIR_WARN] = "system-out"};
  const char *element = elements[result->verdict];
  (void)fprintf(out, "      <%s", element);
  if (result->verdict != WEIR_WARN) write_attribute(out, "message", result->reason);
  if (result->verdict == WEIR_FAIL && result->finding_count > 0)
    write_attribute(out, "type", weir_report_rule(&result->findings[0])->id);
  if (result->verdict == WEIR_ERROR) write_attribute(out, "type", "error");
  if (result->finding_count == 0) {
    (void)fputs("/>\n", out);
    return;
  }
  (void)fputc('>', out);
  write_findings(out, result);
  (void)fprintf(out, "</%s>\n", element);
}

static void write_case(FILE *out, const weir_target_result *target, const weir_case_result *result) {
  (void)fputs("    <testcase", out);
  write_attribute(out, "classname", target->name);
  write_attribute(out, "name", weir_report_case_name(result));
  if (outcome_of(result) == WEIR_PASS) {
    (void)fputs("/>\n", out);
    return;
  }
  (void)fputs(">\n", out);
  write_outcome(out, result);
  (void)fputs("    </testcase>\n", out);
}

static void write_counts(FILE *out, size_t tests, size_t failures, size_t errors, size_t skipped) {
  (void)fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\">\n", tests, failures, errors,
                skipped);
}

static size_t count_of(const weir_target_result *target, weir_verdict outcome) {
  size_t count = 0;
  for (size_t i = 0; i < target->count; i++) count += outcome_of(&target->cases[i]) == outcome;
  return count;
}

static void write_properties(FILE *out, const weir_target_result *target) {
  (void)fputs("    <properties>\n      <property name=\"version\"", out);
  write_attribute(out, "value", target->version);
  (void)fprintf(out, "/>\n      <property name=\"spec\" value=\"%016" PRIx64 "\"/>\n    </properties>\n",
                weir_spec_hash());
}

/* A target that is not there is one skipped test, so that nobody misses it. */
static void write_unavailable(FILE *out, const weir_target_result *target) {
  write_counts(out, 1, 0, 0, 1);
  (void)fputs("    <testcase", out);
  write_attribute(out, "classname", target->name);
  write_attribute(out, "name", "available");
  (void)fputs(">\n      <skipped", out);
  write_attribute(out, "message", target->unavailable);
  (void)fputs("/>\n    </testcase>\n", out);
}

static void write_target(FILE *out, const weir_target_result *target) {
  (void)fputs("  <testsuite", out);
  write_attribute(out, "name", target->name);
  if (target->unavailable[0] != 0) {
    write_unavailable(out, target);
  } else {
    write_counts(out, target->count, count_of(target, WEIR_FAIL), count_of(target, WEIR_ERROR),
                 count_of(target, WEIR_SKIP));
    write_properties(out, target);
    for (size_t i = 0; i < target->count; i++) write_case(out, target, &target->cases[i]);
  }
  (void)fputs("  </testsuite>\n", out);
}

void weir_report_junit(const weir_result *result, FILE *out) {
  size_t tests = 0, failures = 0, errors = 0, skipped = 0;
  for (size_t i = 0; i < result->count; i++) {
    const weir_target_result *target = &result->targets[i];
    bool unavailable = target->unavailable[0] != 0;
    tests += unavailable ? 1 : target->count;
    skipped += unavailable ? 1 : count_of(target, WEIR_SKIP);
    failures += count_of(target, WEIR_FAIL);
    errors += count_of(target, WEIR_ERROR);
  }
  (void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"weir\"", out);
  write_counts(out, tests, failures, errors, skipped);
  for (size_t i = 0; i < result->count; i++) write_target(out, &result->targets[i]);
  (void)fputs("</testsuites>\n", out);
}
