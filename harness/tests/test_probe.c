/* The core of the probe, driven by hand as a joiner drives it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/native.h"
#include "probe/probe.h"
#include "weir/payload.h"

enum { RECORDS = 4096 };

static weir_probe *probe;
static weir_network *network;
static weir_application application;
static weir_scenario *scenario;
static weir_record records[RECORDS];
static weir_trace trace;
static uint8_t outgoing[4096];

static void set_up(void) {
  probe = malloc(sizeof *probe);
  network = malloc(sizeof *network);
  scenario = calloc(1, sizeof *scenario);
  ck_assert(probe != NULL && network != NULL && scenario != NULL);
  /* What init does not set must not matter. */
  memset(probe, 0xEE, sizeof *probe);
  memset(&application, 0xEE, sizeof application);
}

static void tear_down(void) {
  free(probe);
  free(network);
  free(scenario);
}

static void start(const char *text) {
  char whole[2048];
  weir_problem problem = {0};
  (void)snprintf(whole, sizeof whole, "weir 1\n%s", text);
  weir_status status = weir_scenario_parse(whole, strlen(whole), scenario, NULL, &problem);
  ck_assert_msg(status == WEIR_OK, "line %u: %s", problem.line, problem.text);
  memset(records, 0, sizeof records);
  weir_trace_init(&trace, records, RECORDS);
  weir_network_init(network, scenario, &trace, WEIR_LAYER_TCP, outgoing, sizeof outgoing);
  weir_application_init(&application, network, WEIR_CAN_PAUSE);
  weir_probe_init(probe, &application, 0);
}

static const weir_record *last(void) {
  return &records[trace.count - 1];
}

static unsigned count_of(weir_event event) {
  unsigned count = 0;
  for (uint32_t i = 0; i < trace.count; i++) count += records[i].event == event;
  return count;
}

static const weir_outcome fine;

/* A callback from begin to end; every call comes out fine.  Returns how many there were. */
static unsigned callback(weir_event event, int64_t a, weir_decision *decision) {
  weir_call call;
  unsigned calls = 0;
  weir_probe_begin(probe, event, 0, a, 0, NULL, 0);
  for (; weir_application_next(&application, &call, decision); calls++) weir_application_done(&application, fine);
  return calls;
}

static unsigned whole_callback(weir_event event, int64_t a) {
  weir_decision decision;
  unsigned calls = callback(event, a, &decision);
  weir_application_end(&application, &decision, NULL, 0);
  return calls;
}

static weir_decision give(void *base, size_t size) {
  weir_decision decision;
  (void)callback(WEIR_EVENT_GET_BUFFER, -1, &decision);
  weir_application_end(&application, &decision, base, size);
  return decision;
}

/* ---- Records ---------------------------------------------------------------- */
START_TEST(a_run_begins_with_open) {
  start("");
  ck_assert_uint_eq(trace.count, 1);
  ck_assert(records[0].event == WEIR_EVENT_OPEN && records[0].code == 1 && records[0].a == WEIR_CAN_PAUSE);
  start("app protocol plain\n");
  ck_assert_uint_eq(records[0].code, 0);
  ck_assert(probe->protocol_plain[0]);
}
END_TEST

START_TEST(a_callback_with_nothing_inside_is_one_record) {
  start("");
  ck_assert_uint_eq(whole_callback(WEIR_EVENT_CONNECTION_MADE, 0), 0);
  ck_assert_uint_eq(trace.count, 2);
  ck_assert(last()->event == WEIR_EVENT_CONNECTION_MADE && last()->flags == (WEIR_FLAG_BEGIN | WEIR_FLAG_END));
  uint8_t memory[32];
  (void)give(memory, sizeof memory);
  ck_assert(last()->event == WEIR_EVENT_GET_BUFFER && last()->b == 32 && (int32_t)last()->a == -1);
}
END_TEST

