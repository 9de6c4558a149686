/* Targets: found by name, driven, and survived. */
#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/nearest.h"
#include "targets/adapters.h"
#include "targets/places.h"
#include "targets/runtimes.h"
#include "targets/stack.h"
#include "targets/target.h"

#define PLUGIN(name) WEIR_BINARY_FOLDER "/plugins/" name ".so"
#define PRELOAD      WEIR_BINARY_FOLDER "/lib/libweir-preload.so"

static weir_problem problem;

static const weir_scenario *scenario(const char *steps) {
  static weir_scenario parsed;
  char text[512];
  (void)snprintf(text, sizeof text, "weir 1\n%s\n", steps);
  ck_assert_msg(weir_scenario_parse(text, strlen(text), &parsed, NULL, &problem) == WEIR_OK, "%s", problem.text);
  return &parsed;
}

static weir_runner *open_target(const char *name, const weir_runner_options *options) {
  weir_runner *runner = NULL;
  ck_assert_msg(weir_runner_open(name, options, &runner, &problem) == WEIR_OK, "%s", problem.text);
  return runner;
}

static weir_runner *open_command(char *const *command, uint32_t hang_ms) {
  weir_runner_options options = {.command = command, .hang_ms = hang_ms};
  return open_target("-- command", &options);
}

/* Runs the scenario and says how the run ended. */
static const weir_record *end_of(weir_runner *runner, const char *steps) {
  weir_run run;
  ck_assert_msg(weir_runner_run(runner, scenario(steps), &run, &problem) == WEIR_OK, "%s", problem.text);
  ck_assert_uint_gt(run.count, 0);
  ck_assert_uint_eq(run.records[0].event, WEIR_EVENT_OPEN);
  const weir_record *end = &run.records[run.count - 1];
  ck_assert_uint_eq(end->event, WEIR_EVENT_END);
  return end;
}

static void expect_no_target(const char *name, const weir_runner_options *options, weir_status status,
                             const char *words) {
  weir_runner *runner = NULL;
  ck_assert_int_eq(weir_runner_open(name, options, &runner, &problem), status);
  ck_assert_ptr_null(runner);
  ck_assert_msg(strstr(problem.text, words) != NULL, "`%s` does not tell of `%s`", problem.text, words);
  ck_assert_ptr_null(strchr(problem.text, '\n'));
}

static unsigned open_descriptors(void) {
  unsigned count = 0;
  DIR *entries = opendir("/proc/self/fd");
  ck_assert_ptr_nonnull(entries);
  while (readdir(entries) != NULL) count++;
  (void)closedir(entries);
  return count;
}

