/* Shrinking: what comes out breaks the same rule, and is 1-minimal. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ladder.h"
#include "engine/shrink.h"
#include "faults.h"
#include "scenario/random.h"

static weir_problem problem;
static weir_scenario scenario, before, trial;
static weir_shrunk shrunk;

static void read_text(const char *text) {
  ck_assert_msg(weir_scenario_parse(text, strlen(text), &scenario, NULL, &problem) == WEIR_OK, "%s", problem.text);
}

static weir_runner *open_linked(const weir_target *target) {
  weir_runner *runner = NULL;
  ck_assert_msg(weir_runner_open_linked(target, &runner, &problem) == WEIR_OK, "%s", problem.text);
  return runner;
}

static bool breaks(weir_runner *runner, const weir_scenario *tried, unsigned rule) {
  weir_run run;
  weir_case_result result = {.of = NULL};
  bool found = false;
  if ((weir_scenario_needs(tried) & ~weir_runner_capabilities(runner)) != 0) return false;
  ck_assert_int_eq(weir_runner_run(runner, tried, &run, &problem), WEIR_OK);
  ck_assert_int_eq(
      weir_engine_judge(&run, weir_scenario_needs(tried), weir_runner_capabilities(runner), false, false, &result),
      WEIR_OK);
  for (size_t i = 0; i < result.finding_count; i++) found = found || result.findings[i].rule == rule;
  weir_case_result_clear(&result);
  return found;
}

/* Neither without one of its steps, nor with one of them a rung lower. */
static void expect_minimal(weir_runner *runner, const weir_scenario *least, unsigned rule) {
  ck_assert(weir_scenario_valid(least));
  ck_assert(breaks(runner, least, rule));
  for (uint32_t at = 0; at < least->count; at++) {
    trial = *least;
    trial.count--;
    memmove(&trial.steps[at], &trial.steps[at + 1], (trial.count - at) * sizeof *trial.steps);
    if (at < trial.count && trial.steps[at].when == WEIR_WHEN_SAME && least->steps[at].when != WEIR_WHEN_SAME)
      trial.steps[at].when = WEIR_WHEN_IDLE;
    ck_assert(weir_scenario_valid(&trial));
    ck_assert_msg(!breaks(runner, &trial, rule), "step %u of %u can be left out", at, least->count);
    weir_step rungs[WEIR_LADDER_MAX];
    unsigned count = weir_ladder_below(&least->steps[at], rungs);
    for (unsigned i = 0; i < count; i++) {
      trial = *least;
      trial.steps[at] = rungs[i];
      ck_assert_msg(!breaks(runner, &trial, rule), "step %u can go down to rung %u", at, i);
    }
  }
}

static void expect_text(const char *text) {
  char printed[4096];
  ck_assert_uint_lt(weir_scenario_print(&scenario, NULL, printed, sizeof printed), sizeof printed);
  ck_assert_str_eq(printed, text);
}

/* ---- Ladders */

static unsigned trigger_rank(const weir_step *step) {
  return step->when == WEIR_WHEN_IDLE ? 0 : 1;
}

static uint64_t range_rank(const weir_step *step) {
  uint64_t width = step->last == WEIR_NTH_OPEN ? 1u << 17 : (uint64_t)(step->last - step->first);
  return width << 32 | step->first;
}

static uint64_t number_rank(int32_t number) {
  if (number == WEIR_NOT_GIVEN) return 0;
  return number < 0 ? UINT32_MAX : (uint64_t)number + 1;
}

