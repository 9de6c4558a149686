/* Words and questions that the families of monitors share. */
#include "validator/judge.h"

#include <stdio.h>

#include "weir/transport.h"

weir_words weir_tell_since(const weir_moment *now, weir_fact fact, const char *what) {
  weir_words words;
  unsigned long long events = (unsigned long long)(now->index - now->view->since[fact]);
  uint8_t within = now->view->within[fact];
  (void)snprintf(words.text, sizeof words.text, "%llu event%s after %s began%s%s", events, events == 1 ? "" : "s", what,
                 within != 0 ? " inside " : "", within != 0 ? weir_event_name(within) : "");
  return words;
}

weir_words weir_tell_exception(unsigned code, uint32_t number) {
  weir_words words;
  switch (code) {
  case WEIR_EXCEPTION_NONE: (void)snprintf(words.text, sizeof words.text, "None"); break;
  case WEIR_EXCEPTION_PROBE:
    (void)snprintf(words.text, sizeof words.text, "the application's exception %u", number);
    break;
  case WEIR_EXCEPTION_OS: (void)snprintf(words.text, sizeof words.text, "OSError %u", number); break;
  default: {
    const char *name = weir_exception_name(code);
    (void)snprintf(words.text, sizeof words.text, "an exception of kind '%s'", name != NULL ? name : "unknown");
  }
  }
  return words;
}

static weir_words tell_stream(const weir_record *record, uint64_t expected) {
  weir_words words;
  unsigned long long at = (unsigned long long)record->b, due = (unsigned long long)expected;
  if (at > due)
    (void)snprintf(words.text, sizeof words.text, "offset %llu where %llu was due: %llu bytes are lost", at, due,
                   at - due);
  else
    (void)snprintf(words.text, sizeof words.text, "offset %llu where %llu was due: bytes come again", at, due);
  return words;
}

weir_words weir_tell_data(const weir_record *record, uint64_t expected) {
  if (record->code == WEIR_DATA_STREAM) return tell_stream(record, expected);
  weir_words words;
  unsigned long long due = (unsigned long long)expected;
  switch (record->code) {
  case WEIR_DATA_POISON:
    (void)snprintf(words.text, sizeof words.text, "%u bytes that were never written, where offset %llu was due",
                   record->a, due);
    break;
  case WEIR_DATA_REVERSE:
    (void)snprintf(words.text, sizeof words.text, "%u bytes of the other direction, where offset %llu was due",
                   record->a, due);
    break;
  case WEIR_DATA_FOREIGN:
    (void)snprintf(words.text, sizeof words.text, "%u bytes of connection %u, where offset %llu was due", record->a,
                   (unsigned)(record->b >> 56), due);
    break;
  default:
    (void)snprintf(words.text, sizeof words.text, "%u bytes of no known stream, where offset %llu was due", record->a,
                   due);
  }
  return words;
}

bool weir_shows_failures(const weir_view *view) {
  /* A target that is driven by the harness says what its callbacks may do; it is on the simulated socket. */
  return (view->facts & (FACT(SOCKET) | FACT(PEER))) != 0 || (view->capabilities & WEIR_CAN_RAISE) != 0;
}

bool weir_shows_handler(const weir_view *view) {
  return weir_shows_failures(view) || (view->seen & EVENT(EXCEPTION_HANDLER)) != 0;
}

bool weir_flush_may_wait(const weir_view *view) {
  if (!(view->facts & FACT(PEER_STOPPED))) return false;
  if (view->facts & FACT(SOCKET)) return weir_view_buffered(view) > 0;
  if (view->layer == WEIR_LAYER_TLS) return true; /* how much of it is in the socket is not known */
  return view->accepted > view->drained;
}

bool weir_reading(const weir_view *view) {
  return !(view->facts & (FACT(UNMADE) | FACTS_GONE | FACT(EOF) | FACT(PAUSED)));
}

bool weir_eof_is_real(const weir_view *view) {
  if (view->facts & FACT(PEER)) return (view->facts & (FACT(PEER_FIN) | FACT(TRUNCATED))) != 0;
  if (view->seen & EVENT(RECV)) return (view->facts & FACT(RECV_END)) != 0;
  return true;
}

bool weir_bytes_missing(const weir_view *view) {
  uint64_t excused = FACT(PEER_STOPPED) | FACT(PEER_CLOSED) | FACT(RESET) | FACT(ERROR) | FACT(ABORT) |
                     FACT(TRUNCATED) | FACT(UNANSWERED) | FACT(WRITES_UNSURE) | FACT(OUT_STRAYED) | FACT(LOST_ERROR) |
                     FACTS_RAISED | FACT(BAD_BUFFER);
  return (view->facts & FACT(PEER)) && !(view->facts & excused) && view->drained < view->sure;
}
