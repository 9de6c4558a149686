/* Each verb of the command, with the k-th allocation failing, for every k: a
 * clear error, nothing leaked, nothing crashed.  And the reference transport,
 * whose connection is lost for want of memory and whose rules are kept. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "memory/failing.h"
#include "protocol/check.h"
#include "reference/reference.h"
#include "scenario/random.h"
#include "story.h"
#include "weir/validator.h"

#if defined(__SANITIZE_ADDRESS__)
#define LEAKS_ARE_SEEN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAKS_ARE_SEEN 1
#endif
#endif
#ifdef LEAKS_ARE_SEEN
int __lsan_do_recoverable_leak_check(void);
#endif

static bool leaks(void) {
#ifdef LEAKS_ARE_SEEN
  return __lsan_do_recoverable_leak_check() != 0;
#else
  return false;
#endif
}

/* ---- A verb, and what it says --------------------------------------------- */
enum { WORDS_MAX = 16, SAID_MAX = 1 << 16, ALLOCATIONS_MAX = 5000, LOOK_EVERY = 16 };

typedef struct said {
  int status;
  char out[SAID_MAX], err[SAID_MAX];
} said;

typedef struct capture {
  int stream; /* 1 or 2 */
  int kept;   /* what it was */
  int memory;
} capture;

static void capture_begin(capture *self, int stream) {
  (void)fflush(NULL);
  self->stream = stream;
  self->kept = dup(stream);
  self->memory = memfd_create("said", MFD_CLOEXEC);
  ck_assert(self->kept >= 0 && self->memory >= 0 && dup2(self->memory, stream) == stream);
}

/* Everything said, and what stands in the file `output` (or NULL). */
static void capture_end(capture *self, char *text, const char *output) {
  (void)fflush(NULL);
  ssize_t size = pread(self->memory, text, SAID_MAX - 1, 0);
  ck_assert(dup2(self->kept, self->stream) == self->stream && size >= 0);
  FILE *in = output != NULL ? fopen(output, "r") : NULL;
  if (in != NULL) size += (ssize_t)fread(text + size, 1, SAID_MAX - 1 - (size_t)size, in);
  if (in != NULL) (void)fclose(in);
  text[size] = '\0';
  (void)close(self->kept);
  (void)close(self->memory);
}

/* How fast a search was is no result: "12 from seed 1, 860/s". */
static void forget_rate(char *text) {
  char *end = strstr(text, "/s\n");
  if (end == NULL) return;
  char *begin = end;
  while (begin > text && begin[-1] >= '0' && begin[-1] <= '9') begin--;
  memmove(begin, end, strlen(end) + 1);
}

typedef struct row {
  weir_cli_verb *verb;
  const char *line; /* words apart by one space */
} row;

/* Runs a verb with the k-th allocation failing.  False: there was none. */
static int drop_one(const char *path, const struct stat *about, int kind, struct FTW *where) {
  (void)about, (void)kind, (void)where;
  return remove(path);
}

/* A search goes on from what is in its folder. */
static void drop_search(void) {
  enum { OPEN_MAX_HERE = 8 };
  (void)nftw("search", drop_one, OPEN_MAX_HERE, FTW_DEPTH | FTW_PHYS);
}

static bool run_verb(const row *of, unsigned k, said *what) {
  char line[512], *words[WORDS_MAX], *rest = NULL;
  int count = 0;
  (void)snprintf(line, sizeof line, "%s", of->line);
  for (char *word = strtok_r(line, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) words[count++] = word;
  words[count] = NULL;
  const char *output = count > 2 && strcmp(words[count - 2], "--output") == 0 ? words[count - 1] : NULL;
  if (output != NULL) (void)unlink(output);
  drop_search();
  capture out, err;
  capture_begin(&out, 1);
  capture_begin(&err, 2);
  failing_begin(k);
  what->status = of->verb(count, words);
  bool failed = failing_end();
  clearerr(stdout);
  capture_end(&err, what->err, NULL);
  capture_end(&out, what->out, output);
  forget_rate(what->out);
  return failed;
}

/* ---- What the verbs are given --------------------------------------------- */
static char folder[128];

static void put_file(const char *name, const char *text, mode_t mode) {
  char path[256];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
    *slash = '\0';
    ck_assert(mkdir(path, 0777) == 0 || errno == EEXIST);
    *slash = '/';
  }
  int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  ck_assert(out >= 0 && write(out, text, strlen(text)) == (ssize_t)strlen(text));
  ck_assert_int_eq(close(out), 0);
}

