#include "targets/runtimes.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASK_MS_MAX = 10000, PARTS = 3 };

/* ---- Versions */

/* Reads "3", "3.12" or "3.12.1": the number of parts, 0 where it is none.
 * *rest is what comes behind it. */
static unsigned version_parse(const char *text, int version[PARTS], const char **rest) {
  unsigned parts = 0;
  version[0] = version[1] = version[2] = 0;
  while (parts < PARTS && *text >= '0' && *text <= '9') {
    char *end = NULL;
    long number = strtol(text, &end, 10);
    if (number > 100000) return 0;
    version[parts++] = (int)number;
    text = end;
    if (*text != '.' || parts == PARTS) break;
    text++;
  }
  if (rest != NULL) *rest = text;
  return parts;
}

static int version_compare(const int left[PARTS], const int right[PARTS]) {
  for (unsigned i = 0; i < PARTS; i++)
    if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
  return 0;
}

/* "3.1" fits 3.1.5 and not 3.12.1. */
static bool version_fits(const int version[PARTS], const char *wanted) {
  int parts[PARTS];
  unsigned count = version_parse(wanted, parts, NULL);
  for (unsigned i = 0; i < count && i < PARTS; i++)
    if (parts[i] != version[i]) return false;
  return true;
}

static bool version_reaches(const int version[PARTS], const char *least) {
  int bound[PARTS];
  return version_parse(least, bound, NULL) == 0 || version_compare(version, bound) >= 0;
}

/* ---- Asking one */

/* Where the file is a launcher (pyenv's shims are), the interpreter itself says
 * where it is: under a launcher, the preload library would be in every program
 * that it starts on the way. */
static bool ask_python(const char *path, weir_runtime *runtime) {
  char self[WEIR_PLACE_MAX],
      *const argv[] = {self, (char[]){"-c"},
                       (char[]){"import sys; print('%d.%d.%d %s' % (tuple(sys.version_info[:3]) + (sys.executable,)))"},
                       NULL};
  char answer[WEIR_PLACE_MAX];
  (void)snprintf(self, sizeof self, "%s", path);
  if (!weir_program_ask(argv, ASK_MS_MAX, answer, sizeof answer)) return false;
  const char *rest = answer;
  if (version_parse(answer, runtime->version, &rest) != PARTS || *rest != ' ' || rest[1] != '/') return false;
  (void)snprintf(runtime->path, sizeof runtime->path, "%.*s", (int)strcspn(rest + 1, "\n"), rest + 1);
  return true;
}

/* Any other: the first version number in what --version prints. */
static bool ask_other(const char *path, weir_runtime *runtime) {
  char self[WEIR_PLACE_MAX], answer[512];
  char *const argv[] = {self, (char[]){"--version"}, NULL};
  (void)snprintf(self, sizeof self, "%s", path);
  if (!weir_program_ask(argv, ASK_MS_MAX, answer, sizeof answer)) return false;
  const char *number = strpbrk(answer, "0123456789");
  if (number == NULL || version_parse(number, runtime->version, NULL) == 0) return false;
  (void)snprintf(runtime->path, sizeof runtime->path, "%s", path);
  return true;
}

static bool is_python(const char *kind) {
  return strcmp(kind, "python3") == 0;
}

static bool ask(const char *kind, const char *path, weir_runtime *runtime) {
  return is_python(kind) ? ask_python(path, runtime) : ask_other(path, runtime);
}

/* ---- Candidates */

typedef struct candidates {
  char paths[WEIR_RUNTIMES_MAX][WEIR_PLACE_MAX];
  size_t count;
  bool no_memory; /* to look into a folder */
} candidates;

static void add(candidates *list, const char *path) {
  if (list->count == WEIR_RUNTIMES_MAX) return;
  (void)snprintf(list->paths[list->count++], WEIR_PLACE_MAX, "%s", path);
}

/* A folder that is not there, or not ours to read, has no candidates. */
static DIR *open_folder(candidates *list, const char *folder) {
  DIR *entries = opendir(folder);
  if (entries == NULL && errno == ENOMEM) list->no_memory = true;
  return entries;
}

