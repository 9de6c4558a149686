/* The golden traces below conformance/golden: one folder a rule, in it traces
 * that just keep it (keeps*.jsonl) and that just break it (breaks*.jsonl), with
 * the findings that are expected in the header. */
#ifndef WEIR_TESTS_GOLDEN_H
#define WEIR_TESTS_GOLDEN_H

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/codec.h"
#include "weir/spec.h"

enum { GOLDEN_MAX = 1024, GOLDEN_RECORDS_MAX = 256, GOLDEN_EXPECT_MAX = 16, GOLDEN_NAME_MAX = 128 };

typedef struct golden_expectation {
  int rule; /* weir_rule, -1: no such rule */
  uint64_t event;
  uint8_t connection;
} golden_expectation;

typedef struct golden_trace {
  char name[GOLDEN_NAME_MAX]; /* "C1/breaks-outside" */
  int rule;                   /* of its folder */
  bool keeps;
  char title[200];
  size_t expect_count, count;
  golden_expectation expect[GOLDEN_EXPECT_MAX];
  weir_record records[GOLDEN_RECORDS_MAX];
} golden_trace;

/* Ends the test program where a trace cannot be read: loading is not inside a test, since the number of tests hangs on
 * it. */
#define golden_must(condition, ...)                                                                                    \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      (void)fprintf(stderr, __VA_ARGS__);                                                                              \
      (void)fputc('\n', stderr);                                                                                       \
      exit(EXIT_FAILURE);                                                                                              \
    }                                                                                                                  \
  } while (0)

static const char golden_folder[] = WEIR_SOURCE_FOLDER "/conformance/golden";

/* A name of a folder entry that does not begin with a dot. */
static inline int golden_shown(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

static inline void golden_expect(golden_trace *golden, const json_t *header) {
  const json_t *list = json_object_get(header, "expect");
  golden_must(json_is_array(list), "%s: the header has no list \"expect\"", golden->name);
  golden_must(json_array_size(list) <= GOLDEN_EXPECT_MAX, "%s expects too much", golden->name);
  size_t index;
  json_t *one;
  json_array_foreach(list, index, one) {
    const char *rule = json_string_value(json_object_get(one, "rule"));
    const json_t *event = json_object_get(one, "event");
    golden_must(rule != NULL && json_is_integer(event), "%s: an expectation is a rule and an event", golden->name);
    golden->expect[golden->expect_count++] = (golden_expectation){
        .rule = weir_rule_find(rule),
        .event = (uint64_t)json_integer_value(event),
        .connection = (uint8_t)json_integer_value(json_object_get(one, "connection")),
    };
    golden_must(golden->expect[index].rule >= 0, "%s: there is no rule %s", golden->name, rule);
  }
}

static inline void golden_read_header(golden_trace *golden, FILE *in) {
  char line[4096];
  golden_must(fgets(line, sizeof line, in) != NULL, "%s is empty", golden->name);
  json_t *header = json_loads(line, 0, NULL);
  golden_must(json_is_object(header), "%s: the first line is no header", golden->name);
  const char *title = json_string_value(json_object_get(header, "title"));
  golden_must(title != NULL && title[0] != 0, "%s has no title", golden->name);
  (void)snprintf(golden->title, sizeof golden->title, "%s", title);
  golden_expect(golden, header);
  json_decref(header);
  rewind(in);
}

static inline void golden_read(golden_trace *golden) {
  char path[sizeof golden_folder + GOLDEN_NAME_MAX + 8];
  golden_must((size_t)snprintf(path, sizeof path, "%s/%s.jsonl", golden_folder, golden->name) < sizeof path,
              "%s: a long name", path);
  FILE *in = fopen(path, "re");
  golden_must(in != NULL, "%s cannot be read", path);
  golden_read_header(golden, in);
  weir_problem problem = {.text = ""};
  weir_trace_reader *reader = NULL;
  weir_status status = weir_trace_reader_open(in, &reader, NULL, &problem);
  size_t count = status == WEIR_OK ? 1 : 0;
  for (golden->count = 0; status == WEIR_OK && count > 0; golden->count += count) {
    golden_must(golden->count < GOLDEN_RECORDS_MAX, "%s is too long", golden->name);
    status = weir_trace_reader_next(reader, golden->records + golden->count, GOLDEN_RECORDS_MAX - golden->count, &count,
                                    &problem);
  }
  golden_must(status == WEIR_OK, "%s:%u: %s", path, problem.line, problem.text);
  weir_trace_reader_close(reader);
  (void)fclose(in);
}

/* The names in a folder, sorted; returns how many. */
static inline size_t golden_list(const char *folder, struct dirent ***entries) {
  int count = scandir(folder, entries, golden_shown, alphasort);
  golden_must(count >= 0, "%s cannot be listed", folder);
  return (size_t)count;
}

static inline size_t golden_load_rule(const char *rule, golden_trace *traces, size_t count) {
  char folder[sizeof golden_folder + GOLDEN_NAME_MAX];
  golden_must((size_t)snprintf(folder, sizeof folder, "%s/%s", golden_folder, rule) < sizeof folder, "%s: a long name",
              folder);
  struct dirent **files = NULL;
  size_t file_count = golden_list(folder, &files);
  for (size_t i = 0; i < file_count; i++) {
    char *file = files[i]->d_name, *dot = strrchr(file, '.');
    golden_must(dot != NULL && strcmp(dot, ".jsonl") == 0, "%s/%s is no trace", folder, file);
    *dot = 0;
    golden_must(count < GOLDEN_MAX, "more than %d traces", GOLDEN_MAX);
    golden_trace *golden = &traces[count++];
    *golden = (golden_trace){.rule = weir_rule_find(rule), .keeps = strncmp(file, "keeps", 5) == 0};
    golden_must(golden->keeps || strncmp(file, "breaks", 6) == 0, "%s: the name says neither keeps nor breaks", file);
    golden_must(snprintf(golden->name, sizeof golden->name, "%s/%s", rule, file) < GOLDEN_NAME_MAX, "%s: a long name",
                file);
    golden_read(golden);
    free(files[i]);
  }
  free(files);
  return count;
}

/* All of them, GOLDEN_MAX at most; the caller frees. */
static inline golden_trace *golden_load(size_t *count) {
  golden_trace *traces = calloc(GOLDEN_MAX, sizeof *traces);
  golden_must(traces != NULL, "no memory");
  struct dirent **folders = NULL;
  size_t folder_count = golden_list(golden_folder, &folders);
  *count = 0;
  for (size_t i = 0; i < folder_count; i++) {
    golden_must(strcmp(folders[i]->d_name, "README.md") == 0 || weir_rule_find(folders[i]->d_name) >= 0,
                "%s/%s is named for no rule", golden_folder, folders[i]->d_name);
    if (weir_rule_find(folders[i]->d_name) >= 0) *count = golden_load_rule(folders[i]->d_name, traces, *count);
    free(folders[i]);
  }
  free(folders);
  return traces;
}

#endif
