/* The search: it finds what is broken, tells it once for each shape, does the
 * same again, and leaves a sound target alone. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "engine/search.h"
#include "faults.h"

static weir_problem problem;

static weir_runner *open_linked(const weir_target *target) {
  weir_runner *runner = NULL;
  ck_assert_msg(weir_runner_open_linked(target, &runner, &problem) == WEIR_OK, "%s", problem.text);
  return runner;
}

static weir_search *begin(weir_runner *runner, weir_search_options options) {
  weir_search *search = NULL;
  ck_assert_int_eq(weir_search_new(runner, &options, &search, &problem), WEIR_OK);
  return search;
}

static void run(weir_search *search, unsigned runs) {
  for (unsigned i = 0; i < runs; i++) ck_assert_msg(weir_search_run(search, &problem) == WEIR_OK, "%s", problem.text);
}

static bool breaks(weir_runner *runner, const weir_scenario *scenario, unsigned rule) {
  weir_run ran;
  weir_case_result result = {.of = NULL};
  bool found = false;
  ck_assert_int_eq(weir_runner_run(runner, scenario, &ran, &problem), WEIR_OK);
  ck_assert_int_eq(
      weir_engine_judge(&ran, weir_scenario_needs(scenario), weir_runner_capabilities(runner), false, false, &result),
      WEIR_OK);
  for (size_t i = 0; i < result.finding_count; i++) found = found || result.findings[i].rule == rule;
  weir_case_result_clear(&result);
  return found;
}

START_TEST(the_reference_is_left_alone) {
  weir_runner *runner = open_linked(weir_reference());
  weir_search *search = begin(runner, (weir_search_options){.seed = 5});
  run(search, 1000);
  size_t count = 0;
  const weir_discovery *found = weir_search_discoveries(search, &count);
  ck_assert_msg(count == 0, "%s", count > 0 ? found[0].message : "");
  ck_assert_uint_eq(weir_search_tally_of(search)->runs, 1000);
  ck_assert_uint_eq(weir_search_tally_of(search)->broken, 0);
  ck_assert_uint_gt(weir_pool_size(weir_search_pool(search)), 50);
  weir_search_free(search);
  weir_runner_close(runner);
}
END_TEST

/* From nothing, with no hint. */
START_TEST(every_fault_is_found) {
  fault broken;
  fault_make((unsigned)_i, &broken);
  weir_runner *runner = open_linked(&broken.target);
  weir_search *search = begin(runner, (weir_search_options){.seed = 1});
  size_t count = 0;
  for (unsigned tens = 0; count == 0 && tens < 3000; tens++) {
    run(search, 10);
    (void)weir_search_discoveries(search, &count);
  }
  const weir_discovery *found = weir_search_discoveries(search, &count);
  ck_assert_msg(count > 0, "%s", broken.name);
  for (size_t i = 0; i < count; i++) {
    ck_assert_msg(breaks(runner, found[i].scenario, found[i].rule), "%s: %s, kind %d: %s", broken.name,
                  weir_rule_get(found[i].rule)->id, (int)found[i].kind, found[i].message);
    ck_assert(found[i].minimal && found[i].run > 0 && found[i].seen > 0 && found[i].shape[0] != '\0');
    ck_assert_int_eq(found[i].kind, WEIR_DISCOVERY_NEW);
    for (size_t k = 0; k < i; k++)
      ck_assert(found[k].rule != found[i].rule || strcmp(found[k].shape, found[i].shape) != 0);
  }
  weir_search_free(search);
  weir_runner_close(runner);
}
END_TEST

START_TEST(the_same_seed_finds_the_same) {
  fault broken;
  fault_make(1, &broken);
  weir_search *search[2];
  weir_runner *runner[2];
  size_t count[2];
  const weir_discovery *found[2];
  for (unsigned i = 0; i < 2; i++) {
    runner[i] = open_linked(&broken.target);
    search[i] = begin(runner[i], (weir_search_options){.seed = 7});
    run(search[i], 500);
    found[i] = weir_search_discoveries(search[i], &count[i]);
  }
  ck_assert_uint_eq(count[0], count[1]);
  ck_assert_uint_eq(weir_pool_size(weir_search_pool(search[0])), weir_pool_size(weir_search_pool(search[1])));
  for (size_t i = 0; i < count[0]; i++) {
    ck_assert_uint_eq(found[0][i].run, found[1][i].run);
    ck_assert(weir_scenario_equal(found[0][i].scenario, found[1][i].scenario));
  }
  for (unsigned i = 0; i < 2; i++) {
    weir_search_free(search[i]);
    weir_runner_close(runner[i]);
  }
}
END_TEST