static bool has_children(void) {
  siginfo_t info;
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* ---- Linked in */

START_TEST(reference_runs) {
  weir_runner *runner = open_target("reference", NULL);
  ck_assert_str_eq(weir_runner_name(runner), "reference");
  ck_assert_uint_ne(weir_runner_capabilities(runner), 0);
  ck_assert_uint_eq(end_of(runner, "peer fin")->code, WEIR_END_QUIESCENT);
  ck_assert_uint_eq(end_of(runner, "app when idle: abort")->code, WEIR_END_QUIESCENT);
  weir_runner_close(runner);
}
END_TEST

START_TEST(same_scenario_same_trace) {
  weir_runner *runner = open_target("reference", NULL);
  weir_run run;
  const weir_scenario *one = scenario("peer send 100 by 7\npeer fin\napp buffer_updated 2: write 30; close");
  ck_assert_int_eq(weir_runner_run(runner, one, &run, &problem), WEIR_OK);
  weir_record *first = malloc(run.count * sizeof *first);
  ck_assert_ptr_nonnull(first);
  uint32_t count = run.count;
  memcpy(first, run.records, count * sizeof *first);
  (void)end_of(runner, "peer send 3000");
  one = scenario("peer send 100 by 7\npeer fin\napp buffer_updated 2: write 30; close");
  ck_assert_int_eq(weir_runner_run(runner, one, &run, &problem), WEIR_OK);
  ck_assert_uint_eq(run.count, count);
  ck_assert_mem_eq(run.records, first, count * sizeof *first);
  free(first);
  weir_runner_close(runner);
}
END_TEST

/* ---- Plug-ins */

static const weir_runner_options quick = {.spin_ms = 200, .hang_ms = 400};

START_TEST(plugin_says_what_it_is) {
  weir_runner *runner = open_target(PLUGIN("faulty"), NULL);
  ck_assert_str_eq(weir_runner_name(runner), PLUGIN("faulty"));
  ck_assert_str_eq(weir_runner_version(runner), "1.2.3");
  ck_assert_uint_eq(weir_runner_capabilities(runner), WEIR_CAN_PAUSE);
  ck_assert_uint_eq(end_of(runner, "app when idle: close")->code, WEIR_END_QUIESCENT);
  weir_runner_close(runner);
  ck_assert(!has_children());
}
END_TEST

/* Each costs its own scenario a verdict, and the next one goes on. */
START_TEST(plugin_faults_are_survived) {
  unsigned descriptors = open_descriptors();
  weir_runner *runner = open_target(PLUGIN("faulty"), &quick);
  for (unsigned round = 0; round < 2; round++) {
    const weir_record *end = end_of(runner, "app when idle: abort");
    ck_assert_uint_eq(end->code, WEIR_END_CRASH);
    ck_assert_uint_eq(end->a, SIGABRT);
    ck_assert_uint_eq(end_of(runner, "app when idle: close")->code, WEIR_END_QUIESCENT);
    ck_assert_uint_eq(end_of(runner, "app when idle: pause_reading")->code, WEIR_END_HANG);
    ck_assert_uint_eq(end_of(runner, "app when idle: close")->code, WEIR_END_QUIESCENT);
    ck_assert_uint_eq(end_of(runner, "app when idle: resume_reading")->code, WEIR_END_SPIN);
  }
  weir_runner_close(runner);
  ck_assert(!has_children());
  ck_assert_uint_eq(open_descriptors(), descriptors);
}
END_TEST

/* What was recorded up to the crash is there, and nothing of longer runs before it. */
START_TEST(crash_keeps_the_trace) {
  weir_runner *runner = open_target(PLUGIN("faulty"), &quick);
  (void)end_of(runner, "app when idle: write 1\napp when idle: write 2\napp when idle: write 3\napp when idle: close");
  weir_run run;
  ck_assert_int_eq(weir_runner_run(runner, scenario("app when idle: abort"), &run, &problem), WEIR_OK);
  ck_assert_uint_eq(run.records[run.count - 2].event, WEIR_EVENT_ABORT);
  ck_assert_uint_eq(run.records[run.count - 2].flags & (WEIR_FLAG_BEGIN | WEIR_FLAG_END), WEIR_FLAG_BEGIN);
  for (uint32_t i = 0; i < run.count; i++) ck_assert_uint_ne(run.records[i].event, WEIR_EVENT_WRITE);
  weir_runner_close(runner);
}
END_TEST

/* The functions that are named, in this order, innermost first. */
static void expect_stack(weir_runner *runner, const char *steps, uint32_t how, const char *inner, const char *outer) {
  weir_run run;
  ck_assert_int_eq(weir_runner_run(runner, scenario(steps), &run, &problem), WEIR_OK);
  ck_assert_uint_eq(run.records[run.count - 1].code, WEIR_END_CRASH);
  ck_assert_uint_eq(run.records[run.count - 1].a, how);
  ck_assert_ptr_nonnull(run.stack);
  const char *first = strstr(run.stack, inner);
  ck_assert_msg(first == run.stack, "%s: %s", inner, run.stack);
  ck_assert_msg(strstr(first, outer) != NULL, "%s: %s", outer, run.stack);
}

START_TEST(crash_tells_where) {
  weir_runner *runner = open_target(PLUGIN("wreck"), NULL);
  for (unsigned round = 0; round < 2; round++) {
    expect_stack(runner, "app when idle: abort", SIGSEGV, "wreck_inner+", "\nwreck_outer+");
    expect_stack(runner, "app when idle: pause_reading", SIGSEGV, "wreck_stack+", " (wreck.so)\nwreck_stack+");
  }
  weir_run run;
  ck_assert_int_eq(weir_runner_run(runner, scenario("app when idle: close"), &run, &problem), WEIR_OK);
  ck_assert_ptr_null(run.stack);
  weir_runner_close(runner);
}
END_TEST

/* The stack that was left belongs to a process that nobody trusts. */
START_TEST(stack_of_nonsense) {
  char out[WEIR_STACK_TEXT_MAX], little[16];
  weir_crash crash = {.signal = SIGSEGV, .count = UINT32_MAX};
  memset(crash.frames, 'x', sizeof crash.frames);
  weir_stack_print(&crash, out, sizeof out);
  ck_assert_ptr_nonnull(strstr(out, "xxx+0x7878787878787878"));
  weir_stack_print(&crash, little, sizeof little);
  ck_assert_str_eq(little, "");
  crash = (weir_crash){.signal = SIGSEGV, .count = 3, .frames = {{.place = 1}, {.file = "/dev/zero"}, {.file = "/"}}};
  weir_stack_print(&crash, out, sizeof out);
  ck_assert_str_eq(out, "?\nzero+0x0\n+0x0");
}
END_TEST

START_TEST(memory_without_end) {
  weir_runner *runner = open_target(PLUGIN("wreck"), &(weir_runner_options){.memory_mib = 64});
  for (unsigned round = 0; round < 2; round++) {
    const weir_record *end = end_of(runner, "app when idle: resume_reading");
    ck_assert_uint_eq(end->code, WEIR_END_CRASH);
    ck_assert_uint_eq(end->a, WEIR_CRASH_MEMORY);
    ck_assert_uint_eq(end_of(runner, "app when idle: close")->code, WEIR_END_QUIESCENT);
  }
  weir_runner_close(runner);
  ck_assert(!has_children());
}
END_TEST

START_TEST(stalls_are_not_waited_for_for_ever) {
  weir_runner_options options = quick;
  options.stalls_max = 2;
  weir_runner *runner = open_target(PLUGIN("faulty"), &options);
  ck_assert_uint_eq(end_of(runner, "app when idle: pause_reading")->code, WEIR_END_HANG);
  ck_assert_uint_eq(end_of(runner, "app when idle: close")->code, WEIR_END_QUIESCENT);
  ck_assert_uint_eq(end_of(runner, "app when idle: pause_reading")->code, WEIR_END_HANG);
  ck_assert_uint_eq(end_of(runner, "app when idle: resume_reading")->code, WEIR_END_SPIN);
  weir_run run;
  ck_assert_int_eq(weir_runner_run(runner, scenario("app when idle: close"), &run, &problem), WEIR_BROKEN);
  ck_assert_msg(strstr(problem.text, "not run: the 2 cases before") != NULL, "%s", problem.text);
  weir_runner_close(runner);
}
END_TEST

START_TEST(bad_plugins_are_told_apart) {
  unsigned descriptors = open_descriptors();
  expect_no_target("./no/such.so", NULL, WEIR_BAD_INPUT, "No such file");
  expect_no_target(PLUGIN("other_abi"), NULL, WEIR_VERSION_MISMATCH, "made for version 2");
  expect_no_target(PLUGIN("other_size"), NULL, WEIR_VERSION_MISMATCH, "sizeof(weir_target)");
  expect_no_target(PLUGIN("no_symbol"), NULL, WEIR_BAD_INPUT, "weir_plugin");
  expect_no_target(PLUGIN("no_call"), NULL, WEIR_BAD_INPUT, "no open()");
  expect_no_target(PLUGIN("early_death"), NULL, WEIR_BROKEN,
                   "exit status 3: something is missing|and this is the last");
  ck_assert(!has_children());
  ck_assert_uint_eq(open_descriptors(), descriptors);
}
END_TEST

START_TEST(text_is_no_plugin) {
  char path[] = "/tmp/weir-test-XXXXXX.so";
  int descriptor = mkstemps(path, 3);
  ck_assert_int_ge(descriptor, 0);
  ck_assert_int_eq(write(descriptor, "hello\n", 6), 6);
  (void)close(descriptor);
  expect_no_target(path, NULL, WEIR_BAD_INPUT, path);
  (void)unlink(path);
}
END_TEST

/* ---- Programs */

static char worker_path[] = WEIR_BINARY_FOLDER "/programs/worker";

/* Any library will do where the program brings the channel itself. */
static void preload_anything(void) {
  ck_assert_int_eq(setenv("WEIR_PRELOAD", PLUGIN("no_symbol"), 1), 0);
}

START_TEST(program_runs) {
  char *command[] = {worker_path, (char[]){"work"}, NULL};
  weir_runner *runner = open_command(command, 0);
  ck_assert_str_eq(weir_runner_version(runner), "4.5.6");
  for (unsigned i = 0; i < 100; i++) ck_assert_uint_eq(end_of(runner, "peer fin")->code, WEIR_END_QUIESCENT);
  weir_runner_close(runner);
  ck_assert(!has_children());
}
END_TEST

START_TEST(program_that_exits_is_a_crash) {
  char *command[] = {worker_path, (char[]){"exit"}, NULL};
  weir_runner *runner = open_command(command, 0);
  for (unsigned i = 0; i < 3; i++) {
    ck_assert_uint_eq(end_of(runner, "peer fin")->code, WEIR_END_QUIESCENT);
    const weir_record *end = end_of(runner, "peer fin");
    ck_assert_uint_eq(end->code, WEIR_END_CRASH);
    ck_assert_uint_eq(end->a, 256 + 5);
  }
  weir_runner_close(runner);
}
END_TEST

START_TEST(program_that_fails_goes_on) {
  char *command[] = {worker_path, (char[]){"fail"}, NULL};
  weir_runner *runner = open_command(command, 0);
  weir_run run;
  (void)end_of(runner, "peer fin");
  ck_assert_int_eq(weir_runner_run(runner, scenario("peer fin"), &run, &problem), WEIR_BROKEN);
  ck_assert_str_eq(problem.text, "no transport today");
  ck_assert_uint_eq(end_of(runner, "peer fin")->code, WEIR_END_QUIESCENT);
  weir_runner_close(runner);
}
END_TEST

/* One that leaves after each run is started anew for the next. */
START_TEST(program_that_leaves_is_replaced) {
  char *command[] = {worker_path, (char[]){"leave"}, NULL};
  weir_runner *runner = open_command(command, 0);
  for (unsigned i = 0; i < 5; i++) ck_assert_uint_eq(end_of(runner, "peer fin")->code, WEIR_END_QUIESCENT);
  weir_runner_close(runner);
  ck_assert(!has_children());
}
END_TEST

/* ---- Batches */

enum { BATCHED = 150 };

/* What weir_runner_run_each() gave: "OK" quiescent, "crash", ... or the reason. */
typedef struct taken {
  char words[BATCHED][64];
  uint32_t steps[BATCHED], count, most;
} taken;

static bool note_run(void *context, uint32_t nth, weir_status status, const weir_run *run, const weir_problem *why) {
  taken *self = context;
  ck_assert_uint_eq(nth, self->count);
  const char *word = status != WEIR_OK ? why->text : weir_end_name(run->records[run->count - 1].code);
  (void)snprintf(self->words[nth], sizeof self->words[nth], "%.60s", word);
  self->steps[nth] = status == WEIR_OK ? run->unreached : 0;
  return ++self->count < self->most;
}

/* Scenarios of 1, 2, 3, ... steps on the test's program. */
static void run_batched(const char *how, uint32_t count, uint32_t most, taken *self) {
  static weir_scenario all[BATCHED];
  const weir_scenario *scenarios[BATCHED];
  char word[16];
  (void)snprintf(word, sizeof word, "%s", how);
  char *command[] = {worker_path, word, NULL};
  weir_runner *runner = open_command(command, 0);
  for (uint32_t i = 0; i < count; i++) {
    all[i] = *scenario("peer fin");
    all[i].count = i + 1;
    scenarios[i] = &all[i];
  }
  *self = (taken){.most = most};
  weir_runner_run_each(runner, scenarios, count, note_run, self);
  ck_assert_uint_eq(self->count, most < count ? most : count);
  ck_assert_uint_eq(end_of(runner, "peer fin")->event, WEIR_EVENT_END);
  weir_runner_close(runner);
  ck_assert(!has_children());
}

static void expect_death(const char *how, uint32_t end) {
  char word[16];
  (void)snprintf(word, sizeof word, "%s", how);
  char *command[] = {(char[]){WEIR_BINARY_FOLDER "/programs/dies"}, word, NULL};
  ck_assert_int_eq(setenv("WEIR_PRELOAD", PRELOAD, 1), 0);
  weir_runner *runner = open_command(command, 0);
  for (unsigned round = 0; round < 2; round++) expect_stack(runner, "peer fin", end, "dies_here+", "\ndies_below+");
  weir_runner_close(runner);
  ck_assert(!has_children());
}

START_TEST(batch_runs_each) {
  static taken all;
  run_batched("work", BATCHED, BATCHED, &all);
  for (uint32_t i = 0; i < BATCHED; i++) {
    ck_assert_str_eq(all.words[i], weir_end_name(WEIR_END_QUIESCENT));
    ck_assert_uint_eq(all.steps[i], i + 1); /* as many as it was given */
  }
}
END_TEST

START_TEST(batch_costs_one_at_a_time) {
  static taken all;
  enum { SOME = 6 };
  run_batched("exit", SOME, SOME, &all); /* each process in its second run */
  for (uint32_t i = 0; i < SOME; i++)
    ck_assert_str_eq(all.words[i], weir_end_name(i % 2 == 1 ? WEIR_END_CRASH : WEIR_END_QUIESCENT));
  run_batched("fail", SOME, SOME, &all); /* its second run alone */
  for (uint32_t i = 0; i < SOME; i++)
    ck_assert_str_eq(all.words[i], i == 1 ? "no transport today" : weir_end_name(WEIR_END_QUIESCENT));
  run_batched("leave", SOME, SOME, &all);
  for (uint32_t i = 0; i < SOME; i++) ck_assert_str_eq(all.words[i], weir_end_name(WEIR_END_QUIESCENT));
}
END_TEST

START_TEST(batch_is_left) {
  static taken all;
  run_batched("work", BATCHED, 3, &all);
}
END_TEST

/* Hangs and spins in the middle: each of its own, and the traces are those of single runs. */
START_TEST(batch_of_faults) {
  static weir_scenario all[6];
  static const char *const steps[] = {"close", "pause_reading", "write 1", "resume_reading", "abort", "close"};
  static const weir_end ends[] = {WEIR_END_QUIESCENT, WEIR_END_HANG,  WEIR_END_QUIESCENT,
                                  WEIR_END_SPIN,      WEIR_END_CRASH, WEIR_END_QUIESCENT};
  const weir_scenario *scenarios[6];
  char text[64];
  for (unsigned i = 0; i < 6; i++) {
    (void)snprintf(text, sizeof text, "app when idle: %s", steps[i]);
    all[i] = *scenario(text);
    scenarios[i] = &all[i];
  }
  taken got = {.most = 6};
  weir_runner *runner = open_target(PLUGIN("faulty"), &quick);
  weir_runner_run_each(runner, scenarios, 6, note_run, &got);
  ck_assert_uint_eq(got.count, 6);
  for (unsigned i = 0; i < 6; i++) ck_assert_str_eq(got.words[i], weir_end_name(ends[i]));
  weir_runner_close(runner);
}
END_TEST

/* A program's own handler still has its say, and one that gets out of it goes on. */
START_TEST(program_tells_where_it_crashed) {
  expect_death("plain", SIGSEGV);
  expect_death("handler", WEIR_CRASH_STATUS + 7);
  preload_anything();
}
END_TEST

START_TEST(program_that_escapes_goes_on) {
  char *command[] = {(char[]){WEIR_BINARY_FOLDER "/programs/dies"}, (char[]){"escape"}, NULL};
  ck_assert_int_eq(setenv("WEIR_PRELOAD", PRELOAD, 1), 0);
  weir_runner *runner = open_command(command, 0);
  weir_run run;
  ck_assert_int_eq(weir_runner_run(runner, scenario("peer fin"), &run, &problem), WEIR_OK);
  ck_assert_uint_eq(run.records[run.count - 1].code, WEIR_END_CUT);
  ck_assert_ptr_null(run.stack);
  const weir_record *end = end_of(runner, "peer fin");
  ck_assert_uint_eq(end->code, WEIR_END_CRASH);
  ck_assert_uint_eq(end->a, SIGSEGV);
  weir_runner_close(runner);
  preload_anything();
}
END_TEST

static void expect_no_command(const char *script, weir_status status, const char *words) {
  char text[256];
  (void)snprintf(text, sizeof text, "%s", script);
  char *command[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, text, NULL};
  weir_runner_options options = {.command = command, .hang_ms = 300};
  expect_no_target("-- sh", &options, status, words);
}

START_TEST(programs_without_a_hello) {
  unsigned descriptors = open_descriptors();
  expect_no_command("echo boom >&2; exit 3", WEIR_BROKEN, "exit status 3: boom");
  expect_no_command("echo no such library here >&2; exit 77", WEIR_UNAVAILABLE, "no such library here");
  expect_no_command("kill -SEGV $$", WEIR_BROKEN, "signal 11");
  expect_no_command("exec sleep 100", WEIR_BROKEN, "did not say hello in time");
  expect_no_command("yes complaint >&2", WEIR_BROKEN, "complaint");
  char *command[] = {(char[]){"no-such-program-anywhere"}, NULL};
  weir_runner_options options = {.command = command};
  expect_no_target("-- x", &options, WEIR_UNAVAILABLE, "no-such-program-anywhere");
  ck_assert(!has_children());
  ck_assert_uint_eq(open_descriptors(), descriptors);
}
END_TEST

/* ---- Names */

static char folder[] = "/tmp/weir-test-XXXXXX";

static void write_file(const char *name, const char *text, mode_t mode) {
  char path[512];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *out = fopen(path, "w");
  ck_assert_ptr_nonnull(out);
  (void)fputs(text, out);
  ck_assert_int_eq(fclose(out), 0);
  ck_assert_int_eq(chmod(path, mode), 0);
}

static void make_data(void) {
  char path[512];
  preload_anything();
  ck_assert_ptr_nonnull(mkdtemp(folder));
  (void)snprintf(path, sizeof path, "%s/targets", folder);
  ck_assert_int_eq(mkdir(path, 0777), 0);
  (void)snprintf(path, sizeof path, "%s/targets/mine", folder);
  ck_assert_int_eq(mkdir(path, 0777), 0);
  write_file("targets/mine/direct.target", "# a program of its own\ncommand run.sh work\nsummary  direct one\n", 0644);
  write_file("targets/mine/run.sh", "#!/bin/sh\nexec " WEIR_BINARY_FOLDER "/programs/worker \"$1\"\n", 0755);
  write_file("targets/mine/wanting.target", "runtime no-such-runtime 3.7\ncommand run.sh\n", 0644);
  write_file("targets/mine/broken.target", "command run.sh\nsumary x\n", 0644);
}

static void drop_data(void) {
  static const char *const names[] = {"targets/mine/direct.target",
                                      "targets/mine/run.sh",
                                      "targets/mine/wanting.target",
                                      "targets/mine/broken.target",
                                      "targets/mine",
                                      "targets",
                                      ""};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    (void)remove(path);
  }
}

