#include "validator/live.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = WEIR_LIVE_OPEN_MAX + WEIR_LIVE_LOST_KEPT, BUCKETS = 1 << 13, NONE = -1, AT_ONCE = 256 /* records */ };

/* A connection that is being judged. */
typedef struct slot {
  weir_validator *validator; /* NULL: never used so far */
  uint64_t number;
  uint64_t events; /* fed */
  uint64_t last;   /* the last of them in the whole recording */
  size_t findings; /* noted so far */
  int next;        /* in its bucket, or among the free or the lost ones */
  int next_lost;
  bool lost; /* connection_lost has ended */
} slot;

/* A record with whose it is. */
typedef struct kept_record {
  weir_record record;
  uint64_t connection;
} kept_record;

struct weir_live {
  uint64_t events;
  uint64_t connections;
  uint64_t open_at_end;
  uint64_t highest_forgotten; /* 1 + the greatest number of a connection that was let go; 0: none */
  bool ended;
  bool incomplete;
  weir_problem missing; /* what the first incomplete connection lacks */
  weir_problem problem; /* status is not WEIR_OK: it cannot be read */
  size_t explained;
  size_t finding_count;
  weir_live_finding findings[WEIR_RULE_COUNT];
  uint8_t found[WEIR_RULE_COUNT]; /* 1 + its place among the findings */
  int buckets[BUCKETS];
  int free, used; /* the first free one; slots ever used */
  int lost_first, lost_last;
  unsigned lost_count;
  slot slots[SLOTS];
  kept_record kept[WEIR_LIVE_RECORDS]; /* the last ones: event e stands at e % WEIR_LIVE_RECORDS */
};

weir_live *weir_live_new(size_t explained) {
  weir_live *live = calloc(1, sizeof *live);
  if (live == NULL) return NULL;
  live->explained = explained;
  live->free = live->lost_first = live->lost_last = NONE;
  for (unsigned i = 0; i < BUCKETS; i++) live->buckets[i] = NONE;
  return live;
}

void weir_live_free(weir_live *live) {
  if (live == NULL) return;
  for (int i = 0; i < live->used; i++) free(live->slots[i].validator);
  for (size_t i = 0; i < live->finding_count; i++) free(live->findings[i].excerpt.records);
  free(live);
}

static void unreadable(weir_live *live, weir_status status, const char *what, uint64_t connection) {
  if (live->problem.status != WEIR_OK) return;
  if (live->connections > 1)
    (void)weir_fail(&live->problem, status, 0, "connection %" PRIu64 ": %s", connection, what);
  else
    (void)weir_fail(&live->problem, status, 0, "%s", what);
}

/* ---- Showing ----------------------------------------------------------------- */

/* The records of a finding's connection that are still kept. */
static void take_excerpt(weir_live *live, weir_live_finding *found) {
  weir_excerpt *excerpt = &found->excerpt;
  if (excerpt->records != NULL) return;
  uint64_t first = live->events > WEIR_LIVE_RECORDS ? live->events - WEIR_LIVE_RECORDS : 0;
  excerpt->records = calloc(WEIR_LIVE_EXCERPT + 1, sizeof *excerpt->records);
  if (excerpt->records == NULL) return; /* told in words alone */
  uint32_t before = 0;                  /* records of the excerpt up to the finding */
  for (uint64_t event = first; event < live->events; event++) {
    const kept_record *kept = &live->kept[event % WEIR_LIVE_RECORDS];
    if (kept->connection != found->connection || kept->record.event == WEIR_EVENT_END) continue;
    if (excerpt->count == WEIR_LIVE_EXCERPT) {
      if (event > found->event) break;
      /* Too many before it: the first half makes room. */
      excerpt->count /= 2;
      before -= excerpt->count;
      memmove(excerpt->records, excerpt->records + excerpt->count, excerpt->count * sizeof *excerpt->records);
    }
    excerpt->records[excerpt->count++] = kept->record;
    before += event < found->event || (found->at_end && event == found->event);
  }
  if (found->at_end) excerpt->records[excerpt->count++] = found->end;
  if (before > found->finding.event || excerpt->count <= before) {
    excerpt->count = 0; /* the event itself is not among them */
    return;
  }
  excerpt->from = found->finding.event - before;
}

/* Excerpts are taken as late as can be, so that they show what came after. */
static void take_excerpts(weir_live *live, uint64_t age) {
  for (size_t i = 0; i < live->finding_count && i < live->explained; i++)
    if (live->events - live->findings[i].event >= age) take_excerpt(live, &live->findings[i]);
}

/* ---- Findings ---------------------------------------------------------------- */
static weir_live_finding *finding_of(weir_live *live, unsigned rule) {
  if (live->found[rule] == 0) {
    live->findings[live->finding_count++] = (weir_live_finding){.connections = 0};
    live->found[rule] = (uint8_t)live->finding_count;
  }
  return &live->findings[live->found[rule] - 1];
}

/* The findings that a connection has shown since the last look.  `first` is the place in the recording of its event
 * number `local`; end: the record that ended its trace, else NULL. */
