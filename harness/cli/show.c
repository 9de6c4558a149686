/* A scenario or a trace, for a person to read. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"

enum { READ_AT_ONCE = 1024, RECORDS_MAX = 1 << 22 };

typedef enum show_form { SHOW_TEXT, SHOW_BYTES, SHOW_ENCODE } show_form;

typedef struct show_options {
  const char *name;
  const char *output;
  show_form form;
} show_options;

static const struct argp_option options[] = {
    {"bytes", 'b', NULL, 0, "the input is a scenario as bytes, as a fuzzer keeps it", 0},
    {"encode", 'e', NULL, 0, "write the scenario as bytes", 0},
    {"output", 'o', "FILE", 0, "write to FILE, in one piece, in place of standard output", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  show_options *self = state->input;
  switch (key) {
  case 'b': self->form = SHOW_BYTES; return 0;
  case 'e': self->form = SHOW_ENCODE; return 0;
  case 'o': self->output = value; return 0;
  case ARGP_KEY_ARG:
    if (self->name != NULL) argp_error(state, "one thing at a time: `%s` is too much", value);
    self->name = value;
    return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .args_doc = "SCENARIO|TRACE",
    .doc = "Show a scenario in its canonical text, or a trace a line an event.\v"
           "SCENARIO is a file or the name of a case; TRACE a file, binary or JSON Lines, told by its first bytes.",
};

/* ---- Traces */

/* JSON Lines begin with an object, the binary form with its name; a scenario does neither. */
static weir_status look(const char *path, bool *is_trace, weir_problem *problem) {
  struct stat about;
  *is_trace = false;
  if (stat(path, &about) != 0 || S_ISDIR(about.st_mode)) return WEIR_OK;
  FILE *in = fopen(path, "re");
  if (in == NULL && errno == ENOMEM) return weir_fail(problem, WEIR_NO_MEMORY, 0, "%s: %s", path, strerror(errno));
  if (in == NULL) return WEIR_OK;
  char first[8] = {0};
  size_t size = fread(first, 1, sizeof first, in);
  (void)fclose(in);
  *is_trace = size > 0 && (first[0] == '{' || (size == sizeof first && memcmp(first, "WEIRTRC1", sizeof first) == 0));
  return WEIR_OK;
}

typedef struct records {
  weir_record *all;
  size_t count, capacity;
} records;

