#include "targets/adapters.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/word.h"

enum { LINES_MAX = 64 };

static const char suffix[] = ".target";

static weir_status read_runtime(weir_adapter *adapter, char *rest, uint32_t line, weir_problem *problem) {
  const char *kind = weir_word_next(&rest), *least = kind != NULL ? weir_word_next(&rest) : NULL;
  if (kind == NULL || strlen(kind) >= sizeof adapter->runtime)
    return weir_fail(problem, WEIR_BAD_INPUT, line, "`runtime` needs a kind and may have a least version: python3 3.7");
  (void)snprintf(adapter->runtime, sizeof adapter->runtime, "%s", kind);
  (void)snprintf(adapter->least, sizeof adapter->least, "%s", least != NULL ? least : "");
  size_t used = 0;
  for (const char *word = weir_word_next(&rest); word != NULL; word = weir_word_next(&rest)) {
    size_t size = strlen(word) + 1;
    if (used + size > sizeof adapter->options || adapter->option_count == WEIR_ADAPTER_WORDS_MAX)
      return weir_fail(problem, WEIR_BAD_INPUT, line, "the words behind the least version are too many");
    memcpy(adapter->options + used, word, size);
    used += size;
    adapter->option_count++;
  }
  return WEIR_OK;
}

static weir_status read_command(weir_adapter *adapter, char *rest, uint32_t line, weir_problem *problem) {
  size_t used = 0;
  adapter->words = 0;
  for (const char *word = weir_word_next(&rest); word != NULL; word = weir_word_next(&rest)) {
    size_t size = strlen(word) + 1;
    if (adapter->words == WEIR_ADAPTER_WORDS_MAX || used + size > sizeof adapter->command)
      return weir_fail(problem, WEIR_BAD_INPUT, line, "a command has at most %d words", WEIR_ADAPTER_WORDS_MAX);
    memcpy(adapter->command + used, word, size);
    used += size;
    adapter->words++;
  }
  return adapter->words > 0 ? WEIR_OK : weir_fail(problem, WEIR_BAD_INPUT, line, "`command` needs a file beside it");
}

static weir_status read_install(weir_adapter *adapter, char *rest, uint32_t line, weir_problem *problem) {
  const char *name = weir_word_next(&rest);
  if (name == NULL || strlen(name) >= sizeof adapter->install)
    return weir_fail(problem, WEIR_BAD_INPUT, line, "`install` needs the name of what scripts/targets installs");
  (void)snprintf(adapter->install, sizeof adapter->install, "%s", name);
  return WEIR_OK;
}

static weir_status read_carrier(weir_adapter *adapter, char *rest, uint32_t line, weir_problem *problem) {
  const char *word = weir_word_next(&rest);
  adapter->lines = word != NULL && strcmp(word, "lines") == 0;
  if (adapter->lines || (word != NULL && strcmp(word, "preload") == 0)) return WEIR_OK;
  return weir_fail(problem, WEIR_BAD_INPUT, line,
                   "`carrier` wants `lines`, or `preload`, which it is without that line");
}

static weir_status read_line(weir_adapter *adapter, char *text, uint32_t line, weir_problem *problem) {
  char *rest = text, *word = weir_word_next(&rest);
  if (word == NULL || word[0] == '#') return WEIR_OK;
  if (strcmp(word, "runtime") == 0) return read_runtime(adapter, rest, line, problem);
  adapter->is_program = adapter->is_program || strcmp(word, "program") == 0;
  if (strcmp(word, "command") == 0 || strcmp(word, "program") == 0) return read_command(adapter, rest, line, problem);
  if (strcmp(word, "carrier") == 0) return read_carrier(adapter, rest, line, problem);
  if (strcmp(word, "install") == 0) return read_install(adapter, rest, line, problem);
  if (strcmp(word, "summary") == 0) {
    rest += strspn(rest, WEIR_BLANKS);
    (void)snprintf(adapter->summary, sizeof adapter->summary, "%.*s", (int)strcspn(rest, "\r\n"), rest);
    return WEIR_OK;
  }
  return weir_fail(problem, WEIR_BAD_INPUT, line,
                   "`%.40s` is none of runtime, install, carrier, command, program and summary", word);
}

weir_status weir_adapter_parse(FILE *in, weir_adapter *adapter, weir_problem *problem) {
  char text[WEIR_ADAPTER_LINE_MAX];
  for (uint32_t line = 1; fgets(text, sizeof text, in) != NULL; line++) {
    if (line > LINES_MAX || (strchr(text, '\n') == NULL && !feof(in)))
      return weir_fail(problem, WEIR_BAD_INPUT, line, "at most %d lines of %d bytes", LINES_MAX,
                       WEIR_ADAPTER_LINE_MAX - 2);
    weir_status status = read_line(adapter, text, line, problem);
    if (status != WEIR_OK) return status;
  }
  if (ferror(in)) return weir_fail(problem, WEIR_IO, 0, "it cannot be read");
  return adapter->words > 0 ? WEIR_OK : weir_fail(problem, WEIR_BAD_INPUT, 0, "it has no `command`");
}