START_TEST(names_are_found) {
  weir_runner_options options = {.data_folder = folder};
  weir_runner *runner = open_target("direct", &options);
  ck_assert_str_eq(weir_runner_name(runner), "direct");
  ck_assert_uint_eq(end_of(runner, "peer fin")->code, WEIR_END_QUIESCENT);
  weir_runner_close(runner);
  expect_no_target("dierct", &options, WEIR_BAD_INPUT, "did you mean `direct`?");
  expect_no_target("referense", &options, WEIR_BAD_INPUT, "did you mean `reference`?");
  expect_no_target("zzzzzz", &options, WEIR_BAD_INPUT, "weir list targets");
  expect_no_target("./program", &options, WEIR_BAD_INPUT, "ends in .so");
  expect_no_target("", &options, WEIR_BAD_INPUT, "no target");
  expect_no_target("direct@3", &options, WEIR_BAD_INPUT, "no runtime to choose");
  expect_no_target("wanting", &options, WEIR_UNAVAILABLE, "no-such-runtime 3.7 or newer");
  expect_no_target("wanting@9.9", &options, WEIR_UNAVAILABLE, "no-such-runtime 9.9");
  expect_no_target("wanting@2", &options, WEIR_UNAVAILABLE, "too old");
  expect_no_target("wanting@abc", &options, WEIR_BAD_INPUT, "not a version");
  expect_no_target("wanting@/no/such/program", &options, WEIR_UNAVAILABLE, "/no/such/program");
  expect_no_target("broken", &options, WEIR_BAD_INPUT, "broken.target:2: `sumary`");
}
END_TEST