static void set_up(void) {
  static bool done;
  if (done) return;
  done = true;
  ck_assert(failing_set_up());
  const char *place = getenv("TMPDIR");
  (void)snprintf(folder, sizeof folder, "%s/weir-memory-XXXXXX", place != NULL ? place : P_tmpdir);
  ck_assert_ptr_nonnull(mkdtemp(folder));
  ck_assert_int_eq(chdir(folder), 0);
  put_file("good.weir", "weir 1\ntitle good\nrules C1\npeer send 10\napp buffer_updated: close\n", 0666);
  put_file("bad.weir", "weir 1\npeer sned 10\n", 0666);
  put_file("crash.weir", "weir 1\napp when idle: abort\n", 0666);
  put_file("known.expect", "target r*\nrule C1\nversion 0.1+\nreason x\nlink https://x\ncase two\ncase a/*\n", 0666);
  put_file("bytes", "\1\2\3\4\5\6\7", 0666);
  put_file("twice.jsonl",
           "{\"trace\":1,\"target\":\"x\"}\n{\"event\":\"connection_made\"}\n{\"event\":\"connection_made\"}\n"
           "{\"event\":\"end\",\"how\":\"quiescent\"}\n",
           0666);
  put_file("share/cases/a/one.weir", "weir 1\ntitle one\npeer send 3; fin\n", 0666);
  put_file("share/cases/two.weir", "weir 1\ntitle two\nrules L1\npeer reset\n", 0666);
  put_file("stream", "hello\nyou\n", 0666);
  char template[256];
  (void)snprintf(template, sizeof template, "%s/share/export", folder);
  ck_assert_int_eq(symlink(WEIR_SOURCE_FOLDER "/conformance/export", template), 0);
  put_file("share/targets/plain/plain.target", "command run\nsummary a program\n", 0666);
  put_file("share/targets/snake/snake.target", "runtime python3 3.7\ncommand run.py\nsummary a script\n", 0666);
  put_file("path/python3.12", "#!/bin/sh\necho 3.12.1 $0\n", 0777);
  ck_assert_int_eq(setenv("WEIR_DATA", "share", 1) | setenv("PATH", "path", 1) | unsetenv("HOME"), 0);
  ck_assert_int_eq(unsetenv("PYENV_ROOT"), 0);
  ck_assert_int_eq(symlink(WEIR_BINARY_FOLDER "/plugins/faulty.so", "faulty.so"), 0);
  ck_assert_int_eq(symlink(WEIR_BINARY_FOLDER "/plugins/lines.so", "lines.so"), 0);
  ck_assert_int_eq(symlink(WEIR_BINARY_FOLDER "/programs/worker", "worker"), 0);
}

static void tear_down(void) {
  char command[160];
  (void)snprintf(command, sizeof command, "/bin/rm -rf %s", folder);
  if (system(command) != 0) (void)fprintf(stderr, "%s is still there\n", folder);
}

/* ---- Every k ---------------------------------------------------------------- */
static bool speaks_of_memory(const said *what) {
  return strcasestr(what->err, "memory") != NULL || strcasestr(what->out, "memory") != NULL;
}

/* Either all came out as if nothing had failed, or it is said that there was no memory. */
static bool is_clear(const said *what, const said *whole) {
  bool same = what->status == whole->status && strcmp(what->out, whole->out) == 0;
  if (same && strcmp(what->err, whole->err) == 0) return true;
  /* A search goes on where a run of it had no memory, and says so. */
  if (what->status == whole->status && strstr(what->out, "came to a bound of the harness") != NULL) return true;
  /* What was an error before may stay that one, without a suggestion. */
  bool refused = whole->status == WEIR_EXIT_USAGE && what->err[0] != '\0';
  return what->status == WEIR_EXIT_USAGE && (refused || speaks_of_memory(what));
}

