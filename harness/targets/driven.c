#include "targets/driven.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "targets/child.h"
#include "targets/places.h"

enum { SPIN_MS_DEFAULT = 2000, HANG_MS_DEFAULT = 20000, MEMORY_MIB_DEFAULT = 1024, EXIT_UNAVAILABLE = 77 };

struct weir_driven {
  const char *name;
  char *const *command; /* NULL: a plug-in at `name` */
  weir_serve_memory *memory;
  int descriptor;
  weir_child child;
  uint32_t spin_ms, hang_ms;
  bool log;
  char version[WEIR_SERVE_NAME_MAX];
  char library[WEIR_PLACE_MAX], python[WEIR_PLACE_MAX]; /* what a program needs to find */
};

/* ---- In the worker */

static weir_status load(const char *path, const weir_protocol_target **target, weir_problem *problem) {
  void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (object == NULL) {
    const char *why = dlerror();
    return weir_fail(problem, WEIR_BAD_INPUT, 0, "%s", why != NULL ? why : path);
  }
  union {
    void *pointer;
    weir_protocol_plugin_fn *function;
  } symbol = {.pointer = dlsym(object, WEIR_PROTOCOL_PLUGIN_SYMBOL)};
  if (symbol.pointer == NULL)
    return weir_fail(
        problem, WEIR_BAD_INPUT, 0,
        "%s exports no " WEIR_PROTOCOL_PLUGIN_SYMBOL "(): see weir/protocol.h; a transport takes no --stream", path);
  *target = symbol.function();
  weir_problem found = {.text = ""};
  weir_status status = weir_protocol_check(*target, &found);
  return status == WEIR_OK ? status : weir_fail(problem, status, 0, "%s: %s", path, found.text);
}

