/* A scenario as bytes: total decoding, exact encoding, bounds. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/random.h"
#include "weir/scenario.h"

enum { SCENARIOS = 20000 };

static uint8_t bytes[WEIR_ENCODED_MAX + 64];
static weir_scenario scenario, again;

static uint64_t next(uint64_t *state) {
  *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return *state >> 33;
}

START_TEST(every_scenario_comes_back) {
  for (uint64_t seed = 0; seed < SCENARIOS; seed++) {
    weir_scenario_random(&scenario, seed, seed % 64 == 0 ? WEIR_STEPS_MAX : 24);
    size_t size = weir_scenario_encode(&scenario, bytes, WEIR_ENCODED_MAX);
    ck_assert(size > 0 || scenario.count == 0);
    weir_scenario_decode(bytes, size, &again);
    ck_assert_msg(weir_scenario_equal(&scenario, &again), "seed %u", (unsigned)seed);
  }
}
END_TEST

/* Every verb with every trigger, option and bound of its arguments. */
START_TEST(every_step_comes_back) {
  static const uint16_t ranges[][2] = {{1, 1},
                                       {2, 2},
                                       {3, 3},
                                       {4, 4},
                                       {1, WEIR_NTH_OPEN},
                                       {2, WEIR_NTH_OPEN},
                                       {3, WEIR_NTH_OPEN},
                                       {1, 2},
                                       {1, WEIR_NTH_MAX},
                                       {WEIR_NTH_MAX, WEIR_NTH_MAX},
                                       {WEIR_NTH_MAX, WEIR_NTH_OPEN},
                                       {193, 8000}};
  unsigned tried = 0;
  for (unsigned verb = 0; verb < WEIR_VERB_COUNT; verb++) {
    const weir_verb_info *info = weir_verb_get(verb);
    const int32_t as[] = {info->a.least, info->a.most, WEIR_NOT_GIVEN, 0, 191, 192, 8383, 8384};
    for (unsigned when = 0; when < WEIR_WHEN_COUNT; when++)
      for (unsigned event = 0; event < WEIR_OCCASION_COUNT; event++)
        for (unsigned range = 0; range < sizeof ranges / sizeof *ranges; range++)
          for (unsigned option = 0; option == 0 || option < info->option_count; option++)
            for (unsigned a = 0; a < sizeof as / sizeof *as; a++) {
              bool counts = when == WEIR_WHEN_AFTER || when == WEIR_WHEN_IN || when == WEIR_WHEN_AT;
              weir_step step = {.verb = (uint8_t)verb, .when = (uint8_t)when, .option = (uint8_t)option, .a = as[a]};
              if (counts) {
                step.event = (uint8_t)event;
                step.first = ranges[range][0];
                step.last = ranges[range][1];
              }
              if (info->b.how == WEIR_ARGUMENT_MAYBE) step.b = a % 2 == 0 ? WEIR_NOT_GIVEN : info->b.most;
              unsigned before = when == WEIR_WHEN_SAME ? 1 : 0;
              scenario.steps[0] =
                  (weir_step){.verb = info->actor == WEIR_ACTOR_PEER ? WEIR_VERB_PEER_FIN : WEIR_VERB_APP_CLOSE};
              scenario.steps[before] = step;
              scenario.count = before + 1;
              if (!weir_scenario_valid(&scenario)) continue;
              size_t size = weir_scenario_encode(&scenario, bytes, WEIR_ENCODED_MAX);
              weir_scenario_decode(bytes, size, &again);
              ck_assert_msg(weir_scenario_equal(&scenario, &again), "%s when %u event %u", info->word, when, event);
              tried++;
            }
  }
  ck_assert_uint_gt(tried, 10000);
}
END_TEST

START_TEST(every_input_is_a_scenario) {
  uint64_t state = 1;
  for (unsigned round = 0; round < SCENARIOS; round++) {
    size_t size = next(&state) % (round % 100 == 0 ? 20000 : 200);
    uint64_t mask = round % 3 == 0 ? 0x3F : 0xFF;
    for (size_t at = 0; at < size; at++) bytes[at] = (uint8_t)(next(&state) & mask);
    weir_scenario_decode(bytes, size, &scenario);
    ck_assert(weir_scenario_valid(&scenario));
    ck_assert(size == 0 || scenario.count > 0);
    size_t shorter = weir_scenario_encode(&scenario, bytes, WEIR_ENCODED_MAX);
    weir_scenario_decode(bytes, shorter, &again);
    ck_assert(weir_scenario_equal(&scenario, &again));
  }
}
END_TEST

