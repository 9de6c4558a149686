#include "protocol/serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INTERRUPTIONS_MAX = 1000 };

weir_status weir_protocol_check(const weir_protocol_target *target, weir_problem *problem) {
  if (target == NULL) return weir_fail(problem, WEIR_BAD_INPUT, 0, "weir_protocol_plugin() returned NULL");
  if (target->abi != WEIR_PROTOCOL_ABI)
    return weir_fail(problem, WEIR_VERSION_MISMATCH, 0,
                     "it is made for version %u of weir/protocol.h, this is %d: build it again with these headers",
                     target->abi, WEIR_PROTOCOL_ABI);
  if (target->size != sizeof *target)
    return weir_fail(problem, WEIR_VERSION_MISMATCH, 0,
                     "its weir_protocol_target has %u bytes, this one %zu: set size to sizeof(weir_protocol_target)",
                     target->size, sizeof *target);
  if (target->name == NULL || target->version == NULL || target->open == NULL || target->release == NULL)
    return weir_fail(problem, WEIR_BAD_INPUT, 0, "its weir_protocol_target has no name, version, open or release");
  return WEIR_OK;
}

static bool tell(int pair, char message) {
  for (unsigned tries = 0; tries < INTERRUPTIONS_MAX; tries++) {
    if (send(pair, &message, 1, MSG_NOSIGNAL) == 1) return true;
    if (errno != EINTR) return false;
  }
  return false;
}

static char hear(int pair) {
  for (unsigned tries = 0; tries < INTERRUPTIONS_MAX; tries++) {
    char message = 0;
    ssize_t size = recv(pair, &message, 1, 0);
    if (size == 1) return message;
    if (size == 0 || errno != EINTR) return 0;
  }
  return 0;
}

static void do_job(const weir_protocol_target *target, weir_serve_memory *memory) {
  weir_check_job job = memory->job;
  job.stream = memory->stream;
  job.slow = memory->slow != 0;
  weir_problem problem = {.text = ""};
  memory->failed = 0;
  if (weir_check_run(target, memory->family, &job, &memory->report, &memory->hand, &problem) == WEIR_OK) return;
  memory->problem = problem;
  memory->failed = 1;
}

void weir_protocol_serve(const weir_protocol_target *target, const weir_problem *problem, weir_serve_memory *memory,
                         int pair) {
  if (target == NULL) {
    memory->problem = *problem;
    memory->failed = 1;
    return;
  }
  memory->worker_abi = WEIR_PROTOCOL_ABI;
  memory->liberties = target->liberties;
  (void)snprintf(memory->name, sizeof memory->name, "%s", target->name);
  (void)snprintf(memory->version, sizeof memory->version, "%s", target->version);
  bool heard = tell(pair, 'h');
  while (heard && hear(pair) == 'r') {
    do_job(target, memory);
    heard = tell(pair, 'd');
  }
}

/* "MEMORY,PAIR" */
static weir_serve_memory *find_memory(int *pair) {
  const char *text = getenv(WEIR_PROTOCOL_VARIABLE);
  int descriptor = -1;
  char end;
  if (text == NULL || sscanf(text, "%d,%d%c", &descriptor, pair, &end) != 2) return NULL;
  void *place = mmap(NULL, sizeof(weir_serve_memory), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (place == MAP_FAILED) return NULL;
  weir_serve_memory *memory = place;
  if (memory->magic == WEIR_SERVE_MAGIC && memory->size == sizeof *memory) return memory;
  (void)munmap(place, sizeof *memory);
  return NULL;
}

int weir_protocol_main(const weir_protocol_target *target) {
  int pair = -1;
  weir_serve_memory *memory = find_memory(&pair);
  if (memory == NULL) {
    (void)fputs("weir: this program is started by `weir test --stream FILE -- PROGRAM`, of the same version\n", stderr);
    return 2;
  }
  weir_problem problem = {.text = ""};
  bool fits = weir_protocol_check(target, &problem) == WEIR_OK;
  memory->slow = 1;
  weir_protocol_serve(fits ? target : NULL, &problem, memory, pair);
  return fits ? 0 : 2;
}
