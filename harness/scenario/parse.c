/* A scenario from text.  harness/doc/scenario.md is the page: the grammar, and
 * what is said about lines that do not follow it. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "scenario/describe.h"
#include "scenario/step.h"
#include "scenario/words.h"

/* A piece of the text. */
typedef struct word {
  const char *at;
  size_t size;
} word;

typedef struct parser {
  uint32_t line;
  weir_scenario *scenario;
  weir_scenario_about about;
  weir_problem *problem;
  bool begun, titled, ruled;
  /* the line in hand */
  const char *at, *end;
  weir_actor actor;
  unsigned connection;
  bool triggered; /* it has a trigger of its own */
} parser;

#define FAIL(in, ...) weir_fail((in)->problem, WEIR_BAD_INPUT, (in)->line, __VA_ARGS__)

/* ---- Words */

static bool is_blank(char byte) {
  return byte == ' ' || byte == '\t';
}

static bool is_word(word given, const char *text) {
  return strlen(text) == given.size && memcmp(given.at, text, given.size) == 0;
}

/* The next word of the line: ':' and ';' are words of their own.  Size 0: there is none. */
static word peek(parser *in) {
  while (in->at < in->end && is_blank(*in->at)) in->at++;
  word next = {.at = in->at};
  while (in->at + next.size < in->end) {
    char byte = in->at[next.size];
    bool mark = byte == ':' || byte == ';';
    if (is_blank(byte) || (mark && next.size > 0)) break;
    next.size++;
    if (mark) break;
  }
  return next;
}

static void skip(parser *in, word next) {
  assert(next.at == in->at);
  in->at += next.size;
}

static bool take(parser *in, const char *text) {
  word next = peek(in);
  if (!is_word(next, text)) return false;
  skip(in, next);
  return true;
}

/* How much of a word is shown: whole UTF-8 characters of the first 40 bytes. */
static int shown(word given) {
  size_t size = given.size;
  if (size > 40) {
    size = 40;
    while (size > 0 && ((unsigned char)given.at[size] & 0xC0) == 0x80) size--;
  }
  return (int)size;
}

static int find(word given, const char *const *words, unsigned count) {
  for (unsigned index = 0; index < count; index++)
    if (is_word(given, words[index])) return (int)index;
  return -1;
}

/* "unknown KIND 'given': LEAD a, b or c (did you mean 'b'?)" */
static weir_status fail_unknown(parser *in, const char *kind, word given, const char *lead, const char *const *words,
                                size_t count) {
  char list[WEIR_WORDS_TEXT_MAX];
  weir_words_list(words, count, list, sizeof list);
  const char *nearest = weir_words_nearest(given.at, given.size, words, count);
  return FAIL(in, "unknown %s '%.*s': %s %s%s%s%s", kind, shown(given), given.at, lead, list,
              nearest == NULL ? "" : " (did you mean '", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?)");
}

/* ---- Numbers */

/* Decimal digits with an optional '-'; false where it is none.  Past int64's
 * reach it stays at a value that is out of every range here. */
static bool read_number(word given, int64_t *number) {
  bool negative = given.size > 0 && given.at[0] == '-';
  size_t index = negative ? 1 : 0;
  if (index == given.size) return false;
  int64_t value = 0;
  for (; index < given.size; index++) {
    if (given.at[index] < '0' || given.at[index] > '9') return false;
    if (value < INT64_C(1) << 40) value = value * 10 + (given.at[index] - '0');
  }
  *number = negative ? -value : value;
  return true;
}

/* "N", "N+", "N-M" or "*". */
static bool read_range(word given, int64_t *first, int64_t *last) {
  if (is_word(given, "*")) {
    *first = 1;
    *last = WEIR_NTH_OPEN;
    return true;
  }
  if (given.size > 1 && given.at[given.size - 1] == '+') {
    *last = WEIR_NTH_OPEN;
    return read_number((word){given.at, given.size - 1}, first);
  }
  const char *dash = given.size > 1 ? memchr(given.at + 1, '-', given.size - 1) : NULL;
  size_t head = dash == NULL ? given.size : (size_t)(dash - given.at);
  if (!read_number((word){given.at, head}, first)) return false;
  *last = *first;
  return dash == NULL || read_number((word){dash + 1, given.size - head - 1}, last);
}