START_TEST(every_verb_and_trigger_byte_is_a_step) {
  for (unsigned verb = 0; verb < 256; verb++)
    for (unsigned trigger = 0; trigger < 256; trigger++) {
      uint8_t pair[2] = {(uint8_t)verb, (uint8_t)trigger};
      weir_scenario_decode(pair, 2, &scenario);
      ck_assert_uint_eq(scenario.count, 1);
      ck_assert(weir_step_valid(&scenario.steps[0], NULL));
      unsigned least = verb < 0xC0 ? verb : verb - 0xC0; /* from there on: which connection is said, too */
      ck_assert_uint_eq(scenario.steps[0].verb, least % WEIR_VERB_COUNT);
    }
}
END_TEST

START_TEST(nothing_is_the_simplest) {
  weir_scenario_decode(NULL, 0, &scenario);
  ck_assert_uint_eq(scenario.count, 0);
  ck_assert_uint_eq(weir_scenario_encode(&scenario, bytes, 0), 0);
  weir_scenario_decode((const uint8_t[]){0}, 1, &scenario);
  ck_assert_uint_eq(scenario.count, 1);
  weir_step send_one = {.verb = WEIR_VERB_PEER_SEND, .when = WEIR_WHEN_IDLE, .a = 1, .b = WEIR_NOT_GIVEN};
  ck_assert_mem_eq(&scenario.steps[0], &send_one, sizeof send_one);
}
END_TEST

START_TEST(small_steps_are_small) {
  const struct {
    weir_step step;
    size_t size;
  } sizes[] = {
      {{.verb = WEIR_VERB_PEER_FIN}, 2},
      {{.verb = WEIR_VERB_APP_CLOSE, .when = WEIR_WHEN_IN, .event = 1, .first = 3, .last = 3}, 2},
      {{.verb = WEIR_VERB_APP_CLOSE, .when = WEIR_WHEN_IN, .event = 1, .first = 4, .last = 4}, 3},
      {{.verb = WEIR_VERB_PEER_READ, .a = 192}, 3},
      {{.verb = WEIR_VERB_PEER_READ, .a = 193}, 4},
      {{.verb = WEIR_VERB_PEER_READ, .a = WEIR_SIZE_MAX}, 5},
  };
  for (unsigned index = 0; index < sizeof sizes / sizeof *sizes; index++) {
    scenario.steps[0] = sizes[index].step;
    scenario.count = 1;
    ck_assert_uint_eq(weir_scenario_encode(&scenario, bytes, WEIR_ENCODED_MAX), sizes[index].size);
  }
}
END_TEST

/* A prefix is the same steps, but for the last, whose missing bytes are zeros. */
START_TEST(a_cut_spares_the_whole_steps) {
  for (uint64_t seed = 0; seed < 500; seed++) {
    weir_scenario_random(&scenario, seed, 12);
    size_t size = weir_scenario_encode(&scenario, bytes, WEIR_ENCODED_MAX);
    for (size_t cut = 0; cut < size; cut++) {
      /* Exactly `cut` bytes of heap: the sanitizer sees a byte too many. */
      uint8_t *prefix = malloc(cut + 1);
      ck_assert_ptr_nonnull(prefix);
      memcpy(prefix + 1, bytes, cut);
      weir_scenario_decode(prefix + 1, cut, &again);
      free(prefix);
      ck_assert(weir_scenario_valid(&again));
      ck_assert_uint_le(again.count, scenario.count);
      ck_assert(cut == 0 || again.count > 0);
      if (again.count > 1) ck_assert_mem_eq(again.steps, scenario.steps, (again.count - 1) * sizeof *again.steps);
      if (again.count > 0) ck_assert_uint_eq(again.steps[again.count - 1].verb, scenario.steps[again.count - 1].verb);
    }
  }
}
END_TEST

/* Steps that take as many bytes as any can, cut everywhere: nothing behind the end is read. */
START_TEST(the_longest_step_stays_inside) {
  static const uint8_t longest[] = {WEIR_VERB_APP_WRITELINES,
                                    0xE0 | 2,
                                    0xFF,
                                    0xFF,
                                    0xFF,
                                    0xFF,
                                    0xFF,
                                    0xFF,
                                    0xFF,
                                    0xFF,
                                    4,
                                    0xFF,
                                    0xFF,
                                    0xFF,
                                    0xFF,
                                    0xFF,
                                    0xFF,
                                    0xFF,
                                    0xFF};
  for (size_t size = 1; size <= 4 * sizeof longest; size++) {
    uint8_t *exact = malloc(size);
    ck_assert_ptr_nonnull(exact);
    for (size_t at = 0; at < size; at++) exact[at] = longest[at % sizeof longest];
    weir_scenario_decode(exact, size, &scenario);
    free(exact);
    ck_assert(weir_scenario_valid(&scenario));
    ck_assert_uint_eq(scenario.count, (size + sizeof longest - 1) / sizeof longest);
    for (unsigned index = 0; index < scenario.count; index++)
      ck_assert_uint_eq(scenario.steps[index].verb, WEIR_VERB_APP_WRITELINES);
  }
}
END_TEST

