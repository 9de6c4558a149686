/* Sound: starts with four bytes, and takes a larger block inside
 * buffer_updated when the line does not fit. */
#include "parts/lines.h"

typedef struct growing {
  lines lines;
  char *block;
  size_t size, used;
} growing;

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  growing *self = (growing *)protocol;
  (void)hint;
  if (self->block == NULL) {
    self->block = session_take(&self->lines.session, NULL, 4);
    self->size = 4;
  }
  if (self->block == NULL) return WEIR_ERROR_STATE;
  buffer->base = self->block + self->used;
  buffer->size = self->size - self->used;
  return WEIR_ERROR_NONE;
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  growing *self = (growing *)protocol;
  size_t told = 0;
  size_t looked = self->used; /* what stands there has no end of line */
  self->used += nbytes;
  for (; looked < self->used && !self->lines.session.closed; looked++) {
    if (self->block[looked] != '\n') continue;
    lines_tell(&self->lines, self->block + told, looked - told);
    told = looked + 1;
  }
  memmove(self->block, self->block + told, self->used - told);
  self->used -= told;
  if (self->used < self->size) return WEIR_ERROR_NONE;
  char *grown = session_take(&self->lines.session, self->block, self->size * 2);
  if (grown == NULL) return WEIR_ERROR_STATE;
  self->block = grown;
  self->size *= 2;
  return WEIR_ERROR_NONE;
}

static void release(weir_protocol *protocol) {
  growing *self = (growing *)protocol;
  if (self->block != NULL) session_take(&self->lines.session, self->block, 0);
  lines_free(protocol);
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(get_buffer, buffer_updated)};

static weir_protocol *open_lines(const weir_observer *observer, const weir_transport_calls *calls) {
  lines *made = lines_new(sizeof(growing), &callbacks, observer, calls);
  return made != NULL ? &made->session.protocol : NULL;
}

SESSION_PLUGIN("grows-in-update", "1", 0, open_lines, release);
