#include "explore.h"

#include <string.h>

enum { LENGTH_MAX = 64, WORDS_TEXT_MAX = 2048 };

typedef struct sweep {
  compare_judges *judges;
  explore_tally *tally;
  const alphabet_word *words[2 * ALPHABET_WORDS_MAX];
  unsigned word_count;
  const alphabet_word *path[ALPHABET_WORDS_MAX + LENGTH_MAX];
  unsigned steps;
  bool stopped;
} sweep;

static void tell(sweep *on, const char *text) {
  char words[WORDS_TEXT_MAX] = "";
  for (unsigned i = 0; i < on->steps; i++) {
    if (strlen(words) + strlen(on->path[i]->word) + 2 >= sizeof words) break;
    if (i > 0) strcat(words, " ");
    strcat(words, on->path[i]->word);
  }
  on->tally->disagreements++;
  if (on->tally->told != NULL) on->stopped = !on->tally->told(on->tally->context, words, text);
}

static void judge(sweep *on, const alphabet_trace *trace) {
  char text[COMPARE_TEXT_MAX];
  on->tally->sequences++;
  if (!compare_agree(on->judges, trace->records, trace->count, text)) tell(on, text);
}

/* As cut there, and at rest. */
static void judge_both(sweep *on, const alphabet_trace *trace) {
  if (trace->count == 0) return;
  judge(on, trace);
  if (trace->depth > 0 || trace->records[trace->count - 1].event == WEIR_EVENT_END) return;
  alphabet_trace whole = *trace;
  whole.records[whole.count++] = (weir_record){.event = WEIR_EVENT_END, .code = WEIR_END_QUIESCENT};
  judge(on, &whole);
}

static bool begin(sweep *on, alphabet_trace *trace, const char *opening) {
  const alphabet_word *words[ALPHABET_WORDS_MAX];
  unsigned count = alphabet_read(opening, words);
  memset(trace, 0, sizeof *trace);
  on->steps = 0;
  for (unsigned i = 0; i < count; i++) {
    if (!alphabet_add(trace, words[i])) return false;
    on->path[on->steps++] = words[i];
  }
  return true;
}

/* As deep as length_max: recursion is bounded. */
static void descend(sweep *on, const alphabet_trace *trace, unsigned length) {
  judge_both(on, trace);
  if (length == 0) return;
  for (unsigned i = 0; i < on->word_count && !on->stopped; i++) {
    alphabet_trace next = *trace;
    if (!alphabet_add(&next, on->words[i])) continue;
    on->path[on->steps++] = on->words[i];
    descend(on, &next, length - 1);
    on->steps--;
  }
}

void explore_family(compare_judges *judges, const alphabet_family *family, unsigned length, explore_tally *tally) {
  sweep on = {.judges = judges, .tally = tally};
  on.word_count = alphabet_read(family->words, on.words);
  alphabet_trace trace;
  if (length <= LENGTH_MAX && begin(&on, &trace, family->opening)) descend(&on, &trace, length);
}

static uint64_t next_random(uint64_t *state) {
  uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15)); /* splitmix64 */
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

static unsigned family_count(void) {
  unsigned count = 0;
  while (alphabet_family_get(count) != NULL) count++;
  return count;
}

static void one_random(sweep *on, uint64_t *state, unsigned length) {
  const alphabet_family *one = alphabet_family_get((unsigned)(next_random(state) % family_count()));
  const alphabet_family *two = alphabet_family_get((unsigned)(next_random(state) % family_count()));
  on->word_count = alphabet_read(one->words, on->words);
  if (next_random(state) % 2) on->word_count += alphabet_read(two->words, on->words + on->word_count);
  alphabet_trace trace;
  if (!begin(on, &trace, one->opening)) return;
  unsigned steps = 1 + (unsigned)(next_random(state) % length);
  for (unsigned i = 0; i < steps; i++) {
    const alphabet_word *word = on->words[next_random(state) % on->word_count];
    if (alphabet_add(&trace, word)) on->path[on->steps++] = word;
  }
  judge_both(on, &trace);
}

void explore_random(compare_judges *judges, uint64_t seed, uint64_t count, unsigned length, explore_tally *tally) {
  sweep on = {.judges = judges, .tally = tally};
  for (uint64_t i = 0; i < count && !on.stopped && length <= LENGTH_MAX; i++) {
    uint64_t state = seed ^ (i * UINT64_C(0xD1342543DE82EF95));
    one_random(&on, &state, length);
  }
}
