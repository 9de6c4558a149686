/* Expectations, held against a result. */
#include <fnmatch.h>
#include <string.h>

#include "engine/expectations.h"
#include "weir/spec.h"

/* ---- Whom and what an entry is about */

/* A target is meant by its whole name, or by what stands before the '@'. */
static bool names_target(const char *glob, const char *target) {
  char kind[WEIR_CASE_NAME_MAX];
  (void)snprintf(kind, sizeof kind, "%.*s", (int)strcspn(target, "@"), target);
  return strcmp(glob, target) == 0 || fnmatch(glob, target, 0) == 0 || fnmatch(glob, kind, 0) == 0;
}

static bool applies_to_version(const weir_expectation *entry, const char *version) {
  for (size_t i = 0; i < entry->version_count; i++)
    if (weir_version_range_has(&entry->versions[i], version)) return true;
  return entry->version_count == 0;
}

bool weir_expectation_applies(const weir_expectation *entry, const char *target, const char *version) {
  const char *at = entry->targets;
  for (at += strspn(at, " \t"); *at != '\0'; at += strspn(at, " \t")) {
    char glob[WEIR_CASE_NAME_MAX];
    size_t size = strcspn(at, " \t");
    (void)snprintf(glob, sizeof glob, "%.*s", (int)size, at);
    if (names_target(glob, target)) return applies_to_version(entry, version);
    at += size;
  }
  return false;
}

bool weir_expectation_glob_matches(const weir_expectation_glob *glob, const char *name) {
  return glob->plain ? strcmp(glob->text, name) == 0 : fnmatch(glob->text, name, 0) == 0;
}

/* ---- Holding it against a case */

static bool has_finding(const weir_case_result *result, unsigned rule) {
  for (size_t i = 0; i < result->finding_count; i++)
    if (result->findings[i].rule == rule) return true;
  return false;
}

static void apply_entry(const weir_expectation *entry, weir_case_result *result) {
  bool first = (result->known[0] & ~result->gone[0]) == 0 && (result->known[1] & ~result->gone[1]) == 0;
  uint64_t bit = UINT64_C(1) << entry->rule % 64;
  result->known[entry->rule / 64] |= bit;
  if (!has_finding(result, entry->rule))
    result->gone[entry->rule / 64] |= bit;
  else if (first)
    (void)snprintf(result->known_reason, sizeof result->known_reason, "%s", entry->reason);
}

static void apply_to_target(const weir_expectations *self, const weir_expectation *entry, weir_target_result *target) {
  for (size_t i = 0; i < target->count; i++) {
    weir_case_result *result = &target->cases[i];
    if (result->of == NULL) continue;
    bool matched = false;
    for (size_t k = entry->first_glob; k < entry->first_glob + entry->glob_count && !matched; k++)
      matched = weir_expectation_glob_matches(&self->globs[k], result->of->name);
    /* What was not judged has kept no rule. */
    if (matched && result->verdict != WEIR_SKIP && result->verdict != WEIR_ERROR) apply_entry(entry, result);
  }
}

/* ---- What comes of it */

/* The first finding that is a failure and not known, or NULL. */
static const weir_finding *first_new(const weir_case_result *result, bool strict) {
  for (size_t i = 0; i < result->finding_count; i++) {
    const weir_finding *finding = &result->findings[i];
    if (weir_rule_get(finding->rule)->level != WEIR_MUST && !strict) continue;
    if (!weir_case_knows(result, finding->rule)) return finding;
  }
  return NULL;
}

static void conclude(weir_target_result *target, weir_case_result *result, bool strict) {
  target->gone += weir_case_gone(result);
  if (result->verdict != WEIR_FAIL || result->finding_count == 0) return;
  const weir_finding *other = first_new(result, strict);
  result->all_known = other == NULL;
  target->known += result->all_known;
  /* The reason of a failure is what is new in it. */
  if (other != NULL && (result->known[0] | result->known[1]) != 0)
    (void)snprintf(result->reason, sizeof result->reason, "%s: %s", weir_rule_get(other->rule)->id, other->message);
}

static void reset(weir_target_result *target) {
  target->known = target->gone = 0;
  for (size_t i = 0; i < target->count; i++) {
    weir_case_result *result = &target->cases[i];
    memset(result->known, 0, sizeof result->known);
    memset(result->gone, 0, sizeof result->gone);
    result->all_known = false;
    result->known_reason[0] = '\0';
  }
}

void weir_expectations_apply(const weir_expectations *self, weir_result *result) {
  result->expecting = true;
  for (size_t t = 0; t < result->count; t++) {
    weir_target_result *target = &result->targets[t];
    reset(target);
    for (size_t i = 0; i < self->count; i++)
      if (weir_expectation_applies(&self->entries[i], target->name, target->version))
        apply_to_target(self, &self->entries[i], target);
    for (size_t i = 0; i < target->count; i++) conclude(target, &target->cases[i], result->strict);
  }
}
