/* The loop that C transports run on, and what the native probe sees of
 * transports that do it wrong. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "reference/reference.h"
#include "story.h"

/* ---- A transport of a few lines, right but for one fault ------------------- */
typedef enum fault {
  NONE,
  OPEN_FAILS,
  OPEN_WITHOUT_TRANSPORT,
  MADE_IN_OPEN,
  SPINS,
  SPINS_ON_READINESS,
  TELLS_TOO_MUCH,
  TELLS_TOO_LITTLE,
  TELLS_WRONG_BYTES,
  WRITES_BEHIND_BYTES,
  WRITES_BEHIND_BUFFER,
  WRITES_BEFORE_BUFFER,
  WRITES_AFTER_UPDATE,
  UPDATES_WITHOUT_BUFFER,
  UPDATES_TWICE,
  WATCHES_WHEN_CLOSED,
  WATCHES_NONSENSE,
  INTERNAL_ERROR
} fault;

struct weir_transport {
  const weir_host *host;
  weir_socket *socket;
  weir_protocol *protocol;
  unsigned order[8];
  unsigned ordered;
};

static fault with;
static weir_transport subject;

static void end_of_file(weir_transport *self) {
  const weir_host *host = self->host;
  bool keep_open = false;
  (void)self->protocol->callbacks->eof_received(self->protocol, &keep_open);
  (void)host->watch(host->loop, self->socket, 0, NULL, NULL);
  host->close(self->socket);
  if (with == WATCHES_WHEN_CLOSED)
    ck_assert_int_eq(host->watch(host->loop, self->socket, WEIR_READABLE, NULL, NULL), -EBADF);
  if (with == INTERNAL_ERROR) host->exception(host->loop, WEIR_ERROR_INTERNAL, "a fault of its own");
  (void)self->protocol->callbacks->connection_lost(self->protocol, 0);
}

/* The faults that come with bytes. */
static size_t spoil(weir_buffer buffer, size_t got) {
  uint8_t *bytes = buffer.base;
  switch (with) {
  case TELLS_TOO_MUCH: return got + 3;
  case TELLS_TOO_LITTLE: return got - 3;
  case TELLS_WRONG_BYTES: bytes[2] ^= 0x55; return got;
  case WRITES_BEHIND_BYTES: bytes[got + 5] = 1; return got;
  case WRITES_BEHIND_BUFFER: bytes[buffer.size + 1] = 1; return got;
  case WRITES_BEFORE_BUFFER: bytes[-2] = 1; return got;
  default: return got;
  }
}

static void on_ready(void *context, unsigned ready) {
  weir_transport *self = context;
  ck_assert_uint_eq(ready & WEIR_READABLE, WEIR_READABLE);
  if (with == SPINS_ON_READINESS) return;
  const weir_protocol_callbacks *callbacks = self->protocol->callbacks;
  weir_buffer buffer;
  if (with == UPDATES_WITHOUT_BUFFER) {
    (void)callbacks->buffer_updated(self->protocol, 4);
    with = NONE;
  }
  ck_assert_int_eq(callbacks->get_buffer(self->protocol, -1, &buffer), 0);
  ptrdiff_t got = self->host->recv(self->socket, buffer.base, buffer.size);
  if (got == 0) end_of_file(self);
  if (got <= 0) return;
  (void)callbacks->buffer_updated(self->protocol, spoil(buffer, (size_t)got));
  if (with == UPDATES_TWICE) (void)callbacks->buffer_updated(self->protocol, (size_t)got);
  if (with == WRITES_AFTER_UPDATE) *((char *)buffer.base + 1) = 1;
}

static void note_order(weir_transport *self, unsigned number) {
  ck_assert_uint_lt(self->ordered, 8);
  self->order[self->ordered++] = number;
}
static void third(void *context) {
  note_order(context, 3);
}
static void second(void *context) {
  note_order(context, 2);
}
static void first(void *context) {
  weir_transport *self = context;
  ck_assert_int_eq(self->host->call_soon(self->host->loop, third, self), 0);
  note_order(self, 1);
}

static void spin(void *context) {
  weir_transport *self = context;
  (void)self->host->call_soon(self->host->loop, spin, self);
}

static void begin(void *context) {
  weir_transport *self = context;
  const weir_host *host = self->host;
  if (with != MADE_IN_OPEN) (void)self->protocol->callbacks->connection_made(self->protocol, self);
  if (with == WATCHES_NONSENSE) {
    ck_assert_int_eq(host->watch(host->loop, self->socket, 4, on_ready, self), -EINVAL);
    ck_assert_int_eq(host->watch(host->loop, self->socket, WEIR_READABLE, NULL, self), -EINVAL);
  }
  (void)host->watch(host->loop, self->socket, WEIR_READABLE, on_ready, self);
  if (with == SPINS) spin(self);
}

