/* One interface; reference, plug-ins and programs behind it. */
#include "targets/target.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/nearest.h"
#include "reference/reference.h"
#include "targets/adapters.h"
#include "targets/runner.h"
#include "targets/runtimes.h"

/* ---- By name */

static bool is_plugin(const char *name) {
  size_t size = strlen(name);
  return strchr(name, '/') != NULL && size > 3 && strcmp(name + size - 3, ".so") == 0;
}

/* "asyncio@3.12" -> "asyncio" and "3.12" */
typedef struct search {
  char wanted[WEIR_RUNNER_NAME_MAX];
  const char *runtime;
  bool found;
  weir_adapter adapter;
  weir_status status; /* of reading its file */
  weir_problem problem;
  weir_nearest nearest;
} search;

static void search_visit(void *context, const char *name, const weir_adapter *adapter, const weir_problem *problem) {
  search *self = context;
  weir_nearest_offer(&self->nearest, name);
  if (self->found || strcmp(name, self->wanted) != 0) return;
  self->found = true;
  self->status = adapter != NULL ? WEIR_OK : problem->status;
  if (adapter != NULL)
    self->adapter = *adapter;
  else
    self->problem = *problem;
}

static weir_status unknown_target(search *self, weir_problem *problem) {
  const char *near = weir_nearest_best(&self->nearest);
  if (near != NULL)
    return weir_fail(problem, WEIR_BAD_INPUT, 0, "there is no target `%s`; did you mean `%s`?", self->wanted, near);
  return weir_fail(problem, WEIR_BAD_INPUT, 0,
                   "there is no target `%s`: see `weir list targets`, or give a plug-in as ./NAME.so", self->wanted);
}

static weir_status data_folder(const weir_runner_options *options, char *out, size_t size, weir_problem *problem) {
  if (options == NULL || options->data_folder == NULL) return weir_data_folder(out, size, problem);
  (void)snprintf(out, size, "%s", options->data_folder);
  return WEIR_OK;
}

/* Words that stand one behind the other, each with its end; argv does not change them. */
static unsigned add_words(char **argv, unsigned count, const char *word, unsigned words) {
  for (unsigned i = 0; i < words; i++, word += strlen(word) + 1) argv[count++] = (char *)(uintptr_t)word;
  return count;
}

static weir_status open_adapter(const char *name, const weir_adapter *adapter, const char *runtime,
                                const weir_runner_options *options, weir_runner **runner, weir_problem *problem) {
  char file[2 * WEIR_PLACE_MAX], *argv[2 * WEIR_ADAPTER_WORDS_MAX + 2] = {NULL};
  weir_runtime found;
  unsigned count = 0;
  if (adapter->runtime[0] != '\0') {
    weir_status status = weir_runtime_find(adapter->runtime, runtime, adapter->least, &found, problem);
    if (status != WEIR_OK) return status;
    argv[count++] = found.path;
    count = add_words(argv, count, adapter->options, adapter->option_count);
  } else if (runtime[0] != '\0') {
    return weir_fail(problem, WEIR_BAD_INPUT, 0, "%s has no runtime to choose: leave `@%s` out", adapter->name,
                     runtime);
  }
  if (!adapter->is_program)
    (void)snprintf(file, sizeof file, "%s/%s", adapter->folder, adapter->command);
  else if (!weir_program_find(adapter->command, file, sizeof file))
    return weir_fail(problem, WEIR_UNAVAILABLE, 0, "there is no program %s: scripts/targets installs it",
                     adapter->command);
  argv[count++] = file;
  const char *rest = adapter->command + strlen(adapter->command) + 1;
  (void)add_words(argv, count, rest, adapter->words - 1);
  return adapter->lines ? weir_lines_open(name, argv, options, runner, problem)
                        : weir_process_open(name, argv, options, runner, problem);
}

