#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "targets/memory.h"
#include "weir/transport.h"

enum { ROOM = WEIR_CHANNEL_AHEAD + WEIR_CHANNEL_RECORDS };

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
  memory->running = 0;
  memory->failed = 0;
  memory->problem = (weir_problem){.status = WEIR_OK};
}

/* How many of them fit, one at least. */
static uint32_t batch_of(const weir_scenario *const *scenarios, uint32_t count) {
  uint32_t fit = 1, steps = 0;
  while (fit < count && fit < WEIR_CHANNEL_BATCH) {
    steps += scenarios[fit]->count;
    if (steps > WEIR_CHANNEL_STEPS) break;
    fit++;
  }
  return fit;
}

static void load_first(weir_channel_memory *memory, const weir_scenario *scenario) {
  memory->crash.signal = memory->crash.count = 0;
  memory->scenario.count = scenario->count;
  memcpy(memory->scenario.steps, scenario->steps, scenario->count * sizeof *scenario->steps);
  memory->items[0] = (weir_channel_item){.step_count = scenario->count};
}

void weir_channel_load(weir_channel *channel, const weir_scenario *const *scenarios, uint32_t count) {
  weir_channel_memory *memory = channel->memory;
  memset(memory->records, 0, channel->used * sizeof *memory->records);
  channel->used = ROOM; /* until it is known better */
  channel->taken = channel->place = 0;
  channel->count = memory->count = batch_of(scenarios, count);
  memory->failed = 0;
  atomic_store_explicit(&memory->done, 0, memory_order_relaxed);
  load_first(memory, scenarios[0]);
  for (uint32_t i = 1, at = 0; i < channel->count; i++) {
    uint32_t steps = scenarios[i]->count;
    memory->items[i] = (weir_channel_item){.first_step = at, .step_count = steps};
    memcpy(memory->steps + at, scenarios[i]->steps, steps * sizeof *memory->steps);
    at += steps;
  }
}

/* A worker whose memory is damaged must not take the engine with it. */
uint32_t weir_channel_done(const weir_channel *channel) {
  uint32_t done = atomic_load_explicit(&channel->memory->done, memory_order_acquire);
  return done < channel->count ? done : channel->count;
}

weir_status weir_channel_take(weir_channel *channel, weir_run *run, weir_problem *problem) {
  const weir_channel_memory *memory = channel->memory;
  const weir_channel_item *item = &memory->items[channel->taken++];
  uint32_t count = item->record_count;
  if (count > WEIR_CHANNEL_RECORDS || channel->place > WEIR_CHANNEL_AHEAD) {
    channel->place = ROOM; /* nor is it known where the next would begin */
    return weir_fail(problem, WEIR_BROKEN, 0, "the worker tells of %u records, of at most %d", count,
                     WEIR_CHANNEL_RECORDS);
  }
  *run = (weir_run){.records = memory->records + channel->place, .count = count, .unreached = item->unreached};
  channel->place += count;
  if (channel->taken == weir_channel_done(channel)) channel->used = channel->place;
  return WEIR_OK;
}

static weir_record *records_in_hand(const weir_channel *channel) {
  return channel->memory->records + (channel->place <= WEIR_CHANNEL_AHEAD ? channel->place : 0);
}

static uint32_t records_used(const weir_record *records) {
  uint32_t count = 0;
  while (count < WEIR_CHANNEL_RECORDS && records[count].event != WEIR_EVENT_NONE) count++;
  return count;
}

static void note_used(weir_channel *channel, uint32_t count) {
  channel->used = channel->place <= WEIR_CHANNEL_AHEAD ? channel->place + count : ROOM;
}

weir_status weir_channel_take_failed(weir_channel *channel, weir_problem *problem) {
  weir_problem told = channel->memory->problem;
  told.text[sizeof told.text - 1] = '\0';
  note_used(channel, records_used(records_in_hand(channel)));
  if (channel->memory->failed == 0) return weir_fail(problem, WEIR_BROKEN, 0, "the worker is done with nothing");
  return weir_fail(problem, WEIR_BROKEN, 0, "%s", told.text);
}

void weir_channel_take_dead(weir_channel *channel, weir_end how, uint32_t number, weir_run *run) {
  weir_record *records = records_in_hand(channel);
  uint32_t count = records_used(records);
  /* One that ended while the run was thrown away had closed its trace already: what became of it stands in its place.
   */
  if (count > 0 && (records[count - 1].event == WEIR_EVENT_END || count == WEIR_CHANNEL_RECORDS)) count--;
  records[count++] = (weir_record){.event = WEIR_EVENT_END, .code = (uint8_t)how, .a = number};
  note_used(channel, count);
  *run = (weir_run){.records = records, .count = count, .unreached = 0};
}
