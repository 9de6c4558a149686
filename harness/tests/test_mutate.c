/* Mutation: always valid, within its bounds, a function of the seed, and every
 * kind of change comes about. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/mutate.h"
#include "scenario/random.h"
#include "scenario/step.h"

enum { ROUNDS = 20000 };

static weir_scenario scenario, before, other;

START_TEST(every_result_is_valid) {
  for (uint64_t seed = 0; seed < ROUNDS; seed++) {
    weir_chance chance = {.state = seed};
    uint32_t most = seed % 64 == 0 ? WEIR_STEPS_MAX : 1 + (uint32_t)(seed % 24);
    weir_scenario_random(&scenario, seed, most);
    for (unsigned i = 0; i < 4; i++) {
      (void)weir_scenario_mutate(&scenario, &chance, most);
      ck_assert(weir_scenario_valid(&scenario));
      ck_assert_uint_le(scenario.count, most);
    }
  }
}
END_TEST

START_TEST(every_splice_is_valid) {
  for (uint64_t seed = 0; seed < ROUNDS; seed++) {
    weir_chance chance = {.state = seed};
    uint32_t most = 1 + (uint32_t)(seed % 24);
    weir_scenario_random(&scenario, seed, most);
    weir_scenario_random(&other, seed + 1, 40);
    weir_scenario_splice(&scenario, &other, &chance, most);
    ck_assert(weir_scenario_valid(&scenario));
    ck_assert_uint_le(scenario.count, most);
  }
}
END_TEST

START_TEST(a_splice_has_steps_of_both) {
  const weir_step sends = {.verb = WEIR_VERB_PEER_SEND, .a = 1, .b = WEIR_NOT_GIVEN},
                  closes = {.verb = WEIR_VERB_APP_CLOSE};
  unsigned both = 0;
  for (uint64_t seed = 0; seed < 100; seed++) {
    weir_chance chance = {.state = seed};
    unsigned seen[2] = {0};
    scenario.count = other.count = 4;
    for (unsigned i = 0; i < 4; i++) {
      scenario.steps[i] = sends;
      other.steps[i] = closes;
    }
    weir_scenario_splice(&scenario, &other, &chance, 8);
    for (unsigned i = 0; i < scenario.count; i++) seen[scenario.steps[i].verb == WEIR_VERB_APP_CLOSE]++;
    ck_assert_uint_gt(seen[1], 0);
    both += seen[0] > 0;
  }
  ck_assert_uint_gt(both, 50);
}
END_TEST

START_TEST(the_same_chance_gives_the_same) {
  for (uint64_t seed = 0; seed < 1000; seed++) {
    weir_chance left = {.state = seed}, right = {.state = seed};
    weir_scenario_random(&scenario, seed, 12);
    other = scenario;
    weir_mutation mutation = weir_scenario_mutate(&scenario, &left, 16);
    ck_assert_int_eq(mutation, weir_scenario_mutate(&other, &right, 16));
    ck_assert(weir_scenario_equal(&scenario, &other));
    ck_assert_uint_eq(left.state, right.state);
  }
}
END_TEST

static bool step_equal(const weir_step *left, const weir_step *right) {
  return memcmp(left, right, sizeof *left) == 0;
}

/* Whether what a mutation says of itself is what it did; where nothing was
 * changed (the same number was drawn again) that is as good. */
static bool bears_out(weir_mutation mutation) {
  uint32_t differ = 0;
  for (uint32_t i = 0; i < scenario.count && i < before.count; i++)
    differ += !step_equal(&scenario.steps[i], &before.steps[i]);
  switch (mutation) {
  case WEIR_MUTATION_INSERT: return scenario.count == before.count + 1;
  case WEIR_MUTATION_DELETE: return scenario.count < before.count;
  case WEIR_MUTATION_DUPLICATE: return scenario.count > before.count;
  case WEIR_MUTATION_MOVE: return scenario.count == before.count;
  default: return scenario.count == before.count && differ <= 2; /* a turn's second step may lose its first */
  }
}