/* "@1", where a connection may be named; else 0, and nothing is taken. */
static weir_status parse_connection(parser *in, unsigned *connection) {
  word given = peek(in);
  *connection = 0;
  if (given.size == 0 || given.at[0] != '@') return WEIR_OK;
  int64_t number = 0;
  if (!read_number((word){given.at + 1, given.size - 1}, &number) || number < 0 || number >= WEIR_CONNECTIONS)
    return FAIL(in, "'%.*s' is no connection: they are @0 to @%d", shown(given), given.at, WEIR_CONNECTIONS - 1);
  skip(in, given);
  *connection = (unsigned)number;
  return WEIR_OK;
}

/* ---- Triggers */

static weir_status parse_range(parser *in, word given, weir_step *step) {
  int64_t first = 0, last = 0;
  if (!read_range(given, &first, &last))
    return FAIL(in, "'%.*s' is not a number of occasions: write 2, 2-5, 3+ or *", shown(given), given.at);
  if (first < 1 || first > WEIR_NTH_MAX || (last != WEIR_NTH_OPEN && (last < 1 || last > WEIR_NTH_MAX)) ||
      (last == WEIR_NTH_OPEN && given.at[given.size - 1] != '+' && given.at[0] != '*'))
    return FAIL(in, "'%.*s' is out of range: occasions are counted from 1 to %d", shown(given), given.at, WEIR_NTH_MAX);
  if (last < first)
    return FAIL(in, "'%.*s' ends before it begins: write the smaller number first", shown(given), given.at);
  step->first = (uint16_t)first;
  step->last = (uint16_t)last;
  return WEIR_OK;
}

/* Whether any step of the actor can hang on this. */
static bool actor_fits(weir_actor actor, weir_when when, unsigned event) {
  for (unsigned verb = 0; verb < WEIR_VERB_COUNT; verb++)
    if (weir_verb_get(verb)->actor == actor && weir_verb_fits(verb, when, event)) return true;
  return false;
}

/* The words that a trigger of the actor may begin with, or that may follow `after`. */
static size_t trigger_words(weir_actor actor, bool after, const char *words[WEIR_OCCASION_COUNT + 4]) {
  size_t count = 0;
  for (unsigned event = 0; event < WEIR_OCCASION_COUNT; event++) {
    bool bare = actor_fits(actor, WEIR_WHEN_IN, event) || actor_fits(actor, WEIR_WHEN_AT, event);
    if (after ? actor_fits(actor, WEIR_WHEN_AFTER, event) : bare) words[count++] = weir_occasion_name(event);
  }
  if (after) return count;
  if (actor_fits(actor, WEIR_WHEN_IDLE, 0)) {
    words[count++] = "when idle";
    words[count++] = "same turn";
    words[count++] = "after";
  }
  words[count++] = "at start";
  return count;
}

static weir_status fail_trigger(parser *in, word given, bool after) {
  const char *words[WEIR_OCCASION_COUNT + 4];
  size_t count = trigger_words(in->actor, after, words);
  char lead[64];
  (void)snprintf(lead, sizeof lead, "%s %s", weir_actor_name(in->actor), after ? "has after" : "has");
  return fail_unknown(in, "trigger", given, lead, words, count);
}

/* "of @0": whose events are counted.  Made canonical when the verb is known (check_step). */
static weir_status parse_of(parser *in, weir_step *step) {
  word given = peek(in);
  unsigned connection = 0;
  if (given.size == 0 || given.at[0] != '@')
    return FAIL(in, "'%.*s' cannot stand after 'of': a connection comes there, as in 'of @0'", shown(given), given.at);
  weir_status status = parse_connection(in, &connection);
  step->of = (uint8_t)(connection + 1);
  return status;
}

