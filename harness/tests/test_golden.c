/* The golden traces: each rule is kept and broken by as little as can be, and
 * the validator says exactly what is expected, at exactly that event. */
#include <check.h>

#include "golden.h"
#include "weir/validator.h"

enum { APART_MAX = 14 }; /* the whole end of a connection, told otherwise */

static golden_trace *traces;
static size_t trace_count;
static weir_validator *validator;

/* What the validator finds, in words, for a trace that comes out wrong. */
static void tell(const golden_trace *golden, const weir_finding *findings, size_t count) {
  fprintf(stderr, "%s: %s\n", golden->name, golden->title);
  for (size_t i = 0; i < golden->expect_count; i++)
    fprintf(stderr, "  expected %s at event %llu\n", weir_rule_get((unsigned)golden->expect[i].rule)->id,
            (unsigned long long)golden->expect[i].event);
  for (size_t i = 0; i < count; i++)
    fprintf(stderr, "  found    %s at event %llu: %s\n", weir_rule_get(findings[i].rule)->id,
            (unsigned long long)findings[i].event, findings[i].message);
}

static bool is_expected(const golden_trace *golden, const weir_finding *finding) {
  for (size_t i = 0; i < golden->expect_count; i++) {
    const golden_expectation *expected = &golden->expect[i];
    if (expected->rule == finding->rule && expected->event == finding->event &&
        expected->connection == finding->connection)
      return true;
  }
  return false;
}

START_TEST(judged_as_expected) {
  const golden_trace *golden = &traces[_i];
  (void)weir_validator_init(validator);
  weir_validator_feed(validator, golden->records, golden->count);
  weir_problem problem = {.text = ""};
  ck_assert_msg(weir_validator_finish(validator, &problem) == WEIR_JUDGED, "%s: %s", golden->name, problem.text);
  size_t count = 0;
  const weir_finding *findings = weir_validator_findings(validator, &count);
  bool same = count == golden->expect_count;
  for (size_t i = 0; i < count; i++) same = same && is_expected(golden, &findings[i]);
  if (!same) tell(golden, findings, count);
  ck_assert_msg(same, "%s is not judged as its header says", golden->name);
  ck_assert_msg(!golden->keeps || weir_validator_exercised(validator, (unsigned)golden->rule),
                "%s does not put its rule to the test", golden->name);
}
END_TEST

START_TEST(expects_what_its_name_says) {
  const golden_trace *golden = &traces[_i];
  ck_assert_msg(weir_rule_get((unsigned)golden->rule)->state == WEIR_CHECKED, "%s is not checked", golden->name);
  bool named = false;
  for (size_t i = 0; i < golden->expect_count; i++) {
    named = named || golden->expect[i].rule == golden->rule;
    ck_assert_msg(golden->expect[i].event < golden->count, "%s: there is no such event", golden->name);
  }
  ck_assert_msg(named != golden->keeps, "%s %s", golden->name, golden->keeps ? "expects to break it" : "keeps it");
  ck_assert_msg(!golden->keeps || golden->expect_count == 0, "%s expects a finding", golden->name);
}
END_TEST

/* Records that one of the two has and the other has not, in order. */
static size_t apart(const golden_trace *a, const golden_trace *b) {
  size_t above[GOLDEN_RECORDS_MAX + 1] = {0}; /* how many the beginnings of both have in common */
  for (size_t i = 0; i < a->count; i++) {
    size_t corner = 0;
    for (size_t j = 0; j < b->count; j++) {
      bool same = memcmp(&a->records[i], &b->records[j], sizeof a->records[i]) == 0;
      size_t common = same ? corner + 1 : above[j] > above[j + 1] ? above[j] : above[j + 1];
      corner = above[j + 1];
      above[j + 1] = common;
    }
  }
  return a->count + b->count - 2 * above[b->count];
}

/* "Just": what keeps a rule and what breaks it differ by little. */
START_TEST(breaks_by_little) {
  const golden_trace *golden = &traces[_i];
  size_t least = SIZE_MAX;
  for (size_t i = 0; i < trace_count; i++) {
    if (golden->keeps || traces[i].rule != golden->rule || !traces[i].keeps) continue;
    size_t far = apart(golden, &traces[i]);
    if (far < least) least = far;
  }
  ck_assert_msg(golden->keeps || least <= APART_MAX, "%s is %zu records from the nearest trace that keeps its rule",
                golden->name, least);
}
END_TEST

START_TEST(each_rule_has_both) {
  unsigned keeps[WEIR_RULE_COUNT] = {0}, breaks[WEIR_RULE_COUNT] = {0};
  for (size_t i = 0; i < trace_count; i++) (traces[i].keeps ? keeps : breaks)[traces[i].rule]++;
  for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++) {
    if (weir_rule_get(rule)->state != WEIR_CHECKED) continue;
    ck_assert_msg(keeps[rule] > 0, "no golden trace keeps %s", weir_rule_get(rule)->id);
    ck_assert_msg(breaks[rule] > 0, "no golden trace breaks %s", weir_rule_get(rule)->id);
  }
}
END_TEST

int main(void) {
  traces = golden_load(&trace_count);
  validator = malloc(weir_validator_size());
  if (validator == NULL) return EXIT_FAILURE;
  Suite *suite = suite_create("golden");
  TCase *tcase = tcase_create("golden");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, each_rule_has_both);
  tcase_add_loop_test(tcase, expects_what_its_name_says, 0, (int)trace_count);
  tcase_add_loop_test(tcase, breaks_by_little, 0, (int)trace_count);
  tcase_add_loop_test(tcase, judged_as_expected, 0, (int)trace_count);
  suite_add_tcase(suite, tcase);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  free(validator);
  free(traces);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
