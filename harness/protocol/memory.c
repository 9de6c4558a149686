/* Memory that a protocol takes through its observer: counted, and looked after.
 *
 * A block that grows moves, and one that was given back is kept for the rest of
 * the connection and filled: both are what any allocator may do, and what is
 * still written there, or read from there, comes to light. */
#include <assert.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/log.h"
#include "protocol/steps.h"

struct weir_block {
  weir_block *next, *previous; /* among the live ones; next alone among the buried */
  size_t size;
  _Alignas(max_align_t) uint8_t bytes[];
};

enum { FILL = 0xDD };

static weir_block *block_of(void *memory) {
  return (weir_block *)(void *)((uint8_t *)memory - offsetof(weir_block, bytes));
}

static weir_block *block_new(weir_log *log, size_t size) {
  if (size > PTRDIFF_MAX - sizeof(weir_block)) return NULL;
  weir_block *block = malloc(sizeof *block + size);
  if (block == NULL) {
    log->starved = log->starved || size <= WEIR_LOG_BYTES_MAX; /* beyond that it is the protocol's own doing */
    return NULL;
  }
  *block = (weir_block){.next = log->blocks, .size = size};
  if (log->blocks != NULL) log->blocks->previous = block;
  log->blocks = block;
  log->live_bytes += size;
  log->live_count++;
  return block;
}

static void block_give_back(weir_log *log, weir_block *block) {
  assert(log->live_count > 0 && log->live_bytes >= block->size);
  log->live_bytes -= block->size;
  log->live_count--;
  if (block->next != NULL) block->next->previous = block->previous;
  if (block->previous != NULL)
    block->previous->next = block->next;
  else
    log->blocks = block->next;
  if (!log->bury) {
    free(block);
    return;
  }
  memset(block->bytes, FILL, block->size);
  block->next = log->buried;
  log->buried = block;
}

static void *reallocate(weir_log *log, void *memory, size_t size) {
  weir_block *old = memory != NULL ? block_of(memory) : NULL;
  if (size == 0) {
    if (old != NULL) block_give_back(log, old);
    return NULL;
  }
  weir_block *block = block_new(log, size);
  if (block == NULL) return NULL;
  if (old != NULL) {
    size_t kept = old->size < size ? old->size : size;
    memcpy(block->bytes, old->bytes, kept);
    log->moved += kept;
    block_give_back(log, old);
  }
  return block->bytes;
}

/* What a block takes along counts as if it were copied a word at a time. */
void *weir_log_reallocate(weir_log *log, void *memory, size_t size) {
  enum { WORD = 8 };
  weir_steps_off(log->steps);
  uint64_t before = log->moved;
  void *given = reallocate(log, memory, size);
  weir_steps_add(log->steps, (log->moved - before) / WORD);
  weir_steps_on(log->steps);
  return given;
}

static void free_all(weir_block *block) {
  while (block != NULL) {
    weir_block *next = block->next;
    free(block);
    block = next;
  }
}

void weir_log_drop_blocks(weir_log *log) {
  free_all(log->blocks);
  free_all(log->buried);
  log->blocks = log->buried = NULL;
  log->live_bytes = log->live_count = 0;
}

static bool begins_in(const weir_block *block, const uint8_t *base) {
  return (uintptr_t)base >= (uintptr_t)block->bytes && (uintptr_t)base < (uintptr_t)block->bytes + block->size;
}

weir_memory weir_log_memory(const weir_log *log, const void *base, size_t size) {
  const uint8_t *first = base;
  for (const weir_block *block = log->blocks; block != NULL; block = block->next)
    if (begins_in(block, first))
      return size <= block->size - (size_t)(first - block->bytes) ? WEIR_MEMORY_LIVE : WEIR_MEMORY_SMALL;
  for (const weir_block *block = log->buried; block != NULL; block = block->next)
    if (begins_in(block, first)) return WEIR_MEMORY_GIVEN_BACK;
  return WEIR_MEMORY_UNKNOWN;
}

/* Where AddressSanitizer has replaced the allocator, it is the one to ask. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

size_t weir_heap_in_use(void) {
  if (__sanitizer_get_current_allocated_bytes != NULL) return __sanitizer_get_current_allocated_bytes();
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}
