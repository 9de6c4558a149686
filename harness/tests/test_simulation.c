#include "simulation/network.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "weir/payload.h"

enum { RECORDS = 4096, OUTGOING = 1 << 20, BYTES = 1 << 20 };

static const weir_stream OUT = 1;
static weir_scenario scenario;
static weir_network network;
static weir_simulation *const simulation = &network.connections[0];
static weir_trace trace;
static weir_record records[RECORDS];
static uint32_t told_until;
static uint8_t outgoing[OUTGOING], bytes[BYTES];

static void begin(const char *text) {
  weir_problem problem;
  char whole[4096];
  snprintf(whole, sizeof whole, "weir 1\n%s", text);
  if (weir_scenario_parse(whole, strlen(whole), &scenario, NULL, &problem) != WEIR_OK) ck_abort_msg("%s", problem.text);
  memset(records, 0, sizeof records);
  weir_trace_init(&trace, records, RECORDS);
  told_until = 0;
  memset(&network, 0x5A, sizeof network); /* init may not rely on zeros */
  weir_network_init(&network, &scenario, &trace, WEIR_LAYER_TCP, outgoing, OUTGOING);
}

static size_t tell(const weir_record *record, char *out, size_t size) {
  const char *name = weir_event_name(record->event);
  const char *mark = record->flags & WEIR_FLAG_INJECTED ? "!" : "";
  const long long b = (long long)record->b;
  switch (record->event) {
  case WEIR_EVENT_RECV:
  case WEIR_EVENT_SEND: return (size_t)snprintf(out, size, "%s %u=%lld%s", name, record->a, b, mark);
  case WEIR_EVENT_SHUTDOWN: return (size_t)snprintf(out, size, "%s=%lld", name, b);
  case WEIR_EVENT_PEER_SEND: return (size_t)snprintf(out, size, "%s %u@%lld", name, record->a, b);
  case WEIR_EVENT_PEER_RECEIVED:
  case WEIR_EVENT_DATA:
    return (size_t)snprintf(out, size, "%s %u %s@%lld", name, record->a, weir_data_name(record->code), b);
  case WEIR_EVENT_WATCH:
  case WEIR_EVENT_SPURIOUS: return (size_t)snprintf(out, size, "%s %u", name, record->a);
  case WEIR_EVENT_ADVANCE:
  case WEIR_EVENT_TIMEOUT: return (size_t)snprintf(out, size, "%s %lld", name, b);
  default: return (size_t)snprintf(out, size, "%s", name);
  }
}

/* The records since it was last asked, in words. */
static const char *told(void) {
  static char text[4096];
  size_t length = 0;
  text[0] = '\0';
  for (; told_until < trace.count; told_until++) {
    if (length > 0) length += (size_t)snprintf(text + length, sizeof text - length, ", ");
    length += tell(&records[told_until], text + length, sizeof text - length);
    ck_assert_uint_lt(length, sizeof text);
  }
  return text;
}

#define TOLD(text) ck_assert_str_eq(told(), text)
#define TURN(turn) ck_assert_int_eq((int)weir_network_turn(&network), (int)WEIR_TURN_##turn)

/* A wait of the program. */
static unsigned wait_watching(unsigned interest) {
  weir_network_wait(&network);
  return weir_simulation_wait(simulation, interest);
}

static int recv_bytes(size_t size) {
  return (int)weir_simulation_recv(simulation, bytes, size);
}

/* Sends the stream from `offset` on. */
static int send_from(uint64_t offset, size_t size) {
  weir_payload_fill(OUT, offset, bytes, size);
  return (int)weir_simulation_send(simulation, bytes, size);
}

static const char *ready(void) {
  static char text[32];
  const unsigned set = weir_simulation_ready(simulation);
  snprintf(text, sizeof text, "%s%s%s%s%s", set & WEIR_POLL_IN ? "I" : "", set & WEIR_POLL_OUT ? "O" : "",
           set & WEIR_POLL_ERR ? "E" : "", set & WEIR_POLL_HUP ? "H" : "", set & WEIR_POLL_RDHUP ? "R" : "");
  return text;
}
#define READY(text) ck_assert_str_eq(ready(), text)

