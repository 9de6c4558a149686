#include "protocol/log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/steps.h"

bool weir_log_init(weir_log *log) {
  *log = (weir_log){.kinds = calloc(WEIR_LOG_KINDS_MAX, WEIR_LOG_KIND_SIZE)};
  return log->kinds != NULL;
}

void weir_log_free(weir_log *log) {
  weir_log_drop_blocks(log);
  free(log->entries);
  free(log->bytes);
  free(log->written);
  free(log->kinds);
  *log = (weir_log){.entries = NULL};
}

void weir_log_clear(weir_log *log) {
  log->count = log->used = log->written_size = 0;
  log->at = 0;
  log->ending = log->lost = log->failed = log->starved = false;
  log->early = log->early_size = 0;
  log->late = 0;
  log->moved = log->calls = 0;
}

/* ---- Room, doubled as it is needed */

static void *grow(weir_log *log, void *memory, size_t *room, size_t needed, size_t each, size_t most) {
  if (needed > most) return NULL;
  size_t next = *room < 64 ? 64 : *room;
  while (next < needed) next *= 2;
  void *larger = realloc(memory, next * each);
  if (larger != NULL)
    *room = next;
  else
    log->starved = true;
  return larger;
}

static bool add_bytes(weir_log *log, const void *bytes, size_t size) {
  if (size == 0) return true;
  if (size > log->room - log->used) {
    if (size > WEIR_LOG_BYTES_MAX) return false;
    uint8_t *larger = grow(log, log->bytes, &log->room, log->used + size, 1, WEIR_LOG_BYTES_MAX);
    if (larger == NULL) return false;
    log->bytes = larger;
  }
  memcpy(log->bytes + log->used, bytes, size);
  log->used += size;
  return true;
}

static weir_entry *add_entry(weir_log *log, weir_entry_type type) {
  if (log->lost) log->late++;
  if (log->count == log->capacity) {
    weir_entry *larger =
        grow(log, log->entries, &log->capacity, log->count + 1, sizeof *log->entries, WEIR_LOG_ENTRIES_MAX);
    if (larger == NULL) {
      log->failed = true;
      return NULL;
    }
    log->entries = larger;
  }
  assert(log->entries != NULL);
  weir_entry *entry = &log->entries[log->count++];
  *entry = (weir_entry){.type = type, .start = log->used, .at = log->at};
  return entry;
}

static bool is_kind(const weir_log *log, uint32_t i, const char *kind) {
  return i < log->kind_count && strncmp(log->kinds[i], kind, WEIR_LOG_KIND_SIZE - 1) == 0;
}

/* By its text: whoever comes from another language has each word at another
 * address.  Its address only says where to look first. */
static uint32_t intern(weir_log *log, const char *kind) {
  if (kind == NULL) kind = "";
  uint8_t *place = &log->places[((uintptr_t)kind ^ (uintptr_t)kind >> 6) % WEIR_LOG_PLACES];
  if (is_kind(log, *place, kind)) return *place;
  uint32_t found = 0;
  while (found < log->kind_count && !is_kind(log, found, kind)) found++;
  if (found == WEIR_LOG_KINDS_MAX) {
    log->failed = true;
    return 0;
  }
  if (found == log->kind_count) (void)snprintf(log->kinds[log->kind_count++], WEIR_LOG_KIND_SIZE, "%s", kind);
  *place = (uint8_t)found;
  return found;
}

/* ---- The observer */

static void add_data(weir_log *log, const char *kind, const void *bytes, size_t size) {
  uint32_t known = intern(log, kind);
  weir_entry *last = log->count > 0 ? &log->entries[log->count - 1] : NULL;
  if (last == NULL || last->type != WEIR_ENTRY_DATA || last->kind != known) {
    last = add_entry(log, WEIR_ENTRY_DATA);
    if (last == NULL) return;
    last->kind = known;
  } else if (log->lost) {
    log->late++;
  }
  if (add_bytes(log, bytes, size))
    last->size += size;
  else
    log->failed = true;
}

