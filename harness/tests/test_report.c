/* Reports: the same result in every format, and a failure on one screen. */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report/formats.h"
#include "report/legal.h"
#include "report/text.h"
#include "report/window.h"
#include "trace/codec.h"

enum { CASES = 6, TARGETS = 3, FINDINGS = 3, RECORDS = 40 };

/* A result that lives on the stack of a test. */
typedef struct example {
  weir_result result;
  weir_target_result targets[TARGETS];
  weir_case_result cases[TARGETS][CASES];
  weir_finding findings[TARGETS][CASES][FINDINGS];
  weir_case suite[CASES];
  weir_record records[RECORDS];
} example;

/* close() inside get_buffer, and data delivered all the same. */
static const weir_record broken[] = {
    {.event = WEIR_EVENT_OPEN, .code = 1, .a = UINT32_MAX},
    {.event = WEIR_EVENT_CONNECTION_MADE, .flags = 3},
    {.event = WEIR_EVENT_WATCH, .a = 1},
    {.event = WEIR_EVENT_PEER_SEND, .a = 10},
    {.event = WEIR_EVENT_GET_BUFFER, .flags = 1, .a = (uint32_t)-1},
    {.event = WEIR_EVENT_CLOSE, .flags = 1},
    {.event = WEIR_EVENT_WATCH, .a = 0},
    {.event = WEIR_EVENT_CLOSE, .flags = 2},
    {.event = WEIR_EVENT_GET_BUFFER, .flags = 2, .b = 64},
    {.event = WEIR_EVENT_RECV, .a = 64, .b = 10},
    {.event = WEIR_EVENT_BUFFER_UPDATED, .flags = 3, .code = WEIR_DATA_STREAM, .a = 10},
    {.event = WEIR_EVENT_CONNECTION_LOST, .flags = 3},
    {.event = WEIR_EVENT_SOCKET_CLOSE},
    {.event = WEIR_EVENT_END},
};
enum { BROKEN_COUNT = sizeof broken / sizeof broken[0] };

static void name_case(weir_case *of, const char *name, const char *title) {
  (void)snprintf(of->name, sizeof of->name, "%s", name);
  (void)snprintf(of->about.title, sizeof of->about.title, "%s", title);
}

static void find(weir_case_result *result, weir_finding *finding, weir_rule rule, uint64_t event, uint64_t since,
                 const char *message) {
  *finding = (weir_finding){.rule = (uint8_t)rule, .count = 1, .event = event, .since = since};
  (void)snprintf(finding->message, sizeof finding->message, "%s", message);
  (void)snprintf(result->reason, sizeof result->reason, "%s", message);
  result->findings = finding - result->finding_count;
  result->finding_count++;
}

static void tally(weir_target_result *target) {
  memset(target->tally, 0, sizeof target->tally);
  for (size_t i = 0; i < target->count; i++) target->tally[target->cases[i].verdict]++;
}

/* The reference passes, a CPython fails in two ways, one is not there. */
static void fill(example *x) {
  memset(x, 0, sizeof *x);
  static const char *const names[] = {"close/in-get_buffer", "close/in-buffer_updated", "eof/true",
                                      "lifecycle/empty",     "pause/in-get_buffer",     "write/half"};
  for (size_t i = 0; i < CASES; i++) name_case(&x->suite[i], names[i], "a title");
  name_case(&x->suite[0], names[0], "close() inside get_buffer: nothing is delivered after it");
  static const char *const targets[] = {"reference", "asyncio@3.12", "asyncio@3.6"};
  static const char *const versions[] = {WEIR_VERSION, "3.12.1", ""};
  for (size_t t = 0; t < TARGETS; t++) {
    weir_target_result *target = &x->targets[t];
    (void)snprintf(target->name, sizeof target->name, "%s", targets[t]);
    (void)snprintf(target->version, sizeof target->version, "%s", versions[t]);
    target->cases = x->cases[t];
    target->count = t < 2 ? CASES : 0;
    for (size_t i = 0; i < CASES; i++) {
      x->cases[t][i].of = &x->suite[i];
      x->cases[t][i].exercised[0] = x->cases[t][i].exercised[1] = UINT64_MAX;
    }
  }
  weir_case_result *cases = x->cases[1];
  memcpy(x->records, broken, sizeof broken);
  cases[0].verdict = WEIR_FAIL;
  cases[0].records = x->records;
  cases[0].record_count = BROKEN_COUNT;
  find(&cases[0], &x->findings[1][0][0], WEIR_RULE_C1, 10, 5,
       "buffer_updated(10) after close() began inside get_buffer; after close() only connection_lost may follow");
  cases[1].verdict = WEIR_WARN;
  find(&cases[1], &x->findings[1][1][0], WEIR_RULE_C8, 12, 9, "get_buffer(-1) after close()");
  cases[2].verdict = WEIR_SKIP;
  (void)snprintf(cases[2].reason, sizeof cases[2].reason, "needs half_close, which the target does not declare");
  cases[3].verdict = WEIR_ERROR;
  (void)snprintf(cases[3].reason, sizeof cases[3].reason, "the adapter said \"no\" & <left>");
  cases[4].verdict = WEIR_FAIL;
  find(&cases[4], &x->findings[1][4][0], WEIR_RULE_C1, 3, 3, "again");
  find(&cases[4], &x->findings[1][4][1], WEIR_RULE_P7, 4, 2, "buffer_updated(10) while paused");
  (void)snprintf(x->targets[2].unavailable, sizeof x->targets[2].unavailable, "no python3.6 on PATH");
  for (size_t t = 0; t < TARGETS; t++) tally(&x->targets[t]);
  x->result = (weir_result){.targets = x->targets, .count = TARGETS, .seed = 7};
}