START_TEST(calls_stand_inside) {
  start("app connection_made: close; is_closing\n");
  weir_call call;
  weir_decision decision;
  weir_probe_begin(probe, WEIR_EVENT_CONNECTION_MADE, 3, 0, 0, NULL, 0);
  ck_assert(weir_application_next(&application, &call, &decision) && call.event == WEIR_EVENT_CLOSE);
  weir_application_done(&application, fine);
  ck_assert(weir_application_next(&application, &call, &decision) && call.event == WEIR_EVENT_IS_CLOSING);
  weir_application_done(&application, (weir_outcome){.result = 1});
  ck_assert(last()->event == WEIR_EVENT_IS_CLOSING && last()->b == 1);
  ck_assert(!weir_application_next(&application, &call, &decision));
  weir_application_end(&application, &decision, NULL, 0);
  ck_assert(last()->event == WEIR_EVENT_CONNECTION_MADE && last()->flags == (WEIR_FLAG_END | 3 << 4));
  ck_assert_uint_eq(trace.count, 5);
}
END_TEST

/* ---- Steps ------------------------------------------------------------------ */
START_TEST(steps_apply_to_their_range) {
  start("app buffer_updated 2-3: close\napp buffer_updated 3+: abort\napp eof_received 1: pause_reading\n");
  static const unsigned expected[] = {0, 1, 2, 1, 1};
  for (size_t i = 0; i < 5; i++) ck_assert_uint_eq(whole_callback(WEIR_EVENT_BUFFER_UPDATED, 1), expected[i]);
  ck_assert_uint_eq(whole_callback(WEIR_EVENT_EOF_RECEIVED, 0), 1);
  ck_assert_uint_eq(whole_callback(WEIR_EVENT_EOF_RECEIVED, 0), 0);
}
END_TEST

START_TEST(decisions) {
  start("app get_buffer *: size 7 array\napp get_buffer 2: size 0\napp eof_received 1: return true\n");
  weir_decision decision = give(NULL, 0);
  ck_assert(decision.size == 7 && decision.kind == WEIR_BUFFER_ARRAY && decision.raise == 0);
  decision = give(NULL, 0);
  ck_assert(decision.size == 0 && decision.kind == WEIR_BUFFER_BYTEARRAY);
  (void)callback(WEIR_EVENT_EOF_RECEIVED, 0, &decision);
  ck_assert_uint_eq(decision.value, 1);
  weir_application_end(&application, &decision, NULL, 0);
  ck_assert_uint_eq(last()->b, 1);
  start("");
  ck_assert_uint_eq(give(NULL, 0).size, WEIR_BUFFER_SIZE_DEFAULT);
}
END_TEST

START_TEST(raises_are_numbered) {
  start("app get_buffer *: raise; close\napp eof_received 1: raise\n");
  uint8_t memory[8];
  ck_assert_uint_eq(give(memory, 8).raise, 1);
  ck_assert(last()->flags == (WEIR_FLAG_END | WEIR_FLAG_RAISED) && last()->code == WEIR_EXCEPTION_PROBE);
  ck_assert_uint_eq(last()->a, 1);
  ck_assert_uint_eq(give(memory, 8).raise, 2);
  ck_assert_uint_eq(whole_callback(WEIR_EVENT_EOF_RECEIVED, 0), 0);
  ck_assert_uint_eq(last()->a, 3);
  /* A callback that raised gave no buffer. */
  (void)whole_callback(WEIR_EVENT_BUFFER_UPDATED, 8);
  ck_assert(last()->event == WEIR_EVENT_BUFFER_UPDATED && last()->code == WEIR_DATA_UNKNOWN);
}
END_TEST

START_TEST(nothing_is_done_when_the_run_is_over) {
  start("app buffer_updated *: close\napp after buffer_updated 1: close\n");
  weir_trace_close(&trace, WEIR_END_QUIESCENT, 0);
  uint32_t count = trace.count;
  ck_assert_uint_eq(whole_callback(WEIR_EVENT_BUFFER_UPDATED, 1), 0);
  ck_assert(!weir_application_outside(&application));
  ck_assert_uint_eq(trace.count, count);
}
END_TEST

