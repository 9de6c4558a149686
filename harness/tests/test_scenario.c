/* Steps: the table of verbs, what is valid, what a scenario needs, its name. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/random.h"
#include "weir/scenario.h"
#include "weir/trace.h"
#include "weir/transport.h"

START_TEST(the_table_is_complete) {
  for (unsigned verb = 0; verb < WEIR_VERB_COUNT; verb++) {
    const weir_verb_info *info = weir_verb_get(verb);
    ck_assert_ptr_nonnull(info);
    ck_assert_ptr_nonnull(info->word);
    ck_assert_uint_lt(info->actor, WEIR_ACTOR_COUNT);
    ck_assert_uint_ne(info->takes, 0);
    ck_assert_int_eq(info->options == NULL, info->option_count == 0);
    for (unsigned other = 0; other < verb; other++)
      ck_assert(weir_verb_get(other)->actor != info->actor || strcmp(weir_verb_get(other)->word, info->word) != 0);
  }
  ck_assert_ptr_null(weir_verb_get(WEIR_VERB_COUNT));
  ck_assert_ptr_null(weir_actor_name(WEIR_ACTOR_COUNT));
  ck_assert_ptr_null(weir_occasion_name(WEIR_OCCASION_COUNT));
  ck_assert(!weir_occasion_is_callback(WEIR_OCCASION_COUNT));
}
END_TEST

START_TEST(the_table_says_what_the_list_says) {
  const weir_verb_info *send = weir_verb_get(WEIR_VERB_PEER_SEND);
  ck_assert_str_eq(send->word, "send");
  ck_assert_int_eq(send->actor, WEIR_ACTOR_PEER);
  ck_assert_uint_eq(send->takes, WEIR_TAKES_IDLE | WEIR_TAKES_AFTER);
  ck_assert_str_eq(send->a.name, "bytes");
  ck_assert_int_eq(send->a.least, 1);
  ck_assert_int_eq(send->a.most, WEIR_SIZE_MAX);
  ck_assert_int_eq(send->a.how, WEIR_ARGUMENT_NUMBER);
  ck_assert_int_eq(send->b.how, WEIR_ARGUMENT_MAYBE);
  ck_assert_uint_eq(weir_verb_get(WEIR_VERB_APP_SIZE)->option_count, WEIR_BUFFER_KIND_COUNT);
  ck_assert_str_eq(weir_verb_get(WEIR_VERB_APP_SIZE)->options[WEIR_BUFFER_MMAP], "mmap");
  ck_assert_uint_eq(weir_verb_get(WEIR_VERB_APP_SET_PROTOCOL)->option_count, 3);
  ck_assert_uint_eq(weir_verb_get(WEIR_VERB_APP_PROTOCOL)->option_count, 2);
}
END_TEST

START_TEST(occasions_follow_the_events) {
  for (unsigned occasion = 0; occasion < 8; occasion++) {
    ck_assert(weir_occasion_is_callback(occasion));
    ck_assert_int_eq(weir_event_find(weir_occasion_name(occasion)), (int)(WEIR_EVENT_CONNECTION_MADE + occasion));
  }
  for (unsigned occasion = WEIR_OCCASION_RECV; occasion < WEIR_OCCASION_COUNT; occasion++)
    ck_assert(!weir_occasion_is_callback(occasion));
}
END_TEST

START_TEST(errors_have_their_errno) {
  ck_assert_int_eq(weir_socket_error_number(WEIR_SOCKET_ECONNRESET), ECONNRESET);
  ck_assert_int_eq(weir_socket_error_number(WEIR_SOCKET_EPIPE), EPIPE);
  ck_assert_int_eq(weir_socket_error_number(WEIR_SOCKET_EINTR), EINTR);
  ck_assert_int_eq(weir_socket_error_number(WEIR_SOCKET_ERROR_COUNT), 0);
}
END_TEST

/* weir/scenario.h's comment on weir_verb_fits, written down a second time. */
static bool fits_by_hand(unsigned verb, unsigned when, unsigned event) {
  const weir_verb_info *info = weir_verb_get(verb);
  bool callback = event <= WEIR_OCCASION_RESUME_WRITING;
  switch (when) {
  case WEIR_WHEN_IDLE: return (info->takes & WEIR_TAKES_IDLE) != 0;
  case WEIR_WHEN_SAME: return (info->takes & WEIR_TAKES_IDLE) != 0 && verb != WEIR_VERB_PEER_SLEEP;
  case WEIR_WHEN_START: return (info->takes & WEIR_TAKES_START) != 0;
  case WEIR_WHEN_AFTER: return (info->takes & WEIR_TAKES_AFTER) != 0 && (callback || info->actor == WEIR_ACTOR_PEER);
  case WEIR_WHEN_AT:
    if ((info->takes & WEIR_TAKES_AT) == 0) return false;
    return verb == WEIR_VERB_SOCKET_SPURIOUS ? event == WEIR_OCCASION_WAIT
                                             : event == WEIR_OCCASION_RECV || event == WEIR_OCCASION_SEND;
  default:
    if ((info->takes & WEIR_TAKES_IN) == 0 || !callback) return false;
    if (verb == WEIR_VERB_APP_SIZE) return event == WEIR_OCCASION_GET_BUFFER;
    if (verb == WEIR_VERB_APP_RETURN) return event == WEIR_OCCASION_EOF_RECEIVED;
    if (verb == WEIR_VERB_APP_RESIZE) return event == WEIR_OCCASION_BUFFER_UPDATED;
    return true;
  }
}