static void note_findings(weir_live *live, slot *self, uint64_t first, uint64_t local, const weir_record *end) {
  size_t count = 0;
  const weir_finding *findings = weir_validator_findings(self->validator, &count);
  for (; self->findings < count; self->findings++) {
    const weir_finding *finding = &findings[self->findings];
    weir_live_finding *found = finding_of(live, finding->rule);
    if (found->connections > 0 || found->finding.message[0] != 0) continue;
    found->finding = *finding;
    found->finding.count = 0;
    found->connection = self->number;
    found->event = first + (finding->event - local);
    found->at_end = end != NULL;
    if (end != NULL) found->end = *end;
  }
}

static void sum_up(weir_live *live, const slot *self) {
  size_t count = 0;
  const weir_finding *findings = weir_validator_findings(self->validator, &count);
  for (size_t i = 0; i < count; i++) {
    weir_live_finding *found = finding_of(live, findings[i].rule);
    found->connections++;
    found->finding.count += findings[i].count;
  }
}

/* ---- Connections ------------------------------------------------------------- */
static int *bucket_of(weir_live *live, uint64_t number) {
  return &live->buckets[(number * UINT64_C(0x9E3779B97F4A7C15)) >> 51];
}

static slot *find(weir_live *live, uint64_t number) {
  for (int i = *bucket_of(live, number); i != NONE; i = live->slots[i].next)
    if (live->slots[i].number == number) return &live->slots[i];
  return NULL;
}

/* The last record of a connection (NULL: there is none), and its judgement. */
static void conclude(weir_live *live, slot *self, const weir_record *end) {
  if (!self->lost) live->open_at_end++;
  if (end != NULL) {
    weir_validator_feed(self->validator, end, 1);
    note_findings(live, self, self->last, self->events, end);
  }
  weir_problem problem = {.text = ""};
  switch (weir_validator_finish(self->validator, &problem)) {
  case WEIR_JUDGED: break;
  case WEIR_INCOMPLETE:
    if (end != NULL && !live->incomplete) live->missing = problem;
    live->incomplete = live->incomplete || end != NULL;
    break;
  case WEIR_UNREADABLE: unreadable(live, problem.status, problem.text, self->number); break;
  }
  sum_up(live, self);
}

static void remove_from_bucket(weir_live *live, const slot *self) {
  int index = (int)(self - live->slots);
  int *link = bucket_of(live, self->number);
  while (*link != index) link = &live->slots[*link].next;
  *link = self->next;
}

/* Lets the connection go that was lost longest ago.  Nothing has been heard of it since, so its run is over. */
static void forget_lost(weir_live *live) {
  static const weir_record end = {.event = WEIR_EVENT_END, .code = WEIR_END_QUIESCENT};
  int index = live->lost_first;
  slot *self = &live->slots[index];
  live->lost_first = self->next_lost;
  if (live->lost_first == NONE) live->lost_last = NONE;
  live->lost_count--;
  conclude(live, self, &end);
  if (self->number >= live->highest_forgotten) live->highest_forgotten = self->number + 1;
  remove_from_bucket(live, self);
  self->next = live->free;
  live->free = index;
}

/* An unused slot; NULL: there is none. */
static slot *take_slot(weir_live *live) {
  if (live->lost_count >= WEIR_LIVE_LOST_KEPT) forget_lost(live);
  int index = live->free;
  if (index != NONE)
    live->free = live->slots[index].next;
  else if (live->used - (int)live->lost_count < WEIR_LIVE_OPEN_MAX)
    index = live->used++;
  else
    return NULL;
  return &live->slots[index];
}

static slot *begin_connection(weir_live *live, uint64_t number) {
  slot *self = take_slot(live);
  if (self == NULL) {
    unreadable(live, WEIR_BOUND, "more than 4096 connections are open at once", number);
    return NULL;
  }
  weir_validator *validator = self->validator != NULL ? self->validator : malloc(weir_validator_size());
  int *bucket = bucket_of(live, number);
  *self = (slot){.validator = validator, .number = number, .next = *bucket};
  *bucket = (int)(self - live->slots);
  live->connections++;
  if (validator == NULL) {
    unreadable(live, WEIR_NO_MEMORY, "no memory for a validator", number);
    return NULL;
  }
  (void)weir_validator_init(validator);
  return self;
}

/* A record of a connection that was let go: nothing but a callback matters then. */
static void note_late(weir_live *live, const weir_record *record, uint64_t number) {
  if (weir_event_group_of(record->event) != WEIR_GROUP_CALLBACK || !(record->flags & WEIR_FLAG_BEGIN)) return;
  weir_live_finding *found = finding_of(live, WEIR_RULE_L2);
  found->finding.count++;
  if (found->finding.message[0] != 0) return;
  found->connections = 1;
  found->connection = number;
  found->event = live->events;
  found->finding.rule = WEIR_RULE_L2;
  (void)snprintf(found->finding.message, sizeof found->finding.message,
                 "%s long after connection_lost; connection_lost is the last callback", weir_event_name(record->event));
}

