/* Every cell of the machine matters: changed to any other state, it is noticed
 * by a golden trace or by a trace of the suite. */
#include <check.h>

#include "engine/engine.h"
#include "golden.h"

/* The machine as a table that can be changed. */
typedef struct machine {
  uint8_t next[WEIR_EVENT_COUNT][WEIR_STATE_COUNT];
} machine;

enum { NEVER = -1 };

static golden_trace *traces;
static size_t trace_count;
static weir_suite suite;
static weir_result suite_result;

static machine read_machine(void) {
  machine table;
  for (unsigned event = 0; event < WEIR_EVENT_COUNT; event++)
    for (unsigned state = 0; state < WEIR_STATE_COUNT; state++)
      table.next[event][state] = (uint8_t)weir_machine_next((weir_state)state, event);
  return table;
}

/* The first record at which a connection is where the machine does not permit it; NEVER: there is none. */
static int64_t first_bad(const machine *table, const weir_record *records, size_t count) {
  uint8_t states[256] = {WEIR_STATE_START};
  for (size_t i = 0; i < count; i++) {
    if ((records[i].flags & WEIR_FLAG_END) && !(records[i].flags & WEIR_FLAG_BEGIN)) continue;
    uint8_t *state = &states[records[i].connection];
    *state = table->next[records[i].event][*state];
    if (*state == WEIR_STATE_BAD) return (int64_t)i;
  }
  return NEVER;
}

/* What the header of a golden trace expects of the machine: the rules that are
 * the machine in words, broken by a callback. */
static int64_t expected_bad(const golden_trace *golden) {
  int64_t first = NEVER;
  for (size_t i = 0; i < golden->expect_count; i++) {
    const golden_expectation *expected = &golden->expect[i];
    switch (expected->rule) {
    case WEIR_RULE_L1:
    case WEIR_RULE_L2:
    case WEIR_RULE_L3:
    case WEIR_RULE_B1:
    case WEIR_RULE_E1:
    case WEIR_RULE_E2: break;
    default: continue;
    }
    if (weir_event_group_of(golden->records[expected->event].event) != WEIR_GROUP_CALLBACK) continue;
    if (first == NEVER || (int64_t)expected->event < first) first = (int64_t)expected->event;
  }
  return first;
}

START_TEST(agrees_with_golden_traces) {
  const machine table = read_machine();
  for (size_t i = 0; i < trace_count; i++) {
    int64_t bad = first_bad(&table, traces[i].records, traces[i].count), expected = expected_bad(&traces[i]);
    ck_assert_msg(bad == expected, "%s: the machine stops at event %lld, and is expected to at %lld", traces[i].name,
                  (long long)bad, (long long)expected);
  }
}
END_TEST

START_TEST(permits_the_suite) {
  const machine table = read_machine();
  const weir_target_result *target = &suite_result.targets[0];
  ck_assert_uint_gt(target->count, 500);
  for (size_t i = 0; i < target->count; i++) {
    const weir_case_result *one = &target->cases[i];
    ck_assert_msg(one->record_count > 0 || one->verdict == WEIR_SKIP, "%s left no trace", one->of->name);
    int64_t bad = first_bad(&table, one->records, one->record_count);
    ck_assert_msg(bad == NEVER, "%s: the machine stops at event %lld", one->of->name, (long long)bad);
  }
}
END_TEST

static bool golden_notices(const machine *table) {
  for (size_t i = 0; i < trace_count; i++)
    if (first_bad(table, traces[i].records, traces[i].count) != expected_bad(&traces[i])) return true;
  return false;
}

static bool suite_notices(const machine *table) {
  const weir_target_result *target = &suite_result.targets[0];
  for (size_t i = 0; i < target->count; i++)
    if (first_bad(table, target->cases[i].records, target->cases[i].record_count) != NEVER) return true;
  return false;
}

/* The cells: what each callback does in each state but BAD, which nothing leaves. */
START_TEST(every_change_of_a_cell_is_noticed) {
  machine table = read_machine();
  unsigned changes = 0, by_golden = 0, by_suite = 0, missed = 0;
  for (unsigned event = 0; event < WEIR_EVENT_COUNT; event++) {
    if (weir_event_name(event) == NULL || weir_event_group_of(event) != WEIR_GROUP_CALLBACK) continue;
    for (unsigned state = 0; state < WEIR_STATE_BAD; state++) {
      const uint8_t right = table.next[event][state];
      for (unsigned other = 0; other < WEIR_STATE_COUNT; other++) {
        if (other == right) continue;
        table.next[event][state] = (uint8_t)other;
        bool golden = golden_notices(&table), run = suite_notices(&table);
        changes++;
        by_golden += golden;
        by_suite += run;
        if (golden || run) continue;
        missed++;
        fprintf(stderr, "%s in %s leads to %s in place of %s, and nothing notices\n", weir_event_name(event),
                weir_state_name((weir_state)state), weir_state_name((weir_state)other),
                weir_state_name((weir_state)right));
      }
      table.next[event][state] = right;
    }
  }
  printf("%u changes of a cell: %u are noticed by golden traces, %u by the suite's\n", changes, by_golden, by_suite);
  ck_assert_uint_eq(changes, 8 * 5 * 5);
  ck_assert_uint_eq(missed, 0);
}
END_TEST

static void run_suite(void) {
  weir_problem problem = {.text = ""};
  const weir_engine_options options = {.keep_traces = true, .seed = 1};
  const weir_runner_options runner_options = {.command = NULL};
  weir_status status = weir_suite_load(WEIR_SOURCE_FOLDER "/conformance/cases", NULL, &suite, &problem);
  if (status == WEIR_OK)
    status = weir_engine_test("reference", &runner_options, &suite, &options, &suite_result, &problem);
  golden_must(status == WEIR_OK, "%s", problem.text);
}

int main(void) {
  traces = golden_load(&trace_count);
  run_suite();
  Suite *tests = suite_create("machine_mutations");
  TCase *tcase = tcase_create("machine_mutations");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, agrees_with_golden_traces);
  tcase_add_test(tcase, permits_the_suite);
  tcase_add_test(tcase, every_change_of_a_cell_is_noticed);
  suite_add_tcase(tests, tcase);
  SRunner *runner = srunner_create(tests);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  weir_result_clear(&suite_result);
  weir_suite_free(&suite);
  free(traces);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
