/* Feeding: each record is checked, shown to the monitors that ask for it, and
 * taken into the view. */
#include "weir/validator.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "validator/judge.h"
#include "validator/occasions.h"
#include "validator/profile.h"

/* What is asked for one event in one phase, and at the end. */
enum { WEIR_ASKED_MAX = 24, WEIR_FINALS_MAX = 64 };

typedef struct weir_asked {
  uint64_t when;
  weir_judge_fn *judge;
} weir_asked;

typedef struct weir_dispatch {
  uint32_t count;
  weir_asked asked[WEIR_ASKED_MAX];
} weir_dispatch;

struct weir_validator {
  uint64_t index;      /* of the record in hand */
  uint8_t connections; /* bit c: c was seen */
  bool ended;
  uint8_t end;          /* weir_end */
  weir_problem problem; /* status is not WEIR_OK: the trace cannot be read */
  size_t finding_count;
  weir_finding findings[WEIR_FINDINGS_MAX];
  uint8_t found[WEIR_CONNECTIONS_MAX][WEIR_RULE_COUNT]; /* 1 + its finding */
  uint64_t any[2][WEIR_EVENT_COUNT];                    /* the facts of all its monitors: none holds, nobody is asked */
  uint64_t asked[WEIR_EVENT_COUNT];                     /* ... of either phase */
  weir_dispatch dispatch[2][WEIR_EVENT_COUNT];
  weir_occasions occasions;
  uint32_t final_count;
  weir_judge_fn *finals[WEIR_FINALS_MAX]; /* FINAL monitors */
  weir_view views[WEIR_CONNECTIONS_MAX];
  char limits[64]; /* what F12 showed; empty: nothing */
};

static const weir_monitor_list *const families[WEIR_FAMILIES] = {
    &weir_lifecycle_monitors, &weir_buffer_monitors,  &weir_eof_monitors,  &weir_pausing_monitors,
    &weir_closing_monitors,   &weir_writing_monitors, &weir_flow_monitors, &weir_switching_monitors,
};

size_t weir_validator_size(void) {
  return sizeof(weir_validator);
}

static void ask(weir_validator *validator, const weir_monitor *monitor, unsigned event) {
  weir_dispatch *dispatch = &validator->dispatch[monitor->phase][event];
  assert(dispatch->count < WEIR_ASKED_MAX);
  validator->any[monitor->phase][event] |= monitor->when;
  validator->asked[event] |= monitor->when;
  dispatch->asked[dispatch->count++] = (weir_asked){monitor->when, monitor->judge};
}

/* The table of rules says which events a monitor is shown. */
static void ask_all(weir_validator *validator) {
  for (size_t family = 0; family < WEIR_FAMILIES; family++) {
    for (size_t i = 0; i < families[family]->count; i++) {
      const weir_monitor *monitor = &families[family]->monitors[i];
      if (monitor->phase == WEIR_PHASE_FINAL) {
        assert(validator->final_count < WEIR_FINALS_MAX);
        validator->finals[validator->final_count++] = monitor->judge;
        continue;
      }
      uint64_t watches = weir_rule_get(monitor->rule)->watches & ~EVENT(END);
      for (; watches != 0; watches &= watches - 1) ask(validator, monitor, (unsigned)__builtin_ctzll(watches));
    }
  }
}

weir_validator *weir_validator_init(void *memory) {
  weir_validator *validator = memory;
  memset(validator->any, 0, sizeof validator->any);
  memset(validator->asked, 0, sizeof validator->asked);
  for (unsigned phase = 0; phase < 2; phase++)
    for (unsigned event = 0; event < WEIR_EVENT_COUNT; event++) validator->dispatch[phase][event].count = 0;
  validator->final_count = 0;
  weir_occasions_make(&validator->occasions);
  ask_all(validator);
  weir_validator_reset(validator);
  return validator;
}

/* Findings and views are set up when they are used. */
void weir_validator_reset(weir_validator *validator) {
  validator->index = 0;
  validator->connections = 0;
  validator->ended = false;
  validator->end = WEIR_END_CUT;
  validator->problem.status = WEIR_OK;
  validator->finding_count = 0;
  validator->limits[0] = 0;
  memset(validator->found, 0, sizeof validator->found);
}