static weir_status parse_occasion(parser *in, weir_when when, weir_step *step) {
  word given = peek(in);
  unsigned event = 0;
  while (event < WEIR_OCCASION_COUNT && !is_word(given, weir_occasion_name(event))) event++;
  if (event == WEIR_OCCASION_COUNT) return fail_trigger(in, given, when == WEIR_WHEN_AFTER);
  skip(in, given);
  if (when != WEIR_WHEN_AFTER) when = weir_occasion_is_callback(event) ? WEIR_WHEN_IN : WEIR_WHEN_AT;
  if (!actor_fits(in->actor, when, event)) {
    if (when != WEIR_WHEN_AFTER && actor_fits(in->actor, WEIR_WHEN_AFTER, event))
      return FAIL(in, "%s cannot act in %s: write 'after %s'", weir_actor_name(in->actor), weir_occasion_name(event),
                  weir_occasion_name(event));
    return fail_trigger(in, given, when == WEIR_WHEN_AFTER);
  }
  *step = (weir_step){.when = (uint8_t)when, .event = (uint8_t)event, .first = 1, .last = 1};
  given = peek(in);
  if (!is_word(given, ":") && !is_word(given, "of")) {
    skip(in, given);
    weir_status status = parse_range(in, given, step);
    if (status != WEIR_OK) return status;
  }
  return take(in, "of") ? parse_of(in, step) : WEIR_OK;
}

/* Two words that stand together. */
static weir_status parse_pair(parser *in, const char *first, const char *second, weir_when when, weir_step *step) {
  word given = peek(in);
  if (!is_word(given, second))
    return FAIL(in, "'%.*s' cannot stand after '%s': write '%s %s:'", shown(given), given.at, first, first, second);
  skip(in, given);
  if (!actor_fits(in->actor, when, 0)) return fail_trigger(in, (word){first, strlen(first)}, false);
  *step = (weir_step){.when = (uint8_t)when};
  return WEIR_OK;
}

static weir_status parse_trigger(parser *in, weir_step *step) {
  weir_status status;
  if (take(in, "when")) {
    status = parse_pair(in, "when", "idle", WEIR_WHEN_IDLE, step);
  } else if (take(in, "same")) {
    status = parse_pair(in, "same", "turn", WEIR_WHEN_SAME, step);
  } else if (take(in, "at")) {
    status = parse_pair(in, "at", "start", WEIR_WHEN_START, step);
  } else if (take(in, "after")) {
    status = actor_fits(in->actor, WEIR_WHEN_AFTER, 0) ? parse_occasion(in, WEIR_WHEN_AFTER, step)
                                                       : fail_trigger(in, (word){"after", 5}, false);
  } else {
    status = parse_occasion(in, WEIR_WHEN_IN, step);
  }
  if (status != WEIR_OK) return status;
  word given = peek(in);
  if (!take(in, ":"))
    return FAIL(in, "'%.*s' cannot stand here: the trigger is complete, and ':' comes next", shown(given), given.at);
  return WEIR_OK;
}

/* ---- Steps */

static weir_status fail_argument(parser *in, const weir_argument *argument, const char *after, word given,
                                 const char *wrong) {
  char legal[128];
  bool named = argument->how == WEIR_ARGUMENT_MAYBE;
  (void)snprintf(legal, sizeof legal, "after '%s' comes a number%s%s, from %d to %d", after, named ? "" : " of ",
                 named ? "" : argument->name, (int)argument->least, (int)argument->most);
  if (given.size == 0 || is_word(given, ";")) return FAIL(in, "a number is missing: %s", legal);
  return FAIL(in, "'%.*s' %s: %s", shown(given), given.at, wrong, legal);
}

static weir_status parse_argument(parser *in, const weir_verb_info *verb, const weir_argument *argument,
                                  int32_t *value) {
  *value = 0;
  if (argument->how == WEIR_ARGUMENT_NONE) return WEIR_OK;
  if (argument->how == WEIR_ARGUMENT_MAYBE && !take(in, argument->name)) {
    *value = WEIR_NOT_GIVEN;
    return WEIR_OK;
  }
  const char *after = argument->how == WEIR_ARGUMENT_MAYBE ? argument->name : verb->word;
  word given = peek(in);
  int64_t number = 0;
  if (!read_number(given, &number)) return fail_argument(in, argument, after, given, "is not a number");
  if (number < argument->least || number > argument->most)
    return fail_argument(in, argument, after, given, "is out of range");
  skip(in, given);
  *value = (int32_t)number;
  return WEIR_OK;
}

