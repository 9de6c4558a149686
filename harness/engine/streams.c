/* The streams: files, and the cases that they make. */
#include "engine/streams.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "protocol/serve.h"

enum { DEPTH_MAX = 16, STREAMS_MAX = 10000, PATH_SIZE = 4096 };

static weir_status read_bytes(const char *path, weir_stream_file *stream, weir_problem *problem) {
  FILE *in = fopen(path, "re");
  if (in == NULL) return weir_fail(problem, WEIR_BAD_INPUT, 0, "%s: %s", path, strerror(errno));
  size_t room = 4096;
  weir_status status = WEIR_OK;
  for (;;) {
    uint8_t *larger = realloc(stream->bytes, room);
    if (larger == NULL) {
      status = weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for %s", path);
      break;
    }
    stream->bytes = larger;
    stream->size += fread(stream->bytes + stream->size, 1, room - stream->size, in);
    if (stream->size < room) break;
    room *= 2;
    if (stream->size > WEIR_STREAM_MAX) break;
  }
  if (status == WEIR_OK && ferror(in) != 0)
    status = weir_fail(problem, WEIR_BAD_INPUT, 0, "%s: %s", path, strerror(errno));
  if (status == WEIR_OK && stream->size > WEIR_STREAM_MAX)
    status = weir_fail(problem, WEIR_BOUND, 0, "%s: a stream has at most %d bytes", path, WEIR_STREAM_MAX);
  (void)fclose(in);
  return status;
}

static weir_status load_file(weir_streams *streams, const char *path, const char *name, weir_problem *problem) {
  if (streams->count == STREAMS_MAX) return weir_fail(problem, WEIR_BOUND, 0, "more than %d streams", STREAMS_MAX);
  weir_stream_file *larger = realloc(streams->streams, (streams->count + 1) * sizeof *larger);
  if (larger == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for %s", path);
  streams->streams = larger;
  weir_stream_file *stream = &larger[streams->count++];
  *stream = (weir_stream_file){.path = strdup(path)};
  if (stream->path == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for %s", path);
  if (strlen(name) >= sizeof stream->name)
    return weir_fail(problem, WEIR_BOUND, 0, "%s: a stream's name has at most %zu bytes", path,
                     sizeof stream->name - 1);
  (void)snprintf(stream->name, sizeof stream->name, "%s", name);
  return read_bytes(path, stream, problem);
}

/* root: bytes of a path before the name. */
static weir_status load_folder(weir_streams *streams, const char *folder, size_t root, unsigned depth,
                               weir_problem *problem) {
  if (depth > DEPTH_MAX) return weir_fail(problem, WEIR_BOUND, 0, "%s: more than %d folders deep", folder, DEPTH_MAX);
  struct dirent **entries = NULL;
  int count = scandir(folder, &entries, NULL, alphasort);
  if (count < 0) return weir_fail(problem, WEIR_BAD_INPUT, 0, "%s: %s", folder, strerror(errno));
  weir_status status = WEIR_OK;
  for (int i = 0; i < count; i++) {
    char path[PATH_SIZE];
    int length = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
    bool skipped = entries[i]->d_name[0] == '.' || status != WEIR_OK;
    free(entries[i]);
    if (skipped) continue;
    struct stat about;
    if (length < 0 || (size_t)length >= sizeof path || stat(path, &about) != 0)
      status = weir_fail(problem, WEIR_BAD_INPUT, 0, "%s: %s", path, strerror(errno));
    else if (S_ISDIR(about.st_mode))
      status = load_folder(streams, path, root, depth + 1, problem);
    else
      status = load_file(streams, path, path + root, problem);
  }
  free(entries);
  return status;
}

weir_status weir_streams_load(const char *path, weir_streams *streams, weir_problem *problem) {
  struct stat about;
  if (stat(path, &about) != 0) return weir_fail(problem, WEIR_BAD_INPUT, 0, "%s: %s", path, strerror(errno));
  const char *slash = strrchr(path, '/');
  if (!S_ISDIR(about.st_mode)) return load_file(streams, path, slash != NULL ? slash + 1 : path, problem);
  char *folder = strdup(path);
  if (folder == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for %s", path);
  size_t length = strlen(folder);
  while (length > 1 && folder[length - 1] == '/') folder[--length] = '\0';
  weir_status status = load_folder(streams, folder, length + 1, 0, problem);
  free(folder);
  return status;
}

/* ---- The cases */

static void add_case(weir_streams *streams, uint32_t stream, weir_family family, const char *glob) {
  weir_case one = {.path = NULL};
  (void)snprintf(one.name, sizeof one.name, "%s/%.15s", streams->streams[stream].name, weir_family_word(family));
  if (glob != NULL && fnmatch(glob, one.name, 0) != 0) return;
  (void)snprintf(one.about.title, sizeof one.about.title, "%s", weir_family_about(family));
  (void)snprintf(one.about.rules, sizeof one.about.rules, "%s", weir_rule_get(weir_family_rule(family))->id);
  streams->cases[streams->suite.count] = (weir_stream_case){.stream = stream, .family = family};
  streams->suite.cases[streams->suite.count++] = one;
}

weir_status weir_streams_plan(weir_streams *streams, const weir_streams_options *plan, const char *glob,
                              weir_problem *problem) {
  size_t most = streams->count * WEIR_FAMILY_COUNT + 1;
  streams->suite.cases = calloc(most, sizeof *streams->suite.cases);
  streams->cases = calloc(most, sizeof *streams->cases);
  if (streams->suite.cases == NULL || streams->cases == NULL)
    return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for %zu cases", most);
  bool given = plan->deliveries[0] != NULL;
  for (uint32_t i = 0; i < streams->count; i++)
    for (int family = 0; family < WEIR_FAMILY_COUNT; family++)
      if ((family == WEIR_FAMILY_DELIVERY) == given) add_case(streams, i, (weir_family)family, glob);
  return WEIR_OK;
}

void weir_streams_free(weir_streams *streams) {
  for (size_t i = 0; i < streams->count; i++) {
    free(streams->streams[i].path);
    free(streams->streams[i].bytes);
  }
  free(streams->streams);
  free(streams->cases);
  weir_suite_free(&streams->suite);
  *streams = (weir_streams){.count = 0};
}
