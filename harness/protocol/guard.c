/* The guard: what the transport takes for the protocol. */
#include <string.h>

#include "protocol/drive.h"

enum { FILLED_FIRST = 4096, FILLED_LAST = 64 };

static weir_drive *of(weir_protocol *base) {
  return (weir_drive *)(void *)base;
}

static void enter(weir_drive *self, weir_inside inside) {
  self->hand->inside = inside;
  if (self->steps == NULL) return;
  bool after = inside == WEIR_INSIDE_BUFFER_UPDATED || inside == WEIR_INSIDE_DATA_RECEIVED;
  if (!self->steps->by_observations) self->steps->tick = self->updates - after; /* the number of the read */
  weir_steps_on(self->steps);
}

static weir_error leave(weir_drive *self, weir_error error) {
  if (self->steps != NULL) weir_steps_off(self->steps);
  self->hand->inside = WEIR_INSIDE_NOTHING;
  if (error != 0) weir_log_note(&self->log, WEIR_ENTRY_RAISED, error);
  return error;
}

static weir_error guard_connection_made(weir_protocol *base, weir_transport *transport) {
  weir_drive *self = of(base);
  self->transport = transport;
  enter(self, WEIR_INSIDE_CONNECTION_MADE);
  return leave(self, self->protocol->callbacks->connection_made(self->protocol, (weir_transport *)(void *)self));
}

/* ---- Buffers */

static ptrdiff_t choose_hint(const weir_drive *self) {
  static const ptrdiff_t varied[] = {-1, 1, 3, 1 << 20, 64, 7};
  ptrdiff_t hint = self->delivery->hint;
  if (hint == WEIR_HINT_VARIED) return varied[self->gets % (sizeof varied / sizeof *varied)];
  return hint == 0 ? -1 : hint;
}

/* R1, R2.  Where nothing may come, because the protocol has closed or paused
 * inside, no buffer is needed. */
static weir_error without_buffer(weir_drive *self, ptrdiff_t hint, weir_buffer *buffer) {
  static uint8_t unused;
  if (self->closed || self->paused) {
    *buffer = (weir_buffer){.base = &unused, .size = 1};
    return 0;
  }
  const char *what = buffer->size == 0 ? "an empty buffer" : "no buffer (base is NULL)";
  if (hint < 0)
    weir_drive_trouble(self, WEIR_RULE_R1, "get_buffer(-1) gave %s though data may come", what);
  else if ((self->target->liberties & WEIR_MAY_HINT) == 0)
    weir_drive_trouble(self, WEIR_RULE_R2, "get_buffer(%td) gave %s though data may come", hint, what);
  return 0; /* the transport will not have it */
}

/* R3: the memory is there, all of it. */
static weir_error look_at_memory(weir_drive *self, const weir_buffer *buffer, const char *when) {
  switch (weir_log_memory(&self->log, buffer->base, buffer->size)) {
  case WEIR_MEMORY_UNKNOWN:
  case WEIR_MEMORY_LIVE: return 0;
  case WEIR_MEMORY_SMALL:
    weir_drive_trouble(self, WEIR_RULE_R3, "%s the buffer of %zu bytes goes over the end of the memory it lies in",
                       when, buffer->size);
    return WEIR_ERROR_STATE;
  case WEIR_MEMORY_GIVEN_BACK:
    weir_drive_trouble(self, WEIR_RULE_R3, "%s the buffer lies in memory that the protocol has given back", when);
    return WEIR_ERROR_STATE;
  }
  return 0;
}

static void fill_buffer(weir_drive *self, const weir_buffer *buffer) {
  int fill = self->delivery->fill;
  if (fill == 0) return;
  self->hand->inside = WEIR_INSIDE_FILL;
  size_t first = buffer->size < FILLED_FIRST ? buffer->size : FILLED_FIRST;
  size_t last = buffer->size - first < FILLED_LAST ? buffer->size - first : FILLED_LAST;
  memset(buffer->base, fill, first);
  memset((uint8_t *)buffer->base + (buffer->size - last), fill, last);
}

static weir_error ask(weir_drive *self, weir_buffer *buffer) {
  *buffer = (weir_buffer){.base = NULL};
  ptrdiff_t hint = choose_hint(self);
  self->gets++;
  enter(self, WEIR_INSIDE_GET_BUFFER);
  weir_error error = leave(self, self->protocol->callbacks->get_buffer(self->protocol, hint, buffer));
  if (error != 0) return error;
  if (buffer->size == 0 || buffer->base == NULL) return without_buffer(self, hint, buffer);
  return self->delivery->lean ? 0 : look_at_memory(self, buffer, "as get_buffer returns,");
}

static weir_error guard_get_buffer(weir_protocol *base, ptrdiff_t hint, weir_buffer *buffer) {
  (void)hint; /* the reference asks with -1, always */
  weir_drive *self = of(base);
  if (self->given && self->delivery->asking == WEIR_ASK_HELD) {
    *buffer = self->buffer; /* asked for before, and no data came: it is still the one */
    return look_at_memory(self, buffer, "before its buffer_updated");
  }
  weir_error error = ask(self, buffer);
  if (error == 0 && self->delivery->asking == WEIR_ASK_TWICE && !self->closed && !self->paused)
    error = ask(self, buffer);
  self->buffer = *buffer;
  self->given = error == 0;
  if (error == 0 && buffer->size > 0 && buffer->base != NULL) fill_buffer(self, buffer);
  self->hand->inside = WEIR_INSIDE_FILL; /* what follows is recv, or nothing */
  return error;
}