/* ---- Findings -------------------------------------------------------------- */
void weir_break(const weir_moment *now, weir_rule rule, uint64_t since, const char *format, ...) {
  weir_validator *validator = now->validator;
  uint8_t *found = &validator->found[now->connection][rule];
  if (*found != 0) {
    validator->findings[*found - 1].count++;
    return;
  }
  if (validator->finding_count == WEIR_FINDINGS_MAX) return;
  weir_finding *finding = &validator->findings[validator->finding_count++];
  *found = (uint8_t)validator->finding_count;
  finding->rule = (uint8_t)rule;
  finding->connection = now->connection;
  finding->count = 1;
  finding->event = now->index;
  finding->since = since;
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(finding->message, sizeof finding->message, format, arguments);
  va_end(arguments);
}

const weir_finding *weir_validator_findings(const weir_validator *validator, size_t *count) {
  *count = validator->finding_count;
  return validator->findings;
}

/* ---- Records that no recorder writes ---------------------------------------- */
static void unreadable(weir_validator *validator, weir_status status, const char *what) {
  if (validator->problem.status != WEIR_OK) return;
  (void)weir_fail(&validator->problem, status, 0, "record %llu: %s", (unsigned long long)validator->index, what);
}

/* How many values the code of a begin has, 0: any. */
static const uint8_t code_bounds[WEIR_EVENT_COUNT] = {
    [WEIR_EVENT_BUFFER_UPDATED] = WEIR_DATA_COUNT,
    [WEIR_EVENT_DATA_RECEIVED] = WEIR_DATA_COUNT,
    [WEIR_EVENT_PEER_RECEIVED] = WEIR_DATA_COUNT,
    [WEIR_EVENT_DATA] = WEIR_DATA_COUNT,
    [WEIR_EVENT_CONNECTION_LOST] = WEIR_EXCEPTION_COUNT,
    [WEIR_EVENT_EXCEPTION_HANDLER] = WEIR_EXCEPTION_COUNT,
    [WEIR_EVENT_END] = WEIR_END_COUNT,
};

/* Fields that index tables or tell begin from end; NULL: well formed. */
static const char *malformed(const weir_record *record) {
  if (record->event == WEIR_EVENT_NONE || record->event >= WEIR_EVENT_COUNT) return "an unknown event";
  unsigned pair = record->flags & (WEIR_FLAG_BEGIN | WEIR_FLAG_END);
  unsigned group = weir_event_groups[record->event];
  bool paired = group == WEIR_GROUP_CALLBACK || group == WEIR_GROUP_CALL || record->event == WEIR_EVENT_OUTSIDE;
  if (paired != (pair != 0))
    return paired ? "a callback, a call and outside have to begin, end or both"
                  : "only callbacks, calls and outside begin and end";
  if (record->flags & WEIR_FLAG_RAISED) {
    if (pair != WEIR_FLAG_END) return "raised is a flag of an end record alone";
    return record->code < WEIR_EXCEPTION_COUNT ? NULL : "an unknown exception";
  }
  uint8_t bound = pair == WEIR_FLAG_END ? 0 : code_bounds[record->event];
  return bound == 0 || record->code < bound ? NULL : "an unknown code";
}

/* ---- Feeding ----------------------------------------------------------------- */
static void ask_monitors(weir_validator *validator, const weir_view *view, const weir_record *record,
                         const weir_pair *pair, uint64_t facts) {
  const weir_dispatch *dispatch = &validator->dispatch[pair != NULL ? WEIR_PHASE_END : WEIR_PHASE_BEGIN][record->event];
  weir_moment now = {.validator = validator,
                     .view = view,
                     .record = record,
                     .pair = pair,
                     .index = validator->index,
                     .connection = record->connection};
  for (uint32_t i = 0; i < dispatch->count; i++)
    if (dispatch->asked[i].when & facts) dispatch->asked[i].judge(&now);
}