static void parse_option(parser *in, const weir_verb_info *verb, weir_step *step) {
  word given = peek(in);
  int option = find(given, verb->options, verb->option_count);
  if (option < 0) return;
  skip(in, given);
  step->option = (uint8_t)option;
}

static weir_status fail_leftover(parser *in, const weir_verb_info *verb, word given) {
  char usage[WEIR_WORDS_TEXT_MAX];
  weir_describe_usage(verb, usage, sizeof usage);
  const char *words[16];
  size_t count = 0;
  for (unsigned index = 0; index < verb->option_count && count < 14; index++) words[count++] = verb->options[index];
  if (verb->a.how == WEIR_ARGUMENT_MAYBE) words[count++] = verb->a.name;
  if (verb->b.how == WEIR_ARGUMENT_MAYBE) words[count++] = verb->b.name;
  const char *nearest = weir_words_nearest(given.at, given.size, words, count);
  return FAIL(in, "'%.*s' cannot stand here: the step is written '%s'%s%s%s", shown(given), given.at, usage,
              nearest == NULL ? "" : " (did you mean '", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?)");
}

/* What weir_step_valid asks beyond words and numbers. */
static weir_status check_step(parser *in, const weir_step *step) {
  const weir_verb_info *verb = weir_verb_get(step->verb);
  uint32_t count = in->scenario->count;
  const weir_step *previous = count == 0 ? NULL : &in->scenario->steps[count - 1];
  if (!weir_verb_fits(step->verb, step->when, step->event)) {
    char given[64], list[WEIR_WORDS_TEXT_MAX];
    weir_describe_trigger(step, given, sizeof given);
    weir_describe_triggers(step->verb, list, sizeof list);
    if (!in->triggered && step->when == WEIR_WHEN_START)
      return FAIL(in, "'%s %s' needs a trigger before it, and ':': %s", weir_actor_name(in->actor), verb->word, list);
    return FAIL(in, "'%s' cannot hang on '%s': its triggers are %s", verb->word, given, list);
  }
  if (step->when == WEIR_WHEN_SAME && !weir_step_joins(verb->actor, previous))
    return FAIL(in, "there is no turn to share: 'same turn' follows a step of %s when idle",
                weir_actor_name(in->actor));
  if (step->verb == WEIR_VERB_PEER_SEND && step->when != WEIR_WHEN_IDLE && step->b != WEIR_NOT_GIVEN)
    return FAIL(in, "'by' cannot stand here: each part is a turn of its own, so only the first step of an idle turn is "
                    "sent in parts");
  if (step->verb == WEIR_VERB_SOCKET_ERROR && !weir_error_fits(step->option, step->event))
    return FAIL(in, "%s cannot come out of %s: it belongs at send", verb->options[step->option],
                weir_occasion_name(step->event));
  if (step->of != 0 && !weir_step_crosses(step->verb, step->when))
    return FAIL(in, "'of @%d' cannot stand here: %s hangs on what its own connection does", step->of - 1, verb->word);
  assert(weir_step_valid(step, previous));
  return WEIR_OK;
}

/* What is so anyway is not said. */
static void simplify(weir_step *step) {
  weir_step own = *step;
  own.of = 0;
  if (step->of != 0 && weir_step_counted(step) == weir_step_counted(&own)) *step = own;
}

static bool begins_trigger(word given) {
  for (unsigned event = 0; event < WEIR_OCCASION_COUNT; event++)
    if (is_word(given, weir_occasion_name(event))) return true;
  return is_word(given, "when") || is_word(given, "same") || is_word(given, "after") || is_word(given, "at");
}

static weir_status parse_verb(parser *in, weir_step *step) {
  const char *words[WEIR_VERB_COUNT];
  size_t count = 0;
  word given = peek(in);
  for (unsigned verb = 0; verb < WEIR_VERB_COUNT; verb++) {
    const weir_verb_info *info = weir_verb_get(verb);
    if (info->actor != in->actor) continue;
    words[count++] = info->word;
    if (!is_word(given, info->word)) continue;
    skip(in, given);
    step->verb = (uint8_t)verb;
    return WEIR_OK;
  }
  if (given.size == 0 || is_word(given, ";"))
    return FAIL(in, "a step is missing: one comes after the actor, after ':' and after each ';'");
  if (!in->triggered && begins_trigger(given))
    return FAIL(in, "'%.*s' begins a trigger: put ':' between the trigger and its steps", shown(given), given.at);
  char lead[32];
  (void)snprintf(lead, sizeof lead, "%s has", weir_actor_name(in->actor));
  return fail_unknown(in, "step", given, lead, words, count);
}

