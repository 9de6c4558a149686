/* The page of the rules. */
#include "spec/rulebook.h"

#include <inttypes.h>
#include <string.h>

#include "weir/spec.h"
#include "weir/trace.h"

static const struct {
  char letter;
  const char *title;
} families[] = {
    {'L', "Lifecycle"},
    {'B', "Buffers"},
    {'E', "End of file"},
    {'P', "Pausing reads"},
    {'C', "Closing"},
    {'W', "Writing"},
    {'F', "Write flow control"},
    {'T', "Switching protocols, TLS"},
    {'R', "The protocol's side"},
};
enum { FAMILY_COUNT = sizeof families / sizeof *families };

static const char *family_title(char letter) {
  for (unsigned i = 0; i < FAMILY_COUNT; i++)
    if (families[i].letter == letter) return families[i].title;
  return "";
}

/* A cell of a table: a bar would end it. */
static void put_cell(const char *text, FILE *out) {
  for (; *text != '\0'; text++) {
    if (*text == '|') (void)fputc('\\', out);
    (void)fputc(*text, out);
  }
}

/* ---- The machine */

static void put_machine(FILE *out) {
  (void)fprintf(out, "| callback |");
  for (unsigned state = 0; state < WEIR_STATE_BAD; state++)
    (void)fprintf(out, " in %s |", weir_state_name((weir_state)state));
  (void)fprintf(out, "\n|---|");
  for (unsigned state = 0; state < WEIR_STATE_BAD; state++) (void)fprintf(out, "---|");
  (void)fputc('\n', out);
  for (unsigned event = 1; event < WEIR_EVENT_COUNT; event++) {
    if (weir_event_group_of(event) != WEIR_GROUP_CALLBACK) continue;
    (void)fprintf(out, "| `%s` |", weir_event_name(event));
    for (unsigned state = 0; state < WEIR_STATE_BAD; state++) {
      weir_state next = weir_machine_next((weir_state)state, event);
      (void)fprintf(out, " %s |", next == WEIR_STATE_BAD ? "" : weir_state_name(next));
    }
    (void)fputc('\n', out);
  }
}

/* ---- The rules */

static const char *decided(const weir_rule_info *rule) {
  if (rule->state == WEIR_LATER) return "not yet";
  if (rule->state == WEIR_DRIVEN) return "by driving";
  if (rule->state == WEIR_OBSERVED) return "recorded";
  switch (rule->kind) {
  case WEIR_SAFETY: return "at the event";
  case WEIR_LIVENESS: return "at the end";
  default: return "both";
  }
}

/* Each source is a link: "D2 D8", or a name of several words. */
static void put_sources(const char *source, FILE *out) {
  if (weir_source_get(source) != NULL) {
    (void)fprintf(out, "[%s](#sources)", source);
    return;
  }
  for (const char *word = source; *word != '\0'; word += strspn(word, " ")) {
    int size = (int)strcspn(word, " ");
    (void)fprintf(out, "%s[%.*s](#sources)", word == source ? "" : " ", size, word);
    word += size;
  }
}

/* The events of a group; one that is watched as a whole is told in a word. */
static uint64_t group_events(weir_event_group group) {
  uint64_t events = 0;
  for (unsigned event = 1; event < WEIR_EVENT_COUNT; event++)
    if (weir_event_group_of(event) == group) events |= UINT64_C(1) << event;
  return events;
}

static void put_watches(uint64_t watches, FILE *out) {
  static const struct {
    weir_event_group group;
    const char *words;
  } wholes[] = {
      {WEIR_GROUP_CALLBACK, "every callback"}, {WEIR_GROUP_CALL, "every call"}, {WEIR_GROUP_PEER, "the peer"}};
  const char *comma = "";
  for (unsigned i = 0; i < sizeof wholes / sizeof *wholes; i++) {
    uint64_t events = group_events(wholes[i].group);
    if ((watches & events) != events) continue;
    (void)fprintf(out, "%s%s", comma, wholes[i].words);
    watches &= ~events;
    comma = ", ";
  }
  for (unsigned event = 1; event < WEIR_EVENT_COUNT; event++) {
    if (!(watches >> event & 1)) continue;
    (void)fprintf(out, "%s`%s`", comma, weir_event_name(event));
    comma = ", ";
  }
}

