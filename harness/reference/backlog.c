#include "reference/backlog.h"

#include <assert.h>
#include <string.h>

enum { CAPACITY_LEAST = 4096 };

bool weir_backlog_reserve(weir_backlog *backlog, const weir_host *host, size_t size) {
  if (size > PTRDIFF_MAX - backlog->size) return false;
  size_t needed = backlog->size + size;
  if (needed > backlog->capacity - backlog->start && backlog->start > 0) {
    memmove(backlog->memory, weir_backlog_front(backlog), backlog->size);
    backlog->start = 0;
  }
  if (needed <= backlog->capacity) return true;
  /* Doubling: the copies of a growing backlog add up to less than twice its size. */
  size_t capacity = backlog->capacity < CAPACITY_LEAST ? CAPACITY_LEAST : backlog->capacity;
  while (capacity < needed) capacity = capacity <= PTRDIFF_MAX / 2 ? capacity * 2 : needed;
  uint8_t *memory = host->reallocate(host->loop, backlog->memory, capacity);
  if (memory == NULL) return false;
  backlog->memory = memory;
  backlog->capacity = capacity;
  return true;
}

void weir_backlog_append(weir_backlog *backlog, const void *bytes, size_t size) {
  if (size == 0) return;
  assert(size <= backlog->capacity - backlog->start - backlog->size);
  memcpy(backlog->memory + backlog->start + backlog->size, bytes, size);
  backlog->size += size;
}

void weir_backlog_consume(weir_backlog *backlog, size_t size) {
  assert(size <= backlog->size);
  backlog->size -= size;
  backlog->start = backlog->size == 0 ? 0 : backlog->start + size;
}

void weir_backlog_drop(weir_backlog *backlog, const weir_host *host) {
  if (backlog->memory != NULL) (void)host->reallocate(host->loop, backlog->memory, 0);
  *backlog = (weir_backlog){0};
}