/* ---- The kernel's table (SIMULATION.md), row by row */
START_TEST(data_then_nothing) {
  begin("peer send 10");
  READY("O");
  ck_assert_int_eq(recv_bytes(64), -EAGAIN);
  TURN(PEER);
  READY("IO");
  ck_assert_uint_eq(weir_simulation_unread(simulation), 10);
  ck_assert_int_eq(recv_bytes(4), 4);
  ck_assert_uint_eq(weir_payload_match(0, 0, bytes, 4), 4);
  ck_assert_int_eq(recv_bytes(64), 6);
  ck_assert_uint_eq(weir_payload_match(0, 4, bytes, 6), 6);
  ck_assert_int_eq(recv_bytes(64), -EAGAIN);
  ck_assert_int_eq(recv_bytes(0), -EAGAIN);
  TURN(QUIESCENT);
  TOLD("recv 64=-11, peer_send 10@0, recv 4=4, recv 64=6, recv 64=-11, recv 0=-11");
}
END_TEST

START_TEST(peer_shuts_its_side) {
  begin("peer send 3; fin");
  TURN(PEER);
  READY("IOR");
  ck_assert_int_eq(recv_bytes(64), 3);
  READY("IOR");
  ck_assert_int_eq(recv_bytes(64), 0);
  ck_assert_int_eq(recv_bytes(64), 0);
  ck_assert_int_eq(send_from(0, 5), 5);
  TURN(PEER);
  READY("IOR");
  TOLD("peer_send 3@0, peer_fin, recv 64=3, recv 64=0, recv 64=0, send 5=5, peer_received 5 stream@0");
}
END_TEST

START_TEST(peer_closes) {
  begin("peer close");
  TURN(PEER);
  READY("IOR");
  ck_assert_int_eq(recv_bytes(64), 0);
  ck_assert_int_eq(send_from(0, 5), 5);
  TURN(PEER);
  READY("IOEHR");
  ck_assert_int_eq(recv_bytes(64), 0);
  ck_assert_int_eq(send_from(5, 5), -EPIPE);
  READY("IOHR");
  TURN(QUIESCENT);
  TOLD("peer_close, recv 64=0, send 5=5, peer_reset, recv 64=0, send 5=-32");
}
END_TEST

START_TEST(peer_closes_with_our_data_unread) {
  begin("peer at start: stop\npeer close");
  ck_assert_int_eq(send_from(0, 5), 5);
  TURN(PEER);
  READY("IOEHR");
  ck_assert_int_eq(recv_bytes(64), -ECONNRESET);
  READY("IOHR");
  ck_assert_int_eq(recv_bytes(64), 0);
  ck_assert_int_eq(send_from(5, 5), -EPIPE);
  TURN(QUIESCENT);
}
END_TEST

START_TEST(reset_behind_data) {
  begin("peer send 3; reset");
  TURN(PEER);
  READY("IOEHR");
  ck_assert_int_eq(recv_bytes(64), 3);
  READY("IOEHR");
  ck_assert_int_eq(recv_bytes(64), -ECONNRESET);
  READY("IOHR");
  ck_assert_int_eq(recv_bytes(64), 0);
  ck_assert_int_eq(send_from(0, 5), -EPIPE);
}
END_TEST

START_TEST(reset_is_told_to_send_if_it_comes_first) {
  begin("peer send 3; reset");
  TURN(PEER);
  ck_assert_int_eq(send_from(0, 5), -ECONNRESET);
  ck_assert_int_eq(send_from(0, 5), -EPIPE);
  ck_assert_int_eq(recv_bytes(64), 3);
  ck_assert_int_eq(recv_bytes(64), 0);
}
END_TEST

START_TEST(reset_is_told_to_so_error) {
  begin("peer reset");
  TURN(PEER);
  ck_assert_int_eq(weir_simulation_take_error(simulation), ECONNRESET);
  ck_assert_int_eq(weir_simulation_take_error(simulation), 0);
  ck_assert_int_eq(recv_bytes(64), 0);
}
END_TEST

