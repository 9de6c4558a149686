/* The cases: files of scenarios below a folder. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/engine.h"
#include "weir/spec.h"

enum { DEPTH_MAX = 16, CASES_MAX = 100000, PATH_SIZE = 4096 };

static const char suffix[] = ".weir";

/* What one load works on. */
typedef struct loading {
  weir_suite *suite;
  size_t capacity;
  size_t root; /* bytes of a path before the name of the case */
  const char *glob;
  weir_problem *problem;
} loading;

static void case_free(weir_case *one) {
  free(one->path);
  free(one->scenario);
}

static weir_status suite_grow(loading *load) {
  weir_suite *suite = load->suite;
  if (suite->count < load->capacity) return WEIR_OK;
  if (suite->count >= CASES_MAX) return weir_fail(load->problem, WEIR_BOUND, 0, "more than %d cases", CASES_MAX);
  size_t capacity = load->capacity == 0 ? 64 : load->capacity * 2;
  weir_case *cases = realloc(suite->cases, capacity * sizeof *cases);
  if (cases == NULL) return weir_fail(load->problem, WEIR_NO_MEMORY, 0, "no memory for %zu cases", capacity);
  suite->cases = cases;
  load->capacity = capacity;
  return WEIR_OK;
}

/* ---- One file */

static weir_status read_text(const char *path, char *text, size_t *size, weir_problem *problem) {
  FILE *in = fopen(path, "re");
  if (in == NULL) return weir_fail(problem, WEIR_BAD_INPUT, 0, "%s: %s", path, strerror(errno));
  *size = fread(text, 1, WEIR_TEXT_MAX + 1, in);
  bool failed = ferror(in) != 0;
  int reason = errno;
  (void)fclose(in);
  if (failed) return weir_fail(problem, WEIR_BAD_INPUT, 0, "%s: %s", path, strerror(reason));
  if (*size > WEIR_TEXT_MAX)
    return weir_fail(problem, WEIR_BAD_INPUT, 0, "%s: a scenario has at most %d bytes", path, WEIR_TEXT_MAX);
  return WEIR_OK;
}

/* A case that names a rule which is not there would never be put to the test. */
static weir_status check_rules(const char *path, const weir_scenario_about *about, weir_problem *problem) {
  char rules[WEIR_RULES_TEXT_MAX], *rest = NULL;
  (void)snprintf(rules, sizeof rules, "%s", about->rules);
  for (char *id = strtok_r(rules, " ", &rest); id != NULL; id = strtok_r(NULL, " ", &rest))
    if (weir_rule_find(id) < 0)
      return weir_fail(problem, WEIR_BAD_INPUT, 0, "%s: there is no rule %s: see `weir list rules`", path, id);
  return WEIR_OK;
}

