/* A scenario as text: what is read, what is printed, what is said about the rest. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/random.h"
#include "scenario/words.h"
#include "weir/scenario.h"

enum { SCENARIOS = 20000 };

static char text[WEIR_TEXT_MAX + 2];
static weir_scenario scenario, again;
static weir_problem problem;

static weir_status parse(const char *given) {
  memset(&problem, 0, sizeof problem);
  return weir_scenario_parse(given, strlen(given), &scenario, NULL, &problem);
}

static void parse_steps(const char *steps) {
  char given[2048];
  (void)snprintf(given, sizeof given, "weir 1\n%s", steps);
  ck_assert_msg(parse(given) == WEIR_OK, "%s: %s", steps, problem.text);
}

static void assert_prints(const char *steps, const char *canonical) {
  parse_steps(steps);
  char expected[2048];
  (void)snprintf(expected, sizeof expected, "weir 1\n%s", canonical);
  size_t size = weir_scenario_print(&scenario, NULL, text, sizeof text);
  ck_assert_str_eq(text, expected);
  ck_assert_uint_eq(size, strlen(expected));
}

/* ---- Round trips */
static void assert_comes_back(void) {
  size_t size = weir_scenario_print(&scenario, NULL, text, sizeof text);
  ck_assert_uint_lt(size, sizeof text);
  weir_status status = weir_scenario_parse(text, size, &again, NULL, &problem);
  ck_assert_msg(status == WEIR_OK, "line %u: %s in\n%s", problem.line, problem.text, text);
  ck_assert_msg(weir_scenario_equal(&scenario, &again), "%s", text);
}

START_TEST(every_scenario_comes_back) {
  for (uint64_t seed = 0; seed < SCENARIOS; seed++) {
    weir_scenario_random(&scenario, seed, seed % 64 == 0 ? WEIR_STEPS_MAX : 24);
    assert_comes_back();
  }
}
END_TEST

START_TEST(every_verb_and_trigger_comes_back) {
  unsigned tried = 0;
  for (unsigned verb = 0; verb < WEIR_VERB_COUNT; verb++) {
    const weir_verb_info *info = weir_verb_get(verb);
    for (unsigned when = 0; when < WEIR_WHEN_COUNT; when++)
      for (unsigned event = 0; event < WEIR_OCCASION_COUNT; event++)
        for (unsigned option = 0; option == 0 || option < info->option_count; option++) {
          bool counts = when == WEIR_WHEN_AFTER || when == WEIR_WHEN_IN || when == WEIR_WHEN_AT;
          weir_step step = {.verb = (uint8_t)verb,
                            .when = (uint8_t)when,
                            .event = counts ? (uint8_t)event : 0,
                            .option = (uint8_t)option,
                            .first = counts ? (uint16_t)(event + 1) : 0,
                            .last = counts ? WEIR_NTH_OPEN : 0,
                            .a = info->a.how == WEIR_ARGUMENT_NONE ? 0 : info->a.most,
                            .b = info->b.how == WEIR_ARGUMENT_MAYBE ? WEIR_NOT_GIVEN : 0};
          unsigned before = when == WEIR_WHEN_SAME ? 1 : 0;
          scenario.steps[0] =
              (weir_step){.verb = info->actor == WEIR_ACTOR_PEER ? WEIR_VERB_PEER_FIN : WEIR_VERB_APP_CLOSE};
          scenario.steps[before] = step;
          scenario.count = before + 1;
          if (!weir_scenario_valid(&scenario)) continue;
          assert_comes_back();
          tried++;
        }
  }
  ck_assert_uint_gt(tried, 500);
}
END_TEST

START_TEST(a_long_turn_goes_on_over_lines) {
  for (unsigned index = 0; index < WEIR_STEPS_MAX; index++)
    scenario.steps[index] = (weir_step){.verb = WEIR_VERB_APP_GET_LIMITS, .when = index == 0 ? 0 : WEIR_WHEN_SAME};
  scenario.count = WEIR_STEPS_MAX;
  assert_comes_back();
  ck_assert_ptr_nonnull(strstr(text, "\napp    same turn: get_write_buffer_limits; get_write"));
  for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
    ck_assert_uint_le(strcspn(line, "\n"), 100);
}
END_TEST