static char *reported(const weir_result *result, weir_format format, const weir_report_options *options) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  ck_assert_ptr_nonnull(out);
  ck_assert_int_eq(weir_report_write(result, format, options, out), WEIR_OK);
  ck_assert_int_eq(fclose(out), 0);
  return text;
}

static char *explained(const example *x, size_t target, size_t of, const weir_finding *finding,
                       const weir_report_options *options) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  ck_assert_ptr_nonnull(out);
  ck_assert_int_eq(weir_report_finding(&x->targets[target], &x->cases[target][of], finding, options, out), WEIR_OK);
  ck_assert_int_eq(fclose(out), 0);
  return text;
}

static void assert_has(const char *text, const char *part) {
  ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in this:\n%.3000s", part, text);
}

static void assert_fits(const char *text, unsigned columns, unsigned lines_max) {
  unsigned lines = 0;
  for (const char *line = text; *line != 0; lines++) {
    const char *end = strchr(line, '\n');
    ck_assert_msg(end != NULL, "a line without an end: %.200s", line);
    char one[4096];
    ck_assert_uint_lt((size_t)(end - line), sizeof one);
    memcpy(one, line, (size_t)(end - line));
    one[end - line] = 0;
    ck_assert_msg(weir_text_columns(one) <= columns, "%u columns: %.300s", weir_text_columns(one), one);
    line = end + 1;
  }
  ck_assert_msg(lines <= lines_max, "%u lines:\n%.3000s", lines, text);
}

/* ---- Random results */

static uint64_t random_next(uint64_t *seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  *seed ^= *seed << 17;
  return *seed;
}

/* Text as nobody wants it: any byte, quotes, long words, wide letters. */
static void random_text(uint64_t *seed, char *out, size_t size) {
  static const char *const pieces[] = {"a",        " ",
                                       "word ",    "'",
                                       "\"",       "\\",
                                       "<&>",      "]]>",
                                       "\n",       "\x1b[2J",
                                       "\xC3\xA9", "\xE4\xB8\xAD",
                                       "\xFF",     "\xE2\x80\xAE",
                                       "# ",       "\xEF\xBF\xBF",
                                       "$(x)`",    "longlonglonglonglonglong"};
  enum { PIECES = sizeof pieces / sizeof pieces[0] };
  size_t length = random_next(seed) % 3 == 0 ? size - 1 : random_next(seed) % size;
  bool tame = random_next(seed) % 2;
  out[0] = 0;
  for (size_t used = 0; used < length;) {
    const char *piece = pieces[tame ? random_next(seed) % 3 : random_next(seed) % PIECES];
    if (used + strlen(piece) >= size) break;
    strcpy(out + used, piece);
    used += strlen(piece);
  }
}

