#include "engine/search.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/capabilities.h"
#include "engine/shrink.h"
#include "scenario/mutate.h"

enum {
  RECORDS_MAX = 1 << 14, /* of a trace of a linked target */
  CONTEXTS = 4096,       /* a power of two */
  SHRINKS_MAX = 64,      /* of one rule */
  SHRINK_RUNS = 4000,
  SHRINK_RUNS_SLOW = 40, /* of one that hangs or spins: each costs seconds */
  BROKEN_MAX = 20        /* runs in a row that give nothing: the target is not to be had any more */
};

/* What stood before a finding, and what that came to. */
typedef struct context {
  uint64_t key;
  uint32_t discovery; /* index and 1; 0: it was not looked at */
  bool used;
} context;

struct weir_search {
  weir_runner *runner;
  weir_search_options options;
  weir_pool *pool;
  weir_validator *validator;
  weir_scenario *trial, *other;
  weir_discovery *discoveries;
  size_t count;
  uint32_t shrinks[WEIR_RULE_COUNT], shapes[WEIR_RULE_COUNT];
  bool known[WEIR_RULE_COUNT]; /* broken, as is known */
  context contexts[CONTEXTS];
  uint32_t context_count;
  unsigned broken_in_a_row;
  weir_search_tally tally;
};

weir_status weir_search_new(weir_runner *runner, const weir_search_options *options, weir_search **search,
                            weir_problem *problem) {
  weir_search *self = calloc(1, sizeof *self);
  *search = self;
  if (self != NULL) {
    self->runner = runner;
    self->options = *options;
    self->tally.runs = options->runs_before;
    self->pool = weir_pool_new(options->watch, options->context);
    self->validator = malloc(weir_validator_size());
    self->trial = calloc(1, sizeof *self->trial);
    self->other = calloc(1, sizeof *self->other);
    if (self->pool != NULL && self->validator != NULL && self->trial != NULL && self->other != NULL) {
      (void)weir_validator_init(self->validator);
      return WEIR_OK;
    }
  }
  weir_search_free(self);
  *search = NULL;
  return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a search");
}

void weir_search_free(weir_search *self) {
  if (self == NULL) return;
  for (size_t i = 0; i < self->count; i++) free(self->discoveries[i].scenario);
  free(self->discoveries);
  weir_pool_free(self->pool);
  free(self->validator);
  free(self->trial);
  free(self->other);
  free(self);
}

const weir_discovery *weir_search_discoveries(const weir_search *self, size_t *count) {
  *count = self->count;
  return self->discoveries;
}

const weir_pool *weir_search_pool(const weir_search *self) {
  return self->pool;
}

const weir_search_tally *weir_search_tally_of(const weir_search *self) {
  return &self->tally;
}

/* ---- Contexts: a table with open addressing, which never overflows. */

static context *context_of(weir_search *self, unsigned rule, uint64_t before) {
  uint64_t key = (before ^ (rule + 1)) * UINT64_C(0x9E3779B97F4A7C15);
  for (uint32_t i = (uint32_t)(key >> 40) % CONTEXTS;; i = (i + 1) % CONTEXTS) {
    context *at = &self->contexts[i];
    if (at->used && at->key == key) return at;
    if (at->used) continue;
    if (self->context_count >= CONTEXTS / 2) return NULL;
    *at = (context){.key = key};
    return at;
  }
}

static void settle(weir_search *self, context *at, uint32_t discovery) {
  at->used = true;
  at->discovery = discovery;
  self->context_count++;
}

/* ---- Discoveries */

static weir_discovery *find_shape(weir_search *self, unsigned rule, const char *shape) {
  for (size_t i = 0; i < self->count; i++)
    if (self->discoveries[i].rule == rule && strcmp(self->discoveries[i].shape, shape) == 0)
      return &self->discoveries[i];
  return NULL;
}

static weir_discovery *add_discovery(weir_search *self, const weir_discovery *what, const weir_scenario *scenario) {
  weir_discovery *larger = realloc(self->discoveries, (self->count + 1) * sizeof *larger);
  if (larger == NULL) return NULL;
  self->discoveries = larger;
  weir_discovery *added = &larger[self->count];
  *added = *what;
  added->scenario = malloc(sizeof *added->scenario);
  if (added->scenario == NULL) return NULL;
  *added->scenario = *scenario;
  self->count++;
  self->shapes[what->rule] += what->kind != WEIR_DISCOVERY_KNOWN;
  return added;
}

static const weir_finding *finding_of(const weir_case_result *result, unsigned rule) {
  for (size_t i = 0; i < result->finding_count; i++)
    if (result->findings[i].rule == rule) return &result->findings[i];
  return NULL;
}