static void put_rule(const weir_rule_info *rule, FILE *out) {
  (void)fprintf(out, "| ");
  if (rule->state == WEIR_CHECKED)
    (void)fprintf(out, "[%s](../../conformance/golden/%s)", rule->id, rule->id);
  else
    (void)fprintf(out, "%s", rule->id);
  (void)fprintf(out, " | %s | %s | ", weir_level_name(rule->level), decided(rule));
  put_cell(rule->sentence, out);
  (void)fprintf(out, " | ");
  put_sources(rule->source, out);
  (void)fprintf(out, " | ");
  put_watches(rule->watches, out);
  (void)fprintf(out, " |\n");
}

static void put_rules(FILE *out) {
  char family = '\0';
  for (unsigned i = 0; i < WEIR_RULE_COUNT; i++) {
    const weir_rule_info *rule = weir_rule_get(i);
    if (rule->id[0] != family) {
      family = rule->id[0];
      (void)fprintf(out, "\n## %c: %s\n\n", family, family_title(family));
      (void)fprintf(out,
                    "| rule | level | decided | what has to hold | source | watches |\n|---|---|---|---|---|---|\n");
    }
    put_rule(rule, out);
  }
}

static void put_count(FILE *out) {
  unsigned counts[WEIR_LATER + 1] = {0};
  for (unsigned i = 0; i < WEIR_RULE_COUNT; i++) counts[weir_rule_get(i)->state]++;
  (void)fprintf(
      out,
      "%u rules: %u are checked, %u recorded, %u are of protocols and no trace shows them, %u wait for a layer\n"
      "that is not there yet.\n",
      (unsigned)WEIR_RULE_COUNT, counts[WEIR_CHECKED], counts[WEIR_OBSERVED], counts[WEIR_DRIVEN], counts[WEIR_LATER]);
  (void)fprintf(out, "The hash of this table, in every trace and result: `%016" PRIx64 "`.\n", weir_spec_hash());
}

static const char introduction[] =
    "<!-- Generated from harness/include/weir/rules.def and the machine in harness/spec: change it there, and\n"
    "     write this page with `scripts/rules --write`. -->\n"
    "# The rules\n"
    "\n"
    "What a transport that drives a buffered protocol must do, may do, and is merely\n"
    "seen to do. A rule is judged on the [trace](trace.md) of a run and on nothing else.\n"
    "\n"
    "- **MUST**: documented by asyncio, or no reading of the documentation permits the\n"
    "  opposite. Breaking it fails a run. **SHOULD**: follows from the documentation, or\n"
    "  from the interfaces of the same design. Breaking it warns; `--strict` fails.\n"
    "  **PROFILE**: implementations differ and no document decides. Never fails;\n"
    "  recorded, so that implementations can be compared.\n"
    "- **decided** *at the event* that breaks it (safety); *at the end* of the run, when\n"
    "  nothing is ready, no timer is armed and the peer has no step left (liveness); or\n"
    "  *both*. Where it is *recorded* or *not yet* there, nothing is ever found. *By\n"
    "  driving*: the rule is a protocol's, and judged on what it makes of one byte\n"
    "  stream in many chunkings ([how](../../conformance/protocols/README.md)).\n"
    "- **watches**: the events that the rule's monitor is shown.\n"
    "\n"
    "The id of a checked rule leads to its golden traces: some that just keep it, some\n"
    "that just break it. `scripts/rules` tells for each rule its monitor, its cases, its\n"
    "golden traces and its mutants.\n"
    "\n";

void weir_rulebook_markdown(FILE *out) {
  (void)fputs(introduction, out);
  put_count(out);
  (void)fprintf(out, "\n## The machine\n\n![The machine](machine.svg)\n\n");
  (void)fprintf(out, "Where a callback leads from each state; empty: it is not allowed there.\n\n");
  put_machine(out);
  put_rules(out);
  (void)fprintf(out, "\n## Sources\n\n| source | what it says |\n|---|---|\n");
  for (unsigned i = 0; weir_source_name(i) != NULL; i++) {
    (void)fprintf(out, "| %s | ", weir_source_name(i));
    put_cell(weir_source_get(weir_source_name(i)), out);
    (void)fprintf(out, " |\n");
  }
}