static void check_verb(const row *of) {
  static said whole, what;
  ck_assert(!run_verb(of, 0, &whole));
  ck_assert_msg(!leaks(), "%s leaks", of->line);
  unsigned k = 1;
  for (; run_verb(of, k, &what); k++) {
    ck_assert_msg(is_clear(&what, &whole), "%s, allocation %u: status %d and not %d\nout: %.2000s\nerr: %.2000s",
                  of->line, k, what.status, whole.status, what.out, what.err);
    /* Looking takes longer than the run; what has leaked stays so. */
    if (k % LOOK_EVERY == 0) ck_assert_msg(!leaks(), "%s, allocation %u or the few before: a leak", of->line, k);
    ck_assert_uint_lt(k, ALLOCATIONS_MAX);
  }
  ck_assert_msg(!leaks(), "%s, one of the last allocations: a leak", of->line);
  ck_assert_msg(k > 1, "%s allocates nothing", of->line);
  ck_assert_msg(what.status == whole.status && strcmp(what.out, whole.out) == 0, "%s comes out otherwise now",
                of->line);
}

static void check_rows(const row *rows, size_t count) {
  for (size_t i = 0; i < count; i++) check_verb(&rows[i]);
}

static const row rows_of_test_and_replay[] = {
    {weir_cli_test, "weir_test reference"},
    {weir_cli_test, "weir_test reference --format tap --output results"},
    {weir_cli_test, "weir_test reference --format junit"},
    {weir_cli_test, "weir_test reference --format json"},
    {weir_cli_test, "weir_test reference --case two"},
    {weir_cli_test, "weir_test reference --case tow"},
    {weir_cli_test, "weir_test refrence"},
    {weir_cli_test, "weir_test reference --case two --expect known.expect --update-expectations -"},
    {weir_cli_test, "weir_test ./faulty.so --case two --update-expectations -"},
    {weir_cli_test, "weir_test reference --expect bad.weir"},
    {weir_cli_test, "weir_test reference faulty.so ./faulty.so"},
    {weir_cli_replay, "weir_replay reference good.weir share/cases"},
    {weir_cli_replay, "weir_replay reference good.weir bad.weir"},
    {weir_cli_replay, "weir_replay ./faulty.so crash.weir"},
    {weir_cli_test, "weir_test -- ./worker leave"},
    {weir_cli_shrink, "weir_shrink ./faulty.so crash.weir"},
    {weir_cli_shrink, "weir_shrink reference good.weir"},
};

START_TEST(test_and_replay) {
  check_rows(rows_of_test_and_replay, sizeof rows_of_test_and_replay / sizeof *rows_of_test_and_replay);
}
END_TEST

static const row rows_of_run[] = {
    {weir_cli_run, "weir_run reference good.weir"},
    {weir_cli_run, "weir_run reference good.weir --format jsonl --output trace.jsonl"},
    {weir_cli_run, "weir_run reference good.weir --format binary --output trace"},
    {weir_cli_run, "weir_run ./faulty.so crash.weir"},
    {weir_cli_run, "weir_run good.weir -- ./worker well"},
    {weir_cli_run, "weir_run snake@3.12 good.weir"},
    {weir_cli_run, "weir_run reference a/noe"},
};

START_TEST(run) {
  check_rows(rows_of_run, sizeof rows_of_run / sizeof *rows_of_run);
}
END_TEST

static const row rows_of_check_and_show[] = {
    {weir_cli_check, "weir_check trace.jsonl trace twice.jsonl"},
    {weir_cli_check, "weir_check trace --output out"},
    {weir_cli_show, "weir_show good.weir"},
    {weir_cli_show, "weir_show --encode good.weir"},
    {weir_cli_show, "weir_show --bytes bytes"},
    {weir_cli_show, "weir_show trace"},
    {weir_cli_show, "weir_show twice.jsonl"},
    {weir_cli_show, "weir_show a/one"},
    {weir_cli_show, "weir_show bad.weir"},
};

START_TEST(check_and_show) {
  check_rows(rows_of_check_and_show, sizeof rows_of_check_and_show / sizeof *rows_of_check_and_show);
}
END_TEST

static const row rows_of_list[] = {
    {weir_cli_list, "weir_list targets"}, {weir_cli_list, "weir_list targets --available"},
    {weir_cli_list, "weir_list rules"},   {weir_cli_list, "weir_list cases"},
    {weir_cli_list, "weir_list events"},
};