static void feed_begin(weir_validator *validator, weir_view *view, const weir_record *record) {
  uint64_t facts = view->facts;
  if (EVENTS_ODD >> record->event & 1) facts |= weir_view_odd(view, record);
  if (validator->any[WEIR_PHASE_BEGIN][record->event] & facts) ask_monitors(validator, view, record, NULL, facts);
}

static void feed_end(weir_validator *validator, weir_view *view, const weir_record *record, const weir_pair *pair) {
  bool odd = (record->flags & WEIR_FLAG_RAISED) != 0 || record->event == WEIR_EVENT_GET_PROTOCOL;
  uint64_t facts = view->facts | (odd ? FACT(ODD) : 0);
  if (validator->any[WEIR_PHASE_END][record->event] & facts) ask_monitors(validator, view, record, pair, facts);
  weir_view_end(view, record, pair, validator->index);
}

/* Takes the pair that ends now off the stack. */
static const weir_pair *pop(weir_validator *validator, weir_view *view, const weir_record *record) {
  if (view->depth == 0 || view->stack[view->depth - 1].begin.event != record->event) {
    unreadable(validator, WEIR_BAD_INPUT, "an end whose begin is not the innermost one that is open");
    return NULL;
  }
  view->depth--;
  view->open = 0;
  for (uint32_t depth = 0; depth < view->depth; depth++) view->open |= UINT64_C(1) << view->stack[depth].begin.event;
  return &view->stack[view->depth];
}

static void push(weir_validator *validator, weir_view *view, const weir_pair *pair) {
  if (view->depth == WEIR_NESTING_MAX) {
    unreadable(validator, WEIR_BOUND, "more than 64 callbacks and calls inside each other");
    return;
  }
  view->stack[view->depth++] = *pair;
  view->open |= UINT64_C(1) << pair->begin.event;
}

static void feed_final(weir_validator *validator, const weir_record *record) {
  for (unsigned connection = 0; connection < WEIR_CONNECTIONS_MAX; connection++) {
    if (!(validator->connections >> connection & 1)) continue;
    validator->views[connection].seen |= EVENT(END);
    weir_moment now = {.validator = validator,
                       .view = &validator->views[connection],
                       .record = record,
                       .index = validator->index,
                       .connection = (uint8_t)connection};
    for (uint32_t i = 0; i < validator->final_count; i++) validator->finals[i](&now);
  }
  weir_profile_limits(&validator->views[record->connection], validator->limits, sizeof validator->limits);
  validator->ended = true;
  validator->end = record->code;
}

static weir_view *view_of(weir_validator *validator, const weir_record *record) {
  if (record->connection >= WEIR_CONNECTIONS_MAX) {
    unreadable(validator, WEIR_BOUND, "more than 8 connections in one trace");
    return NULL;
  }
  weir_view *view = &validator->views[record->connection];
  unsigned bit = 1u << record->connection;
  if (!(validator->connections & bit)) {
    validator->connections = (uint8_t)(validator->connections | bit);
    weir_view_init(view);
  } else if (record->event == WEIR_EVENT_OPEN) {
    unreadable(validator, WEIR_BAD_INPUT, "open, for a connection that has begun");
  }
  return view;
}

static void feed_one(weir_validator *validator, const weir_record *record) {
  const char *wrong = malformed(record);
  if (wrong == NULL && validator->ended) wrong = "after the end of the run";
  if (wrong != NULL) {
    unreadable(validator, WEIR_BAD_INPUT, wrong);
    return;
  }
  weir_view *view = view_of(validator, record);
  if (view == NULL) return;
  if (record->event == WEIR_EVENT_END) {
    feed_final(validator, record);
    return;
  }
  unsigned ends = record->flags & WEIR_FLAG_END;
  if (ends && !(record->flags & WEIR_FLAG_BEGIN)) {
    const weir_pair *pair = pop(validator, view, record);
    if (pair != NULL) feed_end(validator, view, record, pair);
    return;
  }
  feed_begin(validator, view, record);
  if (!(record->flags & WEIR_FLAG_BEGIN)) {
    weir_view_begin(view, record, validator->index);
    return;
  }
  weir_pair pair = {.begin = *record, .index = validator->index, .facts = view->facts};
  weir_view_begin(view, record, validator->index);
  if (ends)
    feed_end(validator, view, record, &pair);
  else
    push(validator, view, &pair);
}