START_TEST(repairs_go_to_what_fits) {
  /* size at get_buffer, whatever trigger it is given */
  for (unsigned trigger = 0; trigger < 32; trigger++) {
    uint8_t size[] = {WEIR_VERB_APP_SIZE, (uint8_t)trigger};
    weir_scenario_decode(size, 2, &scenario);
    ck_assert_uint_eq(scenario.steps[0].when, WEIR_WHEN_IN);
    ck_assert_uint_eq(scenario.steps[0].event, WEIR_OCCASION_GET_BUFFER);
  }
  /* a shared turn without one to share */
  const uint8_t same[] = {WEIR_VERB_PEER_FIN, 1, WEIR_VERB_PEER_FIN, 1, WEIR_VERB_APP_CLOSE, 1};
  weir_scenario_decode(same, sizeof same, &scenario);
  ck_assert_uint_eq(scenario.count, 3);
  ck_assert_uint_eq(scenario.steps[0].when, WEIR_WHEN_IDLE);
  ck_assert_uint_eq(scenario.steps[1].when, WEIR_WHEN_SAME);
  ck_assert_uint_eq(scenario.steps[2].when, WEIR_WHEN_IDLE);
  /* an error of sending at recv (trigger 10) */
  const uint8_t error[] = {WEIR_VERB_SOCKET_ERROR, 10, WEIR_SOCKET_EPIPE};
  weir_scenario_decode(error, sizeof error, &scenario);
  ck_assert_uint_eq(scenario.steps[0].event, WEIR_OCCASION_SEND);
  ck_assert_uint_eq(scenario.steps[0].option, WEIR_SOCKET_EPIPE);
}
END_TEST

START_TEST(bounds_hold) {
  /* more steps than there may be, and more bytes than are looked at */
  memset(bytes, 0, sizeof bytes);
  weir_scenario_decode(bytes, sizeof bytes, &scenario);
  ck_assert_uint_eq(scenario.count, WEIR_STEPS_MAX);
  /* the longest form of every field, in every step */
  for (unsigned index = 0; index < WEIR_STEPS_MAX; index++)
    scenario.steps[index] = (weir_step){.verb = WEIR_VERB_APP_SET_LIMITS,
                                        .when = WEIR_WHEN_IN,
                                        .event = WEIR_OCCASION_RESUME_WRITING,
                                        .first = 30000,
                                        .last = 60000,
                                        .a = WEIR_SIZE_MAX,
                                        .b = WEIR_SIZE_MAX};
  ck_assert(weir_scenario_valid(&scenario));
  size_t size = weir_scenario_encode(&scenario, bytes, WEIR_ENCODED_MAX);
  ck_assert_uint_gt(size, 0);
  ck_assert_uint_le(size, WEIR_ENCODED_MAX);
  weir_scenario_decode(bytes, size, &again);
  ck_assert(weir_scenario_equal(&scenario, &again));
  ck_assert_uint_eq(weir_scenario_encode(&scenario, bytes, size - 1), 0);
  ck_assert_uint_eq(weir_scenario_encode(&scenario, bytes, size), size);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("scenario as bytes");
  TCase *codec = tcase_create("codec");
  tcase_set_timeout(codec, 100);
  tcase_add_test(codec, every_scenario_comes_back);
  tcase_add_test(codec, every_step_comes_back);
  tcase_add_test(codec, every_input_is_a_scenario);
  tcase_add_test(codec, every_verb_and_trigger_byte_is_a_step);
  tcase_add_test(codec, nothing_is_the_simplest);
  tcase_add_test(codec, small_steps_are_small);
  tcase_add_test(codec, a_cut_spares_the_whole_steps);
  tcase_add_test(codec, the_longest_step_stays_inside);
  tcase_add_test(codec, repairs_go_to_what_fits);
  tcase_add_test(codec, bounds_hold);
  suite_add_tcase(suite, codec);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
