#include "validator/counters.h"

#include <stdio.h>

#include "spec/machine.h"
#include "trace/cycles.h"
#include "validator/view.h"

/* ---- The layout ------------------------------------------------------------ */
/* Callbacks stand side by side in the table of events, and so do calls. */
enum { CALLBACK_FIRST = WEIR_EVENT_CONNECTION_MADE, CALL_FIRST = WEIR_EVENT_WRITE };
_Static_assert((int)WEIR_EVENT_RESUME_WRITING - CALLBACK_FIRST + 1 == (int)WEIR_COUNTER_CALLBACKS &&
                   (int)WEIR_EVENT_GET_SIZE - CALL_FIRST + 1 == (int)WEIR_COUNTER_CALLS,
               "nothing else stands between them");

static inline bool is_callback(unsigned event) {
  return event - CALLBACK_FIRST < WEIR_COUNTER_CALLBACKS;
}

static inline bool is_call(unsigned event) {
  return event - CALL_FIRST < WEIR_COUNTER_CALLS;
}

int weir_counter_transition(weir_state state, unsigned callback) {
  if (state >= WEIR_STATE_BAD || !is_callback(callback)) return -1;
  return WEIR_COUNTER_TRANSITIONS + (int)state * WEIR_COUNTER_CALLBACKS + (int)(callback - CALLBACK_FIRST);
}

int weir_counter_pair(unsigned callback, unsigned call) {
  bool outside = callback == WEIR_EVENT_NONE;
  if ((!outside && !is_callback(callback)) || !is_call(call)) return -1;
  int place = outside ? WEIR_COUNTER_CALLBACKS : (int)(callback - CALLBACK_FIRST);
  return WEIR_COUNTER_PAIRS + place * WEIR_COUNTER_CALLS + (int)(call - CALL_FIRST);
}

int weir_counter_rule(unsigned rule) {
  return rule < WEIR_RULE_COUNT ? WEIR_COUNTER_RULES + (int)rule : -1;
}

bool weir_counter_legal(unsigned counter) {
  if (counter >= WEIR_COUNTER_PAIRS) return false;
  unsigned index = counter - WEIR_COUNTER_TRANSITIONS;
  weir_state state = (weir_state)(index / WEIR_COUNTER_CALLBACKS);
  return weir_machine_next(state, CALLBACK_FIRST + index % WEIR_COUNTER_CALLBACKS) != WEIR_STATE_BAD;
}

/* ---- Names ------------------------------------------------------------------ */
static int name_transition(unsigned index, char *out, size_t size) {
  weir_state state = (weir_state)(index / WEIR_COUNTER_CALLBACKS);
  unsigned callback = CALLBACK_FIRST + index % WEIR_COUNTER_CALLBACKS;
  return snprintf(out, size, "%s -> %s by %s", weir_state_name(state),
                  weir_state_name(weir_machine_next(state, callback)), weir_event_name(callback));
}

