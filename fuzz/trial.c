#include "trial.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "targets/target.h"
#include "validator/counters.h"
#include "weir/validator.h"

/* Of a trace: what takes longer shows nothing that shorter runs do not. */
enum { RECORDS_MAX = 1 << 14 };

struct fuzz_trial {
  weir_runner *runner;
  void *validator;
  const char *forgiven; /* NULL: nothing is */
  weir_run last;
  weir_record *first; /* of the run before, for comparing */
  uint32_t first_count, first_capacity;
  uint64_t records;
  char wrong[WEIR_PROBLEM_TEXT_MAX + WEIR_MESSAGE_MAX];
};

fuzz_trial *fuzz_trial_on(weir_runner *runner) {
  fuzz_trial *trial = calloc(1, sizeof *trial);
  if (trial == NULL) {
    weir_runner_close(runner);
    return NULL;
  }
  trial->runner = runner;
  trial->validator = malloc(weir_validator_size());
  if (trial->validator != NULL) {
    (void)weir_validator_init(trial->validator);
    weir_runner_limit(runner, RECORDS_MAX);
    return trial;
  }
  fuzz_trial_free(trial);
  return NULL;
}

fuzz_trial *fuzz_trial_new(const weir_target *target) {
  weir_runner *runner = NULL;
  if (weir_runner_open_linked(target, &runner, NULL) != WEIR_OK) return NULL;
  return fuzz_trial_on(runner);
}

void fuzz_trial_forgive(fuzz_trial *trial, const char *rules) {
  trial->forgiven = rules;
}

void fuzz_trial_free(fuzz_trial *trial) {
  if (trial == NULL) return;
  weir_runner_close(trial->runner);
  free(trial->validator);
  free(trial->first);
  free(trial);
}

/* Whether `rules` has the word. */
static bool names(const char *rules, const char *word) {
  const size_t size = strlen(word);
  for (const char *at = strstr(rules, word); at != NULL; at = strstr(at + 1, word))
    if ((at == rules || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0')) return true;
  return false;
}

static bool counts(const fuzz_trial *trial, const weir_rule_info *rule) {
  if (rule->level == WEIR_PROFILE || (trial->forgiven != NULL && names(trial->forgiven, "all"))) return false;
  return trial->forgiven == NULL || (rule->level == WEIR_MUST && !names(trial->forgiven, rule->id));
}

static bool judge(fuzz_trial *trial, const weir_run *run) {
  weir_problem problem = {.text = ""};
  weir_validator *validator = trial->validator;
  weir_validator_reset(validator);
  weir_validator_feed(validator, run->records, run->count);
  weir_judgement judgement = weir_validator_finish(validator, &problem);
  size_t count = 0;
  const weir_finding *findings = weir_validator_findings(validator, &count);
  for (size_t i = 0; i < count; i++) {
    const weir_rule_info *rule = weir_rule_get(findings[i].rule);
    if (!counts(trial, rule)) continue;
    (void)snprintf(trial->wrong, sizeof trial->wrong, "%s at event %" PRIu64 ": %s", rule->id, findings[i].event,
                   findings[i].message);
    return false;
  }
  uint8_t end = run->records[run->count - 1].code;
  if (trial->forgiven != NULL && count > 0) return true; /* it may have ended in what is forgiven */
  /* A bound of the harness cuts a trace short; nothing else does. */
  if (judgement == WEIR_JUDGED && (end == WEIR_END_QUIESCENT || end == WEIR_END_LIMIT)) return true;
  if (judgement == WEIR_INCOMPLETE && end == WEIR_END_LIMIT) return true;
  (void)snprintf(trial->wrong, sizeof trial->wrong, "the run ended with %s; %s", weir_end_name(end), problem.text);
  return false;
}

static bool keep(fuzz_trial *trial, const weir_run *run) {
  if (run->count > trial->first_capacity) {
    weir_record *larger = realloc(trial->first, run->count * sizeof *larger);
    if (larger == NULL) return false;
    trial->first = larger;
    trial->first_capacity = run->count;
  }
  memcpy(trial->first, run->records, run->count * sizeof *trial->first);
  trial->first_count = run->count;
  return true;
}

static bool run_one(fuzz_trial *trial, const weir_scenario *scenario) {
  weir_problem problem = {.text = ""};
  weir_run *run = &trial->last;
  run->count = 0;
  if (weir_runner_run(trial->runner, scenario, run, &problem) != WEIR_OK || run->count == 0) {
    (void)snprintf(trial->wrong, sizeof trial->wrong, "it could not be run: %s", problem.text);
    return false;
  }
  trial->records += run->count;
  return true;
}

bool fuzz_trial_run(fuzz_trial *trial, const weir_scenario *scenario, bool twice) {
  const weir_run *run = &trial->last;
  if (!run_one(trial, scenario) || !judge(trial, run)) return false;
  if (!twice) return true;
  (void)snprintf(trial->wrong, sizeof trial->wrong, "two runs of the same scenario differ");
  return keep(trial, run) && run_one(trial, scenario) && run->count == trial->first_count &&
         memcmp(run->records, trial->first, run->count * sizeof *run->records) == 0;
}

void fuzz_trial_tell(const fuzz_trial *trial, const weir_scenario *scenario, FILE *out) {
  (void)fprintf(out, "%s\n", trial->wrong);
  char *text = malloc(WEIR_TEXT_MAX);
  if (text == NULL) return;
  (void)weir_scenario_print(scenario, NULL, text, WEIR_TEXT_MAX);
  (void)fputs(text, out);
  free(text);
}

/* The validator still holds its judgement of the last scenario. */
void fuzz_trial_count(const fuzz_trial *trial, uint8_t *counters) {
  weir_counters_add(trial->last.records, trial->last.count, counters);
  weir_counters_add_rules(trial->validator, counters);
}

uint64_t fuzz_trial_records(const fuzz_trial *trial) {
  return trial->records;
}