static void count_target(void *context, const char *name, bool available, const char *summary) {
  char *seen = context;
  size_t used = strlen(seen);
  ck_assert_ptr_nonnull(summary);
  (void)snprintf(seen + used, 512 - used, "%s%s ", available ? "" : "!", name);
}

START_TEST(targets_are_listed) {
  char seen[512] = "";
  weir_runner_options options = {.data_folder = folder};
  ck_assert_int_eq(weir_targets_each(&options, count_target, seen, &problem), WEIR_OK);
  ck_assert_str_eq(seen, "reference !broken direct !wanting ");
}
END_TEST

/* An interpreter by its path: a script that answers as one does. */
START_TEST(runtimes_by_path) {
  char path[512];
  weir_runtime runtime;
  write_file("python", "#!/bin/sh\necho 3.99.7 /opt/python3.99\n", 0755);
  (void)snprintf(path, sizeof path, "%s/python", folder);
  ck_assert_int_eq(weir_runtime_find("python3", path, "3.7", &runtime, &problem), WEIR_OK);
  ck_assert_int_eq(runtime.version[1], 99);
  ck_assert_str_eq(runtime.path, "/opt/python3.99");
  ck_assert_int_eq(weir_runtime_find("python3", path, "3.100", &runtime, &problem), WEIR_UNAVAILABLE);
  write_file("python", "#!/bin/sh\nexit 127\n", 0755);
  ck_assert_int_eq(weir_runtime_find("python3", path, "3.7", &runtime, &problem), WEIR_UNAVAILABLE);
  ck_assert_ptr_nonnull(strstr(problem.text, "does not answer"));
  (void)remove(path);
}
END_TEST