START_TEST(list) {
  check_rows(rows_of_list, sizeof rows_of_list / sizeof *rows_of_list);
}
END_TEST

/* Of the engine's memory: a protocol that gets none from its host is another matter. */
static const row rows_of_protocols[] = {
    {weir_cli_test, "weir_test ./lines.so --stream none"},
    {weir_cli_test, "weir_test ./lines.so --stream stream --case */none"},
    {weir_cli_test, "weir_test ./faulty.so --stream stream"},
    {weir_cli_test, "weir_test --stream stream -- ./worker well"},
};

START_TEST(protocols) {
  check_rows(rows_of_protocols, sizeof rows_of_protocols / sizeof *rows_of_protocols);
}
END_TEST

static const row rows_of_export[] = {
    {weir_cli_export, "weir_export good.weir"},
    {weir_cli_export, "weir_export a/one --rule L1 --output script"},
    {weir_cli_export, "weir_export two"},
    {weir_cli_export, "weir_export bad.weir"},
};

START_TEST(export) {
  check_rows(rows_of_export, sizeof rows_of_export / sizeof *rows_of_export);
}
END_TEST

static const row rows_of_fuzz[] = {
    {weir_cli_fuzz, "weir_fuzz reference --runs 8 --out search"},
    {weir_cli_fuzz, "weir_fuzz ./faulty.so --runs 6 --out search"},
    {weir_cli_fuzz, "weir_fuzz reference --runs 3 --known bad.weir --out search"},
};

START_TEST(fuzz) {
  check_rows(rows_of_fuzz, sizeof rows_of_fuzz / sizeof *rows_of_fuzz);
}
END_TEST

/* ---- The reference ----------------------------------------------------------
 * Its host is the real one, but for memory: what it is given is counted. */
typedef struct scarcity {
  const weir_host *given;
  weir_host host;
  unsigned left; /* as failing.c has it */
  bool failed;
  int blocks; /* allocated and not freed */
} scarcity;

static scarcity scarce;

static bool scarce_fails(void) {
  if (scarce.left == 0 || --scarce.left > 0) return false;
  scarce.failed = true;
  return true;
}

static void *scarce_reallocate(weir_loop *loop, void *memory, size_t size) {
  if (size > 0 && scarce_fails()) return NULL;
  void *result = scarce.given->reallocate(loop, memory, size);
  scarce.blocks += (memory == NULL && result != NULL) - (memory != NULL && size == 0);
  return result;
}

static int scarce_soon(weir_loop *loop, weir_soon_fn *soon, void *context) {
  return scarce_fails() ? -ENOMEM : scarce.given->call_soon(loop, soon, context);
}

static weir_error scarce_open(const weir_host *host, weir_socket *socket, weir_protocol *protocol,
                              weir_transport **transport) {
  scarce.given = host;
  scarce.host = *host;
  scarce.host.reallocate = scarce_reallocate;
  scarce.host.call_soon = scarce_soon;
  return weir_reference()->transport->open(&scarce.host, socket, protocol, transport);
}

/* Where connection_lost tells of ENOMEM; the end of the trace where it does not. */
static uint64_t lost_index(const weir_trace *trace) {
  uint64_t index = trace->count;
  unsigned lost = 0;
  for (uint32_t i = 0; i < trace->count; i++) {
    const weir_record *record = &trace->records[i];
    if (record->event != WEIR_EVENT_CONNECTION_LOST || !(record->flags & WEIR_FLAG_BEGIN)) continue;
    lost++;
    if (record->code == WEIR_EXCEPTION_OS && record->a == ENOMEM) index = i;
  }
  ck_assert_uint_le(lost, 1);
  return index;
}

/* That there was no memory is not in the trace, so that connection_lost(ENOMEM)
 * and what comes of it have no cause that a rule could see; all before has. */
