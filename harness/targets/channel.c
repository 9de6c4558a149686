#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "targets/memory.h"
#include "weir/transport.h"

weir_status weir_channel_open(weir_channel *channel, weir_problem *problem) {
  *channel = (weir_channel){.descriptor = -1};
  int descriptor = memfd_create("weir-channel", MFD_CLOEXEC);
  if (descriptor < 0) return weir_fail(problem, WEIR_IO, 0, "memfd_create: %s", strerror(errno));
  if (ftruncate(descriptor, (off_t)sizeof(weir_channel_memory)) != 0) {
    (void)close(descriptor);
    return weir_fail(problem, WEIR_IO, 0, "ftruncate of the channel: %s", strerror(errno));
  }
  void *place = mmap(NULL, sizeof(weir_channel_memory), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (place == MAP_FAILED) {
    (void)close(descriptor);
    return weir_fail(problem, WEIR_IO, 0, "mmap of the channel: %s", strerror(errno));
  }
  *channel = (weir_channel){.memory = place, .descriptor = descriptor};
  return WEIR_OK;
}

void weir_channel_close(weir_channel *channel) {
  if (channel->memory == NULL) return;
  (void)munmap(channel->memory, sizeof *channel->memory);
  (void)close(channel->descriptor);
  *channel = (weir_channel){.descriptor = -1};
}

void weir_channel_clear(weir_channel *channel) {
  weir_channel_memory *memory = channel->memory;
  memory->magic = WEIR_CHANNEL_MAGIC;
  memory->abi = WEIR_ABI;
  memory->size = sizeof *memory;
  memory->worker_abi = 0;
  memory->capabilities = 0;
  memory->layer = 0;
  memory->name[0] = memory->version[0] = '\0';
  memory->failed = 0;
  memory->problem = (weir_problem){.status = WEIR_OK};
}

void weir_channel_load(weir_channel *channel, const weir_scenario *scenario) {
  weir_channel_memory *memory = channel->memory;
  memset(memory->records, 0, channel->used * sizeof *memory->records);
  channel->used = WEIR_CHANNEL_RECORDS; /* until it is known better */
  memory->failed = 0;
  memory->record_count = 0;
  memory->unreached = 0;
  memory->crash.signal = memory->crash.count = 0;
  memory->scenario.count = scenario->count;
  memcpy(memory->scenario.steps, scenario->steps, scenario->count * sizeof *scenario->steps);
}

/* A worker whose memory is damaged must not take the engine with it. */
weir_status weir_channel_take(weir_channel *channel, weir_run *run, weir_problem *problem) {
  const weir_channel_memory *memory = channel->memory;
  uint32_t count = memory->record_count;
  if (count > WEIR_CHANNEL_RECORDS)
    return weir_fail(problem, WEIR_BROKEN, 0, "the worker tells of %u records, of at most %d", count,
                     WEIR_CHANNEL_RECORDS);
  channel->used = count;
  if (memory->failed != 0) {
    weir_problem told = memory->problem;
    told.text[sizeof told.text - 1] = '\0';
    return weir_fail(problem, WEIR_BROKEN, 0, "%s", told.text);
  }
  *run = (weir_run){.records = memory->records, .count = count, .unreached = memory->unreached};
  return WEIR_OK;
}

static uint32_t records_used(const weir_channel_memory *memory) {
  uint32_t count = 0;
  while (count < WEIR_CHANNEL_RECORDS && memory->records[count].event != WEIR_EVENT_NONE) count++;
  return count;
}

void weir_channel_take_dead(weir_channel *channel, weir_end how, uint32_t number, weir_run *run) {
  weir_channel_memory *memory = channel->memory;
  uint32_t count = records_used(memory);
  /* One that ended while the run was thrown away had closed its trace already: what became of it stands in its place.
   */
  if (count > 0 && (memory->records[count - 1].event == WEIR_EVENT_END || count == WEIR_CHANNEL_RECORDS)) count--;
  memory->records[count++] = (weir_record){.event = WEIR_EVENT_END, .code = (uint8_t)how, .a = number};
  channel->used = count;
  *run = (weir_run){.records = memory->records, .count = count, .unreached = 0};
}