/* The newest of the asked series, by number and not by letter. */
/* What scripts/targets installs: NAME/3.98 for an interpreter, bin/NAME for a program. */
START_TEST(installed_are_found) {
  static const char *const folders[] = {"place",    "place/loop",      "place/bin",
                                        "versions", "versions/3.98.2", "versions/3.98.2/bin"};
  static const char *const files[] = {"place/bin/weir-a-program", "versions/3.98.2/bin/python",
                                      "targets/mine/looped.target", "targets/mine/made.target"};
  char path[512], seen[512] = "";
  weir_runner_options options = {.data_folder = folder};
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
    ck_assert_int_eq(mkdir(path, 0777), 0);
  }
  (void)snprintf(path, sizeof path, "%s/place", folder);
  ck_assert_int_eq(setenv("WEIR_TARGETS", path, 1) | setenv("PYENV_ROOT", folder, 1), 0);
  write_file(files[1], "#!/bin/sh\necho 3.98.2 /opt/3.98.2\n", 0755);
  write_file(files[2], "runtime python3 3.98\ninstall loop\ncommand run.sh\n", 0644);
  write_file(files[3], "program weir-a-program work\n", 0644);
  ck_assert_int_eq(weir_targets_each(&options, count_target, seen, &problem), WEIR_OK);
  ck_assert_str_eq(seen, "reference !broken direct !looped !made !wanting ");
  expect_no_target("made", &options, WEIR_UNAVAILABLE, "scripts/targets installs it");
  write_file(files[0], "#!/bin/sh\nexec " WEIR_BINARY_FOLDER "/programs/worker \"$1\"\n", 0755);
  (void)snprintf(path, sizeof path, "%s/place/loop/3.98", folder);
  ck_assert_int_eq(mkdir(path, 0777), 0);
  seen[0] = '\0';
  ck_assert_int_eq(weir_targets_each(&options, count_target, seen, &problem), WEIR_OK);
  ck_assert_str_eq(seen, "reference !broken direct looped@3.98 made !wanting ");
  weir_runner_close(open_target("made", &options));
  (void)remove(path);
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", folder, files[i]);
    (void)remove(path);
  }
  for (size_t i = sizeof folders / sizeof *folders; i-- > 0;) {
    (void)snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
    (void)remove(path);
  }
}
END_TEST