START_TEST(a_rung_is_valid_and_changes_one_field_downward) {
  weir_step rungs[WEIR_LADDER_MAX];
  for (uint64_t seed = 0; seed < 3000; seed++) {
    weir_scenario_random(&before, seed, 40);
    for (uint32_t at = 0; at < before.count; at++) {
      const weir_step *step = &before.steps[at];
      unsigned count = weir_ladder_below(step, rungs);
      ck_assert_uint_le(count, WEIR_LADDER_MAX);
      for (unsigned i = 0; i < count; i++) {
        const weir_step *rung = &rungs[i];
        ck_assert(weir_step_valid(rung, at > 0 ? &before.steps[at - 1] : NULL));
        unsigned lower = trigger_rank(rung) < trigger_rank(step);
        if (!lower) {
          ck_assert_uint_eq(rung->when, step->when);
          lower += range_rank(rung) < range_rank(step);
          ck_assert_uint_le(range_rank(rung), range_rank(step));
        }
        lower += rung->option < step->option;
        lower += number_rank(rung->a) < number_rank(step->a);
        lower += number_rank(rung->b) < number_rank(step->b);
        ck_assert_uint_eq(lower, 1);
        ck_assert_uint_eq(rung->verb, step->verb);
        ck_assert_uint_le(rung->option, step->option);
        ck_assert_uint_le(number_rank(rung->a), number_rank(step->a));
        ck_assert_uint_le(number_rank(rung->b), number_rank(step->b));
      }
    }
  }
}
END_TEST

START_TEST(the_next_number_below_is_among_the_rungs) {
  read_text("weir 1\napp get_buffer 7-9: size 100 mmap\n");
  weir_step rungs[WEIR_LADDER_MAX];
  unsigned count = weir_ladder_below(&scenario.steps[0], rungs);
  bool number = false, zero = false, first = false, last = false, option = false;
  for (unsigned i = 0; i < count; i++) {
    number = number || rungs[i].a == 99;
    zero = zero || rungs[i].a == 0;
    first = first || (rungs[i].first == 6 && rungs[i].last == 8);
    last = last || (rungs[i].first == 7 && rungs[i].last == 8);
    option = option || rungs[i].option == WEIR_BUFFER_BYTEARRAY;
  }
  ck_assert(number && zero && first && last && option);
}
END_TEST

START_TEST(the_lowest_step_has_no_rungs) {
  read_text(
      "weir 1\npeer send 1\nsocket recv: again\napp get_buffer: size 0\napp when idle: set_write_buffer_limits\n");
  weir_step rungs[WEIR_LADDER_MAX];
  ck_assert_uint_eq(weir_ladder_below(&scenario.steps[0], rungs), 0);
  ck_assert_uint_eq(weir_ladder_below(&scenario.steps[1], rungs), 0);
  ck_assert_uint_eq(weir_ladder_below(&scenario.steps[2], rungs), 0);
  ck_assert_uint_eq(weir_ladder_below(&scenario.steps[3], rungs), 0);
}
END_TEST

/* ---- Whole searches */

START_TEST(what_matters_is_left) {
  fault broken;
  fault_make(5, &broken);
  weir_runner *runner = open_linked(&broken.target);
  read_text("weir 1\npeer send 100 by 10\napp buffer_updated 3: pause_reading; is_reading; resume_reading\n"
            "app when idle: write 500; get_write_buffer_size\nsocket recv 2+: short 3\npeer sleep 4; fin\n");
  weir_shrink_options options = {.rule = -1};
  ck_assert_msg(weir_engine_shrink(runner, &options, &scenario, &shrunk, &problem) == WEIR_OK, "%s", problem.text);
  ck_assert_int_eq(shrunk.end, WEIR_SHRINK_MINIMAL);
  ck_assert_int_eq(shrunk.finding.rule, WEIR_RULE_P3);
  ck_assert_uint_eq(shrunk.steps_before, 9);
  expect_text("weir 1\napp    when idle: pause_reading\napp    when idle: is_reading\n");
  expect_minimal(runner, &scenario, WEIR_RULE_P3);
  weir_runner_close(runner);
}
END_TEST

/* Some sixty small steps that the target offers, into `before`. */
static void make_scenario(uint64_t seed, uint32_t capabilities) {
  before.count = 0;
  trial.count = 1;
  for (uint64_t round = 0; before.count < 60; round++) {
    weir_scenario_random(&scenario, seed * 1000 + round, 10);
    for (uint32_t i = 0; i < scenario.count; i++) {
      weir_step step = trial.steps[0] = scenario.steps[i];
      if ((weir_scenario_needs(&trial) & ~capabilities) != 0) continue;
      if (fault_ends_connection(&step) && (step.verb != WEIR_VERB_PEER_FIN || i % 2 == 0)) continue;
      fault_tame(&step, 100);
      if (!weir_step_valid(&step, before.count > 0 ? &before.steps[before.count - 1] : NULL))
        step.when = WEIR_WHEN_IDLE;
      before.steps[before.count++] = step;
    }
  }
}

