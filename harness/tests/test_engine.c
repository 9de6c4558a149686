/* Verdicts: from traces written by hand, and from whole runs. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "weir/spec.h"

#define PLUGIN(name) WEIR_BINARY_FOLDER "/plugins/" name ".so"

enum {
  ALL = (1u << WEIR_CAPABILITY_COUNT) - 1,
  BEGIN = WEIR_FLAG_BEGIN,
  FINISH = WEIR_FLAG_END,
  BOTH = WEIR_FLAG_BEGIN | WEIR_FLAG_END,
  RAISED = WEIR_FLAG_END | WEIR_FLAG_RAISED,
  RECORDS_MAX = 32
};

static weir_problem problem;
static weir_case_result result;

static void clear(void) {
  weir_case_result_clear(&result);
  result.of = NULL;
}

/* ---- Traces by hand */

typedef struct tale {
  weir_record records[RECORDS_MAX];
  uint32_t count;
} tale;

static void add(tale *self, weir_event event, unsigned flags, unsigned code, uint32_t a) {
  ck_assert_uint_lt(self->count, RECORDS_MAX);
  self->records[self->count++] =
      (weir_record){.event = (uint8_t)event, .flags = (uint8_t)flags, .code = (uint8_t)code, .a = a};
}

static tale begun(void) {
  tale self = {.count = 0};
  add(&self, WEIR_EVENT_OPEN, 0, 1, ALL);
  add(&self, WEIR_EVENT_CONNECTION_MADE, BOTH, 0, 0);
  add(&self, WEIR_EVENT_WATCH, 0, 0, 1);
  return self;
}

static void finish(tale *self, weir_end how, uint32_t number) {
  add(self, WEIR_EVENT_WATCH, 0, 0, 0);
  add(self, WEIR_EVENT_CONNECTION_LOST, BOTH, 0, 0);
  add(self, WEIR_EVENT_SOCKET_CLOSE, 0, 0, 0);
  add(self, WEIR_EVENT_END, 0, how, number);
}

static void close_from_outside(tale *self) {
  add(self, WEIR_EVENT_OUTSIDE, BEGIN, 0, 0);
  add(self, WEIR_EVENT_CLOSE, BOTH, 0, 0);
  add(self, WEIR_EVENT_OUTSIDE, FINISH, 0, 0);
}

static weir_verdict judge(const tale *self, uint32_t needs, uint32_t capabilities) {
  weir_run run = {.records = self->records, .count = self->count, .unreached = 3};
  ck_assert_int_eq(weir_engine_judge(&run, needs, capabilities, false, false, &result), WEIR_OK);
  ck_assert_uint_eq(result.unreached, 3);
  return result.verdict;
}

static void expect_reason(const char *words) {
  ck_assert_msg(strstr(result.reason, words) != NULL, "`%s` does not tell of `%s`", result.reason, words);
}

START_TEST(good_trace_passes) {
  tale self = begun();
  close_from_outside(&self);
  finish(&self, WEIR_END_QUIESCENT, 0);
  ck_assert_msg(judge(&self, 0, ALL) == WEIR_PASS, "%s", result.reason);
  ck_assert_str_eq(result.reason, "");
  ck_assert_uint_eq(result.finding_count, 0);
  ck_assert_ptr_null(result.records);
  ck_assert_uint_ne(result.exercised[0] >> WEIR_RULE_L1 & 1, 0);
}
END_TEST

/* A pass that put none of the case's own rules to the test says so. */
START_TEST(pass_without_proof_is_visible) {
  tale self = begun();
  close_from_outside(&self);
  finish(&self, WEIR_END_QUIESCENT, 0);
  weir_case of = {.about = {.rules = "W7 E1"}};
  result.of = &of;
  ck_assert_int_eq(judge(&self, 0, ALL), WEIR_PASS);
  ck_assert_str_eq(result.reason, "rules not put to the test: W7 E1");
  ck_assert_ptr_eq(result.of, &of);
  (void)strcpy(of.about.rules, "W7 L1");
  ck_assert_int_eq(judge(&self, 0, ALL), WEIR_PASS);
  ck_assert_str_eq(result.reason, "");
}
END_TEST

