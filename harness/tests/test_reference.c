/* The reference transport: what it does, told in one line a scenario; and that
 * it comes to an orderly end whichever allocation fails. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "reference/reference.h"
#include "scenario/random.h"
#include "story.h"

typedef struct row {
  const char *rules;
  const char *scenario;
  const char *expected;
} row;

static weir_host_run *host;
static story *told;

static void set_up(void) {
  host = weir_host_new();
  told = malloc(sizeof *told);
  ck_assert_ptr_nonnull(host);
  ck_assert_ptr_nonnull(told);
}

static void tear_down(void) {
  weir_host_free(host);
  free(told);
}

static void check_row(const row *of) {
  const char *text = story_run(told, host, weir_reference(), of->scenario);
  ck_assert_msg(strcmp(text, of->expected) == 0, "%s\n%s\nexpected %s\ngot      %s", of->rules, of->scenario,
                of->expected, text);
  ck_assert_uint_eq(told->unreached, 0);
}

#define ROWS(...)                                                                                                      \
  static const row rows[] = {__VA_ARGS__};                                                                             \
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) check_row(&rows[i]);

START_TEST(reading){
    ROWS({"B17 B18", "peer send 100\npeer fin\n", "CM GB BU+64 GB BU+36 GB ER CL FIN"},
         {"B11", "app get_buffer *: size 1\npeer send 3; fin\n", "CM GB BU+1 GB BU+1 GB BU+1 GB ER CL FIN"},
         {"B15", "socket recv 1: again\npeer send 5; fin\n", "CM GB GB BU+5 GB ER CL FIN"},
         {"B15", "socket wait 1: spurious in\npeer sleep 1\npeer send 5; fin\n", "CM GB GB BU+5 GB ER CL FIN"},
         {"B12", "app get_buffer 2: size 0\npeer send 5\npeer send 5\n", "CM GB BU+5 GB EXH(runtime) CL(runtime) RST"},
         {"B9", "app get_buffer 1: size 8 none\npeer send 5\n", "CM GB EXH(type) CL(type) RST"},
         {"B13", "app get_buffer 1: raise\npeer send 5\n", "CM GB!probe EXH(probe) CL(probe) RST"},
         {"B14", "app buffer_updated 1: raise\napp get_buffer *: size 2\npeer send 5\n",
          "CM GB BU+2!probe EXH(probe) CL(probe) RST"},
         {"B21 T1", "app protocol plain\npeer send 5\npeer send 6; fin\n", "CM DR+5 DR+6 ER CL FIN"},
         {"B14", "app protocol plain\napp data_received 1: raise\npeer send 5\n",
          "CM DR+5!probe EXH(probe) CL(probe) FIN"},
         {"L4", "peer send 5; reset\n", "CM GB BU+5 GB CL(os)"})} END_TEST

    START_TEST(pausing){ROWS(
        {"P4", "app connection_made: pause_reading\npeer send 5\napp when idle: resume_reading\npeer fin\n",
         "CM{ pause_reading } out{ resume_reading } GB BU+5 GB ER CL FIN"},
        {"P7", "app get_buffer 1: pause_reading\npeer send 5\napp when idle: is_reading; resume_reading\npeer fin\n",
         "CM GB{ pause_reading } out{ is_reading=0 resume_reading } GB BU+5 GB ER CL FIN"},
        {"P5 P6",
         "app buffer_updated 1: pause_reading\napp get_buffer *: size 3\npeer send 5\napp when idle: resume_reading\n",
         "CM GB BU+3{ pause_reading } out{ resume_reading } GB BU+2"},
        {"E8", "app connection_made: pause_reading\npeer fin\napp when idle: resume_reading\n",
         "CM{ pause_reading } out{ resume_reading } GB ER CL FIN"},
        {"P2 P3", "app when idle: close; pause_reading; is_reading; resume_reading; is_reading\n",
         "CM out{ close pause_reading is_reading=0 resume_reading is_reading=0 } CL FIN"},
        {"P2", "app when idle: pause_reading; pause_reading; resume_reading; is_reading\npeer send 5\n",
         "CM out{ pause_reading pause_reading resume_reading is_reading=1 } GB BU+5"})} END_TEST

    START_TEST(end_of_file){
        ROWS({"E3", "peer fin\n", "CM GB ER CL FIN"},
             {"E4", "app eof_received 1: return true\npeer fin\napp when idle: write 5\napp when idle: close\n",
              "CM GB ER(1) out{ write+5 } peer+5 out{ close } CL FIN"},
             {"E4 W7", "app eof_received 1: return true; write 5; write_eof\npeer fin\napp when idle: close\n",
              "CM GB ER{ write+5 write_eof }(1) peer+5 FIN out{ close } CL"},
             {"E9", "app eof_received 1: return true; close\npeer fin\n", "CM GB ER{ close }(1) CL FIN"},
             {"E9", "app eof_received 1: abort\npeer fin\n", "CM GB ER{ abort } CL FIN"},
             {"E6", "app eof_received 1: raise\npeer fin\n", "CM GB ER!probe EXH(probe) CL(probe) FIN"},
             {"E1 E2 T2",
              "app eof_received 1: return true; pause_reading; resume_reading; set_protocol plain\npeer fin\napp when "
              "idle: close\n",
              "CM GB ER{ pause_reading resume_reading set_protocol }(1) out{ close } CL1 FIN"})} END_TEST

    START_TEST(closing){ROWS(
        {"C1 C8", "app get_buffer 1: close\npeer send 5\n", "CM GB{ close } CL RST"},
        {"C1", "app buffer_updated 1: abort\napp get_buffer *: size 2\npeer send 5\n", "CM GB BU+2{ abort } CL RST"},
        {"L8 C5", "app connection_made: close; raise\npeer send 5\n", "CM{ close }!probe EXH(probe) CL FIN"},
        {"C4 L10", "app when idle: close; close; abort; is_closing\n",
         "CM out{ close close abort is_closing=1 } CL FIN"},
        {"C2 C7", "socket buffer 16\napp when idle: write 40; close; write 9\n",
         "CM out{ write+40 close write+9 } peer+32 CL peer+8 FIN"},
        {"C3", "socket buffer 16\npeer at start: stop\napp when idle: write 40; close\napp when idle: abort\n",
         "CM out{ write+40 close } out{ abort } CL"},
        {"L9", "app connection_lost: raise\napp when idle: close\n", "CM out{ close } CL!probe EXH(probe) FIN"},
        {"L10 W9 F8",
         "app connection_lost: write 5; close; abort; pause_reading; set_write_buffer_limits high 0; write_eof; "
         "is_closing\n"
         "app when idle: close\napp when idle: write 5; close; get_write_buffer_size\n",
         "CM out{ close } CL{ write+5 close abort pause_reading set_write_buffer_limits write_eof is_closing=1 } FIN "
         "out{ write+5 close get_write_buffer_size=0 }"},
        {"L4 L6", "app when idle: write 5\nsocket send 1: error ECONNRESET\n", "CM out{ write+5 } CL(os)"})} END_TEST

    START_TEST(writing){
        ROWS({"W1", "socket buffer 7\nsocket send 2: short 1\napp when idle: write 20; write 5\napp when idle: close\n",
              "CM out{ write+20 write+5 } peer+25 out{ close } CL FIN"},
             {"W2", "socket buffer 8\napp when idle: write 20 reused; write 20 reused\n",
              "CM out{ write+20 write+20 } peer+40"},
             {"W3 W4", "app when idle: write 5 none; write 0; write 5; close; write 5 str\n",
              "CM out{ write+5!type write+0 write+5 close write+5!type } CL peer+5 FIN"},
             {"W5",
              "socket buffer 8\napp when idle: writelines 3 holes of 7; writelines 0; writelines 2 of 0\napp when "
              "idle: close\n",
              "CM out{ writelines+21 writelines+0 writelines+0 } peer+21 out{ close } CL FIN"},
             {"W6 W7",
              "socket buffer 8\napp when idle: write 20; write_eof; write_eof; write 5; writelines 0; writelines "
              "1\npeer send 3\n",
              "CM out{ write+20 write_eof write_eof write+5!runtime writelines+0 writelines+10!runtime } peer+20 FIN "
              "GB BU+3"},
             {"W8 W10", "app connection_made: write 5; can_write_eof; write_eof\n",
              "CM{ write+5 can_write_eof=1 write_eof } peer+5 FIN"})} END_TEST

#define LIMITS "socket buffer 16\npeer at start: stop\napp connection_made: set_write_buffer_limits high 10 low 4\n"

    START_TEST(flow_control){ROWS(
        {"F1 at high", LIMITS "app when idle: write 26; get_write_buffer_size\n",
         "CM{ set_write_buffer_limits } out{ write+26 get_write_buffer_size=10 }"},
        {"F1 F2 F3", LIMITS "app when idle: write 27; write 5\npeer start\n",
         "CM{ set_write_buffer_limits } out{ write+27{ PW } write+5 } peer+16 RW peer+16"},
        {"F5",
         "socket buffer 16\napp connection_made: set_write_buffer_limits high 0\napp when idle: write 16; write 1\n",
         "CM{ set_write_buffer_limits } out{ write+16 write+1{ PW } } peer+16 RW peer+1"},
        {"F9", LIMITS "app when idle: writelines 3\npeer start\n",
         "CM{ set_write_buffer_limits } out{ writelines+30{ PW } } peer+16 RW peer+14"},
        {"F6",
         LIMITS
         "app when idle: write 26; set_write_buffer_limits high 9; set_write_buffer_limits high 20\npeer start\n",
         "CM{ set_write_buffer_limits } out{ write+26 set_write_buffer_limits{ PW } set_write_buffer_limits } peer+16 "
         "RW peer+10"},
        {"F7", LIMITS "app pause_writing 1: raise\napp resume_writing 1: raise\napp when idle: write 30\npeer start\n",
         "CM{ set_write_buffer_limits } out{ write+30{ PW!probe EXH(probe) } } peer+16 RW!probe EXH(probe) peer+14"},
        {"F11", LIMITS "app pause_writing 1: write 5; close\napp when idle: write 30\npeer start\n",
         "CM{ set_write_buffer_limits } out{ write+30{ PW{ write+5 close } } } peer+16 RW peer+16 CL peer+3 FIN"},
        {"F11", LIMITS "app pause_writing 1: abort\napp when idle: write 30\npeer start\n",
         "CM{ set_write_buffer_limits } out{ write+30{ PW{ abort } } } CL peer+16 FIN"},
        {"F11", LIMITS "app resume_writing 1: write 30; abort\napp when idle: write 30\npeer start\n",
         "CM{ set_write_buffer_limits } out{ write+30{ PW } } peer+16 RW{ write+30{ PW } abort } CL peer+16 FIN"},
        {"F11 C2", LIMITS "app resume_writing 1: write 30\napp when idle: write 30; write_eof\npeer start\n",
         "CM{ set_write_buffer_limits } out{ write+30{ PW } write_eof } peer+16 RW{ write+30!runtime } peer+14 FIN"},
        {"F4",
         "app when idle: set_write_buffer_limits high 5 low 6; set_write_buffer_limits high -1; "
         "set_write_buffer_limits low -1; set_write_buffer_limits; get_write_buffer_limits\n",
         "CM out{ set_write_buffer_limits!value set_write_buffer_limits!value set_write_buffer_limits!value "
         "set_write_buffer_limits get_write_buffer_limits=16384..65536 }"},
        {"F12",
         "app when idle: set_write_buffer_limits low 10; get_write_buffer_limits; "
         "set_write_buffer_limits high 10; get_write_buffer_limits\n",
         "CM out{ set_write_buffer_limits get_write_buffer_limits=10..40 set_write_buffer_limits "
         "get_write_buffer_limits=2..10 }"})} END_TEST

    START_TEST(switching){ROWS(
        {"B16", "app get_buffer 1: set_protocol buffered\npeer send 5; fin\n",
         "CM GB{ set_protocol } GB1 BU1+5 GB1 ER1 CL1 FIN"},
        {"B16 T1", "app get_buffer 1: set_protocol plain\npeer send 5; fin\n",
         "CM GB{ set_protocol } DR1+5 ER1 CL1 FIN"},
        {"T1",
         "app buffer_updated 1: set_protocol plain\napp data_received 1: set_protocol first\n"
         "app get_buffer *: size 2\npeer send 5\npeer send 5; fin\n",
         "CM GB BU+2{ set_protocol } DR1+3{ set_protocol } GB BU+2 GB BU+2 GB BU+1 GB ER CL FIN"},
        {"T1", "app get_buffer *: set_protocol buffered\npeer send 5\napp when idle: get_protocol\n",
         "CM GB{ set_protocol } GB1{ set_protocol } GB2{ set_protocol } GB3{ set_protocol } GB4{ set_protocol } "
         "GB5{ set_protocol } GB6{ set_protocol } GB7{ set_protocol } GB8{ set_protocol } GB9{ set_protocol } "
         "GB10{ set_protocol } GB11{ set_protocol } GB12{ set_protocol } GB13{ set_protocol } GB14{ set_protocol } "
         "GB15{ set_protocol } BU15+5 out{ get_protocol=15 }"})} END_TEST

    /* ---- Every allocation fails once ------------------------------------------ */
    /* A host of a few lines: a socket that always has a byte to read and takes ten
     * at a time, and a loop whose memory runs out. */
    typedef struct scarce {
  unsigned granted; /* allocations and call_soons until one fails */
  bool failed;
  int blocks; /* allocated and not freed */
  weir_soon_fn *soon[4];
  void *context[4];
  unsigned queued;
  unsigned interest;
  weir_ready_fn *ready;
  void *ready_context;
  bool closed;
  unsigned made, lost, received, exceptions;
  weir_error reason;
} scarce;

