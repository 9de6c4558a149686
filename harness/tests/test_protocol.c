/* Protocols driven by streams: a sound one, and broken in one way each; what is
 * found, and by which rule. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/check.h"
#include "protocol/serve.h"

/* ---- Words between spaces, with one fault or none. */
typedef enum fault {
  SOUND,
  EMPTY_WHEN_FULL,   /* R1 */
  HINT_AS_SIZE,      /* R2: hands out what it has not */
  COUNTS_BUFFERS,    /* R4: moves on in get_buffer */
  READS_BEHIND,      /* R5 */
  UPDATE_IS_A_WORD,  /* R6 */
  RAISES_AT_THE_END, /* R7 */
  GOES_ON_CLOSED,    /* R8: closes at an empty word, and parses on */
  WRITES_WHEN_LOST,  /* R8 */
  PAUSES_FOR_EVER,   /* R9 */
  SCANS_AGAIN,       /* R10 */
  LEAKS,             /* R11 */
  KEEPS_ALL,         /* R11 */
  SMALL_BLOCK        /* R3: claims more than it has taken */
} fault;

enum { ROOM = 4000 };

typedef struct words {
  weir_protocol base;
  const weir_observer *observer;
  const weir_transport_calls *calls;
  weir_transport *transport;
  size_t used, seen, gets;
  volatile uint64_t scanned;
  char *memory, *kept;
  size_t kept_size;
} words;

static fault chosen; /* a test has one target at a time, and open() no argument */

static void tell(words *self, const char *bytes, size_t size) {
  self->observer->event(self->observer->log, "word", bytes, size);
  if (chosen == KEEPS_ALL) {
    self->kept_size += size + 32;
    self->kept = self->observer->reallocate(self->observer->log, self->kept, self->kept_size);
  }
}

static weir_error made(weir_protocol *protocol, weir_transport *transport) {
  ((words *)protocol)->transport = transport;
  return 0;
}

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  words *self = (words *)protocol;
  size_t room = ROOM - self->used;
  if (chosen == EMPTY_WHEN_FULL) room = self->used < 5 ? 5 - self->used : 0;
  if (chosen == HINT_AS_SIZE && hint > 0) room = hint < 100 ? (size_t)hint - 1 : room;
  if (chosen == SMALL_BLOCK) room += 1000;
  if (chosen == COUNTS_BUFFERS && ++self->gets % 2 == 0 && self->used > 0) self->memory[self->used - 1] = '?';
  *buffer = (weir_buffer){.base = self->memory + self->used, .size = room};
  return 0;
}

static void parse(words *self) {
  size_t begin = 0;
  for (size_t i = 0; chosen == SCANS_AGAIN && i < self->used; i++) self->scanned += (uint64_t)self->memory[i];
  for (size_t i = self->seen; i < self->used; i++) {
    if (self->memory[i] != ' ') continue;
    tell(self, self->memory + begin, i - begin);
    if (i == begin && chosen == GOES_ON_CLOSED) (void)self->calls->close(self->transport);
    begin = i + 1;
  }
  self->used -= begin;
  self->seen = self->used;
  if (begin > 0) memmove(self->memory, self->memory + begin, self->used);
}

static weir_error updated(weir_protocol *protocol, size_t nbytes) {
  words *self = (words *)protocol;
  self->used += nbytes;
  if (chosen == READS_BEHIND && nbytes > 2) self->memory[self->used - 1] = self->memory[self->used];
  if (chosen == PAUSES_FOR_EVER) return self->calls->pause_reading(self->transport);
  if (chosen == UPDATE_IS_A_WORD) {
    tell(self, self->memory, self->used);
    self->used = self->seen = 0;
  }
  parse(self);
  return 0;
}

static weir_error eof(weir_protocol *protocol, bool *keep_open) {
  words *self = (words *)protocol;
  (void)keep_open;
  if (self->used > 0) tell(self, self->memory, self->used);
  return chosen == RAISES_AT_THE_END && self->used > 3 ? -1000 : 0;
}