START_TEST(a_cut_print_tells_its_length) {
  for (uint64_t seed = 0; seed < 50; seed++) {
    weir_scenario_random(&scenario, seed, 12);
    size_t size = weir_scenario_print(&scenario, NULL, text, sizeof text);
    ck_assert_uint_eq(weir_scenario_print(&scenario, NULL, NULL, 0), size);
    for (size_t room = 1; room <= size + 1; room++) {
      char *cut = malloc(room);
      ck_assert_ptr_nonnull(cut);
      ck_assert_uint_eq(weir_scenario_print(&scenario, NULL, cut, room), size);
      ck_assert_uint_eq(strlen(cut), room - 1);
      ck_assert_mem_eq(cut, text, room - 1);
      free(cut);
    }
  }
}
END_TEST

/* ---- What is read */
START_TEST(the_canonical_form) {
  assert_prints("", "");
  assert_prints("peer when idle: send 10\npeer fin", "peer   send 10\npeer   fin\n");
  assert_prints("peer send 10; fin", "peer   send 10; fin\n");
  assert_prints("peer send 10\npeer same turn: fin", "peer   send 10; fin\n");
  assert_prints("peer send 10 by 3", "peer   send 10 by 3\n");
  assert_prints("peer at start: stop", "peer   at start: stop\n");
  assert_prints("peer after buffer_updated 2: reset", "peer   after buffer_updated 2: reset\n");
  assert_prints("socket at start: buffer 7", "socket buffer 7\n");
  assert_prints("socket recv 2: short 3\nsocket recv 2-2: again", "socket recv 2: short 3; again\n");
  assert_prints("socket send 1+: again", "socket send *: again\n");
  assert_prints("socket send 2-9: error ECONNRESET", "socket send 2-9: error\n");
  assert_prints("socket wait 3+: spurious both", "socket wait 3+: spurious both\n");
  assert_prints("app protocol plain", "app    protocol plain\n");
  assert_prints("app get_buffer 1: close; size 0 none", "app    get_buffer: close; size 0 none\n");
  assert_prints("app when idle: close\napp when idle: abort", "app    when idle: close\napp    when idle: abort\n");
  assert_prints("app after eof_received *: set_write_buffer_limits high -1 low 0",
                "app    after eof_received *: set_write_buffer_limits high -1 low 0\n");
  assert_prints("app when idle: set_write_buffer_limits low 5; writelines 3 generator of 0",
                "app    when idle: set_write_buffer_limits low 5; writelines 3 generator of 0\n");
}
END_TEST

START_TEST(spelling_is_lenient_where_it_is_harmless) {
  parse_steps("peer send 10;fin");
  again = scenario;
  const char *same[] = {"weir 1\r\npeer send 10; fin\r\n",
                        "\n  # hello\n\tweir\t1 # one\n\n  peer\tsend  10 ;fin   # \xC3\xA4 and so on",
                        "weir 1\ntitle # \xC3\xA4; peer: fin\npeer when idle:send 10;fin",
                        "\xEF\xBB\xBFweir 1\npeer send 0010; fin\n\n\n"};
  for (unsigned index = 0; index < sizeof same / sizeof *same; index++) {
    ck_assert_msg(parse(same[index]) == WEIR_OK, "%u: %s", index, problem.text);
    ck_assert(weir_scenario_equal(&scenario, &again));
  }
}
END_TEST

