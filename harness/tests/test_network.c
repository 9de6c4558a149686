/* Several connections: one order of idle steps, triggers of one on another, one clock. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference/reference.h"
#include "simulation/network.h"
#include "targets/host.h"
#include "weir/payload.h"

enum { RECORDS = 4096, OUTGOING = 1 << 16 };

static weir_scenario scenario;
static weir_network network;
static weir_trace trace;
static weir_record records[RECORDS];
static uint8_t outgoing[WEIR_CONNECTIONS][OUTGOING], bytes[256];

static void read_scenario(const char *text) {
  weir_problem problem;
  char whole[2048];
  (void)snprintf(whole, sizeof whole, "weir 1\n%s", text);
  if (weir_scenario_parse(whole, strlen(whole), &scenario, NULL, &problem) != WEIR_OK) ck_abort_msg("%s", problem.text);
  memset(records, 0, sizeof records);
  weir_trace_init(&trace, records, RECORDS);
}

static void begin(const char *text) {
  read_scenario(text);
  memset(&network, 0x5A, sizeof network); /* init may not rely on zeros */
  weir_network_init(&network, &scenario, &trace, WEIR_LAYER_TCP, outgoing[0], OUTGOING);
}

static weir_simulation *open_connection(unsigned connection) {
  return weir_network_open(&network, connection, outgoing[connection], OUTGOING);
}

static int recv_bytes(unsigned connection) {
  return (int)weir_simulation_recv(&network.connections[connection], bytes, sizeof bytes);
}

#define TURN(turn) ck_assert_int_eq((int)weir_network_turn(&network), (int)WEIR_TURN_##turn)

START_TEST(idle_steps_are_in_one_order) {
  begin("peer send 1\npeer @1 send 2\npeer send 3\npeer @1 same turn: send 4\n");
  ck_assert_ptr_null(weir_network_connection(&network, 1));
  (void)open_connection(1);
  TURN(PEER);
  ck_assert_int_eq(recv_bytes(0), 1);
  ck_assert_int_eq(recv_bytes(1), -EAGAIN);
  TURN(PEER);
  ck_assert_int_eq(recv_bytes(1), 2);
  ck_assert_int_eq(recv_bytes(0), -EAGAIN);
  TURN(PEER); /* both in one turn */
  ck_assert_int_eq(recv_bytes(0), 3);
  ck_assert_int_eq(recv_bytes(1), 4);
  TURN(QUIESCENT);
}
END_TEST

START_TEST(streams_are_each_ones_own) {
  begin("peer send 20\npeer @3 same turn: send 20\n");
  (void)open_connection(3);
  TURN(PEER);
  ck_assert_int_eq(recv_bytes(3), 20);
  ck_assert_uint_eq(weir_payload_match(weir_stream_incoming(3), 0, bytes, 20), 20);
  ck_assert_uint_lt(weir_payload_match(weir_stream_incoming(0), 0, bytes, 20), 4);
  ck_assert_uint_eq(records[trace.count - 1].connection, 3);
}
END_TEST

START_TEST(what_is_not_open_does_nothing) {
  uint16_t first = 0;
  begin("peer @1 send 5\npeer @1 sleep 100\napp @1 when idle: close\npeer after get_buffer of @1: send 5\n");
  TURN(QUIESCENT);
  ck_assert_uint_eq(trace.count, 0);
  ck_assert_uint_eq(network.clock_ms, 0);
  ck_assert_uint_eq(weir_network_unreached(&network, &first), 4);
  ck_assert_uint_eq(first, 0);
}
END_TEST

START_TEST(open_takes_a_turn_and_hangs_on_the_first) {
  begin("app @1 when idle: open\napp @2 after get_buffer: open\napp @3 after get_buffer of @1: open\n");
  TURN(APP);
  ck_assert_uint_eq(network.app_count, 1);
  network.app_count = 0;
  weir_simulation_occasion(open_connection(1), WEIR_OCCASION_GET_BUFFER);
  uint16_t steps[4];
  ck_assert_uint_eq(weir_network_take_due(&network, steps, 4), 1);
  ck_assert_uint_eq(steps[0], 2);
  weir_simulation_occasion(&network.connections[0], WEIR_OCCASION_GET_BUFFER);
  TURN(APP); /* due, and nothing of the order */
  ck_assert_uint_eq(network.app_count, 0);
  ck_assert_uint_eq(weir_network_take_due(&network, steps, 4), 1);
  ck_assert_uint_eq(steps[0], 1);
}
END_TEST

