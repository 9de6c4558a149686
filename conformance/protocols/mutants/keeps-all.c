/* Rule: R11
 * Defect: keeps every line it has told until the connection is freed. */
#include "parts/lines.h"

typedef struct kept {
  struct kept *next;
  char text[LINES_MAX];
} kept;

typedef struct keeping {
  lines lines;
  kept *lines_kept;
} keeping;

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  keeping *self = (keeping *)protocol;
  const char *fresh = self->lines.base + self->lines.used;
  for (size_t i = 0; i < nbytes; i++) {
    if (fresh[i] != '\n') continue;
    kept *made = session_take(&self->lines.session, NULL, sizeof *made);
    if (made == NULL) return WEIR_ERROR_STATE;
    *made = (kept){.next = self->lines_kept};
    self->lines_kept = made;
  }
  return lines_buffer_updated(protocol, nbytes);
}

static void release(weir_protocol *protocol) {
  keeping *self = (keeping *)protocol;
  for (kept *old = self->lines_kept; old != NULL; old = self->lines_kept) {
    self->lines_kept = old->next;
    session_take(&self->lines.session, old, 0);
  }
  lines_free(protocol);
}

static const weir_protocol_callbacks callbacks = {LINES_CALLBACKS(lines_get_buffer, buffer_updated)};

static weir_protocol *open_lines(const weir_observer *observer, const weir_transport_calls *calls) {
  lines *made = lines_new(sizeof(keeping), &callbacks, observer, calls);
  return made != NULL ? &made->session.protocol : NULL;
}

SESSION_PLUGIN("keeps-all", "1", 0, open_lines, release);
