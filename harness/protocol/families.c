/* The families: each changes one thing about how a stream is delivered. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/check.h"

static const struct {
  const char *word, *about;
  weir_rule rule;
} families[WEIR_FAMILY_COUNT] = {
#define X(name, word, rule, about) {word, about, WEIR_RULE_##rule},
    WEIR_FAMILIES(X)
#undef X
};

const char *weir_family_word(weir_family family) {
  return families[family].word;
}

const char *weir_family_about(weir_family family) {
  return families[family].about;
}

weir_rule weir_family_rule(weir_family family) {
  return families[family].rule;
}

/* ---- Ways to cut that every family tries: one piece, bytes, threes. */
enum { WAYS = 3 };

static weir_delivery way(weir_check *check, unsigned number) {
  weir_delivery delivery = {.bytes = check->job->stream, .size = check->job->size};
  if (number == 0) return delivery;
  weir_cuts_every(check->cuts, delivery.size, number == 1 ? 1 : 3);
  delivery.cuts = check->cuts;
  return delivery;
}

static void put_to_test(weir_check *check, weir_rule rule) {
  check->report->rules |= UINT64_C(1) << (rule - WEIR_RULE_R1);
}

static void note_runs(weir_check *check, const char *what) {
  char runs[32];
  (void)snprintf(check->report->note, sizeof check->report->note, "%s: %s runs", what,
                 weir_check_number(check->report->runs, runs));
}

/* ---- whole */

static uint32_t hash_entry(const weir_log *log, const weir_entry *entry) {
  uint32_t hash = (UINT32_C(2166136261) ^ (uint32_t)entry->type) * UINT32_C(16777619);
  if (entry->type == WEIR_ENTRY_DATA || entry->type == WEIR_ENTRY_EVENT)
    for (const char *c = log->kinds[entry->kind]; *c != '\0'; c++) hash = (hash ^ (uint8_t)*c) * UINT32_C(16777619);
  if (entry->type == WEIR_ENTRY_ERROR || entry->type == WEIR_ENTRY_RAISED)
    hash = (hash ^ (uint32_t)entry->code) * UINT32_C(16777619);
  return hash;
}

static void note_shown(const weir_log *log, uint64_t shown[WEIR_CHECK_SHOWN]) {
  uint32_t before = 0;
  for (size_t i = 0; i < log->count; i++) {
    const uint32_t now = hash_entry(log, &log->entries[i]);
    const uint32_t bit = ((before * 31 ^ now) * UINT32_C(2654435761)) >> 24;
    shown[bit / 64] |= UINT64_C(1) << bit % 64;
    before = now;
  }
}

static weir_status check_whole(weir_check *check) {
  static const weir_rule rules[] = {WEIR_RULE_R1, WEIR_RULE_R3, WEIR_RULE_R8, WEIR_RULE_R9};
  weir_delivery delivery = way(check, 0), bytewise = way(check, 1);
  weir_status status = weir_check_base(check, &delivery);
  if (status == WEIR_OK) note_shown(&check->base, check->report->shown);
  if (status == WEIR_OK) status = weir_check_compare(check, &delivery, &delivery, WEIR_RULE_R6);
  if (status == WEIR_OK) status = weir_check_deliver(check, &bytewise);
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) put_to_test(check, rules[i]);
  char bytes[32], count[32], written[32];
  (void)snprintf(check->report->note, sizeof check->report->note, "%s bytes: %s observations, %s bytes written",
                 weir_check_number(check->job->size, bytes), weir_check_number(check->base.count, count),
                 weir_check_number(check->base.written_size, written));
  return status;
}

/* ---- hints */

static weir_status check_hints(weir_check *check) {
  static const ptrdiff_t hints[] = {1, 2, 7, 64, 4096, 1 << 20, WEIR_HINT_VARIED};
  for (unsigned i = 0; i < WAYS; i++) {
    weir_delivery base = way(check, i), delivery = base;
    weir_status status = weir_check_base(check, &base);
    for (size_t h = 0; status == WEIR_OK && h < sizeof hints / sizeof *hints; h++) {
      delivery.hint = hints[h];
      status = weir_check_compare(check, &delivery, &base, WEIR_RULE_R2);
    }
    if (status != WEIR_OK) return status;
  }
  put_to_test(check, WEIR_RULE_R1);
  put_to_test(check, WEIR_RULE_R2);
  note_runs(check, "hints of -1, 1, 2, 7, 64, 4096, 1048576 and all in turn, in one piece, threes and bytes");
  return WEIR_OK;
}

