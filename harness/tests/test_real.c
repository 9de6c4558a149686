/* The reference transport on real sockets: what is delivered is what it
 * delivers on the simulation. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "reference/reference.h"
#include "targets/real.h"
#include "targets/target.h"
#include "weir/payload.h"

enum { SENDS = 6, SEND_MOST = 900, WAIT_MS = 2000 };

/* What a protocol saw: bytes in order, the end, and how it was lost. */
typedef struct told {
  weir_protocol protocol;
  size_t buffer_size, received;
  bool in_order, made, ended, lost;
  weir_error error;
  uint8_t buffer[SEND_MOST];
  weir_transport *transport;
} told;

static told *self_of(weir_protocol *protocol) {
  return (told *)(void *)protocol;
}

static weir_error made(weir_protocol *protocol, weir_transport *transport) {
  self_of(protocol)->made = true;
  self_of(protocol)->transport = transport;
  return 0;
}

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *out) {
  told *self = self_of(protocol);
  (void)hint;
  *out = (weir_buffer){.base = self->buffer, .size = self->buffer_size};
  return 0;
}

/* What came is sent back. */
static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  told *self = self_of(protocol);
  if (weir_payload_match(weir_stream_incoming(0), self->received, self->buffer, nbytes) != nbytes)
    self->in_order = false;
  self->received += nbytes;
  return weir_reference()->transport->write(self->transport, self->buffer, nbytes);
}

static weir_error eof_received(weir_protocol *protocol, bool *keep_open) {
  (void)keep_open;
  self_of(protocol)->ended = true;
  return 0;
}

static weir_error lost(weir_protocol *protocol, weir_error error) {
  self_of(protocol)->lost = true;
  self_of(protocol)->error = error;
  return 0;
}

static weir_error flow(weir_protocol *protocol) {
  (void)protocol;
  return 0;
}

static const weir_protocol_callbacks callbacks = {.size = sizeof callbacks,
                                                  .connection_made = made,
                                                  .get_buffer = get_buffer,
                                                  .buffer_updated = buffer_updated,
                                                  .eof_received = eof_received,
                                                  .connection_lost = lost,
                                                  .pause_writing = flow,
                                                  .resume_writing = flow};

/* Sends it all and ends its side, and runs the transport to its end. */
static told run_real(const uint32_t *sends, size_t buffer_size, bool reset) {
  int pair[2];
  uint8_t bytes[SENDS * SEND_MOST], echo[SENDS * SEND_MOST];
  size_t total = 0;
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  told self = {.protocol = {.callbacks = &callbacks}, .buffer_size = buffer_size, .in_order = true};
  weir_real *real = weir_real_new(pair[0]);
  ck_assert_ptr_nonnull(real);
  weir_transport *transport = NULL;
  ck_assert_int_eq(
      weir_reference()->transport->open(weir_real_host(real), weir_real_socket(real), &self.protocol, &transport), 0);
  for (int i = 0; i < SENDS; i++) {
    weir_payload_fill(weir_stream_incoming(0), total, bytes, sends[i]);
    ck_assert_int_eq(write(pair[1], bytes, sends[i]), sends[i]);
    total += sends[i];
  }
  ck_assert_int_eq(reset ? 0 : shutdown(pair[1], SHUT_WR), 0);
  if (reset) ck_assert(!weir_real_run(real, 50)); /* the echo lies there: it was not read */
  if (reset) ck_assert_int_eq(close(pair[1]), 0);
  ck_assert(weir_real_run(real, WAIT_MS));
  if (!reset) {
    ck_assert_int_eq(recv(pair[1], echo, sizeof echo, MSG_WAITALL), (ssize_t)total);
    ck_assert_uint_eq(weir_payload_match(weir_stream_incoming(0), 0, echo, total), total);
    ck_assert_int_eq(close(pair[1]), 0);
  }
  ck_assert_int_eq(weir_real_exception(real), 0);
  weir_reference()->transport->release(transport);
  weir_real_free(real);
  return self;
}

/* The same on the simulation; what it delivered. */
static size_t run_simulated(const uint32_t *sends, size_t buffer_size, bool *ended) {
  static weir_scenario scenario;
  char text[1024] = "weir 1\n";
  weir_problem problem;
  weir_runner *runner = NULL;
  weir_run run;
  size_t used = strlen(text), received = 0;
  for (int i = 0; i < SENDS; i++) used += (size_t)snprintf(text + used, sizeof text - used, "peer send %u\n", sends[i]);
  (void)snprintf(text + used, sizeof text - used, "peer fin\napp get_buffer *: size %zu\n", buffer_size);
  ck_assert_int_eq(weir_scenario_parse(text, strlen(text), &scenario, NULL, &problem), WEIR_OK);
  ck_assert_int_eq(weir_runner_open("reference", NULL, &runner, &problem), WEIR_OK);
  ck_assert_int_eq(weir_runner_run(runner, &scenario, &run, &problem), WEIR_OK);
  for (uint32_t i = 0; i < run.count; i++) {
    if (run.records[i].event == WEIR_EVENT_BUFFER_UPDATED) received += run.records[i].a;
    if (run.records[i].event == WEIR_EVENT_EOF_RECEIVED) *ended = true;
  }
  weir_runner_close(runner);
  return received;
}

START_TEST(real_and_simulated_deliver_the_same) {
  for (unsigned seed = 1; seed <= 40; seed++) {
    uint8_t draw[SENDS + 1];
    uint32_t sends[SENDS];
    bool ended = false;
    weir_payload_fill(seed, 0, draw, sizeof draw);
    for (int i = 0; i < SENDS; i++) sends[i] = 1u + draw[i] * 3u;
    const size_t size = 1u + draw[SENDS] * 3u;
    const told real = run_real(sends, size, false);
    ck_assert_uint_eq(real.received, run_simulated(sends, size, &ended));
    ck_assert(real.made && real.in_order && real.lost);
    ck_assert_int_eq(real.ended, ended);
    ck_assert_int_eq(real.error, 0);
  }
}
END_TEST

/* L4: a reset is told as such, behind all that came before it. */
START_TEST(real_reset) {
  const uint32_t sends[SENDS] = {100, 1, 64, 7, 300, 2};
  const told real = run_real(sends, 64, true);
  ck_assert_uint_eq(real.received, 474);
  ck_assert(real.in_order && real.lost && !real.ended);
  ck_assert_int_eq(real.error, ECONNRESET);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("real");
  TCase *tests = tcase_create("real");
  tcase_add_test(tests, real_and_simulated_deliver_the_same);
  tcase_add_test(tests, real_reset);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
