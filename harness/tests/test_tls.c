/* The TLS peer inside the simulation, against a program that does its TLS with
 * another OpenSSL, as an implementation under test would. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/network.h"
#include "tls/tls.h"
#include "weir/payload.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>

enum { TRACE_MAX = 4096, WIRE_MAX = 1 << 16, TURNS_MAX = 1000 };

typedef struct program {
  weir_scenario scenario;
  weir_record records[TRACE_MAX];
  weir_trace trace;
  uint8_t outgoing[WIRE_MAX];
  weir_network network;
  weir_simulation *socket;
  weir_wire *wire;
  SSL_CTX *context;
  SSL *ssl;
  BIO *in, *out;
  uint8_t plain[WIRE_MAX];
  size_t plain_size;
  size_t largest_recv;
  bool made, fin;
} program;

static SSL_CTX *context_of(const char *pem, bool serves) {
  SSL_CTX *context = SSL_CTX_new(serves ? TLS_server_method() : TLS_client_method());
  BIO *text = BIO_new_mem_buf(pem, -1);
  X509 *certificate = PEM_read_bio_X509(text, NULL, NULL, NULL);
  EVP_PKEY *key = PEM_read_bio_PrivateKey(text, NULL, NULL, NULL);
  ck_assert(context != NULL && certificate != NULL && key != NULL);
  if (serves) {
    ck_assert_int_eq(SSL_CTX_use_certificate(context, certificate), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey(context, key), 1);
  } else {
    ck_assert_int_eq(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate), 1);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
  }
  X509_free(certificate);
  EVP_PKEY_free(key);
  BIO_free(text);
  return context;
}

static program *set_up(const char *text, bool serves, int minor) {
  program *self = calloc(1, sizeof *self);
  weir_problem problem;
  ck_assert_msg(weir_scenario_parse(text, strlen(text), &self->scenario, NULL, &problem) == WEIR_OK, "%s",
                problem.text);
  const weir_tls_options options = {.program_serves = serves, .minor = minor};
  ck_assert_int_eq(weir_tls_new(&options, &self->wire, &problem), WEIR_OK);
  ck_assert(self->wire->calls->begin(self->wire));
  weir_trace_init(&self->trace, self->records, TRACE_MAX);
  weir_network_init(&self->network, &self->scenario, &self->trace, WEIR_LAYER_TLS, self->outgoing, WIRE_MAX);
  self->socket = &self->network.connections[0];
  weir_simulation_wire(self->socket, self->wire, WEIR_LAYER_TLS);
  self->context = context_of(weir_tls_pem(self->wire), serves);
  self->ssl = SSL_new(self->context);
  self->in = BIO_new(BIO_s_mem());
  self->out = BIO_new(BIO_s_mem());
  SSL_set_bio(self->ssl, self->in, self->out);
  ck_assert_int_eq(SSL_set1_host(self->ssl, WEIR_TLS_HOST), 1);
  if (serves)
    SSL_set_accept_state(self->ssl);
  else
    SSL_set_connect_state(self->ssl);
  return self;
}

static void tear_down(program *self) {
  SSL_free(self->ssl);
  SSL_CTX_free(self->context);
  weir_tls_free(self->wire);
  free(self);
}

static void flush(program *self) {
  uint8_t bytes[WIRE_MAX];
  const int count = BIO_read(self->out, bytes, sizeof bytes);
  for (int sent = 0; sent < count;) {
    const ptrdiff_t result = weir_simulation_send(self->socket, bytes + sent, (size_t)(count - sent));
    ck_assert_int_gt(result, 0);
    sent += (int)result;
  }
}

static void step(program *self) {
  if (!SSL_is_init_finished(self->ssl)) (void)SSL_do_handshake(self->ssl);
  if (SSL_is_init_finished(self->ssl) && !self->made) {
    self->made = true;
    weir_simulation_made(self->socket);
    weir_simulation_occasion(self->socket, WEIR_OCCASION_CONNECTION_MADE);
  }
  if (self->made)
    for (int count;
         (count = SSL_read(self->ssl, self->plain + self->plain_size, (int)(WIRE_MAX - self->plain_size))) > 0;)
      self->plain_size += (size_t)count;
  flush(self);
}

/* The program reads whatever is there, until nobody has anything left to do. */
static void run(program *self) {
  uint8_t bytes[WIRE_MAX];
  step(self);
  for (int turn = 0; turn < TURNS_MAX; turn++) {
    if (!self->fin && (weir_simulation_ready(self->socket) & WEIR_POLL_IN)) {
      const ptrdiff_t count = weir_simulation_recv(self->socket, bytes, sizeof bytes);
      if (count > 0) (void)BIO_write(self->in, bytes, (int)count);
      if (self->made && count > (ptrdiff_t)self->largest_recv) self->largest_recv = (size_t)count;
      self->fin = count == 0;
      step(self);
      continue;
    }
    const weir_turn taken = weir_network_turn(&self->network);
    if (taken == WEIR_TURN_QUIESCENT) return;
    ck_assert(taken == WEIR_TURN_PEER);
  }
  ck_abort_msg("it never comes to rest");
}