static scarce *scarcity; /* what weir_loop and weir_socket stand for */

static bool grant(void) {
  if (scarcity->granted-- != 0) return true;
  scarcity->failed = true;
  return false;
}

static ptrdiff_t scarce_recv(weir_socket *socket, void *buffer, size_t size) {
  (void)socket;
  ck_assert(!scarcity->closed && size > 0);
  *(char *)buffer = 'x';
  return 1;
}
static ptrdiff_t scarce_send(weir_socket *socket, const void *bytes, size_t size) {
  (void)socket;
  (void)bytes;
  ck_assert(!scarcity->closed && size > 0);
  return size < 10 ? (ptrdiff_t)size : 10;
}
static ptrdiff_t scarce_sendv(weir_socket *socket, const weir_slice *slices, size_t count) {
  ck_assert(count > 0);
  return scarce_send(socket, slices->base, slices->size);
}
static int scarce_shutdown(weir_socket *socket) {
  (void)socket;
  return 0;
}
static void scarce_close(weir_socket *socket) {
  (void)socket;
  ck_assert(!scarcity->closed);
  ck_assert_uint_eq(scarcity->interest, 0);
  scarcity->closed = true;
}
static int scarce_watch(weir_loop *loop, weir_socket *socket, unsigned interest, weir_ready_fn *ready, void *context) {
  (void)loop;
  (void)socket;
  ck_assert(!scarcity->closed);
  scarcity->interest = interest;
  scarcity->ready = ready;
  scarcity->ready_context = context;
  return 0;
}
static int scarce_call_soon(weir_loop *loop, weir_soon_fn *soon, void *context) {
  (void)loop;
  if (!grant()) return -ENOMEM;
  ck_assert_uint_lt(scarcity->queued, 4);
  scarcity->soon[scarcity->queued] = soon;
  scarcity->context[scarcity->queued++] = context;
  return 0;
}
static void scarce_exception(weir_loop *loop, weir_error error, const char *message) {
  (void)loop;
  (void)error;
  ck_assert_ptr_nonnull(message);
  scarcity->exceptions++;
}
static void *scarce_reallocate(weir_loop *loop, void *memory, size_t size) {
  (void)loop;
  if (size == 0) {
    if (memory != NULL) scarcity->blocks--;
    free(memory);
    return NULL;
  }
  if (!grant()) return NULL;
  if (memory == NULL) scarcity->blocks++;
  return realloc(memory, size);
}