static weir_status open_by_name(const char *name, const weir_runner_options *options, weir_runner **runner,
                                weir_problem *problem) {
  search *self = calloc(1, sizeof *self);
  if (self == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for target %s", name);
  const char *at = strchr(name, '@');
  (void)snprintf(self->wanted, sizeof self->wanted, "%.*s", (int)strcspn(name, "@"), name);
  self->runtime = at != NULL ? at + 1 : "";
  weir_nearest_init(&self->nearest, self->wanted);
  weir_nearest_offer(&self->nearest, "reference");
  char folder[WEIR_PLACE_MAX];
  weir_status status = data_folder(options, folder, sizeof folder, problem);
  if (status == WEIR_OK) status = weir_adapters_each(folder, search_visit, self, problem);
  if (status == WEIR_OK) {
    if (!self->found)
      status = unknown_target(self, problem);
    else if (self->status != WEIR_OK)
      status = weir_fail(problem, self->status, 0, "%s", self->problem.text);
    else
      status = open_adapter(name, &self->adapter, self->runtime, options, runner, problem);
  }
  free(self);
  return status;
}

static weir_status open_any(const char *name, const weir_runner_options *options, weir_runner **runner,
                            weir_problem *problem) {
  *runner = NULL;
  if (strlen(name) >= WEIR_RUNNER_NAME_MAX)
    return weir_fail(problem, WEIR_BAD_INPUT, 0, "a target's name has at most %d bytes", WEIR_RUNNER_NAME_MAX - 1);
  if (options != NULL && options->command != NULL)
    return options->lines ? weir_lines_open(name, options->command, options, runner, problem)
                          : weir_process_open(name, options->command, options, runner, problem);
  if (strcmp(name, "reference") == 0) return weir_runner_open_linked(weir_reference(), runner, problem);
  if (is_plugin(name)) return weir_plugin_open(name, options, runner, problem);
  if (name[0] == '\0' || (strchr(name, '/') != NULL && strchr(name, '@') == NULL))
    return weir_fail(problem, WEIR_BAD_INPUT, 0,
                     "`%s` is no target: a plug-in ends in .so, a program stands after `--`", name);
  return open_by_name(name, options, runner, problem);
}

weir_status weir_runner_open(const char *name, const weir_runner_options *options, weir_runner **runner,
                             weir_problem *problem) {
  weir_status status = open_any(name, options, runner, problem);
  if (status != WEIR_OK) return status;
  assert(*runner != NULL);
  (*runner)->posix = options != NULL && options->posix;
  return WEIR_OK;
}

/* ---- Whatever it is */

weir_status weir_runner_run(weir_runner *runner, const weir_scenario *scenario, weir_run *run, weir_problem *problem) {
  *run = (weir_run){.records = NULL};
  return runner->kind->run(runner, scenario, run, problem);
}

void weir_runner_run_each(weir_runner *runner, const weir_scenario *const *scenarios, uint32_t count,
                          weir_runner_take *take, void *context) {
  if (runner->kind->run_each != NULL) {
    runner->kind->run_each(runner, scenarios, count, take, context);
    return;
  }
  weir_problem problem = {.text = ""};
  for (uint32_t i = 0; i < count; i++) {
    weir_run run;
    weir_status status = weir_runner_run(runner, scenarios[i], &run, &problem);
    if (!take(context, i, status, &run, &problem)) return;
  }
}

void weir_runner_limit(weir_runner *runner, uint32_t records_max) {
  runner->records_max = records_max;
}

const char *weir_runner_name(const weir_runner *runner) {
  return runner->name;
}

const char *weir_runner_version(const weir_runner *runner) {
  return runner->version;
}

uint32_t weir_runner_capabilities(const weir_runner *runner) {
  return runner->capabilities;
}

void weir_runner_close(weir_runner *runner) {
  if (runner != NULL) runner->kind->close(runner);
}

/* ---- Listing */

typedef struct listing {
  weir_target_visit *visit;
  void *context;
  /* Of the adapter before, since many have the same runtime and asking takes its time. */
  char kind[64], least[32];
  weir_runtime *runtimes;
  size_t count;
  weir_status status; /* of the first that could not be asked */
  weir_problem *problem;
} listing;

static void list_ask(listing *list, const weir_adapter *adapter) {
  if (strcmp(list->kind, adapter->runtime) == 0 && strcmp(list->least, adapter->least) == 0) return;
  (void)snprintf(list->kind, sizeof list->kind, "%s", adapter->runtime);
  (void)snprintf(list->least, sizeof list->least, "%s", adapter->least);
  list->status = weir_runtimes_list(adapter->runtime, adapter->least, list->runtimes, WEIR_RUNTIMES_MAX, &list->count,
                                    list->problem);
}

/* What scripts/targets installs for Python it installs for each version: NAME/3.12. */
static bool is_installed(const weir_adapter *adapter, const int version[3]) {
  char folder[WEIR_PLACE_MAX], place[2 * WEIR_PLACE_MAX];
  if (adapter->install[0] == '\0') return true;
  if (!weir_installed_folder(folder, sizeof folder)) return false;
  (void)snprintf(place, sizeof place, "%s/%s/%d.%d", folder, adapter->install, version[0], version[1]);
  return access(place, R_OK) == 0;
}

static void list_runtimes(listing *list, const weir_adapter *adapter) {
  list_ask(list, adapter);
  if (list->status != WEIR_OK) return;
  size_t visited = 0;
  for (size_t i = 0; i < list->count; i++) {
    const int *version = list->runtimes[i].version;
    if (!is_installed(adapter, version)) continue;
    visited++;
    char name[128], summary[WEIR_ADAPTER_LINE_MAX + 128];
    (void)snprintf(name, sizeof name, "%s@%d.%d", adapter->name, version[0], version[1]);
    (void)snprintf(summary, sizeof summary, "%s (%s %d.%d.%d)", adapter->summary, adapter->runtime, version[0],
                   version[1], version[2]);
    list->visit(list->context, name, true, summary);
  }
  if (visited > 0) return;
  char reason[256];
  if (list->count > 0)
    (void)snprintf(reason, sizeof reason, "%s is not installed: run scripts/targets", adapter->install);
  else
    (void)snprintf(reason, sizeof reason, "no %s %s or newer was found", adapter->runtime, adapter->least);
  list->visit(list->context, adapter->name, false, reason);
}

static void list_program(listing *list, const weir_adapter *adapter) {
  char path[WEIR_PLACE_MAX], reason[128 + sizeof adapter->command];
  bool found = !adapter->is_program || weir_program_find(adapter->command, path, sizeof path);
  (void)snprintf(reason, sizeof reason, "there is no program %s: run scripts/targets", adapter->command);
  list->visit(list->context, adapter->name, found, found ? adapter->summary : reason);
}

static void list_visit(void *context, const char *name, const weir_adapter *adapter, const weir_problem *problem) {
  listing *list = context;
  if (list->status != WEIR_OK) return;
  if (adapter == NULL)
    list->visit(list->context, name, false, problem->text);
  else if (adapter->runtime[0] != '\0')
    list_runtimes(list, adapter);
  else
    list_program(list, adapter);
}

weir_status weir_targets_each(const weir_runner_options *options, weir_target_visit *visit, void *context,
                              weir_problem *problem) {
  visit(context, "reference", true, "the reference transport, built in");
  char folder[WEIR_PLACE_MAX];
  weir_status status = data_folder(options, folder, sizeof folder, problem);
  if (status != WEIR_OK) return status;
  listing list = {.visit = visit,
                  .context = context,
                  .runtimes = calloc(WEIR_RUNTIMES_MAX, sizeof(weir_runtime)),
                  .problem = problem};
  if (list.runtimes == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a list of runtimes");
  status = weir_adapters_each(folder, list_visit, &list, problem);
  free(list.runtimes);
  return status == WEIR_OK ? list.status : status;
}
