/* Programs that speak in lines, over real sockets.  The program is this file
 * itself, started again with the name of what it is to do. */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "targets/lines.h"
#include "targets/mirrors.h"
#include "targets/target.h"
#include "weir/payload.h"
#include "weir/transport.h"

static const char *own_path;
static weir_problem problem;

/* ---- The program ------------------------------------------------------------------ */
static int connect_to(const char *port) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) _exit(9);
  return descriptor;
}

typedef struct program {
  FILE *in, *out;
  char answer[4096];
} program;

static void tell(program *self, const char *text) {
  (void)fprintf(self->out, "%s\n", text);
  (void)fflush(self->out);
}

static const char *ask(program *self, const char *text) {
  tell(self, text);
  if (fgets(self->answer, sizeof self->answer, self->in) == NULL) _exit(0);
  self->answer[strcspn(self->answer, "\n")] = '\0';
  return self->answer;
}

static void answer_is(program *self, const char *text, const char *wanted) {
  if (strcmp(ask(self, text), wanted) == 0) return;
  (void)fprintf(stderr, "`%s` was answered `%s` and not `%s`\n", text, self->answer, wanted);
  _exit(8);
}

/* One connection: is told of 10 bytes, looks at them, and is told of the end. */
static void behave(program *self, int descriptor) {
  answer_is(self, "begin connection_made 0 0", "decide ok");
  answer_is(self, "end", "go");
  answer_is(self, "idle", "look");
  char bytes[16], text[64] = "begin buffer_updated 0 0 10 ";
  if (recv(descriptor, bytes, sizeof bytes, MSG_DONTWAIT) != 10) _exit(7);
  answer_is(self, "begin get_buffer 0 0 -1", "decide buffer bytearray 64");
  answer_is(self, "end 64", "go");
  for (size_t i = 0, at = strlen(text); i < 10; i++, at += 2)
    (void)snprintf(text + at, 3, "%02x", (unsigned char)bytes[i]);
  answer_is(self, text, "decide ok");
  answer_is(self, "end", "go");
  answer_is(self, "idle", "look");
  if (recv(descriptor, bytes, sizeof bytes, MSG_DONTWAIT) != 0) _exit(6);
  answer_is(self, "begin eof_received 0 0", "decide return false");
  answer_is(self, "end", "go");
  answer_is(self, "begin connection_lost 0 0 none", "decide ok");
  answer_is(self, "end", "go");
  (void)close(descriptor);
  while (strcmp(ask(self, "idle"), "stop") != 0) {
  }
}

static void misbehave(program *self, const char *how, int descriptor) {
  if (strcmp(how, "dies") == 0) _exit(5);
  if (strcmp(how, "hangs") == 0) (void)pause();
  if (strcmp(how, "nonsense") == 0) tell(self, "what is this");
  if (strcmp(how, "no-number") == 0) tell(self, "begin get_buffer 0 0 many");
  if (strcmp(how, "no-connection") == 0) tell(self, "begin connection_made 3 0");
  if (strcmp(how, "no-begin") == 0) tell(self, "end");
  if (strcmp(how, "fails") == 0) tell(self, "fail the transport cannot be made");
  if (strcmp(how, "spins") == 0)
    for (volatile unsigned turns = 0;; turns++) {
    }
  (void)descriptor;
  (void)pause();
}

static int be_program(const char *how) {
  const char *place = getenv("WEIR_LINES");
  if (place == NULL || strncmp(place, "127.0.0.1:", 10) != 0) return 4;
  if (strcmp(how, "mute") == 0) return 3;
  const int control = connect_to(place + 10);
  program self = {.in = fdopen(control, "r"), .out = fdopen(dup(control), "w")};
  if (self.in == NULL || self.out == NULL) return 2;
  tell(&self, strcmp(how, "old") == 0 ? "hello 7 test 1.0 -" : "hello 1 test 1.0 half_close,pause");
  while (strncmp(ask(&self, "next"), "run ", 4) == 0) {
    const int descriptor = connect_to(self.answer + 4);
    if (strcmp(how, "behaves") == 0)
      behave(&self, descriptor);
    else
      misbehave(&self, how, descriptor);
  }
  return 0;
}

/* ---- The engine ------------------------------------------------------------------------ */
static weir_status open_program(const char *how, weir_runner **runner) {
  char *const command[] = {(char *)(uintptr_t)own_path, (char *)(uintptr_t)how, NULL};
  const weir_runner_options options = {.command = command, .lines = true, .spin_ms = 300, .hang_ms = 600};
  return weir_runner_open("-- test", &options, runner, &problem);
}

static const weir_scenario *scenario(const char *steps) {
  static weir_scenario parsed;
  char text[512];
  (void)snprintf(text, sizeof text, "weir 1\n%s\n", steps);
  ck_assert_msg(weir_scenario_parse(text, strlen(text), &parsed, NULL, &problem) == WEIR_OK, "%s", problem.text);
  return &parsed;
}

