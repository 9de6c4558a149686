/* What the validator makes of traces as such: cut ones, unreadable ones, any
 * sequence of records at all; and what it tells beside its findings. */
#include <check.h>
#include <stdlib.h>

#include "trace_words.h"
#include "weir/validator.h"

static weir_validator *validator;

static void set_up(void) {
  validator = malloc(weir_validator_size());
  ck_assert_ptr_nonnull(validator);
}

static void tear_down(void) {
  free(validator);
}

static weir_judgement judge(const char *text, weir_problem *problem) {
  words trace = words_parse(text);
  weir_validator_init(validator);
  weir_validator_feed(validator, trace.records, trace.count);
  return weir_validator_finish(validator, problem);
}

static weir_judgement judge_records(const weir_record *records, size_t count, weir_problem *problem) {
  weir_validator_init(validator);
  weir_validator_feed(validator, records, count);
  return weir_validator_finish(validator, problem);
}

START_TEST(a_cut_trace_is_never_a_pass) {
  weir_problem problem;
  ck_assert_int_eq(judge("open cm close cl sockclose end", NULL), WEIR_JUDGED);
  ck_assert_int_eq(judge("open cm close", &problem), WEIR_INCOMPLETE);
  ck_assert_msg(strstr(problem.text, "cut") != NULL, "%s", problem.text);
  ck_assert_int_eq(judge("open cm close end:cut", &problem), WEIR_INCOMPLETE);
  ck_assert_int_eq(judge("open cm close end:limit", &problem), WEIR_INCOMPLETE);
  ck_assert_int_eq(judge("open cm close end:crash", NULL), WEIR_JUDGED);
  ck_assert_int_eq(judge("", &problem), WEIR_INCOMPLETE);
}
END_TEST