weir_status weir_adapter_read(const char *path, weir_adapter *adapter, weir_problem *problem) {
  *adapter = (weir_adapter){.words = 0};
  const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
  size_t size = strlen(name), folder = slash != NULL ? (size_t)(slash - path) : 0;
  if (size < sizeof suffix || size - (sizeof suffix - 1) >= sizeof adapter->name || folder >= sizeof adapter->folder)
    return weir_fail(problem, WEIR_BOUND, 0, "%s: the name is too long, or not NAME.target", path);
  (void)snprintf(adapter->name, sizeof adapter->name, "%.*s", (int)(size - (sizeof suffix - 1)), name);
  (void)snprintf(adapter->folder, sizeof adapter->folder, "%.*s", (int)folder, path);
  FILE *in = fopen(path, "re");
  if (in == NULL)
    return weir_fail(problem, errno == ENOMEM ? WEIR_NO_MEMORY : WEIR_IO, 0, "%s: %s", path, strerror(errno));
  weir_problem found = {.line = 0};
  weir_status status = weir_adapter_parse(in, adapter, &found);
  (void)fclose(in);
  if (status == WEIR_OK) return WEIR_OK;
  return weir_fail(problem, status, found.line, "%s:%u: %s", path, found.line, found.text);
}

/* ---- All of them */

typedef struct path_list {
  char *paths[WEIR_ADAPTERS_MAX];
  size_t count;
} path_list;

static bool is_target_file(const char *name) {
  size_t size = strlen(name);
  return name[0] != '.' && size >= sizeof suffix && strcmp(name + size - (sizeof suffix - 1), suffix) == 0;
}

/* A folder that cannot be read is said to be so; a file beside the folders is none. */
static weir_status folder_fault(const char *folder, weir_problem *problem) {
  if (errno == ENOTDIR) return WEIR_OK;
  if (errno == ENOMEM) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory to read the folder %s", folder);
  return weir_fail(problem, WEIR_UNAVAILABLE, 0, "%s: %s", folder, strerror(errno));
}

static weir_status collect_folder(path_list *list, const char *folder, weir_problem *problem) {
  DIR *entries = opendir(folder);
  if (entries == NULL) return folder_fault(folder, problem);
  weir_status status = WEIR_OK;
  for (struct dirent *entry = readdir(entries); entry != NULL && status == WEIR_OK && list->count < WEIR_ADAPTERS_MAX;
       entry = readdir(entries)) {
    if (!is_target_file(entry->d_name)) continue;
    char *path = NULL;
    if (asprintf(&path, "%s/%s", folder, entry->d_name) >= 0)
      list->paths[list->count++] = path;
    else
      status = weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for the list of adapters");
  }
  (void)closedir(entries);
  return status;
}

static weir_status collect_all(path_list *list, const char *place, weir_problem *problem) {
  DIR *folders = opendir(place);
  if (folders == NULL && errno == ENOENT) return WEIR_OK; /* no adapters is not an error */
  if (folders == NULL) return folder_fault(place, problem);
  weir_status status = WEIR_OK;
  for (struct dirent *entry = readdir(folders); entry != NULL && status == WEIR_OK; entry = readdir(folders)) {
    if (entry->d_name[0] == '.') continue;
    char folder[WEIR_PLACE_MAX];
    int length = snprintf(folder, sizeof folder, "%s/%s", place, entry->d_name);
    if (length < 0 || (size_t)length >= sizeof folder) continue; /* no file in it could be named */
    status = collect_folder(list, folder, problem);
  }
  (void)closedir(folders);
  return status;
}

static int by_file_name(const void *left, const void *right) {
  const char *const *l = left, *const *r = right;
  return strcmp(strrchr(*l, '/'), strrchr(*r, '/'));
}

/* A bad file is told to the visitor, and the others are still good. */
static weir_status visit_file(const char *path, weir_adapter_visit *visit, void *context, weir_problem *problem) {
  weir_adapter adapter;
  weir_problem found;
  weir_status status = weir_adapter_read(path, &adapter, &found);
  if (status == WEIR_NO_MEMORY) return weir_fail(problem, status, found.line, "%s", found.text);
  visit(context, adapter.name, status == WEIR_OK ? &adapter : NULL, status == WEIR_OK ? NULL : &found);
  return WEIR_OK;
}

weir_status weir_adapters_each(const char *data_folder, weir_adapter_visit *visit, void *context,
                               weir_problem *problem) {
  char place[WEIR_PLACE_MAX];
  int length = snprintf(place, sizeof place, "%s/targets", data_folder);
  if (length < 0 || (size_t)length >= sizeof place)
    return weir_fail(problem, WEIR_BOUND, 0, "the name of the data folder is too long");
  path_list *list = calloc(1, sizeof *list);
  if (list == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for the list of adapters");
  weir_status status = collect_all(list, place, problem);
  if (list->count > 1) qsort(list->paths, list->count, sizeof *list->paths, by_file_name);
  for (size_t i = 0; i < list->count; i++) {
    if (status == WEIR_OK) status = visit_file(list->paths[i], visit, context, problem);
    free(list->paths[i]);
  }
  free(list);
  return status;
}