static void add_event(weir_log *log, const char *kind, const void *bytes, size_t size) {
  uint32_t known = intern(log, kind);
  weir_entry *entry = add_entry(log, WEIR_ENTRY_EVENT);
  if (entry == NULL) return;
  entry->kind = known;
  if (bytes == NULL) return;
  if (add_bytes(log, bytes, size))
    entry->size = size;
  else
    log->failed = true;
}

static void add_error(weir_log *log, int64_t code, uint64_t position, const char *text) {
  weir_entry *entry = add_entry(log, WEIR_ENTRY_ERROR);
  if (entry == NULL) return;
  entry->code = code;
  entry->position = position;
  size_t size = text != NULL ? strnlen(text, 200) : 0;
  if (size > 0 && add_bytes(log, text, size)) entry->size = size; /* for a person: it is not compared */
}

/* What the log costs is not the protocol's work. */
static void pause_steps(weir_log *log) {
  log->calls++;
  weir_steps_off(log->steps);
}

static void go_on_steps(weir_log *log) {
  if (log->steps == NULL) return;
  if (log->steps->by_observations) log->steps->tick = log->calls;
  weir_steps_on(log->steps);
}

static void observe_data(weir_log *log, const char *kind, const void *bytes, size_t size) {
  pause_steps(log);
  if (size > 0) add_data(log, kind, bytes, size);
  go_on_steps(log);
}

static void observe_event(weir_log *log, const char *kind, const void *bytes, size_t size) {
  pause_steps(log);
  add_event(log, kind, bytes, size);
  go_on_steps(log);
}

static void observe_error(weir_log *log, int64_t code, uint64_t position, const char *text) {
  pause_steps(log);
  add_error(log, code, position, text);
  go_on_steps(log);
}

weir_observer weir_log_observer(weir_log *log) {
  return (weir_observer){.size = sizeof(weir_observer),
                         .log = log,
                         .data = observe_data,
                         .event = observe_event,
                         .error = observe_error,
                         .reallocate = weir_log_reallocate};
}

/* ---- What the driver adds */

void weir_log_note(weir_log *log, weir_entry_type type, int64_t code) {
  weir_entry *entry = add_entry(log, type);
  if (entry != NULL) entry->code = code;
}

void weir_log_wrote(weir_log *log, const void *bytes, size_t size) {
  if (size == 0) return;
  if (size > log->written_room - log->written_size) {
    uint8_t *larger = size <= WEIR_LOG_BYTES_MAX
                          ? grow(log, log->written, &log->written_room, log->written_size + size, 1, WEIR_LOG_BYTES_MAX)
                          : NULL;
    if (larger == NULL) {
      log->failed = true;
      return;
    }
    log->written = larger;
  }
  memcpy(log->written + log->written_size, bytes, size);
  log->written_size += size;
}

void weir_log_begin_end(weir_log *log) {
  if (log->ending) return;
  log->ending = true;
  log->early = log->count;
  log->early_size = log->count > 0 ? log->entries[log->count - 1].size : 0;
}

/* ---- Copies */

bool weir_log_copy(weir_log *to, const weir_log *from) {
  if (from->count > to->capacity) {
    weir_entry *larger = grow(to, to->entries, &to->capacity, from->count, sizeof *to->entries, WEIR_LOG_ENTRIES_MAX);
    if (larger == NULL) return false;
    to->entries = larger;
  }
  weir_log_clear(to);
  if (from->count > 0) memcpy(to->entries, from->entries, from->count * sizeof *to->entries);
  to->count = from->count;
  if (!add_bytes(to, from->bytes, from->used)) return false;
  weir_log_wrote(to, from->written, from->written_size);
  memcpy(to->kinds, from->kinds, WEIR_LOG_KINDS_MAX * sizeof *to->kinds);
  to->kind_count = from->kind_count;
  to->at = from->at;
  to->ending = from->ending;
  to->early = from->early;
  to->early_size = from->early_size;
  to->lost = from->lost;
  to->late = from->late;
  to->failed = to->failed || from->failed;
  return !to->failed || from->failed;
}