/* python3.12 in one folder of PATH, where it fits what is wanted.  pyenv's
 * shims are passed over: they start what is found in pyenv's own folder. */
static void add_named(candidates *list, const char *folder, const char *wanted) {
  static const char stem[] = "python3.";
  size_t length = strlen(folder);
  if (length >= 6 && strcmp(folder + length - 6, "/shims") == 0) return;
  DIR *entries = open_folder(list, folder);
  if (entries == NULL) return;
  for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
    if (strncmp(entry->d_name, stem, sizeof stem - 1) != 0) continue;
    int version[PARTS];
    const char *rest = "";
    if (version_parse(entry->d_name + 6, version, &rest) != 2 || *rest != '\0') continue;
    int asked[PARTS];
    unsigned parts = version_parse(wanted, asked, NULL);
    if (parts > 1 && asked[1] != version[1]) continue;
    char path[WEIR_PLACE_MAX];
    int size = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (size > 0 && (size_t)size < sizeof path) add(list, path);
  }
  (void)closedir(entries);
}

static void add_path(candidates *list, const char *wanted) {
  const char *path = getenv("PATH");
  while (path != NULL && *path != '\0') {
    size_t length = strcspn(path, ":");
    char folder[WEIR_PLACE_MAX];
    int size = snprintf(folder, sizeof folder, "%.*s", (int)length, path);
    if (size > 0 && (size_t)size < sizeof folder) add_named(list, folder, wanted);
    path += length + (path[length] == ':');
  }
}

static void add_pyenv(candidates *list, const char *root, const char *rest, const char *wanted) {
  char folder[WEIR_PLACE_MAX], path[WEIR_PLACE_MAX];
  int size = snprintf(folder, sizeof folder, "%s%s/versions", root, rest);
  if (size < 0 || (size_t)size >= sizeof folder) return;
  DIR *entries = open_folder(list, folder);
  if (entries == NULL) return;
  for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
    /* The name tells the version; other names (PyPy, environments) are not asked for. */
    int version[PARTS];
    const char *end = "";
    if (version_parse(entry->d_name, version, &end) != PARTS || *end != '\0' || version[0] != 3 ||
        !version_fits(version, wanted))
      continue;
    size = snprintf(path, sizeof path, "%s/%s/bin/python", folder, entry->d_name);
    if (size > 0 && (size_t)size < sizeof path) add(list, path);
  }
  (void)closedir(entries);
}

static void collect(candidates *list, const char *kind, const char *wanted) {
  if (is_python(kind)) {
    add_path(list, wanted);
    const char *root = getenv("PYENV_ROOT"), *home = getenv("HOME");
    if (root != NULL && root[0] != '\0')
      add_pyenv(list, root, "", wanted);
    else if (home != NULL)
      add_pyenv(list, home, "/.pyenv", wanted);
  }
}

/* ---- Choosing */

static weir_status found_none(const char *kind, const char *wanted, const char *least, weir_problem *problem) {
  const char *where = is_python(kind) ? "on PATH or among pyenv's versions" : "on PATH";
  return weir_fail(problem, WEIR_UNAVAILABLE, 0, "no %s %s%s was found %s: install it, or name one with @/path/to/it",
                   kind, wanted[0] != '\0' ? wanted : least, wanted[0] != '\0' ? "" : " or newer", where);
}

static weir_status find_by_path(const char *kind, const char *path, const char *least, weir_runtime *runtime,
                                weir_problem *problem) {
  char program[WEIR_PLACE_MAX];
  if (!weir_program_find(path, program, sizeof program))
    return weir_fail(problem, WEIR_UNAVAILABLE, 0, "there is no program %s", path);
  if (!ask(kind, program, runtime))
    return weir_fail(problem, WEIR_UNAVAILABLE, 0, "%s does not answer as a %s does", path, kind);
  if (version_reaches(runtime->version, least)) return WEIR_OK;
  return weir_fail(problem, WEIR_UNAVAILABLE, 0, "%s is version %d.%d.%d; %s or newer is needed", path,
                   runtime->version[0], runtime->version[1], runtime->version[2], least);
}

