/* Expectations: read, held against a result, and written again. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "engine/expectations.h"
#include "report/report.h"
#include "weir/spec.h"

enum { CASES = 4, TARGETS = 3 };

/* asyncio@3.11 and 3.12 break C1 in close/a and close/b, and 3.12 breaks F9 in
 * flow/c; mine passes all. */
typedef struct example {
  weir_result result;
  weir_target_result targets[TARGETS];
  weir_case_result cases[TARGETS][CASES];
  weir_finding findings[TARGETS][CASES][2];
  weir_case suite[CASES];
} example;

static void find(weir_case_result *one, weir_finding *findings, weir_rule rule) {
  one->findings = findings;
  weir_finding *finding = &findings[one->finding_count++];
  *finding = (weir_finding){.rule = (uint8_t)rule, .count = 1};
  (void)snprintf(finding->message, sizeof finding->message, "broken");
  one->verdict = weir_rule_get(rule)->level == WEIR_MUST ? WEIR_FAIL : WEIR_WARN;
  (void)snprintf(one->reason, sizeof one->reason, "%s: broken", weir_rule_get(rule)->id);
}

static void tally(example *x) {
  for (size_t t = 0; t < TARGETS; t++) {
    memset(x->targets[t].tally, 0, sizeof x->targets[t].tally);
    for (size_t i = 0; i < CASES; i++) x->targets[t].tally[x->cases[t][i].verdict]++;
  }
}

static void fill(example *x) {
  static const char *const names[CASES] = {"close/a", "close/b", "flow/c", "flow/d"};
  static const char *const targets[TARGETS][2] = {
      {"asyncio@3.11", "3.11.7"}, {"asyncio@3.12", "3.12.1"}, {"./mine.so", "1.0-beta"}};
  memset(x, 0, sizeof *x);
  for (size_t i = 0; i < CASES; i++) (void)snprintf(x->suite[i].name, sizeof x->suite[i].name, "%s", names[i]);
  for (size_t t = 0; t < TARGETS; t++) {
    weir_target_result *target = &x->targets[t];
    (void)snprintf(target->name, sizeof target->name, "%s", targets[t][0]);
    (void)snprintf(target->version, sizeof target->version, "%s", targets[t][1]);
    target->cases = x->cases[t];
    target->count = CASES;
    for (size_t i = 0; i < CASES; i++) x->cases[t][i].of = &x->suite[i];
  }
  for (size_t t = 0; t < 2; t++)
    for (size_t i = 0; i < 2; i++) find(&x->cases[t][i], x->findings[t][i], WEIR_RULE_C1);
  find(&x->cases[1][2], x->findings[1][2], WEIR_RULE_F9);
  tally(x);
  x->result = (weir_result){.targets = x->targets, .count = TARGETS};
}

static weir_expectations read(const char *text) {
  weir_expectations self = {.count = 0};
  weir_problem problem = {.text = ""};
  ck_assert_msg(weir_expectations_parse(text, strlen(text), "file", &self, &problem) == WEIR_OK, "%s", problem.text);
  return self;
}

static int apply(const char *text, example *x) {
  weir_expectations self = read(text);
  weir_expectations_apply(&self, &x->result);
  weir_expectations_free(&self);
  return weir_result_status(&x->result);
}

static const char known[] = "target asyncio\nrule C1\nversion 3.7+\nreason late look\ncase close/*\n"
                            "rule F9\nversion 3.12.0-3.12.8\nreason no look\nlink https://example.org\ncase flow/c\n";

/* ---- Versions */

START_TEST(test_versions) {
  static const struct {
    const char *range, *version;
    bool has;
  } rows[] = {
      {"3.7+", "3.7.0", true},
      {"3.7+", "3.6.15", false},
      {"3.7+", "4", true},
      {"3.12", "3.12.9", true},
      {"3.12", "3.13.0", false},
      {"3.12", "3.1", false},
      {"3.12.1", "3.12.1", true},
      {"3.12.1", "3.12.10", false},
      {"3.12.1", "3.12", false},
      {"3.12.0-3.12.8", "3.12.8", true},
      {"3.12.0-3.12.8", "3.12.9", false},
      {"3.12.0-3.12.8", "3.11.9", false},
      {"3.7-3.10", "3.10.13", true},
      {"3.7-3.10", "3.11.0", false},
      {"-3.10", "2.7", true},
      {"-3.10", "3.11", false},
      {"3.13.0", "3.13.0rc1", true},
      {"1", "v1.44 (libuv)", true},
      {"1+", "none", false},
      {"0+", "none", true},
      {"3.9-3.7", "3.8", false},
  };
  weir_version_range range;
  ck_assert(weir_version_range_parse(rows[_i].range, &range));
  ck_assert_msg(weir_version_range_has(&range, rows[_i].version) == rows[_i].has, "%s has %s", rows[_i].range,
                rows[_i].version);
}
END_TEST
enum { VERSION_ROWS = 21 };