/* Every fault, any scenario that shows it. */
START_TEST(results_are_minimal_and_the_same_each_time) {
  fault broken;
  fault_make((unsigned)_i, &broken);
  weir_runner *runner = open_linked(&broken.target);
  weir_shrink_options options = {.rule = -1};
  unsigned found = 0;
  for (uint64_t seed = 0; seed < 20000 && found < 4; seed++) {
    make_scenario(seed, weir_runner_capabilities(runner));
    scenario = before;
    if (weir_engine_shrink(runner, &options, &scenario, &shrunk, &problem) != WEIR_OK) continue;
    found++;
    ck_assert_int_eq(shrunk.end, WEIR_SHRINK_MINIMAL);
    ck_assert_uint_eq(shrunk.steps_before, before.count);
    expect_minimal(runner, &scenario, shrunk.finding.rule);
    weir_scenario least = scenario;
    weir_shrunk again;
    scenario = before;
    ck_assert_int_eq(weir_engine_shrink(runner, &options, &scenario, &again, &problem), WEIR_OK);
    ck_assert(weir_scenario_equal(&scenario, &least));
    ck_assert_uint_eq(again.runs, shrunk.runs);
    ck_assert_int_eq(weir_engine_shrink(runner, &options, &scenario, &again, &problem), WEIR_OK);
    ck_assert_msg(weir_scenario_equal(&scenario, &least), "what is minimal was made smaller");
  }
  ck_assert_msg(found > 0, "no scenario shows the fault %s", broken.name);
  weir_runner_close(runner);
}
END_TEST

START_TEST(the_rule_can_be_chosen) {
  fault broken;
  fault_make(5, &broken);
  broken.calls.write_eof = fault_write_eof;
  weir_runner *runner = open_linked(&broken.target);
  static const char text[] = "weir 1\nsocket buffer 10\npeer at start: stop\napp when idle: pause_reading; is_reading\n"
                             "app when idle: write 50; write_eof\npeer start\n";
  read_text(text);
  weir_shrink_options options = {.rule = WEIR_RULE_P3};
  ck_assert_int_eq(weir_engine_shrink(runner, &options, &scenario, &shrunk, &problem), WEIR_OK);
  ck_assert_int_eq(shrunk.finding.rule, WEIR_RULE_P3);
  ck_assert_int_eq(shrunk.verdict, WEIR_WARN);
  ck_assert_uint_eq(scenario.count, 2);
  read_text(text);
  options.rule = -1;
  ck_assert_int_eq(weir_engine_shrink(runner, &options, &scenario, &shrunk, &problem), WEIR_OK);
  ck_assert_int_eq(weir_rule_get(shrunk.finding.rule)->level, WEIR_MUST);
  ck_assert_int_eq(shrunk.verdict, WEIR_FAIL);
  weir_runner_close(runner);
}
END_TEST

START_TEST(what_does_not_fail_is_refused) {
  weir_runner *runner = open_linked(weir_reference());
  read_text("weir 1\npeer send 10\npeer fin\n");
  before = scenario;
  weir_shrink_options options = {.rule = -1};
  ck_assert_int_eq(weir_engine_shrink(runner, &options, &scenario, &shrunk, &problem), WEIR_BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(problem.text, "does not fail"));
  ck_assert(weir_scenario_equal(&scenario, &before));
  weir_runner_close(runner);
}
END_TEST

START_TEST(another_rule_is_refused) {
  fault broken;
  fault_make(5, &broken);
  weir_runner *runner = open_linked(&broken.target);
  read_text("weir 1\napp when idle: pause_reading; is_reading\n");
  weir_shrink_options options = {.rule = WEIR_RULE_C1};
  ck_assert_int_eq(weir_engine_shrink(runner, &options, &scenario, &shrunk, &problem), WEIR_BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(problem.text, "does not break C1; its worst finding is P3"));
  weir_runner_close(runner);
}
END_TEST

