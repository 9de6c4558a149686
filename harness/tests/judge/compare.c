#include "compare.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grammar.h"
#include "weir/validator.h"

struct compare_judges {
  void *memory; /* of the validator */
  naive_moment *moments;
  char *letters;
  uint32_t *letter_at; /* record of each letter */
  grammar *grammar;
  uint64_t findings;
  unsigned blind; /* a rule that the naive judge is made blind to; WEIR_RULE_COUNT: none */
};

compare_judges *compare_open(void) {
  compare_judges *judges = calloc(1, sizeof *judges);
  if (judges == NULL) return NULL;
  judges->memory = malloc(weir_validator_size());
  judges->moments = malloc(NAIVE_MOMENTS_MAX * sizeof *judges->moments);
  judges->letters = malloc(NAIVE_MOMENTS_MAX);
  judges->letter_at = malloc(NAIVE_MOMENTS_MAX * sizeof *judges->letter_at);
  judges->grammar = grammar_open();
  if (judges->memory != NULL && judges->moments != NULL && judges->letters != NULL && judges->letter_at != NULL &&
      judges->grammar != NULL)
    return judges;
  compare_close(judges);
  return NULL;
}

void compare_close(compare_judges *judges) {
  if (judges == NULL) return;
  free(judges->memory);
  free(judges->moments);
  free(judges->letters);
  free(judges->letter_at);
  grammar_close(judges->grammar);
  free(judges);
}

uint64_t compare_findings(const compare_judges *judges) {
  return judges->findings;
}

typedef struct differences {
  char *text;
  size_t size;
  bool any;
} differences;

__attribute__((format(printf, 2, 3))) static void say(differences *differ, const char *format, ...) {
  differ->any = true;
  if (differ->size + 1 >= COMPARE_TEXT_MAX) return;
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(differ->text + differ->size, COMPARE_TEXT_MAX - differ->size, format, arguments);
  va_end(arguments);
  if (size > 0) differ->size += (size_t)size;
}

static const char *place(uint32_t event, char out[16]) {
  if (event == UINT32_MAX) return "kept";
  (void)snprintf(out, 16, "at %u", (unsigned)event);
  return out;
}

static void compare_rules(compare_judges *judges, const weir_validator *validator, const naive_verdict *verdict,
                          uint8_t connection, differences *differ) {
  uint32_t found[WEIR_RULE_COUNT];
  const char *messages[WEIR_RULE_COUNT] = {NULL};
  memset(found, 0xFF, sizeof found);
  size_t count = 0;
  const weir_finding *findings = weir_validator_findings(validator, &count);
  for (size_t i = 0; i < count; i++)
    if (findings[i].connection == connection) {
      found[findings[i].rule] = (uint32_t)findings[i].event;
      messages[findings[i].rule] = findings[i].message;
    }
  for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++) {
    judges->findings += found[rule] != UINT32_MAX;
    if (found[rule] == verdict->broken_at[rule]) continue;
    char one[16], two[16];
    say(differ, "%s: validator %s, naive %s; %s\n", weir_rule_get(rule)->id, place(found[rule], one),
        place(verdict->broken_at[rule], two), messages[rule] == NULL ? "" : messages[rule]);
  }
}

/* The machine: the grammar and the table fail at the same callback, and no rule of the machine is broken before it. */
static void compare_machine(compare_judges *judges, const naive_story *story, const naive_verdict *verdict,
                            differences *differ) {
  static const unsigned machine_rules[] = {WEIR_RULE_L1, WEIR_RULE_L2, WEIR_RULE_L3,
                                           WEIR_RULE_B1, WEIR_RULE_E1, WEIR_RULE_E2};
  size_t count = 0;
  weir_state state = WEIR_STATE_START;
  uint32_t table = UINT32_MAX;
  for (int i = 0; i < story->count; i++) {
    const naive_moment *at = &story->moments[i];
    char letter = at->begins ? grammar_letter(at->event) : 0;
    if (letter == 0) continue;
    if (state != WEIR_STATE_BAD && (state = weir_machine_next(state, at->event)) == WEIR_STATE_BAD) table = at->record;
    judges->letters[count] = letter;
    judges->letter_at[count++] = at->record;
  }
  size_t good = grammar_allows(judges->grammar, judges->letters, count);
  uint32_t documented = good < count ? judges->letter_at[good] : UINT32_MAX;
  char one[16], two[16];
  if (documented != table) say(differ, "machine: table %s, grammar %s\n", place(table, one), place(documented, two));
  uint32_t first = UINT32_MAX;
  for (size_t i = 0; i < sizeof machine_rules / sizeof *machine_rules; i++)
    if (verdict->broken_at[machine_rules[i]] < first) first = verdict->broken_at[machine_rules[i]];
  if (documented < first) say(differ, "machine: grammar %s, rules %s\n", place(documented, one), place(first, two));
}

static bool agree(compare_judges *judges, const weir_record *records, uint32_t count, char text[COMPARE_TEXT_MAX]) {
  differences differ = {.text = text};
  text[0] = 0;
  weir_validator *validator = weir_validator_init(judges->memory);
  weir_validator_feed(validator, records, count);
  weir_problem problem = {0};
  weir_judgement judgement = weir_validator_finish(validator, &problem);
  bool there[UINT8_MAX + 1];
  unsigned connections = 0;
  for (uint32_t i = 0; i < count; i++) {
    while (connections <= records[i].connection) there[connections++] = false;
    there[records[i].connection] = true;
  }
  bool readable = true;
  for (unsigned connection = 0; connection < connections; connection++) {
    if (!there[connection]) continue;
    naive_story story;
    naive_verdict verdict;
    if (!naive_story_read(&story, records, count, (uint8_t)connection, judges->moments)) {
      readable = false;
      continue;
    }
    if (judgement == WEIR_UNREADABLE) continue;
    naive_judge(&story, &verdict);
    if (judges->blind < WEIR_RULE_COUNT) verdict.broken_at[judges->blind] = UINT32_MAX;
    compare_rules(judges, validator, &verdict, (uint8_t)connection, &differ);
    compare_machine(judges, &story, &verdict, &differ);
  }
  if (readable == (judgement == WEIR_UNREADABLE))
    say(&differ, "readable: validator %s (%s), naive %s\n", judgement == WEIR_UNREADABLE ? "no" : "yes", problem.text,
        readable ? "yes" : "no");
  return !differ.any;
}

bool compare_agree(compare_judges *judges, const weir_record *records, uint32_t count, char text[COMPARE_TEXT_MAX]) {
  judges->blind = WEIR_RULE_COUNT;
  return agree(judges, records, count, text);
}

bool compare_verdicts_differ(compare_judges *judges, const weir_record *records, uint32_t count, unsigned blind,
                             char text[COMPARE_TEXT_MAX]) {
  judges->blind = blind;
  return !agree(judges, records, count, text);
}