static void randomize(uint64_t *seed, example *x) {
  fill(x);
  for (size_t i = 0; i < CASES; i++) {
    random_text(seed, x->suite[i].name, sizeof x->suite[i].name);
    random_text(seed, x->suite[i].about.title, sizeof x->suite[i].about.title);
  }
  for (size_t t = 0; t < TARGETS; t++) {
    weir_target_result *target = &x->targets[t];
    random_text(seed, target->name, sizeof target->name);
    random_text(seed, target->version, sizeof target->version);
    target->unavailable[0] = 0;
    target->count = CASES;
    if (random_next(seed) % 4 == 0) {
      random_text(seed, target->unavailable, sizeof target->unavailable);
      target->count = target->unavailable[0] != 0 ? 0 : CASES;
    }
    for (size_t i = 0; i < CASES; i++) {
      weir_case_result *of = &x->cases[t][i];
      *of = (weir_case_result){.of = &x->suite[i], .verdict = (weir_verdict)(random_next(seed) % WEIR_VERDICT_COUNT)};
      random_text(seed, of->reason, sizeof of->reason);
      of->findings = x->findings[t][i];
      of->finding_count = of->verdict == WEIR_FAIL || of->verdict == WEIR_WARN ? 1 + random_next(seed) % FINDINGS : 0;
      for (size_t f = 0; f < of->finding_count; f++) {
        weir_finding *finding = &of->findings[f];
        *finding = (weir_finding){.rule = (uint8_t)(random_next(seed) % WEIR_RULE_COUNT),
                                  .count = (uint32_t)random_next(seed),
                                  .event = random_next(seed) % (RECORDS + 2),
                                  .since = random_next(seed) % (RECORDS + 2)};
        random_text(seed, finding->message, sizeof finding->message);
      }
      of->records = x->records;
      of->record_count = (uint32_t)(random_next(seed) % (RECORDS + 1));
    }
    tally(target);
  }
  for (size_t i = 0; i < RECORDS; i++)
    x->records[i] = (weir_record){.event = (uint8_t)(random_next(seed) % (WEIR_EVENT_COUNT + 2)),
                                  .connection = (uint8_t)random_next(seed),
                                  .flags = (uint8_t)random_next(seed),
                                  .code = (uint8_t)random_next(seed),
                                  .a = (uint32_t)random_next(seed),
                                  .b = random_next(seed)};
}

/* ---- The table */

START_TEST(table_word_for_word) {
  static const char rows[] = "target       version cases pass warn fail skip error  rules broken\n"
                             "reference    0.1.0       6    6    0    0    0     0\n"
                             "asyncio@3.12 3.12.1      6    1    1    2    1     1  P7 C1 (C8)\n"
                             "asyncio@3.6  not available: no python3.6 on PATH\n"
                             "\n"
                             "asyncio@3.12\n"
                             "  MUST   P7      1 case  pause/in-get_buffer\n"
                             "              ";
  example x;
  fill(&x);
  char *text = reported(&x.result, WEIR_FORMAT_TABLE, NULL);
  ck_assert_int_eq(strncmp(text, rows, strlen(rows)), 0);
  assert_has(text, "\n  MUST   C1      2 cases close/in-get_buffer\n              ");
  assert_has(text, "\n  SHOULD C8      1 case  close/in-buffer_updated\n              ");
  assert_has(text, "\n  error          1 case  lifecycle/empty\n"
                   "              the adapter said \"no\" & <left>\n"
                   "  skip           1 case  eof/true\n"
                   "              needs half_close, which the target does not declare\n"
                   "  to see one:   weir run asyncio@3.12 close/in-get_buffer\n");
  free(text);
}
END_TEST

START_TEST(table_has_color_only_when_asked) {
  example x;
  fill(&x);
  char *plain = reported(&x.result, WEIR_FORMAT_TABLE, &(weir_report_options){.width = 100});
  ck_assert_ptr_null(strchr(plain, '\033'));
  char *painted = reported(&x.result, WEIR_FORMAT_TABLE, &(weir_report_options){.color = true});
  assert_has(painted, "\033[31m   2\033[0m");
  free(plain);
  free(painted);
}
END_TEST

START_TEST(table_tells_what_was_not_tested) {
  example x;
  fill(&x);
  for (size_t i = 0; i < CASES; i++)
    x.cases[0][i].exercised[WEIR_RULE_L12 / 64] &= ~(UINT64_C(1) << WEIR_RULE_L12 % 64);
  char *text = reported(&x.result, WEIR_FORMAT_TABLE, NULL);
  assert_has(text, "\nreference\n  untested    L12\n");
  free(text);
}
END_TEST

START_TEST(table_is_80_columns_wide) {
  uint64_t seed = 3;
  for (unsigned round = 0; round < 150; round++) {
    example x;
    randomize(&seed, &x);
    char *text = reported(&x.result, WEIR_FORMAT_TABLE, NULL);
    /* The command to be copied is never broken. */
    for (char *line = strstr(text, "  to see one:"); line != NULL; line = strstr(line, "  to see one:"))
      memmove(line, strchr(line, '\n'), strlen(strchr(line, '\n')) + 1);
    assert_fits(text, 80, 400);
    free(text);
  }
}
END_TEST

/* ---- TAP */

