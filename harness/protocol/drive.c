#include "protocol/drive.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "reference/reference.h"

enum { TURNS_LEAST = 1000, TURNS_MOST = 1 << 28 };

const char *weir_inside_name(weir_inside inside) {
  static const char *const names[WEIR_INSIDE_COUNT] = {
      [WEIR_INSIDE_NOTHING] = "between callbacks",
      [WEIR_INSIDE_OPEN] = "in open()",
      [WEIR_INSIDE_CONNECTION_MADE] = "in connection_made",
      [WEIR_INSIDE_GET_BUFFER] = "in get_buffer",
      [WEIR_INSIDE_FILL] = "as the transport wrote into the buffer",
      [WEIR_INSIDE_BUFFER_UPDATED] = "in buffer_updated",
      [WEIR_INSIDE_DATA_RECEIVED] = "in data_received",
      [WEIR_INSIDE_EOF_RECEIVED] = "in eof_received",
      [WEIR_INSIDE_CONNECTION_LOST] = "in connection_lost",
      [WEIR_INSIDE_PAUSE_WRITING] = "in pause_writing",
      [WEIR_INSIDE_RESUME_WRITING] = "in resume_writing",
      [WEIR_INSIDE_RELEASE] = "in release()",
  };
  return (unsigned)inside < WEIR_INSIDE_COUNT ? names[inside] : "?";
}

void weir_drive_trouble(weir_drive *drive, weir_rule rule, const char *format, ...) {
  for (unsigned i = 0; i < drive->trouble_count; i++)
    if (drive->troubles[i].rule == rule) return;
  if (drive->trouble_count == WEIR_TROUBLES_MAX) return;
  weir_trouble *trouble = &drive->troubles[drive->trouble_count++];
  *trouble = (weir_trouble){.rule = rule, .at = drive->feed.position};
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(trouble->text, sizeof trouble->text, format, arguments);
  va_end(arguments);
}

/* ---- Opening */

static const char *missing_callback(const weir_protocol_callbacks *callbacks) {
  if (callbacks->connection_made == NULL) return "connection_made";
  if ((callbacks->get_buffer == NULL) != (callbacks->buffer_updated == NULL))
    return callbacks->get_buffer == NULL ? "get_buffer" : "buffer_updated";
  if (callbacks->get_buffer == NULL && callbacks->data_received == NULL) return "get_buffer";
  if (callbacks->eof_received == NULL) return "eof_received";
  if (callbacks->connection_lost == NULL) return "connection_lost";
  if (callbacks->pause_writing == NULL) return "pause_writing";
  if (callbacks->resume_writing == NULL) return "resume_writing";
  return NULL;
}

/* What it has told of it, where it has. */
static weir_status no_protocol(const weir_drive *drive, weir_problem *problem) {
  const weir_log *log = &drive->log;
  const weir_entry *last = log->count > 0 ? &log->entries[log->count - 1] : NULL;
  if (last == NULL || last->type != WEIR_ENTRY_ERROR || last->size == 0)
    return weir_fail(problem, WEIR_NO_MEMORY, 0, "open() gave no protocol");
  return weir_fail(problem, WEIR_BAD_INPUT, 0, "open() gave no protocol: %.*s", (int)last->size,
                   (const char *)log->bytes + last->start);
}

static weir_status open_protocol(weir_drive *drive, weir_problem *problem) {
  drive->hand->inside = WEIR_INSIDE_OPEN;
  drive->protocol = drive->target->open(&drive->observer, &drive->calls);
  drive->hand->inside = WEIR_INSIDE_NOTHING;
  if (drive->protocol == NULL) return no_protocol(drive, problem);
  const weir_protocol_callbacks *callbacks = drive->protocol->callbacks;
  if (callbacks == NULL || callbacks->size != sizeof *callbacks)
    return weir_fail(
        problem, WEIR_VERSION_MISMATCH, 0,
        "its weir_protocol_callbacks are not of this version: set size to sizeof(weir_protocol_callbacks)");
  const char *missing = missing_callback(callbacks);
  if (missing != NULL) return weir_fail(problem, WEIR_BAD_INPUT, 0, "its protocol has no %s()", missing);
  return WEIR_OK;
}

static void release_protocol(weir_drive *drive) {
  if (drive->protocol == NULL) return;
  drive->hand->inside = WEIR_INSIDE_RELEASE;
  drive->target->release(drive->protocol);
  drive->hand->inside = WEIR_INSIDE_NOTHING;
  drive->protocol = NULL;
}

weir_status weir_drive_init(weir_drive *drive, const weir_protocol_target *target, weir_hand *hand,
                            weir_problem *problem) {
  *drive = (weir_drive){.target = target};
  drive->hand = hand != NULL ? hand : &drive->own_hand;
  weir_feed_init(&drive->feed);
  weir_guard_calls(drive);
  if (!weir_log_init(&drive->log)) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a log");
  drive->observer = weir_log_observer(&drive->log);
  weir_status status = open_protocol(drive, problem);
  release_protocol(drive);
  weir_log_drop_blocks(&drive->log);
  return status;
}