static void check_trace(const weir_trace *trace, void *memory, const char *text, unsigned k) {
  weir_validator *validator = weir_validator_init(memory);
  weir_validator_feed(validator, trace->records, trace->count);
  ck_assert_int_eq(weir_validator_finish(validator, NULL), WEIR_JUDGED);
  size_t count = 0;
  const weir_finding *findings = weir_validator_findings(validator, &count);
  uint64_t lost = lost_index(trace);
  ck_assert(lost == trace->count || scarce.failed);
  for (size_t i = 0; i < count; i++)
    ck_assert_msg(weir_rule_get(findings[i].rule)->level == WEIR_PROFILE || findings[i].event >= lost,
                  "%sallocation %u: %s: %s", text, k, weir_rule_get(findings[i].rule)->id, findings[i].message);
  ck_assert_uint_eq(trace->records[trace->count - 1].code, WEIR_END_QUIESCENT);
}

/* False: there was no k-th. */
static bool run_scarce(const weir_scenario *scenario, weir_host_run *host, weir_record *records, void *memory,
                       const char *text, unsigned k) {
  static weir_transport_calls calls;
  static weir_target target;
  calls = *weir_reference()->transport;
  calls.open = scarce_open;
  target = *weir_reference();
  target.transport = &calls;
  scarce = (scarcity){.left = k};
  weir_trace trace;
  memset(records, 0, STORY_RECORDS * sizeof *records);
  weir_trace_init(&trace, records, STORY_RECORDS);
  uint32_t unreached = 0;
  weir_problem problem = {.text = ""};
  weir_status status = weir_host_drive(host, &target, scenario, &trace, &unreached, &problem);
  ck_assert_msg(scarce.blocks == 0, "%sallocation %u: %d blocks are left", text, k, scarce.blocks);
  if (status != WEIR_OK)
    ck_assert(scarce.failed && status == WEIR_BROKEN); /* open() failed, and the socket is as it was */
  else
    check_trace(&trace, memory, text, k);
  return scarce.failed;
}

START_TEST(reference) {
  static const char *const texts[] = {
      "peer send 100; fin\n",
      "app protocol plain\npeer send 10\npeer send 20; fin\n",
      "socket buffer 10\napp connection_made: write 5000\napp pause_writing: write 90000\napp when idle: write 90000\n",
      "socket buffer 10\npeer at start: stop\napp when idle: writelines 5 of 3000; write_eof\npeer start\npeer fin\n",
      "app buffer_updated: set_protocol plain; write 9000\nsocket buffer 3\npeer send 9\npeer send 9\npeer reset\n",
      "app get_buffer: write 300; raise\nsocket buffer 3\npeer send 9\n",
      "app eof_received: return true; write 70000\nsocket buffer 3\npeer fin\napp when idle: abort\n"};
  weir_host_run *host = weir_host_new();
  weir_record *records = malloc(STORY_RECORDS * sizeof *records);
  void *memory = malloc(weir_validator_size());
  ck_assert(host != NULL && records != NULL && memory != NULL);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    static weir_scenario scenario;
    char text[600];
    int size = snprintf(text, sizeof text, "weir 1\n%s", texts[i]);
    ck_assert_int_eq(weir_scenario_parse(text, (size_t)size, &scenario, NULL, NULL), WEIR_OK);
    unsigned k = 1;
    while (run_scarce(&scenario, host, records, memory, text, k)) ck_assert_uint_lt(++k, 100);
    ck_assert_uint_ge(k, 3);
  }
  weir_host_free(host);
  free(records);
  free(memory);
}
END_TEST

/* ---- A protocol, whose every byte is an event ---------------------------------- */
typedef struct bytes {
  weir_protocol base;
  const weir_observer *observer;
  weir_transport *transport;
  const weir_transport_calls *calls;
  char *room;
} bytes;

static weir_error bytes_made(weir_protocol *protocol, weir_transport *transport) {
  bytes *self = (bytes *)(void *)protocol;
  self->transport = transport;
  self->room = self->observer->reallocate(self->observer->log, NULL, 16);
  return self->room != NULL ? 0 : WEIR_ERROR_STATE;
}

static weir_error bytes_get(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  (void)hint;
  *buffer = (weir_buffer){.base = ((bytes *)(void *)protocol)->room, .size = 16};
  return 0;
}

static weir_error bytes_updated(weir_protocol *protocol, size_t nbytes) {
  bytes *self = (bytes *)(void *)protocol;
  for (size_t i = 0; i < nbytes; i++) self->observer->event(self->observer->log, "byte", self->room + i, 1);
  return self->calls->write(self->transport, self->room, nbytes);
}