START_TEST(tap_word_for_word) {
  example x;
  fill(&x);
  char *text = reported(&x.result, WEIR_FORMAT_TAP, NULL);
  assert_has(text, "TAP version 14\n1..13\nok 1 - reference close/in-get_buffer\n");
  assert_has(text,
             "not ok 7 - asyncio@3.12 close/in-get_buffer\n"
             "  ---\n"
             "  verdict: fail\n"
             "  reason: \"buffer_updated(10) after close() began inside get_buffer; after close() only connection_lost "
             "may follow\"\n"
             "  findings:\n"
             "    - rule: C1\n"
             "      level: MUST\n"
             "      event: 10\n"
             "      message: \"buffer_updated(10) after close() began inside get_buffer; after close() only "
             "connection_lost may follow\"\n"
             "  ...\n"
             "ok 8 - asyncio@3.12 close/in-buffer_updated\n"
             "  ---\n"
             "  verdict: warn\n");
  assert_has(text, "\nok 9 - asyncio@3.12 eof/true # SKIP needs half_close, which the target does not declare\n");
  assert_has(text, "\nnot ok 10 - asyncio@3.12 lifecycle/empty\n");
  assert_has(text, "\nok 13 - asyncio@3.6 # SKIP not available: no python3.6 on PATH\n");
  free(text);
}
END_TEST

START_TEST(tap_counts) {
  uint64_t seed = 5;
  for (unsigned round = 0; round < 100; round++) {
    example x;
    randomize(&seed, &x);
    char *text = reported(&x.result, WEIR_FORMAT_TAP, NULL);
    unsigned plan = 0, points = 0, failed = 0;
    ck_assert_int_eq(sscanf(text, "TAP version 14\n1..%u", &plan), 1);
    for (const char *line = text; *line != 0; line = strchr(line, '\n') + 1) {
      unsigned number = 0;
      if (sscanf(line, "ok %u -", &number) == 1 || sscanf(line, "not ok %u -", &number) == 1)
        ck_assert_uint_eq(number, ++points);
      failed += strncmp(line, "not ok", 6) == 0;
    }
    size_t bad = 0;
    for (size_t t = 0; t < TARGETS; t++) bad += x.targets[t].tally[WEIR_FAIL] + x.targets[t].tally[WEIR_ERROR];
    ck_assert_uint_eq(plan, points);
    ck_assert_uint_eq(failed, bad);
    free(text);
  }
}
END_TEST

START_TEST(tap_of_nothing) {
  char *text = reported(&(weir_result){.count = 0}, WEIR_FORMAT_TAP, NULL);
  ck_assert_str_eq(text, "TAP version 14\n1..0 # SKIP nothing was run\n");
  free(text);
}
END_TEST

/* ---- JUnit */

/* Reads one tag or text from *at; the names of open elements are kept on a
 * stack.  Knows what weir writes, and that strictly. */
typedef struct xml {
  const char *at;
  char open[8][32];
  unsigned depth;
  unsigned cases, failures, errors, skipped;
} xml;

static void skip_entity(xml *x) {
  static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#9;", "&#10;", "&#13;"};
  for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++)
    if (strncmp(x->at, entities[i], strlen(entities[i])) == 0) {
      x->at += strlen(entities[i]);
      return;
    }
  ck_abort_msg("an unknown entity: %.20s", x->at);
}

/* check notes each of its assertions in a file, which is too slow for one a letter. */
static void must(bool kept, const char *complaint, const char *at) {
  if (!kept) ck_abort_msg("%s: %.40s", complaint, at);
}

static void skip_letters(xml *x, const char *until) {
  while (*x->at != 0 && strchr(until, *x->at) == NULL) {
    if (*x->at == '&') {
      skip_entity(x);
      continue;
    }
    must(*x->at != '<', "a '<' in a value", x->at);
    const char *before = x->at;
    uint32_t code = weir_utf8_next(&x->at);
    bool given = strncmp(before, "\xEF\xBF\xBD", 3) == 0;
    must(code != WEIR_UTF8_REPLACEMENT || given, "no UTF-8", before);
    must(code >= 0x20 || code == '\n', "a control character", before);
    must(code != 0xFFFE && code != 0xFFFF, "no character of XML", before);
  }
}