START_TEST(reset_loses_what_was_not_read) {
  begin("peer when idle: stop\npeer reset");
  TURN(PEER);
  ck_assert_int_eq(send_from(0, 5), 5);
  TURN(PEER);
  TURN(QUIESCENT);
  TOLD("peer_stop, send 5=5, peer_reset");
}
END_TEST

START_TEST(both_sides_shut) {
  begin("peer fin");
  ck_assert_int_eq(weir_simulation_shutdown_write(simulation), 0);
  ck_assert_int_eq(weir_simulation_shutdown_write(simulation), 0);
  READY("O");
  TURN(PEER);
  TURN(PEER);
  READY("IOHR");
  ck_assert_int_eq(recv_bytes(64), 0);
  ck_assert_int_eq(send_from(0, 5), -EPIPE);
  ck_assert_int_eq(weir_simulation_shutdown_write(simulation), -ENOTCONN);
  TOLD("shutdown=0, shutdown=0, peer_saw_fin, peer_fin, recv 64=0, send 5=-32, shutdown=-107");
}
END_TEST

START_TEST(fin_comes_behind_what_was_sent) {
  begin("peer at start: stop\npeer read 3\npeer read 3\npeer start");
  ck_assert_int_eq(send_from(0, 5), 5);
  ck_assert_int_eq(weir_simulation_shutdown_write(simulation), 0);
  TURN(PEER);
  TURN(PEER);
  TURN(PEER);
  TURN(QUIESCENT);
  TOLD("send 5=5, shutdown=0, peer_received 3 stream@0, peer_received 2 stream@3, peer_saw_fin, peer_start");
}
END_TEST

START_TEST(close_sends_what_was_taken_and_then_fin) {
  begin("peer when idle: sleep 5");
  ck_assert_int_eq(send_from(0, 5), 5);
  weir_simulation_close(simulation);
  weir_simulation_close(simulation);
  READY("");
  ck_assert_int_eq(recv_bytes(64), -EBADF);
  ck_assert_uint_eq(wait_watching(WEIR_POLL_IN), 0);
  TURN(PEER);
  TURN(PEER);
  TURN(QUIESCENT);
  TOLD("send 5=5, socket_close, recv 64=-9, peer_received 5 stream@0, peer_saw_fin, advance 5");
}
END_TEST

START_TEST(close_with_unread_data_is_a_reset) {
  begin("peer send 5\npeer send 7; fin");
  ck_assert_int_eq(send_from(0, 5), 5);
  TURN(PEER);
  TURN(PEER);
  weir_simulation_close(simulation);
  TURN(PEER);
  TURN(QUIESCENT); /* the last steps are passed over */
  uint16_t first = 0;
  ck_assert_uint_eq(weir_network_unreached(&network, &first), 0);
  TOLD("send 5=5, peer_received 5 stream@0, peer_send 5@0, socket_close, peer_saw_reset");
}
END_TEST

START_TEST(what_cannot_happen_any_more_is_passed_over) {
  begin("peer fin\npeer send 5\npeer fin\npeer reset\npeer close\npeer stop\npeer start\npeer read 5");
  TURN(PEER);
  TURN(PEER);
  TURN(QUIESCENT);
  TOLD("peer_fin, peer_reset");
}
END_TEST

/* ---- The socket's buffer */
START_TEST(a_full_buffer_takes_part_and_then_nothing) {
  begin("socket at start: buffer 10\npeer at start: stop\npeer start");
  ck_assert_uint_eq(wait_watching(WEIR_POLL_OUT), WEIR_POLL_OUT);
  ck_assert_int_eq(send_from(0, 7), 7);
  ck_assert_int_eq(send_from(7, 7), 3);
  READY("");
  ck_assert_int_eq(send_from(10, 7), -EAGAIN);
  TURN(PEER);
  READY("");
  TURN(PEER);
  READY("O");
  TOLD("peer_stop, send 7=7, send 7=3, send 7=-11, peer_start, peer_received 10 stream@0");
}
END_TEST