START_TEST(broken_must_fails) {
  tale self = begun();
  add(&self, WEIR_EVENT_CONNECTION_MADE, BOTH, 0, 0);
  close_from_outside(&self);
  finish(&self, WEIR_END_QUIESCENT, 0);
  ck_assert_int_eq(judge(&self, 0, ALL), WEIR_FAIL);
  ck_assert_uint_gt(result.finding_count, 0);
  ck_assert_uint_eq(result.findings[0].rule, WEIR_RULE_L1);
  ck_assert_uint_eq(result.findings[0].event, 3);
  expect_reason("L1: ");
  ck_assert_uint_eq(result.record_count, self.count);
  ck_assert_mem_eq(result.records, self.records, self.count * sizeof *self.records);
}
END_TEST

/* connection_lost inside close(): L6, a SHOULD. */
START_TEST(broken_should_warns) {
  tale self = begun();
  add(&self, WEIR_EVENT_OUTSIDE, BEGIN, 0, 0);
  add(&self, WEIR_EVENT_CLOSE, BEGIN, 0, 0);
  add(&self, WEIR_EVENT_WATCH, 0, 0, 0);
  add(&self, WEIR_EVENT_CONNECTION_LOST, BOTH, 0, 0);
  add(&self, WEIR_EVENT_SOCKET_CLOSE, 0, 0, 0);
  add(&self, WEIR_EVENT_CLOSE, FINISH, 0, 0);
  add(&self, WEIR_EVENT_OUTSIDE, FINISH, 0, 0);
  add(&self, WEIR_EVENT_END, 0, WEIR_END_QUIESCENT, 0);
  ck_assert_int_eq(judge(&self, 0, ALL), WEIR_WARN);
  expect_reason("L6: ");
  weir_run run = {.records = self.records, .count = self.count};
  ck_assert_int_eq(weir_engine_judge(&run, 0, ALL, true, false, &result), WEIR_OK);
  ck_assert_int_eq(result.verdict, WEIR_FAIL);
}
END_TEST

/* A MUST comes before a SHOULD, whichever was broken first. */
START_TEST(worst_finding_first) {
  tale self = begun();
  add(&self, WEIR_EVENT_OUTSIDE, BEGIN, 0, 0);
  add(&self, WEIR_EVENT_CLOSE, BEGIN, 0, 0);
  add(&self, WEIR_EVENT_WATCH, 0, 0, 0);
  add(&self, WEIR_EVENT_CONNECTION_LOST, BOTH, 0, 0);
  add(&self, WEIR_EVENT_SOCKET_CLOSE, 0, 0, 0);
  add(&self, WEIR_EVENT_CLOSE, FINISH, 0, 0);
  add(&self, WEIR_EVENT_OUTSIDE, FINISH, 0, 0);
  add(&self, WEIR_EVENT_CONNECTION_LOST, BOTH, 0, 0);
  add(&self, WEIR_EVENT_END, 0, WEIR_END_QUIESCENT, 0);
  ck_assert_int_eq(judge(&self, 0, ALL), WEIR_FAIL);
  ck_assert_uint_ge(result.finding_count, 2);
  ck_assert_int_eq(weir_rule_get(result.findings[0].rule)->level, WEIR_MUST);
  ck_assert_int_eq(weir_rule_get(result.findings[result.finding_count - 1].rule)->level, WEIR_SHOULD);
}
END_TEST

START_TEST(crash_and_spin_fail) {
  tale crash = begun();
  add(&crash, WEIR_EVENT_END, 0, WEIR_END_CRASH, SIGSEGV);
  ck_assert_int_eq(judge(&crash, 0, ALL), WEIR_FAIL);
  expect_reason("L11: ");
  tale spin = begun();
  add(&spin, WEIR_EVENT_END, 0, WEIR_END_SPIN, 0);
  ck_assert_int_eq(judge(&spin, 0, ALL), WEIR_FAIL);
  expect_reason("L12: ");
  tale hang = begun();
  add(&hang, WEIR_EVENT_END, 0, WEIR_END_HANG, 0);
  ck_assert_int_eq(judge(&hang, 0, ALL), WEIR_FAIL);
}
END_TEST

/* What was seen was seen: a cut trace with a finding is a failure. */
START_TEST(cut_traces_keep_their_findings) {
  tale limit = begun();
  add(&limit, WEIR_EVENT_CONNECTION_MADE, BOTH, 0, 0);
  add(&limit, WEIR_EVENT_END, 0, WEIR_END_LIMIT, 0);
  ck_assert_int_eq(judge(&limit, 0, ALL), WEIR_FAIL);
  expect_reason("L1");
}
END_TEST