static void read_tag(xml *x) {
  char name[32];
  bool closes = x->at[1] == '/';
  size_t length = strcspn(x->at + 1 + closes, " />");
  ck_assert_uint_lt(length, sizeof name);
  memcpy(name, x->at + 1 + closes, length);
  name[length] = 0;
  x->at += 1 + closes + length;
  if (closes) {
    ck_assert_uint_gt(x->depth, 0);
    ck_assert_str_eq(x->open[--x->depth], name);
    ck_assert_int_eq(*x->at++, '>');
    return;
  }
  x->cases += strcmp(name, "testcase") == 0;
  x->failures += strcmp(name, "failure") == 0;
  x->errors += strcmp(name, "error") == 0;
  x->skipped += strcmp(name, "skipped") == 0;
  while (*x->at == ' ') {
    x->at += strcspn(x->at, "=") + 1;
    ck_assert_int_eq(*x->at++, '"');
    skip_letters(x, "\"");
    ck_assert_int_eq(*x->at++, '"');
  }
  if (strncmp(x->at, "/>", 2) == 0) {
    x->at += 2;
    return;
  }
  ck_assert_int_eq(*x->at++, '>');
  ck_assert_uint_lt(x->depth, 8);
  strcpy(x->open[x->depth++], name);
}

static void read_xml(xml *x, const char *text) {
  static const char first[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  ck_assert_int_eq(strncmp(text, first, strlen(first)), 0);
  *x = (xml){.at = text + strlen(first)};
  do {
    ck_assert_int_eq(*x->at, '<');
    read_tag(x);
    skip_letters(x, "<");
  } while (*x->at != 0);
  ck_assert_uint_eq(x->depth, 0);
}

START_TEST(junit_is_well_formed) {
  uint64_t seed = 9;
  for (unsigned round = 0; round < 150; round++) {
    example x;
    randomize(&seed, &x);
    char *text = reported(&x.result, WEIR_FORMAT_JUNIT, NULL);
    xml read;
    read_xml(&read, text);
    size_t tests, failures, errors, skipped;
    ck_assert_int_eq(sscanf(strstr(text, "<testsuites"),
                            "<testsuites name=\"weir\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\">",
                            &tests, &failures, &errors, &skipped),
                     4);
    ck_assert_uint_eq(read.cases, tests);
    ck_assert_uint_eq(read.failures, failures);
    ck_assert_uint_eq(read.errors, errors);
    ck_assert_uint_eq(read.skipped, skipped);
    free(text);
  }
}
END_TEST

START_TEST(junit_word_for_word) {
  example x;
  fill(&x);
  char *text = reported(&x.result, WEIR_FORMAT_JUNIT, NULL);
  assert_has(text, "<testsuites name=\"weir\" tests=\"13\" failures=\"2\" errors=\"1\" skipped=\"2\">\n");
  assert_has(text, "  <testsuite name=\"asyncio@3.12\" tests=\"6\" failures=\"2\" errors=\"1\" skipped=\"1\">\n");
  assert_has(text, "      <property name=\"version\" value=\"3.12.1\"/>\n");
  assert_has(text, "    <testcase classname=\"reference\" name=\"close/in-get_buffer\"/>\n");
  assert_has(text, "    <testcase classname=\"asyncio@3.12\" name=\"pause/in-get_buffer\">\n"
                   "      <failure message=\"buffer_updated(10) while paused\" type=\"C1\">"
                   "C1 MUST at event 3: again\n"
                   "P7 MUST at event 4: buffer_updated(10) while paused\n"
                   "</failure>\n"
                   "    </testcase>\n");
  assert_has(text, "<error message=\"the adapter said &quot;no&quot; &amp; &lt;left&gt;\" type=\"error\"/>\n");
  assert_has(text, "<skipped message=\"no python3.6 on PATH\"/>\n");
  assert_has(text, "<system-out>C8 SHOULD at event 12: get_buffer(-1) after close()\n</system-out>\n");
  free(text);
}
END_TEST

/* ---- JSON */

static const char *string_at(const json_t *object, const char *key) {
  const char *string = json_string_value(json_object_get(object, key));
  ck_assert_msg(string != NULL, "no string \"%s\"", key);
  return string;
}

START_TEST(json_has_the_shape) {
  example x;
  fill(&x);
  char *text = reported(&x.result, WEIR_FORMAT_JSON, NULL);
  json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
  ck_assert_ptr_nonnull(json);
  ck_assert_str_eq(string_at(json, "weir"), WEIR_VERSION);
  ck_assert_uint_eq(strlen(string_at(json, "spec")), 16);
  ck_assert_int_eq(json_integer_value(json_object_get(json, "seed")), 7);
  const json_t *results = json_object_get(json, "results");
  ck_assert_uint_eq(json_array_size(results), TARGETS);
  const json_t *target = json_array_get(results, 1);
  ck_assert_str_eq(string_at(target, "target"), "asyncio@3.12");
  ck_assert_str_eq(string_at(target, "version"), "3.12.1");
  ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(target, "tally"), "fail")), 2);
  const json_t *cases = json_object_get(target, "cases");
  ck_assert_uint_eq(json_array_size(cases), CASES);
  const json_t *failed = json_array_get(cases, 0);
  ck_assert_str_eq(string_at(failed, "case"), "close/in-get_buffer");
  ck_assert_str_eq(string_at(failed, "verdict"), "fail");
  ck_assert(json_is_false(json_object_get(failed, "expected")));
  const json_t *finding = json_array_get(json_object_get(failed, "findings"), 0);
  ck_assert_str_eq(string_at(finding, "rule"), "C1");
  ck_assert_str_eq(string_at(finding, "level"), "MUST");
  ck_assert_int_eq(json_integer_value(json_object_get(finding, "event")), 10);
  ck_assert_int_eq(json_integer_value(json_object_get(finding, "since")), 5);
  ck_assert_ptr_nonnull(strstr(string_at(finding, "message"), "after close() began"));
  const json_t *skipped = json_array_get(cases, 2);
  ck_assert(json_is_true(json_object_get(skipped, "expected")));
  ck_assert_ptr_nonnull(strstr(string_at(skipped, "reason"), "half_close"));
  ck_assert_str_eq(string_at(json_array_get(results, 2), "unavailable"), "no python3.6 on PATH");
  ck_assert_ptr_null(json_object_get(target, "unavailable"));
  json_decref(json);
  free(text);
}
END_TEST

