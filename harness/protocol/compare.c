/* Whether two logs are the same for whoever uses the protocol (R6), or one the
 * beginning of the other (R7). */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "protocol/log.h"

/* Entry i as it is compared: of the last of a prefix, only what was told before the end. */
typedef struct side {
  const weir_log *log;
  size_t count;     /* entries that are compared */
  size_t last_size; /* of the last of them */
  size_t error;     /* the first error, or count */
} side;

static bool is_error(const weir_entry *entry) {
  return entry->type == WEIR_ENTRY_ERROR || entry->type == WEIR_ENTRY_RAISED;
}

static side side_of(const weir_log *log, bool early) {
  side self = {.log = log, .count = early && log->ending ? log->early : log->count};
  if (self.count > 0) {
    self.last_size = early && log->ending ? log->early_size : log->entries[self.count - 1].size;
    while (self.error < self.count && !is_error(&log->entries[self.error])) self.error++;
  }
  return self;
}

static size_t size_of(const side *self, size_t i) {
  return i + 1 == self->count ? self->last_size : self->log->entries[i].size;
}

static const uint8_t *bytes_of(const side *self, size_t i) {
  return self->log->bytes + self->log->entries[i].start;
}

static bool same_kind(const side *left, const side *right, size_t i, size_t k) {
  const weir_entry *a = &left->log->entries[i], *b = &right->log->entries[k];
  if (a->type != b->type) return false;
  if (a->type != WEIR_ENTRY_DATA && a->type != WEIR_ENTRY_EVENT) return true;
  return strcmp(left->log->kinds[a->kind], right->log->kinds[b->kind]) == 0;
}

static bool same_bytes(const side *left, const side *right, size_t i, size_t size) {
  return size == 0 || memcmp(bytes_of(left, i), bytes_of(right, i), size) == 0;
}

static bool same_error(const weir_entry *a, const weir_entry *b, uint32_t liberties) {
  if (a->type != b->type) return false;
  if (a->code != b->code && (liberties & WEIR_MAY_ERROR_CODE) == 0) return false;
  return a->type == WEIR_ENTRY_RAISED || a->position == b->position || (liberties & WEIR_MAY_ERROR_POSITION) != 0;
}

static bool same_entry(const side *left, const side *right, size_t i) {
  if (!same_kind(left, right, i, i)) return false;
  const weir_entry *a = &left->log->entries[i];
  if (a->type == WEIR_ENTRY_DATA || a->type == WEIR_ENTRY_EVENT)
    return size_of(left, i) == size_of(right, i) && same_bytes(left, right, i, size_of(left, i));
  return a->code == right->log->entries[i].code;
}

/* From entry i on they differ, and both come to the same error: of the one that
 * tells less the last data may be a prefix or absent; more only where declared. */
static bool less_before_error(const side *less, const side *more, size_t i, uint32_t liberties) {
  bool only_last = more->error - i == 1 && more->log->entries[i].type == WEIR_ENTRY_DATA;
  if (!only_last && (liberties & WEIR_MAY_DATA_BEFORE_ERROR) == 0) return false;
  if (less->error == i) return true;
  return less->error == i + 1 && i < more->error && same_kind(less, more, i, i) &&
         less->log->entries[i].type == WEIR_ENTRY_DATA && size_of(less, i) <= size_of(more, i) &&
         same_bytes(less, more, i, size_of(less, i));
}

static bool same_up_to_error(const side *left, const side *right, size_t i, uint32_t liberties) {
  if (left->error == left->count || right->error == right->count || left->error < i || right->error < i) return false;
  if (!same_error(&left->log->entries[left->error], &right->log->entries[right->error], liberties)) return false;
  if (left->error == i && right->error == i) return true;
  return less_before_error(left, right, i, liberties) || less_before_error(right, left, i, liberties);
}

static uint64_t at_of(const side *self, size_t i) {
  return i < self->count ? self->log->entries[i].at : self->log->at;
}

static void tell(const side *left, const side *right, size_t i, weir_difference *difference) {
  uint64_t a = at_of(left, i), b = at_of(right, i);
  *difference = (weir_difference){.entry = i, .at = a < b ? a : b};
}

/* The shorter log has ended at i, having closed, and the other goes on. */
static bool goes_on_closed(const side *shorter, const side *longer, size_t i) {
  if (shorter->count > i || longer->count <= i) return false;
  for (size_t k = 0; k < i && k < shorter->count; k++) {
    weir_entry_type type = shorter->log->entries[k].type;
    if (type == WEIR_ENTRY_CLOSED || type == WEIR_ENTRY_ABORTED) return true;
  }
  return false;
}

static bool same_writes(const weir_log *left, const weir_log *right, weir_difference *difference) {
  size_t least = left->written_size < right->written_size ? left->written_size : right->written_size, i = 0;
  while (i < least && left->written[i] == right->written[i]) i++;
  if (i == left->written_size && i == right->written_size) return true;
  *difference = (weir_difference){.entry = i, .at = left->at < right->at ? left->at : right->at, .written = true};
  return false;
}

