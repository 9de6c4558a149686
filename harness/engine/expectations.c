/* Expectations, read from text. */
#include "engine/expectations.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/word.h"
#include "weir/spec.h"

enum { PART_MOST = 1000000, FILES_MAX = 256 };

/* ---- Versions */

/* Reads "3.12.1" up to WEIR_VERSION_PARTS numbers; the rest is left in *text. */
static bool read_version(const char **text, int parts[WEIR_VERSION_PARTS]) {
  for (unsigned i = 0; i < WEIR_VERSION_PARTS; i++) parts[i] = -1;
  for (unsigned i = 0; i < WEIR_VERSION_PARTS; i++) {
    if (**text < '0' || **text > '9') return false;
    int number = 0;
    for (; **text >= '0' && **text <= '9'; (*text)++)
      if (number < PART_MOST) number = number * 10 + (**text - '0');
    parts[i] = number;
    if (**text != '.') return true;
    (*text)++;
  }
  return false; /* one dot too many */
}

bool weir_version_range_parse(const char *text, weir_version_range *range) {
  *range = (weir_version_range){.open = false};
  if (*text == '-') {
    text++;
    return read_version(&text, range->high) && *text == '\0';
  }
  if (!read_version(&text, range->low)) return false;
  memcpy(range->high, range->low, sizeof range->high);
  if (*text == '+') {
    range->open = true;
    return text[1] == '\0';
  }
  if (*text == '\0') return true;
  return *text++ == '-' && read_version(&text, range->high) && *text == '\0';
}

/* A target may say more of itself than numbers: "3.13.0rc1" counts as 3.13.0. */
static void leading_version(const char *version, int parts[WEIR_VERSION_PARTS]) {
  while (*version != '\0' && (*version < '0' || *version > '9')) version++;
  if (!read_version(&version, parts) && parts[0] < 0) parts[0] = 0;
}

bool weir_version_range_has(const weir_version_range *range, const char *version) {
  int parts[WEIR_VERSION_PARTS];
  leading_version(version, parts);
  for (unsigned i = 0; i < WEIR_VERSION_PARTS && range->low[i] >= 0; i++) {
    int part = parts[i] >= 0 ? parts[i] : 0;
    if (part < range->low[i]) return false;
    if (part > range->low[i]) break;
  }
  if (range->open) return true;
  for (unsigned i = 0; i < WEIR_VERSION_PARTS && range->high[i] >= 0; i++) {
    int part = parts[i] >= 0 ? parts[i] : 0;
    if (part > range->high[i]) return false;
    if (part < range->high[i]) break;
  }
  return true;
}

/* ---- Parsing */

/* What one text is read into. */
typedef struct reading {
  weir_expectations *self;
  const char *targets;     /* of the section */
  weir_expectation *entry; /* the one that is being read */
  uint32_t file, line;
  weir_problem *problem;
} reading;

static weir_status bad(const reading *read, const char *text) {
  return weir_fail(read->problem, WEIR_BAD_INPUT, read->line, "%s", text);
}

/* Makes room for one more of `size` bytes. */
static bool grow(void **array, size_t count, size_t *capacity, size_t size) {
  if (count < *capacity) return true;
  size_t more = *capacity == 0 ? 32 : *capacity * 2;
  void *larger = realloc(*array, more * size);
  if (larger == NULL) return false;
  *array = larger;
  *capacity = more;
  return true;
}

/* The entry is whole: it says why, and in which cases. */
static weir_status finish_entry(reading *read) {
  const weir_expectation *entry = read->entry;
  read->entry = NULL;
  if (entry == NULL) return WEIR_OK;
  const char *id = weir_rule_get(entry->rule)->id;
  if (entry->reason == NULL)
    return weir_fail(read->problem, WEIR_BAD_INPUT, entry->line, "rule %s has no `reason`", id);
  if (entry->glob_count == 0) return weir_fail(read->problem, WEIR_BAD_INPUT, entry->line, "rule %s has no `case`", id);
  return WEIR_OK;
}

static weir_status read_target(reading *read, char *value) {
  weir_status status = finish_entry(read);
  read->targets = value;
  return status;
}