START_TEST(runtimes_by_version) {
  static const char *const versions[] = {"3.98.2", "3.98.10", "3.9.1"};
  char path[512];
  for (size_t i = 0; i < 3; i++) {
    char text[128], *cut = path;
    (void)snprintf(path, sizeof path, "%s/versions/%s/bin", folder, versions[i]);
    while ((cut = strchr(cut + 1, '/')) != NULL) {
      *cut = '\0';
      (void)mkdir(path, 0777);
      *cut = '/';
    }
    ck_assert_int_eq(mkdir(path, 0777), 0);
    (void)snprintf(path, sizeof path, "versions/%s/bin/python", versions[i]);
    (void)snprintf(text, sizeof text, "#!/bin/sh\necho %s /opt/%s\n", versions[i], versions[i]);
    write_file(path, text, 0755);
  }
  ck_assert_int_eq(setenv("PYENV_ROOT", folder, 1), 0);
  weir_runtime runtime;
  ck_assert_int_eq(weir_runtime_find("python3", "3.98", "3.7", &runtime, &problem), WEIR_OK);
  ck_assert_str_eq(runtime.path, "/opt/3.98.10");
  ck_assert_int_eq(weir_runtime_find("python3", "3.98.2", "3.7", &runtime, &problem), WEIR_OK);
  ck_assert_str_eq(runtime.path, "/opt/3.98.2");
  ck_assert_int_eq(weir_runtime_find("python3", "3.97", "3.7", &runtime, &problem), WEIR_UNAVAILABLE);
  for (size_t i = 0; i < 3; i++) {
    static const char *const ends[] = {"/bin/python", "/bin", ""};
    for (size_t k = 0; k < 3; k++) {
      (void)snprintf(path, sizeof path, "%s/versions/%s%s", folder, versions[i], ends[k]);
      (void)remove(path);
    }
  }
  (void)snprintf(path, sizeof path, "%s/versions", folder);
  (void)remove(path);
}
END_TEST