START_TEST(title_and_rules_stand_beside) {
  static const char given[] =
      "weir 1\ntitle   close() in # \xE2\x98\x83: \tnothing   \nrules C1\t L2  B17 # x\npeer fin\n";
  weir_scenario_about about;
  ck_assert_int_eq(weir_scenario_parse(given, strlen(given), &scenario, &about, &problem), WEIR_OK);
  ck_assert_str_eq(about.title, "close() in # \xE2\x98\x83: \tnothing");
  ck_assert_str_eq(about.rules, "C1 L2 B17");
  (void)weir_scenario_print(&scenario, &about, text, sizeof text);
  ck_assert_str_eq(text, "weir 1\ntitle  close() in # \xE2\x98\x83:  nothing\nrules  C1 L2 B17\npeer   fin\n");
  (void)weir_scenario_print(&scenario, NULL, text, sizeof text);
  ck_assert_str_eq(text, "weir 1\npeer   fin\n");
  /* left empty where there is none, and where the text is wrong */
  ck_assert_int_eq(weir_scenario_parse("weir 1", 6, &scenario, &about, &problem), WEIR_OK);
  ck_assert_str_eq(about.title, "");
  ck_assert_int_eq(weir_scenario_parse("weir 1\ntitle x\nfoo", 18, &scenario, &about, NULL), WEIR_BAD_INPUT);
  ck_assert_str_eq(about.title, "");
}
END_TEST

