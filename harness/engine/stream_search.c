#include "engine/stream_search.h"

#include <stdlib.h>
#include <string.h>

#include "engine/shape.h"
#include "scenario/chance.h"

enum {
  POOL_MAX = 1024,
  KEYS_MAX = 1024,
  TRIES_MAX = 400, /* runs for reducing one finding */
  BUDGET = 20000,
  BUDGET_SLOW = 400
};

typedef struct stream {
  uint8_t *bytes;
  size_t size;
} stream;

struct weir_stream_search {
  weir_driven *driven;
  weir_stream_search_options options;
  uint64_t runs;
  uint64_t shown[WEIR_CHECK_SHOWN];
  stream pool[POOL_MAX];
  size_t pool_size;
  uint64_t keys[KEYS_MAX];
  size_t key_count;
  weir_check_report report;
  char delivery[WEIR_DELIVERY_TEXT_MAX]; /* of the family DELIVERY */
  uint64_t drawn;                        /* the seed of the check */
  uint8_t made[WEIR_STREAM_SEARCH_SIZE], less[WEIR_STREAM_SEARCH_SIZE];
};

weir_status weir_stream_search_new(weir_driven *driven, const weir_stream_search_options *options,
                                   weir_stream_search **search, weir_problem *problem) {
  *search = calloc(1, sizeof **search);
  if (*search == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a search");
  (*search)->driven = driven;
  (*search)->options = *options;
  (*search)->runs = options->runs_before;
  return WEIR_OK;
}

void weir_stream_search_free(weir_stream_search *search) {
  if (search == NULL) return;
  for (size_t i = 0; i < search->pool_size; i++) free(search->pool[i].bytes);
  free(search);
}

uint64_t weir_stream_search_runs(const weir_stream_search *search) {
  return search->runs;
}

size_t weir_stream_search_pool(const weir_stream_search *search) {
  return search->pool_size;
}

/* ---- One check */

static weir_status check(weir_stream_search *self, weir_family family, const uint8_t *bytes, size_t size,
                         weir_problem *problem) {
  weir_check_job job = {.stream = bytes,
                        .size = size,
                        .budget = weir_driven_is_slow(self->driven) ? BUDGET_SLOW : BUDGET,
                        .seed = self->drawn,
                        .window = SIZE_MAX};
  if (family == WEIR_FAMILY_DELIVERY) memcpy(job.deliveries[0], self->delivery, sizeof self->delivery);
  weir_driven_run run;
  weir_status status = weir_driven_run_check(self->driven, family, &job, &run, problem);
  if (status != WEIR_OK) return status;
  self->report = *run.report;
  if (run.end != WEIR_DRIVEN_DONE) weir_streams_end(&run, family, size, &self->report);
  return WEIR_OK;
}

/* ---- What was found */

/* Rule and wording, without numbers and what is quoted. */
static uint64_t key_of(const weir_check_finding *finding) {
  char text[WEIR_CHECK_MESSAGE_MAX + 8];
  size_t size = 0;
  bool quoted = false;
  text[size++] = (char)('A' + (int)(finding->rule - WEIR_RULE_R1));
  for (const char *c = finding->message; *c != '\0'; c++) {
    if (*c == '"') quoted = !quoted;
    if (!quoted && (*c < '0' || *c > '9') && *c != ',') text[size++] = *c;
  }
  text[size] = '\0';
  return weir_shape_hash(text);
}

static bool is_known(const weir_stream_search *self, uint64_t key) {
  for (size_t i = 0; i < self->key_count; i++)
    if (self->keys[i] == key) return true;
  return self->key_count == KEYS_MAX;
}

void weir_stream_search_know(weir_stream_search *search, uint64_t key) {
  if (!is_known(search, key)) search->keys[search->key_count++] = key;
}

/* NULL: the report has none of the rule. */
static const weir_check_finding *finding_of(const weir_check_report *report, weir_rule rule) {
  for (uint32_t i = 0; i < report->count; i++)
    if (report->findings[i].rule == rule) return &report->findings[i];
  return NULL;
}

/* Leaves out of self->made what it can: halves, quarters, ... single bytes.  True: nothing more can go. */
static bool reduce(weir_stream_search *self, weir_family family, weir_rule rule, size_t *size) {
  unsigned tries = 0;
  for (size_t piece = *size / 2; piece > 0; piece /= 2) {
    for (size_t at = 0; at + piece <= *size;) {
      weir_problem problem;
      if (++tries > TRIES_MAX || self->options.stop(self->options.context)) return false;
      memcpy(self->less, self->made, at);
      memcpy(self->less + at, self->made + at + piece, *size - at - piece);
      bool same = check(self, family, self->less, *size - piece, &problem) == WEIR_OK &&
                  finding_of(&self->report, rule) != NULL;
      if (same) memcpy(self->made, self->less, *size -= piece);
      if (!same) at += piece;
    }
  }
  return true;
}

/* Reduced, and run once more: the report is that of what is told. */
static weir_status tell(weir_stream_search *self, weir_family family, weir_rule rule, size_t size,
                        weir_problem *problem) {
  weir_stream_found found = {.rule = rule, .run = self->runs, .bytes = self->made, .family = weir_family_word(family)};
  found.minimal = reduce(self, family, rule, &size);
  weir_status status = check(self, family, self->made, size, problem);
  if (status != WEIR_OK) return status;
  found.size = size;
  found.finding = finding_of(&self->report, rule);
  if (found.finding == NULL) return WEIR_OK; /* not the same twice: another run shows it again */
  found.key = key_of(found.finding);
  if (is_known(self, found.key)) return WEIR_OK;
  weir_stream_search_know(self, found.key);
  self->options.found(self->options.context, &found);
  return WEIR_OK;
}

static weir_status look(weir_stream_search *self, weir_family family, size_t size, weir_problem *problem) {
  weir_status status = check(self, family, self->made, size, problem);
  for (uint32_t i = 0; status == WEIR_OK && i < self->report.count; i++) {
    const uint64_t key = key_of(&self->report.findings[i]);
    if (self->report.findings[i].rule >= WEIR_RULE_COUNT || is_known(self, key)) continue;
    const weir_rule rule = self->report.findings[i].rule;
    status = tell(self, family, rule, size, problem);
    weir_stream_search_know(self, key); /* the reduced one may have another wording */
    break;                              /* the report is another one now */
  }
  return status;
}

/* ---- Streams */

static bool is_in_pool(const weir_stream_search *self, const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < self->pool_size; i++)
    if (self->pool[i].size == size && memcmp(self->pool[i].bytes, bytes, size) == 0) return true;
  return false;
}

