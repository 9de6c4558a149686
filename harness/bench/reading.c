/* Traces from files and pipes. */
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/measure.h"
#include "bench/samples.h"
#include "trace/codec.h"
#include "validator/live.h"

extern char **environ;

/* ---- JSON Lines ------------------------------------------------------------ */
enum { EVENTS = 200000, AT_ONCE = 1024, LINE_SIZE = 4096 };

typedef struct lines {
  FILE *file;
  bool judged;
} lines;

/* The least that any reader does: the ends of the lines. */
static void find_lines(void *context) {
  const lines *self = context;
  static char line[LINE_SIZE];
  rewind(self->file);
  size_t count = 0;
  while (fgets(line, sizeof line, self->file) != NULL) count++;
  if (count < EVENTS) weir_bench_fail("lines are missing");
}

/* As `weir check` does. */
static void read_events(void *context) {
  const lines *self = context;
  weir_record records[AT_ONCE];
  uint64_t connections[AT_ONCE];
  weir_trace_reader *reader;
  weir_problem problem = {.text = ""};
  weir_live *live = weir_live_new(0);
  if (live == NULL) weir_bench_fail("no memory");
  rewind(self->file);
  if (weir_trace_reader_open(self->file, &reader, NULL, &problem) != WEIR_OK) weir_bench_fail(problem.text);
  for (size_t count = 1; count > 0;) {
    if (weir_trace_reader_next_of(reader, records, connections, AT_ONCE, &count, &problem) != WEIR_OK)
      weir_bench_fail(problem.text);
    if (self->judged) weir_live_feed(live, records, connections, count);
  }
  size_t found = 0;
  (void)weir_live_findings(live, &found);
  if (found > 0) weir_bench_fail("a read cycle is not what it should be");
  weir_trace_reader_close(reader);
  weir_live_free(live);
}

void weir_bench_jsonl(void) {
  weir_bench_traces traces = weir_bench_reading();
  lines self = {.file = tmpfile()};
  if (self.file == NULL) weir_bench_fail("no temporary file");
  if (weir_trace_write_jsonl(self.file, NULL, traces.records, EVENTS) != WEIR_OK) weir_bench_fail("no room for a file");
  free(traces.records);
  weir_bench_head("JSON Lines from a file", "million events/s", "finding the ends of the lines");
  double ceiling = EVENTS * 1e-6 / weir_bench_time(find_lines, &self);
  double value = EVENTS * 1e-6 / weir_bench_time(read_events, &self);
  weir_bench_say(&(weir_bench_figure){.name = "read", .value = value, .ceiling = ceiling});
  self.judged = true;
  value = EVENTS * 1e-6 / weir_bench_time(read_events, &self);
  weir_bench_say(&(weir_bench_figure){.name = "read and judged", .value = value, .ceiling = ceiling, .goal = 1});
  (void)fclose(self.file);
}

/* ---- The command on a pipe -------------------------------------------------- */
typedef struct piped {
  char *const *command;
  const weir_bench_traces *traces;
  size_t rounds; /* how often the read cycles are repeated */
  double seconds;
  long memory; /* the most that was resident, kilobytes */
} piped;

static pid_t start(char *const *command, int input) {
  posix_spawn_file_actions_t actions;
  pid_t process;
  if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawn_file_actions_adddup2(&actions, input, 0) != 0 ||
      posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) != 0 ||
      posix_spawnp(&process, command[0], &actions, NULL, command, environ) != 0)
    weir_bench_fail("a command cannot be started");
  (void)posix_spawn_file_actions_destroy(&actions);
  return process;
}

/* The cycles again and again, with offsets that go on. */
static void write_rounds(FILE *out, const piped *self) {
  size_t last = self->traces->count - 1, first = 0;
  while (self->traces->records[first].event != WEIR_EVENT_PEER_SEND) first++;
  size_t size = last - first;
  weir_record *records = weir_bench_memory(size * sizeof *records);
  memcpy(records, self->traces->records + first, size * sizeof *records);
  uint64_t sent = 0;
  for (size_t i = 0; i < size; i++) sent += records[i].event == WEIR_EVENT_PEER_SEND ? records[i].a : 0;
  if (weir_trace_write_binary(out, NULL, self->traces->records, first) != WEIR_OK)
    weir_bench_fail("the pipe is closed");
  for (size_t round = 0; round < self->rounds; round++) {
    if (fwrite(records, sizeof *records, size, out) != size) weir_bench_fail("the pipe is closed");
    for (size_t i = 0; i < size; i++)
      if (records[i].event == WEIR_EVENT_PEER_SEND || records[i].event == WEIR_EVENT_BUFFER_UPDATED)
        records[i].b += sent;
  }
  (void)fwrite(&self->traces->records[last], sizeof *records, 1, out);
  free(records);
}

static void run_piped(piped *self, bool judges) {
  int pipes[2];
  struct rusage usage;
  if (pipe2(pipes, O_CLOEXEC) != 0) weir_bench_fail("no pipe");
  double began = weir_bench_now();
  pid_t process = start(self->command, pipes[0]);
  (void)close(pipes[0]);
  FILE *out = fdopen(pipes[1], "w");
  if (out == NULL) weir_bench_fail("no pipe");
  write_rounds(out, self);
  if (fclose(out) != 0) weir_bench_fail("the pipe is closed");
  int status = -1;
  if (wait4(process, &status, 0, &usage) != process || (judges && status != 0))
    weir_bench_fail("weir check does not pass a trace of the reference");
  self->seconds = weir_bench_now() - began;
  self->memory = usage.ru_maxrss;
}

void weir_bench_check(const char *weir) {
  weir_bench_traces traces = weir_bench_reading();
  char *count[] = {"wc", "-c", NULL};
  char command[4096];
  (void)snprintf(command, sizeof command, "%s", weir);
  char *check[] = {command, "check", "-", NULL};
  enum { FEW = 1, MANY = 20 };
  piped ceiling = {.command = count, .traces = &traces, .rounds = MANY};
  piped few = {.command = check, .traces = &traces, .rounds = FEW};
  piped many = {.command = check, .traces = &traces, .rounds = MANY};
  run_piped(&ceiling, true);
  run_piped(&few, true);
  run_piped(&many, true);
  double records = (double)traces.count * MANY * 1e-6;
  weir_bench_head("`weir check` on a pipe, binary", "million records/s", "`wc -c` on it");
  weir_bench_say(&(weir_bench_figure){
      .name = "20 million records", .value = records / many.seconds, .ceiling = records / ceiling.seconds});
  weir_bench_head("... and its memory", "MB at most", "the same with 1 million records");
  weir_bench_say(&(weir_bench_figure){.name = "20 million records",
                                      .value = (double)many.memory / 1024,
                                      .ceiling = (double)few.memory / 1024,
                                      .less = true});
  free(traces.records);
}
