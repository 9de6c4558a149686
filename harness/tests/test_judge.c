/* Two judges, written apart from one book of rules, and for the machine its
 * table and its documented grammar: they agree.  bench_judge is the long form. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "judge/explore.h"
#include "judge/grammar.h"
#include "scenario/random.h"

enum {
#ifdef __SANITIZE_ADDRESS__
  MORE = -1, /* words longer than a family says */
  RANDOM_TRACES = 8000,
  RANDOM_SCENARIOS = 300,
#else
  MORE = 0,
  RANDOM_TRACES = 50000,
  RANDOM_SCENARIOS = 1000,
#endif
  LONG = 1000 /* records of a trace that is not looked at here: the naive judge's work grows faster than it */
};

static compare_judges *judges;

static void open_judges(void) {
  judges = compare_open();
  ck_assert_ptr_nonnull(judges);
}
static void close_judges(void) {
  compare_close(judges);
}

static bool complain(void *context, const char *words, const char *text) {
  ck_abort_msg("%s%s%s\n%s", (const char *)context, context == NULL ? "" : ": ", words, text);
  return false;
}

START_TEST(every_sequence) {
  const alphabet_family *family = alphabet_family_get((unsigned)_i);
  explore_tally tally = {.told = complain};
  explore_family(judges, family, (unsigned)((int)family->length + MORE), &tally);
  ck_assert_uint_gt(tally.sequences, 500);
  ck_assert_uint_gt(compare_findings(judges), 100); /* they found something to agree on */
}
END_TEST

START_TEST(random_sequences) {
  explore_tally tally = {.told = complain};
  explore_random(judges, 1, RANDOM_TRACES, 20, &tally);
  ck_assert_uint_ge(tally.sequences, RANDOM_TRACES);
}
END_TEST

static void hold(weir_runner *runner, const weir_scenario *scenario, const char *name) {
  weir_run run;
  weir_problem problem = {0};
  static char text[COMPARE_TEXT_MAX];
  ck_assert_msg(weir_runner_run(runner, scenario, &run, &problem) == WEIR_OK, "%s: %s", name, problem.text);
  if (run.count > LONG) return;
  ck_assert_msg(compare_agree(judges, run.records, run.count, text), "%s\n%s", name, text);
}

static weir_runner *open_reference(void) {
  weir_problem problem = {0};
  weir_runner *runner = NULL;
  ck_assert_msg(weir_runner_open("reference", NULL, &runner, &problem) == WEIR_OK, "%s", problem.text);
  return runner;
}

START_TEST(the_suite_on_the_reference) {
  weir_suite suite = {.count = 0};
  weir_problem problem = {0};
  ck_assert_msg(weir_suite_load(WEIR_SOURCE_FOLDER "/conformance/cases", NULL, &suite, &problem) == WEIR_OK, "%s",
                problem.text);
  weir_runner *runner = open_reference();
  for (size_t i = 0; i < suite.count; i++) hold(runner, suite.cases[i].scenario, suite.cases[i].name);
  ck_assert_uint_gt(suite.count, 100);
  weir_runner_close(runner);
  weir_suite_free(&suite);
}
END_TEST

START_TEST(random_scenarios_on_the_reference) {
  static weir_scenario scenario;
  weir_runner *runner = open_reference();
  for (uint64_t seed = 1; seed <= RANDOM_SCENARIOS; seed++) {
    char name[32];
    (void)snprintf(name, sizeof name, "seed %llu", (unsigned long long)seed);
    weir_scenario_random(&scenario, seed, 24);
    hold(runner, &scenario, name);
  }
  weir_runner_close(runner);
}
END_TEST

/* The regular expression is what it says, by hand. */
START_TEST(the_grammar) {
  static const struct {
    const char *letters;
    size_t good;
  } rows[] = {{"", 0},     {"m", 1},    {"ml", 2},  {"mgugguel", 8}, {"mddel", 5},  {"g", 0},    {"mm", 1},
              {"mu", 1},   {"mguu", 3}, {"meg", 2}, {"mee", 2},      {"mll", 2},    {"mggl", 4}, {"mgugdu", 5},
              {"mgel", 4}, {"meu", 2},  {"l", 0},   {"mlg", 2},      {"mguguge", 7}};
  grammar *rule = grammar_open();
  ck_assert_ptr_nonnull(rule);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    ck_assert_msg(grammar_allows(rule, rows[i].letters, strlen(rows[i].letters)) == rows[i].good, "%s",
                  rows[i].letters);
  grammar_close(rule);
}
END_TEST

/* A judge that is wrong is noticed: the comparison compares. */
START_TEST(a_difference_shows) {
  static char text[COMPARE_TEXT_MAX];
  static const weir_record after_end[] = {{.event = WEIR_EVENT_OPEN},
                                          {.event = WEIR_EVENT_CLOSE, .flags = WEIR_FLAG_END}};
  ck_assert(compare_agree(judges, after_end, 2, text)); /* neither can read it */
  naive_moment moments[8];
  naive_story story;
  static const weir_record broken[] = {{.event = WEIR_EVENT_CONNECTION_LOST, .flags = 3},
                                       {.event = WEIR_EVENT_GET_BUFFER, .flags = 3, .a = 1, .b = 1}};
  naive_verdict verdict;
  ck_assert(naive_story_read(&story, broken, 2, 0, moments));
  naive_judge(&story, &verdict);
  ck_assert_uint_eq(verdict.broken_at[WEIR_RULE_L1], 0);
  ck_assert_uint_eq(verdict.broken_at[WEIR_RULE_L2], 1);
  ck_assert_uint_eq(verdict.broken_at[WEIR_RULE_C1], UINT32_MAX);
  ck_assert(compare_verdicts_differ(judges, broken, 2, WEIR_RULE_L2, text));
  ck_assert_ptr_nonnull(strstr(text, "L2: validator at 1, naive kept"));
}
END_TEST

int main(void) {
  int families = 0;
  while (alphabet_family_get((unsigned)families) != NULL) families++;
  Suite *suite = suite_create("judge");
  TCase *all = tcase_create("judges");
  tcase_add_checked_fixture(all, open_judges, close_judges);
  tcase_set_timeout(all, 120);
  tcase_add_loop_test(all, every_sequence, 0, families);
  tcase_add_test(all, random_sequences);
  tcase_add_test(all, the_suite_on_the_reference);
  tcase_add_test(all, random_scenarios_on_the_reference);
  tcase_add_test(all, the_grammar);
  tcase_add_test(all, a_difference_shows);
  suite_add_tcase(suite, all);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