START_TEST(a_cut_trace_is_judged_for_safety_alone) {
  size_t count;
  judge("open cm psend/3 gb{ close } bu/3@0", NULL);
  const weir_finding *findings = weir_validator_findings(validator, &count);
  ck_assert_uint_eq(count, 1);
  ck_assert_int_eq(findings[0].rule, WEIR_RULE_C1);
  judge("open cm psend/3 close end:limit", NULL);
  weir_validator_findings(validator, &count);
  ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(a_finding_tells_what_happened_and_why) {
  size_t count;
  judge("open cm psend/20 gb{ close } bu/10@0 bu/10@10 cl sockclose end", NULL);
  const weir_finding *finding = weir_validator_findings(validator, &count);
  ck_assert_uint_eq(count, 2); /* and B1 */
  ck_assert_int_eq(finding[0].rule, WEIR_RULE_C1);
  ck_assert_uint_eq(finding[0].event, 6);
  ck_assert_uint_eq(finding[0].since, 4);
  ck_assert_uint_eq(finding[0].count, 2);
  ck_assert_str_eq(finding[0].message,
                   "buffer_updated(10) 2 events after close() began inside get_buffer; after close() "
                   "only connection_lost may follow");
}
END_TEST

/* Records that no recorder writes: a row is one record behind an open. */
START_TEST(unreadable_records_are_told_by_number) {
  static const weir_record rows[] = {
      {.event = 0},
      {.event = WEIR_EVENT_COUNT},
      {.event = 255},
      {.event = WEIR_EVENT_CLOSE},
      {.event = WEIR_EVENT_CLOSE, .flags = WEIR_FLAG_END},
      {.event = WEIR_EVENT_CLOSE, .flags = WEIR_FLAG_BEGIN | WEIR_FLAG_END | WEIR_FLAG_RAISED},
      {.event = WEIR_EVENT_RECV, .flags = WEIR_FLAG_BEGIN},
      {.event = WEIR_EVENT_OUTSIDE},
      {.event = WEIR_EVENT_OPEN},
      {.event = WEIR_EVENT_CONNECTION_LOST, .flags = WEIR_FLAG_BEGIN, .code = WEIR_EXCEPTION_COUNT},
      {.event = WEIR_EVENT_BUFFER_UPDATED, .flags = WEIR_FLAG_BEGIN, .code = WEIR_DATA_COUNT},
      {.event = WEIR_EVENT_EXCEPTION_HANDLER, .code = 200},
      {.event = WEIR_EVENT_END, .code = WEIR_END_COUNT},
      {.event = WEIR_EVENT_CLOSE, .connection = WEIR_CONNECTIONS_MAX, .flags = WEIR_FLAG_BEGIN},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    weir_record records[3] = {{.event = WEIR_EVENT_OPEN}, rows[i], {.event = WEIR_EVENT_END}};
    weir_problem problem;
    ck_assert_msg(judge_records(records, 3, &problem) == WEIR_UNREADABLE, "row %zu", i);
    ck_assert_msg(strstr(problem.text, "record 1:") != NULL, "row %zu: %s", i, problem.text);
    ck_assert_int_eq(problem.status, rows[i].connection > 0 ? WEIR_BOUND : WEIR_BAD_INPUT);
  }
  weir_record late[3] = {{.event = WEIR_EVENT_OPEN}, {.event = WEIR_EVENT_END}, {.event = WEIR_EVENT_PEER_FIN}};
  ck_assert_int_eq(judge_records(late, 3, NULL), WEIR_UNREADABLE);
  weir_record crossed[4] = {{.event = WEIR_EVENT_CONNECTION_MADE, .flags = WEIR_FLAG_BEGIN},
                            {.event = WEIR_EVENT_CLOSE, .flags = WEIR_FLAG_BEGIN},
                            {.event = WEIR_EVENT_CONNECTION_MADE, .flags = WEIR_FLAG_END},
                            {.event = WEIR_EVENT_END}};
  ck_assert_int_eq(judge_records(crossed, 4, NULL), WEIR_UNREADABLE);
}
END_TEST

START_TEST(nesting_is_bounded) {
  weir_record records[66];
  for (size_t i = 0; i < 65; i++) records[i] = (weir_record){.event = WEIR_EVENT_WRITE, .flags = WEIR_FLAG_BEGIN};
  records[65] = (weir_record){.event = WEIR_EVENT_END};
  weir_problem problem;
  ck_assert_int_eq(judge_records(records, 66, &problem), WEIR_UNREADABLE);
  ck_assert_int_eq(problem.status, WEIR_BOUND);
  ck_assert_int_eq(judge_records(records + 1, 65, &problem), WEIR_JUDGED);
}
END_TEST

START_TEST(connections_are_judged_apart) {
  words first = words_parse("open cm close cl sockclose"), second = words_parse("open cm gb bu/3 close cl sockclose");
  weir_record records[2 * 16 + 1];
  size_t count = 0;
  for (size_t i = 0; i < second.count; i++) {
    if (i < first.count) records[count++] = first.records[i];
    records[count] = second.records[i];
    records[count++].connection = 3;
  }
  records[count++] = (weir_record){.event = WEIR_EVENT_END};
  size_t findings;
  ck_assert_int_eq(judge_records(records, count, NULL), WEIR_JUDGED);
  weir_validator_findings(validator, &findings);
  ck_assert_uint_eq(findings, 0);
  records[count - 1] = (weir_record){
      .event = WEIR_EVENT_GET_BUFFER, .connection = 3, .flags = WEIR_FLAG_BEGIN | WEIR_FLAG_END, .a = 1, .b = 1};
  judge_records(records, count, NULL);
  const weir_finding *finding = weir_validator_findings(validator, &findings);
  ck_assert_uint_gt(findings, 0);
  ck_assert_uint_eq(finding[0].connection, 3);
}
END_TEST

/* Feeding in pieces is feeding at once. */
START_TEST(pieces_make_no_difference) {
  words trace = words_parse("open cm psend/9 gb{ pause } bu/3@0 gb bu/3@6 close gb cl pw sockclose end");
  size_t whole, pieces;
  judge_records(trace.records, trace.count, NULL);
  weir_finding kept[WEIR_FINDINGS_MAX];
  const weir_finding *findings = weir_validator_findings(validator, &whole);
  memcpy(kept, findings, whole * sizeof *kept);
  ck_assert_uint_gt(whole, 4);
  weir_validator_init(validator);
  for (size_t i = 0; i < trace.count; i++) weir_validator_feed(validator, &trace.records[i], 1);
  ck_assert_int_eq(weir_validator_finish(validator, NULL), WEIR_JUDGED);
  findings = weir_validator_findings(validator, &pieces);
  ck_assert_uint_eq(whole, pieces);
  for (size_t i = 0; i < whole; i++) {
    ck_assert_int_eq(kept[i].rule, findings[i].rule);
    ck_assert_uint_eq(kept[i].event, findings[i].event);
    ck_assert_str_eq(kept[i].message, findings[i].message);
  }
}
END_TEST

START_TEST(a_rule_without_occasion_is_not_passed) {
  judge("open cm psend/3 gb bu/3@0 fin er cl sockclose end", NULL);
  static const weir_rule came[] = {WEIR_RULE_L1, WEIR_RULE_L2, WEIR_RULE_B1, WEIR_RULE_B4, WEIR_RULE_B18, WEIR_RULE_E3};
  static const weir_rule never[] = {WEIR_RULE_C1, WEIR_RULE_P1, WEIR_RULE_P7, WEIR_RULE_B12, WEIR_RULE_F1,
                                    WEIR_RULE_T1, WEIR_RULE_E4, WEIR_RULE_W1, WEIR_RULE_B16, WEIR_RULE_T6};
  for (size_t i = 0; i < sizeof came / sizeof *came; i++)
    ck_assert_msg(weir_validator_exercised(validator, came[i]), "%s", weir_rule_get(came[i])->id);
  for (size_t i = 0; i < sizeof never / sizeof *never; i++)
    ck_assert_msg(!weir_validator_exercised(validator, never[i]), "%s", weir_rule_get(never[i])->id);
  ck_assert(!weir_validator_exercised(validator, WEIR_RULE_COUNT));
}
END_TEST

static const char *profile(const char *text, weir_rule rule) {
  judge(text, NULL);
  const char *shown = weir_validator_profile(validator, rule);
  return shown != NULL ? shown : "";
}

START_TEST(profiles_are_told) {
  ck_assert_str_eq(profile("open cm getlimits=0x1000000004000 end", WEIR_RULE_F12), "high 65536 low 16384");
  ck_assert_str_eq(profile("open cm end", WEIR_RULE_F12), "");
  ck_assert_str_eq(profile("open cm gb{ }!probe1 exh!probe1 cl!probe1 sockclose end", WEIR_RULE_B13),
                   "exception handler and connection_lost");
  ck_assert_str_eq(profile("open cm{ }!probe1 exh!probe1 end", WEIR_RULE_L8), "exception handler, stays open");
  ck_assert_str_eq(profile("open cm write/9 close reset cl!os104 end", WEIR_RULE_C6), "exception");
  ck_assert_str_eq(profile("open cm write/9 close reset cl end", WEIR_RULE_C6), "None");
  ck_assert_str_eq(profile("open cm close write/3 cl end", WEIR_RULE_C7), "no exception");
  ck_assert_str_eq(profile("open cm close cl write/3{ }!runtime end", WEIR_RULE_W9), "exception");
  ck_assert_str_eq(profile("open cm write/9:reused send/9=9 prec/9@0 end", WEIR_RULE_W2), "copied");
  ck_assert_str_eq(profile("open cm write/9:reused send/9=9 prec/9:nonsense end", WEIR_RULE_W2), "kept");
  ck_assert_str_eq(profile("open cm write/9 limits/3{ pw } end", WEIR_RULE_F6), "pause_writing");
  ck_assert_str_eq(profile("open cm end", WEIR_RULE_B19), "");
}
END_TEST

static uint64_t next(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

/* Records that are well formed one by one, in any order: nothing crashes, the
 * findings stay within their bound, and their order is that of the events. */
static void feed_any(uint64_t *state, bool wild) {
  weir_validator_init(validator);
  uint8_t open[64];
  size_t depth = 0;
  for (unsigned i = 0; i < 300; i++) {
    uint64_t dice = next(state);
    weir_record record = {.event = (uint8_t)(1 + dice % (WEIR_EVENT_END - 1)),
                          .connection = (uint8_t)(dice >> 8 & (wild ? 15 : 1)),
                          .flags = (uint8_t)(dice >> 16 & 0xf0),
                          .code = (uint8_t)(dice >> 24 & 3),
                          .a = (uint32_t)(dice >> 32 & 15),
                          .b = next(state) & 15};
    if (dice >> 40 & 1) record.b = next(state);
    if (wild)
      record.flags = (uint8_t)(dice >> 16);
    else if (words_is_pair(record.event))
      record.flags |= WEIR_FLAG_BEGIN | WEIR_FLAG_END;
    if (!wild) {
      record.connection = 0;
      if (record.event == WEIR_EVENT_OPEN) continue;
      if (words_is_pair(record.event) && (dice >> 50 & 3) == 0 && depth < 60) {
        record.flags &= (uint8_t)~WEIR_FLAG_END;
        open[depth++] = record.event;
      } else if (depth > 0 && (dice >> 52 & 3) == 0) {
        record.event = open[--depth];
        record.flags = (uint8_t)((record.flags & 0xf0) | WEIR_FLAG_END | (dice >> 54 & 1 ? WEIR_FLAG_RAISED : 0));
      }
    }
    weir_validator_feed(validator, &record, 1);
  }
  weir_validator_feed(validator,
                      &(weir_record){.event = WEIR_EVENT_END, .code = (uint8_t)(next(state) % WEIR_END_COUNT)}, 1);
}

START_TEST(any_records_are_judged_without_harm) {
  uint64_t state = 0x5eed;
  unsigned judged = 0;
  for (unsigned run = 0; run < 2000; run++) {
    bool wild = run % 4 == 0;
    feed_any(&state, wild);
    weir_problem problem;
    weir_judgement judgement = weir_validator_finish(validator, &problem);
    if (!wild) ck_assert_int_ne(judgement, WEIR_UNREADABLE);
    judged += judgement != WEIR_UNREADABLE;
    size_t count;
    const weir_finding *findings = weir_validator_findings(validator, &count);
    ck_assert_uint_le(count, WEIR_FINDINGS_MAX);
    for (size_t i = 0; i < count; i++) {
      ck_assert_uint_lt(findings[i].rule, WEIR_RULE_COUNT);
      ck_assert_int_eq(weir_rule_get(findings[i].rule)->state, WEIR_CHECKED);
      ck_assert_uint_gt(findings[i].count, 0);
      ck_assert_uint_le(findings[i].since, findings[i].event);
      if (i > 0) ck_assert_uint_ge(findings[i].event, findings[i - 1].event);
      for (size_t j = 0; j < i; j++)
        ck_assert(findings[i].rule != findings[j].rule || findings[i].connection != findings[j].connection);
    }
    for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++) (void)weir_validator_profile(validator, rule);
  }
  ck_assert_uint_ge(judged, 1500);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("validator_trace");
  TCase *tcase = tcase_create("traces");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, a_cut_trace_is_never_a_pass);
  tcase_add_test(tcase, a_cut_trace_is_judged_for_safety_alone);
  tcase_add_test(tcase, a_finding_tells_what_happened_and_why);
  tcase_add_test(tcase, unreadable_records_are_told_by_number);
  tcase_add_test(tcase, nesting_is_bounded);
  tcase_add_test(tcase, connections_are_judged_apart);
  tcase_add_test(tcase, pieces_make_no_difference);
  tcase_add_test(tcase, a_rule_without_occasion_is_not_passed);
  tcase_add_test(tcase, profiles_are_told);
  tcase_add_test(tcase, any_records_are_judged_without_harm);
  suite_add_tcase(suite, tcase);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