void weir_drive_free(weir_drive *drive) {
  release_protocol(drive);
  weir_log_free(&drive->log);
  weir_feed_free(&drive->feed);
}

/* ---- A run */

static void take_in_hand(weir_drive *drive, const weir_delivery *delivery) {
  weir_hand *hand = drive->hand;
  hand->position = 0;
  hand->delivery = *delivery;
  size_t words = weir_cuts_words(delivery->size);
  hand->cut = delivery->cuts != NULL && words <= WEIR_HAND_WORDS;
  if (!hand->cut) return;
  if (words == 1)
    hand->cuts[0] = delivery->cuts[0];
  else
    memcpy(hand->cuts, delivery->cuts, words * sizeof *hand->cuts);
}

static weir_status prepare(weir_drive *drive, const weir_delivery *delivery, weir_problem *problem) {
  take_in_hand(drive, delivery);
  weir_log_clear(&drive->log);
  weir_feed_load(&drive->feed, delivery);
  drive->delivery = delivery;
  drive->given = drive->closed = drive->lost = drive->paused = drive->eof_written = drive->spun = false;
  drive->gets = drive->updates = 0;
  drive->trouble_count = 0;
  drive->kept = 0;
  /* A protocol that can be as new is kept, where it is the speed that counts. */
  bool fresh = drive->protocol != NULL && delivery->lean;
  if (fresh) drive->target->reset(drive->protocol);
  if (!fresh) {
    release_protocol(drive);
    weir_log_drop_blocks(&drive->log);
    drive->log.bury = !delivery->lean;
    weir_status status = open_protocol(drive, problem);
    if (status != WEIR_OK) return status;
  }
  drive->base.callbacks = weir_guard_callbacks(drive);
  return WEIR_OK;
}

/* So many turns, and it does not come to rest any more. */
static uint64_t turns_most(const weir_drive *drive) {
  uint64_t most = TURNS_LEAST + 4 * (uint64_t)drive->delivery->size + 2 * (uint64_t)drive->log.written_size;
  return most < TURNS_MOST ? most : TURNS_MOST;
}

static void turn_until_quiet(weir_drive *drive) {
  uint64_t turns = 0;
  while (weir_feed_turn(&drive->feed)) {
    if (++turns <= TURNS_LEAST || turns <= turns_most(drive)) continue;
    drive->spun = true;
    return;
  }
}

/* Nothing will come any more, and the connection is still there. */
static void end_quiet(weir_drive *drive) {
  const weir_transport_calls *real = weir_reference()->transport;
  if (drive->spun) {
    weir_drive_trouble(drive, WEIR_RULE_R10, "the connection does not come to rest: there is always more to write");
  } else if (drive->paused && !drive->closed) {
    weir_drive_trouble(drive, WEIR_RULE_R9, "reading is paused for ever: nothing is left that would resume it");
  }
  (void)real->abort(drive->transport);
  for (unsigned turns = 0; turns < TURNS_LEAST && !drive->lost && weir_feed_turn(&drive->feed); turns++) continue;
}

static void finish(weir_drive *drive) {
  if (drive->log.late > 0)
    weir_drive_trouble(drive, WEIR_RULE_R8, "%llu observations after connection_lost",
                       (unsigned long long)drive->log.late);
  if (drive->delivery->lean && drive->target->reset != NULL) return;
  release_protocol(drive);
  if (drive->log.live_count > 0)
    weir_drive_trouble(drive, WEIR_RULE_R11, "%zu blocks of %zu bytes in all are not given back by release()",
                       drive->log.live_count, drive->log.live_bytes);
  weir_log_drop_blocks(&drive->log);
}

weir_status weir_drive_run(weir_drive *drive, const weir_delivery *delivery, weir_problem *problem) {
  const weir_transport_calls *real = weir_reference()->transport;
  weir_status status = prepare(drive, delivery, problem);
  if (status != WEIR_OK) return status;
  weir_transport *transport = NULL;
  if (real->open(&drive->feed.host, weir_feed_socket(&drive->feed), &drive->base, &transport) != 0)
    return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a transport");
  drive->transport = transport;
  if (delivery->slow) (void)real->set_write_buffer_limits(transport, 0, 0);
  turn_until_quiet(drive);
  if (!drive->lost) end_quiet(drive);
  real->release(transport);
  finish(drive);
  drive->delivery = NULL;
  if (drive->log.starved || drive->feed.starved)
    return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for what is observed");
  if (drive->log.failed) return weir_fail(problem, WEIR_BOUND, 0, "the protocol observes more than can be kept");
  return WEIR_OK;
}