START_TEST(frames_have_a_bound) {
  start("app resume_writing *: close\n");
  weir_call call;
  weir_decision decision;
  unsigned depth = 0;
  for (; depth < WEIR_FRAMES_MAX + 4; depth++) {
    weir_probe_begin(probe, WEIR_EVENT_RESUME_WRITING, 0, 0, 0, NULL, 0);
    bool calls = weir_application_next(&application, &call, &decision);
    ck_assert(calls == (depth + 1 < WEIR_FRAMES_MAX));
  }
  ck_assert_uint_eq(count_of(WEIR_EVENT_RESUME_WRITING), depth);
  for (; depth > 0; depth--) {
    if (depth < WEIR_FRAMES_MAX) {
      weir_application_done(&application, fine);
      ck_assert(!weir_application_next(&application, &call, &decision));
    }
    weir_application_end(&application, &decision, NULL, 0);
  }
  ck_assert_uint_eq(application.depth, 0);
  /* Every begin has its end. */
  unsigned begins = 0, ends = 0;
  for (uint32_t i = 0; i < trace.count; i++) {
    begins += (records[i].flags & WEIR_FLAG_BEGIN) != 0;
    ends += (records[i].flags & WEIR_FLAG_END) != 0;
  }
  ck_assert_uint_eq(begins, ends);
}
END_TEST

/* ---- Calls ------------------------------------------------------------------ */
START_TEST(writes_follow_the_stream) {
  start("app connection_made: write 11 wide; write 5 shaped; write 9 str; writelines 3; writelines 2 of 7; write 6\n"
        "app pause_writing 1: write 4\n");
  static const struct {
    uint32_t size;
    uint64_t offset;
    weir_exception exception;
  } expected[] = {{8, 0, 0}, {4, 8, 0}, {9, 12, WEIR_EXCEPTION_TYPE}, {30, 12, 0}, {14, 42, WEIR_EXCEPTION_RUNTIME},
                  {6, 42, 0}};
  weir_call call;
  weir_decision decision;
  weir_probe_begin(probe, WEIR_EVENT_CONNECTION_MADE, 0, 0, 0, NULL, 0);
  for (size_t i = 0; i < 6; i++) {
    ck_assert(weir_application_next(&application, &call, &decision));
    ck_assert(last()->a == expected[i].size && last()->b == expected[i].offset);
    ck_assert_uint_eq(call.offset, expected[i].offset);
    /* What is written inside the last write stands behind it in the stream. */
    if (i == 5) ck_assert_uint_eq(whole_callback(WEIR_EVENT_PAUSE_WRITING, 0), 1);
    weir_application_done(&application, (weir_outcome){.exception = (uint8_t)expected[i].exception});
  }
  ck_assert(!weir_application_next(&application, &call, &decision));
  weir_application_end(&application, &decision, NULL, 0);
  ck_assert_uint_eq(probe->accepted, 52);
}
END_TEST

START_TEST(limits_and_protocols) {
  start("app connection_made: set_write_buffer_limits low 3; set_write_buffer_limits high -1\n"
        "app buffer_updated *: set_protocol plain; set_protocol first\n");
  weir_call call;
  weir_decision decision;
  weir_probe_begin(probe, WEIR_EVENT_CONNECTION_MADE, 0, 0, 0, NULL, 0);
  ck_assert(weir_application_next(&application, &call, &decision) && call.a == WEIR_NOT_GIVEN && call.b == 3);
  weir_application_done(&application, fine);
  ck_assert(weir_application_next(&application, &call, &decision) && call.a == -1 && call.b == WEIR_NOT_GIVEN);
  ck_assert((int32_t)last()->a == -1 && last()->b == (uint32_t)INT32_MIN);
  weir_application_done(&application, fine);
  ck_assert(!weir_application_next(&application, &call, &decision));
  weir_application_end(&application, &decision, NULL, 0);
  for (unsigned i = 1; i < WEIR_PROTOCOLS_MAX + 3; i++) {
    weir_probe_begin(probe, WEIR_EVENT_BUFFER_UPDATED, 0, 1, 0, NULL, 0);
    ck_assert(weir_application_next(&application, &call, &decision) && call.event == WEIR_EVENT_SET_PROTOCOL);
    ck_assert_int_eq(call.a, i < WEIR_PROTOCOLS_MAX ? i : WEIR_PROTOCOLS_MAX - 1);
    ck_assert_int_eq(call.b, 0);
    weir_application_done(&application, fine);
    ck_assert(weir_application_next(&application, &call, &decision) && call.a == 0 && call.b == 1);
    weir_application_done(&application, fine);
    ck_assert(!weir_application_next(&application, &call, &decision));
    weir_application_end(&application, &decision, NULL, 0);
  }
}
END_TEST

