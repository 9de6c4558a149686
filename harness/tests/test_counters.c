/* The counters: their layout, their names, and what a trace gives. */
#include "validator/counters.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace_words.h"

enum { NAME_MAX_SIZE = 80 };

static const char *name_of(unsigned counter) {
  static char name[NAME_MAX_SIZE];
  ck_assert_uint_lt(weir_counter_name(counter, name, sizeof name), sizeof name);
  return name;
}

/* Every place that gives a counter gives one of its own, and together they are all. */
START_TEST(every_index_is_used_once) {
  unsigned given[WEIR_COUNTER_COUNT] = {0};
  for (unsigned event = 0; event <= WEIR_EVENT_COUNT; event++) {
    for (unsigned state = 0; state <= WEIR_STATE_COUNT; state++) {
      int index = weir_counter_transition((weir_state)state, event);
      bool callback = weir_event_name(event) != NULL && weir_event_group_of(event) == WEIR_GROUP_CALLBACK;
      ck_assert_msg((index >= 0) == (callback && state < WEIR_STATE_BAD), "event %u in state %u", event, state);
      if (index >= 0) given[index]++;
    }
    for (unsigned place = 0; place <= WEIR_EVENT_COUNT; place++) {
      int index = weir_counter_pair(place, event);
      bool call = weir_event_name(event) != NULL && weir_event_group_of(event) == WEIR_GROUP_CALL;
      bool within = place == WEIR_EVENT_NONE ||
                    (weir_event_name(place) != NULL && weir_event_group_of(place) == WEIR_GROUP_CALLBACK);
      ck_assert_msg((index >= 0) == (call && within), "event %u inside %u", event, place);
      if (index >= 0) given[index]++;
    }
  }
  for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++) given[weir_counter_rule(rule)]++;
  ck_assert_int_eq(weir_counter_rule(WEIR_RULE_COUNT), -1);
  for (unsigned i = 0; i < WEIR_COUNTER_COUNT; i++) ck_assert_msg(given[i] == 1, "%u is given %u times", i, given[i]);
}
END_TEST

START_TEST(every_counter_has_a_name_of_its_own) {
  char names[WEIR_COUNTER_COUNT][NAME_MAX_SIZE];
  for (unsigned i = 0; i < WEIR_COUNTER_COUNT; i++) {
    strcpy(names[i], name_of(i));
    ck_assert_msg(strstr(names[i], "null") == NULL, "%s", names[i]);
    for (unsigned j = 0; j < i; j++) ck_assert_str_ne(names[i], names[j]);
  }
  ck_assert_uint_eq(weir_counter_name(WEIR_COUNTER_COUNT, names[0], NAME_MAX_SIZE), 0);
}
END_TEST

START_TEST(names_say_what_is_counted) {
  unsigned counter = (unsigned)weir_counter_transition(WEIR_STATE_OPEN, WEIR_EVENT_GET_BUFFER);
  ck_assert_str_eq(name_of(counter), "open -> buffer by get_buffer");
  counter = (unsigned)weir_counter_transition(WEIR_STATE_LOST, WEIR_EVENT_CONNECTION_LOST);
  ck_assert_str_eq(name_of(counter), "lost -> bad by connection_lost");
  counter = (unsigned)weir_counter_pair(WEIR_EVENT_GET_BUFFER, WEIR_EVENT_CLOSE);
  ck_assert_str_eq(name_of(counter), "close() inside get_buffer");
  counter = (unsigned)weir_counter_pair(WEIR_EVENT_NONE, WEIR_EVENT_GET_SIZE);
  ck_assert_str_eq(name_of(counter), "get_write_buffer_size() outside callbacks");
  ck_assert_str_eq(name_of((unsigned)weir_counter_rule(WEIR_RULE_C1)), "C1 is put to the test");
  char cut[8];
  ck_assert_uint_eq(weir_counter_name(counter, cut, sizeof cut), 41);
  ck_assert_str_eq(cut, "get_wri");
}
END_TEST

/* Checks that a trace raises these transitions and pairs, so often, and no other. */
static void check_counters(const weir_record *records, size_t count, const char *const *expected) {
  uint8_t counters[WEIR_COUNTER_COUNT] = {0};
  weir_counters_add(records, count, counters);
  for (unsigned i = 0; i < WEIR_COUNTER_COUNT; i++) {
    char line[NAME_MAX_SIZE + 8];
    snprintf(line, sizeof line, "%u %s", counters[i], name_of(i));
    bool listed = false;
    for (const char *const *at = expected; *at != NULL; at++) listed = listed || strcmp(*at, line) == 0;
    ck_assert_msg(listed || counters[i] == 0, "not expected: %s", line);
  }
  size_t raised = 0, wanted = 0;
  for (unsigned i = 0; i < WEIR_COUNTER_COUNT; i++) raised += counters[i] > 0;
  while (expected[wanted] != NULL) wanted++;
  ck_assert_uint_eq(raised, wanted);
}