START_TEST(one_connection_hangs_on_another) {
  begin("peer @1 after recv 2 of @0: reset\nsocket @1 recv 1: short 2\nsocket @1 buffer 8\n");
  (void)open_connection(1);
  ck_assert_uint_eq(network.connections[1].capacity, 8);
  ck_assert_uint_ne(network.connections[0].capacity, 8);
  ck_assert_int_eq(recv_bytes(1), -EAGAIN);
  ck_assert_int_eq(recv_bytes(1), -EAGAIN); /* its own recv does not count */
  ck_assert_int_eq(recv_bytes(0), -EAGAIN);
  ck_assert_int_eq(recv_bytes(1), -EAGAIN);
  ck_assert_int_eq(recv_bytes(0), -EAGAIN);
  ck_assert_int_eq(recv_bytes(1), -ECONNRESET);
  ck_assert_int_eq(recv_bytes(0), -EAGAIN);
}
END_TEST

START_TEST(any_progress_is_progress) {
  begin("");
  (void)open_connection(1);
  for (unsigned wait = 0; wait < 2 * WEIR_FRUITLESS_MAX; wait++) {
    weir_network_wait(&network);
    weir_simulation_progress(&network.connections[wait % 2]);
  }
  ck_assert(!weir_network_spinning(&network));
  for (unsigned wait = 0; wait <= WEIR_FRUITLESS_MAX; wait++) weir_network_wait(&network);
  ck_assert(weir_network_spinning(&network));
}
END_TEST

/* ---- The host ------------------------------------------------------------------- */
static unsigned count_of(weir_event event, unsigned connection) {
  unsigned count = 0;
  for (uint32_t i = 0; i < trace.count; i++)
    count +=
        records[i].event == event && records[i].connection == connection && (records[i].flags & WEIR_FLAG_END) == 0;
  return count;
}

static void drive(const weir_target *target, const char *text) {
  weir_problem problem = {.text = ""};
  uint32_t unreached = 0;
  weir_host_run *host = weir_host_new();
  ck_assert_ptr_nonnull(host);
  read_scenario(text);
  ck_assert_msg(weir_host_drive(host, target, &scenario, &trace, &unreached, &problem) == WEIR_OK, "%s", problem.text);
  weir_host_free(host);
}

START_TEST(the_host_opens_each_once) {
  drive(weir_reference(),
        "app @1 when idle: open\napp @1 when idle: open\napp when idle: open\napp @3 get_buffer of @1: "
        "open\npeer @1 send 5\n");
  for (unsigned connection = 0; connection < WEIR_CONNECTIONS; connection++)
    ck_assert_uint_eq(count_of(WEIR_EVENT_OPEN, connection), connection != 2);
}
END_TEST

START_TEST(who_declares_no_connections_gets_none) {
  weir_target target = *weir_reference();
  target.capabilities &= ~(unsigned)WEIR_CAN_CONNECTIONS;
  drive(&target, "app @1 when idle: open\npeer @1 send 5\n");
  ck_assert_uint_eq(count_of(WEIR_EVENT_OPEN, 1), 0);
  ck_assert_uint_eq(weir_scenario_needs(&scenario), WEIR_CAN_CONNECTIONS);
}
END_TEST

/* Inside a callback of one connection a call on another: the pairs nest in the trace. */
START_TEST(a_call_on_another_stands_inside) {
  drive(weir_reference(), "app @1 when idle: open\napp @1 buffer_updated of @0: write 3; close\npeer send 5\n");
  uint32_t begun = 0, ended = 0, called = 0;
  for (uint32_t i = 0; i < trace.count; i++) {
    const weir_record *record = &records[i];
    if (record->event == WEIR_EVENT_BUFFER_UPDATED && (record->flags & WEIR_FLAG_BEGIN)) begun = i;
    if (record->event == WEIR_EVENT_BUFFER_UPDATED && (record->flags & WEIR_FLAG_END)) ended = i;
    if (record->event != WEIR_EVENT_CLOSE) continue;
    ck_assert_uint_eq(record->connection, 1);
    if (called == 0) called = i;
  }
  ck_assert(begun < called && called < ended);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("network");
  TCase *all = tcase_create("network");
  tcase_add_test(all, idle_steps_are_in_one_order);
  tcase_add_test(all, streams_are_each_ones_own);
  tcase_add_test(all, what_is_not_open_does_nothing);
  tcase_add_test(all, open_takes_a_turn_and_hangs_on_the_first);
  tcase_add_test(all, one_connection_hangs_on_another);
  tcase_add_test(all, any_progress_is_progress);
  tcase_add_test(all, the_host_opens_each_once);
  tcase_add_test(all, who_declares_no_connections_gets_none);
  tcase_add_test(all, a_call_on_another_stands_inside);
  suite_add_tcase(suite, all);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
