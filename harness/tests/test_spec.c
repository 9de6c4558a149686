/* The table of rules, its sources, the machine. */
#include <check.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "spec/machine.h"
#include "weir/spec.h"
#include "weir/trace.h"

START_TEST(every_rule_is_whole) {
  for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++) {
    const weir_rule_info *info = weir_rule_get(rule);
    ck_assert_ptr_nonnull(info);
    ck_assert_int_eq(weir_rule_find(info->id), (int)rule);
    ck_assert_msg(isupper((unsigned char)info->id[0]) && isdigit((unsigned char)info->id[1]), "%s", info->id);
    ck_assert_msg(strlen(info->sentence) > 5, "%s has no sentence", info->id);
    ck_assert_msg((info->level == WEIR_PROFILE) == (info->kind == 0), "%s: a profile has no kind, all else has",
                  info->id);
    ck_assert_msg((info->state == WEIR_CHECKED) <= (info->level != WEIR_PROFILE), "%s: a profile is not checked",
                  info->id);
  }
  ck_assert_ptr_null(weir_rule_get(WEIR_RULE_COUNT));
  ck_assert_int_eq(weir_rule_find("Z1"), -1);
}
END_TEST

START_TEST(a_checked_rule_watches_something) {
  for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++) {
    const weir_rule_info *info = weir_rule_get(rule);
    if (info->state == WEIR_CHECKED) ck_assert_msg(info->watches != 0, "%s watches nothing", info->id);
    ck_assert_msg((info->watches & 1) == 0 && info->watches >> WEIR_EVENT_COUNT == 0, "%s watches no event", info->id);
    if (info->state == WEIR_CHECKED && (info->kind & WEIR_LIVENESS))
      ck_assert_msg(info->watches >> WEIR_EVENT_END & 1, "%s is liveness and is not judged at the end", info->id);
  }
}
END_TEST

/* Every name in a rule's source has a sentence: either the whole, or each word. */
START_TEST(every_source_is_known) {
  for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++) {
    char source[64];
    ck_assert_uint_lt(strlen(weir_rule_get(rule)->source), sizeof source);
    memcpy(source, weir_rule_get(rule)->source, strlen(weir_rule_get(rule)->source) + 1);
    if (source[0] == 0 || weir_source_get(source) != NULL) continue;
    for (char *word = strtok(source, " "); word != NULL; word = strtok(NULL, " "))
      ck_assert_msg(weir_source_get(word) != NULL, "%s: no source %s", weir_rule_get(rule)->id, word);
  }
  ck_assert_ptr_null(weir_source_get("D99"));
}
END_TEST

static weir_state walk(const int *events, size_t count) {
  weir_state state = WEIR_STATE_START;
  for (size_t i = 0; i < count; i++) state = weir_machine_next(state, (unsigned)events[i]);
  return state;
}

START_TEST(the_machine_is_that_of_the_document) {
  enum {
    CM = WEIR_EVENT_CONNECTION_MADE,
    GB = WEIR_EVENT_GET_BUFFER,
    BU = WEIR_EVENT_BUFFER_UPDATED,
    ER = WEIR_EVENT_EOF_RECEIVED,
    CL = WEIR_EVENT_CONNECTION_LOST,
    PW = WEIR_EVENT_PAUSE_WRITING
  };
  ck_assert_int_eq(walk((int[]){CM, GB, BU, GB, GB, BU, ER, CL}, 8), WEIR_STATE_LOST);
  ck_assert_int_eq(walk((int[]){CM, CL}, 2), WEIR_STATE_LOST);
  ck_assert_int_eq(walk((int[]){CM, GB, PW, BU}, 4), WEIR_STATE_OPEN);
  ck_assert_int_eq(walk((int[]){CM, GB, WEIR_EVENT_RECV, BU}, 4), WEIR_STATE_OPEN);
  ck_assert_int_eq(walk((int[]){GB}, 1), WEIR_STATE_BAD);
  ck_assert_int_eq(walk((int[]){CM, CM}, 2), WEIR_STATE_BAD);
  ck_assert_int_eq(walk((int[]){CM, BU}, 2), WEIR_STATE_BAD);
  ck_assert_int_eq(walk((int[]){CM, GB, BU, BU}, 4), WEIR_STATE_BAD);
  ck_assert_int_eq(walk((int[]){CM, ER, GB}, 3), WEIR_STATE_BAD);
  ck_assert_int_eq(walk((int[]){CM, ER, ER}, 3), WEIR_STATE_BAD);
  ck_assert_int_eq(walk((int[]){CM, CL, CL}, 3), WEIR_STATE_BAD);
  ck_assert_int_eq(walk((int[]){CM, CL, PW}, 3), WEIR_STATE_BAD);
  ck_assert_int_eq(weir_machine_next((weir_state)99, CM), WEIR_STATE_BAD);
}
END_TEST