START_TEST(resize_is_not_recorded) {
  start("app buffer_updated 1: resize 3\n");
  weir_call call;
  weir_decision decision;
  weir_probe_begin(probe, WEIR_EVENT_BUFFER_UPDATED, 0, 1, 0, NULL, 0);
  uint32_t count = trace.count;
  ck_assert(weir_application_next(&application, &call, &decision) && call.event == WEIR_EVENT_GET_BUFFER &&
            call.a == 3);
  weir_application_done(&application, fine);
  ck_assert(!weir_application_next(&application, &call, &decision));
  ck_assert_uint_eq(trace.count, count);
  weir_application_end(&application, &decision, NULL, 0);
}
END_TEST

/* ---- Outside ---------------------------------------------------------------- */
START_TEST(outside_takes_what_is_due) {
  start("app after buffer_updated 1: close\napp when idle: write 1; write 2\n");
  ck_assert(!weir_application_outside(&application));
  (void)whole_callback(WEIR_EVENT_BUFFER_UPDATED, 1);
  weir_call call;
  weir_decision decision;
  ck_assert(weir_application_outside(&application));
  ck_assert(weir_application_next(&application, &call, &decision) && call.event == WEIR_EVENT_CLOSE);
  weir_application_done(&application, fine);
  ck_assert(!weir_application_next(&application, &call, &decision));
  weir_application_end(&application, &decision, NULL, 0);
  ck_assert(last()->event == WEIR_EVENT_OUTSIDE && last()->flags == WEIR_FLAG_END);
  ck_assert(!weir_application_outside(&application));
  ck_assert_int_eq(weir_network_turn(network), WEIR_TURN_APP);
  ck_assert(weir_application_outside(&application));
  for (int64_t size = 1; size <= 2; size++) {
    ck_assert(weir_application_next(&application, &call, &decision) && call.a == size);
    weir_application_done(&application, fine);
  }
  ck_assert(!weir_application_next(&application, &call, &decision));
  weir_application_end(&application, &decision, NULL, 0);
  ck_assert(!weir_application_outside(&application));
}
END_TEST

START_TEST(a_long_idle_group_is_done_whole) {
  char text[1024] = "app when idle: is_closing";
  for (unsigned i = 1; i < 40; i++) strcat(text, "; is_closing");
  strcat(text, "\n");
  start(text);
  ck_assert_int_eq(weir_network_turn(network), WEIR_TURN_APP);
  ck_assert(weir_application_outside(&application));
  weir_call call;
  weir_decision decision;
  unsigned calls = 0;
  for (; weir_application_next(&application, &call, &decision); calls++) weir_application_done(&application, fine);
  ck_assert_uint_eq(calls, 40);
  weir_application_end(&application, &decision, NULL, 0);
  ck_assert(!weir_application_outside(&application));
}
END_TEST

/* ---- Buffers ---------------------------------------------------------------- */
START_TEST(buffers_are_poison_until_and_after_they_are_read) {
  start("");
  uint8_t memory[64], poison[64];
  memset(poison, WEIR_POISON, sizeof poison);
  (void)give(memory, sizeof memory);
  ck_assert_mem_eq(memory, poison, 64);
  weir_payload_fill(0, 0, memory, 20);
  (void)whole_callback(WEIR_EVENT_BUFFER_UPDATED, 20);
  ck_assert(last()->code == WEIR_DATA_STREAM && last()->a == 20 && last()->b == 0);
  ck_assert_mem_eq(memory, poison, 64);
  ck_assert_uint_eq(probe->delivered, 20);
  weir_probe_finish(probe);
  ck_assert_uint_eq(count_of(WEIR_EVENT_BUFFER_TOUCHED) + count_of(WEIR_EVENT_BUFFER_TAIL), 0);
}
END_TEST

START_TEST(a_buffer_that_was_not_used_is_free_again) {
  start("");
  uint8_t first[16], second[16];
  (void)give(first, 16);
  first[3] = 1; /* its span: nobody's business */
  (void)give(second, 16);
  weir_probe_finish(probe);
  ck_assert_uint_eq(count_of(WEIR_EVENT_BUFFER_TOUCHED), 0);
  (void)give(first, 16);
  (void)give(second, 16);
  first[3] = 1; /* its span is over (B6) */
  weir_probe_finish(probe);
  ck_assert(last()->event == WEIR_EVENT_BUFFER_TOUCHED && last()->a == 3 && last()->b == 3);
}
END_TEST