static void count_found(void *context, const weir_discovery *discovery) {
  (void)discovery;
  ++*(unsigned *)context;
}

/* What is known is told as known, and another way to break that rule as such. */
START_TEST(what_is_known_is_not_news) {
  fault broken;
  fault_make(5, &broken);
  weir_runner *runner = open_linked(&broken.target);
  weir_search *first = begin(runner, (weir_search_options){.seed = 3});
  size_t count = 0, again = 0;
  for (unsigned tens = 0; count == 0 && tens < 3000; tens++) {
    run(first, 10);
    (void)weir_search_discoveries(first, &count);
  }
  const weir_discovery *known = weir_search_discoveries(first, &count);
  ck_assert_uint_gt(count, 0);
  unsigned told = 0;
  weir_search *second = begin(runner, (weir_search_options){.seed = 3, .found = count_found, .context = &told});
  for (size_t i = 0; i < count; i++)
    ck_assert_int_eq(weir_search_know(second, known[i].scenario, (int)known[i].rule, &problem), WEIR_OK);
  for (size_t i = 0; i < count; i++) ck_assert_int_eq(weir_search_try(second, known[i].scenario, &problem), WEIR_OK);
  const weir_discovery *found = weir_search_discoveries(second, &again);
  ck_assert_uint_eq(again, count);
  for (size_t i = 0; i < again; i++) ck_assert_int_eq(found[i].kind, WEIR_DISCOVERY_KNOWN);
  ck_assert_uint_eq(told, 0);
  weir_search_free(first);
  weir_search_free(second);
  weir_runner_close(runner);
}
END_TEST

/* ---- Shapes */
static weir_record begins(unsigned event) {
  return (weir_record){.event = (uint8_t)event, .flags = WEIR_FLAG_BEGIN};
}

static weir_record ends(unsigned event) {
  return (weir_record){.event = (uint8_t)event, .flags = WEIR_FLAG_END};
}

static weir_record whole(unsigned event) {
  return (weir_record){.event = (uint8_t)event, .flags = WEIR_FLAG_BEGIN | WEIR_FLAG_END};
}

START_TEST(a_shape_says_what_was_done_where) {
  char shape[WEIR_SHAPE_MAX];
  const weir_record records[] = {
      {.event = WEIR_EVENT_OPEN},      whole(WEIR_EVENT_CONNECTION_MADE), whole(WEIR_EVENT_GET_BUFFER),
      {.event = WEIR_EVENT_RECV},      whole(WEIR_EVENT_BUFFER_UPDATED),  whole(WEIR_EVENT_GET_BUFFER),
      {.event = WEIR_EVENT_RECV},      whole(WEIR_EVENT_BUFFER_UPDATED),  begins(WEIR_EVENT_GET_BUFFER),
      whole(WEIR_EVENT_CLOSE),         whole(WEIR_EVENT_WRITE),           ends(WEIR_EVENT_GET_BUFFER),
      begins(WEIR_EVENT_OUTSIDE),      whole(WEIR_EVENT_ABORT),           ends(WEIR_EVENT_OUTSIDE),
      whole(WEIR_EVENT_BUFFER_UPDATED)};
  enum { COUNT = sizeof records / sizeof *records };
  weir_shape_write(records, COUNT, COUNT - 1, shape);
  ck_assert_str_eq(shape, "connection_made get_buffer buffer_updated get_buffer(close write) abort buffer_updated!");
  weir_shape_write(records, COUNT, 10, shape);
  ck_assert_str_eq(shape, "connection_made get_buffer buffer_updated get_buffer(close write!)");
  weir_shape_write(records, COUNT, 3, shape);
  ck_assert_str_eq(shape, "connection_made get_buffer");
  weir_shape_write(records, 0, 0, shape);
  ck_assert_str_eq(shape, "");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("search");
  TCase *tests = tcase_create("search");
  tcase_add_test(tests, the_reference_is_left_alone);
  tcase_add_loop_test(tests, every_fault_is_found, 0, FAULT_COUNT);
  tcase_add_test(tests, the_same_seed_finds_the_same);
  tcase_add_test(tests, what_is_known_is_not_news);
  tcase_add_test(tests, a_shape_says_what_was_done_where);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