static weir_error open_subject(const weir_host *host, weir_socket *socket, weir_protocol *protocol,
                               weir_transport **opened) {
  *opened = NULL;
  if (with == OPEN_FAILS) return ENOMEM;
  if (with == OPEN_WITHOUT_TRANSPORT) return 0;
  subject = (weir_transport){.host = host, .socket = socket, .protocol = protocol};
  *opened = &subject;
  if (with == MADE_IN_OPEN) (void)protocol->callbacks->connection_made(protocol, &subject);
  (void)host->call_soon(host->loop, begin, &subject);
  (void)host->call_soon(host->loop, first, &subject);
  return host->call_soon(host->loop, second, &subject);
}

static void release_subject(weir_transport *self) {
  /* Whatever is told from here on is dropped: the trace is closed. */
  (void)self->protocol->callbacks->connection_lost(self->protocol, 0);
}

static const weir_transport_calls calls = {.size = sizeof calls, .open = open_subject, .release = release_subject};
static const weir_target target = {
    .abi = WEIR_ABI, .size = sizeof target, .name = "subject", .version = "0", .transport = &calls};

/* ---- Fixture --------------------------------------------------------------- */
static weir_host_run *host_run;
static story *told;

static void set_up(void) {
  host_run = weir_host_new();
  told = malloc(sizeof *told);
  ck_assert_ptr_nonnull(host_run);
  ck_assert_ptr_nonnull(told);
  with = NONE;
}

static void tear_down(void) {
  weir_host_free(host_run);
  free(told);
}

static const char *run(fault which, const char *scenario) {
  with = which;
  return story_run(told, host_run, &target, scenario);
}

/* The n-th record, from 1, at which an event begins. */
static const weir_record *find_nth(weir_event event, unsigned nth) {
  for (uint32_t i = 0; i < told->trace.count; i++) {
    const weir_record *record = &told->records[i];
    bool is_end = (record->flags & (WEIR_FLAG_BEGIN | WEIR_FLAG_END)) == WEIR_FLAG_END;
    if (record->event == event && !is_end && --nth == 0) return record;
  }
  ck_abort_msg("not that many %s in: %s", weir_event_name(event), told->text);
}

static const weir_record *find(weir_event event) {
  return find_nth(event, 1);
}

#define SOME "peer send 10\npeer fin\n"

START_TEST(a_right_transport) {
  ck_assert_str_eq(run(NONE, SOME), "CM GB BU+10 GB ER CL FIN");
  ck_assert_str_eq(run(MADE_IN_OPEN, SOME), "CM GB BU+10 GB ER CL FIN");
  ck_assert_str_eq(run(WATCHES_WHEN_CLOSED, SOME), "CM GB BU+10 GB ER CL FIN");
  ck_assert_str_eq(run(WATCHES_NONSENSE, SOME), "CM GB BU+10 GB ER CL FIN");
  ck_assert_uint_eq(told->unreached, 0);
}
END_TEST

START_TEST(soon_is_first_in_first_out_and_not_before_the_next_turn) {
  (void)run(NONE, SOME);
  ck_assert_uint_eq(subject.ordered, 3);
  for (unsigned i = 0; i < 3; i++) ck_assert_uint_eq(subject.order[i], i + 1);
}
END_TEST

START_TEST(open_that_fails_is_no_finding) {
  static const fault faults[] = {OPEN_FAILS, OPEN_WITHOUT_TRANSPORT};
  for (size_t i = 0; i < 2; i++) {
    weir_scenario scenario = {0};
    weir_problem problem = {0};
    uint32_t unreached;
    memset(told->records, 0, sizeof told->records);
    weir_trace_init(&told->trace, told->records, STORY_RECORDS);
    with = faults[i];
    ck_assert_int_eq(weir_host_drive(host_run, &target, &scenario, &told->trace, &unreached, &problem), WEIR_BROKEN);
    ck_assert_ptr_nonnull(strstr(problem.text, "open()"));
    ck_assert(told->trace.closed);
  }
}
END_TEST

START_TEST(spinning_ends) {
  ck_assert_str_eq(run(SPINS, ""), "CM spin");
  ck_assert_str_eq(run(SPINS_ON_READINESS, SOME), "CM spin");
  ck_assert_uint_eq(told->unreached, 1);
}
END_TEST

START_TEST(wrong_bytes_are_seen) {
  ck_assert_str_eq(run(TELLS_TOO_MUCH, "peer send 10\n"), "CM GB BU?13");
  ck_assert_uint_eq(find(WEIR_EVENT_BUFFER_UPDATED)->code, WEIR_DATA_MIXED);
  const weir_record *data = find(WEIR_EVENT_DATA);
  ck_assert(data[0].code == WEIR_DATA_STREAM && data[0].a == 10 && data[0].b == 0);
  ck_assert(data[1].code == WEIR_DATA_POISON && data[1].a == 3);
  ck_assert_str_eq(run(TELLS_TOO_LITTLE, "peer send 10\npeer send 10\n"), "CM GB BU+7{ tail@7 } GB BU+7{ tail@7 }");
  const weir_record *update = find_nth(WEIR_EVENT_BUFFER_UPDATED, 2);
  ck_assert(update->code == WEIR_DATA_STREAM && update->b == 10); /* 7 to 9 are lost */
  ck_assert_str_eq(run(TELLS_WRONG_BYTES, "peer send 10\n"), "CM GB BU?10");
}
END_TEST

