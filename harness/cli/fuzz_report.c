/* What a search has found, for a person. */
#include <inttypes.h>
#include <string.h>

#include "cli/fuzz.h"
#include "weir/spec.h"

/* ---- What was shown */
typedef struct share {
  unsigned shown, all;
} share;

static share share_of(const weir_pool *pool, int from, int to, bool legal) {
  share found = {0};
  for (int i = from; i < to; i++) {
    if (legal && !weir_counter_legal((unsigned)i)) continue;
    found.all++;
    found.shown += weir_pool_shown(pool, (unsigned)i);
  }
  return found;
}

static void write_shown(const weir_pool *pool, FILE *out) {
  share machine = share_of(pool, WEIR_COUNTER_TRANSITIONS, WEIR_COUNTER_PAIRS, true);
  share pairs = share_of(pool, WEIR_COUNTER_PAIRS, WEIR_COUNTER_RULES, false);
  share rules = share_of(pool, WEIR_COUNTER_RULES, WEIR_COUNTER_RULES + WEIR_RULE_COUNT, false);
  (void)fprintf(out,
                "shown     %u of the machine's %u transitions, %u of %u calls in callbacks, %u of %u rules put to the "
                "test, by %zu scenarios\n",
                machine.shown, machine.all, pairs.shown, pairs.all, rules.shown, rules.all, weir_pool_size(pool));
}

/* ---- What was found */
static const char *kind_word(weir_discovery_kind kind) {
  switch (kind) {
  case WEIR_DISCOVERY_NEW: return "new";
  case WEIR_DISCOVERY_SHAPE: return "new shape of a known rule";
  case WEIR_DISCOVERY_KNOWN: return "known";
  case WEIR_DISCOVERY_UNSTEADY: return "not the same twice";
  }
  return "unknown";
}

static void write_discovery(const weir_fuzz_folder *folder, const weir_discovery *one, FILE *out) {
  char path[WEIR_PLACE_MAX + 64];
  const weir_rule_info *rule = weir_rule_get(one->rule);
  weir_fuzz_folder_name(folder, one, path, sizeof path);
  (void)fprintf(out, "\n%s %s, %s, seen %" PRIu64 " times, %" PRIu32 " steps\n", rule->id, weir_level_name(rule->level),
                kind_word(one->kind), one->seen, one->scenario->count);
  (void)fprintf(out, "  %s\n  %s\n", one->message, one->shape);
  if (strncmp(folder->target, "-- ", 3) == 0)
    (void)fprintf(out, "  weir run %s %s\n", path, folder->target);
  else
    (void)fprintf(out, "  weir run %s %s\n", folder->target, path);
}

static void write_known(const weir_discovery *all, size_t count, FILE *out) {
  unsigned shapes = 0;
  uint64_t seen = 0;
  for (size_t i = 0; i < count; i++) {
    shapes += all[i].kind == WEIR_DISCOVERY_KNOWN;
    seen += all[i].kind == WEIR_DISCOVERY_KNOWN ? all[i].seen : 0;
  }
  if (shapes > 0) (void)fprintf(out, "known     %u deviations, seen %" PRIu64 " times\n", shapes, seen);
}

void weir_fuzz_report(const weir_fuzz_folder *folder, const weir_search *search, double seconds, FILE *out) {
  static const weir_discovery_kind order[] = {WEIR_DISCOVERY_NEW, WEIR_DISCOVERY_UNSTEADY, WEIR_DISCOVERY_SHAPE};
  const weir_search_tally *tally = weir_search_tally_of(search);
  size_t count = 0;
  const weir_discovery *all = weir_search_discoveries(search, &count);
  (void)fprintf(out, "target    %s %s\n", folder->target, folder->version);
  (void)fprintf(out, "runs      %" PRIu64 " from seed %" PRIu64, tally->runs, folder->seed);
  if (seconds > 0) (void)fprintf(out, ", %.0f/s", (double)tally->all_runs / seconds);
  if (tally->cut > 0) (void)fprintf(out, "; %" PRIu64 " came to a bound of the harness", tally->cut);
  (void)fputc('\n', out);
  write_shown(weir_search_pool(search), out);
  write_known(all, count, out);
  if (tally->broken > 0)
    (void)fprintf(out, "broken    %" PRIu64 " runs gave nothing that can be judged; the last: %s\n", tally->broken,
                  tally->reason);
  unsigned told = 0;
  for (size_t k = 0; k < sizeof order / sizeof *order; k++)
    for (size_t i = 0; i < count; i++) {
      if (all[i].kind != order[k]) continue;
      write_discovery(folder, &all[i], out);
      told++;
    }
  if (told == 0) (void)fputs("nothing found\n", out);
}

int weir_fuzz_status(const weir_search *search, bool strict) {
  size_t count = 0;
  const weir_discovery *all = weir_search_discoveries(search, &count);
  const weir_search_tally *tally = weir_search_tally_of(search);
  for (size_t i = 0; i < count; i++)
    if (all[i].kind != WEIR_DISCOVERY_KNOWN && (strict || weir_rule_get(all[i].rule)->level == WEIR_MUST))
      return WEIR_EXIT_BROKEN_RULE;
  if (tally->broken > 0) return WEIR_EXIT_USAGE;
  return tally->all_runs > 0 ? WEIR_EXIT_OK : WEIR_EXIT_NOTHING;
}
