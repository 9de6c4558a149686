#include <argp.h>
#include <string.h>

#include "cli/cli.h"
#include "core/nearest.h"
#include "spec/rulebook.h"
#include "weir/spec.h"

typedef struct list_options {
  const char *what;
  bool available;
  void (*rulebook)(FILE *out); /* rules: in another form than lines */
} list_options;

enum { KEY_AVAILABLE = 512, KEY_FORMAT };

static const struct argp_option options[] = {
    {"available", KEY_AVAILABLE, NULL, 0, "targets: only the names of those that can be run here", 0},
    {"format", KEY_FORMAT, "FORM", 0, "rules: text, markdown (a page), or svg (a drawing of the machine)", 0},
    {0}};

static bool set_format(list_options *self, const char *word) {
  self->rulebook = strcmp(word, "markdown") == 0 ? weir_rulebook_markdown
                   : strcmp(word, "svg") == 0    ? weir_rulebook_svg
                                                 : NULL;
  return self->rulebook != NULL || strcmp(word, "text") == 0;
}

static error_t parse(int key, char *value, struct argp_state *state) {
  list_options *self = state->input;
  switch (key) {
  case KEY_AVAILABLE: self->available = true; return 0;
  case KEY_FORMAT:
    if (!set_format(self, value)) argp_error(state, "--format is text, markdown or svg, and not `%s`", value);
    return 0;
  case ARGP_KEY_END:
    if (self->rulebook != NULL && (self->what == NULL || strcmp(self->what, "rules") != 0))
      argp_error(state, "only `weir list rules` has other forms than text");
    return 0;
  case ARGP_KEY_ARG:
    if (self->what != NULL) argp_error(state, "one list at a time: `%s` is too much", value);
    self->what = value;
    return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .args_doc = "targets|rules|cases|events",
    .doc = "List what Weir knows: the targets on this machine, the rules with their levels and sources, the cases of "
           "the suite, or the events of a trace.",
};

/* ---- The lists */

static void print_target(void *context, const char *name, bool available, const char *summary) {
  const list_options *self = context;
  if (!self->available)
    (void)printf("%-22s %s%s\n", name, available ? "" : "not here: ", summary);
  else if (available)
    (void)puts(name);
}

static weir_status list_targets(list_options *self, weir_problem *problem) {
  return weir_targets_each(NULL, print_target, self, problem);
}

static const char *state_word(const weir_rule_info *rule) {
  switch (rule->state) {
  case WEIR_CHECKED: return "checked";
  case WEIR_OBSERVED: return "observed";
  case WEIR_DRIVEN: return "driven";
  case WEIR_LATER: return "later";
  }
  return "?";
}

static weir_status list_rules(list_options *self, weir_problem *problem) {
  (void)problem;
  if (self->rulebook != NULL) {
    self->rulebook(stdout);
    return WEIR_OK;
  }
  for (unsigned i = 0; i < WEIR_RULE_COUNT; i++) {
    const weir_rule_info *rule = weir_rule_get(i);
    (void)printf("%-4s %-7s %-8s %s%s%s%s\n", rule->id, weir_level_name(rule->level), state_word(rule), rule->sentence,
                 rule->source[0] != '\0' ? " [" : "", rule->source, rule->source[0] != '\0' ? "]" : "");
  }
  return WEIR_OK;
}

static weir_status list_cases(list_options *self, weir_problem *problem) {
  (void)self;
  char folder[WEIR_PLACE_MAX];
  weir_status status = weir_cli_cases_folder(NULL, folder, sizeof folder, problem);
  weir_suite suite = {.count = 0};
  if (status == WEIR_OK) status = weir_suite_load(folder, NULL, &suite, problem);
  for (size_t i = 0; i < suite.count; i++)
    (void)printf("%-36s %-12s %s\n", suite.cases[i].name, suite.cases[i].about.rules, suite.cases[i].about.title);
  weir_suite_free(&suite);
  return status;
}

static weir_status list_events(list_options *self, weir_problem *problem) {
  (void)self, (void)problem;
  for (unsigned event = 1; event < WEIR_EVENT_COUNT; event++)
    (void)printf("%-24s %s\n", weir_event_name(event), weir_event_fields(event));
  return WEIR_OK;
}

static const struct {
  const char *word;
  weir_status (*list)(list_options *self, weir_problem *problem);
} lists[] = {{"targets", list_targets}, {"rules", list_rules}, {"cases", list_cases}, {"events", list_events}};
enum { LIST_COUNT = sizeof lists / sizeof *lists };

static int unknown_list(const char *word) {
  weir_nearest nearest;
  weir_nearest_init(&nearest, word);
  for (unsigned i = 0; i < LIST_COUNT; i++) weir_nearest_offer(&nearest, lists[i].word);
  const char *best = weir_nearest_best(&nearest);
  if (best != NULL)
    weir_cli_say("there is no list of `%s`; did you mean `%s`?", word, best);
  else
    weir_cli_say("there is no list of `%s`: targets, rules, cases or events", word);
  return WEIR_EXIT_USAGE;
}

int weir_cli_list(int argc, char **argv) {
  list_options self = {.what = NULL};
  if (!weir_cli_parse(&parser, argc, argv, &self)) return WEIR_EXIT_USAGE;
  if (self.what == NULL) {
    weir_cli_say("a list of what? targets, rules, cases or events");
    return WEIR_EXIT_USAGE;
  }
  for (unsigned i = 0; i < LIST_COUNT; i++) {
    if (strcmp(self.what, lists[i].word) != 0) continue;
    weir_cli_output output;
    weir_problem problem = {.text = ""};
    weir_status status = weir_cli_output_open(&output, NULL, &problem);
    if (status == WEIR_OK) status = lists[i].list(&self, &problem);
    if (status == WEIR_OK) status = weir_cli_output_close(&output, &problem);
    return status == WEIR_OK ? WEIR_EXIT_OK : weir_cli_fail(status, &problem);
  }
  return unknown_list(self.what);
}