START_TEST(test_versions_refused) {
  static const char *const rows[] = {"",     "3.",  ".3", "3.x",       "+",     "-",
                                     "3..1", "3+1", "3-", "1.2.3.4.5", "3.7++", "3.7-3.8+"};
  weir_version_range range;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    ck_assert_msg(!weir_version_range_parse(rows[i], &range), "%s", rows[i]);
}
END_TEST

/* ---- Reading */

START_TEST(test_entries) {
  weir_expectations self =
      read("# words\n\n  target asyncio uvloop  \r\nrule C1\n case a b/* \ncase c\nreason a  b # c\n");
  ck_assert_uint_eq(self.count, 1);
  const weir_expectation *entry = &self.entries[0];
  ck_assert_uint_eq(entry->rule, WEIR_RULE_C1);
  ck_assert_uint_eq(entry->line, 4);
  ck_assert_str_eq(entry->targets, "asyncio uvloop");
  ck_assert_str_eq(entry->reason, "a  b # c");
  ck_assert_ptr_null(entry->version);
  ck_assert_uint_eq(entry->glob_count, 3);
  ck_assert_str_eq(self.globs[1].text, "b/*");
  ck_assert(!self.globs[1].plain && self.globs[2].plain);
  ck_assert(weir_expectation_applies(entry, "asyncio@3.12", "3.12.1"));
  ck_assert(weir_expectation_applies(entry, "uvloop", ""));
  ck_assert(!weir_expectation_applies(entry, "asyncio-poll", "3.12.1"));
  weir_expectations_free(&self);
}
END_TEST