static weir_error lost(weir_protocol *protocol, weir_error error) {
  words *self = (words *)protocol;
  (void)error;
  return chosen == WRITES_WHEN_LOST ? self->calls->write(self->transport, "bye", 3) : 0;
}

static weir_error nothing(weir_protocol *protocol) {
  (void)protocol;
  return 0;
}

static const weir_protocol_callbacks callbacks = {.size = sizeof callbacks,
                                                  .connection_made = made,
                                                  .get_buffer = get_buffer,
                                                  .buffer_updated = updated,
                                                  .eof_received = eof,
                                                  .connection_lost = lost,
                                                  .pause_writing = nothing,
                                                  .resume_writing = nothing};

static weir_protocol *open_words(const weir_observer *observer, const weir_transport_calls *calls) {
  words *self = calloc(1, sizeof *self);
  ck_assert_ptr_nonnull(self);
  *self = (words){.base.callbacks = &callbacks, .observer = observer, .calls = calls};
  self->memory = observer->reallocate(observer->log, NULL, ROOM + 1);
  return &self->base;
}

static void release(weir_protocol *protocol) {
  words *self = (words *)protocol;
  if (chosen != LEAKS) (void)self->observer->reallocate(self->observer->log, self->memory, 0);
  if (self->kept != NULL) (void)self->observer->reallocate(self->observer->log, self->kept, 0);
  free(self);
}

static const weir_protocol_target target = {.abi = WEIR_PROTOCOL_ABI,
                                            .size = sizeof target,
                                            .name = "words",
                                            .version = "1",
                                            .open = open_words,
                                            .release = release};

/* ---- Running */

static weir_check_report report;

static void run_family(fault of, weir_family family, const char *stream) {
  weir_check_job job = {
      .stream = (const uint8_t *)stream, .size = strlen(stream), .budget = 200000, .seed = 1, .window = SIZE_MAX};
  weir_problem problem = {.text = ""};
  chosen = of;
  ck_assert_msg(weir_check_run(&target, family, &job, &report, NULL, &problem) == WEIR_OK, "%s", problem.text);
}

static const weir_check_finding *found(weir_rule rule) {
  for (uint32_t i = 0; i < report.count; i++)
    if (report.findings[i].rule == rule) return &report.findings[i];
  return NULL;
}

START_TEST(a_sound_protocol_has_no_finding) {
  static const char *const streams[] = {
      "", "a", " ", "one two  three", "no-space-at-all", "a b c d e f g h i j k l m n o p"};
  for (size_t i = 0; i < sizeof streams / sizeof *streams; i++)
    for (int family = 0; family < WEIR_FAMILY_DELIVERY; family++) {
      run_family(SOUND, (weir_family)family, streams[i]);
      ck_assert_msg(report.count == 0, "`%s`, %s: %s", streams[i], weir_family_word((weir_family)family),
                    report.findings[0].message);
      ck_assert(report.runs > 0 || report.skip[0] != '\0');
    }
}
END_TEST