START_TEST(slices_are_one_operation) {
  begin("socket at start: buffer 10");
  weir_payload_fill(OUT, 0, bytes, 20);
  const struct iovec slices[] = {{bytes, 4}, {bytes, 0}, {bytes + 4, 3}, {bytes + 7, 13}};
  ck_assert_int_eq((int)weir_simulation_sendv(simulation, slices, 4), 10);
  TURN(PEER);
  TOLD("send 20=10, peer_received 10 stream@0");
}
END_TEST

START_TEST(wrong_bytes_are_told_as_runs) {
  begin("");
  ck_assert_int_eq(send_from(0, 20), 20);
  ck_assert_int_eq(send_from(30, 20), 20); /* ten are lost */
  ck_assert_int_eq(send_from(50, 20), 20);
  TURN(PEER);
  TOLD("send 20=20, send 20=20, send 20=20, peer_received 60 mixed@0, data 20 stream@0, data 40 stream@30");
  ck_assert_int_eq(send_from(70, 20), 20); /* goes on from there */
  TURN(PEER);
  TOLD("send 20=20, peer_received 20 stream@70");
  ck_assert_int_eq(send_from(80, 20), 20); /* ten are doubled */
  TURN(PEER);
  TOLD("send 20=20, peer_received 20 stream@80");
  memset(bytes, WEIR_POISON, 6);
  ck_assert_int_eq((int)weir_simulation_send(simulation, bytes, 6), 6);
  weir_payload_fill(0, 40, bytes, 6);
  ck_assert_int_eq((int)weir_simulation_send(simulation, bytes, 6), 6);
  TURN(PEER);
  TOLD("send 6=6, send 6=6, peer_received 12 mixed@0, data 6 poison@0, data 6 reverse@40");
}
END_TEST

START_TEST(wrong_bytes_read_in_pieces) {
  begin("peer at start: stop\npeer read 12\npeer read 8\npeer read 100");
  ck_assert_int_eq(send_from(0, 10), 10);
  ck_assert_int_eq(send_from(90, 20), 20);
  TURN(PEER);
  ck_assert_int_eq(send_from(110, 10), 10);
  TURN(PEER);
  TURN(PEER);
  TOLD("send 10=10, send 20=20, peer_received 12 mixed@0, data 10 stream@0, data 2 nonsense@0, send 10=10, "
       "peer_received 8 stream@92, peer_received 20 stream@100");
}
END_TEST

/* ---- Faults */
START_TEST(short_operations) {
  begin("socket recv 2: short 3\nsocket send 2-3: short 1\npeer send 10");
  TURN(PEER);
  ck_assert_int_eq(recv_bytes(2), 2);
  ck_assert_int_eq(recv_bytes(64), 3);
  ck_assert_int_eq(recv_bytes(64), 5);
  ck_assert_int_eq(send_from(0, 5), 5);
  ck_assert_int_eq(send_from(5, 5), 1);
  ck_assert_int_eq(send_from(6, 1), 1);
  ck_assert_int_eq(send_from(7, 5), 5);
  TOLD("peer_send 10@0, recv 2=2, recv 64=3!, recv 64=5, send 5=5, send 5=1!, send 1=1, send 5=5");
}
END_TEST

START_TEST(again_lasts_until_the_next_turn) {
  begin("socket recv 1: again\nsocket send 1: again\npeer send 10");
  TURN(PEER);
  ck_assert_int_eq(recv_bytes(64), -EAGAIN);
  READY("O");
  ck_assert_int_eq(send_from(0, 5), -EAGAIN);
  READY("");
  ck_assert_int_eq(recv_bytes(64), -EAGAIN);
  TURN(PEER); /* nothing is left but this */
  READY("IO");
  ck_assert_int_eq(recv_bytes(64), 10);
  ck_assert_int_eq(send_from(0, 5), 5);
  TOLD("peer_send 10@0, recv 64=-11!, send 5=-11!, recv 64=-11!, recv 64=10, send 5=5");
}
END_TEST

