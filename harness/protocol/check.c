#include "protocol/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- Findings */

static weir_check_finding *finding_of(weir_check *check, weir_rule rule) {
  for (uint32_t i = 0; i < check->report->count; i++)
    if (check->report->findings[i].rule == rule) return &check->report->findings[i];
  return NULL;
}

/* The first of a rule; NULL where there has been one, which is counted, or there is no room. */
weir_check_finding *weir_check_find(weir_check *check, weir_rule rule) {
  weir_check_finding *finding = finding_of(check, rule);
  if (finding != NULL) {
    finding->count++;
    return NULL;
  }
  if (check->report->count == WEIR_CHECK_FINDINGS_MAX) return NULL;
  finding = &check->report->findings[check->report->count++];
  *finding = (weir_check_finding){.rule = rule, .count = 1};
  return finding;
}

static void keep_troubles(weir_check *check, const weir_delivery *delivery) {
  for (unsigned i = 0; i < check->drive.trouble_count; i++) {
    const weir_trouble *trouble = &check->drive.troubles[i];
    weir_check_finding *finding = weir_check_find(check, trouble->rule);
    if (finding == NULL) continue;
    finding->at = trouble->at;
    (void)snprintf(finding->message, sizeof finding->message, "at byte %" PRIu64 ": %s", trouble->at, trouble->text);
    weir_delivery_print(delivery, check->job->size, finding->delivery, sizeof finding->delivery);
  }
}

static void tell_bound(weir_check *check, const weir_delivery *delivery) {
  weir_check_finding *finding = weir_check_find(check, weir_family_rule(check->family));
  if (finding == NULL) return;
  finding->at = check->drive.log.at;
  (void)snprintf(finding->message, sizeof finding->message,
                 "at byte %" PRIu64 ": it observes more than %d bytes, or %d things", finding->at, WEIR_LOG_BYTES_MAX,
                 WEIR_LOG_ENTRIES_MAX);
  weir_delivery_print(delivery, check->job->size, finding->delivery, sizeof finding->delivery);
}

/* ---- Runs */

/* A read is one; and a byte is a little. */
static uint64_t cost_of(const weir_check *check, const weir_delivery *delivery) {
  return check->drive.gets + check->drive.updates + delivery->size / 16 + 4;
}

weir_status weir_check_deliver(weir_check *check, const weir_delivery *delivery) {
  weir_status status = weir_drive_run(&check->drive, delivery, check->problem);
  check->report->runs++;
  check->spent += cost_of(check, delivery);
  if (status == WEIR_NO_MEMORY) return status; /* what it did for want of it is no finding */
  if (check->drive.trouble_count > 0) keep_troubles(check, delivery);
  if (status == WEIR_BOUND) {
    /* Its own doing, and so a finding: it tells of sizes that nothing has. */
    tell_bound(check, delivery);
    return WEIR_OK;
  }
  return status;
}

weir_status weir_check_base(weir_check *check, const weir_delivery *delivery) {
  weir_status status = weir_check_deliver(check, delivery);
  if (status != WEIR_OK) return status;
  if (weir_log_copy(&check->base, &check->drive.log)) return WEIR_OK;
  return weir_fail(check->problem, WEIR_NO_MEMORY, 0, "no memory for what was observed");
}

static void tell_difference(weir_check *check, weir_check_finding *finding, const weir_difference *difference) {
  const weir_log *left = &check->base, *right = &check->drive.log;
  finding->at = difference->at;
  weir_check_detail(left, right, difference, finding->detail, sizeof finding->detail);
  if (difference->written) {
    (void)snprintf(finding->message, sizeof finding->message,
                   "what it writes to the transport differs from byte %zu on, of %zu and %zu", difference->entry,
                   left->written_size, right->written_size);
    return;
  }
  char one[72], two[72];
  weir_log_describe(left, difference->entry, one, sizeof one);
  weir_log_describe(right, difference->entry, two, sizeof two);
  (void)snprintf(finding->message, sizeof finding->message, "%s at byte %" PRIu64 ": %s, and there %s",
                 difference->cut ? "goes on after it has closed," : "observes something else", difference->at, two,
                 one);
}

/* Where the cuts alone differ: the pair that differs in one. */
static weir_status shrink_pair(weir_check *check, weir_delivery *delivery, weir_delivery *base,
                               weir_difference *difference) {
  uint64_t *more = check->less + weir_cuts_words(check->job->size), *fewer = more + weir_cuts_words(check->job->size);
  weir_status status = weir_check_shrink(check, delivery, more, fewer);
  if (status != WEIR_OK) return status;
  delivery->cuts = more;
  base->cuts = fewer;
  delivery->lean = base->lean = false;
  status = weir_check_base(check, base);
  if (status == WEIR_OK) status = weir_check_deliver(check, delivery);
  if (status == WEIR_OK)
    (void)weir_log_same(&check->base, &check->drive.log, check->drive.target->liberties, difference);
  return status;
}

/* Cut off by a reset, either may have told less where that is declared. */
static bool lags(const weir_check *check, const weir_delivery *delivery) {
  uint32_t liberties = check->drive.target->liberties;
  weir_difference difference;
  return delivery->ending == WEIR_ENDING_RESET && (liberties & WEIR_MAY_LAG) != 0 &&
         (weir_log_prefix(&check->base, &check->drive.log, liberties, &difference) ||
          weir_log_prefix(&check->drive.log, &check->base, liberties, &difference));
}

weir_status weir_check_compare(weir_check *check, const weir_delivery *delivery, const weir_delivery *base,
                               weir_rule rule) {
  weir_status status = weir_check_deliver(check, delivery);
  if (status != WEIR_OK) return status;
  weir_difference difference;
  if (weir_log_same(&check->base, &check->drive.log, check->drive.target->liberties, &difference)) return WEIR_OK;
  if (lags(check, delivery)) return WEIR_OK;
  weir_check_finding *finding = weir_check_find(check, difference.cut ? WEIR_RULE_R8 : rule);
  if (finding == NULL) return WEIR_OK;
  weir_delivery more = *delivery, fewer = *base;
  if (rule == WEIR_RULE_R6 && base->cuts == NULL && delivery->cuts != NULL) {
    weir_problem *problem = check->problem;
    status = shrink_pair(check, &more, &fewer, &difference);
    check->problem = problem;
    if (status != WEIR_OK) return status;
  }
  tell_difference(check, finding, &difference);
  weir_delivery_print(&more, check->job->size, finding->delivery, sizeof finding->delivery);
  weir_delivery_print(&fewer, check->job->size, finding->against, sizeof finding->against);
  if (more.cuts == delivery->cuts) return WEIR_OK;
  /* The base is another one now: what comes next is compared with the old one. */
  weir_delivery again = *base;
  return weir_check_base(check, &again);
}

/* xorshift64*: the seed decides. */
uint64_t weir_check_random(weir_check *check, uint64_t below) {
  check->rng ^= check->rng >> 12;
  check->rng ^= check->rng << 25;
  check->rng ^= check->rng >> 27;
  return below == 0 ? 0 : (check->rng * UINT64_C(0x2545F4914F6CDD1D) >> 11) % below;
}

const char *weir_check_number(uint64_t number, char out[32]) {
  char digits[24];
  int count = snprintf(digits, sizeof digits, "%" PRIu64, number), used = 0;
  for (int i = 0; i < count; i++) {
    if (i > 0 && (count - i) % 3 == 0) out[used++] = ',';
    out[used++] = digits[i];
  }
  out[used] = '\0';
  return out;
}