/* given: by whom it was asked for, and stays whatever it shows. */
static void keep(weir_stream_search *self, const uint8_t *bytes, size_t size, bool given) {
  bool is_new = given;
  for (size_t i = 0; i < WEIR_CHECK_SHOWN; i++) {
    is_new = is_new || (self->report.shown[i] & ~self->shown[i]) != 0;
    self->shown[i] |= self->report.shown[i];
  }
  if (!is_new || self->pool_size == POOL_MAX || is_in_pool(self, bytes, size)) return;
  stream *kept = &self->pool[self->pool_size];
  kept->bytes = malloc(size > 0 ? size : 1);
  if (kept->bytes == NULL) return; /* searched without */
  memcpy(kept->bytes, bytes, size);
  kept->size = size;
  self->pool_size++;
  self->options.keep(self->options.context, bytes, size);
}

static weir_family draw_family(weir_chance *chance) {
  static const weir_family families[] = {WEIR_FAMILY_CHUNKINGS, WEIR_FAMILY_DELIVERY, WEIR_FAMILY_DELIVERY,
                                         WEIR_FAMILY_HINTS,     WEIR_FAMILY_ASKING,   WEIR_FAMILY_STALE,
                                         WEIR_FAMILY_ENDS,      WEIR_FAMILY_SLOW};
  return families[weir_chance_below(chance, sizeof families / sizeof *families)];
}

/* A few small pieces, and the rest: "3 1 17 0". */
static void draw_delivery(weir_chance *chance, size_t size, char *out, size_t room) {
  size_t used = 0, left = size;
  out[0] = '\0';
  for (unsigned pieces = 1 + weir_chance_below(chance, 12); pieces > 0 && left > 1; pieces--) {
    const uint32_t most = left - 1 < 64 ? (uint32_t)(left - 1) : 64;
    const uint32_t piece = 1 + weir_chance_below(chance, weir_chance_below(chance, 2) == 0 && most > 3 ? 3 : most);
    used += (size_t)snprintf(out + used, room - used, "%u ", piece);
    left -= piece;
  }
  (void)snprintf(out + used, room - used, "0");
}