START_TEST(cut_traces_are_errors) {
  tale limit = begun();
  add(&limit, WEIR_EVENT_END, 0, WEIR_END_LIMIT, 0);
  ck_assert_int_eq(judge(&limit, 0, ALL), WEIR_ERROR);
  expect_reason("the trace is cut");
  tale cut = begun();
  add(&cut, WEIR_EVENT_END, 0, WEIR_END_CUT, 0);
  ck_assert_int_eq(judge(&cut, 0, ALL), WEIR_ERROR);
  expect_reason("the trace is cut");
  tale open = begun();
  ck_assert_int_eq(judge(&open, 0, ALL), WEIR_ERROR);
  expect_reason("the trace is cut");
  tale none = {.count = 0};
  ck_assert_int_eq(judge(&none, 0, ALL), WEIR_ERROR);
}
END_TEST

START_TEST(unreadable_traces_are_errors) {
  tale self = begun();
  add(&self, WEIR_EVENT_CLOSE, FINISH, 0, 0);
  finish(&self, WEIR_END_QUIESCENT, 0);
  ck_assert_int_eq(judge(&self, 0, ALL), WEIR_ERROR);
  ck_assert_str_ne(result.reason, "");
  tale other = begun();
  add(&other, (weir_event)WEIR_EVENT_COUNT, 0, 0, 0);
  finish(&other, WEIR_END_QUIESCENT, 0);
  ck_assert_int_eq(judge(&other, 0, ALL), WEIR_ERROR);
}
END_TEST

/* ---- What is not declared */

static tale with_call(weir_event event, unsigned flags, unsigned code) {
  tale self = begun();
  add(&self, WEIR_EVENT_OUTSIDE, BEGIN, 0, 0);
  if (flags == BOTH) {
    add(&self, event, BOTH, 0, 0);
  } else {
    add(&self, event, BEGIN, 0, 0);
    add(&self, event, flags, code, 0);
  }
  add(&self, WEIR_EVENT_OUTSIDE, FINISH, 0, 0);
  close_from_outside(&self);
  finish(&self, WEIR_END_QUIESCENT, 0);
  return self;
}

START_TEST(refused_calls_are_skips) {
  uint32_t less = ALL & ~(uint32_t)WEIR_CAN_WRITE_EOF;
  tale self = with_call(WEIR_EVENT_WRITE_EOF, RAISED, WEIR_EXCEPTION_UNSUPPORTED);
  ck_assert_int_eq(judge(&self, WEIR_CAN_WRITE_EOF, less), WEIR_SKIP);
  ck_assert_str_eq(result.reason, "needs write_eof, which the target does not declare");
  self = with_call(WEIR_EVENT_CAN_WRITE_EOF, BOTH, 0);
  ck_assert_int_eq(judge(&self, WEIR_CAN_WRITE_EOF, less), WEIR_SKIP);
}
END_TEST

START_TEST(unrefused_calls_are_errors) {
  uint32_t less = ALL & ~(uint32_t)WEIR_CAN_WRITE_EOF;
  tale self = with_call(WEIR_EVENT_WRITE_EOF, BOTH, 0);
  ck_assert_int_eq(judge(&self, WEIR_CAN_WRITE_EOF, less), WEIR_ERROR);
  ck_assert_str_eq(result.reason, "declares no write_eof, but write_eof() did not refuse");
  self = with_call(WEIR_EVENT_WRITE_EOF, RAISED, WEIR_EXCEPTION_RUNTIME);
  ck_assert_int_eq(judge(&self, WEIR_CAN_WRITE_EOF, less), WEIR_ERROR);
  self = with_call(WEIR_EVENT_SET_LIMITS, BOTH, 0);
  ck_assert_int_eq(judge(&self, WEIR_CAN_FLOW_CONTROL, ALL & ~(uint32_t)WEIR_CAN_FLOW_CONTROL), WEIR_ERROR);
  ck_assert_str_eq(result.reason, "declares no flow_control, but set_write_buffer_limits() did not refuse");
}
END_TEST