bool weir_log_same(const weir_log *left, const weir_log *right, uint32_t liberties, weir_difference *difference) {
  side a = side_of(left, false), b = side_of(right, false);
  size_t i = 0;
  while (i < a.count && i < b.count && i < a.error && i < b.error && same_entry(&a, &b, i)) i++;
  if (i < a.count || i < b.count) {
    if (same_up_to_error(&a, &b, i, liberties)) return true; /* nor is what it wrote about it compared */
    tell(&a, &b, i, difference);
    difference->cut = goes_on_closed(&a, &b, i) || goes_on_closed(&b, &a, i);
    return false;
  }
  if ((liberties & WEIR_MAY_WRITES) != 0) return true;
  return (left->written_size == 0 && right->written_size == 0) || same_writes(left, right, difference);
}

/* The whole comes to an error, and told less of its last data before it than the
 * part, which had ended by then. */
static bool less_in_the_whole(const side *part, const side *whole, size_t i, uint32_t liberties) {
  if (whole->error == whole->count || whole->error < i || part->error < part->count) return false;
  side at_error = *part;
  at_error.error = part->count;
  return less_before_error(whole, &at_error, i, liberties);
}

bool weir_log_prefix(const weir_log *part, const weir_log *whole, uint32_t liberties, weir_difference *difference) {
  side a = side_of(part, true), b = side_of(whole, false);
  size_t i = 0;
  while (i < a.count && i < b.count && i < a.error && i < b.error && same_entry(&a, &b, i)) i++;
  if (i == a.count) return true;
  if (i + 1 == a.count && i < b.count && a.log->entries[i].type == WEIR_ENTRY_DATA && same_kind(&a, &b, i, i) &&
      size_of(&a, i) <= size_of(&b, i) && same_bytes(&a, &b, i, size_of(&a, i)))
    return true;
  if (same_up_to_error(&a, &b, i, liberties) || less_in_the_whole(&a, &b, i, liberties)) return true;
  tell(&a, &b, i, difference);
  return false;
}

/* ---- In words */

static size_t put_bytes(const uint8_t *bytes, size_t size, char *out, size_t room) {
  size_t used = 0;
  for (size_t i = 0; i < size; i++) {
    char one[8];
    const char *plain = strchr("\nn\rr\tt\"\"\\\\", bytes[i]);
    if (bytes[i] == '\n' || bytes[i] == '\r' || bytes[i] == '\t' || bytes[i] == '"' || bytes[i] == '\\')
      (void)snprintf(one, sizeof one, "\\%c", plain != NULL ? plain[1] : '?');
    else if (isprint(bytes[i]))
      (void)snprintf(one, sizeof one, "%c", bytes[i]);
    else
      (void)snprintf(one, sizeof one, "\\x%02x", bytes[i]);
    if (used + strlen(one) + 5 > room) {
      used += (size_t)snprintf(out + used, room - used, "...");
      return used;
    }
    used += (size_t)snprintf(out + used, room - used, "%s", one);
  }
  return used;
}

static void describe_error(const weir_log *log, const weir_entry *entry, char *out, size_t size) {
  int used = snprintf(out, size, "error %" PRId64, entry->code);
  if (used > 0 && (size_t)used < size && entry->position != WEIR_POSITION_UNKNOWN)
    used += snprintf(out + used, size - (size_t)used, " at byte %" PRIu64, entry->position);
  if (used > 0 && (size_t)used < size && entry->size > 0)
    (void)snprintf(out + used, size - (size_t)used, " (%.*s)", (int)(entry->size < 60 ? entry->size : 60),
                   (const char *)log->bytes + entry->start);
}

void weir_log_describe(const weir_log *log, size_t i, char *out, size_t size) {
  if (i >= log->count) {
    (void)snprintf(out, size, "nothing more");
    return;
  }
  const weir_entry *entry = &log->entries[i];
  int used = 0;
  switch (entry->type) {
  case WEIR_ENTRY_DATA:
  case WEIR_ENTRY_EVENT: {
    used = snprintf(out, size, "%s %s", entry->type == WEIR_ENTRY_DATA ? "data" : "event", log->kinds[entry->kind]);
    size_t left = used >= 0 && (size_t)used < size ? size - (size_t)used : 0;
    if (entry->size == 0 || left < 16) return;
    used += snprintf(out + used, left, " \"");
    used += (int)put_bytes(log->bytes + entry->start, entry->size, out + used, size - (size_t)used - 1);
    (void)snprintf(out + used, size - (size_t)used, "\"");
    return;
  }
  case WEIR_ENTRY_ERROR: describe_error(log, entry, out, size); return;
  case WEIR_ENTRY_RAISED: (void)snprintf(out, size, "raised %" PRId64, entry->code); return;
  case WEIR_ENTRY_CLOSED: (void)snprintf(out, size, "close()"); return;
  case WEIR_ENTRY_ABORTED: (void)snprintf(out, size, "abort()"); return;
  case WEIR_ENTRY_EOF_WRITTEN: (void)snprintf(out, size, "write_eof()"); return;
  }
}
