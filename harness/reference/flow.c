/* Flow control: pause_writing, resume_writing and the limits between them.
 *
 * pause_writing  when the backlog grows over `high`, or when set_limits puts
 *                `high` under it (F6): at once.
 * resume_writing when the backlog shrinks to `low` or less: always from the
 *                flush, never from inside a call of the application's.  Whoever
 *                was paused has a non-empty backlog, so a flush will come (F3).
 * So the two alternate (F2), and never nest deeper than a pause_writing inside a
 * resume_writing, whatever they call (F11). */
#include "reference/internal.h"

void weir_transport_set_defaults(weir_transport *transport) {
  transport->high = WEIR_HIGH_DEFAULT;
  transport->low = WEIR_HIGH_DEFAULT / 4;
}

/* F7: the connection goes on. */
static void tell(weir_transport *transport, weir_error (*callback)(weir_protocol *), const char *message) {
  weir_error error = callback(transport->protocol);
  if (error != 0) transport->host->exception(transport->host->loop, error, message);
}

void weir_transport_grown(weir_transport *transport) {
  if (transport->told_pause || transport->backlog.size <= transport->high) return; /* F1: strictly over; F5 */
  transport->told_pause = true; /* before the call: pause_writing may write (F11) */
  tell(transport, transport->protocol->callbacks->pause_writing, "pause_writing() raised");
}

void weir_transport_shrunk(weir_transport *transport) {
  if (!transport->told_pause || transport->backlog.size > transport->low) return;
  transport->told_pause = false;
  tell(transport, transport->protocol->callbacks->resume_writing, "resume_writing() raised");
}

/* F12: the one that is not given follows from the other, by a factor of four. */
static ptrdiff_t high_for(ptrdiff_t low) {
  if (low == WEIR_LIMIT_DEFAULT) return WEIR_HIGH_DEFAULT;
  return low > PTRDIFF_MAX / 4 ? PTRDIFF_MAX : low * 4;
}

weir_error weir_transport_set_limits(weir_transport *transport, ptrdiff_t high, ptrdiff_t low) {
  if (low != WEIR_LIMIT_DEFAULT && low < 0) return WEIR_ERROR_VALUE;
  if (high == WEIR_LIMIT_DEFAULT) high = high_for(low);
  if (low == WEIR_LIMIT_DEFAULT) low = high / 4;
  if (low < 0 || low > high) return WEIR_ERROR_VALUE; /* F4 */
  transport->high = (size_t)high;
  transport->low = (size_t)low;
  weir_transport_grown(transport);
  return 0;
}

void weir_transport_get_limits(weir_transport *transport, size_t *low, size_t *high) {
  *low = transport->low;
  *high = transport->high;
}