/* ---- asking */

static weir_status check_asking(weir_check *check) {
  for (unsigned i = 0; i < WAYS; i++) {
    weir_delivery base = way(check, i), delivery = base;
    weir_status status = weir_check_base(check, &base);
    for (int asking = WEIR_ASK_TWICE; status == WEIR_OK && asking < WEIR_ASK_COUNT; asking++) {
      delivery.asking = (weir_asking)asking;
      status = weir_check_compare(check, &delivery, &base, WEIR_RULE_R4);
    }
    if (status != WEIR_OK) return status;
  }
  put_to_test(check, WEIR_RULE_R3);
  put_to_test(check, WEIR_RULE_R4);
  note_runs(check, "get_buffer twice, in vain and long before its data, in one piece, threes and bytes");
  return WEIR_OK;
}

/* ---- stale */

static weir_status check_stale(weir_check *check) {
  static const uint8_t fills[] = {0xFF, '\n', '0', ' '};
  for (unsigned i = 0; i < WAYS; i++) {
    weir_delivery base = way(check, i), delivery = base;
    base.fill = 0xA5;
    weir_status status = weir_check_base(check, &base);
    for (size_t f = 0; status == WEIR_OK && f < sizeof fills; f++) {
      delivery.fill = fills[f];
      status = weir_check_compare(check, &delivery, &base, WEIR_RULE_R5);
    }
    if (status != WEIR_OK) return status;
  }
  put_to_test(check, WEIR_RULE_R5);
  note_runs(check, "buffers filled with five different bytes behind the data, in one piece, threes and bytes");
  return WEIR_OK;
}

/* ---- ends */

static weir_status check_end(weir_check *check, size_t size) {
  for (unsigned number = 0; number < 4; number++) {
    weir_delivery delivery = way(check, number / 2);
    delivery.size = size;
    delivery.ending = number % 2 == 0 ? WEIR_ENDING_FIN : WEIR_ENDING_RESET;
    delivery.lean = true;
    weir_status status = weir_check_deliver(check, &delivery);
    if (status != WEIR_OK) return status;
    weir_difference difference;
    if (weir_log_prefix(&check->drive.log, &check->base, check->drive.target->liberties, &difference)) continue;
    weir_check_finding *finding = weir_check_find(check, WEIR_RULE_R7);
    if (finding == NULL) continue;
    char one[48], two[48];
    weir_log_describe(&check->drive.log, difference.entry, one, sizeof one);
    weir_log_describe(&check->base, difference.entry, two, sizeof two);
    finding->at = size;
    (void)snprintf(finding->message, sizeof finding->message,
                   "ended at byte %zu it had observed what is no prefix of the whole: %s, and there %s", size, one,
                   two);
    weir_check_detail(&check->base, &check->drive.log, &difference, finding->detail, sizeof finding->detail);
    weir_delivery_print(&delivery, check->job->size, finding->delivery, sizeof finding->delivery);
  }
  return WEIR_OK;
}

static weir_status check_ends(weir_check *check) {
  weir_delivery whole = way(check, 0);
  weir_status status = weir_check_base(check, &whole);
  /* Each end costs about its position, twice over: as many as the budget has. */
  size_t size = check->job->size, step = 1;
  while (step <= size && (uint64_t)(size / step + 1) * (2 * size + 16) > check->job->budget) step *= 2;
  uint64_t ends = 0;
  for (size_t end = 0; status == WEIR_OK && end < size; end += step, ends++) status = check_end(check, end);
  if (status == WEIR_OK) status = check_end(check, size);
  put_to_test(check, WEIR_RULE_R7);
  put_to_test(check, WEIR_RULE_R8);
  char text[80], count[32];
  if (step == 1)
    (void)snprintf(text, sizeof text, "FIN and reset at each of %s bytes, in one piece and by bytes",
                   weir_check_number(ends + 1, count));
  else
    (void)snprintf(text, sizeof text, "FIN and reset at one byte in %zu, in one piece and by bytes", step);
  note_runs(check, text);
  return status;
}

/* ---- slow */