START_TEST(each_fault_is_found_by_its_rule) {
  static const struct {
    fault fault;
    weir_family family;
    weir_rule rule;
  } wanted[] = {
      {EMPTY_WHEN_FULL, WEIR_FAMILY_WHOLE, WEIR_RULE_R1},  {HINT_AS_SIZE, WEIR_FAMILY_HINTS, WEIR_RULE_R2},
      {SMALL_BLOCK, WEIR_FAMILY_WHOLE, WEIR_RULE_R3},      {COUNTS_BUFFERS, WEIR_FAMILY_ASKING, WEIR_RULE_R4},
      {READS_BEHIND, WEIR_FAMILY_STALE, WEIR_RULE_R5},     {UPDATE_IS_A_WORD, WEIR_FAMILY_CHUNKINGS, WEIR_RULE_R6},
      {RAISES_AT_THE_END, WEIR_FAMILY_ENDS, WEIR_RULE_R7}, {GOES_ON_CLOSED, WEIR_FAMILY_CHUNKINGS, WEIR_RULE_R8},
      {WRITES_WHEN_LOST, WEIR_FAMILY_WHOLE, WEIR_RULE_R8}, {PAUSES_FOR_EVER, WEIR_FAMILY_WHOLE, WEIR_RULE_R9},
      {SCANS_AGAIN, WEIR_FAMILY_COST, WEIR_RULE_R10},      {LEAKS, WEIR_FAMILY_WHOLE, WEIR_RULE_R11},
      {KEEPS_ALL, WEIR_FAMILY_MEMORY, WEIR_RULE_R11},
  };
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    run_family(wanted[i].fault, wanted[i].family, "one twotwo  three four");
    if (wanted[i].rule == WEIR_RULE_R10 && report.skip[0] != '\0') continue; /* no instructions to be counted here */
    ck_assert_msg(found(wanted[i].rule) != NULL, "fault %d: %s finds no %s (%u findings)", (int)wanted[i].fault,
                  weir_family_word(wanted[i].family), weir_rule_get(wanted[i].rule)->id, report.count);
  }
}
END_TEST

START_TEST(the_prover_counts_what_it_proves) {
  run_family(SOUND, WEIR_FAMILY_CHUNKINGS, "a bc def");
  /* All chunkings of each beginning, ended twice: 2 (1 + 1 + 2 + ... + 128). */
  ck_assert_uint_eq(report.runs, 512);
  ck_assert_ptr_nonnull(strstr(report.note, "all 128 chunkings of 8 bytes"));
}
END_TEST

START_TEST(a_difference_is_shrunk_to_one_cut) {
  run_family(UPDATE_IS_A_WORD, WEIR_FAMILY_CHUNKINGS, "one two three four five six seven");
  const weir_check_finding *finding = found(WEIR_RULE_R6);
  ck_assert_ptr_nonnull(finding);
  ck_assert_str_eq(finding->against, "0 fin upto 2");
  ck_assert_str_eq(finding->delivery, "1 0 fin upto 2");
  ck_assert_ptr_nonnull(strstr(finding->detail, "-->"));
  ck_assert_uint_gt(finding->count, 1000);
}
END_TEST

/* ---- Deliveries as text */

START_TEST(a_delivery_is_what_its_text_says) {
  static const char *const texts[] = {
      "0 fin",          "1x8 0 reset",           "3 1x2 4 0 fin upto 20", "5 0 fin hint 7",
      "0 fin ask held", "2x3 0 reset ask twice", "0 fin fill 165 slow",   "0 fin hint varied ask in-vain"};
  uint8_t bytes[30] = {0};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    uint64_t cuts[2];
    char text[WEIR_DELIVERY_TEXT_MAX];
    weir_delivery delivery = {.bytes = bytes, .size = sizeof bytes};
    weir_problem problem = {.text = ""};
    ck_assert_msg(weir_delivery_parse(texts[i], &delivery, cuts, &problem) == WEIR_OK, "%s", problem.text);
    weir_delivery_print(&delivery, sizeof bytes, text, sizeof text);
    ck_assert_str_eq(text, texts[i]);
  }
}
END_TEST

START_TEST(what_is_no_delivery_is_refused) {
  static const char *const texts[] = {"31",     "3x",  "x3",         "16x2",     "upto", "upto 31",
                                      "hint 0", "ask", "ask thrice", "fill 256", "fni"};
  uint8_t bytes[30] = {0};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    uint64_t cuts[2];
    weir_delivery delivery = {.bytes = bytes, .size = sizeof bytes};
    weir_problem problem = {.text = ""};
    ck_assert_msg(weir_delivery_parse(texts[i], &delivery, cuts, &problem) == WEIR_BAD_INPUT, "`%s`", texts[i]);
    ck_assert_uint_gt(strlen(problem.text), 20);
  }
}
END_TEST

/* ---- Comparing logs */