START_TEST(again_hides_an_end) {
  begin("socket recv 1: again\npeer reset");
  TURN(PEER);
  ck_assert_int_eq(recv_bytes(64), -EAGAIN);
  READY("O");
  TURN(PEER);
  READY("IOEHR");
  ck_assert_int_eq(recv_bytes(64), -ECONNRESET);
}
END_TEST

START_TEST(again_for_ever_ends) {
  begin("socket recv *: again\npeer send 10\npeer send 10");
  TURN(PEER);
  int times = 0;
  while (recv_bytes(4) == -EAGAIN) {
    ck_assert_int_lt(times++, 100);
    (void)weir_network_turn(&network);
  }
  ck_assert_int_ge(times, WEIR_AGAIN_MAX);
}
END_TEST

START_TEST(fatal_errors_kill) {
  static const struct {
    const char *word;
    int number;
  } errors[] = {{"ECONNRESET", ECONNRESET}, {"ETIMEDOUT", ETIMEDOUT}, {"EHOSTUNREACH", EHOSTUNREACH}};
  for (size_t index = 0; index < sizeof errors / sizeof errors[0]; index++) {
    char text[200];
    snprintf(text, sizeof text, "socket recv 1: error %s\npeer send 10\npeer send 5; fin", errors[index].word);
    begin(text);
    TURN(PEER);
    ck_assert_int_eq(send_from(0, 5), 5);
    ck_assert_int_eq(recv_bytes(64), -errors[index].number);
    READY("IOHR");
    ck_assert_int_eq(recv_bytes(64), 0);
    ck_assert_int_eq(send_from(5, 5), -EPIPE);
    TURN(QUIESCENT); /* the peer sees nothing more, and can do nothing more */
    weir_simulation_close(simulation);
    TURN(QUIESCENT);
  }
}
END_TEST

START_TEST(fatal_error_at_send_leaves_what_was_received) {
  begin("socket send 1: error ETIMEDOUT\npeer send 10");
  TURN(PEER);
  ck_assert_int_eq(send_from(0, 5), -ETIMEDOUT);
  ck_assert_int_eq(recv_bytes(64), 10);
  ck_assert_int_eq(recv_bytes(64), 0);
  TOLD("peer_send 10@0, send 5=-110!, recv 64=10, recv 64=0");
}
END_TEST

START_TEST(broken_pipe_at_send) {
  begin("socket send 1: error EPIPE");
  ck_assert_int_eq(send_from(0, 5), -EPIPE);
  ck_assert_int_eq(send_from(0, 5), -EPIPE);
  ck_assert_int_eq(recv_bytes(64), 0);
  TOLD("send 5=-32!, send 5=-32, recv 64=0");
}
END_TEST

START_TEST(transient_errors_pass) {
  begin("socket send 1: error ENOBUFS\nsocket send 2: error ENOMEM\nsocket send 3: error EINTR\n"
        "socket recv 1: error EINTR\npeer send 10");
  ck_assert_int_eq(send_from(0, 5), -ENOBUFS);
  ck_assert_int_eq(send_from(0, 5), -ENOMEM);
  ck_assert_int_eq(send_from(0, 5), -EINTR);
  ck_assert_int_eq(send_from(0, 5), 5);
  TURN(PEER);
  TURN(PEER);
  ck_assert_int_eq(recv_bytes(64), -EINTR);
  ck_assert_int_eq(recv_bytes(64), 10);
  TOLD("send 5=-105!, send 5=-12!, send 5=-4!, send 5=5, peer_received 5 stream@0, peer_send 10@0, recv 64=-4!, "
       "recv 64=10");
}
END_TEST

START_TEST(error_beats_again_beats_short) {
  begin("socket recv 1-3: short 1\nsocket recv 1-2: again\nsocket recv 1: error EINTR\npeer send 10");
  TURN(PEER);
  ck_assert_int_eq(recv_bytes(64), -EINTR);
  ck_assert_int_eq(recv_bytes(64), -EAGAIN);
  TURN(PEER);
  ck_assert_int_eq(recv_bytes(64), 1);
  ck_assert_int_eq(recv_bytes(64), 9);
}
END_TEST