static void serve_plugin(const weir_driven *self, int memory, int pair) {
  void *place = mmap(NULL, sizeof(weir_serve_memory), PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  if (place == MAP_FAILED) {
    dprintf(STDERR_FILENO, "the shared memory cannot be mapped: %s\n", strerror(errno));
    _exit(127);
  }
  const weir_protocol_target *target = NULL;
  weir_problem problem = {.text = ""};
  if (load(self->name, &target, &problem) != WEIR_OK) target = NULL;
  weir_protocol_serve(target, &problem, place, pair);
  _exit(0);
}

static void become(void *context, int memory, int pair) {
  const weir_driven *self = context;
  if (self->command == NULL) serve_plugin(self, memory, pair);
  char value[32];
  (void)snprintf(value, sizeof value, "%d,%d", memory, pair);
  if (setenv(WEIR_PROTOCOL_VARIABLE, value, 1) != 0 || setenv(WEIR_PROTOCOL_LIBRARY_VARIABLE, self->library, 1) != 0 ||
      setenv("PYTHONPATH", self->python, 1) != 0 || setenv("PYTHONHASHSEED", "0", 0) != 0) {
    dprintf(STDERR_FILENO, "the environment cannot be set: %s\n", strerror(errno));
    _exit(127);
  }
  (void)execvp(self->command[0], self->command);
  dprintf(STDERR_FILENO, "%s: %s\n", self->command[0], strerror(errno));
  _exit(127);
}

/* ---- In the engine */

static weir_status open_memory(weir_driven *self, weir_problem *problem) {
  self->descriptor = memfd_create("weir-protocol", MFD_CLOEXEC);
  if (self->descriptor < 0) return weir_fail(problem, WEIR_IO, 0, "memfd_create: %s", strerror(errno));
  if (ftruncate(self->descriptor, (off_t)sizeof(weir_serve_memory)) != 0)
    return weir_fail(problem, WEIR_IO, 0, "ftruncate of the shared memory: %s", strerror(errno));
  void *place = mmap(NULL, sizeof(weir_serve_memory), PROT_READ | PROT_WRITE, MAP_SHARED, self->descriptor, 0);
  if (place == MAP_FAILED) return weir_fail(problem, WEIR_IO, 0, "mmap of the shared memory: %s", strerror(errno));
  self->memory = place;
  self->memory->magic = WEIR_SERVE_MAGIC;
  self->memory->abi = WEIR_PROTOCOL_ABI;
  self->memory->size = sizeof *self->memory;
  return WEIR_OK;
}

static weir_status explain_silence(weir_driven *self, weir_heard heard, weir_problem *problem) {
  uint32_t how = weir_child_end(&self->child, heard == WEIR_HEARD_DEATH ? WEIR_CHILD_GRACE_MS : 0);
  if (self->memory->failed != 0) {
    weir_problem *told = &self->memory->problem;
    told->text[sizeof told->text - 1] = '\0';
    return weir_fail(problem, told->status, 0, "%s", told->text);
  }
  char words[320];
  weir_child_last_words(&self->child, words, sizeof words);
  if (words[0] == '\0') (void)snprintf(words, sizeof words, "it wrote nothing to standard error");
  if (how == 256 + EXIT_UNAVAILABLE) return weir_fail(problem, WEIR_UNAVAILABLE, 0, "%s", words);
  return weir_fail(problem, WEIR_BROKEN, 0, "%s did not say hello: %s", self->name, words);
}

static weir_status start(weir_driven *self, weir_problem *problem) {
  weir_serve_memory *memory = self->memory;
  assert(memory != NULL);
  memory->failed = memory->worker_abi = 0;
  weir_status status = weir_child_start(&self->child, become, self, self->descriptor, self->log, problem);
  if (status != WEIR_OK) return status;
  char message = 0;
  weir_heard heard = weir_child_hear(&self->child, self->hang_ms, self->hang_ms, NULL, &message);
  if (heard != WEIR_HEARD_MESSAGE || message != 'h') return explain_silence(self, heard, problem);
  memory->version[sizeof memory->version - 1] = '\0';
  (void)snprintf(self->version, sizeof self->version, "%s", memory->version);
  if (memory->worker_abi == WEIR_PROTOCOL_ABI) return WEIR_OK;
  (void)weir_child_end(&self->child, 0);
  return weir_fail(problem, WEIR_VERSION_MISMATCH, 0, "%s speaks version %u of weir/protocol.h, this is %d", self->name,
                   memory->worker_abi, WEIR_PROTOCOL_ABI);
}

/* What a program is told through its environment: the library, and where weir_protocol.py is. */
static weir_status find_places(weir_driven *self, weir_problem *problem) {
  weir_status status = weir_protocol_library_find(self->library, sizeof self->library, problem);
  char folder[WEIR_PLACE_MAX];
  if (status == WEIR_OK) status = weir_data_folder(folder, sizeof folder, problem);
  if (status != WEIR_OK) return status;
  const char *before = getenv("PYTHONPATH");
  bool any = before != NULL && before[0] != '\0';
  int size =
      snprintf(self->python, sizeof self->python, "%s/targets/python%s%s", folder, any ? ":" : "", any ? before : "");
  if (size > 0 && (size_t)size < sizeof self->python) return WEIR_OK;
  return weir_fail(problem, WEIR_BOUND, 0, "PYTHONPATH is too long");
}

weir_status weir_driven_open(const char *name, const weir_runner_options *options, weir_driven **driven,
                             weir_problem *problem) {
  *driven = NULL;
  bool command = options != NULL && options->command != NULL;
  size_t length = strlen(name);
  if (!command && (strchr(name, '/') == NULL || length < 4 || strcmp(name + length - 3, ".so") != 0))
    return weir_fail(problem, WEIR_BAD_INPUT, 0,
                     "`%s` is no protocol: --stream takes a plug-in (./libmine.so), or a program after `--`", name);
  if (!command && access(name, R_OK) != 0)
    return weir_fail(problem, WEIR_BAD_INPUT, 0, "%s: %s", name, strerror(errno));
  weir_driven *self = calloc(1, sizeof *self);
  if (self == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for target %s", name);
  *self = (weir_driven){
      .name = name,
      .command = command ? options->command : NULL,
      .descriptor = -1,
      .child = {.pair = -1,
                .errors = -1,
                .memory_mib = options != NULL && options->memory_mib != 0 ? options->memory_mib : MEMORY_MIB_DEFAULT},
      .spin_ms = options != NULL && options->spin_ms != 0 ? options->spin_ms : SPIN_MS_DEFAULT,
      .hang_ms = options != NULL && options->hang_ms != 0 ? options->hang_ms : HANG_MS_DEFAULT,
      .log = options != NULL && options->log};
  weir_status status = command ? find_places(self, problem) : WEIR_OK;
  if (status == WEIR_OK) status = open_memory(self, problem);
  if (status == WEIR_OK) status = start(self, problem);
  if (status != WEIR_OK) {
    weir_driven_close(self);
    return status;
  }
  *driven = self;
  return WEIR_OK;
}

/* A check may take its time, as long as one run after the other gets done. */
static weir_heard hear(weir_driven *self, char *message) {
  for (;;) {
    uint64_t runs = self->memory->report.runs;
    weir_heard heard = weir_child_hear(&self->child, self->spin_ms, self->hang_ms, NULL, message);
    bool waiting = heard == WEIR_HEARD_SPIN || heard == WEIR_HEARD_HANG;
    if (!waiting || self->memory->report.runs == runs) return heard;
  }
}

static weir_status take(weir_driven *self, weir_driven_run *run, weir_problem *problem) {
  weir_serve_memory *memory = self->memory;
  *run = (weir_driven_run){.end = WEIR_DRIVEN_DONE, .report = &memory->report, .hand = &memory->hand};
  if (memory->report.count > WEIR_CHECK_FINDINGS_MAX)
    return weir_fail(problem, WEIR_BROKEN, 0, "the worker tells of %u findings", memory->report.count);
  if (memory->failed == 0) return WEIR_OK;
  memory->problem.text[sizeof memory->problem.text - 1] = '\0';
  return weir_fail(problem, memory->problem.status, 0, "%s", memory->problem.text);
}

weir_status weir_driven_run_check(weir_driven *driven, weir_family family, const weir_check_job *job,
                                  weir_driven_run *run, weir_problem *problem) {
  weir_serve_memory *memory = driven->memory;
  if (!weir_child_alive(&driven->child)) {
    (void)weir_child_end(&driven->child, 0);
    weir_status status = start(driven, problem);
    if (status != WEIR_OK) return status;
  }
  memory->family = family;
  memory->job = *job;
  memory->job.stream = NULL;
  if (job->size > 0) memcpy(memory->stream, job->stream, job->size);
  memory->report = (weir_check_report){.count = 0};
  memory->hand = (weir_hand){.inside = WEIR_INSIDE_NOTHING};
  memory->failed = 0;
  char message = 0;
  if (!weir_child_tell(&driven->child, 'r'))
    return weir_fail(problem, WEIR_BROKEN, 0, "%s ends as soon as it has said hello", driven->name);
  weir_heard heard = hear(driven, &message);
  if (heard == WEIR_HEARD_MESSAGE && message == 'd') return take(driven, run, problem);
  uint32_t how = weir_child_end(&driven->child, heard == WEIR_HEARD_DEATH ? WEIR_CHILD_GRACE_MS : 0);
  weir_driven_end end = heard == WEIR_HEARD_SPIN   ? WEIR_DRIVEN_SPIN
                        : heard == WEIR_HEARD_HANG ? WEIR_DRIVEN_HANG
                                                   : WEIR_DRIVEN_CRASH;
  memory->failed = 0;
  weir_status status = take(driven, run, problem);
  run->end = end;
  run->how = heard == WEIR_HEARD_MEMORY ? WEIR_CRASH_MEMORY : how;
  return status;
}

const char *weir_driven_version(const weir_driven *driven) {
  return driven->version;
}

bool weir_driven_is_slow(const weir_driven *driven) {
  return driven->memory->slow != 0;
}

void weir_driven_close(weir_driven *driven) {
  if (driven == NULL) return;
  if (driven->child.pid != 0) {
    bool asked = weir_child_tell(&driven->child, 'q');
    (void)weir_child_end(&driven->child, asked ? WEIR_CHILD_GRACE_MS : 0);
  }
  if (driven->memory != NULL) (void)munmap(driven->memory, sizeof *driven->memory);
  if (driven->descriptor >= 0) (void)close(driven->descriptor);
  free(driven);
}