static int name_pair(unsigned index, char *out, size_t size) {
  unsigned place = index / WEIR_COUNTER_CALLS;
  const char *call = weir_event_name(CALL_FIRST + index % WEIR_COUNTER_CALLS);
  if (place == WEIR_COUNTER_CALLBACKS) return snprintf(out, size, "%s() outside callbacks", call);
  return snprintf(out, size, "%s() inside %s", call, weir_event_name(CALLBACK_FIRST + place));
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

static inline void count_many(uint8_t *counters, int counter, size_t times) {
  if (counter < 0) return;
  const size_t room = UINT8_MAX - (size_t)counters[counter];
  counters[counter] = (uint8_t)(counters[counter] + (times < room ? times : room));
}

static inline void count_one(uint8_t *counters, int counter) {
  count_many(counters, counter, 1);
}

/* The innermost callback that is open. */
static unsigned callback_of(const walk *self) {
  for (unsigned depth = self->depth; depth > 0; depth--)
    if (is_callback(self->open[depth - 1])) return self->open[depth - 1];
  return WEIR_EVENT_NONE;
}

/* What an event is to the counting. */
enum { UNKNOWN, SINGLE, PAIRED };
#define X(name, word, group, meaning)                                                                                  \
  [WEIR_EVENT_##name] = (int)WEIR_GROUP_##group == (int)WEIR_GROUP_CALLBACK ||                                         \
                                (int)WEIR_GROUP_##group == (int)WEIR_GROUP_CALL ||                                     \
                                (int)WEIR_EVENT_##name == (int)WEIR_EVENT_OUTSIDE                                      \
                            ? PAIRED                                                                                   \
                            : SINGLE,
static const uint8_t sorts[UINT8_MAX + 1] = {WEIR_EVENTS(X)};
#undef X

static inline bool begin(walk *self, const weir_record *record, uint8_t *counters) {
  if (is_callback(record->event)) {
    count_one(counters, weir_counter_transition(self->state, record->event));
    self->state = (weir_state)weir_machine_rows[record->event][self->state];
  } else {
    count_one(counters, weir_counter_pair(callback_of(self), record->event));
  }
  if (record->flags & WEIR_FLAG_END) return true;
  if (self->depth == WEIR_NESTING_MAX) return false;
  self->open[self->depth++] = record->event;
  return true;
}

/* False: no recorder writes this. */
static inline bool step(walk *self, const weir_record *record, uint8_t *counters) {
  const bool paired = sorts[record->event] == PAIRED;
  if (paired != ((record->flags & (WEIR_FLAG_BEGIN | WEIR_FLAG_END)) != 0)) return false;
  if (!paired) return sorts[record->event] == SINGLE;
  if (record->flags & WEIR_FLAG_BEGIN) return begin(self, record, counters);
  if (self->depth == 0 || self->open[self->depth - 1] != record->event) return false;
  self->depth--;
  return true;
}

/* A row of read cycles of one connection that is open: how many records. */
static inline size_t count_cycles(const walk *self, const weir_record *records, size_t count, uint8_t *counters) {
  if (self->state != WEIR_STATE_OPEN || records->event != WEIR_EVENT_GET_BUFFER) return 0;
  const weir_cycle_heads heads = weir_cycle_of(records);
  size_t done = 0;
  while (count - done >= WEIR_CYCLE && weir_is_cycle(records + done, &heads)) done += WEIR_CYCLE;
  count_many(counters, weir_counter_transition(WEIR_STATE_OPEN, WEIR_EVENT_GET_BUFFER), done / WEIR_CYCLE);
  count_many(counters, weir_counter_transition(WEIR_STATE_BUFFER, WEIR_EVENT_BUFFER_UPDATED), done / WEIR_CYCLE);
  return done;
}

void weir_counters_add(const weir_record *records, size_t count, uint8_t *counters) {
  walk walks[WEIR_CONNECTIONS_MAX];
  for (unsigned i = 0; i < WEIR_CONNECTIONS_MAX; i++) {
    walks[i].state = WEIR_STATE_START;
    walks[i].depth = 0;
  }
  for (size_t i = 0; i < count; i++) {
    if (records[i].connection >= WEIR_CONNECTIONS_MAX) continue;
    walk *self = &walks[records[i].connection];
    i += count_cycles(self, records + i, count - i, counters);
    if (i == count) return;
    if (records[i].connection < WEIR_CONNECTIONS_MAX && !step(&walks[records[i].connection], &records[i], counters))
      return;
  }
}

/* A trace puts a rule to the test or does not: once a trace, however often. */
void weir_counters_add_rules(const weir_validator *validator, uint8_t *counters) {
  uint64_t rules[WEIR_RULE_WORDS];
  weir_validator_exercised_all(validator, rules);
  for (unsigned word = 0; word < WEIR_RULE_WORDS; word++)
    for (; rules[word] != 0; rules[word] &= rules[word] - 1)
      count_one(counters, weir_counter_rule(word * 64 + (unsigned)__builtin_ctzll(rules[word])));
}