static weir_error bytes_eof(weir_protocol *protocol, bool *keep_open) {
  (void)protocol;
  (void)keep_open;
  return 0;
}

static weir_error bytes_lost(weir_protocol *protocol, weir_error error) {
  bytes *self = (bytes *)(void *)protocol;
  (void)error;
  if (self->room != NULL) (void)self->observer->reallocate(self->observer->log, self->room, 0);
  self->room = NULL;
  return 0;
}

static weir_error bytes_pause(weir_protocol *protocol) {
  (void)protocol;
  return 0;
}

static weir_protocol *bytes_open(const weir_observer *observer, const weir_transport_calls *calls) {
  static const weir_protocol_callbacks callbacks = {.size = sizeof callbacks,
                                                    .connection_made = bytes_made,
                                                    .get_buffer = bytes_get,
                                                    .buffer_updated = bytes_updated,
                                                    .eof_received = bytes_eof,
                                                    .connection_lost = bytes_lost,
                                                    .pause_writing = bytes_pause,
                                                    .resume_writing = bytes_pause};
  bytes *self = observer->reallocate(observer->log, NULL, sizeof *self);
  if (self == NULL) return NULL;
  *self = (bytes){.base.callbacks = &callbacks, .observer = observer, .calls = calls};
  return &self->base;
}

static void bytes_release(weir_protocol *protocol) {
  bytes *self = (bytes *)(void *)protocol;
  (void)bytes_lost(protocol, 0);
  (void)self->observer->reallocate(self->observer->log, self, 0);
}

/* For every k: nothing is found, or it is said that there was no memory. */
static void check_family(weir_family family) {
  static const weir_protocol_target target = {.abi = WEIR_PROTOCOL_ABI,
                                              .size = sizeof target,
                                              .name = "bytes",
                                              .version = "1",
                                              .open = bytes_open,
                                              .release = bytes_release};
  static weir_check_report report;
  const weir_check_job job = {
      .stream = (const uint8_t *)"abcd", .size = 4, .budget = 100, .seed = 1, .window = SIZE_MAX};
  weir_problem problem;
  unsigned refused = 0;
  for (unsigned k = 1;; k++) {
    ck_assert_uint_lt(k, ALLOCATIONS_MAX);
    problem.text[0] = '\0';
    failing_begin(k);
    weir_status status = weir_check_run(&target, family, &job, &report, NULL, &problem);
    bool failed = failing_end();
    const char *word = weir_family_word(family);
    /* What it can do without, it does without. */
    ck_assert_msg(status == WEIR_OK || (failed && status == WEIR_NO_MEMORY), "%s, allocation %u: status %d, %s", word,
                  k, status, problem.text);
    ck_assert_msg(status == WEIR_OK || strstr(problem.text, "memory") != NULL ||
                      strstr(problem.text, "no protocol") != NULL,
                  "%s, allocation %u: %s", word, k, problem.text);
    ck_assert_msg(report.count == 0, "%s, allocation %u: %s", word, k, report.findings[0].message);
    refused += status == WEIR_NO_MEMORY;
    if (failed) continue;
    ck_assert_msg(refused > 3 && !leaks(), "%s: %u allocations, or a leak", word, k);
    return;
  }
}

START_TEST(protocol) {
  static const weir_family families[] = {WEIR_FAMILY_WHOLE, WEIR_FAMILY_HINTS, WEIR_FAMILY_ENDS, WEIR_FAMILY_SLOW};
  for (size_t i = 0; i < sizeof families / sizeof *families; i++) check_family(families[i]);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("memory");
  TCase *all = tcase_create("memory");
  tcase_set_timeout(all, 0);
  tcase_add_checked_fixture(all, set_up, NULL);
  tcase_add_test(all, run); /* first: it leaves traces for the others */
  tcase_add_test(all, test_and_replay);
  tcase_add_test(all, check_and_show);
  tcase_add_test(all, list);
  tcase_add_test(all, protocols);
  tcase_add_test(all, export);
  tcase_add_test(all, fuzz);
  tcase_add_test(all, reference);
  tcase_add_test(all, protocol);
  suite_add_tcase(suite, all);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  tear_down();
  return failed == 0 ? 0 : 1;
}