START_TEST(kept_buffers_are_looked_at_before_they_are_forgotten) {
  start("");
  static uint8_t memory[WEIR_BUFFERS_KEPT + 1][32];
  for (unsigned i = 0; i < WEIR_BUFFERS_KEPT; i++) {
    (void)give(memory[i], 32);
    weir_payload_fill(0, probe->delivered, memory[i], 8);
    (void)whole_callback(WEIR_EVENT_BUFFER_UPDATED, 8);
  }
  memory[0][31] = 0;
  memory[1][0] = 0;
  ck_assert_uint_eq(count_of(WEIR_EVENT_BUFFER_TOUCHED), 0);
  (void)give(memory[WEIR_BUFFERS_KEPT], 32);
  ck_assert(last()->event == WEIR_EVENT_BUFFER_TOUCHED && last()->a == 1 && last()->b == 31);
  weir_probe_withdraw(probe, memory[1]);
  ck_assert(last()->event == WEIR_EVENT_BUFFER_TOUCHED && last()->a == 2 && last()->b == 0);
  memory[1][5] = 0; /* gone: not ours any more */
  weir_probe_finish(probe);
  ck_assert_uint_eq(count_of(WEIR_EVENT_BUFFER_TOUCHED), 2);
}
END_TEST

START_TEST(the_same_memory_may_be_given_again) {
  start("");
  uint8_t memory[32];
  for (unsigned i = 0; i < 10; i++) {
    (void)give(memory + i, 16);
    weir_payload_fill(0, probe->delivered, memory + i, 16);
    (void)whole_callback(WEIR_EVENT_BUFFER_UPDATED, 16);
    ck_assert_uint_eq(last()->code, WEIR_DATA_STREAM);
  }
  weir_probe_finish(probe);
  ck_assert_uint_eq(count_of(WEIR_EVENT_BUFFER_TOUCHED), 0);
}
END_TEST

START_TEST(unusable_buffers_are_left_alone) {
  start("app get_buffer 1: size 8 readonly\napp get_buffer 2: size 8 noncontiguous\n");
  uint8_t memory[8] = {1, 2, 3, 4, 5, 6, 7, 8}, copy[8];
  memcpy(copy, memory, 8);
  for (unsigned i = 0; i < 2; i++) {
    (void)give(memory, 8);
    ck_assert_mem_eq(memory, copy, 8);
    ck_assert_uint_eq(last()->b & UINT32_MAX, 8);
  }
  ck_assert_uint_eq(last()->b >> 56, WEIR_BUFFER_NONCONTIGUOUS);
}
END_TEST

/* For every chunking of a stream, and wherever a byte is lost or doubled, what
 * is told is what was delivered. */
START_TEST(deliveries_are_told_exactly) {
  uint8_t memory[64];
  uint64_t state = 1;
  for (unsigned round = 0; round < 300; round++) {
    start("");
    uint64_t at = 0;
    for (unsigned i = 0; i < 20; i++) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      uint32_t size = 8 + (uint32_t)(state >> 33) % 50;
      uint32_t kind = (uint32_t)(state >> 60);
      if (kind == 0) at += 1 + size;        /* lost */
      if (kind == 1 && at > 60) at -= size; /* doubled */
      (void)give(memory, sizeof memory);
      weir_payload_fill(0, at, memory, size);
      (void)whole_callback(WEIR_EVENT_BUFFER_UPDATED, size);
      ck_assert(last()->code == WEIR_DATA_STREAM && last()->a == size);
      ck_assert_uint_eq(last()->b, at);
      at += size;
      if (at < probe->delivered) at = probe->delivered; /* what was doubled does not count */
    }
  }
}
END_TEST

START_TEST(a_large_buffer_is_guarded_at_its_beginning) {
  start("");
  const size_t size = WEIR_BUFFER_GUARDED + 4096;
  uint8_t *memory = malloc(size);
  ck_assert_ptr_nonnull(memory);
  (void)give(memory, size);
  weir_payload_fill(0, 0, memory, size);
  (void)whole_callback(WEIR_EVENT_BUFFER_UPDATED, (int64_t)size);
  ck_assert(last()->code == WEIR_DATA_STREAM && last()->a == size);
  (void)give(memory, size);
  memory[WEIR_BUFFER_GUARDED - 1] = 1;
  (void)whole_callback(WEIR_EVENT_BUFFER_UPDATED, 0);
  ck_assert_uint_eq(count_of(WEIR_EVENT_BUFFER_TAIL), 1);
  free(memory);
}
END_TEST

