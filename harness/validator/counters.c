#include "validator/counters.h"

#include <stdio.h>

#include "validator/view.h"

/* ---- The layout ------------------------------------------------------------ */
#define X(name, word, group, meaning) | ((int)WEIR_GROUP_##group == (int)WEIR_GROUP_CALLBACK ? EVENT(name) : 0)
static const uint64_t callbacks = 0 WEIR_EVENTS(X);
#undef X
#define X(name, word, group, meaning) | ((int)WEIR_GROUP_##group == (int)WEIR_GROUP_CALL ? EVENT(name) : 0)
static const uint64_t calls = 0 WEIR_EVENTS(X);
#undef X

static bool is_in(uint64_t set, unsigned event) {
  return event < WEIR_EVENT_COUNT && (set >> event & 1) != 0;
}

/* How many events of the set come before this one in the table. */
static int place_in(uint64_t set, unsigned event) {
  return __builtin_popcountll(set & ((UINT64_C(1) << event) - 1));
}

static unsigned event_at(uint64_t set, unsigned place) {
  for (; place > 0; place--) set &= set - 1;
  return (unsigned)__builtin_ctzll(set);
}

int weir_counter_transition(weir_state state, unsigned callback) {
  if (state >= WEIR_STATE_BAD || !is_in(callbacks, callback)) return -1;
  return WEIR_COUNTER_TRANSITIONS + (int)state * WEIR_COUNTER_CALLBACKS + place_in(callbacks, callback);
}

int weir_counter_pair(unsigned callback, unsigned call) {
  bool outside = callback == WEIR_EVENT_NONE;
  if ((!outside && !is_in(callbacks, callback)) || !is_in(calls, call)) return -1;
  int place = outside ? WEIR_COUNTER_CALLBACKS : place_in(callbacks, callback);
  return WEIR_COUNTER_PAIRS + place * WEIR_COUNTER_CALLS + place_in(calls, call);
}

int weir_counter_rule(unsigned rule) {
  return rule < WEIR_RULE_COUNT ? WEIR_COUNTER_RULES + (int)rule : -1;
}

bool weir_counter_legal(unsigned counter) {
  if (counter >= WEIR_COUNTER_PAIRS) return false;
  unsigned index = counter - WEIR_COUNTER_TRANSITIONS;
  weir_state state = (weir_state)(index / WEIR_COUNTER_CALLBACKS);
  return weir_machine_next(state, event_at(callbacks, index % WEIR_COUNTER_CALLBACKS)) != WEIR_STATE_BAD;
}

/* ---- Names ------------------------------------------------------------------ */
static int name_transition(unsigned index, char *out, size_t size) {
  weir_state state = (weir_state)(index / WEIR_COUNTER_CALLBACKS);
  unsigned callback = event_at(callbacks, index % WEIR_COUNTER_CALLBACKS);
  return snprintf(out, size, "%s -> %s by %s", weir_state_name(state),
                  weir_state_name(weir_machine_next(state, callback)), weir_event_name(callback));
}

static int name_pair(unsigned index, char *out, size_t size) {
  unsigned place = index / WEIR_COUNTER_CALLS;
  const char *call = weir_event_name(event_at(calls, index % WEIR_COUNTER_CALLS));
  if (place == WEIR_COUNTER_CALLBACKS) return snprintf(out, size, "%s() outside callbacks", call);
  return snprintf(out, size, "%s() inside %s", call, weir_event_name(event_at(callbacks, place)));
}

size_t weir_counter_name(unsigned counter, char *out, size_t size) {
  if (counter < WEIR_COUNTER_PAIRS) return (size_t)name_transition(counter - WEIR_COUNTER_TRANSITIONS, out, size);
  if (counter < WEIR_COUNTER_RULES) return (size_t)name_pair(counter - WEIR_COUNTER_PAIRS, out, size);
  if (counter >= WEIR_COUNTER_COUNT) return 0;
  return (size_t)snprintf(out, size, "%s is put to the test", weir_rule_get(counter - WEIR_COUNTER_RULES)->id);
}

/* ---- Counting ---------------------------------------------------------------- */
typedef struct walk {
  weir_state state;
  uint8_t depth;
  uint8_t open[WEIR_NESTING_MAX]; /* events that have begun and not ended */
} walk;

static void count_one(uint8_t *counters, int counter) {
  if (counter >= 0 && counters[counter] < UINT8_MAX) counters[counter]++;
}

/* The innermost callback that is open. */
static unsigned callback_of(const walk *self) {
  for (unsigned depth = self->depth; depth > 0; depth--)
    if (is_in(callbacks, self->open[depth - 1])) return self->open[depth - 1];
  return WEIR_EVENT_NONE;
}

static bool begin(walk *self, const weir_record *record, uint8_t *counters) {
  if (is_in(callbacks, record->event)) {
    count_one(counters, weir_counter_transition(self->state, record->event));
    self->state = weir_machine_next(self->state, record->event);
  } else {
    count_one(counters, weir_counter_pair(callback_of(self), record->event));
  }
  if (record->flags & WEIR_FLAG_END) return true;
  if (self->depth == WEIR_NESTING_MAX) return false;
  self->open[self->depth++] = record->event;
  return true;
}

/* False: no recorder writes this. */
static bool step(walk *self, const weir_record *record, uint8_t *counters) {
  bool paired = is_in(callbacks | calls | EVENT(OUTSIDE), record->event);
  if (paired != ((record->flags & (WEIR_FLAG_BEGIN | WEIR_FLAG_END)) != 0)) return false;
  if (!paired) return record->event != WEIR_EVENT_NONE && record->event < WEIR_EVENT_COUNT;
  if (record->flags & WEIR_FLAG_BEGIN) return begin(self, record, counters);
  if (self->depth == 0 || self->open[self->depth - 1] != record->event) return false;
  self->depth--;
  return true;
}

void weir_counters_add(const weir_record *records, size_t count, uint8_t *counters) {
  walk walks[WEIR_CONNECTIONS_MAX];
  for (unsigned i = 0; i < WEIR_CONNECTIONS_MAX; i++) {
    walks[i].state = WEIR_STATE_START;
    walks[i].depth = 0;
  }
  for (size_t i = 0; i < count; i++) {
    if (records[i].connection >= WEIR_CONNECTIONS_MAX) continue;
    if (!step(&walks[records[i].connection], &records[i], counters)) return;
  }
}

/* A trace puts a rule to the test or does not: once a trace, however often. */
void weir_counters_add_rules(const weir_validator *validator, uint8_t *counters) {
  for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++)
    if (weir_validator_exercised(validator, rule)) count_one(counters, weir_counter_rule(rule));
}