START_TEST(json_of_any_text) {
  uint64_t seed = 11;
  for (unsigned round = 0; round < 60; round++) {
    example x;
    randomize(&seed, &x);
    char *text = reported(&x.result, WEIR_FORMAT_JSON, NULL);
    json_t *json = json_loads(text, 0, NULL);
    ck_assert_ptr_nonnull(json);
    ck_assert_uint_eq(json_array_size(json_object_get(json, "results")), TARGETS);
    json_decref(json);
    free(text);
  }
}
END_TEST

/* ---- A failure on a screen */

START_TEST(finding_word_for_word) {
  example x;
  fill(&x);
  char *text = explained(&x, 1, 0, &x.findings[1][0][0], NULL);
  assert_has(text, "fail     asyncio@3.12  3.12.1\n"
                   "case     close/in-get_buffer: close() inside get_buffer: nothing is delivered\n"
                   "         after it\n"
                   "rule     C1 MUST: No buffer_updated ");
  assert_has(text, "\nsource   D8: ");
  assert_has(text, "\n"
                   "              4  get_buffer(-1) {\n"
                   "since         5    close() {\n"
                   "              6      watch(nothing)\n"
                   "              7    } close\n"
                   "              8  } get_buffer -> 64 bytes\n"
                   "              9  recv(64) = 10\n"
                   "here -->     10  buffer_updated(10)  stream 0..10\n"
                   "             11  connection_lost(None)\n");
  assert_has(text, "\n"
                   "broken   buffer_updated(10) after close() began inside get_buffer; after close()\n"
                   "         only connection_lost may follow\n"
                   "again    weir run asyncio@3.12 close/in-get_buffer\n");
  free(text);
}
END_TEST

START_TEST(finding_fits_a_screen) {
  uint64_t seed = 13;
  for (unsigned round = 0; round < 400; round++) {
    example x;
    randomize(&seed, &x);
    weir_report_options options = {.width = round % 3 == 0 ? 0 : (unsigned)(random_next(&seed) % 300)};
    unsigned width = options.width == 0 || options.width > 80 ? 80 : options.width < 40 ? 40 : options.width;
    for (size_t i = 0; i < CASES; i++) {
      if (x.cases[0][i].finding_count == 0) continue;
      char *text = explained(&x, 0, i, &x.findings[0][i][0], &options);
      assert_fits(text, width, 24);
      ck_assert_ptr_null(strchr(text, '\033'));
      assert_has(text, "\nrule     ");
      assert_has(text, "\nbroken   ");
      assert_has(text, x.targets[0].name[0] != 0 ? "\nagain    weir run " : "\nagain    weir check ");
      if (x.findings[0][i][0].event < x.cases[0][i].record_count) assert_has(text, "\nhere -->");
      free(text);
    }
  }
}
END_TEST

/* What a shell makes of the lines is the words again. */
START_TEST(finding_repeats_itself) {
  example x;
  fill(&x);
  (void)snprintf(x.targets[1].name, sizeof x.targets[1].name, "./my plug-ins/%0100d/$HOME `x` \"q\" \\.so", 7);
  char *text = explained(&x, 1, 0, &x.findings[1][0][0], NULL);
  assert_fits(text, 80, 24);
  char command[4096] = "weir() { printf '%s\\n' \"$2\"; }\n";
  strcat(command, strstr(text, "\nagain    ") + strlen("\nagain    "));
  FILE *shell = popen(command, "r");
  ck_assert_ptr_nonnull(shell);
  char line[512] = "";
  ck_assert_ptr_nonnull(fgets(line, sizeof line, shell));
  (void)pclose(shell);
  line[strcspn(line, "\n")] = 0;
  ck_assert_str_eq(line, x.targets[1].name);
  free(text);
}
END_TEST

