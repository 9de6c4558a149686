#include "engine/shape.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

enum { WORD_MAX = 160, WORDS_MAX = 64 };

/* A word is a callback with the calls inside it, or a call outside all. */
typedef struct shape {
  char words[WORDS_MAX][WORD_MAX];
  unsigned count;
  unsigned depth; /* of what is open, OUTSIDE left out */
  bool bracket;   /* the last word has one open */
} shape;

static bool is_told(const weir_record *record) {
  weir_event_group group = weir_event_group_of(record->event);
  return (record->flags & WEIR_FLAG_BEGIN) != 0 && (group == WEIR_GROUP_CALLBACK || group == WEIR_GROUP_CALL);
}

static bool is_paired(const weir_record *record) {
  weir_event_group group = weir_event_group_of(record->event);
  return group == WEIR_GROUP_CALLBACK || group == WEIR_GROUP_CALL;
}

/* The last words again are no news: one, or two as in read cycles. */
static void fold(shape *self) {
  for (unsigned period = 1; period <= 3; period++) {
    if (self->count < 2 * period) return;
    bool same = true;
    for (unsigned i = 1; i <= period && same; i++)
      same = strcmp(self->words[self->count - i], self->words[self->count - period - i]) == 0;
    if (!same) continue;
    self->count -= period;
    return;
  }
}

static void append(char word[WORD_MAX], const char *text) {
  size_t used = strlen(word);
  (void)snprintf(word + used, WORD_MAX - used, "%s", text);
}

static void close_word(shape *self) {
  if (self->count == 0) return;
  if (self->bracket) append(self->words[self->count - 1], ")");
  self->bracket = false;
  fold(self);
}

static void open_word(shape *self, const char *name) {
  if (self->count == WORDS_MAX) { /* the end is what tells */
    memmove(self->words[0], self->words[1], (size_t)(WORDS_MAX - 1) * WORD_MAX);
    self->count--;
  }
  (void)snprintf(self->words[self->count++], WORD_MAX, "%s", name);
}

static void begin(shape *self, const weir_record *record) {
  const char *name = weir_event_name(record->event);
  if (self->depth == 0) {
    open_word(self, name);
  } else if (self->count > 0) {
    append(self->words[self->count - 1], self->bracket ? " " : "(");
    append(self->words[self->count - 1], name);
    self->bracket = true;
  }
}

static void take(shape *self, const weir_record *record) {
  if (!is_paired(record)) return;
  if (record->flags & WEIR_FLAG_BEGIN) {
    begin(self, record);
    self->depth++;
  }
  if ((record->flags & WEIR_FLAG_END) && self->depth > 0 && --self->depth == 0) close_word(self);
}

void weir_shape_write(const weir_record *records, size_t count, uint64_t event, char out[WEIR_SHAPE_MAX]) {
  shape self = {.count = 0};
  for (size_t i = 0; i < count && i <= event; i++) take(&self, &records[i]);
  size_t used = 0;
  out[0] = '\0';
  for (unsigned i = 0; i < self.count && used < WEIR_SHAPE_MAX; i++) {
    int more = snprintf(out + used, WEIR_SHAPE_MAX - used, "%s%s", i > 0 ? " " : "", self.words[i]);
    used += more > 0 ? (size_t)more : 0;
  }
  bool marked = event < count && is_paired(&records[event]);
  const char *rest = self.bracket ? marked ? "!)" : ")" : marked ? "!" : "";
  if (used + 2 < WEIR_SHAPE_MAX) (void)snprintf(out + used, WEIR_SHAPE_MAX - used, "%s", rest);
}

uint64_t weir_shape_hash(const char *shape_text) {
  uint64_t hash = FNV_BASIS;
  for (const char *at = shape_text; *at != '\0'; at++) hash = (hash ^ (unsigned char)*at) * FNV_PRIME;
  return hash;
}

uint64_t weir_shape_context(const weir_record *records, size_t count, uint64_t event) {
  enum { EVENTS = 4 };
  uint64_t hash = FNV_BASIS;
  unsigned told = 0;
  if (event >= count) event = count - 1;
  for (size_t i = (size_t)event + 1; i > 0 && told < EVENTS; i--) {
    if (!is_told(&records[i - 1])) continue;
    hash = (hash ^ records[i - 1].event) * FNV_PRIME;
    told++;
  }
  return hash;
}
