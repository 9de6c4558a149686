/* Programs under libweir-preload.so: what one interposed call costs, and how
 * many scenarios a second go through them. */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/measure.h"
#include "bench/samples.h"
#include "targets/target.h"
#include "weir/adapter.h"

enum { SIZE = 64, SENDS = 15, CALLS = SENDS * (WEIR_SIZE_MAX / SIZE), RUNS = 500, KERNEL_CALLS = 2000 };

/* ---- The program: it reads until the end, and speaks of nothing. ------------- */
static void find_function(void *function, const char *name) {
  void *found = dlsym(RTLD_DEFAULT, name);
  if (found == NULL) weir_bench_fail("this is for running under the interposing library");
  memcpy(function, &found, sizeof found);
}

/* False: the run is over.  descriptor -1: poll looks at the other alone. */
static bool wait_for(int descriptor, int control, int (*wake)(void)) {
  struct pollfd polled[] = {{.fd = descriptor, .events = POLLIN}, {.fd = control, .events = POLLIN}};
  if (poll(polled, 2, -1) < 0) return false;
  return polled[1].revents == 0 || wake() != WEIR_WAKE_STOP;
}

static void read_all(const weir_adapter_run *run, int (*wake)(void)) {
  char bytes[SIZE];
  int descriptor = run->descriptor;
  while (wait_for(descriptor, run->control, wake)) {
    ssize_t size = -1;
    if (descriptor >= 0) do
        size = recv(descriptor, bytes, sizeof bytes, 0);
      while (size > 0);
    if (size != 0) continue;
    (void)close(descriptor);
    descriptor = -1;
  }
}

int weir_bench_program(void) {
  int (*hello)(int, const char *, const char *, uint32_t);
  int (*next)(weir_adapter_run *);
  int (*wake)(void);
  find_function(&hello, "weir_adapter_hello");
  find_function(&next, "weir_adapter_next");
  find_function(&wake, "weir_adapter_wake");
  if (hello(WEIR_ABI, "bench", "1", 0) != 0) return 2;
  weir_adapter_run run;
  while (next(&run) == 1) read_all(&run, wake);
  return 0;
}

/* ---- Measuring it --------------------------------------------------------------- */
typedef struct program {
  weir_runner *runner;
  weir_scenario scenario;
  unsigned runs;
  uint32_t records; /* of the last run */
} program;

static bool take_run(void *context, uint32_t nth, weir_status status, const weir_run *run,
                     const weir_problem *problem) {
  program *self = context;
  (void)nth;
  if (status != WEIR_OK) weir_bench_fail(problem->text);
  self->records = run->count;
  return true;
}

static void run_program(void *context) {
  program *self = context;
  const weir_scenario *scenarios[RUNS];
  for (unsigned i = 0; i < self->runs; i++) scenarios[i] = &self->scenario;
  weir_runner_run_each(self->runner, scenarios, self->runs, take_run, self);
}

/* text NULL: the scenario stays. */
static double time_of(program *self, const char *text, unsigned runs) {
  if (text != NULL) weir_bench_scenario(text, &self->scenario);
  self->runs = runs;
  return weir_bench_time_outside(run_program, self) / runs;
}

static void kernel_calls(void *context) {
  const int *pair = context;
  char bytes[SIZE];
  for (unsigned i = 0; i < KERNEL_CALLS; i++)
    if (recv(pair[1], bytes, sizeof bytes, MSG_PEEK) != SIZE) weir_bench_fail("a socket pair does not work");
}

/* recv on a socket pair that has bytes, which stay there. */
static double kernel_time(void) {
  int pair[2];
  char bytes[SIZE] = {0};
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || send(pair[0], bytes, SIZE, 0) != SIZE)
    weir_bench_fail("no socket pair");
  double took = weir_bench_time(kernel_calls, pair) / KERNEL_CALLS;
  (void)close(pair[0]);
  (void)close(pair[1]);
  return took;
}

/* The runner of a program, or NULL and why not. */
static weir_runner *open_program(const char *name, char *const *command, weir_problem *problem) {
  weir_runner *runner = NULL;
  weir_runner_options options = {.command = command};
  return weir_runner_open(name, &options, &runner, problem) == WEIR_OK ? runner : NULL;
}

static double say_call(program *self) {
  double none = time_of(self, "weir 1\npeer fin\n", RUNS);
  weir_bench_scenario("weir 1\npeer send 1048576\n", &self->scenario);
  for (; self->scenario.count < SENDS; self->scenario.count++)
    self->scenario.steps[self->scenario.count] = self->scenario.steps[0];
  double all = time_of(self, NULL, 1);
  if (self->records < CALLS) weir_bench_fail("the program does not read");
  weir_bench_head("an interposed call", "ns", "the kernel's recv of 64 bytes");
  weir_bench_say(&(weir_bench_figure){
      .name = "recv of 64 bytes", .value = (all - none) / CALLS * 1e9, .ceiling = kernel_time() * 1e9, .less = true});
  return 1 / time_of(self, weir_bench_short, RUNS);
}

void weir_bench_programs(const char *self_path) {
  char path[4096], argument[] = "--program";
  (void)snprintf(path, sizeof path, "%s", self_path);
  char *command[] = {path, argument, NULL};
  weir_problem problem = {.text = ""};
  program self = {.runner = open_program("bench", command, &problem)};
  if (self.runner == NULL) weir_bench_fail(problem.text);
  double ceiling = say_call(&self);
  weir_runner_close(self.runner);
  weir_bench_head("scenarios in another process", "a second", "a program that only reads");
  static const struct {
    const char *name;
    double goal;
  } targets[] = {{"asyncio@3.11", 20000}, {"asyncio@3.12", 20000}, {"asyncio@3.13", 20000}, {"libuv", 500000}};
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
    self.runner = open_program(targets[i].name, NULL, &problem);
    if (self.runner == NULL) {
      weir_bench_skip(targets[i].name, problem.text);
      continue;
    }
    weir_bench_say(&(weir_bench_figure){.name = targets[i].name,
                                        .value = 1 / time_of(&self, weir_bench_short, RUNS),
                                        .ceiling = ceiling,
                                        .goal = targets[i].goal});
    weir_runner_close(self.runner);
  }
}