START_TEST(a_trace_gives_exactly_its_counters) {
  words trace = words_parse("open cm{ write/5 } psend/100 gb recv/64=64 bu/64@0 gb{ pause limits{ pw{ isclosing } } } "
                            "outside{ resume close } rw gb bu/9@64 cl cl end:quiescent");
  check_counters(trace.records, trace.count,
                 (const char *const[]){"1 start -> open by connection_made", "2 open -> buffer by get_buffer",
                                       "2 buffer -> open by buffer_updated", "1 buffer -> buffer by pause_writing",
                                       "1 buffer -> buffer by resume_writing", "1 buffer -> buffer by get_buffer",
                                       "1 open -> lost by connection_lost", "1 lost -> bad by connection_lost",
                                       "1 write() inside connection_made", "1 pause_reading() inside get_buffer",
                                       "1 set_write_buffer_limits() inside get_buffer",
                                       "1 is_closing() inside pause_writing", "1 resume_reading() outside callbacks",
                                       "1 close() outside callbacks", NULL});
}
END_TEST

START_TEST(connections_are_counted_apart) {
  words trace = words_parse("open open cm cm{ gb cl } bu/1@0 cl");
  const uint8_t of[] = {0, 1, 0, 1, 0, 0, 1, 1, 1};
  ck_assert_uint_eq(trace.count, sizeof of);
  for (size_t i = 0; i < trace.count; i++) trace.records[i].connection = of[i];
  check_counters(trace.records, trace.count,
                 (const char *const[]){"2 start -> open by connection_made", "1 open -> buffer by get_buffer",
                                       "1 buffer -> lost by connection_lost", "1 open -> bad by buffer_updated", NULL});
  for (size_t i = 0; i < trace.count; i++) trace.records[i].connection = WEIR_CONNECTIONS_MAX;
  check_counters(trace.records, trace.count, (const char *const[]){NULL});
}
END_TEST

START_TEST(a_counter_stays_at_its_highest) {
  weir_record records[300] = {{.event = WEIR_EVENT_CONNECTION_MADE, .flags = WEIR_FLAG_BEGIN | WEIR_FLAG_END}};
  for (size_t i = 1; i < 300; i++)
    records[i] = (weir_record){.event = WEIR_EVENT_GET_BUFFER, .flags = WEIR_FLAG_BEGIN | WEIR_FLAG_END};
  check_counters(records, 300,
                 (const char *const[]){"1 start -> open by connection_made", "1 open -> buffer by get_buffer",
                                       "255 buffer -> buffer by get_buffer", NULL});
}
END_TEST

/* What no recorder writes ends the counting, and harms nothing. */
START_TEST(any_records_will_do) {
  enum { BOTH = WEIR_FLAG_BEGIN | WEIR_FLAG_END };
  const weir_record wrong[] = {{.event = WEIR_EVENT_NONE},
                               {.event = WEIR_EVENT_COUNT},
                               {.event = 255, .flags = BOTH},
                               {.event = WEIR_EVENT_CLOSE},
                               {.event = WEIR_EVENT_RECV, .flags = WEIR_FLAG_BEGIN},
                               {.event = WEIR_EVENT_CLOSE, .flags = WEIR_FLAG_END}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    const weir_record records[] = {
        {.event = WEIR_EVENT_CLOSE, .flags = BOTH}, wrong[i], {.event = WEIR_EVENT_ABORT, .flags = BOTH}};
    check_counters(records, 3, (const char *const[]){"1 close() outside callbacks", NULL});
  }
  weir_record deep[200];
  for (size_t i = 0; i < 200; i++) deep[i] = (weir_record){.event = WEIR_EVENT_CLOSE, .flags = WEIR_FLAG_BEGIN};
  check_counters(deep, 200, (const char *const[]){"65 close() outside callbacks", NULL});
}
END_TEST

/* Two traces in one set of counters; a rule counts once a trace, and as the validator says. */
START_TEST(rules_are_counted_once_a_trace) {
  words trace = words_parse("open cm gb bu/1@0 gb bu/1@1 outside{ close } cl end:quiescent");
  void *memory = malloc(weir_validator_size());
  ck_assert_ptr_nonnull(memory);
  weir_validator *validator = weir_validator_init(memory);
  uint8_t counters[WEIR_COUNTER_COUNT] = {0};
  for (unsigned round = 1; round <= 300; round++) {
    weir_validator_reset(validator);
    weir_validator_feed(validator, trace.records, trace.count);
    weir_counters_add_rules(validator, counters);
    unsigned expected = round < 255 ? round : 255;
    ck_assert_uint_eq(counters[weir_counter_rule(WEIR_RULE_C2)], expected);
    ck_assert_uint_eq(counters[weir_counter_rule(WEIR_RULE_B1)], expected);
    ck_assert_uint_eq(counters[weir_counter_rule(WEIR_RULE_E1)], 0);
    for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++)
      ck_assert_int_eq(counters[weir_counter_rule(rule)] > 0, weir_validator_exercised(validator, rule));
  }
  for (unsigned i = 0; i < WEIR_COUNTER_RULES; i++) ck_assert_uint_eq(counters[i], 0);
  free(memory);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("counters");
  TCase *tcase = tcase_create("counters");
  tcase_add_test(tcase, every_index_is_used_once);
  tcase_add_test(tcase, every_counter_has_a_name_of_its_own);
  tcase_add_test(tcase, names_say_what_is_counted);
  tcase_add_test(tcase, a_trace_gives_exactly_its_counters);
  tcase_add_test(tcase, connections_are_counted_apart);
  tcase_add_test(tcase, a_counter_stays_at_its_highest);
  tcase_add_test(tcase, any_records_will_do);
  tcase_add_test(tcase, rules_are_counted_once_a_trace);
  suite_add_tcase(suite, tcase);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