static const char long_text[] = "weir 1\npeer send 100 by 10\napp buffer_updated 3: pause_reading; is_reading\n"
                                "app when idle: write 500; get_write_buffer_size\npeer sleep 4; fin\n";

START_TEST(the_bound_is_kept_and_told) {
  fault broken;
  fault_make(5, &broken);
  weir_runner *runner = open_linked(&broken.target);
  uint32_t steps = UINT32_MAX;
  for (uint32_t most = 1; most < 200; most++) {
    read_text(long_text);
    weir_shrink_options options = {.rule = -1, .runs_max = most};
    ck_assert_int_eq(weir_engine_shrink(runner, &options, &scenario, &shrunk, &problem), WEIR_OK);
    ck_assert_uint_le(shrunk.runs, most);
    ck_assert_uint_le(scenario.count, steps);
    ck_assert(breaks(runner, &scenario, WEIR_RULE_P3));
    steps = scenario.count;
    if (shrunk.end == WEIR_SHRINK_MINIMAL) break;
    ck_assert_int_eq(shrunk.end, WEIR_SHRINK_BOUND);
    ck_assert_uint_eq(shrunk.runs, most);
  }
  ck_assert_int_eq(shrunk.end, WEIR_SHRINK_MINIMAL);
  expect_minimal(runner, &scenario, WEIR_RULE_P3);
  weir_runner_close(runner);
}
END_TEST

typedef struct watcher {
  uint32_t runs;
  uint32_t most;
} watcher;

static void watch(void *context, uint32_t runs, uint32_t steps) {
  watcher *self = context;
  ck_assert_uint_eq(runs, self->runs + 1);
  ck_assert_uint_gt(steps, 0);
  self->runs = runs;
}

static bool stop(void *context) {
  const watcher *self = context;
  return self->runs >= self->most;
}

START_TEST(it_can_be_stopped) {
  fault broken;
  fault_make(5, &broken);
  weir_runner *runner = open_linked(&broken.target);
  read_text(long_text);
  watcher watching = {.most = 4};
  weir_shrink_options options = {.rule = -1, .progress = watch, .stop = stop, .context = &watching};
  ck_assert_int_eq(weir_engine_shrink(runner, &options, &scenario, &shrunk, &problem), WEIR_OK);
  ck_assert_int_eq(shrunk.end, WEIR_SHRINK_STOPPED);
  ck_assert_uint_eq(shrunk.runs, 4);
  ck_assert(breaks(runner, &scenario, WEIR_RULE_P3));
  weir_runner_close(runner);
}
END_TEST

/* A plug-in that dies in abort() takes a worker with it each time. */
START_TEST(a_crash_is_shrunk_as_well) {
  weir_runner *runner = NULL;
  ck_assert_int_eq(weir_runner_open(WEIR_BINARY_FOLDER "/plugins/faulty.so", NULL, &runner, &problem), WEIR_OK);
  read_text("weir 1\npeer send 10; fin\napp connection_made: write 3; abort\napp get_buffer *: size 3\n");
  weir_shrink_options options = {.rule = WEIR_RULE_L11};
  ck_assert_msg(weir_engine_shrink(runner, &options, &scenario, &shrunk, &problem) == WEIR_OK, "%s", problem.text);
  expect_text("weir 1\napp    when idle: abort\n");
  weir_runner_close(runner);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("shrink");
  TCase *test = tcase_create("shrink");
  tcase_set_timeout(test, 120);
  tcase_add_test(test, a_rung_is_valid_and_changes_one_field_downward);
  tcase_add_test(test, the_next_number_below_is_among_the_rungs);
  tcase_add_test(test, the_lowest_step_has_no_rungs);
  tcase_add_test(test, what_matters_is_left);
  tcase_add_loop_test(test, results_are_minimal_and_the_same_each_time, 0, FAULT_COUNT);
  tcase_add_test(test, the_rule_can_be_chosen);
  tcase_add_test(test, what_does_not_fail_is_refused);
  tcase_add_test(test, another_rule_is_refused);
  tcase_add_test(test, the_bound_is_kept_and_told);
  tcase_add_test(test, it_can_be_stopped);
  tcase_add_test(test, a_crash_is_shrunk_as_well);
  suite_add_tcase(suite, test);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