/* Runs it once more: what it breaks then is what it is told by. */
static weir_status confirm(weir_search *self, const weir_scenario *scenario, weir_discovery *what) {
  weir_run run;
  weir_case_result result = {.of = NULL};
  uint32_t needs = weir_scenario_needs(scenario), capabilities = weir_runner_capabilities(self->runner);
  self->tally.all_runs++;
  weir_status status = weir_runner_run(self->runner, scenario, &run, NULL);
  if (status == WEIR_OK) status = weir_engine_judge(&run, needs, capabilities, false, false, &result);
  if (status != WEIR_OK) return status;
  const weir_finding *finding = finding_of(&result, what->rule);
  if (finding == NULL)
    status = WEIR_BROKEN;
  else
    weir_shape_write(result.records, result.record_count, finding->event, what->shape);
  if (finding != NULL) (void)snprintf(what->message, sizeof what->message, "%s", finding->message);
  weir_case_result_clear(&result);
  return status;
}

/* Made as small as it can be, and run again.  A target that does something else
 * the next time is told of with the scenario as it was. */
static weir_status examine(weir_search *self, weir_scenario *scenario, bool slow, weir_discovery *what,
                           weir_problem *problem) {
  weir_shrink_options how = {.rule = (int)what->rule,
                             .runs_max = slow ? SHRINK_RUNS_SLOW : SHRINK_RUNS,
                             .stop = self->options.stop,
                             .context = self->options.context};
  weir_shrunk shrunk;
  weir_status status = weir_engine_shrink(self->runner, &how, scenario, &shrunk, problem);
  self->tally.all_runs += shrunk.runs;
  what->minimal = status == WEIR_OK && shrunk.end == WEIR_SHRINK_MINIMAL;
  if (status == WEIR_OK) status = confirm(self, scenario, what);
  if (status != WEIR_BROKEN && status != WEIR_BAD_INPUT) return status;
  what->kind = WEIR_DISCOVERY_UNSTEADY;
  (void)snprintf(what->shape, sizeof what->shape, "not the same twice");
  (void)snprintf(what->message, sizeof what->message, "%.*s", (int)sizeof what->message - 1,
                 problem != NULL && problem->text[0] != '\0' ? problem->text : "a second run did not show it");
  return WEIR_OK;
}

typedef struct sighting {
  unsigned rule;
  uint64_t before; /* weir_shape_context */
} sighting;

