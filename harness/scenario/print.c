/* A scenario as canonical text.  harness/doc/scenario.md is the page. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "scenario/step.h"

enum {
  COLUMN_MAX = 100, /* where a line of several steps is broken */
  STEP_TEXT_MAX = 96,
  LINE_TEXT_MAX = COLUMN_MAX + STEP_TEXT_MAX
};

_Static_assert((int)LINE_TEXT_MAX <= (int)WEIR_LINE_MAX, "every line that is printed can be read");
_Static_assert(WEIR_STEPS_MAX *LINE_TEXT_MAX + WEIR_TITLE_MAX + WEIR_RULES_TEXT_MAX + 100 <= WEIR_TEXT_MAX,
               "every scenario that is printed can be read");

/* Text as long as there is room; the length goes on all the same. */
typedef struct sink {
  char *out;
  size_t size;
  size_t length;
  size_t column; /* bytes of the line so far */
} sink;

static void put(sink *to, const char *text) {
  for (; *text != '\0'; text++) {
    if (to->length + 1 < to->size) to->out[to->length] = *text;
    to->length++;
    to->column = *text == '\n' ? 0 : to->column + 1;
  }
}

static void put_number(sink *to, int32_t number) {
  char text[16];
  (void)snprintf(text, sizeof text, "%d", (int)number);
  put(to, text);
}

/* What a caller made up may hold what no line can: control characters become spaces. */
static void put_about(sink *to, const char *word, const char *text) {
  if (text[0] == '\0') return;
  put(to, word);
  for (; *text != '\0'; text++) {
    unsigned char byte = (unsigned char)*text;
    const char one[2] = {*text, '\0'};
    put(to, byte < 0x20 || byte == 0x7F ? " " : one);
  }
  put(to, "\n");
}

static void put_argument(sink *to, const weir_argument *argument, int32_t value) {
  if (argument->how == WEIR_ARGUMENT_NONE || value == WEIR_NOT_GIVEN) return;
  put(to, " ");
  if (argument->how == WEIR_ARGUMENT_MAYBE) {
    put(to, argument->name);
    put(to, " ");
  }
  put_number(to, value);
}

static void put_step(sink *to, const weir_step *step) {
  const weir_verb_info *verb = weir_verb_get(step->verb);
  put(to, verb->word);
  put_argument(to, &verb->a, step->a);
  if (step->option != 0) {
    put(to, " ");
    put(to, verb->options[step->option]);
  }
  put_argument(to, &verb->b, step->b);
}

static void put_range(sink *to, const weir_step *step) {
  if (step->first == 1 && step->last == WEIR_NTH_OPEN) {
    put(to, " *");
    return;
  }
  if (step->first == 1 && step->last == 1) return;
  put(to, " ");
  put_number(to, step->first);
  if (step->last == WEIR_NTH_OPEN) {
    put(to, "+");
  } else if (step->last != step->first) {
    put(to, "-");
    put_number(to, step->last);
  }
}

static void put_trigger(sink *to, const weir_step *step) {
  const weir_verb_info *verb = weir_verb_get(step->verb);
  if (verb->takes == WEIR_TAKES_START) return;
  switch (step->when) {
  case WEIR_WHEN_IDLE:
    if (verb->actor == WEIR_ACTOR_PEER) return;
    put(to, "when idle");
    break;
  case WEIR_WHEN_SAME: put(to, "same turn"); break;
  case WEIR_WHEN_START: put(to, "at start"); break;
  default:
    if (step->when == WEIR_WHEN_AFTER) put(to, "after ");
    put(to, weir_occasion_name(step->event));
    put_range(to, step);
    if (step->of == 0) break;
    put(to, " of @");
    put_number(to, step->of - 1);
  }
  put(to, ": ");
}

/* Whether `; step` behind `previous` means the same as a line of its own. */
static bool shares_line(const weir_step *step, const weir_step *previous) {
  if (step->when == WEIR_WHEN_SAME) return step->connection == previous->connection;
  if (step->when == WEIR_WHEN_IDLE || step->when != previous->when) return false;
  const weir_verb_info *verb = weir_verb_get(step->verb), *before = weir_verb_get(previous->verb);
  return verb->actor == before->actor && step->connection == previous->connection && step->of == previous->of &&
         step->event == previous->event && step->first == previous->first && step->last == previous->last;
}

static void put_line_begin(sink *to, const weir_step *step) {
  static const char *const margins[] = {
      [WEIR_ACTOR_PEER] = "peer   ", [WEIR_ACTOR_SOCKET] = "socket ", [WEIR_ACTOR_APP] = "app    "};
  put(to, margins[weir_verb_get(step->verb)->actor]);
  if (step->connection != 0) {
    put(to, "@");
    put_number(to, step->connection);
    put(to, " ");
  }
  put_trigger(to, step);
}

static void put_steps(sink *to, const weir_scenario *scenario) {
  for (uint32_t index = 0; index < scenario->count; index++) {
    const weir_step *step = &scenario->steps[index];
    char text[STEP_TEXT_MAX];
    sink alone = {.out = text, .size = sizeof text};
    put_step(&alone, step);
    assert(alone.length < sizeof text);
    text[alone.length] = '\0';

    bool joined = index > 0 && shares_line(step, step - 1) && to->column + 2 + alone.length <= COLUMN_MAX;
    if (joined) {
      put(to, "; ");
    } else {
      if (index > 0) put(to, "\n");
      put_line_begin(to, step);
    }
    put(to, text);
  }
  if (scenario->count > 0) put(to, "\n");
}

size_t weir_scenario_print(const weir_scenario *scenario, const weir_scenario_about *about, char *out, size_t size) {
  assert(weir_scenario_valid(scenario));
  sink to = {.out = out, .size = size};
  put(&to, "weir 1\n");
  if (about != NULL) {
    put_about(&to, "title  ", about->title);
    put_about(&to, "rules  ", about->rules);
  }
  put_steps(&to, scenario);
  if (size > 0) out[to.length < size ? to.length : size - 1] = '\0';
  return to.length;
}