START_TEST(verbs_fit_their_occasions_alone) {
  for (unsigned verb = 0; verb < WEIR_VERB_COUNT; verb++)
    for (unsigned when = 0; when < WEIR_WHEN_COUNT; when++)
      for (unsigned event = 0; event < WEIR_OCCASION_COUNT; event++)
        ck_assert_msg(weir_verb_fits(verb, when, event) == fits_by_hand(verb, when, event), "%s %u %s",
                      weir_verb_get(verb)->word, when, weir_occasion_name(event));
  ck_assert(!weir_verb_fits(WEIR_VERB_COUNT, WEIR_WHEN_IDLE, 0));
  ck_assert(!weir_verb_fits(0, WEIR_WHEN_COUNT, 0));
  ck_assert(!weir_verb_fits(WEIR_VERB_PEER_SEND, WEIR_WHEN_AFTER, WEIR_OCCASION_COUNT));
  ck_assert(!weir_verb_fits(WEIR_VERB_SOCKET_SHORT, WEIR_WHEN_AT, WEIR_OCCASION_COUNT));
  ck_assert(!weir_verb_fits(WEIR_VERB_APP_CLOSE, WEIR_WHEN_IN, WEIR_OCCASION_COUNT));
}
END_TEST

/* ---- Validity: each sentence of the header once on either side. */
static const weir_step idle_send = {.verb = WEIR_VERB_PEER_SEND, .when = WEIR_WHEN_IDLE, .a = 1, .b = WEIR_NOT_GIVEN};
static const weir_step idle_close = {.verb = WEIR_VERB_APP_CLOSE, .when = WEIR_WHEN_IDLE};
static const weir_step at_recv = {
    .verb = WEIR_VERB_SOCKET_SHORT, .when = WEIR_WHEN_AT, .event = WEIR_OCCASION_RECV, .first = 1, .last = 1, .a = 1};

START_TEST(a_shared_turn_needs_one_to_share) {
  weir_step fin = {.verb = WEIR_VERB_PEER_FIN, .when = WEIR_WHEN_SAME};
  ck_assert(!weir_step_valid(&fin, NULL));
  ck_assert(weir_step_valid(&fin, &idle_send));
  ck_assert(weir_step_valid(&fin, &fin));
  ck_assert(!weir_step_valid(&fin, &idle_close));
  ck_assert(!weir_step_valid(&fin, &at_recv));
  weir_step after = {
      .verb = WEIR_VERB_PEER_FIN, .when = WEIR_WHEN_AFTER, .event = WEIR_OCCASION_RECV, .first = 1, .last = 1};
  ck_assert(weir_step_valid(&after, NULL));
  ck_assert(!weir_step_valid(&fin, &after));
}
END_TEST

