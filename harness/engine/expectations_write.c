/* A file of expectations, written from a result: what stood there and still
 * holds, and behind it what is new. */
#include <stdlib.h>
#include <string.h>

#include "engine/expectations.h"
#include "weir/spec.h"

enum { TARGETS_MOST = 256, TARGET_WORDS = TARGETS_MOST / 64, LINE_MOST = 4096 };

/* A rule that is broken in a case on some targets, which no entry that is kept says. */
typedef struct fact {
  unsigned rule;
  const weir_case *of;
  const weir_expectation *entry; /* the one that said it, and says too much; or NULL */
  uint64_t targets[TARGET_WORDS];
  bool written;
} fact;

typedef struct writing {
  const weir_expectations *old;
  const weir_result *result;
  FILE *out;
  bool *stale; /* a glob that also means what has gone away */
  fact *facts;
  size_t count, capacity;
  char targets[LINE_MOST]; /* the line `target` that holds */
} writing;

static bool has_bit(const uint64_t *bits, size_t bit) {
  return (bits[bit / 64] >> bit % 64 & 1) != 0;
}

/* ---- What still holds */

static bool is_gone(const writing *self, const weir_expectation *entry, const weir_expectation_glob *glob) {
  for (size_t t = 0; t < self->result->count; t++) {
    const weir_target_result *target = &self->result->targets[t];
    if (!weir_expectation_applies(entry, target->name, target->version)) continue;
    for (size_t i = 0; i < target->count; i++)
      if (target->cases[i].of != NULL && has_bit(target->cases[i].gone, entry->rule) &&
          weir_expectation_glob_matches(glob, target->cases[i].of->name))
        return true;
  }
  return false;
}

static void find_stale(writing *self) {
  for (size_t e = 0; e < self->old->count; e++) {
    const weir_expectation *entry = &self->old->entries[e];
    for (size_t k = entry->first_glob; k < entry->first_glob + entry->glob_count; k++)
      self->stale[k] = is_gone(self, entry, &self->old->globs[k]);
  }
}

/* ---- What is new */

/* Whether an entry that stays says it; *entry is else one that said it. */
static bool is_said(const writing *self, const weir_target_result *target, const char *name, unsigned rule,
                    const weir_expectation **entry) {
  for (size_t e = 0; e < self->old->count; e++) {
    const weir_expectation *one = &self->old->entries[e];
    if (one->rule != rule || !weir_expectation_applies(one, target->name, target->version)) continue;
    for (size_t k = one->first_glob; k < one->first_glob + one->glob_count; k++) {
      if (!weir_expectation_glob_matches(&self->old->globs[k], name)) continue;
      if (!self->stale[k]) return true;
      *entry = one;
    }
  }
  return false;
}

static fact *find_fact(writing *self, unsigned rule, const weir_case *of, const weir_expectation *entry) {
  for (size_t i = 0; i < self->count; i++)
    if (self->facts[i].rule == rule && self->facts[i].of == of && self->facts[i].entry == entry) return &self->facts[i];
  if (self->count == self->capacity) {
    size_t capacity = self->capacity == 0 ? 64 : self->capacity * 2;
    fact *facts = realloc(self->facts, capacity * sizeof *facts);
    if (facts == NULL) return NULL;
    self->facts = facts;
    self->capacity = capacity;
  }
  fact *one = &self->facts[self->count++];
  *one = (fact){.rule = rule, .of = of, .entry = entry};
  return one;
}

static bool collect_case(writing *self, size_t t, const weir_case_result *result) {
  if (result->verdict != WEIR_FAIL || result->of == NULL) return true;
  for (size_t i = 0; i < result->finding_count; i++) {
    unsigned rule = result->findings[i].rule;
    if (weir_rule_get(rule)->level != WEIR_MUST && !self->result->strict) continue;
    const weir_expectation *entry = NULL;
    if (is_said(self, &self->result->targets[t], result->of->name, rule, &entry)) continue;
    fact *one = find_fact(self, rule, result->of, entry);
    if (one == NULL) return false;
    one->targets[t / 64] |= UINT64_C(1) << t % 64;
  }
  return true;
}

static int by_rule(const void *left, const void *right) {
  const fact *l = left, *r = right;
  if (l->rule != r->rule) return l->rule < r->rule ? -1 : 1;
  return strcmp(l->of->name, r->of->name);
}

static bool collect(writing *self) {
  for (size_t t = 0; t < self->result->count; t++)
    for (size_t i = 0; i < self->result->targets[t].count; i++)
      if (!collect_case(self, t, &self->result->targets[t].cases[i])) return false;
  if (self->count > 0) qsort(self->facts, self->count, sizeof *self->facts, by_rule);
  return true;
}

/* ---- Writing */

/* What a target is called in a file: without its runtime, and as one word. */
static void target_word(const char *name, char *out, size_t size) {
  (void)snprintf(out, size, "%.*s", (int)strcspn(name, "@"), name);
  for (char *c = out; *c != '\0'; c++)
    if ((unsigned char)*c <= ' ' || strchr("*[\\", *c) != NULL) *c = '?';
}

/* The numbers at the beginning of a version, "" where there is none. */
static void version_word(const char *version, char *out, size_t size) {
  version += strcspn(version, "0123456789");
  size_t length = strspn(version, "0123456789.");
  while (length > 0 && version[length - 1] == '.') length--;
  (void)snprintf(out, size, "%.*s", (int)length, version);
}