static weir_status check_slow(weir_check *check) {
  for (unsigned i = 0; i < WAYS; i++) {
    weir_delivery base = way(check, i), delivery = base;
    delivery.slow = true;
    weir_status status = weir_check_base(check, &base);
    if (i == 0 && check->base.written_size == 0) {
      (void)snprintf(check->report->skip, sizeof check->report->skip,
                     "it writes nothing on this stream, so that a slow peer is as any other");
      return status;
    }
    if (status == WEIR_OK) status = weir_check_compare(check, &delivery, &base, WEIR_RULE_R6);
    /* Now callbacks come between a get_buffer and its buffer_updated. */
    base.slow = true;
    delivery.asking = WEIR_ASK_HELD;
    if (status == WEIR_OK) status = weir_check_base(check, &base);
    if (status == WEIR_OK) status = weir_check_compare(check, &delivery, &base, WEIR_RULE_R3);
    if (status != WEIR_OK) return status;
  }
  put_to_test(check, WEIR_RULE_R3);
  put_to_test(check, WEIR_RULE_R9);
  note_runs(check, "a peer that reads a byte at a time, limits of 0, in one piece, threes and bytes");
  return WEIR_OK;
}

/* ---- delivery */

static weir_status check_delivery(weir_check *check) {
  const weir_check_job *job = check->job;
  bool two = job->deliveries[1][0] != '\0';
  weir_delivery base = {.bytes = job->stream, .size = job->size}, delivery = base;
  weir_status status = weir_delivery_parse(job->deliveries[0], &delivery, check->cuts, check->problem);
  if (status == WEIR_OK && two) status = weir_delivery_parse(job->deliveries[1], &base, check->less, check->problem);
  if (!two) base.size = delivery.size, base.ending = delivery.ending;
  if (status == WEIR_OK) status = weir_check_base(check, &base);
  if (status == WEIR_OK) status = weir_check_compare(check, &delivery, &base, WEIR_RULE_R6);
  put_to_test(check, WEIR_RULE_R6);
  note_runs(check, "the deliveries given");
  return status;
}

/* ---- Any */

static weir_status run_family(weir_check *check) {
  switch (check->family) {
  case WEIR_FAMILY_WHOLE: return check_whole(check);
  case WEIR_FAMILY_HINTS: return check_hints(check);
  case WEIR_FAMILY_ASKING: return check_asking(check);
  case WEIR_FAMILY_STALE: return check_stale(check);
  case WEIR_FAMILY_ENDS: return check_ends(check);
  case WEIR_FAMILY_SLOW: return check_slow(check);
  case WEIR_FAMILY_CHUNKINGS: put_to_test(check, WEIR_RULE_R6); return weir_check_chunkings(check);
  case WEIR_FAMILY_COST: put_to_test(check, WEIR_RULE_R10); return weir_check_cost(check);
  case WEIR_FAMILY_MEMORY: put_to_test(check, WEIR_RULE_R11); return weir_check_memory(check);
  case WEIR_FAMILY_DELIVERY: return check_delivery(check);
  case WEIR_FAMILY_COUNT: break;
  }
  return weir_fail(check->problem, WEIR_BAD_INPUT, 0, "there is no family %d", (int)check->family);
}

weir_status weir_check_run(const weir_protocol_target *target, weir_family family, const weir_check_job *job,
                           weir_check_report *report, weir_hand *hand, weir_problem *problem) {
  *report = (weir_check_report){.count = 0};
  weir_check *check = calloc(1, sizeof *check);
  if (check == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a check");
  *check = (weir_check){.job = job, .family = family, .report = report, .problem = problem};
  check->rng = (job->seed + 1) * UINT64_C(0x9E3779B97F4A7C15) | 1;
  check->cuts = calloc(4 * weir_cuts_words(job->size), sizeof *check->cuts);
  weir_status status = WEIR_OK;
  if (check->cuts == NULL || !weir_log_init(&check->base))
    status = weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a stream of %zu bytes", job->size);
  if (status == WEIR_OK) {
    check->less = check->cuts + weir_cuts_words(job->size);
    status = weir_drive_init(&check->drive, target, hand, problem);
    if (status == WEIR_OK) status = run_family(check);
    weir_drive_free(&check->drive);
  }
  weir_log_free(&check->base);
  free(check->cuts);
  free(check);
  return status;
}