START_TEST(refusing_what_is_declared_is_an_error) {
  tale self = with_call(WEIR_EVENT_PAUSE_READING, RAISED, WEIR_EXCEPTION_UNSUPPORTED);
  ck_assert_int_eq(judge(&self, WEIR_CAN_PAUSE, ALL), WEIR_ERROR);
  ck_assert_str_eq(result.reason, "declares pause, but pause_reading() is refused");
}
END_TEST

/* One that crashes instead of refusing gets no skip for it. */
START_TEST(crash_is_no_refusal) {
  tale self = begun();
  add(&self, WEIR_EVENT_OUTSIDE, BEGIN, 0, 0);
  add(&self, WEIR_EVENT_WRITE_EOF, BEGIN, 0, 0);
  add(&self, WEIR_EVENT_END, 0, WEIR_END_CRASH, SIGSEGV);
  ck_assert_int_eq(judge(&self, WEIR_CAN_WRITE_EOF, ALL & ~(uint32_t)WEIR_CAN_WRITE_EOF), WEIR_FAIL);
}
END_TEST

/* ---- Whole runs */

static weir_suite suite_of(const char *const *texts, size_t count) {
  weir_suite suite = {.cases = calloc(count, sizeof *suite.cases), .count = count};
  ck_assert_ptr_nonnull(suite.cases);
  for (size_t i = 0; i < count; i++) {
    weir_case *one = &suite.cases[i];
    (void)snprintf(one->name, sizeof one->name, "case-%zu", i);
    one->scenario = calloc(1, sizeof *one->scenario);
    ck_assert_ptr_nonnull(one->scenario);
    ck_assert_msg(weir_scenario_parse(texts[i], strlen(texts[i]), one->scenario, &one->about, &problem) == WEIR_OK,
                  "%s", problem.text);
  }
  return suite;
}

static size_t cases_seen;
static size_t cases_wanted;

static void progress(void *context, const weir_target_result *target, size_t done, size_t total) {
  (void)context;
  ck_assert_uint_eq(target->count, done);
  ck_assert_uint_le(done, total);
  cases_seen = done;
}

static bool stop(void *context) {
  (void)context;
  return cases_seen >= cases_wanted;
}

static const char *const good_texts[] = {
    "weir 1\npeer send 10\npeer fin\n", "weir 1\npeer send 10\napp buffer_updated: close\n",
    "weir 1\napp when idle: abort\n", "weir 1\npeer send 100 by 9\npeer fin\napp eof_received: return true; close\n"};

START_TEST(reference_passes) {
  weir_suite suite = suite_of(good_texts, 4);
  weir_engine_options options = {.keep_traces = true, .progress = progress, .seed = 7};
  weir_result all = {.seed = 7};
  ck_assert_int_eq(weir_engine_test("reference", NULL, &suite, &options, &all, &problem), WEIR_OK);
  ck_assert_uint_eq(all.count, 1);
  ck_assert_uint_eq(all.targets[0].tally[WEIR_PASS], 4);
  ck_assert_uint_gt(all.targets[0].cases[0].record_count, 0);
  ck_assert_uint_eq(cases_seen, 4);
  ck_assert_int_eq(weir_result_status(&all), 0);
  weir_result_clear(&all);
  ck_assert_uint_eq(all.count, 0);
  weir_suite_free(&suite);
}
END_TEST

START_TEST(stopping_keeps_what_there_is) {
  weir_suite suite = suite_of(good_texts, 4);
  weir_engine_options options = {.progress = progress, .stop = stop};
  weir_result all = {.count = 0};
  cases_seen = 0;
  cases_wanted = 2;
  ck_assert_int_eq(weir_engine_test("reference", NULL, &suite, &options, &all, &problem), WEIR_OK);
  ck_assert_uint_eq(all.targets[0].count, 2);
  weir_result_clear(&all);
  weir_suite_free(&suite);
}
END_TEST

