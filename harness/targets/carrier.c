/* A program that speaks in lines: started, listened to, ended.  It has nothing
 * of Weir's in it; what it does with its sockets is between it and the kernel. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "targets/child.h"
#include "targets/program.h"
#include "targets/remote.h"
#include "targets/runner.h"
#include "weir/transport.h"

/* Where the program is to connect to, HOST:PORT. */
#define WEIR_LINES_VARIABLE "WEIR_LINES"

enum {
  SPIN_MS_DEFAULT = 2000,
  HANG_MS_DEFAULT = 20000,
  RECORDS = 1 << 20,
  EXIT_UNAVAILABLE = 77, /* as with any adapter: its library is missing */
  WORDS_MAX = 320,
  SLICE_MS = 20,
  TRIES_MAX = 2
};

typedef struct weir_carrier {
  weir_runner base;
  weir_program *program;
  weir_child child;
  weir_remote *remote;
  weir_record *records;
  uint32_t used; /* records of the run before */
  int listener;
  uint16_t port;
  uint32_t spin_ms, hang_ms;
  bool log;
  bool ready; /* it has said `next` */
} weir_carrier;

/* ---- In the child */
static void carrier_become(void *context, int memory, int pair) {
  const weir_carrier *self = context;
  char place[32];
  (void)snprintf(place, sizeof place, "127.0.0.1:%u", (unsigned)self->port);
  (void)fcntl(memory, F_SETFD, FD_CLOEXEC);
  (void)fcntl(pair, F_SETFD, FD_CLOEXEC);
  if (setenv(WEIR_LINES_VARIABLE, place, 1) != 0 || !weir_program_environment()) {
    dprintf(2, "the environment cannot be set: %s\n", strerror(errno));
    _exit(127);
  }
  weir_program_exec(self->program);
}

/* ---- What it says */
/* The end of the program, in words. */
static void describe(weir_carrier *self, uint32_t how, char *out, size_t size) {
  char words[WORDS_MAX];
  weir_child_last_words(&self->child, words, sizeof words);
  if (words[0] == '\0') (void)snprintf(words, sizeof words, "it wrote nothing to standard error");
  if (how >= 256)
    (void)snprintf(out, size, "exit status %u: %s", how - 256, words);
  else
    (void)snprintf(out, size, "signal %u (%s): %s", how, strsignal((int)how), words);
}

/* It is no more, or shall not be. */
static uint32_t end_child(weir_carrier *self, weir_heard heard) {
  self->ready = false;
  return weir_child_end(&self->child, heard == WEIR_HEARD_DEATH ? WEIR_CHILD_GRACE_MS : 0);
}

/* Why there was no hello, or no `next`. */
static weir_status explain(weir_carrier *self, weir_heard heard, const char *wanted, weir_problem *problem) {
  const uint32_t how = end_child(self, heard);
  char text[WORDS_MAX + 80];
  describe(self, how, text, sizeof text);
  if (heard != WEIR_HEARD_DEATH)
    return weir_fail(problem, WEIR_BROKEN, 0, "%s did not say `%s` in time", self->base.name, wanted);
  if (how == 256 + EXIT_UNAVAILABLE) {
    char words[WORDS_MAX];
    weir_child_last_words(&self->child, words, sizeof words);
    return weir_fail(problem, WEIR_UNAVAILABLE, 0, "%s", words);
  }
  return weir_fail(problem, WEIR_BROKEN, 0, "%s ended before it said `%s`, with %s", self->base.name, wanted, text);
}

static weir_heard hear_line(weir_carrier *self, weir_line *line, bool *too_long) {
  for (;;) {
    const weir_lines_look look = weir_lines_take(&self->remote->lines, line);
    *too_long = look == WEIR_LINES_TOO_LONG;
    if (look == WEIR_LINES_ONE || *too_long) return WEIR_HEARD_MESSAGE;
    if (look == WEIR_LINES_END) return WEIR_HEARD_DEATH;
    const weir_heard heard = weir_child_await(&self->child, self->spin_ms, self->hang_ms);
    if (heard != WEIR_HEARD_MESSAGE) return heard;
  }
}

/* The control connection takes the place of the pair: whoever speaks on it is the program. */
static weir_heard await_connection(weir_carrier *self) {
  for (uint32_t waited = 0; waited <= self->hang_ms; waited += SLICE_MS) {
    struct pollfd ready = {.fd = self->listener, .events = POLLIN};
    const bool came = poll(&ready, 1, SLICE_MS) == 1;
    const int control = came ? accept4(self->listener, NULL, NULL, SOCK_CLOEXEC) : -1;
    if (control >= 0) {
      (void)close(self->child.pair);
      self->child.pair = control;
      weir_lines_begin(&self->remote->lines, control);
      return WEIR_HEARD_MESSAGE;
    }
    if (!weir_child_alive(&self->child)) return WEIR_HEARD_DEATH;
  }
  return WEIR_HEARD_HANG;
}