START_TEST(more_than_the_buffer_holds) {
  ck_assert_str_eq(run(TELLS_TOO_MUCH, "app get_buffer 1: size 8\npeer send 8\n"), "CM GB BU?11");
  const weir_record *data = find(WEIR_EVENT_DATA);
  ck_assert(data[0].code == WEIR_DATA_STREAM && data[0].a == 8);
  ck_assert(data[1].code == WEIR_DATA_UNKNOWN && data[1].a == 3);
}
END_TEST

START_TEST(stray_writes_are_seen) {
  ck_assert_str_eq(run(WRITES_BEHIND_BYTES, "peer send 10\n"), "CM GB BU+10{ tail@15 }");
  ck_assert_str_eq(run(WRITES_BEHIND_BUFFER, "peer send 10\n"), "CM GB BU+10{ tail@65 }");
  ck_assert_str_eq(run(WRITES_BEFORE_BUFFER, "peer send 10\n"), "CM GB BU+10{ touched@-2 }");
  ck_assert_str_eq(run(WRITES_AFTER_UPDATE, "peer send 10\n"), "CM GB BU+10 touched@1");
}
END_TEST

START_TEST(updates_that_no_buffer_belongs_to) {
  ck_assert_str_eq(run(UPDATES_WITHOUT_BUFFER, "peer send 10\n"), "CM BU?4 GB BU+10");
  ck_assert_str_eq(run(UPDATES_TWICE, "peer send 10\n"), "CM GB BU+10 BU?10");
}
END_TEST

START_TEST(an_internal_error_is_told) {
  ck_assert_str_eq(run(INTERNAL_ERROR, SOME), "CM GB BU+10 GB ER EXH(internal) CL FIN");
}
END_TEST

START_TEST(calls_that_are_not_offered_are_refused) {
  ck_assert_str_eq(
      run(NONE,
          "app when idle: write 5; write 5 none; writelines 1; write_eof; can_write_eof; close; abort; is_closing\n"
          "app when idle: pause_reading; resume_reading; is_reading; set_protocol plain; get_protocol\n"
          "app when idle: set_write_buffer_limits; get_write_buffer_limits; get_write_buffer_size\npeer send 5\n"),
      "CM out{ write+5!unsupported write+5!unsupported writelines+10!unsupported write_eof!unsupported "
      "can_write_eof!unsupported close!unsupported abort!unsupported is_closing!unsupported } "
      "out{ pause_reading!unsupported resume_reading!unsupported is_reading!unsupported set_protocol!unsupported "
      "get_protocol!unsupported } out{ set_write_buffer_limits!unsupported get_write_buffer_limits!unsupported "
      "get_write_buffer_size!unsupported } GB BU+5");
}
END_TEST

START_TEST(a_full_trace_is_a_limit) {
  weir_scenario scenario;
  const char *text = "weir 1\napp get_buffer *: size 1\npeer send 1000\npeer fin\n";
  ck_assert_int_eq(weir_scenario_parse(text, strlen(text), &scenario, NULL, NULL), WEIR_OK);
  uint32_t unreached;
  for (uint32_t capacity = 1; capacity < 60; capacity++) {
    memset(told->records, 0, sizeof told->records);
    weir_trace_init(&told->trace, told->records, capacity);
    ck_assert_int_eq(weir_host_drive(host_run, weir_reference(), &scenario, &told->trace, &unreached, NULL), WEIR_OK);
    ck_assert_uint_eq(told->trace.count, capacity);
    const weir_record *last = &told->records[capacity - 1];
    ck_assert(last->event == WEIR_EVENT_END && last->code == WEIR_END_LIMIT);
    ck_assert_uint_eq(told->records[capacity].event, 0);
  }
}
END_TEST

START_TEST(application_steps_come_before_the_next_turn) {
  ck_assert_str_eq(story_run(told, host_run, weir_reference(),
                             "app after buffer_updated 1: pause_reading\napp after buffer_updated 1: is_reading\n"
                             "peer after buffer_updated 1: send 5\npeer send 5\napp when idle: resume_reading\n"),
                   "CM GB BU+5 out{ pause_reading is_reading=0 } out{ resume_reading } GB BU+5");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("host");
  TCase *all = tcase_create("host");
  tcase_add_checked_fixture(all, set_up, tear_down);
  tcase_add_test(all, a_right_transport);
  tcase_add_test(all, soon_is_first_in_first_out_and_not_before_the_next_turn);
  tcase_add_test(all, open_that_fails_is_no_finding);
  tcase_add_test(all, spinning_ends);
  tcase_add_test(all, wrong_bytes_are_seen);
  tcase_add_test(all, more_than_the_buffer_holds);
  tcase_add_test(all, stray_writes_are_seen);
  tcase_add_test(all, updates_that_no_buffer_belongs_to);
  tcase_add_test(all, an_internal_error_is_told);
  tcase_add_test(all, calls_that_are_not_offered_are_refused);
  tcase_add_test(all, a_full_trace_is_a_limit);
  tcase_add_test(all, application_steps_come_before_the_next_turn);
  suite_add_tcase(suite, all);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? 0 : 1;
}