static weir_status read_rule(reading *read, char *value) {
  weir_status status = finish_entry(read);
  if (status != WEIR_OK) return status;
  weir_expectations *self = read->self;
  if (read->targets == NULL) return bad(read, "a `target` comes before the first `rule`");
  int rule = weir_rule_find(value);
  if (rule < 0)
    return weir_fail(read->problem, WEIR_BAD_INPUT, read->line, "there is no rule %.40s: see `weir list rules`", value);
  if (weir_rule_get((unsigned)rule)->level == WEIR_PROFILE)
    return weir_fail(read->problem, WEIR_BAD_INPUT, read->line, "%s is a PROFILE: nothing can deviate from it", value);
  if (self->count == WEIR_EXPECTATIONS_MAX)
    return weir_fail(read->problem, WEIR_BOUND, read->line, "more than %d entries", WEIR_EXPECTATIONS_MAX);
  void *entries = self->entries;
  bool room = grow(&entries, self->count, &self->capacity, sizeof *self->entries);
  self->entries = entries;
  if (!room) return weir_fail(read->problem, WEIR_NO_MEMORY, read->line, "no memory for %zu entries", self->count + 1);
  read->entry = &self->entries[self->count++];
  *read->entry = (weir_expectation){.rule = (unsigned)rule,
                                    .line = read->line,
                                    .file = read->file,
                                    .targets = read->targets,
                                    .first_glob = self->glob_count};
  return WEIR_OK;
}

static weir_status read_versions(reading *read, char *value) {
  weir_expectation *entry = read->entry;
  if (entry->version != NULL)
    return bad(read, "an entry has one line `version`, with several ranges where it takes them");
  entry->version = value;
  for (const char *at = value + strspn(value, WEIR_BLANKS); *at != '\0'; at += strspn(at, WEIR_BLANKS)) {
    char word[64];
    size_t size = strcspn(at, WEIR_BLANKS);
    (void)snprintf(word, sizeof word, "%.*s", (int)size, at);
    if (entry->version_count == WEIR_EXPECTATION_VERSIONS_MAX)
      return weir_fail(read->problem, WEIR_BOUND, read->line, "at most %d ranges", WEIR_EXPECTATION_VERSIONS_MAX);
    if (size >= sizeof word || !weir_version_range_parse(word, &entry->versions[entry->version_count++]))
      return weir_fail(read->problem, WEIR_BAD_INPUT, read->line,
                       "`%.40s` is no range of versions: 3.12, 3.7+, -3.10 or 3.12.0-3.12.8", word);
    at += size;
  }
  return WEIR_OK;
}

static weir_status read_reason(reading *read, const char *value) {
  if (read->entry->reason != NULL) return bad(read, "an entry has one `reason`");
  if (strlen(value) >= WEIR_REASON_MAX)
    return weir_fail(read->problem, WEIR_BOUND, read->line, "a reason has at most %d bytes", WEIR_REASON_MAX - 1);
  read->entry->reason = value;
  return WEIR_OK;
}

static weir_status read_link(reading *read, const char *value) {
  if (read->entry->link != NULL) return bad(read, "an entry has one `link`");
  if (strncmp(value, "https://", 8) != 0 && strncmp(value, "http://", 7) != 0)
    return bad(read, "a link begins with https://");
  read->entry->link = value;
  return WEIR_OK;
}

static weir_status read_cases(reading *read, char *value) {
  weir_expectations *self = read->self;
  for (const char *word = weir_word_next(&value); word != NULL; word = weir_word_next(&value)) {
    if (strlen(word) >= WEIR_CASE_NAME_MAX)
      return weir_fail(read->problem, WEIR_BOUND, read->line, "the name of a case has at most %d bytes",
                       WEIR_CASE_NAME_MAX - 1);
    void *globs = self->globs;
    bool room = grow(&globs, self->glob_count, &self->glob_capacity, sizeof *self->globs);
    self->globs = globs;
    if (!room) return weir_fail(read->problem, WEIR_NO_MEMORY, read->line, "no memory for the names of cases");
    self->globs[self->glob_count++] =
        (weir_expectation_glob){.text = word, .line = read->line, .plain = strpbrk(word, "*?[\\") == NULL};
    read->entry->glob_count++;
  }
  return WEIR_OK;
}

static weir_status read_line(reading *read, char *text) {
  size_t length = strlen(text);
  while (length > 0 && strchr(WEIR_BLANKS, text[length - 1]) != NULL) text[--length] = '\0';
  for (const char *c = text; *c != '\0'; c++)
    if ((unsigned char)*c < ' ' && *c != '\t') return bad(read, "a control character");
  char *value = text;
  const char *word = weir_word_next(&value);
  if (word == NULL || word[0] == '#') return WEIR_OK;
  value += strspn(value, WEIR_BLANKS);
  static const char *const words[] = {"target", "rule", "version", "reason", "link", "case"};
  size_t which = 0;
  while (which < sizeof words / sizeof *words && strcmp(word, words[which]) != 0) which++;
  if (which == sizeof words / sizeof *words)
    return weir_fail(read->problem, WEIR_BAD_INPUT, read->line,
                     "`%.40s` is none of target, rule, version, reason, link and case", word);
  if (*value == '\0') return weir_fail(read->problem, WEIR_BAD_INPUT, read->line, "`%s` needs a value", word);
  if (which > 1 && read->entry == NULL)
    return weir_fail(read->problem, WEIR_BAD_INPUT, read->line, "a `rule` comes before the first `%s`", word);
  switch (which) {
  case 0: return read_target(read, value);
  case 1: return read_rule(read, value);
  case 2: return read_versions(read, value);
  case 3: return read_reason(read, value);
  case 4: return read_link(read, value);
  default: return read_cases(read, value);
  }
}