static weir_error scarce_made(weir_protocol *protocol, weir_transport *transport) {
  (void)protocol;
  static const char bytes[100000];
  scarcity->made++;
  return weir_reference()->transport->write(transport, bytes, sizeof bytes);
}
static weir_error scarce_received(weir_protocol *protocol, const void *data, size_t size) {
  (void)protocol;
  ck_assert(data != NULL && size == 1);
  scarcity->received++;
  return 0;
}
static weir_error scarce_eof(weir_protocol *protocol, bool *keep_open) {
  (void)protocol;
  (void)keep_open;
  ck_abort_msg("there is no end of file");
}
static weir_error scarce_lost(weir_protocol *protocol, weir_error error) {
  (void)protocol;
  scarcity->lost++;
  scarcity->reason = error;
  return 0;
}
static weir_error scarce_nothing(weir_protocol *protocol) {
  (void)protocol;
  return 0;
}

static void run_turns(unsigned turns) {
  for (; turns > 0; turns--) {
    for (unsigned left = scarcity->queued; left > 0; left--) {
      weir_soon_fn *soon = scarcity->soon[0];
      void *context = scarcity->context[0];
      scarcity->queued--;
      memmove(scarcity->soon, scarcity->soon + 1, sizeof scarcity->soon - sizeof *scarcity->soon);
      memmove(scarcity->context, scarcity->context + 1, sizeof scarcity->context - sizeof *scarcity->context);
      soon(context);
    }
    if (scarcity->interest != 0) scarcity->ready(scarcity->ready_context, scarcity->interest);
  }
}