/* Numbers go up in order of opening, so one below those that were let go, and not at its beginning, is one of them. */
static bool is_late(const weir_live *live, const weir_record *record, uint64_t number) {
  bool begins = record->event == WEIR_EVENT_OPEN || record->event == WEIR_EVENT_CONNECTION_MADE;
  return number < live->highest_forgotten && !begins;
}

/* ---- Feeding ----------------------------------------------------------------- */
static void conclude_all(weir_live *live, const weir_record *end, uint64_t number) {
  bool of_all =
      end == NULL || end->code == WEIR_END_QUIESCENT || end->code == WEIR_END_CUT || end->code == WEIR_END_LIMIT;
  for (int i = 0; i < live->used; i++) {
    slot *self = &live->slots[i];
    if (self->validator == NULL || find(live, self->number) != self) continue;
    /* A crash, a hang or a spin is told once. */
    bool told = end != NULL && (of_all || self->number == number || live->connections == 1);
    weir_record own = told ? *end : (weir_record){.event = WEIR_EVENT_NONE};
    own.connection = 0;
    conclude(live, self, told ? &own : NULL);
  }
}

static void feed_end(weir_live *live, const weir_record *record, uint64_t number) {
  live->ended = true;
  /* A run without any connection is judged as well. */
  if (live->connections == 0 && begin_connection(live, number) == NULL) return;
  conclude_all(live, record, number);
}

static void note_lost(weir_live *live, slot *self, const weir_record *record) {
  if (record->event != WEIR_EVENT_CONNECTION_LOST || !(record->flags & WEIR_FLAG_END) || self->lost) return;
  int index = (int)(self - live->slots);
  self->lost = true;
  self->next_lost = NONE;
  if (live->lost_last == NONE)
    live->lost_first = index;
  else
    live->slots[live->lost_last].next_lost = index;
  live->lost_last = index;
  live->lost_count++;
}

/* At most AT_ONCE of them. */
static void feed_some(weir_live *live, slot *self, const weir_record *records, size_t count) {
  weir_record own[AT_ONCE];
  assert(count > 0);
  if (count > AT_ONCE) count = AT_ONCE;
  for (size_t i = 0; i < count; i++, live->events++) {
    own[i] = records[i];
    own[i].connection = 0;
    live->kept[live->events % WEIR_LIVE_RECORDS] = (kept_record){.record = own[i], .connection = self->number};
  }
  weir_validator_feed(self->validator, own, count);
  for (size_t i = 0; i < count; i++) note_lost(live, self, &own[i]);
}

/* Records of one connection, one behind the other, without an END. */
static void feed_run(weir_live *live, const weir_record *records, size_t count, uint64_t number) {
  slot *self = find(live, number);
  if (self == NULL) {
    if (is_late(live, &records[0], number)) {
      for (size_t i = 0; i < count; i++, live->events++) note_late(live, &records[i], number);
      return;
    }
    self = begin_connection(live, number);
    if (self == NULL) return;
  }
  uint64_t first = live->events, local = self->events;
  for (size_t at = 0; at < count; at += AT_ONCE) feed_some(live, self, records + at, count - at);
  self->events += count;
  self->last = live->events - 1;
  note_findings(live, self, first, local, NULL);
}

void weir_live_feed(weir_live *live, const weir_record *records, const uint64_t *connections, size_t count) {
  size_t at = 0;
  while (at < count && live->problem.status == WEIR_OK) {
    if (live->ended) {
      unreadable(live, WEIR_BAD_INPUT, "a record after the end of the run", connections[at]);
      return;
    }
    size_t next = at;
    while (next < count && connections[next] == connections[at] && records[next].event != WEIR_EVENT_END) next++;
    if (next > at) {
      feed_run(live, records + at, next - at, connections[at]);
    } else {
      live->kept[live->events % WEIR_LIVE_RECORDS] = (kept_record){records[at], connections[at]};
      feed_end(live, &records[at], connections[at]);
      live->events++;
      next = at + 1;
    }
    at = next;
  }
  take_excerpts(live, WEIR_LIVE_RECORDS / 2);
}

weir_judgement weir_live_finish(weir_live *live, weir_problem *problem) {
  if (!live->ended && live->problem.status == WEIR_OK) {
    conclude_all(live, NULL, 0);
    live->incomplete = true;
  }
  take_excerpts(live, 0);
  if (live->problem.status != WEIR_OK) {
    if (problem != NULL) *problem = live->problem;
    return WEIR_UNREADABLE;
  }
  if (problem != NULL) *problem = live->missing;
  return live->incomplete ? WEIR_INCOMPLETE : WEIR_JUDGED;
}

const weir_live_finding *weir_live_findings(const weir_live *live, size_t *count) {
  *count = live->finding_count;
  return live->findings;
}

uint64_t weir_live_events(const weir_live *live) {
  return live->events;
}

uint64_t weir_live_connections(const weir_live *live) {
  return live->connections;
}

uint64_t weir_live_open(const weir_live *live) {
  return live->open_at_end;
}