/* One rule broken by a run of *scenario, which is left alone. */
static weir_status look_into(weir_search *self, const weir_scenario *scenario, const sighting *seen, bool slow,
                             bool known, weir_problem *problem) {
  context *at = context_of(self, seen->rule, seen->before);
  if (at != NULL && at->used && !known) {
    if (at->discovery != 0) self->discoveries[at->discovery - 1].seen++;
    return WEIR_OK;
  }
  bool beyond = self->shapes[seen->rule] >= WEIR_SEARCH_SHAPES || self->shrinks[seen->rule]++ >= SHRINKS_MAX;
  if (beyond && !known) {
    if (at != NULL) settle(self, at, 0);
    return WEIR_OK;
  }
  weir_discovery what = {.rule = seen->rule, .run = known ? 0 : self->tally.runs, .seen = known ? 0 : 1};
  what.kind = known ? WEIR_DISCOVERY_KNOWN : self->known[seen->rule] ? WEIR_DISCOVERY_SHAPE : WEIR_DISCOVERY_NEW;
  *self->other = *scenario;
  weir_status status = examine(self, self->other, slow, &what, problem);
  if (status != WEIR_OK) return status;
  if (known && what.kind == WEIR_DISCOVERY_UNSTEADY) return WEIR_OK;
  weir_discovery *same = find_shape(self, what.rule, what.shape);
  if (same != NULL) same->seen += what.seen;
  if (same == NULL) {
    same = add_discovery(self, &what, self->other);
    if (same == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for what was found");
    if (!known && self->options.found != NULL) self->options.found(self->options.context, same);
  }
  if (at != NULL && !at->used) settle(self, at, (uint32_t)(same - self->discoveries) + 1);
  return WEIR_OK;
}

/* ---- Runs */

static unsigned collect(const weir_search *self, const weir_run *run, sighting seen[WEIR_FINDINGS_MAX]) {
  size_t count = 0;
  unsigned used = 0;
  const weir_finding *findings = weir_validator_findings(self->validator, &count);
  for (size_t i = 0; i < count; i++)
    if (weir_rule_get(findings[i].rule)->level != WEIR_PROFILE)
      seen[used++] = (sighting){.rule = findings[i].rule,
                                .before = weir_shape_context(run->records, run->count, findings[i].event)};
  return used;
}

static void note_broken(weir_search *self, const char *why) {
  self->tally.broken++;
  (void)snprintf(self->tally.reason, sizeof self->tally.reason, "%.*s", (int)sizeof self->tally.reason - 1, why);
}

/* A run that gave no trace. */
static weir_status run_failed(weir_search *self, weir_status status, const weir_problem *why, weir_problem *problem) {
  if (status != WEIR_BROKEN) return weir_fail(problem, status, 0, "%s", why->text);
  note_broken(self, why->text);
  if (++self->broken_in_a_row < BROKEN_MAX) return WEIR_OK;
  return weir_fail(problem, WEIR_BROKEN, 0, "%d runs in a row gave nothing: %s", BROKEN_MAX, why->text);
}

static void note_end(weir_search *self, const weir_run *run, weir_judgement judgement, const weir_problem *why) {
  uint8_t end = run->records[run->count - 1].code;
  if (judgement == WEIR_UNREADABLE)
    note_broken(self, why->text);
  else if (end == WEIR_END_LIMIT)
    self->tally.cut++;
  else if (end != WEIR_END_QUIESCENT)
    note_broken(self, "a run did not come to quiescence, and no rule says why");
}

static weir_status judge(weir_search *self, const weir_run *run, const weir_scenario *scenario, weir_problem *problem) {
  uint8_t counters[WEIR_COUNTER_COUNT] = {0};
  sighting seen[WEIR_FINDINGS_MAX];
  weir_problem why = {.text = ""};
  weir_validator_reset(self->validator);
  weir_validator_feed(self->validator, run->records, run->count);
  weir_judgement judgement = weir_validator_finish(self->validator, &why);
  unsigned count = collect(self, run, seen);
  if (count == 0) note_end(self, run, judgement, &why);
  weir_counters_add(run->records, run->count, counters);
  weir_counters_add_rules(self->validator, counters);
  uint8_t end = run->records[run->count - 1].code;
  bool slow = end == WEIR_END_HANG || end == WEIR_END_SPIN;
  weir_status status = weir_pool_offer(self->pool, scenario, counters);
  if (status != WEIR_OK) return weir_fail(problem, status, 0, "no memory for a scenario");
  for (unsigned i = 0; i < count && status == WEIR_OK; i++)
    status = look_into(self, scenario, &seen[i], slow, false, problem);
  return status;
}

static weir_status run_trial(weir_search *self, weir_problem *problem) {
  weir_run run = {.count = 0};
  weir_problem why = {.text = ""};
  self->tally.all_runs++;
  weir_runner_limit(self->runner, RECORDS_MAX);
  weir_status status = weir_runner_run(self->runner, self->trial, &run, &why);
  weir_runner_limit(self->runner, 0);
  if (status == WEIR_OK && run.count == 0) status = weir_fail(&why, WEIR_BROKEN, 0, "a run left no trace");
  if (status != WEIR_OK) return run_failed(self, status, &why, problem);
  self->broken_in_a_row = 0;
  return judge(self, &run, self->trial, problem);
}

static void make_trial(weir_search *self) {
  weir_chance chance = {.state = self->options.seed};
  chance.state = weir_chance_next(&chance) + self->tally.runs * UINT64_C(0xD1342543DE82EF95);
  chance.state = weir_chance_next(&chance);
  weir_pool_pick(self->pool, &chance, self->trial);
  if (weir_chance_below(&chance, 8) == 0) {
    weir_pool_pick(self->pool, &chance, self->other);
    weir_scenario_splice(self->trial, self->other, &chance, WEIR_SEARCH_STEPS);
  }
  do (void)weir_scenario_mutate(self->trial, &chance, WEIR_SEARCH_STEPS);
  while (weir_chance_below(&chance, 2) == 0);
  weir_scenario_lighten(self->trial);
  /* What the target does not have is not asked of it: the suite does that. */
  weir_scenario_confine(self->trial, weir_runner_capabilities(self->runner));
}

weir_status weir_search_run(weir_search *self, weir_problem *problem) {
  self->tally.runs++;
  make_trial(self);
  return run_trial(self, problem);
}

weir_status weir_search_try(weir_search *self, const weir_scenario *scenario, weir_problem *problem) {
  *self->trial = *scenario;
  weir_scenario_confine(self->trial, weir_runner_capabilities(self->runner));
  return run_trial(self, problem);
}

weir_status weir_search_know(weir_search *self, const weir_scenario *scenario, int rule, weir_problem *problem) {
  uint32_t missing = weir_scenario_needs(scenario) & ~weir_runner_capabilities(self->runner);
  weir_run run = {.count = 0};
  weir_problem why = {.text = ""};
  if (missing != 0) return WEIR_OK;
  self->tally.all_runs++;
  weir_status status = weir_runner_run(self->runner, scenario, &run, &why);
  if (status == WEIR_BROKEN || (status == WEIR_OK && run.count == 0)) return WEIR_OK;
  if (status != WEIR_OK) return weir_fail(problem, status, 0, "%s", why.text);
  sighting seen[WEIR_FINDINGS_MAX];
  weir_validator_reset(self->validator);
  weir_validator_feed(self->validator, run.records, run.count);
  if (weir_validator_finish(self->validator, NULL) == WEIR_UNREADABLE) return WEIR_OK;
  unsigned count = collect(self, &run, seen);
  uint8_t end = run.records[run.count - 1].code;
  for (unsigned i = 0; i < count && status == WEIR_OK; i++) {
    if (rule >= 0 && seen[i].rule != (unsigned)rule) continue;
    self->known[seen[i].rule] = true;
    status = look_into(self, scenario, &seen[i], end == WEIR_END_HANG || end == WEIR_END_SPIN, true, problem);
  }
  return status;
}