START_TEST(spurious_readiness) {
  begin("socket wait 2: spurious both\nsocket wait 3: spurious in");
  ck_assert_uint_eq(wait_watching(WEIR_POLL_IN), 0);
  ck_assert_uint_eq(wait_watching(0), 0); /* not watched: not counted */
  ck_assert_uint_eq(wait_watching(WEIR_POLL_IN), WEIR_POLL_IN);
  ck_assert_uint_eq(wait_watching(WEIR_POLL_OUT), WEIR_POLL_OUT);
  ck_assert_uint_eq(wait_watching(WEIR_POLL_IN), 0);
  ck_assert_int_eq(recv_bytes(64), -EAGAIN);
  TOLD("spurious 1, recv 64=-11");
}
END_TEST

START_TEST(spurious_for_ever_ends) {
  begin("socket wait *: spurious in");
  int times = 0;
  while (wait_watching(WEIR_POLL_IN) != 0) ck_assert_int_lt(times++, 100);
  ck_assert_int_eq(times, WEIR_AGAIN_MAX);
  TURN(QUIESCENT);
  ck_assert(!weir_network_spinning(&network));
}
END_TEST

/* ---- Turns and the script */
START_TEST(draining_is_a_turn_of_its_own) {
  begin("peer send 10\npeer send 20");
  ck_assert_int_eq(send_from(0, 5), 5);
  TURN(PEER);
  TURN(PEER);
  TURN(PEER);
  TURN(QUIESCENT);
  TOLD("send 5=5, peer_received 5 stream@0, peer_send 10@0, peer_send 20@10");
}
END_TEST

START_TEST(idle_steps_come_in_one_order) {
  begin("peer send 10\napp when idle: close; abort\npeer fin; close\napp get_buffer 1: close\napp when idle: abort");
  TURN(PEER);
  TURN(APP);
  ck_assert_uint_eq(network.app_first, 1);
  ck_assert_uint_eq(network.app_count, 2);
  network.app_count = 0;
  TURN(PEER);
  TURN(APP);
  ck_assert_uint_eq(network.app_first, 6);
  ck_assert_uint_eq(network.app_count, 1);
  TURN(QUIESCENT);
  TOLD("peer_send 10@0, peer_fin, peer_close");
}
END_TEST

START_TEST(a_send_in_parts) {
  begin("peer send 10 by 4; fin\napp when idle: close");
  TURN(PEER);
  TOLD("peer_send 4@0");
  TURN(PEER);
  TOLD("peer_send 4@4");
  ck_assert_int_eq(send_from(0, 5), 5);
  TURN(PEER);
  TOLD("send 5=5, peer_received 5 stream@0");
  TURN(PEER);
  TOLD("peer_send 2@8, peer_fin");
  TURN(APP);
  TURN(QUIESCENT);
}
END_TEST

START_TEST(parts_end_with_the_connection) {
  begin("peer send 10 by 4; fin\napp when idle: close");
  TURN(PEER);
  weir_simulation_close(simulation);
  TURN(PEER);
  TURN(APP);
  TOLD("peer_send 4@0, socket_close, peer_saw_reset");
}
END_TEST

START_TEST(peer_acts_after_an_occasion) {
  begin("peer after recv 2: send 3; fin\npeer after get_buffer 2+: send 1\npeer after send 1: reset");
  (void)recv_bytes(64);
  (void)recv_bytes(64);
  weir_simulation_occasion(simulation, WEIR_OCCASION_GET_BUFFER);
  weir_simulation_occasion(simulation, WEIR_OCCASION_GET_BUFFER);
  (void)send_from(0, 5);
  TOLD("recv 64=-11, recv 64=-11, peer_send 3@0, peer_fin, send 5=5, peer_reset");
}
END_TEST