static weir_status parse_step(parser *in, weir_step *step) {
  weir_status status = parse_verb(in, step);
  if (status != WEIR_OK) return status;
  const weir_verb_info *verb = weir_verb_get(step->verb);
  status = parse_argument(in, verb, &verb->a, &step->a);
  if (status != WEIR_OK) return status;
  parse_option(in, verb, step);
  status = parse_argument(in, verb, &verb->b, &step->b);
  if (status != WEIR_OK) return status;
  word given = peek(in);
  if (given.size > 0 && !is_word(given, ";")) return fail_leftover(in, verb, given);
  simplify(step);
  status = check_step(in, step);
  if (status != WEIR_OK) return status;
  if (in->scenario->count == WEIR_STEPS_MAX)
    return FAIL(in, "too many steps: a scenario has at most %d", WEIR_STEPS_MAX);
  in->scenario->steps[in->scenario->count++] = *step;
  return WEIR_OK;
}

/* What a line without a trigger hangs on. */
static weir_step default_trigger(weir_actor actor) {
  return (weir_step){.when = actor == WEIR_ACTOR_PEER ? WEIR_WHEN_IDLE : WEIR_WHEN_START};
}

static weir_status parse_steps(parser *in) {
  weir_status named = parse_connection(in, &in->connection);
  if (named != WEIR_OK) return named;
  weir_step trigger = default_trigger(in->actor);
  in->triggered = memchr(in->at, ':', (size_t)(in->end - in->at)) != NULL;
  if (in->triggered) {
    weir_status status = parse_trigger(in, &trigger);
    if (status != WEIR_OK) return status;
  }
  do {
    weir_step step = trigger;
    step.connection = (uint8_t)in->connection;
    weir_status status = parse_step(in, &step);
    if (status != WEIR_OK) return status;
    if (trigger.when == WEIR_WHEN_IDLE) trigger.when = WEIR_WHEN_SAME;
  } while (take(in, ";"));
  return WEIR_OK;
}

/* ---- Lines */

static weir_status parse_begin(parser *in) {
  if (!take(in, "weir")) return FAIL(in, "a scenario begins with the line 'weir 1'");
  word version = peek(in);
  if (!is_word(version, "1"))
    return FAIL(in, "'%.*s' is not a version that is known here: the line is 'weir 1'", shown(version), version.at);
  skip(in, version);
  word more = peek(in);
  if (more.size > 0) return FAIL(in, "'%.*s' cannot stand here: the line is 'weir 1'", shown(more), more.at);
  in->begun = true;
  return WEIR_OK;
}

/* `rules` and `title` come once, before the steps. */
static weir_status check_about(parser *in, const char *what, bool *seen) {
  if (*seen) return FAIL(in, "a second '%s': there is one, before the steps", what);
  if (in->scenario->count > 0) return FAIL(in, "'%s' cannot follow a step: it stands before the steps", what);
  *seen = true;
  return WEIR_OK;
}

static weir_status parse_title(parser *in) {
  weir_status status = check_about(in, "title", &in->titled);
  if (status != WEIR_OK) return status;
  (void)peek(in);
  size_t size = (size_t)(in->end - in->at);
  while (size > 0 && is_blank(in->at[size - 1])) size--;
  if (size >= WEIR_TITLE_MAX)
    return FAIL(in, "the title is %zu bytes long: it has at most %d", size, WEIR_TITLE_MAX - 1);
  memcpy(in->about.title, in->at, size);
  in->about.title[size] = '\0';
  return WEIR_OK;
}

/* A rule id is a capital letter and a number; which of them exist is not known here. */
static bool is_rule(word given) {
  if (given.size < 2 || given.size > 4 || given.at[0] < 'A' || given.at[0] > 'Z') return false;
  for (size_t index = 1; index < given.size; index++)
    if (given.at[index] < '0' || given.at[index] > '9') return false;
  return true;
}