/* ---- What is said: the whole line. */
static const struct {
  const char *text;
  uint32_t line;
  const char *said;
} errors[] = {
    {"", 1, "there is nothing here: a scenario begins with the line 'weir 1'"},
    {"# only\n\n", 2, "there is nothing here: a scenario begins with the line 'weir 1'"},
    {"peer fin", 1, "a scenario begins with the line 'weir 1'"},
    {"title x\nweir 1", 1, "a scenario begins with the line 'weir 1'"},
    {"weir 2", 1, "'2' is not a version that is known here: the line is 'weir 1'"},
    {"weir 1 2", 1, "'2' cannot stand here: the line is 'weir 1'"},
    {"weir 1\nper send 10", 2,
     "unknown word 'per': a line begins with peer, socket, app, title or rules (did you mean 'peer'?)"},
    {"weir 1\n\n\nfrobnicate", 4, "unknown word 'frobnicate': a line begins with peer, socket, app, title or rules"},
    {"weir 1\npeer sned 10", 2,
     "unknown step 'sned': peer has send, fin, reset, close, stop, start, read, sleep, record, segment, "
     "close_notify, truncate, message or deaf (did you mean 'send'?)"},
    {"weir 1\nsocket recv: drop", 2, "unknown step 'drop': socket has short, again, error, spurious or buffer"},
    {"weir 1\nsocket recw: again", 2,
     "unknown trigger 'recw': socket has recv, send, wait or at start (did you mean 'recv'?)"},
    {"weir 1\nsocket when idle: again", 2, "unknown trigger 'when': socket has recv, send, wait or at start"},
    {"weir 1\npeer get_buffer: fin", 2, "peer cannot act in get_buffer: write 'after get_buffer'"},
    {"weir 1\napp when iddle: close", 2, "'iddle' cannot stand after 'when': write 'when idle:'"},
    {"weir 1\napp when idle 2: close", 2, "'2' cannot stand here: the trigger is complete, and ':' comes next"},
    {"weir 1\napp get_buffer 1 close", 2, "'get_buffer' begins a trigger: put ':' between the trigger and its steps"},
    {"weir 1\napp close", 2,
     "'app close' needs a trigger before it, and ':': when idle, same turn, any callback or after any callback"},
    {"weir 1\napp buffer_updated: size 4", 2, "'size' cannot hang on 'buffer_updated': its triggers are get_buffer"},
    {"weir 1\npeer send 5; sleep 1", 2, "'sleep' cannot hang on 'same turn': its triggers are when idle"},
    {"weir 1\napp same turn: close", 2, "there is no turn to share: 'same turn' follows a step of app when idle"},
    {"weir 1\npeer fin\napp same turn: close", 3,
     "there is no turn to share: 'same turn' follows a step of app when idle"},
    {"weir 1\npeer fin; send 4 by 2", 2,
     "'by' cannot stand here: each part is a turn of its own, so only the first step of an idle turn is sent in parts"},
    {"weir 1\nsocket recv: error EPIPE", 2, "EPIPE cannot come out of recv: it belongs at send"},
    {"weir 1\nsocket recv: short", 2, "a number is missing: after 'short' comes a number of bytes, from 1 to 1048576"},
    {"weir 1\nsocket recv: short ; again", 2,
     "a number is missing: after 'short' comes a number of bytes, from 1 to 1048576"},
    {"weir 1\nsocket recv: short 4k", 2,
     "'4k' is not a number: after 'short' comes a number of bytes, from 1 to 1048576"},
    {"weir 1\nsocket recv: short 0", 2,
     "'0' is out of range: after 'short' comes a number of bytes, from 1 to 1048576"},
    {"weir 1\nsocket recv: short 99999999999999999999999999", 2,
     "'99999999999999999999999999' is out of range: after 'short' comes a number of bytes, from 1 to 1048576"},
    {"weir 1\npeer sleep 86400001", 2,
     "'86400001' is out of range: after 'sleep' comes a number of milliseconds, from 1 to 86400000"},
    {"weir 1\napp when idle: set_write_buffer_limits high -2", 2,
     "'-2' is out of range: after 'high' comes a number, from -1 to 1048576"},
    {"weir 1\nsocket recv 0: again", 2, "'0' is out of range: occasions are counted from 1 to 65534"},
    {"weir 1\nsocket recv 65535: again", 2, "'65535' is out of range: occasions are counted from 1 to 65534"},
    {"weir 1\nsocket recv 65535+: again", 2, "'65535+' is out of range: occasions are counted from 1 to 65534"},
    {"weir 1\nsocket recv 70000-70001: again", 2,
     "'70000-70001' is out of range: occasions are counted from 1 to 65534"},
    {"weir 1\nsocket recv 1-65535: again", 2, "'1-65535' is out of range: occasions are counted from 1 to 65534"},
    {"weir 1\nsocket recv 3-2: again", 2, "'3-2' ends before it begins: write the smaller number first"},
    {"weir 1\nsocket recv +: again", 2, "'+' is not a number of occasions: write 2, 2-5, 3+ or *"},
    {"weir 1\nsocket recv 1-: again", 2, "'1-' is not a number of occasions: write 2, 2-5, 3+ or *"},
    {"weir 1\nsocket wait 2: spurious inn", 2,
     "'inn' cannot stand here: the step is written 'spurious [in|out|both]' (did you mean 'in'?)"},
    {"weir 1\napp eof_received: return ture", 2,
     "'ture' cannot stand here: the step is written 'return [false|true]' (did you mean 'true'?)"},
    {"weir 1\napp protocol first", 2, "'first' cannot stand here: the step is written 'protocol [buffered|plain]'"},
    {"weir 1\napp when idle: close()", 2,
     "unknown step 'close()': app has size, raise, return, resize, close, abort, pause_reading, resume_reading, write, "
     "writelines, write_eof, set_write_buffer_limits, set_protocol, is_closing, is_reading, can_write_eof, "
     "get_write_buffer_limits, get_write_buffer_size, get_protocol, protocol or open (did you mean 'close'?)"},
    {"weir 1\napp when idle: close; ", 2, "a step is missing: one comes after the actor, after ':' and after each ';'"},
    {"weir 1\npeer ;fin", 2, "a step is missing: one comes after the actor, after ':' and after each ';'"},
    {"weir 1\npeer", 2, "a step is missing: one comes after the actor, after ':' and after each ';'"},
    {"weir 1\ntitle a\ntitle b", 3, "a second 'title': there is one, before the steps"},
    {"weir 1\npeer fin\nrules C1", 3, "'rules' cannot follow a step: it stands before the steps"},
    {"weir 1\nrules C1, L2", 2,
     "'C1,' is not the id of a rule: they are a capital letter and a number, like C1, with spaces between"},
    {"weir 1\npeer fin\n\tp\x01", 3, "byte 0x01 in column 3: a scenario is text, without control characters"},
    {"weir 1\npeer fin\r\r\n", 2, "byte 0x0D in column 9: a scenario is text, without control characters"},
};

