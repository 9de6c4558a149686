/* The worker's end of the channel (channel.h).  It depends on libc and core
 * alone, since it is also part of the interposing library. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "targets/channel.h"
#include "weir/transport.h"

enum { INTERRUPTIONS_MAX = 1000 };

/* "MEMORY,PAIR" */
static bool parse_variable(const char *text, int *memory, int *pair) {
  char end;
  return sscanf(text, "%d,%d%c", memory, pair, &end) == 2 && *memory >= 0 && *pair >= 0;
}

static weir_status map_memory(int descriptor, weir_channel_memory **memory, weir_problem *problem) {
  struct stat about;
  if (fstat(descriptor, &about) != 0)
    return weir_fail(problem, WEIR_IO, 0, WEIR_CHANNEL_VARIABLE " names descriptor %d, which is not open: %s",
                     descriptor, strerror(errno));
  if (about.st_size < (off_t)sizeof(weir_channel_memory))
    return weir_fail(problem, WEIR_VERSION_MISMATCH, 0, "the channel holds %lld bytes, this side expects %zu",
                     (long long)about.st_size, sizeof(weir_channel_memory));
  void *place = mmap(NULL, sizeof(weir_channel_memory), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (place == MAP_FAILED) return weir_fail(problem, WEIR_IO, 0, "mmap of the channel: %s", strerror(errno));
  *memory = place;
  return WEIR_OK;
}

static weir_status check_memory(const weir_channel_memory *memory, weir_problem *problem) {
  if (memory->magic == WEIR_CHANNEL_MAGIC && memory->abi == WEIR_ABI && memory->size == sizeof *memory) return WEIR_OK;
  return weir_fail(problem, WEIR_VERSION_MISMATCH, 0, "the engine speaks version %u of the channel, this side %d",
                   memory->magic == WEIR_CHANNEL_MAGIC ? memory->abi : 0u, WEIR_ABI);
}

weir_status weir_worker_attach(weir_worker *worker, weir_problem *problem) {
  *worker = (weir_worker){.pair = -1};
  const char *text = getenv(WEIR_CHANNEL_VARIABLE);
  if (text == NULL)
    return weir_fail(problem, WEIR_UNAVAILABLE, 0,
                     WEIR_CHANNEL_VARIABLE " is not set: this program is started by `weir`, not by hand");
  int descriptor, pair;
  if (!parse_variable(text, &descriptor, &pair))
    return weir_fail(problem, WEIR_BAD_INPUT, 0,
                     WEIR_CHANNEL_VARIABLE " is \"%.40s\", and should be two descriptor numbers: \"700,701\"", text);
  weir_channel_memory *memory = NULL;
  weir_status status = map_memory(descriptor, &memory, problem);
  if (status != WEIR_OK) return status;
  assert(memory != NULL);
  status = check_memory(memory, problem);
  if (status != WEIR_OK) {
    (void)munmap(memory, sizeof *memory);
    return status;
  }
  /* What the program starts itself must not hold the channel open. */
  (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  (void)fcntl(pair, F_SETFD, FD_CLOEXEC);
  *worker = (weir_worker){.memory = memory, .pair = pair};
  return WEIR_OK;
}

static bool tell(const weir_worker *worker, char message) {
  for (unsigned tries = 0; tries < INTERRUPTIONS_MAX; tries++) {
    if (send(worker->pair, &message, 1, MSG_NOSIGNAL) == 1) return true;
    if (errno != EINTR) return false;
  }
  return false;
}

/* Waits for one message; 0 where the engine is gone. */
static char hear(const weir_worker *worker) {
  for (unsigned tries = 0; tries < INTERRUPTIONS_MAX; tries++) {
    char message = 0;
    ssize_t size = recv(worker->pair, &message, 1, 0);
    if (size == 1) return message;
    if (size == 0 || errno != EINTR) return 0;
  }
  return 0;
}

weir_status weir_worker_hello(weir_worker *worker, const char *name, const char *version, uint32_t capabilities,
                              weir_problem *problem) {
  weir_channel_memory *memory = worker->memory;
  memory->worker_abi = WEIR_ABI;
  memory->capabilities = capabilities;
  (void)snprintf(memory->name, sizeof memory->name, "%s", name);
  (void)snprintf(memory->version, sizeof memory->version, "%s", version);
  if (!tell(worker, 'h')) return weir_fail(problem, WEIR_IO, 0, "the engine is gone: %s", strerror(errno));
  return WEIR_OK;
}

/* The next scenario of the batch is the one in hand. */
static void take_up(weir_channel_memory *memory, uint32_t nth) {
  const weir_channel_item *item = &memory->items[nth];
  memory->first += memory->items[nth - 1].record_count;
  memory->scenario.count = item->step_count;
  memcpy(memory->scenario.steps, memory->steps + item->first_step, item->step_count * sizeof *memory->steps);
}

bool weir_worker_next(weir_worker *worker) {
  weir_channel_memory *memory = worker->memory;
  if (memory->running != 0) {
    take_up(memory, atomic_load_explicit(&memory->done, memory_order_relaxed));
    return true;
  }
  if (hear(worker) != 'r') return false;
  memory->failed = 0;
  memory->first = 0;
  memory->running = 1;
  return true;
}

weir_record *weir_worker_records(const weir_worker *worker) {
  return worker->memory->records + worker->memory->first;
}

static void hand_back(weir_worker *worker) {
  worker->memory->running = 0;
  (void)tell(worker, 'd');
}

/* An engine that is gone is noticed by the next weir_worker_next. */
void weir_worker_done(weir_worker *worker, uint32_t count, uint32_t unreached) {
  weir_channel_memory *memory = worker->memory;
  uint32_t nth = atomic_load_explicit(&memory->done, memory_order_relaxed);
  memory->items[nth].record_count = count;
  memory->items[nth].unreached = unreached;
  atomic_store_explicit(&memory->done, nth + 1, memory_order_release);
  if (nth + 1 >= memory->count || memory->first + count > WEIR_CHANNEL_AHEAD) hand_back(worker);
}

void weir_worker_fail(weir_worker *worker, const char *message) {
  (void)weir_fail(&worker->memory->problem, WEIR_BROKEN, 0, "%s", message);
  worker->memory->failed = 1;
  hand_back(worker);
}