START_TEST(every_kind_of_change_comes_about) {
  unsigned done[WEIR_MUTATION_COUNT] = {0}, changed[WEIR_MUTATION_COUNT] = {0};
  for (uint64_t seed = 0; seed < ROUNDS; seed++) {
    weir_chance chance = {.state = seed};
    weir_scenario_random(&scenario, seed, 12);
    before = scenario;
    weir_mutation mutation = weir_scenario_mutate(&scenario, &chance, 16);
    ck_assert_msg(bears_out(mutation), "seed %u: %s", (unsigned)seed, weir_mutation_name(mutation));
    done[mutation]++;
    changed[mutation] += !weir_scenario_equal(&scenario, &before);
  }
  for (unsigned i = 0; i < WEIR_MUTATION_COUNT; i++) {
    ck_assert_msg(changed[i] > ROUNDS / 400, "%s: %u", weir_mutation_name(i), changed[i]);
    ck_assert_msg(changed[i] >= done[i] / 4, "%s: %u of %u", weir_mutation_name(i), changed[i], done[i]);
  }
}
END_TEST

/* From nothing, by single changes: every verb at every trigger that it takes. */
START_TEST(every_step_is_reached) {
  static unsigned seen[WEIR_VERB_COUNT][WEIR_TRIGGER_COUNT];
  weir_chance chance = {.state = 1};
  scenario.count = 0;
  for (unsigned i = 0; i < 200000; i++) {
    (void)weir_scenario_mutate(&scenario, &chance, 8);
    for (uint32_t k = 0; k < scenario.count; k++)
      seen[scenario.steps[k].verb][weir_trigger_number(scenario.steps[k].when, scenario.steps[k].event)]++;
  }
  for (unsigned verb = 0; verb < WEIR_VERB_COUNT; verb++)
    for (unsigned trigger = 0; trigger < WEIR_TRIGGER_COUNT; trigger++)
      if (weir_verb_triggers(verb) & WEIR_TRIGGER_BIT(trigger))
        ck_assert_msg(seen[verb][trigger] > 0, "%s, trigger %u", weir_verb_get(verb)->word, trigger);
}
END_TEST

/* What is made lighter stays valid, and the same when it is done again. */
START_TEST(lighter_is_valid) {
  for (uint64_t seed = 0; seed < ROUNDS; seed++) {
    weir_scenario_random(&scenario, seed, 24);
    weir_scenario_lighten(&scenario);
    ck_assert(weir_scenario_valid(&scenario));
    other = scenario;
    weir_scenario_lighten(&other);
    ck_assert(weir_scenario_equal(&scenario, &other));
  }
}
END_TEST

START_TEST(small_is_likely) {
  unsigned first = 0, all = 0;
  for (uint64_t seed = 0; seed < ROUNDS; seed++) {
    weir_chance chance = {.state = seed};
    scenario.count = 0;
    (void)weir_scenario_mutate(&scenario, &chance, 8);
    if (!weir_when_counts(scenario.steps[0].when)) continue;
    all++;
    first += scenario.steps[0].first <= 3;
  }
  ck_assert_uint_gt(all, ROUNDS / 8);
  ck_assert_uint_gt(first, all * 3 / 4);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("mutate");
  TCase *tests = tcase_create("mutate");
  tcase_add_test(tests, every_result_is_valid);
  tcase_add_test(tests, every_splice_is_valid);
  tcase_add_test(tests, a_splice_has_steps_of_both);
  tcase_add_test(tests, the_same_chance_gives_the_same);
  tcase_add_test(tests, every_kind_of_change_comes_about);
  tcase_add_test(tests, every_step_is_reached);
  tcase_add_test(tests, lighter_is_valid);
  tcase_add_test(tests, small_is_likely);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
