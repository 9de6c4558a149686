#include "scenario/describe.h"

#include <stdio.h>

#include "scenario/step.h"
#include "scenario/words.h"

static void describe_argument(const weir_argument *argument, char *out, size_t size) {
  if (argument->how == WEIR_ARGUMENT_NONE) return;
  bool named = argument->how == WEIR_ARGUMENT_MAYBE;
  weir_words_append(out, size, named ? " [" : " N (");
  weir_words_append(out, size, argument->name);
  weir_words_append(out, size, named ? " N]" : ")");
}

void weir_describe_usage(const weir_verb_info *verb, char *out, size_t size) {
  out[0] = '\0';
  weir_words_append(out, size, verb->word);
  describe_argument(&verb->a, out, size);
  for (unsigned index = 0; index < verb->option_count; index++) {
    weir_words_append(out, size, index == 0 ? " [" : "|");
    weir_words_append(out, size, verb->options[index]);
  }
  if (verb->option_count > 0) weir_words_append(out, size, "]");
  describe_argument(&verb->b, out, size);
}

void weir_describe_triggers(unsigned verb, char *out, size_t size) {
  const char *words[WEIR_OCCASION_COUNT + 5];
  size_t count = 0;
  uint32_t triggers = weir_verb_triggers(verb);
  if (weir_verb_fits(verb, WEIR_WHEN_IDLE, 0)) words[count++] = "when idle";
  if (weir_verb_fits(verb, WEIR_WHEN_SAME, 0)) words[count++] = "same turn";
  if ((triggers & WEIR_TRIGGERS_IN_ALL) == WEIR_TRIGGERS_IN_ALL) words[count++] = "any callback";
  for (unsigned event = 0; event < WEIR_OCCASION_COUNT; event++) {
    bool in = weir_verb_fits(verb, WEIR_WHEN_IN, event) && (triggers & WEIR_TRIGGERS_IN_ALL) != WEIR_TRIGGERS_IN_ALL;
    if (!in && !weir_verb_fits(verb, WEIR_WHEN_AT, event)) continue;
    words[count++] = weir_occasion_name(event);
  }
  if ((triggers & WEIR_TRIGGERS_AFTER_APP) != 0)
    words[count++] = (triggers & WEIR_TRIGGERS_AFTER_PEER & ~WEIR_TRIGGERS_AFTER_APP) != 0
                         ? "after any callback or operation"
                         : "after any callback";
  if (weir_verb_fits(verb, WEIR_WHEN_START, 0)) words[count++] = "at start";
  weir_words_list(words, count, out, size);
}

void weir_describe_trigger(const weir_step *step, char *out, size_t size) {
  switch (step->when) {
  case WEIR_WHEN_IDLE: (void)snprintf(out, size, "when idle"); return;
  case WEIR_WHEN_SAME: (void)snprintf(out, size, "same turn"); return;
  case WEIR_WHEN_START: (void)snprintf(out, size, "at start"); return;
  default:
    (void)snprintf(out, size, "%s%s", step->when == WEIR_WHEN_AFTER ? "after " : "", weir_occasion_name(step->event));
  }
}