START_TEST(sleep_begins_its_turn) {
  weir_step sleep = {.verb = WEIR_VERB_PEER_SLEEP, .when = WEIR_WHEN_IDLE, .a = WEIR_MILLISECONDS_MAX};
  weir_step fin = {.verb = WEIR_VERB_PEER_FIN, .when = WEIR_WHEN_SAME};
  ck_assert(weir_step_valid(&sleep, NULL));
  ck_assert(weir_step_valid(&fin, &sleep));
  sleep.when = WEIR_WHEN_SAME;
  ck_assert(!weir_step_valid(&sleep, &idle_send));
}
END_TEST

START_TEST(parts_need_a_turn_of_their_own) {
  weir_step send = idle_send;
  send.b = 1;
  ck_assert(weir_step_valid(&send, NULL));
  send.when = WEIR_WHEN_SAME;
  ck_assert(!weir_step_valid(&send, &idle_send));
  send.b = WEIR_NOT_GIVEN;
  ck_assert(weir_step_valid(&send, &idle_send));
}
END_TEST

START_TEST(ranges_have_bounds) {
  weir_step step = at_recv;
  step.first = 0;
  ck_assert(!weir_step_valid(&step, NULL));
  step.first = 5;
  step.last = 4;
  ck_assert(!weir_step_valid(&step, NULL));
  step.last = 5;
  ck_assert(weir_step_valid(&step, NULL));
  step.first = WEIR_NTH_MAX;
  step.last = WEIR_NTH_OPEN;
  ck_assert(weir_step_valid(&step, NULL));
  step.first = WEIR_NTH_OPEN;
  ck_assert(!weir_step_valid(&step, NULL));
}
END_TEST

START_TEST(arguments_have_bounds) {
  for (unsigned verb = 0; verb < WEIR_VERB_COUNT; verb++) {
    const weir_verb_info *info = weir_verb_get(verb);
    weir_scenario scenario;
    bool seen = false;
    for (uint64_t seed = 0; !seen && seed < 2000; seed++) {
      weir_scenario_random(&scenario, seed, 4);
      if (scenario.count == 0 || scenario.steps[0].verb != verb) continue;
      seen = true;
      weir_step step = scenario.steps[0];
      ck_assert(weir_step_valid(&step, NULL));
      if (info->a.how == WEIR_ARGUMENT_NONE) {
        step.a = 1;
        ck_assert(!weir_step_valid(&step, NULL));
        continue;
      }
      step.a = info->a.least;
      ck_assert(weir_step_valid(&step, NULL));
      step.a = info->a.most;
      ck_assert(weir_step_valid(&step, NULL));
      step.a = info->a.least - 1;
      ck_assert(!weir_step_valid(&step, NULL));
      step.a = info->a.most + 1;
      ck_assert(!weir_step_valid(&step, NULL));
      step.a = WEIR_NOT_GIVEN;
      ck_assert_int_eq(weir_step_valid(&step, NULL), info->a.how == WEIR_ARGUMENT_MAYBE);
    }
    ck_assert_msg(seen, "no random scenario begins with %s", info->word);
  }
}
END_TEST

START_TEST(unused_fields_are_zero) {
  weir_step step = idle_close;
  ck_assert(weir_step_valid(&step, NULL));
  step.first = 1;
  ck_assert(!weir_step_valid(&step, NULL));
  step = idle_close;
  step.last = 1;
  ck_assert(!weir_step_valid(&step, NULL));
  step = idle_close;
  step.event = 1;
  ck_assert(!weir_step_valid(&step, NULL));
  step = idle_close;
  step.option = 1;
  ck_assert(!weir_step_valid(&step, NULL));
  step = idle_close;
  step.b = 1;
  ck_assert(!weir_step_valid(&step, NULL));
  step = idle_close;
  step.verb = WEIR_VERB_COUNT;
  ck_assert(!weir_step_valid(&step, NULL));
}
END_TEST