/* R3: what the transport put there is what the protocol will find there. */
static void look_at_bytes(weir_drive *self, size_t nbytes) {
  const weir_feed *feed = &self->feed;
  if (memcmp(self->buffer.base, feed->delivery->bytes + (feed->position - nbytes), nbytes) != 0)
    weir_drive_trouble(self, WEIR_RULE_R3, "the buffer was written to by someone else before buffer_updated");
}

static weir_error guard_buffer_updated(weir_protocol *base, size_t nbytes) {
  weir_drive *self = of(base);
  self->given = false;
  self->updates++;
  self->log.at = self->hand->position = self->feed.position;
  if (!self->delivery->lean) look_at_bytes(self, nbytes);
  enter(self, WEIR_INSIDE_BUFFER_UPDATED);
  weir_error error = leave(self, self->protocol->callbacks->buffer_updated(self->protocol, nbytes));
  if (self->updates <= self->told_count)
    self->told[self->updates - 1] = self->log.count + self->log.used + self->log.written_size;
  return error;
}

/* The same for what is proven by the million: nothing unkind is done, and what
 * can only be seen in one run is looked at in others. */
static weir_error lean_get_buffer(weir_protocol *base, ptrdiff_t hint, weir_buffer *buffer) {
  weir_drive *self = of(base);
  self->gets++;
  self->hand->inside = WEIR_INSIDE_GET_BUFFER;
  weir_error error = self->protocol->callbacks->get_buffer(self->protocol, hint, buffer);
  if (error != 0) return leave(self, error);
  self->hand->inside = WEIR_INSIDE_FILL;
  return buffer->size > 0 && buffer->base != NULL ? 0 : without_buffer(self, hint, buffer);
}

static weir_error lean_buffer_updated(weir_protocol *base, size_t nbytes) {
  weir_drive *self = of(base);
  self->updates++;
  self->log.at = self->hand->position = self->feed.position;
  self->hand->inside = WEIR_INSIDE_BUFFER_UPDATED;
  weir_error error = self->protocol->callbacks->buffer_updated(self->protocol, nbytes);
  self->hand->inside = WEIR_INSIDE_NOTHING;
  return error == 0 ? 0 : leave(self, error);
}

static weir_error guard_data_received(weir_protocol *base, const void *data, size_t size) {
  weir_drive *self = of(base);
  self->updates++;
  self->log.at = self->hand->position = self->feed.position;
  enter(self, WEIR_INSIDE_DATA_RECEIVED);
  return leave(self, self->protocol->callbacks->data_received(self->protocol, data, size));
}

/* ---- The end */

static weir_error guard_eof_received(weir_protocol *base, bool *keep_open) {
  weir_drive *self = of(base);
  weir_log_begin_end(&self->log);
  if (self->weigh) self->kept = weir_heap_in_use();
  enter(self, WEIR_INSIDE_EOF_RECEIVED);
  weir_error error = leave(self, self->protocol->callbacks->eof_received(self->protocol, keep_open));
  if (error != 0) weir_drive_trouble(self, WEIR_RULE_R7, "eof_received raised %d", error);
  return error;
}

static weir_error guard_connection_lost(weir_protocol *base, weir_error reason) {
  weir_drive *self = of(base);
  weir_log_begin_end(&self->log);
  self->lost = true;
  enter(self, WEIR_INSIDE_CONNECTION_LOST);
  weir_error error = leave(self, self->protocol->callbacks->connection_lost(self->protocol, reason));
  if (error != 0) weir_drive_trouble(self, WEIR_RULE_R7, "connection_lost raised %d", error);
  self->log.lost = true;
  return error;
}

static weir_error guard_pause_writing(weir_protocol *base) {
  weir_drive *self = of(base);
  enter(self, WEIR_INSIDE_PAUSE_WRITING);
  return leave(self, self->protocol->callbacks->pause_writing(self->protocol));
}

static weir_error guard_resume_writing(weir_protocol *base) {
  weir_drive *self = of(base);
  enter(self, WEIR_INSIDE_RESUME_WRITING);
  return leave(self, self->protocol->callbacks->resume_writing(self->protocol));
}

static const weir_protocol_callbacks buffered = {.size = sizeof buffered,
                                                 .connection_made = guard_connection_made,
                                                 .get_buffer = guard_get_buffer,
                                                 .buffer_updated = guard_buffer_updated,
                                                 .eof_received = guard_eof_received,
                                                 .connection_lost = guard_connection_lost,
                                                 .pause_writing = guard_pause_writing,
                                                 .resume_writing = guard_resume_writing};
static const weir_protocol_callbacks lean = {.size = sizeof lean,
                                             .connection_made = guard_connection_made,
                                             .get_buffer = lean_get_buffer,
                                             .buffer_updated = lean_buffer_updated,
                                             .eof_received = guard_eof_received,
                                             .connection_lost = guard_connection_lost,
                                             .pause_writing = guard_pause_writing,
                                             .resume_writing = guard_resume_writing};
static const weir_protocol_callbacks plain = {.size = sizeof plain,
                                              .connection_made = guard_connection_made,
                                              .data_received = guard_data_received,
                                              .eof_received = guard_eof_received,
                                              .connection_lost = guard_connection_lost,
                                              .pause_writing = guard_pause_writing,
                                              .resume_writing = guard_resume_writing};

const weir_protocol_callbacks *weir_guard_callbacks(const weir_drive *drive) {
  if (!weir_protocol_is_buffered(drive->protocol)) return &plain;
  const weir_delivery *delivery = drive->delivery;
  bool kind = delivery->hint == 0 && delivery->asking == WEIR_ASK_ONCE && delivery->fill == 0;
  return delivery->lean && kind && drive->steps == NULL && drive->told_count == 0 ? &lean : &buffered;
}