static weir_status parse_rules(parser *in) {
  weir_status status = check_about(in, "rules", &in->ruled);
  if (status != WEIR_OK) return status;
  size_t length = 0;
  for (word given = peek(in); given.size > 0; skip(in, given), given = peek(in)) {
    if (!is_rule(given))
      return FAIL(in,
                  "'%.*s' is not the id of a rule: they are a capital letter and a number, like C1, with spaces "
                  "between",
                  shown(given), given.at);
    if (length + 1 + given.size >= WEIR_RULES_TEXT_MAX)
      return FAIL(in, "too many rules: their ids have %d bytes together at most", WEIR_RULES_TEXT_MAX - 1);
    if (length > 0) in->about.rules[length++] = ' ';
    memcpy(in->about.rules + length, given.at, given.size);
    length += given.size;
  }
  in->about.rules[length] = '\0';
  return WEIR_OK;
}

static weir_status parse_words(parser *in) {
  word given = peek(in);
  if (given.size == 0) return WEIR_OK;
  if (!in->begun) return parse_begin(in);
  if (is_word(given, "rules")) {
    skip(in, given);
    return parse_rules(in);
  }
  for (unsigned actor = 0; actor < WEIR_ACTOR_COUNT; actor++) {
    if (!is_word(given, weir_actor_name(actor))) continue;
    skip(in, given);
    in->actor = (weir_actor)actor;
    return parse_steps(in);
  }
  static const char *const legal[] = {"peer", "socket", "app", "title", "rules"};
  return fail_unknown(in, "word", given, "a line begins with", legal, sizeof legal / sizeof *legal);
}

static weir_status check_bytes(parser *in) {
  if (in->end - in->at > WEIR_LINE_MAX)
    return FAIL(in, "the line is %zu bytes long: it has at most %d", (size_t)(in->end - in->at), WEIR_LINE_MAX);
  for (const char *at = in->at; at < in->end; at++) {
    unsigned char byte = (unsigned char)*at;
    if ((byte < 0x20 && byte != '\t') || byte == 0x7F)
      return FAIL(in, "byte 0x%02X in column %zu: a scenario is text, without control characters", byte,
                  (size_t)(at - in->at) + 1);
  }
  return WEIR_OK;
}

static weir_status parse_line(parser *in, const char *begin, const char *end) {
  if (end > begin && end[-1] == '\r') end--;
  in->at = begin;
  in->end = end;
  weir_status status = check_bytes(in);
  if (status != WEIR_OK) return status;
  /* A title is taken as it stands; everywhere else '#' begins a comment. */
  if (in->begun && take(in, "title")) return parse_title(in);
  const char *comment = in->at < in->end ? memchr(in->at, '#', (size_t)(in->end - in->at)) : NULL;
  if (comment != NULL) in->end = comment;
  return parse_words(in);
}

static weir_status parse_lines(parser *in, const char *text, size_t size) {
  const char *end = text + size;
  /* Some editors begin a file with a byte order mark. */
  if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) text += 3;
  for (const char *at = text; at < end;) {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    const char *line_end = newline == NULL ? end : newline;
    in->line++;
    weir_status status = parse_line(in, at, line_end);
    if (status != WEIR_OK) return status;
    at = newline == NULL ? end : newline + 1;
  }
  if (in->begun) return WEIR_OK;
  if (in->line == 0) in->line = 1;
  return FAIL(in, "there is nothing here: a scenario begins with the line 'weir 1'");
}

weir_status weir_scenario_parse(const char *text, size_t size, weir_scenario *scenario, weir_scenario_about *about,
                                weir_problem *problem) {
  assert(text != NULL || size == 0);
  scenario->count = 0;
  parser in = {.scenario = scenario, .problem = problem};
  weir_status status = WEIR_OK;
  if (size > WEIR_TEXT_MAX) {
    status = FAIL(&in, "the text is %zu bytes long: a scenario has at most %d", size, WEIR_TEXT_MAX);
  } else {
    status = parse_lines(&in, size == 0 ? "" : text, size);
  }
  if (status != WEIR_OK) scenario->count = 0;
  if (about != NULL) *about = status == WEIR_OK ? in.about : (weir_scenario_about){.title = ""};
  return status;
}