START_TEST(errors_of_sending_come_out_of_send) {
  for (unsigned error = 0; error <= WEIR_SOCKET_ERROR_COUNT; error++) {
    weir_step step = {.verb = WEIR_VERB_SOCKET_ERROR, .when = WEIR_WHEN_AT, .first = 1, .last = 1};
    step.option = (uint8_t)error;
    step.event = WEIR_OCCASION_SEND;
    ck_assert_int_eq(weir_step_valid(&step, NULL), error < WEIR_SOCKET_ERROR_COUNT);
    step.event = WEIR_OCCASION_RECV;
    bool either = error == WEIR_SOCKET_ECONNRESET || error == WEIR_SOCKET_ETIMEDOUT ||
                  error == WEIR_SOCKET_EHOSTUNREACH || error == WEIR_SOCKET_EINTR;
    ck_assert_int_eq(weir_step_valid(&step, NULL), either);
  }
}
END_TEST

START_TEST(a_scenario_has_at_most_so_many_steps) {
  static weir_scenario scenario;
  for (unsigned index = 0; index < WEIR_STEPS_MAX; index++) scenario.steps[index] = idle_send;
  scenario.count = WEIR_STEPS_MAX;
  ck_assert(weir_scenario_valid(&scenario));
  scenario.steps[WEIR_STEPS_MAX - 1].a = 0;
  ck_assert(!weir_scenario_valid(&scenario));
  scenario.count = WEIR_STEPS_MAX + 1;
  ck_assert(!weir_scenario_valid(&scenario));
}
END_TEST

/* ---- Needs */
static const struct {
  const char *step;
  uint32_t needs;
} needs[] = {
    {"peer send 1; fin; reset; close; stop; start; read 1", 0},
    {"socket send *: short 1; again; error EPIPE", 0},
    {"app when idle: close; abort; is_closing; write 1; write 1 reused; write 1 none", 0},
    {"app get_buffer: size 1; size 0 none", 0},
    {"app eof_received: return false", 0},
    {"app eof_received: return true", WEIR_CAN_HALF_CLOSE},
    {"app when idle: write_eof", WEIR_CAN_WRITE_EOF},
    {"app when idle: can_write_eof", WEIR_CAN_WRITE_EOF},
    {"app when idle: pause_reading", WEIR_CAN_PAUSE},
    {"app when idle: resume_reading", WEIR_CAN_PAUSE},
    {"app when idle: is_reading", WEIR_CAN_IS_READING},
    {"app when idle: set_write_buffer_limits", WEIR_CAN_FLOW_CONTROL},
    {"app when idle: get_write_buffer_size", WEIR_CAN_FLOW_CONTROL},
    {"app pause_writing: close", WEIR_CAN_FLOW_CONTROL},
    {"peer after resume_writing: fin", WEIR_CAN_FLOW_CONTROL},
    {"app when idle: get_write_buffer_limits", WEIR_CAN_LIMITS_QUERY},
    {"app when idle: set_protocol", WEIR_CAN_SET_PROTOCOL},
    {"app when idle: get_protocol", WEIR_CAN_SET_PROTOCOL},
    {"app when idle: set_protocol plain", WEIR_CAN_SET_PROTOCOL | WEIR_CAN_PLAIN},
    {"app protocol plain", WEIR_CAN_PLAIN},
    {"app protocol buffered", 0},
    {"app when idle: writelines 2; writelines 2 holes", WEIR_CAN_WRITELINES},
    {"app when idle: writelines 2 tuple", WEIR_CAN_WRITELINES | WEIR_CAN_WRITE_KINDS},
    {"app when idle: write 1 wide", WEIR_CAN_WRITE_KINDS},
    {"app when idle: write 1 str", WEIR_CAN_WRITE_KINDS},
    {"app get_buffer: size 8 array", WEIR_CAN_BUFFER_KINDS},
    {"app get_buffer: size 8 readonly", WEIR_CAN_BUFFER_KINDS},
    {"app buffer_updated: resize 0", WEIR_CAN_BUFFER_KINDS},
    {"app connection_lost: raise", WEIR_CAN_RAISE},
    {"app eof_received: return true; raise", WEIR_CAN_HALF_CLOSE | WEIR_CAN_RAISE},
};

