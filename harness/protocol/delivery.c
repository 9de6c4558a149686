#include "protocol/delivery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void weir_cuts_every(uint64_t *cuts, size_t size, size_t each) {
  memset(cuts, 0, weir_cuts_words(size) * sizeof *cuts);
  for (size_t end = each; each > 0 && end < size; end += each) weir_cuts_set(cuts, end - 1, true);
}

/* ---- Printing */

typedef struct printer {
  char *out;
  size_t size, used;
  bool full;
} printer;

static void put(printer *self, const char *text) {
  size_t length = strlen(text), between = self->used > 0;
  if (self->full || self->used + between + length + 5 > self->size) {
    if (!self->full) (void)snprintf(self->out + self->used, self->size - self->used, " ...");
    self->full = true;
    return;
  }
  self->used += (size_t)snprintf(self->out + self->used, self->size - self->used, "%s%s", between ? " " : "", text);
}

static void put_number(printer *self, const char *word, long long number) {
  char text[48];
  (void)snprintf(text, sizeof text, "%s%lld", word, number);
  put(self, text);
}

static void put_run(printer *self, size_t piece, size_t times) {
  char text[48];
  if (times == 0) return;
  (void)snprintf(text, sizeof text, times > 1 ? "%zux%zu" : "%zu", piece, times);
  put(self, text);
}

static void put_pieces(printer *self, const weir_delivery *delivery) {
  size_t begin = 0, piece = 0, times = 0;
  for (size_t i = 0; delivery->cuts != NULL && i + 1 < delivery->size && !self->full; i++) {
    if (!weir_cuts_get(delivery->cuts, i)) continue;
    size_t next = i + 1 - begin;
    begin = i + 1;
    if (next == piece) {
      times++;
      continue;
    }
    put_run(self, piece, times);
    piece = next;
    times = 1;
  }
  put_run(self, piece, times);
  if (begin < delivery->size) put(self, "0");
}

void weir_delivery_print(const weir_delivery *delivery, size_t stream_size, char *out, size_t size) {
  static const char *const asking[] = {
      [WEIR_ASK_TWICE] = "ask twice", [WEIR_ASK_IN_VAIN] = "ask in-vain", [WEIR_ASK_HELD] = "ask held"};
  printer self = {.out = out, .size = size};
  out[0] = '\0';
  put_pieces(&self, delivery);
  put(&self, delivery->ending == WEIR_ENDING_FIN ? "fin" : "reset");
  if (delivery->size < stream_size) put_number(&self, "upto ", (long long)delivery->size);
  if (delivery->hint == WEIR_HINT_VARIED)
    put(&self, "hint varied");
  else if (delivery->hint > 0)
    put_number(&self, "hint ", delivery->hint);
  if (delivery->asking != WEIR_ASK_ONCE) put(&self, asking[delivery->asking]);
  if (delivery->fill != 0) put_number(&self, "fill ", delivery->fill);
  if (delivery->slow) put(&self, "slow");
}

/* ---- Parsing */

static bool number_of(const char *text, uint64_t most, uint64_t *number) {
  char *end = NULL;
  if (text == NULL || text[0] < '0' || text[0] > '9') return false;
  *number = strtoull(text, &end, 10);
  return *end == '\0' && *number <= most;
}

/* "3", "3x5", "0" */
static bool take_pieces(char *word, const weir_delivery *delivery, uint64_t *cuts, size_t *position) {
  uint64_t piece = 0, times = 1;
  char *by = strchr(word, 'x');
  if (by != NULL) {
    *by = '\0';
    if (!number_of(by + 1, delivery->size, &times)) return false;
  }
  if (!number_of(word, delivery->size, &piece)) return false;
  if (piece == 0) *position = delivery->size;
  for (uint64_t i = 0; i < times && piece > 0; i++) {
    if (piece > delivery->size - *position) return false;
    *position += piece;
    if (*position > 0 && *position < delivery->size) weir_cuts_set(cuts, *position - 1, true);
  }
  return true;
}

static bool take_asking(const char *word, weir_asking *asking) {
  if (word == NULL) return false;
  if (strcmp(word, "twice") == 0)
    *asking = WEIR_ASK_TWICE;
  else if (strcmp(word, "in-vain") == 0)
    *asking = WEIR_ASK_IN_VAIN;
  else if (strcmp(word, "held") == 0)
    *asking = WEIR_ASK_HELD;
  else
    return false;
  return true;
}

static bool take_hint(const char *word, ptrdiff_t *hint) {
  uint64_t number = 0;
  if (word != NULL && strcmp(word, "varied") == 0) {
    *hint = WEIR_HINT_VARIED;
    return true;
  }
  if (word != NULL && strcmp(word, "-1") == 0) return true;
  if (!number_of(word, PTRDIFF_MAX, &number) || number == 0) return false;
  *hint = (ptrdiff_t)number;
  return true;
}

static bool take_word(char *word, char **rest, weir_delivery *delivery, uint64_t *cuts, size_t *position) {
  uint64_t number = 0;
  if (word[0] >= '0' && word[0] <= '9') return take_pieces(word, delivery, cuts, position);
  if (strcmp(word, "fin") == 0 || strcmp(word, "reset") == 0) {
    delivery->ending = word[0] == 'f' ? WEIR_ENDING_FIN : WEIR_ENDING_RESET;
    return true;
  }
  if (strcmp(word, "slow") == 0) return delivery->slow = true;
  char *value = strtok_r(NULL, " ", rest);
  if (strcmp(word, "ask") == 0) return take_asking(value, &delivery->asking);
  if (strcmp(word, "hint") == 0) return take_hint(value, &delivery->hint);
  if (strcmp(word, "upto") == 0 && number_of(value, delivery->size, &number)) {
    delivery->size = number;
    return true;
  }
  if (strcmp(word, "fill") == 0 && number_of(value, 255, &number)) {
    delivery->fill = (uint8_t)number;
    return true;
  }
  return false;
}

weir_status weir_delivery_parse(const char *text, weir_delivery *delivery, uint64_t *cuts, weir_problem *problem) {
  char copy[WEIR_DELIVERY_TEXT_MAX], *rest = NULL;
  if (strlen(text) >= sizeof copy)
    return weir_fail(problem, WEIR_BAD_INPUT, 0, "a delivery has at most %zu bytes", sizeof copy - 1);
  (void)snprintf(copy, sizeof copy, "%s", text);
  *delivery = (weir_delivery){.bytes = delivery->bytes, .size = delivery->size, .cuts = cuts};
  memset(cuts, 0, weir_cuts_words(delivery->size) * sizeof *cuts);
  size_t position = 0;
  for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
    char shown[40];
    (void)snprintf(shown, sizeof shown, "%s", word);
    if (!take_word(word, &rest, delivery, cuts, &position))
      return weir_fail(problem, WEIR_BAD_INPUT, 0,
                       "`%s` is no part of a delivery of %zu bytes: sizes of pieces (3 1x17 0), fin, reset, upto N, "
                       "hint N, ask twice|in-vain|held, fill N, slow",
                       shown, delivery->size);
  }
  return WEIR_OK;
}