START_TEST(nearest_words) {
  static const struct {
    const char *wanted, *best;
  } rows[] = {{"tset", "test"}, {"test", NULL}, {"rn", "run"}, {"xyz", NULL}, {"", NULL}, {"replya", "replay"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    weir_nearest nearest;
    weir_nearest_init(&nearest, rows[i].wanted);
    weir_nearest_offer(&nearest, "test");
    weir_nearest_offer(&nearest, "run");
    weir_nearest_offer(&nearest, "replay");
    const char *best = weir_nearest_best(&nearest);
    if (rows[i].best == NULL)
      ck_assert_msg(best == NULL, "%s: %s", rows[i].wanted, best);
    else
      ck_assert_str_eq(best, rows[i].best);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("targets");
  TCase *linked = tcase_create("linked");
  tcase_add_test(linked, reference_runs);
  tcase_add_test(linked, same_scenario_same_trace);
  suite_add_tcase(suite, linked);
  TCase *plugins = tcase_create("plugins");
  tcase_set_timeout(plugins, 60);
  tcase_add_test(plugins, plugin_says_what_it_is);
  tcase_add_test(plugins, plugin_faults_are_survived);
  tcase_add_test(plugins, crash_keeps_the_trace);
  tcase_add_test(plugins, crash_tells_where);
  tcase_add_test(plugins, stack_of_nonsense);
  tcase_add_test(plugins, memory_without_end);
  tcase_add_test(plugins, stalls_are_not_waited_for_for_ever);
  tcase_add_test(plugins, bad_plugins_are_told_apart);
  tcase_add_test(plugins, text_is_no_plugin);
  suite_add_tcase(suite, plugins);
  TCase *programs = tcase_create("programs");
  tcase_set_timeout(programs, 60);
  tcase_add_unchecked_fixture(programs, preload_anything, NULL);
  tcase_add_test(programs, program_runs);
  tcase_add_test(programs, program_that_exits_is_a_crash);
  tcase_add_test(programs, program_that_fails_goes_on);
  tcase_add_test(programs, program_that_leaves_is_replaced);
  tcase_add_test(programs, batch_runs_each);
  tcase_add_test(programs, batch_costs_one_at_a_time);
  tcase_add_test(programs, batch_is_left);
  tcase_add_test(programs, batch_of_faults);
  tcase_add_test(programs, program_tells_where_it_crashed);
  tcase_add_test(programs, program_that_escapes_goes_on);
  tcase_add_test(programs, programs_without_a_hello);
  suite_add_tcase(suite, programs);
  TCase *names = tcase_create("names");
  tcase_set_timeout(names, 60);
  tcase_add_unchecked_fixture(names, make_data, drop_data);
  tcase_add_test(names, names_are_found);
  tcase_add_test(names, targets_are_listed);
  tcase_add_test(names, runtimes_by_path);
  tcase_add_test(names, installed_are_found);
  tcase_add_test(names, runtimes_by_version);
  tcase_add_test(names, nearest_words);
  suite_add_tcase(suite, names);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