START_TEST(test_refused) {
  static const struct {
    const char *text;
    unsigned line;
    const char *words;
  } rows[] = {
      {"rule C1\n", 1, "a `target` comes before"},
      {"target a\nrule C99\n", 2, "no rule C99"},
      {"target a\nrule F12\n", 2, "PROFILE"},
      {"target a\ncase b\n", 2, "a `rule` comes before"},
      {"target a\nrule C1\ncase b\n\nrule C2\n", 2, "no `reason`"},
      {"target a\nrule C1\nreason b\n", 2, "no `case`"},
      {"target a\nrule C1\nversion 3.x\n", 3, "`3.x` is no range"},
      {"target a\nrule C1\nversion 3\nversion 4\n", 4, "one line `version`"},
      {"target a\nrule C1\nreason b\nreason c\n", 4, "one `reason`"},
      {"target a\nrule C1\nlink example.org\n", 3, "https://"},
      {"target\n", 1, "needs a value"},
      {"tarket a\n", 1, "`tarket` is none of"},
      {"target a\nrule C1\nreason \x1b[31m\n", 3, "control"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    weir_expectations self = read(known);
    size_t count = self.count, globs = self.glob_count;
    weir_problem problem = {.text = ""};
    ck_assert_int_eq(weir_expectations_parse(rows[i].text, strlen(rows[i].text), "x", &self, &problem), WEIR_BAD_INPUT);
    ck_assert_uint_eq(problem.line, rows[i].line);
    ck_assert_msg(strstr(problem.text, rows[i].words) != NULL, "%s", problem.text);
    ck_assert(self.count == count && self.glob_count == globs && self.file_count == 1);
    weir_expectations_free(&self);
  }
}
END_TEST

START_TEST(test_no_text) {
  weir_expectations self = {.count = 0};
  weir_problem problem = {.text = ""};
  ck_assert_int_eq(weir_expectations_parse("a\0b", 3, "x", &self, &problem), WEIR_BAD_INPUT);
  ck_assert_int_eq(weir_expectations_load("/nonexistent.expect", &self, &problem), WEIR_BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(problem.text, "/nonexistent.expect: "));
  weir_expectations_free(&self);
}
END_TEST

/* ---- Against a result */

START_TEST(test_known) {
  example x;
  fill(&x);
  ck_assert_int_eq(weir_result_status(&x.result), 1);
  ck_assert_int_eq(apply(known, &x), 0);
  ck_assert_uint_eq(x.targets[0].known, 2);
  ck_assert_uint_eq(x.targets[1].known, 3);
  ck_assert_uint_eq(x.targets[1].tally[WEIR_FAIL], 3);
  ck_assert(weir_case_expected(&x.cases[1][2]) && x.cases[1][2].all_known);
  ck_assert_str_eq(x.cases[1][2].known_reason, "no look");
  /* What does not apply to a version is no unexpected pass there. */
  ck_assert_uint_eq(x.targets[0].gone + x.targets[1].gone + x.targets[2].gone, 0);
}
END_TEST

START_TEST(test_new_beside_known) {
  example x;
  fill(&x);
  find(&x.cases[1][0], x.findings[1][0], WEIR_RULE_P7);
  ck_assert_int_eq(apply(known, &x), 1);
  ck_assert(!x.cases[1][0].all_known && !weir_case_expected(&x.cases[1][0]));
  ck_assert_str_eq(x.cases[1][0].reason, "P7: broken");
  ck_assert_uint_eq(x.targets[1].known, 2);
}
END_TEST

START_TEST(test_gone) {
  example x;
  fill(&x);
  x.cases[0][1] = (weir_case_result){.of = &x.suite[1]};
  tally(&x);
  ck_assert_int_eq(apply(known, &x), 1);
  ck_assert(weir_case_gone(&x.cases[0][1]) && !weir_case_expected(&x.cases[0][1]));
  ck_assert_uint_eq(x.targets[0].gone, 1);
}
END_TEST

/* A case that was not judged has not kept the rule. */
START_TEST(test_skipped_is_not_gone) {
  example x;
  fill(&x);
  x.cases[0][1] = (weir_case_result){.of = &x.suite[1], .verdict = WEIR_SKIP};
  tally(&x);
  ck_assert_int_eq(apply(known, &x), 0);
  ck_assert(!weir_case_gone(&x.cases[0][1]));
}
END_TEST

START_TEST(test_all_known_is_not_nothing) {
  example x;
  fill(&x);
  x.result.count = 1;
  x.targets[0].count = 2;
  x.targets[0].tally[WEIR_PASS] = 0;
  ck_assert_int_eq(apply(known, &x), 0);
}
END_TEST

START_TEST(test_error_stays) {
  example x;
  fill(&x);
  x.cases[0][0] = (weir_case_result){.of = &x.suite[0], .verdict = WEIR_ERROR};
  tally(&x);
  ck_assert_int_eq(apply(known, &x), 2);
  ck_assert(!weir_case_expected(&x.cases[0][0]));
}
END_TEST

START_TEST(test_strict) {
  example x;
  fill(&x);
  find(&x.cases[0][0], x.findings[0][0], WEIR_RULE_C8);
  x.cases[0][0].verdict = WEIR_FAIL;
  ck_assert_int_eq(apply(known, &x), 0);
  x.result.strict = true;
  ck_assert_int_eq(apply(known, &x), 1);
}
END_TEST

/* ---- Written again */

static char *written(const char *text, example *x) {
  weir_expectations self = read(text);
  weir_expectations_apply(&self, &x->result);
  char *out = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&out, &size);
  ck_assert_ptr_nonnull(stream);
  ck_assert_int_eq(weir_expectations_write(&self, &x->result, stream), WEIR_OK);
  ck_assert_int_eq(fclose(stream), 0);
  weir_expectations_free(&self);
  return out;
}

START_TEST(test_written_from_nothing) {
  example x;
  fill(&x);
  char *text = written("", &x);
  ck_assert_ptr_nonnull(strstr(text,
                               "\ntarget  asyncio\n\nrule    C1\nversion 3.11.7 3.12.1\nreason  " WEIR_EXPECTATION_NEW
                               "\ncase    close/a\ncase    close/b\n\nrule    F9\nversion 3.12.1\n"));
  ck_assert_int_eq(apply(text, &x), 0);
  char *again = written(text, &x);
  ck_assert_str_eq(text, again);
  free(again);
  free(text);
}
END_TEST

START_TEST(test_written_keeps_what_holds) {
  example x;
  fill(&x);
  char *text = written(known, &x);
  ck_assert_ptr_nonnull(strstr(text, "version 3.7+\nreason  late look\ncase    close/*\n"));
  ck_assert_ptr_nonnull(strstr(text, "link    https://example.org\ncase    flow/c\n"));
  ck_assert_ptr_null(strstr(text, WEIR_EXPECTATION_NEW));
  free(text);
}
END_TEST