static bool first_on_path(const char *kind, const char *wanted, const char *least, weir_runtime *runtime) {
  char program[WEIR_PLACE_MAX];
  return weir_program_find(kind, program, sizeof program) && ask(kind, program, runtime) &&
         version_fits(runtime->version, wanted) && version_reaches(runtime->version, least);
}

static weir_status no_memory(const char *kind, weir_problem *problem) {
  return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory to look for a %s", kind);
}

static bool take_newest(const candidates *list, const char *kind, const char *wanted, const char *least,
                        weir_runtime *runtime) {
  bool found = false;
  for (size_t i = 0; i < list->count; i++) {
    weir_runtime one = {.version = {0}};
    if (!ask(kind, list->paths[i], &one) || !version_fits(one.version, wanted) || !version_reaches(one.version, least))
      continue;
    if (found && version_compare(one.version, runtime->version) <= 0) continue;
    *runtime = one;
    found = true;
  }
  return found;
}

static weir_status newest(const char *kind, const char *wanted, const char *least, weir_runtime *runtime, bool *found,
                          weir_problem *problem) {
  candidates *list = calloc(1, sizeof *list);
  if (list == NULL) return no_memory(kind, problem);
  collect(list, kind, wanted);
  weir_status status = list->no_memory ? no_memory(kind, problem) : WEIR_OK;
  if (status == WEIR_OK) *found = take_newest(list, kind, wanted, least, runtime);
  free(list);
  return status;
}

weir_status weir_runtime_find(const char *kind, const char *wanted, const char *least, weir_runtime *runtime,
                              weir_problem *problem) {
  if (strchr(wanted, '/') != NULL) return find_by_path(kind, wanted, least, runtime, problem);
  const char *rest = "";
  int parts[PARTS];
  unsigned count = version_parse(wanted, parts, &rest);
  if (wanted[0] != '\0' && (count == 0 || *rest != '\0'))
    return weir_fail(problem, WEIR_BAD_INPUT, 0, "`%s` is not a version (3.12) and not a path", wanted);
  if (count > 0 && !version_reaches((int[]){parts[0], count > 1 ? parts[1] : 100000, 0}, least))
    return weir_fail(problem, WEIR_UNAVAILABLE, 0, "%s %s is too old: %s or newer is needed", kind, wanted, least);
  /* Without a version PATH decides, as it does for a person; with one, the newest that fits. */
  bool found = count == 0 && first_on_path(kind, wanted, least, runtime);
  if (found) return WEIR_OK;
  weir_status status = newest(kind, wanted, least, runtime, &found, problem);
  if (status != WEIR_OK) return status;
  found = found || (count > 0 && first_on_path(kind, wanted, least, runtime));
  return found ? WEIR_OK : found_none(kind, wanted, least, problem);
}

/* ---- Listing */

static int by_version(const void *left, const void *right) {
  return version_compare(((const weir_runtime *)left)->version, ((const weir_runtime *)right)->version);
}

/* Keeps the newest of a minor version. */
static size_t keep(weir_runtime *runtimes, size_t count, size_t most, const weir_runtime *one) {
  for (size_t i = 0; i < count; i++) {
    if (runtimes[i].version[0] != one->version[0] || runtimes[i].version[1] != one->version[1]) continue;
    if (version_compare(one->version, runtimes[i].version) > 0) runtimes[i] = *one;
    return count;
  }
  if (count < most) runtimes[count++] = *one;
  return count;
}

weir_status weir_runtimes_list(const char *kind, const char *least, weir_runtime *runtimes, size_t most, size_t *count,
                               weir_problem *problem) {
  *count = 0;
  candidates *list = calloc(1, sizeof *list);
  if (list == NULL) return no_memory(kind, problem);
  collect(list, kind, "");
  char program[WEIR_PLACE_MAX];
  if (weir_program_find(kind, program, sizeof program)) add(list, program);
  weir_status status = list->no_memory ? no_memory(kind, problem) : WEIR_OK;
  for (size_t i = 0; i < list->count && status == WEIR_OK; i++) {
    weir_runtime one = {.version = {0}};
    if (ask(kind, list->paths[i], &one) && version_reaches(one.version, least))
      *count = keep(runtimes, *count, most, &one);
  }
  free(list);
  qsort(runtimes, *count, sizeof *runtimes, by_version);
  return status;
}