static weir_status read_text(reading *read, char *text) {
  weir_status status = WEIR_OK;
  while (text != NULL && status == WEIR_OK) {
    char *end = strchr(text, '\n');
    if (end != NULL) *end = '\0';
    read->line++;
    status = read_line(read, text);
    text = end != NULL ? end + 1 : NULL;
  }
  return status == WEIR_OK ? finish_entry(read) : status;
}

/* ---- Texts and files */

static weir_status add_file(weir_expectations *self, const char *path, const char *text, size_t size,
                            weir_problem *problem) {
  if (self->file_count == FILES_MAX) return weir_fail(problem, WEIR_BOUND, 0, "more than %d files", FILES_MAX);
  weir_expectation_file *files = realloc(self->files, (self->file_count + 1) * sizeof *files);
  if (files == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a file of expectations");
  self->files = files;
  weir_expectation_file file = {.path = strdup(path), .text = malloc(size + 1)};
  if (file.path == NULL || file.text == NULL) {
    free(file.path);
    free(file.text);
    return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a file of expectations");
  }
  memcpy(file.text, text, size);
  file.text[size] = '\0';
  self->files[self->file_count++] = file;
  return WEIR_OK;
}

weir_status weir_expectations_parse(const char *text, size_t size, const char *path, weir_expectations *self,
                                    weir_problem *problem) {
  if (size > WEIR_EXPECTATIONS_SIZE_MAX)
    return weir_fail(problem, WEIR_BOUND, 0, "a file of expectations has at most %d bytes", WEIR_EXPECTATIONS_SIZE_MAX);
  if (memchr(text, '\0', size) != NULL) return weir_fail(problem, WEIR_BAD_INPUT, 0, "this is no text: it holds a NUL");
  weir_status status = add_file(self, path, text, size, problem);
  if (status != WEIR_OK) return status;
  size_t entries = self->count, globs = self->glob_count;
  weir_expectation_file *file = &self->files[self->file_count - 1];
  reading read = {.self = self, .file = (uint32_t)self->file_count - 1, .problem = problem};
  status = read_text(&read, file->text);
  if (status == WEIR_OK) return WEIR_OK;
  self->count = entries;
  self->glob_count = globs;
  self->file_count--;
  free(file->path);
  free(file->text);
  return status;
}

static weir_status read_file(const char *path, char *text, size_t *size, weir_problem *problem) {
  FILE *in = fopen(path, "re");
  if (in == NULL)
    return weir_fail(problem, errno == ENOMEM ? WEIR_NO_MEMORY : WEIR_BAD_INPUT, 0, "%s", strerror(errno));
  *size = fread(text, 1, WEIR_EXPECTATIONS_SIZE_MAX + 1, in);
  int reason = ferror(in) != 0 ? errno : 0;
  (void)fclose(in);
  return reason == 0 ? WEIR_OK : weir_fail(problem, WEIR_BAD_INPUT, 0, "%s", strerror(reason));
}

weir_status weir_expectations_load(const char *path, weir_expectations *self, weir_problem *problem) {
  size_t size = 0;
  char *text = malloc(WEIR_EXPECTATIONS_SIZE_MAX + 1);
  if (text == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "%s: no memory", path);
  weir_problem found = {.text = ""};
  weir_status status = read_file(path, text, &size, &found);
  if (status == WEIR_OK) status = weir_expectations_parse(text, size, path, self, &found);
  free(text);
  if (status == WEIR_OK) return WEIR_OK;
  if (found.line == 0) return weir_fail(problem, status, 0, "%s: %s", path, found.text);
  return weir_fail(problem, status, found.line, "%s:%u: %s", path, found.line, found.text);
}

void weir_expectations_free(weir_expectations *self) {
  for (size_t i = 0; i < self->file_count; i++) {
    free(self->files[i].path);
    free(self->files[i].text);
  }
  free(self->files);
  free(self->entries);
  free(self->globs);
  *self = (weir_expectations){.count = 0};
}