/* One connection, the `granted`-th allocation of which fails.  False: none failed. */
static bool run_scarce(unsigned granted) {
  static const weir_protocol_callbacks callbacks = {.size = sizeof callbacks,
                                                    .connection_made = scarce_made,
                                                    .data_received = scarce_received,
                                                    .eof_received = scarce_eof,
                                                    .connection_lost = scarce_lost,
                                                    .pause_writing = scarce_nothing,
                                                    .resume_writing = scarce_nothing};
  const weir_host scarce_host = {sizeof scarce_host, NULL,         scarce_recv,  scarce_send,      scarce_sendv,
                                 scarce_shutdown,    scarce_close, scarce_watch, scarce_call_soon, scarce_exception,
                                 scarce_reallocate};
  const weir_transport_calls *calls = weir_reference()->transport;
  scarce memory = {.granted = granted};
  scarcity = &memory;
  weir_protocol protocol = {&callbacks};
  weir_transport *transport;
  weir_error error = calls->open(&scarce_host, (weir_socket *)(void *)&memory, &protocol, &transport);
  if (error != 0) {
    ck_assert(memory.failed && error == ENOMEM && transport == NULL && memory.blocks == 0 && !memory.closed);
    return true;
  }
  run_turns(20);
  ck_assert_int_eq(calls->close(transport), 0);
  run_turns(3);
  if (memory.lost == 0) ck_assert_int_eq(calls->abort(transport), 0);
  run_turns(3);
  ck_assert_msg(memory.made == 1 && memory.lost == 1 && memory.closed, "allocation %u: made %u lost %u closed %d",
                granted, memory.made, memory.lost, memory.closed);
  ck_assert(memory.reason == 0 || (memory.failed && memory.reason == ENOMEM));
  calls->release(transport);
  ck_assert_int_eq(memory.blocks, 0);
  return memory.failed;
}