START_TEST(an_error_says_what_would_be_right) {
  ck_assert_int_eq(parse(errors[_i].text), WEIR_BAD_INPUT);
  ck_assert_str_eq(problem.text, errors[_i].said);
  ck_assert_uint_eq(problem.line, errors[_i].line);
  ck_assert_int_eq(problem.status, WEIR_BAD_INPUT);
  ck_assert_uint_eq(scenario.count, 0);
}
END_TEST

START_TEST(nul_is_no_text) {
  static const char given[] = "weir 1\npeer\0 fin\n";
  ck_assert_int_eq(weir_scenario_parse(given, sizeof given - 1, &scenario, NULL, &problem), WEIR_BAD_INPUT);
  ck_assert_str_eq(problem.text, "byte 0x00 in column 5: a scenario is text, without control characters");
  ck_assert_uint_eq(problem.line, 2);
}
END_TEST

START_TEST(bounds_hold) {
  char line[WEIR_LINE_MAX + 64];
  memset(line, ' ', sizeof line);
  memcpy(line, "weir 1\npeer fin", 15);
  ck_assert_int_eq(weir_scenario_parse(line, 7 + WEIR_LINE_MAX, &scenario, NULL, &problem), WEIR_OK);
  ck_assert_int_eq(weir_scenario_parse(line, 7 + WEIR_LINE_MAX + 1, &scenario, NULL, &problem), WEIR_BAD_INPUT);
  ck_assert_str_eq(problem.text, "the line is 1025 bytes long: it has at most 1024");

  memset(line, 'x', sizeof line);
  memcpy(line, "weir 1\ntitle ", 13);
  weir_scenario_about about;
  ck_assert_int_eq(weir_scenario_parse(line, 13 + 199, &scenario, &about, &problem), WEIR_OK);
  ck_assert_uint_eq(strlen(about.title), 199);
  ck_assert_int_eq(weir_scenario_parse(line, 13 + 200, &scenario, &about, &problem), WEIR_BAD_INPUT);
  ck_assert_str_eq(problem.text, "the title is 200 bytes long: it has at most 199");

  (void)strcpy(line, "weir 1\nrules");
  for (unsigned rule = 0; rule < 66; rule++) (void)strcat(line, " C1");
  ck_assert_int_eq(weir_scenario_parse(line, strlen(line), &scenario, &about, &problem), WEIR_OK);
  (void)strcat(line, " C1");
  ck_assert_int_eq(weir_scenario_parse(line, strlen(line), &scenario, &about, &problem), WEIR_BAD_INPUT);
  ck_assert_str_eq(problem.text, "too many rules: their ids have 199 bytes together at most");

  size_t size = (size_t)snprintf(text, sizeof text, "weir 1\n");
  for (unsigned step = 0; step < WEIR_STEPS_MAX; step++) size += (size_t)sprintf(text + size, "peer fin\n");
  ck_assert_int_eq(weir_scenario_parse(text, size, &scenario, NULL, &problem), WEIR_OK);
  ck_assert_uint_eq(scenario.count, WEIR_STEPS_MAX);
  size += (size_t)sprintf(text + size, "peer fin\n");
  ck_assert_int_eq(weir_scenario_parse(text, size, &scenario, NULL, &problem), WEIR_BAD_INPUT);
  ck_assert_str_eq(problem.text, "too many steps: a scenario has at most 1024");
  ck_assert_uint_eq(problem.line, 1 + WEIR_STEPS_MAX + 1);

  memset(text, '\n', sizeof text);
  memcpy(text, "weir 1", 6);
  ck_assert_int_eq(weir_scenario_parse(text, WEIR_TEXT_MAX, &scenario, NULL, &problem), WEIR_OK);
  ck_assert_int_eq(weir_scenario_parse(text, WEIR_TEXT_MAX + 1, &scenario, NULL, &problem), WEIR_BAD_INPUT);
  ck_assert_str_eq(problem.text, "the text is 1048577 bytes long: a scenario has at most 1048576");
}
END_TEST