/* Records that nobody has to be asked about; how many of the first ones are. */
static size_t feed_usual(weir_validator *validator, const weir_record *records, size_t count) {
  unsigned connection = records->connection;
  if (!(EVENTS_USUAL >> (records->event & 63) & 1)) return 0;
  if (connection >= WEIR_CONNECTIONS_MAX || !(validator->connections >> connection & 1) || validator->ended) return 0;
  return weir_view_take_usual(&validator->views[connection], validator->asked, records, count, validator->index);
}

void weir_validator_feed(weir_validator *validator, const weir_record *records, size_t count) {
  size_t done = 0;
  while (done < count && validator->problem.status == WEIR_OK) {
    size_t usual = feed_usual(validator, records + done, count - done);
    validator->index += usual;
    done += usual;
    if (done == count) return;
    feed_one(validator, &records[done++]);
    validator->index++;
  }
}

/* A callback or call that has begun and not ended, where nothing is going to happen any more. */
static const weir_pair *left_open(const weir_validator *validator) {
  if (validator->end != WEIR_END_QUIESCENT) return NULL;
  for (unsigned connection = 0; connection < WEIR_CONNECTIONS_MAX; connection++)
    if ((validator->connections >> connection & 1) && validator->views[connection].depth > 0)
      return &validator->views[connection].stack[validator->views[connection].depth - 1];
  return NULL;
}

weir_judgement weir_validator_finish(weir_validator *validator, weir_problem *problem) {
  if (validator->problem.status != WEIR_OK) {
    if (problem != NULL) *problem = validator->problem;
    return WEIR_UNREADABLE;
  }
  if (!validator->ended) {
    (void)weir_fail(problem, WEIR_BAD_INPUT, 0, "the trace is cut: after record %llu an end record should follow",
                    (unsigned long long)validator->index);
    return WEIR_INCOMPLETE;
  }
  const weir_pair *open = left_open(validator);
  if (open != NULL) {
    (void)weir_fail(problem, WEIR_BAD_INPUT, 0, "the run is over and %s (record %llu) has not ended: an end is missing",
                    weir_event_name(open->begin.event), (unsigned long long)open->index);
    return WEIR_INCOMPLETE;
  }
  if (validator->end != WEIR_END_CUT && validator->end != WEIR_END_LIMIT) return WEIR_JUDGED;
  (void)weir_fail(problem, WEIR_BAD_INPUT, 0, "the trace is cut: it ends with '%s'", weir_end_name(validator->end));
  return WEIR_INCOMPLETE;
}

/* ---- What else there is to be told -------------------------------------------- */
void weir_validator_exercised_all(const weir_validator *validator, uint64_t rules[WEIR_RULE_WORDS]) {
  memset(rules, 0, WEIR_RULE_WORDS * sizeof *rules);
  for (unsigned connections = validator->connections; connections != 0; connections &= connections - 1)
    weir_occasions_add(&validator->occasions, &validator->views[__builtin_ctz(connections)], rules);
}

bool weir_validator_exercised(const weir_validator *validator, unsigned rule) {
  uint64_t rules[WEIR_RULE_WORDS];
  if (rule >= WEIR_RULE_COUNT) return false;
  weir_validator_exercised_all(validator, rules);
  return (rules[rule / 64] >> rule % 64 & 1) != 0;
}

const char *weir_validator_profile(const weir_validator *validator, unsigned rule) {
  if (rule == WEIR_RULE_F12) return validator->limits[0] != 0 ? validator->limits : NULL;
  for (unsigned connection = 0; connection < WEIR_CONNECTIONS_MAX; connection++) {
    if (!(validator->connections >> connection & 1)) continue;
    const char *text = weir_profile_of(&validator->views[connection], rule);
    if (text != NULL) return text;
  }
  return NULL;
}