static weir_status case_read(const char *path, weir_case *one, weir_problem *problem) {
  size_t size = 0;
  char *text = malloc(WEIR_TEXT_MAX + 1);
  if (text == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for %s", path);
  weir_status status = read_text(path, text, &size, problem);
  weir_problem found = {.line = 0};
  if (status == WEIR_OK) {
    status = weir_scenario_parse(text, size, one->scenario, &one->about, &found);
    if (status != WEIR_OK) (void)weir_fail(problem, status, found.line, "%s:%u: %s", path, found.line, found.text);
  }
  free(text);
  return status == WEIR_OK ? check_rules(path, &one->about, problem) : status;
}

static weir_status load_file(loading *load, const char *path, const char *name) {
  if (load->glob != NULL && fnmatch(load->glob, name, 0) != 0) return WEIR_OK;
  weir_status status = suite_grow(load);
  if (status != WEIR_OK) return status;
  weir_case one = {.path = strdup(path), .scenario = calloc(1, sizeof *one.scenario)};
  if (one.path == NULL || one.scenario == NULL)
    status = weir_fail(load->problem, WEIR_NO_MEMORY, 0, "no memory for %s", path);
  if (status == WEIR_OK && strlen(name) >= sizeof one.name)
    status = weir_fail(load->problem, WEIR_BAD_INPUT, 0, "%s: a case's name has at most %d bytes", path,
                       WEIR_CASE_NAME_MAX - 1);
  if (status == WEIR_OK) status = case_read(path, &one, load->problem);
  if (status != WEIR_OK) {
    case_free(&one);
    return status;
  }
  (void)snprintf(one.name, sizeof one.name, "%s", name);
  load->suite->cases[load->suite->count++] = one;
  return WEIR_OK;
}

/* ---- Folders */

static bool is_case_file(const char *name) {
  size_t size = strlen(name);
  return size >= sizeof suffix && strcmp(name + size - (sizeof suffix - 1), suffix) == 0;
}

static weir_status load_folder(loading *load, const char *folder, unsigned depth);

static weir_status load_entry(loading *load, const char *folder, const char *entry, unsigned depth) {
  char path[PATH_SIZE];
  int size = snprintf(path, sizeof path, "%s/%s", folder, entry);
  if (size < 0 || (size_t)size >= sizeof path)
    return weir_fail(load->problem, WEIR_BOUND, 0, "%s: a path of more than %d bytes", folder, PATH_SIZE);
  struct stat about;
  if (stat(path, &about) != 0) return weir_fail(load->problem, WEIR_BAD_INPUT, 0, "%s: %s", path, strerror(errno));
  if (S_ISDIR(about.st_mode)) return load_folder(load, path, depth + 1);
  if (!is_case_file(entry)) return WEIR_OK;
  char name[PATH_SIZE];
  (void)snprintf(name, sizeof name, "%.*s", size - (int)load->root - (int)(sizeof suffix - 1), path + load->root);
  return load_file(load, path, name);
}

static weir_status load_folder(loading *load, const char *folder, unsigned depth) {
  if (depth > DEPTH_MAX)
    return weir_fail(load->problem, WEIR_BOUND, 0, "%s: more than %d folders deep", folder, DEPTH_MAX);
  DIR *entries = opendir(folder);
  if (entries == NULL) return weir_fail(load->problem, WEIR_BAD_INPUT, 0, "%s: %s", folder, strerror(errno));
  weir_status status = WEIR_OK;
  for (struct dirent *entry = readdir(entries); entry != NULL && status == WEIR_OK; entry = readdir(entries))
    if (entry->d_name[0] != '.') status = load_entry(load, folder, entry->d_name, depth);
  (void)closedir(entries);
  return status;
}

static int by_name(const void *left, const void *right) {
  return strcmp(((const weir_case *)left)->name, ((const weir_case *)right)->name);
}

weir_status weir_suite_load(const char *path, const char *glob, weir_suite *suite, weir_problem *problem) {
  size_t before = suite->count, length = strlen(path);
  while (length > 1 && path[length - 1] == '/') length--;
  loading load = {.suite = suite, .capacity = before, .root = length + 1, .glob = glob, .problem = problem};
  struct stat about;
  if (stat(path, &about) != 0) return weir_fail(problem, WEIR_BAD_INPUT, 0, "%s: %s", path, strerror(errno));
  char folder[PATH_SIZE];
  (void)snprintf(folder, sizeof folder, "%.*s", (int)length, path);
  weir_status status = S_ISDIR(about.st_mode) ? load_folder(&load, folder, 0) : load_file(&load, path, path);
  if (status != WEIR_OK) {
    while (suite->count > before) case_free(&suite->cases[--suite->count]);
    return status;
  }
  if (suite->count > before) qsort(suite->cases + before, suite->count - before, sizeof *suite->cases, by_name);
  return WEIR_OK;
}

void weir_suite_free(weir_suite *suite) {
  for (size_t i = 0; i < suite->count; i++) case_free(&suite->cases[i]);
  free(suite->cases);
  *suite = (weir_suite){.cases = NULL};
}