START_TEST(a_long_word_is_shown_in_part) {
  char given[WEIR_LINE_MAX] = "weir 1\npeer ";
  for (unsigned letter = 0; letter < 100; letter++) (void)strcat(given, "\xC3\xA4");
  ck_assert_int_eq(parse(given), WEIR_BAD_INPUT);
  ck_assert_uint_lt(strlen(problem.text), 200);
  char shown[64] = "unknown step '";
  for (unsigned letter = 0; letter < 20; letter++) (void)strcat(shown, "\xC3\xA4");
  (void)strcat(shown, "':");
  ck_assert_mem_eq(problem.text, shown, strlen(shown));
  /* cut before the character that would not be whole */
  (void)strcpy(given, "weir 1\npeer x");
  for (unsigned letter = 0; letter < 100; letter++) (void)strcat(given, "\xC3\xA4");
  ck_assert_int_eq(parse(given), WEIR_BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(problem.text, "\xC3\xA4':"));
}
END_TEST

/* Damaged canonical text: an answer and a sentence, whatever it is. */
START_TEST(any_text_is_answered) {
  uint64_t state = 7;
  unsigned refused = 0;
  for (unsigned round = 0; round < SCENARIOS; round++) {
    weir_scenario_random(&scenario, round, 8);
    size_t size = weir_scenario_print(&scenario, NULL, text, sizeof text);
    static const char bytes[] = ":;#*+- \n\r\t0129ax\xC3\x01";
    for (unsigned damage = 0; damage < 3; damage++) {
      state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
      text[(state >> 33) % size] = bytes[(state >> 17) % (sizeof bytes - 1)];
    }
    char *exact = malloc(size);
    ck_assert_ptr_nonnull(exact);
    memcpy(exact, text, size);
    memset(&problem, 0, sizeof problem);
    weir_status status = weir_scenario_parse(exact, size, &again, NULL, &problem);
    free(exact);
    ck_assert(weir_scenario_valid(&again));
    if (status == WEIR_OK) continue;
    ck_assert_int_eq(status, WEIR_BAD_INPUT);
    ck_assert_uint_gt(problem.line, 0);
    ck_assert_uint_gt(strlen(problem.text), 0);
    ck_assert_ptr_null(strchr(problem.text, '\n'));
    refused++;
  }
  ck_assert_uint_gt(refused, SCENARIOS / 2);
}
END_TEST

START_TEST(the_nearest_word_is_near) {
  static const char *const words[] = {"send", "stop", "start", "fin", "pause_reading", "resume_reading"};
  const struct {
    const char *given, *nearest;
  } tries[] = {{"snd", "send"},
               {"sned", "send"},
               {"sendd", "send"},
               {"strat", "start"},
               {"finn", "fin"},
               {"fi", "fin"},
               {"pausereading", "pause_reading"},
               {"xyz", NULL},
               {"", NULL},
               {"send", NULL},
               {"resume", NULL},
               {"an_endless_word_that_is_longer_than_any_other", NULL}};
  for (unsigned index = 0; index < sizeof tries / sizeof *tries; index++)
    ck_assert_pstr_eq(weir_words_nearest(tries[index].given, strlen(tries[index].given), words, 6),
                      tries[index].nearest);
}
END_TEST

START_TEST(lists_are_cut_where_they_must) {
  static const char *const words[] = {"one", "two", "three"};
  char out[16];
  weir_words_list(words, 3, out, sizeof out);
  ck_assert_str_eq(out, "one, two or thr");
  weir_words_list(words, 1, out, sizeof out);
  ck_assert_str_eq(out, "one");
  weir_words_list(words, 0, out, sizeof out);
  ck_assert_str_eq(out, "");
}
END_TEST

/* ---- The page */
static size_t read_page(char *page, size_t size) {
  FILE *file = fopen(WEIR_SOURCE_FOLDER "/harness/doc/scenario.md", "r");
  ck_assert_ptr_nonnull(file);
  size_t length = fread(page, 1, size - 1, file);
  ck_assert_int_eq(fclose(file), 0);
  page[length] = '\0';
  return length;
}