START_TEST(names_are_told) {
  for (unsigned state = 0; state < WEIR_STATE_COUNT; state++) ck_assert_ptr_nonnull(weir_state_name((weir_state)state));
  ck_assert_str_eq(weir_level_name(WEIR_MUST), "MUST");
  ck_assert_str_eq(weir_level_name(WEIR_SHOULD), "SHOULD");
  ck_assert_str_eq(weir_level_name(WEIR_PROFILE), "PROFILE");
  ck_assert_uint_ne(weir_spec_hash(), 0);
  ck_assert_uint_eq(weir_spec_hash(), weir_spec_hash());
}
END_TEST

/* Any records of three connections, one at a time through the table of D6. */
static size_t walk_slowly(weir_state *states, const weir_record *records, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!(records[i].flags & WEIR_FLAG_BEGIN)) continue;
    weir_state next = weir_machine_next(states[records[i].connection], records[i].event);
    if (next == WEIR_STATE_BAD) return i;
    states[records[i].connection] = next;
  }
  return count;
}

START_TEST(the_machine_walks_as_the_table_says) {
  enum { RECORDS = 200, ROUNDS = 2000 };
  weir_machine machine;
  weir_machine_make(&machine);
  uint64_t seed = 1;
  size_t walked = 0, bad = 0;
  for (unsigned round = 0; round < ROUNDS; round++) {
    weir_record records[RECORDS];
    for (unsigned i = 0; i < RECORDS; i++) {
      seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
      unsigned event = (unsigned)(seed >> 33) % (i % 16 == 0 ? 256 : WEIR_EVENT_RESUME_WRITING + 1);
      records[i] = (weir_record){.event = (uint8_t)(i < 3 ? WEIR_EVENT_CONNECTION_MADE : event),
                                 .connection = (uint8_t)(i < 3 ? i : (seed >> 50) % 3),
                                 .flags = (uint8_t)(i < 3 ? WEIR_FLAG_BEGIN : seed >> 60)};
    }
    weir_machine_states states;
    weir_state slow[3] = {WEIR_STATE_START};
    weir_machine_start(&states);
    size_t done = weir_machine_walk(&machine, &states, records, RECORDS / 2);
    if (done == RECORDS / 2) done += weir_machine_walk(&machine, &states, records + done, RECORDS - done);
    ck_assert_uint_eq(done, walk_slowly(slow, records, RECORDS));
    walked += done;
    bad += done < RECORDS;
  }
  ck_assert_uint_gt(walked, 4 * ROUNDS);
  ck_assert_uint_gt(bad, 0);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("spec");
  TCase *tcase = tcase_create("spec");
  tcase_add_test(tcase, every_rule_is_whole);
  tcase_add_test(tcase, a_checked_rule_watches_something);
  tcase_add_test(tcase, every_source_is_known);
  tcase_add_test(tcase, the_machine_is_that_of_the_document);
  tcase_add_test(tcase, the_machine_walks_as_the_table_says);
  tcase_add_test(tcase, names_are_told);
  suite_add_tcase(suite, tcase);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