static weir_status refuse(weir_carrier *self, const weir_line *line, const char *due, weir_problem *problem) {
  (void)end_child(self, WEIR_HEARD_MESSAGE);
  return weir_fail(problem, WEIR_BROKEN, 0, "%s said `%.40s`, and `%s` is due", self->base.name,
                   line->count > 0 ? line->words[0] : "", due);
}

static bool find_capabilities(char *list, uint32_t *capabilities) {
  static const char *const words[] = {
#define X(name, word, meaning) word,
      WEIR_CAPABILITIES(X)
#undef X
  };
  *capabilities = 0;
  if (strcmp(list, "-") == 0) return true;
  char *rest = NULL;
  for (char *word = strtok_r(list, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
    size_t bit = 0;
    while (bit < sizeof words / sizeof *words && strcmp(words[bit], word) != 0) bit++;
    if (bit == sizeof words / sizeof *words) return false;
    *capabilities |= UINT32_C(1) << bit;
  }
  return true;
}

/* hello 1 NAME VERSION CAPABILITIES */
static weir_status take_hello(weir_carrier *self, const weir_line *line, weir_problem *problem) {
  int64_t version = 0;
  if (line->count != 5 || strcmp(line->words[0], "hello") != 0)
    return refuse(self, line, "hello 1 NAME VERSION CAPABILITIES", problem);
  if (!weir_line_number(line->words[1], 0, INT32_MAX, &version) || version != WEIR_REMOTE_ABI) {
    (void)end_child(self, WEIR_HEARD_MESSAGE);
    return weir_fail(problem, WEIR_VERSION_MISMATCH, 0, "%s speaks version %.20s of the lines, this is %d",
                     self->base.name, line->words[1], WEIR_REMOTE_ABI);
  }
  if (!find_capabilities(line->words[4], &self->base.capabilities)) {
    (void)end_child(self, WEIR_HEARD_MESSAGE);
    return weir_fail(problem, WEIR_BROKEN, 0, "%s declares what is no capability: harness/doc/trace.md lists them",
                     self->base.name);
  }
  (void)snprintf(self->base.version, sizeof self->base.version, "%s", line->words[3]);
  return WEIR_OK;
}

/* What is said between a run and `next` is answered, and is nobody's business. */
static weir_status await_next(weir_carrier *self, weir_problem *problem) {
  assert(self->remote != NULL);
  for (;;) {
    weir_line line;
    bool too_long;
    const weir_heard heard = hear_line(self, &line, &too_long);
    if (heard != WEIR_HEARD_MESSAGE) return explain(self, heard, "next", problem);
    if (!too_long && line.count == 1 && strcmp(line.words[0], "next") == 0) break;
    if (too_long || !self->remote->over) return refuse(self, &line, "next", problem);
    const weir_status status = weir_remote_hear(self->remote, &line, problem);
    if (status != WEIR_OK) {
      (void)end_child(self, WEIR_HEARD_MESSAGE);
      return status;
    }
  }
  self->ready = true;
  return WEIR_OK;
}

static weir_status start(weir_carrier *self, weir_problem *problem) {
  self->ready = false;
  self->remote->over = false;
  weir_status status = weir_child_start(&self->child, carrier_become, self, self->listener, self->log, problem);
  if (status != WEIR_OK) return status;
  weir_line line = {.count = 0};
  bool too_long = false;
  weir_heard heard = await_connection(self);
  if (heard == WEIR_HEARD_MESSAGE) heard = hear_line(self, &line, &too_long);
  if (heard != WEIR_HEARD_MESSAGE) return explain(self, heard, "hello", problem);
  if (too_long) return refuse(self, &line, "hello", problem);
  status = take_hello(self, &line, problem);
  return status == WEIR_OK ? await_next(self, problem) : status;
}

/* ---- A run */
/* A program that can be told to run.  One that died between two runs has spoilt neither. */
static weir_status prepare(weir_carrier *self, weir_problem *problem) {
  if (self->child.pid != 0 && !self->ready && await_next(self, problem) == WEIR_OK) return WEIR_OK;
  if (self->child.pid != 0 && self->ready && weir_child_alive(&self->child)) return WEIR_OK;
  if (self->child.pid != 0) (void)end_child(self, WEIR_HEARD_MESSAGE);
  return start(self, problem);
}

static weir_status converse(weir_carrier *self, weir_problem *problem) {
  weir_remote *remote = self->remote;
  while (!remote->stopped) {
    weir_line line;
    bool too_long;
    const weir_heard heard = hear_line(self, &line, &too_long);
    if (heard == WEIR_HEARD_MESSAGE && too_long) {
      (void)end_child(self, heard);
      return weir_fail(problem, WEIR_BROKEN, 0, "%s said a line of more than %d bytes", self->base.name,
                       WEIR_LINE_BYTES_MAX);
    }
    if (heard != WEIR_HEARD_MESSAGE) {
      static const weir_end ends[] = {
          [WEIR_HEARD_DEATH] = WEIR_END_CRASH, [WEIR_HEARD_SPIN] = WEIR_END_SPIN, [WEIR_HEARD_HANG] = WEIR_END_HANG};
      const uint32_t how = end_child(self, heard);
      weir_remote_end(remote, ends[heard], heard == WEIR_HEARD_DEATH ? how : 0);
      return WEIR_OK;
    }
    const weir_status status = weir_remote_hear(remote, &line, problem);
    if (status != WEIR_OK) {
      (void)end_child(self, WEIR_HEARD_MESSAGE);
      return status;
    }
  }
  return WEIR_OK;
}

static weir_status carrier_run(weir_runner *runner, const weir_scenario *scenario, weir_run *run,
                               weir_problem *problem) {
  weir_carrier *self = (weir_carrier *)runner;
  weir_status status = WEIR_OK;
  bool told = false;
  const uint32_t most = runner->records_max != 0 && runner->records_max < RECORDS ? runner->records_max : RECORDS;
  for (unsigned tries = 0; tries < TRIES_MAX && !told; tries++) {
    status = prepare(self, problem);
    if (status != WEIR_OK) return status;
    memset(self->records, 0, self->used * sizeof *self->records);
    self->used = 0;
    told = weir_remote_begin(self->remote, scenario, runner->capabilities, self->records, most);
    self->ready = false;
    if (!told) (void)end_child(self, WEIR_HEARD_DEATH);
  }
  if (!told) return weir_fail(problem, WEIR_BROKEN, 0, "%s ends as soon as it has said `next`", runner->name);
  status = converse(self, problem);
  weir_remote_end(self->remote, WEIR_END_CUT, 0);
  self->used = self->remote->trace.count;
  weir_remote_hang_up(self->remote);
  if (status != WEIR_OK) return status;
  uint16_t first;
  *run = (weir_run){.records = self->records,
                    .count = self->used,
                    .unreached = (uint32_t)weir_network_unreached(&self->remote->network, &first)};
  return WEIR_OK;
}

/* Asked to end, where it listens. */
static void quit(weir_carrier *self) {
  weir_problem ignored;
  weir_remote *remote = self->remote;
  assert(remote != NULL);
  if (!self->ready && remote->over) (void)!await_next(self, &ignored);
  if (self->child.pid == 0) return;
  weir_lines_say(&remote->lines, "quit");
  const bool asked = self->ready && weir_lines_send(&remote->lines);
  (void)weir_child_end(&self->child, asked ? WEIR_CHILD_GRACE_MS : 0);
}

static void carrier_close(weir_runner *runner) {
  weir_carrier *self = (weir_carrier *)runner;
  if (self->child.pid != 0) quit(self);
  if (self->listener >= 0) (void)close(self->listener);
  weir_remote_free(self->remote);
  weir_program_free(self->program);
  free(self->records);
  free(self);
}

static const weir_runner_kind carrier_kind = {.run = carrier_run, .close = carrier_close};

static weir_carrier *carrier_new(const char *name, const weir_runner_options *options) {
  weir_carrier *self = calloc(1, sizeof *self);
  if (self == NULL) return NULL;
  *self = (weir_carrier){
      .base = {.kind = &carrier_kind, .layer = WEIR_LAYER_TCP, .real = true},
      .child = {.pair = -1, .errors = -1},
      .listener = -1,
      .spin_ms = options != NULL && options->spin_ms != 0 ? options->spin_ms : SPIN_MS_DEFAULT,
      .hang_ms = options != NULL && options->hang_ms != 0 ? options->hang_ms : HANG_MS_DEFAULT,
      .log = options != NULL && options->log,
  };
  (void)snprintf(self->base.name, sizeof self->base.name, "%s", name);
  self->records = calloc(RECORDS, sizeof *self->records);
  if (self->records != NULL) return self;
  free(self);
  return NULL;
}

static weir_status provide(weir_carrier *self, weir_problem *problem) {
  self->remote = weir_remote_new();
  if (self->remote != NULL) self->listener = weir_loopback_listen(&self->port);
  if (self->listener >= 0) return WEIR_OK;
  return weir_fail(problem, WEIR_IO, 0, "no socket of the loopback interface is to be had: %s", strerror(errno));
}

weir_status weir_lines_open(const char *name, char *const *argv, const weir_runner_options *options,
                            weir_runner **runner, weir_problem *problem) {
  *runner = NULL;
  weir_carrier *self = carrier_new(name, options);
  if (self == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for target %s", name);
  weir_status status = weir_program_new(argv, &self->program, problem);
  if (status == WEIR_OK) status = provide(self, problem);
  if (status == WEIR_OK) status = start(self, problem);
  if (status != WEIR_OK) {
    carrier_close(&self->base);
    return status;
  }
  *runner = &self->base;
  return WEIR_OK;
}