/* One terrible case after the other; the last is as good as ever. */
START_TEST(faults_cost_their_own_case) {
  static const char *const texts[] = {
      "weir 1\napp when idle: abort\n",          "weir 1\napp when idle: pause_reading\n",
      "weir 1\napp when idle: resume_reading\n", "weir 1\napp when idle: write_eof\n",
      "weir 1\napp connection_made: raise\n",    "weir 1\napp when idle: close\n"};
  static const weir_verdict verdicts[] = {WEIR_FAIL, WEIR_FAIL, WEIR_FAIL, WEIR_SKIP, WEIR_SKIP, WEIR_PASS};
  weir_suite suite = suite_of(texts, 6);
  weir_runner_options quick = {.spin_ms = 200, .hang_ms = 400};
  weir_engine_options options = {.seed = 1};
  weir_result all = {.count = 0};
  ck_assert_int_eq(weir_engine_test(PLUGIN("faulty"), &quick, &suite, &options, &all, &problem), WEIR_OK);
  ck_assert_str_eq(all.targets[0].version, "1.2.3");
  for (size_t i = 0; i < 6; i++)
    ck_assert_msg(all.targets[0].cases[i].verdict == verdicts[i], "%zu: %s: %s", i,
                  weir_verdict_name(all.targets[0].cases[i].verdict), all.targets[0].cases[i].reason);
  ck_assert_int_eq(weir_result_status(&all), 1);
  weir_result_clear(&all);
  weir_suite_free(&suite);
}
END_TEST

START_TEST(targets_that_cannot_be_had) {
  weir_suite suite = suite_of(good_texts, 1);
  char *command[] = {(char[]){"no-such-program-anywhere"}, NULL};
  weir_runner_options missing = {.command = command};
  weir_engine_options options = {.seed = 1};
  weir_result all = {.count = 0};
  ck_assert_int_eq(weir_engine_test("-- x", &missing, &suite, &options, &all, &problem), WEIR_OK);
  ck_assert_ptr_nonnull(strstr(all.targets[0].unavailable, "no-such-program-anywhere"));
  ck_assert_int_eq(weir_result_status(&all), 77);
  ck_assert_int_eq(weir_engine_test(PLUGIN("other_abi"), NULL, &suite, &options, &all, &problem),
                   WEIR_VERSION_MISMATCH);
  ck_assert_uint_eq(all.count, 2);
  ck_assert_int_eq(weir_engine_test("reference", NULL, &suite, &options, &all, &problem), WEIR_OK);
  ck_assert_int_eq(weir_result_status(&all), 0);
  weir_result_clear(&all);
  weir_suite_free(&suite);
}
END_TEST

START_TEST(exit_statuses) {
  static const struct {
    size_t tally[WEIR_VERDICT_COUNT];
    int status;
  } rows[] = {{{3, 0, 0, 0, 0}, 0},  {{3, 1, 0, 2, 0}, 0},  {{3, 1, 1, 0, 0}, 1}, {{3, 1, 1, 0, 1}, 2},
              {{0, 0, 0, 0, 0}, 77}, {{0, 0, 0, 4, 0}, 77}, {{0, 1, 0, 0, 0}, 0}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    weir_target_result target = {.count = 0};
    memcpy(target.tally, rows[i].tally, sizeof target.tally);
    weir_result all = {.targets = &target, .count = 1};
    ck_assert_int_eq(weir_result_status(&all), rows[i].status);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("engine");
  TCase *judging = tcase_create("judging");
  tcase_add_checked_fixture(judging, NULL, clear);
  tcase_add_test(judging, good_trace_passes);
  tcase_add_test(judging, pass_without_proof_is_visible);
  tcase_add_test(judging, broken_must_fails);
  tcase_add_test(judging, broken_should_warns);
  tcase_add_test(judging, worst_finding_first);
  tcase_add_test(judging, crash_and_spin_fail);
  tcase_add_test(judging, cut_traces_keep_their_findings);
  tcase_add_test(judging, cut_traces_are_errors);
  tcase_add_test(judging, unreadable_traces_are_errors);
  tcase_add_test(judging, refused_calls_are_skips);
  tcase_add_test(judging, unrefused_calls_are_errors);
  tcase_add_test(judging, refusing_what_is_declared_is_an_error);
  tcase_add_test(judging, crash_is_no_refusal);
  suite_add_tcase(suite, judging);
  TCase *runs = tcase_create("runs");
  tcase_set_timeout(runs, 60);
  tcase_add_test(runs, reference_passes);
  tcase_add_test(runs, stopping_keeps_what_there_is);
  tcase_add_test(runs, faults_cost_their_own_case);
  tcase_add_test(runs, targets_that_cannot_be_had);
  tcase_add_test(runs, exit_statuses);
  suite_add_tcase(suite, runs);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