START_TEST(every_allocation_fails_once) {
  unsigned granted = 0;
  while (run_scarce(granted)) ck_assert_uint_lt(++granted, 100);
  ck_assert_uint_ge(granted, 5); /* transport, start, input, backlog, lost */
}
END_TEST

/* ---- The same, twice ------------------------------------------------------- */
START_TEST(runs_repeat) {
  const char *text =
      LIMITS "app buffer_updated 2: write 30; pause_reading\napp get_buffer *: size 3\npeer send 20 by 7\n"
             "peer start\napp when idle: resume_reading\npeer fin\n";
  (void)story_run(told, host, weir_reference(), text);
  uint32_t count = told->trace.count;
  weir_record *first = malloc(count * sizeof *first);
  ck_assert_ptr_nonnull(first);
  memcpy(first, told->records, count * sizeof *first);
  ck_assert_uint_gt(count, 40);
  (void)story_run(told, host, weir_reference(), text);
  ck_assert_uint_eq(told->trace.count, count);
  ck_assert_mem_eq(first, told->records, count * sizeof *first);
  free(first);
}
END_TEST

/* ---- Any scenario ---------------------------------------------------------- */
typedef struct tally {
  unsigned made, lost;
  uint64_t delivered, received; /* bytes: by the protocol, by the peer */
} tally;