static weir_status try_made(weir_stream_search *self, size_t size, weir_chance *chance, weir_problem *problem) {
  self->drawn = weir_chance_next(chance);
  weir_family family = draw_family(chance);
  draw_delivery(chance, size, self->delivery, sizeof self->delivery);
  weir_status status = look(self, WEIR_FAMILY_WHOLE, size, problem);
  if (status != WEIR_OK) return status;
  if (self->report.count == 0) keep(self, self->made, size, false);
  return self->report.count == 0 ? look(self, family, size, problem) : WEIR_OK;
}

weir_status weir_stream_search_try(weir_stream_search *search, const uint8_t *bytes, size_t size,
                                   weir_problem *problem) {
  weir_chance chance = {.state = search->options.seed};
  if (size > sizeof search->made) size = sizeof search->made;
  memcpy(search->made, bytes, size);
  weir_status status = try_made(search, size, &chance, problem);
  if (status == WEIR_OK) keep(search, bytes, size, true);
  return status;
}

static void move(uint8_t *bytes, size_t to, size_t from, size_t size) {
  memmove(bytes + to, bytes + from, size);
}

/* Does one thing to self->made. */
static size_t mutate(weir_stream_search *self, size_t size, weir_chance *chance) {
  uint8_t *bytes = self->made;
  const size_t at = weir_chance_below(chance, (uint32_t)size + 1), rest = size - at;
  size_t count = 1 + weir_chance_small(chance, 31);
  switch (weir_chance_below(chance, 6)) {
  case 0: /* a byte, or a bit of it */
    if (rest > 0 && weir_chance_below(chance, 2) == 0) bytes[at] ^= (uint8_t)(1u << weir_chance_below(chance, 8));
    if (rest > 0 && weir_chance_below(chance, 2) == 0) bytes[at] = (uint8_t)weir_chance_below(chance, 256);
    return size;
  case 1: /* fewer */
    if (count > rest) count = rest;
    move(bytes, at, at + count, rest - count);
    return size - count;
  case 2: /* the same again */
    if (count > rest) count = rest;
    if (size + count > sizeof self->made) return size;
    move(bytes, at + count, at, rest);
    return size + count;
  case 3: /* more of one byte, which mostly is one that is there */
    if (size + count > sizeof self->made) return size;
    move(bytes, at + count, at, rest);
    memset(bytes + at,
           size > 0 && weir_chance_below(chance, 4) > 0 ? bytes[weir_chance_below(chance, (uint32_t)size)]
                                                        : (uint8_t)weir_chance_below(chance, 256),
           count);
    return size + count;
  case 4: /* a number in text, or of one byte, a little more or less */
    if (rest > 0) bytes[at] = (uint8_t)(bytes[at] + weir_chance_below(chance, 7) - 3u);
    return size;
  default: break;
  }
  /* The end of another one. */
  const stream *other = &self->pool[weir_chance_below(chance, (uint32_t)self->pool_size)];
  const size_t from = weir_chance_below(chance, (uint32_t)other->size + 1);
  count = other->size - from;
  if (at + count > sizeof self->made) count = sizeof self->made - at;
  if (count > 0) memcpy(bytes + at, other->bytes + from, count);
  return at + count;
}

weir_status weir_stream_search_run(weir_stream_search *search, weir_problem *problem) {
  weir_chance chance = {.state = search->options.seed};
  chance.state = weir_chance_next(&chance) + search->runs * UINT64_C(0xD1342543DE82EF95);
  search->runs++;
  if (search->pool_size == 0) return weir_fail(problem, WEIR_BAD_INPUT, 0, "there is no stream to begin with");
  const stream *from = &search->pool[weir_chance_below(&chance, (uint32_t)search->pool_size)];
  size_t size = from->size;
  memcpy(search->made, from->bytes, size);
  do size = mutate(search, size, &chance);
  while (weir_chance_below(&chance, 2) == 0);
  return try_made(search, size, &chance, problem);
}