static unsigned count_of(const program *self, weir_event event) {
  unsigned count = 0;
  for (uint32_t i = 0; i < self->trace.count; i++) count += self->records[i].event == event;
  return count;
}

static bool ended(const program *self) {
  return (SSL_get_shutdown(self->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
}

static void has_received(const program *self, size_t size) {
  ck_assert_uint_eq(self->plain_size, size);
  ck_assert_uint_eq(weir_payload_match(weir_stream_incoming(0), 0, self->plain, size), size);
}

static const struct {
  bool serves;
  int minor;
} kinds[] = {{false, 3}, {false, 2}, {true, 3}, {true, 2}};

START_TEST(both_sides_and_versions) {
  program *self = set_up("weir 1\npeer send 40000; fin", kinds[_i].serves, kinds[_i].minor);
  run(self);
  ck_assert(self->made && self->fin && ended(self));
  has_received(self, 40000);
  ck_assert_uint_eq(count_of(self, WEIR_EVENT_PEER_SEND), 1);
  ck_assert_uint_eq(count_of(self, WEIR_EVENT_PEER_FIN), 1);
  tear_down(self);
}
END_TEST

START_TEST(what_the_program_writes_is_told_by_its_place) {
  program *self = set_up("weir 1\npeer send 1", kinds[_i].serves, kinds[_i].minor);
  run(self);
  uint8_t bytes[100];
  weir_payload_fill(weir_stream_outgoing(0), 0, bytes, sizeof bytes);
  ck_assert_int_eq(SSL_write(self->ssl, bytes, 60), 60);
  ck_assert_int_eq(SSL_write(self->ssl, bytes + 70, 30), 30); /* ten bytes are lost */
  ck_assert_int_ge(SSL_shutdown(self->ssl), 0);
  flush(self);
  run(self);
  unsigned seen = 0;
  for (uint32_t i = 0; i < self->trace.count; i++) {
    const weir_record *record = &self->records[i];
    if (record->event != WEIR_EVENT_PEER_RECEIVED) continue;
    ck_assert_uint_eq(record->code, WEIR_DATA_STREAM);
    ck_assert_uint_eq(record->b, seen == 0 ? 0 : 70);
    ck_assert_uint_eq(record->a, seen == 0 ? 60 : 30);
    seen++;
  }
  ck_assert_uint_eq(seen, 2);
  ck_assert_uint_eq(count_of(self, WEIR_EVENT_PEER_SAW_FIN), 1);
  ck_assert_uint_eq(count_of(self, WEIR_EVENT_PEER_CLOSE_NOTIFY), 1); /* the answer */
  ck_assert(ended(self) && !self->fin);
  tear_down(self);
}
END_TEST

START_TEST(a_deaf_peer_does_not_answer) {
  program *self = set_up("weir 1\npeer at start: deaf", false, 3);
  run(self);
  ck_assert_int_ge(SSL_shutdown(self->ssl), 0);
  flush(self);
  run(self);
  ck_assert_uint_eq(count_of(self, WEIR_EVENT_PEER_SAW_FIN), 1);
  ck_assert(!ended(self) && count_of(self, WEIR_EVENT_PEER_CLOSE_NOTIFY) == 0);
  tear_down(self);
}
END_TEST

/* A record of TLS 1.3 is its plaintext and 22 bytes, one of TLS 1.2 and 29. */
START_TEST(many_records_in_one_segment) {
  program *self = set_up("weir 1\npeer at start: record 10\npeer send 100", false, 3);
  run(self);
  has_received(self, 100);
  ck_assert_uint_eq(self->largest_recv, 10 * (10 + 22));
  tear_down(self);
}
END_TEST

START_TEST(one_record_in_many_segments) {
  program *self = set_up("weir 1\npeer at start: segment 10\npeer send 100; fin", false, 2);
  run(self);
  has_received(self, 100);
  ck_assert_uint_eq(self->largest_recv, 10);
  ck_assert(self->fin && ended(self));
  tear_down(self);
}
END_TEST

START_TEST(truncated) {
  program *self = set_up("weir 1\npeer send 100; truncate", false, 3);
  run(self);
  has_received(self, 100);
  ck_assert(self->fin && !ended(self));
  ck_assert_uint_eq(count_of(self, WEIR_EVENT_PEER_TRUNCATE), 1);
  tear_down(self);
}
END_TEST

START_TEST(close_notify_alone_and_no_word_after_it) {
  program *self = set_up("weir 1\npeer send 10; close_notify\npeer send 10\npeer message\npeer fin", false, 3);
  run(self);
  has_received(self, 10);
  ck_assert(self->fin && ended(self));
  ck_assert_uint_eq(count_of(self, WEIR_EVENT_PEER_SEND), 1);
  ck_assert_uint_eq(count_of(self, WEIR_EVENT_PEER_FIN), 0); /* it had ended before the FIN */
  tear_down(self);
}
END_TEST

START_TEST(messages_beside_the_data) {
  static const char *const texts[] = {"weir 1\npeer message\npeer send 10",
                                      "weir 1\npeer message ticket\npeer send 10"};
  program *self = set_up(texts[_i % 2], false, _i < 2 ? 3 : 2);
  run(self);
  has_received(self, 10);
  unsigned received = 0;
  for (uint32_t i = 0; i < self->trace.count; i++)
    received += self->records[i].event == WEIR_EVENT_RECV && (int64_t)self->records[i].b > 0;
  /* The handshake's, the message where the version has it, the data. */
  ck_assert_uint_eq(received, 3);
  tear_down(self);
}
END_TEST

START_TEST(two_runs_are_the_same) {
  static const char text[] = "weir 1\npeer at start: record 7; segment 50\npeer send 100 by 30\npeer message\npeer fin";
  program *first = set_up(text, kinds[_i].serves, kinds[_i].minor),
          *second = set_up(text, kinds[_i].serves, kinds[_i].minor);
  run(first);
  run(second);
  ck_assert_uint_eq(first->trace.count, second->trace.count);
  ck_assert_mem_eq(first->records, second->records, first->trace.count * sizeof(weir_record));
  tear_down(first);
  tear_down(second);
}
END_TEST

/* `at start` and the first operations are those behind the handshake. */
START_TEST(the_handshake_is_no_part_of_the_scenario) {
  program *self =
      set_up("weir 1\npeer at start: stop\nsocket recv 1: short 3\nsocket buffer 10\npeer send 10", false, 3);
  run(self);
  has_received(self, 10);
  uint32_t stop = 0, cut = 0;
  for (uint32_t i = 0; i < self->trace.count; i++) {
    if (self->records[i].event == WEIR_EVENT_PEER_STOP) stop = i;
    if (self->records[i].flags & WEIR_FLAG_INJECTED) cut = i;
  }
  ck_assert(stop > 0 && cut > stop);
  ck_assert_uint_eq(self->records[cut].b, 3);
  tear_down(self);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("tls");
  TCase *peer = tcase_create("peer");
  const int all = sizeof kinds / sizeof *kinds;
  tcase_add_loop_test(peer, both_sides_and_versions, 0, all);
  tcase_add_loop_test(peer, what_the_program_writes_is_told_by_its_place, 0, all);
  tcase_add_test(peer, a_deaf_peer_does_not_answer);
  tcase_add_test(peer, many_records_in_one_segment);
  tcase_add_test(peer, one_record_in_many_segments);
  tcase_add_test(peer, truncated);
  tcase_add_test(peer, close_notify_alone_and_no_word_after_it);
  tcase_add_loop_test(peer, messages_beside_the_data, 0, 4);
  tcase_add_loop_test(peer, two_runs_are_the_same, 0, all);
  tcase_add_test(peer, the_handshake_is_no_part_of_the_scenario);
  suite_add_tcase(suite, peer);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? 0 : 1;
}