/* d: data "x...", e: event, !: error 1, c: close(); a digit is the size of what is before it. */
static void write_log(weir_log *log, const char *text) {
  weir_observer observer = weir_log_observer(log);
  weir_log_clear(log);
  for (const char *c = text; *c != '\0'; c++) {
    size_t size = c[1] >= '0' && c[1] <= '9' ? (size_t)(c[1] - '0') : 1;
    switch (*c) {
    case 'd': observer.data(log, "body", "abcdefghi", size); break;
    case 'D': observer.data(log, "body", "ABCDEFGHI", size); break;
    case 'e': observer.event(log, "event", "abcdefghi", size); break;
    case '!': observer.error(log, (int64_t)size, 7, "wrong"); break;
    case 'c': weir_log_note(log, WEIR_ENTRY_CLOSED, 0); break;
    default: break;
    }
  }
}

START_TEST(logs_are_compared_as_a_user_sees_them) {
  static const struct {
    const char *left, *right;
    bool same, cut;
    uint32_t liberties;
  } pairs[] = {
      {"", "", true, false, 0},
      {"d3", "d3", true, false, 0},
      {"d3", "d2", false, false, 0},
      {"d1D2e", "d1D2e", true, false, 0},
      {"e1e2", "e2e1", false, false, 0},
      {"d3!", "d2!", true, false, 0},
      {"d3!", "!", true, false, 0},
      {"e!", "!", false, false, 0},
      {"e!", "!", true, false, WEIR_MAY_DATA_BEFORE_ERROR},
      {"!1", "!2", false, false, 0},
      {"!1", "!2", true, false, WEIR_MAY_ERROR_CODE},
      {"!ee", "!", true, false, 0},
      {"ec", "ece", false, true, 0},
      {"e", "ee", false, false, 0},
      {"d3!", "D2!", false, false, 0},
      {"d3e", "d3", false, false, 0},
  };
  weir_log left, right;
  ck_assert(weir_log_init(&left) && weir_log_init(&right));
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    weir_difference difference = {.cut = false};
    write_log(&left, pairs[i].left);
    write_log(&right, pairs[i].right);
    bool same = weir_log_same(&left, &right, pairs[i].liberties, &difference);
    ck_assert_msg(same == pairs[i].same, "`%s` and `%s`", pairs[i].left, pairs[i].right);
    ck_assert_msg(same || difference.cut == pairs[i].cut, "`%s` and `%s`", pairs[i].left, pairs[i].right);
    ck_assert(same == weir_log_same(&right, &left, pairs[i].liberties, &difference));
  }
  weir_log_free(&left);
  weir_log_free(&right);
}
END_TEST

START_TEST(a_target_of_another_version_is_refused) {
  weir_problem problem = {.text = ""};
  weir_protocol_target other = target;
  ck_assert_int_eq(weir_protocol_check(&target, &problem), WEIR_OK);
  other.abi++;
  ck_assert_int_eq(weir_protocol_check(&other, &problem), WEIR_VERSION_MISMATCH);
  other = target;
  other.open = NULL;
  ck_assert_int_eq(weir_protocol_check(&other, &problem), WEIR_BAD_INPUT);
  ck_assert_int_eq(weir_protocol_check(NULL, &problem), WEIR_BAD_INPUT);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("protocol");
  TCase *tests = tcase_create("protocol");
  tcase_add_test(tests, a_sound_protocol_has_no_finding);
  tcase_add_test(tests, each_fault_is_found_by_its_rule);
  tcase_add_test(tests, the_prover_counts_what_it_proves);
  tcase_add_test(tests, a_difference_is_shrunk_to_one_cut);
  tcase_add_test(tests, a_delivery_is_what_its_text_says);
  tcase_add_test(tests, what_is_no_delivery_is_refused);
  tcase_add_test(tests, logs_are_compared_as_a_user_sees_them);
  tcase_add_test(tests, a_target_of_another_version_is_refused);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? 0 : 1;
}