START_TEST(peer_acts_after_each_of_a_range) {
  begin("peer after get_buffer 2+: send 1\npeer after wait 1: send 5");
  for (int times = 0; times < 3; times++) weir_simulation_occasion(simulation, WEIR_OCCASION_GET_BUFFER);
  ck_assert_uint_eq(wait_watching(WEIR_POLL_IN), WEIR_POLL_IN);
  TOLD("peer_send 1@0, peer_send 1@1, peer_send 5@2");
}
END_TEST

START_TEST(application_acts_after_an_occasion) {
  begin("peer send 10\napp after get_buffer 1: close; abort\napp after get_buffer 1-2: is_closing\n"
        "app after buffer_updated 1: close");
  uint16_t steps[16];
  ck_assert_uint_eq(weir_network_take_due(&network, steps, 16), 0);
  weir_simulation_occasion(simulation, WEIR_OCCASION_GET_BUFFER);
  weir_simulation_occasion(simulation, WEIR_OCCASION_GET_BUFFER);
  ck_assert(weir_network_is_due(&network));
  TURN(APP); /* before the peer's */
  ck_assert_uint_eq(network.app_count, 0);
  ck_assert_uint_eq(weir_network_take_due(&network, steps, 2), 2);
  ck_assert_uint_eq(steps[0], 1);
  ck_assert_uint_eq(steps[1], 2);
  ck_assert_uint_eq(weir_network_take_due(&network, steps, 16), 1);
  ck_assert_uint_eq(steps[0], 3);
  ck_assert_uint_eq(weir_network_take_due(&network, steps, 16), 1);
  ck_assert_uint_eq(steps[0], 3);
  ck_assert(!weir_network_is_due(&network));
  TURN(PEER);
  uint16_t first = 0;
  ck_assert_uint_eq(weir_network_unreached(&network, &first), 1);
  ck_assert_uint_eq(first, 4);
}
END_TEST

START_TEST(too_many_due_are_dropped) {
  begin("app after get_buffer *: close");
  uint16_t step = 0;
  for (int times = 0; times < 3 * WEIR_STEPS_MAX; times++) {
    weir_simulation_occasion(simulation, WEIR_OCCASION_GET_BUFFER);
    if (times % 3 == 0) ck_assert_uint_eq(weir_network_take_due(&network, &step, 1), 1);
  }
  size_t left = 0;
  while (weir_network_take_due(&network, &step, 1) == 1) left++;
  ck_assert_uint_ge(left, WEIR_STEPS_MAX - 1);
  ck_assert_uint_le(left, WEIR_STEPS_MAX);
}
END_TEST

START_TEST(unreached_steps_are_counted) {
  begin("socket at start: buffer 10\npeer send 10\npeer send 10\napp connection_made 1: close\nsocket recv 2: again");
  uint16_t first = 0;
  ck_assert_uint_eq(weir_network_unreached(&network, &first), 4);
  ck_assert_uint_eq(first, 1);
  TURN(PEER);
  weir_simulation_occasion(simulation, WEIR_OCCASION_CONNECTION_MADE);
  (void)recv_bytes(1);
  ck_assert_uint_eq(weir_network_unreached(&network, &first), 2);
  ck_assert_uint_eq(first, 2);
  TURN(PEER);
  (void)recv_bytes(1);
  ck_assert_uint_eq(weir_network_unreached(&network, &first), 0);
}
END_TEST

START_TEST(time_passes) {
  begin("peer when idle: sleep 100; send 1");
  TURN(PEER);
  ck_assert_uint_eq(network.clock_ms, 100);
  weir_network_timeout(&network, 50);
  ck_assert_uint_eq(network.clock_ms, 150);
  TOLD("advance 100, peer_send 1@0, timeout 50");
}
END_TEST

START_TEST(watching_is_recorded_where_it_changes) {
  begin("");
  weir_simulation_watch(simulation, WEIR_POLL_IN);
  weir_simulation_watch(simulation, WEIR_POLL_IN);
  weir_simulation_watch(simulation, WEIR_POLL_IN | WEIR_POLL_OUT);
  weir_simulation_watch(simulation, 0);
  weir_simulation_close(simulation);
  weir_simulation_watch(simulation, WEIR_POLL_IN);
  TOLD("watch 1, watch 3, watch 0, socket_close");
}
END_TEST