static void parse(const char *step, weir_scenario *scenario) {
  char text[256];
  weir_problem problem;
  int size = snprintf(text, sizeof text, "weir 1\n%s\n", step);
  ck_assert_msg(weir_scenario_parse(text, (size_t)size, scenario, NULL, &problem) == WEIR_OK, "%s: %s", step,
                problem.text);
}

START_TEST(needs_are_told) {
  static weir_scenario scenario;
  parse(needs[_i].step, &scenario);
  ck_assert_msg(weir_scenario_needs(&scenario) == needs[_i].needs, "%s: %#x", needs[_i].step,
                weir_scenario_needs(&scenario));
}
END_TEST

/* ---- Names */
START_TEST(the_hash_is_that_of_the_bytes) {
  static weir_scenario scenario;
  scenario.count = 0;
  ck_assert_uint_eq(weir_scenario_hash(&scenario), UINT64_C(0xcbf29ce484222325));
  for (uint64_t seed = 0; seed < 200; seed++) {
    static uint8_t bytes[WEIR_ENCODED_MAX];
    weir_scenario_random(&scenario, seed, 40);
    size_t size = weir_scenario_encode(&scenario, bytes, sizeof bytes);
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t at = 0; at < size; at++) hash = (hash ^ bytes[at]) * UINT64_C(0x100000001b3);
    ck_assert_uint_eq(weir_scenario_hash(&scenario), hash);
  }
}
END_TEST

START_TEST(equal_looks_at_the_steps_alone) {
  static weir_scenario left, right;
  parse("peer send 3; fin", &left);
  memset(&right, 0xFF, sizeof right);
  parse("peer send 3; fin", &right);
  ck_assert(weir_scenario_equal(&left, &right));
  right.steps[0].a = 4;
  ck_assert(!weir_scenario_equal(&left, &right));
  right = left;
  right.count = 1;
  ck_assert(!weir_scenario_equal(&left, &right));
}
END_TEST

START_TEST(random_is_valid_and_repeats) {
  static weir_scenario scenario, again;
  unsigned seen[WEIR_VERB_COUNT] = {0}, whens[WEIR_WHEN_COUNT] = {0};
  for (uint64_t seed = 0; seed < 5000; seed++) {
    weir_scenario_random(&scenario, seed, 30);
    ck_assert(weir_scenario_valid(&scenario));
    ck_assert_uint_le(scenario.count, 30);
    weir_scenario_random(&again, seed, 30);
    ck_assert(weir_scenario_equal(&scenario, &again));
    for (unsigned index = 0; index < scenario.count; index++) {
      seen[scenario.steps[index].verb]++;
      whens[scenario.steps[index].when]++;
    }
  }
  for (unsigned verb = 0; verb < WEIR_VERB_COUNT; verb++) ck_assert_uint_gt(seen[verb], 100);
  for (unsigned when = 0; when < WEIR_WHEN_COUNT; when++) ck_assert_uint_gt(whens[when], 100);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("scenario");
  TCase *steps = tcase_create("steps");
  tcase_add_test(steps, the_table_is_complete);
  tcase_add_test(steps, the_table_says_what_the_list_says);
  tcase_add_test(steps, occasions_follow_the_events);
  tcase_add_test(steps, errors_have_their_errno);
  tcase_add_test(steps, verbs_fit_their_occasions_alone);
  tcase_add_test(steps, a_shared_turn_needs_one_to_share);
  tcase_add_test(steps, sleep_begins_its_turn);
  tcase_add_test(steps, parts_need_a_turn_of_their_own);
  tcase_add_test(steps, ranges_have_bounds);
  tcase_add_test(steps, arguments_have_bounds);
  tcase_add_test(steps, unused_fields_are_zero);
  tcase_add_test(steps, errors_of_sending_come_out_of_send);
  tcase_add_test(steps, a_scenario_has_at_most_so_many_steps);
  tcase_add_loop_test(steps, needs_are_told, 0, (int)(sizeof needs / sizeof *needs));
  tcase_add_test(steps, the_hash_is_that_of_the_bytes);
  tcase_add_test(steps, equal_looks_at_the_steps_alone);
  tcase_add_test(steps, random_is_valid_and_repeats);
  suite_add_tcase(suite, steps);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
