/* Memory (R11): what is not given back at the end of a connection, and what
 * grows in one that goes on. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/check.h"

/* SIZE_LEAST: a buffer that doubles and then stays has done so by then (hiredis: 10 KB). */
enum { WARM = 3, CONNECTIONS = 8, WHOLE = 4, EACH_ROUND = 6, PIECES_MOST = 2048 };
enum { TIMES_LEAST = 16, SIZE_LEAST = 1 << 14, SIZE_MOST = 1 << 18, GROWTH_LEAST = 64 };

/* ---- Leaks */

/* The last two in small pieces, which are single bytes unless the stream is long. */
static weir_status connect_once(weir_check *check, unsigned number) {
  const weir_check_job *job = check->job;
  weir_delivery delivery = {.bytes = job->stream, .size = number % 2 == 0 ? job->size : job->size / 2};
  delivery.ending = number % 4 < 2 ? WEIR_ENDING_FIN : WEIR_ENDING_RESET;
  if (number >= WHOLE && delivery.size > 0) {
    weir_cuts_every(check->cuts, delivery.size, delivery.size / PIECES_MOST + 1);
    delivery.cuts = check->cuts;
  }
  return weir_check_deliver(check, &delivery);
}

/* The same connections again and again: whoever gives everything back comes to
 * the same amount each time. */
static weir_status look_for_leaks(weir_check *check) {
  size_t before = 0, grown = 0;
  weir_status status = WEIR_OK;
  bool always = true;
  for (unsigned round = 0; status == WEIR_OK && round < WARM + CONNECTIONS; round++) {
    before = weir_heap_in_use();
    for (unsigned i = 0; i < EACH_ROUND && status == WEIR_OK; i++) status = connect_once(check, i);
    size_t after = weir_heap_in_use();
    if (round < WARM) continue;
    always = always && after > before;
    grown = after - before;
  }
  if (status != WEIR_OK || !always) return status;
  weir_check_finding *finding = weir_check_find(check, WEIR_RULE_R11);
  if (finding != NULL)
    (void)snprintf(finding->message, sizeof finding->message,
                   "%zu bytes more after each %d connections: something is not freed", grown, EACH_ROUND);
  return WEIR_OK;
}

/* ---- Growth */

typedef struct weighing {
  weir_check *check;
  uint8_t *stream;
  size_t times;
} weighing;

/* What it holds after so many times the stream, and how much it had told. */
static weir_status weigh(const weighing *self, size_t times, size_t *kept, size_t *told, bool *well) {
  weir_check *check = self->check;
  weir_delivery delivery = {.bytes = self->stream, .size = times * check->job->size, .lean = true};
  check->drive.weigh = true;
  weir_status status = weir_drive_run(&check->drive, &delivery, check->problem);
  check->drive.weigh = false;
  check->report->runs++;
  *kept = check->drive.kept;
  *told = check->drive.log.used + check->drive.log.count;
  *well = !check->drive.closed && check->drive.trouble_count == 0;
  for (size_t i = 0; i < check->drive.log.count; i++) {
    weir_entry_type type = check->drive.log.entries[i].type;
    *well = *well && type != WEIR_ENTRY_ERROR && type != WEIR_ENTRY_RAISED;
  }
  return status;
}

/* Growth in step with the stream, of a protocol that tells what it was given:
 * so it need not keep it. */
static weir_status look_for_growth(weighing *self, bool *done) {
  size_t kept[3] = {0}, told[3] = {0};
  bool well = true;
  /* The largest first: the log has its memory then. */
  weir_status status = weigh(self, 4 * self->times, &kept[2], &told[2], &well);
  for (unsigned i = 0; status == WEIR_OK && well && i < 3; i++)
    status = weigh(self, self->times << i, &kept[i], &told[i], &well);
  *done = status == WEIR_OK && well && told[1] > told[0] && told[2] - told[1] >= told[1] - told[0];
  if (!*done || kept[1] < kept[0] + GROWTH_LEAST || kept[2] < kept[1] + GROWTH_LEAST) return status;
  size_t first = kept[1] - kept[0], second = kept[2] - kept[1];
  if (second < first + first / 2) return WEIR_OK;
  weir_check_finding *finding = weir_check_find(self->check, WEIR_RULE_R11);
  if (finding != NULL)
    (void)snprintf(
        finding->message, sizeof finding->message,
        "a connection that goes on keeps more and more: %zu bytes more after the stream %zu times than after "
        "%zu, %zu more after %zu",
        first, 2 * self->times, self->times, second, 4 * self->times);
  return WEIR_OK;
}

weir_status weir_check_memory(weir_check *check) {
  const weir_check_job *job = check->job;
  weir_status status = look_for_leaks(check);
  (void)snprintf(check->report->note, sizeof check->report->note, "nothing is left after %d connections",
                 EACH_ROUND * (WARM + CONNECTIONS));
  if (status != WEIR_OK || job->size == 0 || job->slow) return status;
  size_t times = SIZE_LEAST / job->size > TIMES_LEAST ? SIZE_LEAST / job->size : TIMES_LEAST;
  if (4 * times * job->size > SIZE_MOST) return WEIR_OK;
  weighing self = {.check = check, .times = times, .stream = malloc(4 * times * job->size)};
  if (self.stream == NULL) return weir_fail(check->problem, WEIR_NO_MEMORY, 0, "no memory for a longer stream");
  for (size_t i = 0; i < 4 * times; i++) memcpy(self.stream + i * job->size, job->stream, job->size);
  bool done = false;
  status = look_for_growth(&self, &done);
  free(self.stream);
  size_t used = strlen(check->report->note);
  if (done)
    (void)snprintf(check->report->note + used, sizeof check->report->note - used,
                   "; memory for the stream %zu, %zu and %zu times", times, 2 * times, 4 * times);
  return status;
}