START_TEST(data_received_is_judged) {
  start("app protocol plain\n");
  uint8_t bytes[40];
  weir_payload_fill(0, 0, bytes, 40);
  weir_decision decision = {0};
  weir_probe_begin(probe, WEIR_EVENT_DATA_RECEIVED, 0, 0, 0, bytes, 15);
  weir_application_end(&application, &decision, NULL, 0);
  ck_assert(last()->code == WEIR_DATA_STREAM && last()->a == 15 && last()->b == 0);
  weir_probe_begin(probe, WEIR_EVENT_DATA_RECEIVED, 0, 0, 0, bytes, 15); /* again */
  weir_application_end(&application, &decision, NULL, 0);
  ck_assert(last()->code == WEIR_DATA_STREAM && last()->b == 0);
  weir_payload_fill(1, 0, bytes, 15); /* our own direction */
  weir_probe_begin(probe, WEIR_EVENT_DATA_RECEIVED, 0, 0, 0, bytes, 15);
  weir_application_end(&application, &decision, NULL, 0);
  ck_assert_uint_eq(last()->code, WEIR_DATA_REVERSE);
}
END_TEST

/* ---- Errors ----------------------------------------------------------------- */
START_TEST(errors_become_exceptions) {
  static const struct {
    weir_error error;
    weir_exception exception;
    uint32_t number;
  } rows[] = {{0, WEIR_EXCEPTION_NONE, 0},
              {104, WEIR_EXCEPTION_OS, 104},
              {WEIR_ERROR_TYPE, WEIR_EXCEPTION_TYPE, 0},
              {WEIR_ERROR_VALUE, WEIR_EXCEPTION_VALUE, 0},
              {WEIR_ERROR_STATE, WEIR_EXCEPTION_RUNTIME, 0},
              {WEIR_ERROR_UNSUPPORTED, WEIR_EXCEPTION_UNSUPPORTED, 0},
              {WEIR_ERROR_INTERNAL, WEIR_EXCEPTION_INTERNAL, 0},
              {-6, WEIR_EXCEPTION_OTHER, 0},
              {-1000, WEIR_EXCEPTION_OTHER, 0},
              {-1001, WEIR_EXCEPTION_PROBE, 1},
              {INT32_MIN, WEIR_EXCEPTION_PROBE, 2147482648u}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    weir_outcome outcome = weir_native_outcome(rows[i].error);
    ck_assert(outcome.exception == rows[i].exception && outcome.number == rows[i].number);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("probe");
  TCase *all = tcase_create("probe");
  tcase_add_checked_fixture(all, set_up, tear_down);
  tcase_add_test(all, a_run_begins_with_open);
  tcase_add_test(all, a_callback_with_nothing_inside_is_one_record);
  tcase_add_test(all, calls_stand_inside);
  tcase_add_test(all, steps_apply_to_their_range);
  tcase_add_test(all, decisions);
  tcase_add_test(all, raises_are_numbered);
  tcase_add_test(all, nothing_is_done_when_the_run_is_over);
  tcase_add_test(all, frames_have_a_bound);
  tcase_add_test(all, writes_follow_the_stream);
  tcase_add_test(all, limits_and_protocols);
  tcase_add_test(all, resize_is_not_recorded);
  tcase_add_test(all, outside_takes_what_is_due);
  tcase_add_test(all, a_long_idle_group_is_done_whole);
  tcase_add_test(all, buffers_are_poison_until_and_after_they_are_read);
  tcase_add_test(all, a_buffer_that_was_not_used_is_free_again);
  tcase_add_test(all, kept_buffers_are_looked_at_before_they_are_forgotten);
  tcase_add_test(all, the_same_memory_may_be_given_again);
  tcase_add_test(all, unusable_buffers_are_left_alone);
  tcase_add_test(all, deliveries_are_told_exactly);
  tcase_add_test(all, a_large_buffer_is_guarded_at_its_beginning);
  tcase_add_test(all, data_received_is_judged);
  tcase_add_test(all, errors_become_exceptions);
  suite_add_tcase(suite, all);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? 0 : 1;
}
