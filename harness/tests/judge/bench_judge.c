/* All judges on every sequence up to a length, on random ones, and on traces of the reference.
 *
 *   bench_judge families [MORE]     every family's sequences, MORE words longer than in the unit test
 *   bench_judge random COUNT [SEED]
 *   bench_judge suite TARGET FOLDER a folder of scenarios on a target
 *   bench_judge scenarios COUNT [SEED]  random scenarios on the reference */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/engine.h"
#include "explore.h"
#include "scenario/random.h"

enum { KINDS_MAX = 256 };

/* One disagreement of each kind is printed: the first, which is a short one. */
typedef struct report {
  uint64_t kinds[KINDS_MAX];
  unsigned count;
} report;

/* A hash of who says what, without the places. */
static uint64_t kind_of(const char *line, size_t size) {
  uint64_t hash = UINT64_C(14695981039346656037);
  for (size_t i = 0; i < size && line[i] != ';'; i++)
    if (i < 4 || line[i] < '0' || line[i] > '9') hash = (hash ^ (uint8_t)line[i]) * UINT64_C(1099511628211);
  return hash;
}

static bool is_new(report *told, uint64_t kind) {
  for (unsigned i = 0; i < told->count; i++)
    if (told->kinds[i] == kind) return false;
  if (told->count == KINDS_MAX) return false;
  told->kinds[told->count++] = kind;
  return true;
}

static bool print(void *context, const char *words, const char *text) {
  for (const char *line = text; *line != 0;) {
    size_t size = strcspn(line, "\n");
    if (is_new(context, kind_of(line, size))) (void)printf("[%s] %.*s\n", words, (int)size, line);
    line += size + (line[size] != 0);
  }
  return true;
}

static double seconds(void) {
  struct timespec now = {0};
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void conclude(const char *what, const explore_tally *tally, double began) {
  double took = seconds() - began;
  (void)printf("%-22s %12llu traces, %llu disagreements, %.1f s\n", what, (unsigned long long)tally->sequences,
               (unsigned long long)tally->disagreements, took);
}

static void families(compare_judges *judges, unsigned more, explore_tally *total) {
  for (unsigned i = 0; alphabet_family_get(i) != NULL; i++) {
    const alphabet_family *family = alphabet_family_get(i);
    explore_tally tally = {.told = total->told, .context = total->context};
    double began = seconds();
    explore_family(judges, family, family->length + more, &tally);
    conclude(family->name, &tally, began);
    total->sequences += tally.sequences;
    total->disagreements += tally.disagreements;
  }
}

/* The naive judge's work grows faster than the trace. */
enum { LONG = 4000 };
static uint64_t too_long;

static bool hold(compare_judges *judges, weir_runner *runner, const weir_scenario *scenario, const char *name,
                 explore_tally *tally) {
  weir_run run;
  weir_problem problem = {0};
  char text[COMPARE_TEXT_MAX];
  if (weir_runner_run(runner, scenario, &run, &problem) != WEIR_OK) {
    (void)fprintf(stderr, "%s: %s\n", name, problem.text);
    return false;
  }
  if (run.count > LONG) {
    too_long++;
    return true;
  }
  tally->sequences++;
  if (compare_agree(judges, run.records, run.count, text)) return true;
  tally->disagreements++;
  (void)tally->told(tally->context, name, text);
  return true;
}

static int suite(compare_judges *judges, const char *target, const char *folder, explore_tally *tally) {
  weir_suite cases = {.count = 0};
  weir_problem problem = {0};
  weir_runner *runner = NULL;
  if (weir_suite_load(folder, NULL, &cases, &problem) != WEIR_OK ||
      weir_runner_open(target, NULL, &runner, &problem) != WEIR_OK) {
    (void)fprintf(stderr, "%s\n", problem.text);
    weir_suite_free(&cases);
    return 2;
  }
  for (size_t i = 0; i < cases.count; i++)
    (void)hold(judges, runner, cases.cases[i].scenario, cases.cases[i].name, tally);
  weir_runner_close(runner);
  weir_suite_free(&cases);
  return 0;
}

static int scenarios(compare_judges *judges, uint64_t count, uint64_t seed, explore_tally *tally) {
  static weir_scenario scenario;
  weir_problem problem = {0};
  weir_runner *runner = NULL;
  if (weir_runner_open("reference", NULL, &runner, &problem) != WEIR_OK) {
    (void)fprintf(stderr, "%s\n", problem.text);
    return 2;
  }
  for (uint64_t i = 0; i < count; i++) {
    char name[64];
    (void)snprintf(name, sizeof name, "random scenario %llu", (unsigned long long)(seed + i));
    weir_scenario_random(&scenario, seed + i, 24);
    (void)hold(judges, runner, &scenario, name, tally);
  }
  weir_runner_close(runner);
  return 0;
}

static uint64_t number(int argc, char **argv, int index, uint64_t otherwise) {
  return argc > index ? strtoull(argv[index], NULL, 10) : otherwise;
}

int main(int argc, char **argv) {
  compare_judges *judges = compare_open();
  if (argc < 2 || judges == NULL) {
    (void)fprintf(stderr, "usage: bench_judge families [MORE] | random COUNT [SEED] | suite TARGET FOLDER | "
                          "scenarios COUNT [SEED]\n");
    compare_close(judges);
    return 2;
  }
  report told = {.count = 0};
  explore_tally tally = {.told = print, .context = &told};
  double began = seconds();
  int status = 0;
  if (strcmp(argv[1], "families") == 0)
    families(judges, (unsigned)number(argc, argv, 2, 0), &tally);
  else if (strcmp(argv[1], "random") == 0)
    explore_random(judges, number(argc, argv, 3, 1), number(argc, argv, 2, 1000000), 20, &tally);
  else if (strcmp(argv[1], "suite") == 0 && argc == 4)
    status = suite(judges, argv[2], argv[3], &tally);
  else
    status = scenarios(judges, number(argc, argv, 2, 10000), number(argc, argv, 3, 1), &tally);
  conclude("all", &tally, began);
  if (too_long > 0)
    (void)printf("%llu traces of more than %d records were left out\n", (unsigned long long)too_long, LONG);
  (void)printf("%llu findings\n", (unsigned long long)compare_findings(judges));
  compare_close(judges);
  return status != 0 ? status : tally.disagreements > 0;
}