static const weir_scenario *ten_bytes(void) {
  return scenario("peer when idle: send 10\npeer when idle: fin");
}

START_TEST(program_runs) {
  weir_runner *runner;
  ck_assert_msg(open_program("behaves", &runner) == WEIR_OK, "%s", problem.text);
  ck_assert_str_eq(weir_runner_version(runner), "1.0");
  ck_assert_uint_eq(weir_runner_capabilities(runner), WEIR_CAN_HALF_CLOSE | WEIR_CAN_PAUSE);
  static const uint8_t events[] = {WEIR_EVENT_OPEN,         WEIR_EVENT_CONNECTION_MADE, WEIR_EVENT_PEER_SEND,
                                   WEIR_EVENT_GET_BUFFER,   WEIR_EVENT_BUFFER_UPDATED,  WEIR_EVENT_PEER_FIN,
                                   WEIR_EVENT_EOF_RECEIVED, WEIR_EVENT_CONNECTION_LOST, WEIR_EVENT_PEER_SAW_FIN,
                                   WEIR_EVENT_END};
  for (unsigned again = 0; again < 3; again++) {
    weir_run run;
    ck_assert_msg(weir_runner_run(runner, ten_bytes(), &run, &problem) == WEIR_OK, "%s", problem.text);
    ck_assert_uint_eq(run.count, sizeof events);
    for (uint32_t i = 0; i < run.count; i++) ck_assert_uint_eq(run.records[i].event, events[i]);
    ck_assert_uint_eq(run.records[4].code, WEIR_DATA_STREAM);
    ck_assert_uint_eq(run.records[9].code, WEIR_END_QUIESCENT);
    ck_assert_uint_eq(run.unreached, 0);
  }
  weir_runner_close(runner);
}
END_TEST

/* What the program does wrong is a verdict of its own run, and the next is in a new program. */
START_TEST(faults_of_the_program_end_the_run) {
  static const struct {
    const char *how;
    weir_end end;
    uint32_t number;
  } faults[] = {{"dies", WEIR_END_CRASH, 256 + 5}, {"hangs", WEIR_END_HANG, 0}, {"spins", WEIR_END_SPIN, 0}};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    weir_runner *runner;
    ck_assert_msg(open_program(faults[i].how, &runner) == WEIR_OK, "%s", problem.text);
    for (unsigned again = 0; again < 2; again++) {
      weir_run run;
      ck_assert_msg(weir_runner_run(runner, ten_bytes(), &run, &problem) == WEIR_OK, "%s", problem.text);
      const weir_record *end = &run.records[run.count - 1];
      ck_assert_uint_eq(end->event, WEIR_EVENT_END);
      ck_assert_uint_eq(end->code, faults[i].end);
      ck_assert_uint_eq(end->a, faults[i].number);
    }
    weir_runner_close(runner);
  }
}
END_TEST

static void expect_problem(weir_status status, const char *words) {
  ck_assert_uint_eq(problem.status, status);
  ck_assert_msg(strstr(problem.text, words) != NULL, "`%s` does not tell of `%s`", problem.text, words);
  ck_assert_ptr_null(strchr(problem.text, '\n'));
}

START_TEST(nonsense_is_one_line) {
  static const struct {
    const char *how, *words;
  } faults[] = {{"nonsense", "said `what`"},
                {"no-number", "as word 5 of it `many`: the size hint is due"},
                {"no-connection", "as word 3 of it `3`: the number of a connection"},
                {"no-begin", "`begin` before it is due"},
                {"fails", "the transport cannot be made"}};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    weir_runner *runner;
    weir_run run;
    ck_assert_msg(open_program(faults[i].how, &runner) == WEIR_OK, "%s", problem.text);
    for (unsigned again = 0; again < 2; again++) {
      ck_assert_int_eq(weir_runner_run(runner, ten_bytes(), &run, &problem), WEIR_BROKEN);
      expect_problem(WEIR_BROKEN, faults[i].words);
    }
    weir_runner_close(runner);
  }
}
END_TEST

START_TEST(programs_without_a_hello) {
  weir_runner *runner;
  ck_assert_int_eq(open_program("mute", &runner), WEIR_BROKEN);
  expect_problem(WEIR_BROKEN, "ended before it said `hello`, with exit status 3");
  ck_assert_int_eq(open_program("old", &runner), WEIR_VERSION_MISMATCH);
  expect_problem(WEIR_VERSION_MISMATCH, "version 7 of the lines");
}
END_TEST

START_TEST(what_no_real_socket_shows_is_refused) {
  static const char *const refused[] = {"socket recv 1: short 3", "peer when idle: sleep 5",
                                        "peer after recv 1: send 1", "socket buffer 100"};
  weir_runner *runner;
  char reason[256];
  ck_assert_msg(open_program("behaves", &runner) == WEIR_OK, "%s", problem.text);
  ck_assert(!weir_runner_refuses(runner, ten_bytes(), reason, sizeof reason));
  ck_assert(!weir_runner_refuses(runner, scenario("peer after get_buffer 1: fin"), reason, sizeof reason));
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    ck_assert_msg(weir_runner_refuses(runner, scenario(refused[i]), reason, sizeof reason), "%s", refused[i]);
    ck_assert_ptr_nonnull(strstr(reason, "real"));
  }
  weir_runner_close(runner);
}
END_TEST