/* The first cells of a verb's row: "| peer | `send N [by N]` |". */
static void page_row(const weir_verb_info *verb, char *out, size_t size) {
  char options[256] = "";
  for (unsigned index = 0; index < verb->option_count; index++)
    (void)sprintf(options + strlen(options), "%s%s", index == 0 ? " [" : "\\|", verb->options[index]);
  if (verb->option_count > 0) (void)strcat(options, "]");
  char a[64] = "", b[64] = "";
  if (verb->a.how == WEIR_ARGUMENT_NUMBER) (void)strcpy(a, " N");
  if (verb->a.how == WEIR_ARGUMENT_MAYBE) (void)snprintf(a, sizeof a, " [%s N]", verb->a.name);
  if (verb->b.how == WEIR_ARGUMENT_MAYBE) (void)snprintf(b, sizeof b, " [%s N]", verb->b.name);
  (void)snprintf(out, size, "\n| %s | `%s%s%s%s` |", weir_actor_name(verb->actor), verb->word, a, options, b);
}

START_TEST(the_page_lists_every_verb) {
  static char page[1 << 16];
  (void)read_page(page, sizeof page);
  for (unsigned verb = 0; verb < WEIR_VERB_COUNT; verb++) {
    char row[512];
    page_row(weir_verb_get(verb), row, sizeof row);
    ck_assert_msg(strstr(page, row) != NULL, "harness/doc/scenario.md has no row%s", row);
  }
  for (unsigned event = 0; event < WEIR_OCCASION_COUNT; event++) {
    char quoted[64];
    (void)snprintf(quoted, sizeof quoted, "\"%s\"", weir_occasion_name(event));
    ck_assert_msg(strstr(page, quoted) != NULL, "harness/doc/scenario.md has no occasion %s", quoted);
  }
}
END_TEST

/* Every block that begins with `weir 1` is read, and says something. */
START_TEST(the_examples_of_the_page_are_scenarios) {
  static char page[1 << 16];
  (void)read_page(page, sizeof page);
  unsigned examples = 0;
  for (const char *at = strstr(page, "\n    weir 1\n"); at != NULL; at = strstr(at, "\n    weir 1\n")) {
    size_t size = 0;
    at++;
    while (strncmp(at, "    ", 4) == 0) {
      size_t line = strcspn(at, "\n") + 1;
      memcpy(text + size, at + 4, line - 4);
      size += line - 4;
      at += line;
    }
    at--;
    weir_scenario_about about;
    weir_status status = weir_scenario_parse(text, size, &scenario, &about, &problem);
    ck_assert_msg(status == WEIR_OK, "example %u line %u: %s", examples + 1, problem.line, problem.text);
    ck_assert_uint_gt(scenario.count, 3);
    ck_assert_str_ne(about.title, "");
    ck_assert_str_ne(about.rules, "");
    examples++;
  }
  ck_assert_uint_eq(examples, 4);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("scenario as text");
  TCase *codec = tcase_create("codec");
  tcase_set_timeout(codec, 100);
  tcase_add_test(codec, every_scenario_comes_back);
  tcase_add_test(codec, every_verb_and_trigger_comes_back);
  tcase_add_test(codec, a_long_turn_goes_on_over_lines);
  tcase_add_test(codec, a_cut_print_tells_its_length);
  tcase_add_test(codec, the_canonical_form);
  tcase_add_test(codec, spelling_is_lenient_where_it_is_harmless);
  tcase_add_test(codec, title_and_rules_stand_beside);
  tcase_add_loop_test(codec, an_error_says_what_would_be_right, 0, (int)(sizeof errors / sizeof *errors));
  tcase_add_test(codec, nul_is_no_text);
  tcase_add_test(codec, bounds_hold);
  tcase_add_test(codec, a_long_word_is_shown_in_part);
  tcase_add_test(codec, any_text_is_answered);
  tcase_add_test(codec, the_nearest_word_is_near);
  tcase_add_test(codec, lists_are_cut_where_they_must);
  tcase_add_test(codec, the_page_lists_every_verb);
  tcase_add_test(codec, the_examples_of_the_page_are_scenarios);
  suite_add_tcase(suite, codec);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