/* A glob that says too much becomes the cases that are left of it, with its reason. */
START_TEST(test_written_narrows_what_is_gone) {
  example x;
  fill(&x);
  x.cases[1][1] = (weir_case_result){.of = &x.suite[1]};
  tally(&x);
  char *text = written(known, &x);
  ck_assert_ptr_null(strstr(text, "close/*"));
  ck_assert_ptr_nonnull(strstr(text, "rule    C1\nversion 3.11.7 3.12.1\nreason  late look\ncase    close/a\n\n"));
  ck_assert_ptr_nonnull(strstr(text, "rule    C1\nversion 3.11.7\nreason  late look\ncase    close/b\n"));
  ck_assert_int_eq(apply(text, &x), 0);
  free(text);
}
END_TEST

START_TEST(test_written_keeps_other_targets) {
  example x;
  fill(&x);
  x.result.count = 1;
  static const char text[] = "target uvloop\nrule L4\nreason theirs\ncase x/*\n";
  char *out = written(text, &x);
  ck_assert_ptr_nonnull(strstr(out, "target  uvloop\n\nrule    L4\nreason  theirs\ncase    x/*\n"));
  ck_assert_ptr_nonnull(strstr(out, "target  asyncio\n\nrule    C1\nversion 3.11.7\n"));
  free(out);
}
END_TEST

/* ---- Reported */

static char *reported(example *x, weir_format format) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  ck_assert_ptr_nonnull(out);
  ck_assert_int_eq(weir_report_write(&x->result, format, NULL, out), WEIR_OK);
  ck_assert_int_eq(fclose(out), 0);
  return text;
}

static void check_report(weir_format format, const char *const *lines) {
  example x;
  fill(&x);
  x.cases[0][1] = (weir_case_result){.of = &x.suite[1]};
  tally(&x);
  ck_assert_int_eq(apply(known, &x), 1);
  char *text = reported(&x, format);
  for (size_t i = 0; lines[i] != NULL; i++)
    ck_assert_msg(strstr(text, lines[i]) != NULL, "no `%s` in\n%s", lines[i], text);
  free(text);
}

START_TEST(test_reports) {
  static const char *const table[] = {
      "target       version  cases pass warn fail known gone skip error  rules broken\n",
      "asyncio@3.11 3.11.7       4    3    0    0     1    1    0     0  C1\n",
      "asyncio@3.12 3.12.1       4    1    0    0     3    0    0     0  C1 F9\n",
      "  gone   C1   close/b: an unexpected pass\n",
      "1 case, 1 known: close/a\n",
      NULL};
  static const char *const tap[] = {
      "not ok 1 - asyncio@3.11 close/a # TODO late look\n",
      "\nnot ok 2 - asyncio@3.11 close/b\n  ---\n  verdict: pass\n  unexpected_pass: [C1]\n",
      "\nok 3 - asyncio@3.11 flow/c\n", NULL};
  static const char *const junit[] = {
      "<testsuite name=\"asyncio@3.11\" tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"1\">",
      "<skipped type=\"known\" message=\"known: late look\">C1 MUST at event 0: broken\n</skipped>",
      "<failure message=\"unexpected pass: known to be broken, and kept: C1\" type=\"unexpected pass\"></failure>",
      NULL};
  static const char *const json[] = {
      "\"expected\": true,\n     \"reason\": \"C1: broken\",\n     \"known\": \"late look\"",
      "\"gone\": [\n      \"C1\"\n     ]", "\"known\": 3,\n   \"gone\": 0,", NULL};
  check_report(WEIR_FORMAT_TABLE, table);
  check_report(WEIR_FORMAT_TAP, tap);
  check_report(WEIR_FORMAT_JUNIT, junit);
  check_report(WEIR_FORMAT_JSON, json);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("expectations");
  TCase *group = tcase_create("expectations");
  tcase_add_loop_test(group, test_versions, 0, VERSION_ROWS);
  tcase_add_test(group, test_versions_refused);
  tcase_add_test(group, test_entries);
  tcase_add_test(group, test_refused);
  tcase_add_test(group, test_no_text);
  tcase_add_test(group, test_known);
  tcase_add_test(group, test_new_beside_known);
  tcase_add_test(group, test_gone);
  tcase_add_test(group, test_skipped_is_not_gone);
  tcase_add_test(group, test_all_known_is_not_nothing);
  tcase_add_test(group, test_error_stays);
  tcase_add_test(group, test_strict);
  tcase_add_test(group, test_written_from_nothing);
  tcase_add_test(group, test_written_keeps_what_holds);
  tcase_add_test(group, test_written_narrows_what_is_gone);
  tcase_add_test(group, test_written_keeps_other_targets);
  tcase_add_test(group, test_reports);
  suite_add_tcase(suite, group);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