START_TEST(finding_of_a_recorded_trace) {
  example x;
  fill(&x);
  x.targets[1].name[0] = x.targets[1].version[0] = 0;
  x.cases[1][0].verdict = WEIR_PASS; /* nobody has set it */
  char *text = explained(&x, 1, 0, &x.findings[1][0][0], NULL);
  assert_has(text, "fail     a recorded trace\n");
  assert_has(text, "\nagain    weir check close/in-get_buffer\n");
  free(text);
}
END_TEST

START_TEST(finding_without_a_case) {
  example x;
  fill(&x);
  x.cases[1][0].of = NULL;
  x.cases[1][0].record_count = 0;
  char *text = explained(&x, 1, 0, &x.findings[1][0][0], NULL);
  ck_assert_ptr_null(strstr(text, "again"));
  assert_has(text, "broken   buffer_updated(10)");
  free(text);
}
END_TEST

START_TEST(the_machine_tells_what_was_legal) {
  enum { BOTH = WEIR_FLAG_BEGIN | WEIR_FLAG_END };
  weir_record records[] = {
      {.event = WEIR_EVENT_OPEN, .code = 1},
      {.event = WEIR_EVENT_OPEN, .connection = 1, .code = 0},
      {.event = WEIR_EVENT_BUFFER_UPDATED, .flags = BOTH},
      {.event = WEIR_EVENT_CONNECTION_MADE, .flags = BOTH},
      {.event = WEIR_EVENT_BUFFER_UPDATED, .flags = BOTH},
      {.event = WEIR_EVENT_CONNECTION_MADE, .connection = 1, .flags = BOTH},
      {.event = WEIR_EVENT_EOF_RECEIVED, .connection = 1, .flags = WEIR_FLAG_BEGIN},
      {.event = WEIR_EVENT_EOF_RECEIVED, .connection = 1, .flags = WEIR_FLAG_END},
      {.event = WEIR_EVENT_DATA_RECEIVED, .connection = 1, .flags = BOTH},
      {.event = WEIR_EVENT_CONNECTION_LOST, .connection = 1, .flags = BOTH},
      {.event = WEIR_EVENT_CONNECTION_LOST, .connection = 1, .flags = BOTH},
      {.event = WEIR_EVENT_SET_PROTOCOL, .flags = BOTH, .code = 0, .a = 1},
      {.event = WEIR_EVENT_CONNECTION_MADE, .flags = BOTH | 1 << WEIR_FLAG_PROTOCOL_SHIFT},
  };
  static const struct {
    uint64_t event;
    const char *legal;
  } expected[] = {
      {2, "in state start: connection_made"},
      {3, ""},
      {4, "in state open: get_buffer, eof_received, connection_lost, pause_writing, resume_writing"},
      {7, ""},
      {8, "in state eof: connection_lost, pause_writing, resume_writing"},
      {9, ""},
      {10, "in state lost: no callback at all"},
      {12, "in state open: data_received, eof_received, connection_lost, pause_writing, resume_writing"},
      {13, ""},
      {UINT64_MAX, ""},
  };
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    char text[WEIR_TEXT_LINE_MAX];
    weir_legal_describe(records, sizeof records / sizeof *records, expected[i].event, text, sizeof text);
    ck_assert_str_eq(text, expected[i].legal);
  }
  char small[10];
  weir_legal_describe(records, sizeof records / sizeof *records, 4, small, sizeof small);
  ck_assert_str_eq(small, "in state ");
}
END_TEST