/* ---- Spin */
START_TEST(fruitless_waits_are_a_spin) {
  begin("peer fin");
  TURN(PEER);
  int waits = 0;
  while (!weir_network_spinning(&network)) {
    ck_assert_uint_eq(wait_watching(WEIR_POLL_IN), WEIR_POLL_IN);
    (void)recv_bytes(64); /* the first end of file is progress, the others are not */
    ck_assert_int_lt(waits++, 1000);
  }
  ck_assert_int_eq(waits, WEIR_FRUITLESS_MAX + 2);
  TURN(SPIN);
}
END_TEST

START_TEST(progress_is_no_spin) {
  begin("peer send 1000");
  TURN(PEER);
  for (int waits = 0; waits < 1000; waits++) {
    (void)wait_watching(WEIR_POLL_IN);
    ck_assert_int_eq(recv_bytes(1), 1);
  }
  for (int waits = 0; waits < 1000; waits++) {
    (void)wait_watching(WEIR_POLL_IN);
    weir_simulation_progress(simulation);
  }
  ck_assert(!weir_network_spinning(&network));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("simulation");
  TCase *tests = tcase_create("simulation");
  tcase_add_test(tests, data_then_nothing);
  tcase_add_test(tests, peer_shuts_its_side);
  tcase_add_test(tests, peer_closes);
  tcase_add_test(tests, peer_closes_with_our_data_unread);
  tcase_add_test(tests, reset_behind_data);
  tcase_add_test(tests, reset_is_told_to_send_if_it_comes_first);
  tcase_add_test(tests, reset_is_told_to_so_error);
  tcase_add_test(tests, reset_loses_what_was_not_read);
  tcase_add_test(tests, both_sides_shut);
  tcase_add_test(tests, fin_comes_behind_what_was_sent);
  tcase_add_test(tests, close_sends_what_was_taken_and_then_fin);
  tcase_add_test(tests, close_with_unread_data_is_a_reset);
  tcase_add_test(tests, what_cannot_happen_any_more_is_passed_over);
  tcase_add_test(tests, a_full_buffer_takes_part_and_then_nothing);
  tcase_add_test(tests, slices_are_one_operation);
  tcase_add_test(tests, wrong_bytes_are_told_as_runs);
  tcase_add_test(tests, wrong_bytes_read_in_pieces);
  tcase_add_test(tests, short_operations);
  tcase_add_test(tests, again_lasts_until_the_next_turn);
  tcase_add_test(tests, again_hides_an_end);
  tcase_add_test(tests, again_for_ever_ends);
  tcase_add_test(tests, fatal_errors_kill);
  tcase_add_test(tests, fatal_error_at_send_leaves_what_was_received);
  tcase_add_test(tests, broken_pipe_at_send);
  tcase_add_test(tests, transient_errors_pass);
  tcase_add_test(tests, error_beats_again_beats_short);
  tcase_add_test(tests, spurious_readiness);
  tcase_add_test(tests, spurious_for_ever_ends);
  tcase_add_test(tests, draining_is_a_turn_of_its_own);
  tcase_add_test(tests, idle_steps_come_in_one_order);
  tcase_add_test(tests, a_send_in_parts);
  tcase_add_test(tests, parts_end_with_the_connection);
  tcase_add_test(tests, peer_acts_after_an_occasion);
  tcase_add_test(tests, peer_acts_after_each_of_a_range);
  tcase_add_test(tests, application_acts_after_an_occasion);
  tcase_add_test(tests, too_many_due_are_dropped);
  tcase_add_test(tests, unreached_steps_are_counted);
  tcase_add_test(tests, time_passes);
  tcase_add_test(tests, watching_is_recorded_where_it_changes);
  tcase_add_test(tests, fruitless_waits_are_a_spin);
  tcase_add_test(tests, progress_is_no_spin);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