/* ---- Lines and mirrors ------------------------------------------------------------------- */
START_TEST(lines_are_cut_and_split) {
  int pair[2];
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  weir_lines lines = {.descriptor = -1};
  weir_lines_begin(&lines, pair[0]);
  weir_line line;
  ck_assert_int_eq(weir_lines_take(&lines, &line), WEIR_LINES_NONE);
  ck_assert_int_eq(write(pair[1], "begin a", 7), 7);
  ck_assert_int_eq(weir_lines_take(&lines, &line), WEIR_LINES_NONE);
  ck_assert_int_eq(write(pair[1], " 1\r\n\nidle\n", 10), 10);
  ck_assert_int_eq(weir_lines_take(&lines, &line), WEIR_LINES_ONE);
  ck_assert_uint_eq(line.count, 3);
  ck_assert_str_eq(line.words[2], "1");
  ck_assert_int_eq(weir_lines_take(&lines, &line), WEIR_LINES_ONE);
  ck_assert_uint_eq(line.count, 0);
  ck_assert_int_eq(weir_lines_take(&lines, &line), WEIR_LINES_ONE);
  ck_assert_str_eq(line.words[0], "idle");
  weir_lines_say(&lines, "call %d ", 1);
  weir_lines_say_bytes(&lines, "\x00\xff", 2);
  ck_assert(weir_lines_send(&lines));
  char text[32] = "";
  ck_assert_int_eq(read(pair[1], text, sizeof text), 12);
  ck_assert_str_eq(text, "call 1 00ff\n");
  (void)close(pair[1]);
  ck_assert_int_eq(weir_lines_take(&lines, &line), WEIR_LINES_END);
  weir_lines_free(&lines);
  (void)close(pair[0]);
}
END_TEST

START_TEST(words_are_read) {
  size_t size;
  char good[] = "00fFa5", odd[] = "00f", other[] = "zz", none[] = "-";
  ck_assert(weir_line_bytes(good, &size));
  ck_assert_uint_eq(size, 3);
  ck_assert_mem_eq(good, "\x00\xff\xa5", 3);
  ck_assert(weir_line_bytes(none, &size));
  ck_assert_uint_eq(size, 0);
  ck_assert(!weir_line_bytes(odd, &size));
  ck_assert(!weir_line_bytes(other, &size));
  int64_t number;
  ck_assert(weir_line_number("-1", -1, 5, &number));
  ck_assert_int_eq(number, -1);
  ck_assert(!weir_line_number("6", -1, 5, &number));
  ck_assert(!weir_line_number("5x", -1, 5, &number));
  ck_assert(!weir_line_number("", -1, 5, &number));
}
END_TEST

START_TEST(mirrors_hold_what_is_said) {
  weir_mirrors mirrors = {.newest = 0};
  ck_assert_ptr_null(weir_mirrors_show(&mirrors, 0, "a", 1));
  uint8_t *first = weir_mirrors_give(&mirrors, 4, 1);
  ck_assert_ptr_nonnull(first);
  ck_assert_ptr_eq(weir_mirrors_show(&mirrors, 0, "ab", 2), first);
  const uint8_t content[] = {'a', 'b', WEIR_POISON, WEIR_POISON};
  ck_assert_mem_eq(first, content, sizeof content);
  for (uint32_t nth = 2; nth <= WEIR_MIRRORS_KEPT; nth++) ck_assert_ptr_ne(weir_mirrors_give(&mirrors, 0, nth), first);
  ck_assert_ptr_eq(weir_mirrors_find(&mirrors, 1), first);
  ck_assert_ptr_nonnull(weir_mirrors_give(&mirrors, 8, WEIR_MIRRORS_KEPT + 1));
  ck_assert_ptr_null(weir_mirrors_find(&mirrors, 1));
  weir_mirrors_free(&mirrors);
}
END_TEST

int main(int argc, char **argv) {
  if (argc > 1) return be_program(argv[1]);
  own_path = argv[0];
  Suite *suite = suite_create("lines");
  TCase *parts = tcase_create("parts");
  tcase_add_test(parts, lines_are_cut_and_split);
  tcase_add_test(parts, words_are_read);
  tcase_add_test(parts, mirrors_hold_what_is_said);
  suite_add_tcase(suite, parts);
  TCase *programs = tcase_create("programs");
  tcase_set_timeout(programs, 60);
  tcase_add_test(programs, program_runs);
  tcase_add_test(programs, faults_of_the_program_end_the_run);
  tcase_add_test(programs, nonsense_is_one_line);
  tcase_add_test(programs, programs_without_a_hello);
  tcase_add_test(programs, what_no_real_socket_shows_is_refused);
  suite_add_tcase(suite, programs);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