START_TEST(window_shows_what_matters) {
  uint64_t seed = 17;
  for (unsigned round = 0; round < 2000; round++) {
    weir_record records[100];
    uint8_t depths[100];
    uint32_t count = 1 + (uint32_t)(random_next(&seed) % 100);
    for (uint32_t i = 0; i < count; i++)
      records[i] = (weir_record){.event = WEIR_EVENT_CLOSE, .flags = (uint8_t)(1 + random_next(&seed) % 3)};
    weir_trace_depths(records, count, depths);
    uint32_t event = (uint32_t)(random_next(&seed) % count), since = (uint32_t)(random_next(&seed) % count);
    unsigned lines = 4 + (unsigned)(random_next(&seed) % (WEIR_WINDOW_MAX - 3));
    weir_window window;
    weir_window_choose(records, depths, count, event, since, lines, &window);
    bool has_event = false, has_since = false;
    unsigned taken = window.events[0] > 0 ? 1 : 0;
    for (uint32_t i = 0; i < window.count; i++, taken++) {
      has_event |= window.events[i] == event;
      has_since |= window.events[i] == since;
      if (i > 0) ck_assert_uint_gt(window.events[i], window.events[i - 1]);
      if (i > 0 && window.events[i] > window.events[i - 1] + 1) taken++;
    }
    taken += window.events[window.count - 1] + 1 < count;
    ck_assert(has_event);
    ck_assert(has_since || lines < 5);
    ck_assert_uint_le(taken, lines);
    if (count <= lines) ck_assert_uint_eq(window.count, count);
  }
}
END_TEST

/* ---- Text */

START_TEST(utf8) {
  const char *text = "a\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80\xC0\xAF\xED\xA0\x80\xF5";
  const uint32_t right[] = {'a', 0xE9, 0x4E2D, 0x1F600, 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0};
  for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) ck_assert_uint_eq(weir_utf8_next(&text), right[i]);
  for (uint32_t code = 1; code < 0x110000; code += 61) {
    if (code >= 0xD800 && code < 0xE000) continue;
    char bytes[5] = {0};
    size_t size = weir_utf8_put(code, bytes);
    const char *at = bytes;
    ck_assert_uint_eq(weir_utf8_next(&at), code);
    ck_assert_ptr_eq(at, bytes + size);
  }
}
END_TEST

START_TEST(paragraphs) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  ck_assert_uint_eq(weir_text_paragraph(out, "ab", 4, "one two three four five six", 14, 9), 3);
  ck_assert_uint_eq(weir_text_paragraph(out, "", 4, "one two three four five six", 14, 2), 2);
  ck_assert_uint_eq(weir_text_paragraph(out, "c", 2, "abcdefghijklmnop", 12, 3), 2);
  ck_assert_uint_eq(weir_text_paragraph(out, "d", 2, "", 12, 3), 1);
  (void)fclose(out);
  ck_assert_str_eq(text, "ab  one two\n    three four\n    five six\n"
                         "    one two\n    three...\n"
                         "c abcdefghij\n  klmnop\n"
                         "d \n");
  free(text);
}
END_TEST

START_TEST(formats) {
  ck_assert_int_eq(weir_format_find("table"), WEIR_FORMAT_TABLE);
  ck_assert_int_eq(weir_format_find("tap"), WEIR_FORMAT_TAP);
  ck_assert_int_eq(weir_format_find("junit"), WEIR_FORMAT_JUNIT);
  ck_assert_int_eq(weir_format_find("json"), WEIR_FORMAT_JSON);
  ck_assert_int_eq(weir_format_find("xml"), -1);
}
END_TEST

START_TEST(a_full_disk) {
  example x;
  fill(&x);
  FILE *out = fopen("/dev/full", "w");
  if (out == NULL) return; /* not on this system */
  for (int format = 0; format < WEIR_FORMAT_COUNT; format++)
    ck_assert_int_eq(weir_report_write(&x.result, (weir_format)format, NULL, out), WEIR_IO);
  (void)fclose(out);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("report");
  TCase *all = tcase_create("formats");
  tcase_add_test(all, formats);
  tcase_add_test(all, table_word_for_word);
  tcase_add_test(all, table_has_color_only_when_asked);
  tcase_add_test(all, table_tells_what_was_not_tested);
  tcase_add_test(all, table_is_80_columns_wide);
  tcase_add_test(all, tap_word_for_word);
  tcase_add_test(all, tap_counts);
  tcase_add_test(all, tap_of_nothing);
  tcase_add_test(all, junit_word_for_word);
  tcase_add_test(all, junit_is_well_formed);
  tcase_add_test(all, json_has_the_shape);
  tcase_add_test(all, json_of_any_text);
  tcase_add_test(all, a_full_disk);
  suite_add_tcase(suite, all);
  TCase *screen = tcase_create("screen");
  tcase_add_test(screen, finding_word_for_word);
  tcase_add_test(screen, finding_fits_a_screen);
  tcase_add_test(screen, finding_repeats_itself);
  tcase_add_test(screen, finding_of_a_recorded_trace);
  tcase_add_test(screen, finding_without_a_case);
  tcase_add_test(screen, the_machine_tells_what_was_legal);
  tcase_add_test(screen, window_shows_what_matters);
  tcase_add_test(screen, utf8);
  tcase_add_test(screen, paragraphs);
  suite_add_tcase(suite, screen);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? 0 : 1;
}