/* A record that is right whatever the scenario was. */
static void check_record(const weir_record *record, tally *seen) {
  bool begins = record->flags & WEIR_FLAG_BEGIN;
  switch (record->event) {
  case WEIR_EVENT_CONNECTION_MADE: seen->made += begins; break;
  case WEIR_EVENT_CONNECTION_LOST: seen->lost += begins; break;
  case WEIR_EVENT_BUFFER_UPDATED:
  case WEIR_EVENT_DATA_RECEIVED:
    if (!begins) break;
    ck_assert(seen->lost == 0 && record->a > 0 && record->code == WEIR_DATA_STREAM);
    ck_assert_uint_eq(record->b, seen->delivered);
    seen->delivered += record->a;
    break;
  case WEIR_EVENT_PEER_RECEIVED:
    ck_assert_uint_eq(record->code, WEIR_DATA_STREAM);
    ck_assert_uint_eq(record->b, seen->received);
    seen->received += record->a;
    break;
  case WEIR_EVENT_EXCEPTION_HANDLER: ck_assert_uint_ne(record->code, WEIR_EXCEPTION_INTERNAL); break;
  case WEIR_EVENT_BUFFER_TAIL:
  case WEIR_EVENT_BUFFER_TOUCHED:
  case WEIR_EVENT_DATA: ck_abort_msg("%s", weir_event_name(record->event));
  case WEIR_EVENT_END: ck_assert(record->code == WEIR_END_QUIESCENT || record->code == WEIR_END_LIMIT); break;
  default: break;
  }
}

START_TEST(any_scenario_keeps_the_invariants) {
  weir_scenario *scenario = malloc(sizeof *scenario);
  ck_assert_ptr_nonnull(scenario);
  uint32_t used = STORY_RECORDS;
  for (uint64_t seed = 1; seed <= 1500; seed++) {
    weir_scenario_random(scenario, seed, 12);
    memset(told->records, 0, used * sizeof *told->records);
    weir_trace_init(&told->trace, told->records, STORY_RECORDS);
    ck_assert_int_eq(weir_host_drive(host, weir_reference(), scenario, &told->trace, &told->unreached, NULL), WEIR_OK);
    used = told->trace.count;
    tally seen[WEIR_CONNECTIONS] = {{.made = 0}};
    for (uint32_t i = 0; i < used; i++) check_record(&told->records[i], &seen[told->records[i].connection]);
    ck_assert_uint_eq(seen[0].made, 1);
    for (unsigned c = 0; c < WEIR_CONNECTIONS; c++)
      ck_assert_msg(seen[c].made <= 1 && seen[c].lost <= seen[c].made,
                    "seed %" PRIu64 ": connection %u: made %u, lost %u", seed, c, seen[c].made, seen[c].lost);
  }
  free(scenario);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("reference");
  TCase *all = tcase_create("reference");
  tcase_add_checked_fixture(all, set_up, tear_down);
  tcase_add_test(all, reading);
  tcase_add_test(all, pausing);
  tcase_add_test(all, end_of_file);
  tcase_add_test(all, closing);
  tcase_add_test(all, writing);
  tcase_add_test(all, flow_control);
  tcase_add_test(all, switching);
  tcase_add_test(all, every_allocation_fails_once);
  tcase_add_test(all, runs_repeat);
  tcase_add_test(all, any_scenario_keeps_the_invariants);
  suite_add_tcase(suite, all);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? 0 : 1;
}
