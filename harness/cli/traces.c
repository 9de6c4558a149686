/* --traces FOLDER: every trace of a campaign, a file a case:
 * FOLDER/TARGET/CASE.jsonl, for a bug report, for comparing two runs. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "weir/spec.h"

/* Makes the folders above a file.  path is written to, and left as it was. */
static weir_status make_folders(char *path, weir_problem *problem) {
  for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    bool made = mkdir(path, 0777) == 0 || errno == EEXIST;
    if (!made) (void)weir_fail(problem, WEIR_IO, 0, "cannot make the folder %s: %s", path, strerror(errno));
    *slash = '/';
    if (!made) return WEIR_IO;
  }
  return WEIR_OK;
}

/* A target's name as that of one folder: ./libmine.so becomes .-libmine.so. */
static void name_folder(const char *target, char *out, size_t size) {
  (void)snprintf(out, size, "%s", target);
  for (char *c = out; *c != '\0'; c++)
    if (*c == '/' || *c == ' ') *c = '-';
}

weir_trace_header weir_cli_trace_header(const weir_target_result *target, const weir_case_result *one) {
  weir_trace_header header = {.spec = weir_spec_hash()};
  (void)snprintf(header.target, sizeof header.target, "%.*s", (int)sizeof header.target - 1, target->name);
  (void)snprintf(header.version, sizeof header.version, "%s", target->version);
  (void)snprintf(header.scenario, sizeof header.scenario, "%.*s", (int)sizeof header.scenario - 1, one->of->name);
  return header;
}

static weir_status write_one(const weir_target_result *target, const weir_case_result *one, const char *path,
                             weir_problem *problem) {
  weir_trace_header header = weir_cli_trace_header(target, one);
  weir_cli_output output;
  weir_status status = weir_cli_output_open(&output, path, problem);
  if (status != WEIR_OK) return status;
  weir_status written = weir_trace_write_jsonl(output.stream, &header, one->records, one->record_count);
  status = weir_cli_output_close(&output, problem);
  if (status == WEIR_OK && written != WEIR_OK)
    return weir_fail(problem, written, 0, "%s could not be written: %s", path, weir_status_name(written));
  return status;
}

weir_status weir_cli_traces_write(const char *folder, const weir_result *result, weir_problem *problem) {
  for (size_t t = 0; t < result->count; t++) {
    const weir_target_result *target = &result->targets[t];
    char name[WEIR_CASE_NAME_MAX];
    name_folder(target->name, name, sizeof name);
    for (size_t c = 0; c < target->count; c++) {
      const weir_case_result *one = &target->cases[c];
      if (one->record_count == 0) continue; /* skipped without a run */
      char path[WEIR_PLACE_MAX];
      int length = snprintf(path, sizeof path, "%s/%s/%s.jsonl", folder, name, one->of->name);
      if (length < 0 || (size_t)length >= sizeof path)
        return weir_fail(problem, WEIR_BAD_INPUT, 0, "the path of the trace of %s is too long", one->of->name);
      weir_status status = make_folders(path, problem);
      if (status == WEIR_OK) status = write_one(target, one, path, problem);
      if (status != WEIR_OK) return status;
    }
  }
  return WEIR_OK;
}
