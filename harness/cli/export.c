/* weir export: a case as a script that needs no Weir.
 *
 * The script is conformance/export/asyncio.py with the case's steps put in.  A
 * line that begins with "#[" and words begins a part that is left out where
 * none of the words is in the case (a step, an occasion, an option, a rule);
 * "#]" ends it.  "#rules" names the rules that the script can judge. */
#include <argp.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "weir/spec.h"
#include "weir/transport.h"

enum { WORDS_MAX = 256, RULES_MAX = 64, TEMPLATE_MAX = 1 << 18 };

typedef struct export_options {
  const char *name;
  const char *output;
  bool python, tls;
  int rules[RULES_MAX]; /* asked for */
  size_t rule_count;
} export_options;

static const struct argp_option options[] = {
    {"python", 'p', NULL, 0, "for asyncio: a script that needs the standard library alone (default)", 0},
    {"tls", 't', NULL, 0, "over TLS (1.2, without a certificate), with the peer as the server", 0},
    {"rule", 'r', "ID", 0, "judge this rule (default: those of the case); may be repeated", 0},
    {"output", 'o', "FILE", 0, "write to FILE, in one piece, in place of standard output", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state) {
  export_options *self = state->input;
  switch (key) {
  case 'p': self->python = true; return 0;
  case 't': self->tls = true; return 0;
  case 'r':
    if (self->rule_count == RULES_MAX) argp_error(state, "more than %d rules", RULES_MAX);
    self->rules[self->rule_count++] = weir_cli_parse_rule(value, state);
    return 0;
  case 'o': self->output = value; return 0;
  case ARGP_KEY_ARG:
    if (self->name != NULL) argp_error(state, "one case: `%s` is too much", value);
    self->name = value;
    return 0;
  default: return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .args_doc = "CASE",
    .doc = "Write a case as a self-contained script, to be attached to a report: real sockets, an unmodified asyncio, "
           "no Weir. It ends with 1 where the rule is broken, with 0 where it is kept.\v"
           "CASE is a file or the name of a case (`weir list cases`). Exit status: 0 it was written; 2 usage or "
           "unreadable input; 77 a script cannot show it, with the reason.",
};

/* ---- What a case has ---------------------------------------------------------- */
typedef struct words {
  const char *all[WORDS_MAX];
  size_t count;
} words;

static bool words_have(const words *self, const char *word, size_t size) {
  for (size_t i = 0; i < self->count; i++)
    if (strlen(self->all[i]) == size && memcmp(self->all[i], word, size) == 0) return true;
  return false;
}

static void words_add(words *self, const char *word) {
  if (word != NULL && self->count < WORDS_MAX && !words_have(self, word, strlen(word))) self->all[self->count++] = word;
}

static const char *option_word(const weir_step *step) {
  const weir_verb_info *verb = weir_verb_get(step->verb);
  return verb->option_count > 0 ? verb->options[step->option] : NULL;
}

static void collect(const weir_scenario *scenario, words *found) {
  for (uint32_t i = 0; i < scenario->count; i++) {
    const weir_step *step = &scenario->steps[i];
    const weir_verb_info *verb = weir_verb_get(step->verb);
    words_add(found, verb->word);
    words_add(found, weir_actor_name(verb->actor));
    words_add(found, option_word(step));
    if (step->first > 0) words_add(found, weir_occasion_name(step->event));
  }
}

/* ---- What a script cannot show -------------------------------------------------- */
static const char *refusal(const weir_scenario *scenario, bool tls) {
  if ((weir_scenario_needs(scenario) & WEIR_CAN_TLS) && !tls) return "it is about TLS: --tls";
  for (uint32_t i = 0; i < scenario->count; i++) {
    const weir_step *step = &scenario->steps[i];
    if (step->connection != 0 || step->of != 0 || step->verb == WEIR_VERB_APP_OPEN)
      return "it needs more than one connection, and the script has one";
    switch (step->verb) {
    case WEIR_VERB_SOCKET_SPURIOUS: return "it needs spurious readiness, which a real socket cannot be made to show";
    case WEIR_VERB_PEER_RECORD:
    case WEIR_VERB_PEER_SEGMENT:
    case WEIR_VERB_PEER_MESSAGE:
    case WEIR_VERB_PEER_DEAF: return "it needs a TLS peer that divides records or says what Python's ssl module cannot";
    case WEIR_VERB_PEER_SLEEP: return "it needs time to pass, which a script would have to wait for";
    default: break;
    }
    if (step->first > 0 && step->event == WEIR_OCCASION_WAIT)
      return "it hangs on the program's waits, and a real event loop's are not counted";
  }
  return NULL;
}

/* ---- The parts of the script ----------------------------------------------------- */
static void write_number(FILE *out, weir_argument_how how, int32_t value) {
  if (how == WEIR_ARGUMENT_NONE || value == WEIR_NOT_GIVEN)
    (void)fputs("None", out);
  else
    (void)fprintf(out, "%d", (int)value);
}

static const char *when_word(unsigned when) {
  static const char *const names[WEIR_WHEN_COUNT] = {
      [WEIR_WHEN_IDLE] = "idle", [WEIR_WHEN_SAME] = "same", [WEIR_WHEN_AFTER] = "after",
      [WEIR_WHEN_IN] = "in",     [WEIR_WHEN_AT] = "at",     [WEIR_WHEN_START] = "start",
  };
  return names[when];
}

static void write_step(FILE *out, const weir_step *step) {
  const weir_verb_info *verb = weir_verb_get(step->verb);
  (void)fprintf(out, "    (\"%s\", \"%s\", ", weir_actor_name(verb->actor), when_word(step->when));
  if (step->first > 0)
    (void)fprintf(out, "\"%s\", %u, ", weir_occasion_name(step->event), step->first);
  else
    (void)fputs("None, 0, ", out);
  if (step->last == WEIR_NTH_OPEN)
    (void)fputs("None", out);
  else
    (void)fprintf(out, "%u", step->last);
  const char *option = option_word(step);
  (void)fprintf(out, ", \"%s\", %s%s%s, ", verb->word, option != NULL ? "\"" : "", option != NULL ? option : "None",
                option != NULL ? "\"" : "");
  write_number(out, verb->a.how, step->a);
  (void)fputs(", ", out);
  write_number(out, verb->b.how, step->b);
  (void)fputs("),\n", out);
}

/* Into a docstring: what would end it or begin an escape is left out. */
static void write_quoted(FILE *out, const char *text, const char *indent) {
  (void)fputs(indent, out);
  for (const char *c = text; *c != '\0'; c++) {
    if (*c == '"' || *c == '\\') continue;
    (void)fputc(*c, out);
    if (*c == '\n' && c[1] != '\0') (void)fputs(indent, out);
  }
}

static void write_rules(FILE *out, const words *judged) {
  for (size_t i = 0; i < judged->count; i++) {
    const weir_rule_info *rule = weir_rule_get((unsigned)weir_rule_find(judged->all[i]));
    (void)fprintf(out, "%s (%s): ", rule->id, weir_level_name(rule->level));
    write_quoted(out, rule->sentence, "");
    (void)fputc('\n', out);
    char names[64];
    (void)snprintf(names, sizeof names, "%s", rule->source);
    char *rest = NULL;
    for (char *name = strtok_r(names, " ,", &rest); name != NULL; name = strtok_r(NULL, " ,", &rest)) {
      const char *source = weir_source_get(name);
      if (source == NULL) continue;
      (void)fputs("    ", out);
      write_quoted(out, source, "");
      (void)fputc('\n', out);
    }
  }
}

typedef struct script {
  const weir_case *of;
  words judged; /* rules */
  words has;    /* what decides about parts */
  char *text;   /* the scenario */
} script;

static void write_place(FILE *out, const script *self, const char *line, size_t size) {
  static const char *const places[] = {"%TITLE%", "%RULES%", "%SCENARIO%", "%STEPS%", "%TLS%"};
  for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
    const char *at = memmem(line, size, places[i], strlen(places[i]));
    if (at == NULL) continue;
    (void)fwrite(line, 1, (size_t)(at - line), out);
    switch (i) {
    case 0:
      write_quoted(out, self->of->about.title[0] != '\0' ? self->of->about.title : self->of->name, "");
      (void)fputs(".\n", out);
      return;
    case 1: write_rules(out, &self->judged); return;
    case 2: write_quoted(out, self->text, "    "); return;
    case 4:
      if (words_have(&self->has, "tls", 3)) (void)fputs(", TLS on it,", out);
      (void)fwrite(at + 5, 1, size - (size_t)(at + 5 - line), out);
      return;
    default:
      for (uint32_t step = 0; step < self->of->scenario->count; step++)
        write_step(out, &self->of->scenario->steps[step]);
      return;
    }
  }
  const char *looked = memmem(line, size, "%LOOKED_AT%", 11);
  if (looked == NULL) {
    (void)fwrite(line, 1, size, out);
    return;
  }
  (void)fwrite(line, 1, (size_t)(looked - line), out);
  for (size_t i = 0; i < self->judged.count; i++) (void)fprintf(out, "%s%s", i > 0 ? " " : "", self->judged.all[i]);
  (void)fwrite(looked + 11, 1, size - (size_t)(looked + 11 - line), out);
}

/* Whether one of the words of a "#[" line is there. */
static bool is_wanted(const script *self, const char *line, size_t size) {
  size_t at = 2;
  while (at < size) {
    size_t from = at;
    while (at < size && line[at] != ' ' && line[at] != '\n') at++;
    if (at > from && words_have(&self->has, line + from, at - from)) return true;
    at++;
  }
  return false;
}

static void write_script(FILE *out, const script *self, const char *template, size_t size) {
  unsigned skipped = 0, depth = 0; /* the depth of parts at which leaving out began, 0: not */
  for (size_t at = 0; at < size;) {
    const char *line = template + at;
    const char *end = memchr(line, '\n', size - at);
    size_t length = end != NULL ? (size_t)(end - line) + 1 : size - at;
    at += length;
    size_t indent = 0;
    while (indent < length && line[indent] == ' ') indent++;
    const char *mark = line + indent;
    size_t rest = length - indent;
    if (rest > 2 && memcmp(mark, "#[", 2) == 0) {
      depth++;
      if (skipped == 0 && !is_wanted(self, mark, rest)) skipped = depth;
    } else if (rest > 1 && memcmp(mark, "#]", 2) == 0) {
      if (skipped == depth) skipped = 0;
      depth--;
    } else if (skipped == 0 && !(rest > 6 && memcmp(mark, "#rules ", 7) == 0)) {
      write_place(out, self, line, length);
    }
  }
}

/* ---- The verb ------------------------------------------------------------------------ */
static weir_status read_template(char *template, size_t *size, weir_problem *problem) {
  char folder[WEIR_PLACE_MAX], path[WEIR_PLACE_MAX + 32];
  weir_status status = weir_data_folder(folder, sizeof folder, problem);
  if (status != WEIR_OK) return status;
  (void)snprintf(path, sizeof path, "%s/export/asyncio.py", folder);
  FILE *in = fopen(path, "re");
  if (in == NULL) return weir_fail(problem, WEIR_BROKEN, 0, "%s: %s", path, strerror(errno));
  *size = fread(template, 1, TEMPLATE_MAX, in);
  bool whole = ferror(in) == 0 && feof(in) != 0;
  (void)fclose(in);
  return whole ? WEIR_OK : weir_fail(problem, WEIR_BROKEN, 0, "%s cannot be read", path);
}

/* Whatever a case is for, these end what it shows. */
static bool is_always(const char *id) {
  return strcmp(id, "L12") == 0 || strcmp(id, "L13") == 0;
}

/* The rules that were asked for, or those of the case, that the script can judge. */
static void choose_rules(const export_options *self, const weir_case *of, const char *template, size_t size,
                         words *judged) {
  const char *line = memmem(template, size, "\n#rules ", 8);
  if (line == NULL) return;
  const char *end = memchr(line + 1, '\n', size - (size_t)(line + 1 - template));
  words known = {.count = 0};
  for (unsigned rule = 0; weir_rule_get(rule) != NULL; rule++) {
    char id[16];
    (void)snprintf(id, sizeof id, " %s ", weir_rule_get(rule)->id);
    if (memmem(line, (size_t)(end - line), id, strlen(id)) != NULL) words_add(&known, weir_rule_get(rule)->id);
  }
  for (size_t i = 0; i < known.count; i++) {
    bool wanted = false;
    for (size_t k = 0; k < self->rule_count; k++)
      wanted |= strcmp(weir_rule_get((unsigned)self->rules[k])->id, known.all[i]) == 0;
    char padded[WEIR_RULES_TEXT_MAX + 2], id[16];
    (void)snprintf(padded, sizeof padded, " %s ", of->about.rules);
    (void)snprintf(id, sizeof id, " %s ", known.all[i]);
    if (self->rule_count == 0) wanted = is_always(known.all[i]) || strstr(padded, id) != NULL;
    if (wanted) words_add(judged, known.all[i]);
  }
}

static weir_status export_case(const export_options *self, const weir_case *of, char *template, FILE *out,
                               weir_problem *problem) {
  assert(of != NULL && of->scenario != NULL);
  const char *reason = refusal(of->scenario, self->tls);
  if (reason != NULL) return weir_fail(problem, WEIR_UNAVAILABLE, 0, "%s: %s", of->name, reason);
  size_t size = 0;
  weir_status status = read_template(template, &size, problem);
  if (status != WEIR_OK) return status;
  script made = {.of = of};
  choose_rules(self, of, template, size, &made.judged);
  if (made.judged.count == 0)
    return weir_fail(problem, WEIR_UNAVAILABLE, 0,
                     "%s: none of its rules (%s) can be judged by a script; --rule ID asks for another one", of->name,
                     of->about.rules[0] != '\0' ? of->about.rules : "it names none");
  collect(of->scenario, &made.has);
  if (self->tls) words_add(&made.has, "tls");
  for (size_t i = 0; i < made.judged.count; i++) words_add(&made.has, made.judged.all[i]);
  made.text = malloc(WEIR_TEXT_MAX);
  if (made.text == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for the scenario's text");
  if (weir_scenario_print(of->scenario, NULL, made.text, WEIR_TEXT_MAX) >= WEIR_TEXT_MAX) made.text[0] = '\0';
  write_script(out, &made, template, size);
  free(made.text);
  return WEIR_OK;
}

static weir_status load_and_export(const export_options *self, FILE *out, weir_problem *problem) {
  weir_suite suite = {.count = 0};
  char *template = malloc(TEMPLATE_MAX);
  weir_status status = template == NULL ? weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a script")
                                        : weir_cli_load_scenario(self->name, &suite, problem);
  if (status == WEIR_OK) status = export_case(self, &suite.cases[0], template, out, problem);
  free(template);
  weir_suite_free(&suite);
  return status;
}

int weir_cli_export(int argc, char **argv) {
  export_options self = {.python = true};
  if (!weir_cli_parse(&parser, argc, argv, &self)) return WEIR_EXIT_USAGE;
  if (self.name == NULL) {
    weir_cli_say("a case is needed: `weir export CASE`");
    return WEIR_EXIT_USAGE;
  }
  weir_cli_output output;
  weir_problem problem = {.text = ""};
  weir_status status = weir_cli_output_open(&output, self.output, &problem);
  if (status != WEIR_OK) return weir_cli_fail(status, &problem);
  status = load_and_export(&self, output.stream, &problem);
  if (status != WEIR_OK) {
    weir_cli_output_discard(&output);
    return weir_cli_fail(status, &problem);
  }
  status = weir_cli_output_close(&output, &problem);
  return status == WEIR_OK ? WEIR_EXIT_OK : weir_cli_fail(status, &problem);
}
