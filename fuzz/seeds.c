/* Seeds for the fuzz targets, made from the suite: each case as text, as bytes,
 * and as the trace of its run on the reference in each form.
 *
 *   fuzz_seeds CASES FOLDER      FOLDER/scenario_text/0000 and so on */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/engine.h"
#include "reference/reference.h"
#include "trace/codec.h"

enum { RECORDS_MOST = 100 /* longer traces make slow seeds */ };

static FILE *create(const char *folder, const char *target, size_t number) {
  char path[4096];
  (void)snprintf(path, sizeof path, "%s/%s", folder, target);
  if (mkdir(path, 0777) != 0 && errno != EEXIST) return NULL;
  (void)snprintf(path, sizeof path, "%s/%s/%04zu", folder, target, number);
  return fopen(path, "wb");
}

static bool finish(FILE *out, bool good) {
  return fclose(out) == 0 && good;
}

static bool write_scenario(const char *folder, size_t number, const weir_case *of) {
  static char text[WEIR_TEXT_MAX];
  static uint8_t bytes[WEIR_ENCODED_MAX];
  size_t length = weir_scenario_print(of->scenario, &of->about, text, sizeof text);
  size_t size = weir_scenario_encode(of->scenario, bytes, sizeof bytes);
  FILE *out = create(folder, "scenario_text", number);
  if (out == NULL || !finish(out, fwrite(text, 1, length, out) == length)) return false;
  const char *targets[] = {"scenario_bytes", "reference"};
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
    out = create(folder, targets[i], number);
    if (out == NULL || !finish(out, fwrite(bytes, 1, size, out) == size)) return false;
  }
  return true;
}

static bool write_trace(const char *folder, size_t number, const weir_run *run) {
  if (run->count > RECORDS_MOST) return true;
  const weir_trace_header header = {.target = "reference", .version = "1", .scenario = "seed", .spec = 1};
  FILE *out = create(folder, "trace_binary", number);
  if (out == NULL || !finish(out, weir_trace_write_binary(out, &header, run->records, run->count) == WEIR_OK))
    return false;
  out = create(folder, "trace_jsonl", number);
  if (out == NULL || !finish(out, weir_trace_write_jsonl(out, &header, run->records, run->count) == WEIR_OK))
    return false;
  out = create(folder, "records", number);
  return out != NULL && finish(out, fwrite(run->records, sizeof *run->records, run->count, out) == run->count);
}

static bool write_all(const char *folder, const weir_suite *suite, weir_runner *runner) {
  for (size_t i = 0; i < suite->count; i++) {
    weir_run run;
    if (!write_scenario(folder, i, &suite->cases[i])) return false;
    if (weir_runner_run(runner, suite->cases[i].scenario, &run, NULL) != WEIR_OK) return false;
    if (!write_trace(folder, i, &run)) return false;
  }
  return true;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  weir_suite suite = {.count = 0};
  weir_runner *runner = NULL;
  weir_problem problem = {.text = ""};
  if (mkdir(argv[2], 0777) != 0 && errno != EEXIST) return 2;
  bool good = weir_suite_load(argv[1], NULL, &suite, &problem) == WEIR_OK && suite.count > 0 &&
              weir_runner_open_linked(weir_reference(), &runner, &problem) == WEIR_OK &&
              write_all(argv[2], &suite, runner);
  if (!good) (void)fprintf(stderr, "seeds: %s %s\n", problem.text, strerror(errno));
  weir_runner_close(runner);
  weir_suite_free(&suite);
  return good ? 0 : 2;
}