/* Adds a word to a line of them, once. */
static void add_word(char *line, size_t size, const char *word) {
  size_t length = strlen(word), used = strlen(line);
  for (const char *at = line; length > 0 && (at = strstr(at, word)) != NULL; at += length)
    if ((at == line || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) return;
  if (length > 0 && used + length + 2 < size)
    (void)snprintf(line + used, size - used, "%s%s", used > 0 ? " " : "", word);
}

static void write_target(writing *self, const char *targets) {
  if (strcmp(self->targets, targets) == 0) return;
  (void)snprintf(self->targets, sizeof self->targets, "%s", targets);
  (void)fprintf(self->out, "\ntarget  %s\n", targets);
}

static void write_head(const writing *self, unsigned rule, const char *version, const char *reason, const char *link) {
  (void)fprintf(self->out, "\nrule    %s\n", weir_rule_get(rule)->id);
  if (version != NULL && version[0] != '\0') (void)fprintf(self->out, "version %s\n", version);
  (void)fprintf(self->out, "reason  %s\n", reason);
  if (link != NULL) (void)fprintf(self->out, "link    %s\n", link);
}

static void write_kept(writing *self, const weir_expectation *entry) {
  bool any = false;
  for (size_t k = entry->first_glob; k < entry->first_glob + entry->glob_count; k++) {
    if (self->stale[k]) continue;
    if (!any) {
      write_target(self, entry->targets);
      write_head(self, entry->rule, entry->version, entry->reason, entry->link);
    }
    any = true;
    (void)fprintf(self->out, "case    %s\n", self->old->globs[k].text);
  }
}

static bool same_group(const fact *left, const fact *right) {
  return left->rule == right->rule && left->entry == right->entry &&
         memcmp(left->targets, right->targets, sizeof left->targets) == 0;
}

/* The versions of one kind of target among those of a fact. */
static void versions_of(const writing *self, const fact *of, const char *kind, char *out, size_t size) {
  out[0] = '\0';
  for (size_t t = 0; t < self->result->count; t++) {
    char word[WEIR_CASE_NAME_MAX], version[64];
    target_word(self->result->targets[t].name, word, sizeof word);
    if (!has_bit(of->targets, t) || strcmp(word, kind) != 0) continue;
    version_word(self->result->targets[t].version, version, sizeof version);
    add_word(out, size, version);
  }
}

/* The kinds of target with these versions, which is a line `target` of a file. */
static void kinds_with(const writing *self, const fact *of, const char *versions, char *out, size_t size) {
  out[0] = '\0';
  for (size_t t = 0; t < self->result->count; t++) {
    char word[WEIR_CASE_NAME_MAX], own[LINE_MOST];
    if (!has_bit(of->targets, t)) continue;
    target_word(self->result->targets[t].name, word, sizeof word);
    versions_of(self, of, word, own, sizeof own);
    if (strcmp(own, versions) == 0) add_word(out, size, word);
  }
}

static void write_cases(const writing *self, size_t first) {
  for (size_t i = first; i < self->count; i++)
    if (same_group(&self->facts[i], &self->facts[first]))
      (void)fprintf(self->out, "case    %s\n", self->facts[i].of->name);
}

/* Whether an earlier target of the fact has the same versions, and so the same entry. */
static bool is_done(const writing *self, const fact *of, size_t t, const char *versions) {
  for (size_t k = 0; k < t; k++) {
    char word[WEIR_CASE_NAME_MAX], own[LINE_MOST];
    if (!has_bit(of->targets, k)) continue;
    target_word(self->result->targets[k].name, word, sizeof word);
    versions_of(self, of, word, own, sizeof own);
    if (strcmp(own, versions) == 0) return true;
  }
  return false;
}

/* Facts of the same rule, reason and targets: an entry for each set of versions. */
static void write_group(writing *self, size_t first) {
  const fact *one = &self->facts[first];
  const char *reason = one->entry != NULL ? one->entry->reason : WEIR_EXPECTATION_NEW;
  const char *link = one->entry != NULL ? one->entry->link : NULL;
  for (size_t t = 0; t < self->result->count; t++) {
    char word[WEIR_CASE_NAME_MAX], versions[LINE_MOST], targets[LINE_MOST];
    if (!has_bit(one->targets, t)) continue;
    target_word(self->result->targets[t].name, word, sizeof word);
    versions_of(self, one, word, versions, sizeof versions);
    if (is_done(self, one, t, versions)) continue;
    kinds_with(self, one, versions, targets, sizeof targets);
    write_target(self, targets);
    write_head(self, one->rule, versions, reason, link);
    write_cases(self, first);
  }
  for (size_t i = self->count; i-- > first;)
    if (same_group(&self->facts[i], one)) self->facts[i].written = true;
}

static void write_all(writing *self) {
  (void)fputs("# Known deviations, for `weir test --expect`: each a rule, the versions, a reason,\n"
              "# and the cases that show it.\n",
              self->out);
  for (size_t e = 0; e < self->old->count; e++) write_kept(self, &self->old->entries[e]);
  for (size_t i = 0; i < self->count; i++)
    if (!self->facts[i].written) write_group(self, i);
}

weir_status weir_expectations_write(const weir_expectations *old, const weir_result *result, FILE *out) {
  const weir_expectations none = {.count = 0};
  if (result->count > TARGETS_MOST) return WEIR_BOUND;
  writing self = {.old = old != NULL ? old : &none, .result = result, .out = out};
  self.stale = calloc(self.old->glob_count + 1, sizeof *self.stale);
  weir_status status = self.stale != NULL ? WEIR_OK : WEIR_NO_MEMORY;
  if (status == WEIR_OK) {
    find_stale(&self);
    if (collect(&self))
      write_all(&self);
    else
      status = WEIR_NO_MEMORY;
  }
  free(self.stale);
  free(self.facts);
  return status != WEIR_OK || !ferror(out) ? status : WEIR_IO;
}