static weir_status records_grow(records *self, weir_problem *problem) {
  if (self->count + READ_AT_ONCE <= self->capacity) return WEIR_OK;
  size_t capacity = self->capacity == 0 ? (size_t)16 * READ_AT_ONCE : self->capacity * 2;
  if (capacity > RECORDS_MAX)
    return weir_fail(problem, WEIR_BOUND, 0, "a trace of more than %d events is too long to be shown", RECORDS_MAX);
  weir_record *all = realloc(self->all, capacity * sizeof *all);
  if (all == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for %zu events", capacity);
  self->all = all;
  self->capacity = capacity;
  return WEIR_OK;
}

static weir_status read_records(weir_trace_reader *reader, records *self, weir_problem *problem) {
  for (;;) {
    weir_status status = records_grow(self, problem);
    if (status != WEIR_OK) return status;
    size_t count = 0;
    status = weir_trace_reader_next(reader, self->all + self->count, READ_AT_ONCE, &count, problem);
    self->count += count;
    if (status != WEIR_OK || count == 0) return status;
  }
}

static void print_header(const weir_trace_header *header, FILE *out) {
  if (header->target[0] != '\0') (void)fprintf(out, "target    %s %s\n", header->target, header->version);
  if (header->scenario[0] != '\0') (void)fprintf(out, "scenario  %s\n", header->scenario);
  if (header->target[0] != '\0' || header->scenario[0] != '\0') (void)fputc('\n', out);
}

/* What can be read of a damaged trace is shown, and then what is wrong with it. */
static weir_status show_trace(const char *path, FILE *out, weir_problem *problem) {
  FILE *in = fopen(path, "re");
  if (in == NULL) return weir_fail(problem, WEIR_BAD_INPUT, 0, "%s: %s", path, strerror(errno));
  weir_trace_header header = {.spec = 0};
  weir_trace_reader *reader = NULL;
  weir_problem found = {.text = ""};
  records self = {.count = 0};
  weir_status status = weir_trace_reader_open(in, &reader, &header, &found);
  if (status == WEIR_OK) {
    status = read_records(reader, &self, &found);
    print_header(&header, out);
    weir_status printed = weir_cli_print_trace(self.all, self.count, out);
    if (status == WEIR_OK && printed != WEIR_OK) status = weir_fail(&found, printed, 0, "no memory to show it");
    weir_trace_reader_close(reader);
  }
  free(self.all);
  (void)fclose(in);
  return status == WEIR_OK ? status : weir_fail(problem, status, found.line, "%s:%u: %s", path, found.line, found.text);
}

/* ---- Scenarios */

static weir_status read_bytes(const char *path, weir_case *one, weir_problem *problem) {
  FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
  if (in == NULL) return weir_fail(problem, WEIR_BAD_INPUT, 0, "%s: %s", path, strerror(errno));
  uint8_t *bytes = malloc(WEIR_ENCODED_MAX);
  size_t size = bytes != NULL ? fread(bytes, 1, WEIR_ENCODED_MAX, in) : 0;
  bool failed = ferror(in) != 0;
  if (in != stdin) (void)fclose(in);
  if (bytes != NULL && !failed) weir_scenario_decode(bytes, size, one->scenario);
  bool memory = bytes != NULL;
  free(bytes);
  if (!memory) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for %s", path);
  return failed ? weir_fail(problem, WEIR_BAD_INPUT, 0, "%s cannot be read", path) : WEIR_OK;
}

static weir_status write_text(const weir_scenario *scenario, const weir_scenario_about *about, FILE *out,
                              weir_problem *problem) {
  char *text = malloc(WEIR_TEXT_MAX);
  if (text == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a text");
  size_t size = weir_scenario_print(scenario, about, text, WEIR_TEXT_MAX);
  if (size < WEIR_TEXT_MAX) (void)fwrite(text, 1, size, out);
  free(text);
  return size < WEIR_TEXT_MAX ? WEIR_OK : weir_fail(problem, WEIR_BOUND, 0, "the text is too long");
}

static weir_status write_bytes(const weir_scenario *scenario, FILE *out, weir_problem *problem) {
  uint8_t *bytes = malloc(WEIR_ENCODED_MAX);
  if (bytes == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a scenario");
  (void)fwrite(bytes, 1, weir_scenario_encode(scenario, bytes, WEIR_ENCODED_MAX), out);
  free(bytes);
  return WEIR_OK;
}

static weir_status show_bytes(const char *path, FILE *out, weir_problem *problem) {
  weir_case one = {.scenario = calloc(1, sizeof *one.scenario)};
  if (one.scenario == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a scenario");
  weir_status status = read_bytes(path, &one, problem);
  if (status == WEIR_OK) status = write_text(one.scenario, NULL, out, problem);
  free(one.scenario);
  return status;
}

static weir_status show_scenario(const show_options *self, FILE *out, weir_problem *problem) {
  weir_suite suite = {.count = 0};
  weir_status status = weir_cli_load_scenario(self->name, &suite, problem);
  if (status == WEIR_OK)
    status = self->form == SHOW_ENCODE ? write_bytes(suite.cases[0].scenario, out, problem)
                                       : write_text(suite.cases[0].scenario, &suite.cases[0].about, out, problem);
  weir_suite_free(&suite);
  return status;
}

static weir_status show(const show_options *self, bool is_trace, FILE *out, weir_problem *problem) {
  if (self->form == SHOW_BYTES) return show_bytes(self->name, out, problem);
  return is_trace ? show_trace(self->name, out, problem) : show_scenario(self, out, problem);
}

int weir_cli_show(int argc, char **argv) {
  show_options self = {.name = NULL};
  if (!weir_cli_parse(&parser, argc, argv, &self)) return WEIR_EXIT_USAGE;
  if (self.name == NULL) {
    weir_cli_say("a scenario or a trace is needed: `weir show FILE`");
    return WEIR_EXIT_USAGE;
  }
  weir_cli_output output;
  weir_problem problem = {.text = ""};
  weir_status status = weir_cli_output_open(&output, self.output, &problem);
  if (status != WEIR_OK) return weir_cli_fail(status, &problem);
  bool is_trace = false;
  if (self.form != SHOW_BYTES) status = look(self.name, &is_trace, &problem);
  if (status == WEIR_OK) status = show(&self, is_trace, output.stream, &problem);
  weir_problem writing = {.text = ""};
  weir_status closed = weir_cli_output_close(&output, &writing);
  if (status != WEIR_OK) return weir_cli_fail(status, &problem);
  return closed == WEIR_OK ? WEIR_EXIT_OK : weir_cli_fail(closed, &writing);
}
