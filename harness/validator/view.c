#include "validator/view.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "trace/cycles.h"
#include "weir/transport.h"

void weir_view_init(weir_view *view) {
  memset(view, 0, offsetof(weir_view, stack));
  view->facts = view->ever = FACT(ALWAYS) | FACT(UNMADE);
  view->high = view->low = -1;
  view->given_high = view->given_low = INT32_MIN;
}

uint8_t weir_view_callback(const weir_view *view) {
  if (!(view->open & EVENTS_CALLBACK)) return 0;
  for (uint32_t depth = view->depth; depth > 0; depth--) {
    uint8_t event = view->stack[depth - 1].begin.event;
    if (EVENTS_CALLBACK >> event & 1) return event;
  }
  return 0;
}

bool weir_limits_illegal(int32_t high, int32_t low) {
  bool high_given = high != INT32_MIN, low_given = low != INT32_MIN;
  return (high_given && high < 0) || (low_given && low < 0) || (high_given && low_given && low > high);
}

/* The first record that made a fact so is kept while it holds. */
static void enter(weir_view *view, weir_fact fact, uint64_t index) {
  uint64_t bit = UINT64_C(1) << fact;
  if (view->facts & bit) return;
  view->facts |= bit;
  view->ever |= bit;
  view->since[fact] = index;
  view->within[fact] = weir_view_callback(view);
}

static void leave(weir_view *view, uint64_t facts) {
  view->facts &= ~facts;
}

/* ---- The usual course ---------------------------------------------------- */
static bool incoming_is_odd(const weir_view *view, const weir_record *record) {
  if (record->code == WEIR_DATA_STREAM) return record->b != view->expected;
  return record->code != WEIR_DATA_UNKNOWN;
}

static bool outgoing_is_odd(const weir_view *view, const weir_record *record) {
  if (record->code == WEIR_DATA_STREAM)
    return record->b != view->drained || record->b + record->a > view->accepted + view->refused;
  return record->code != WEIR_DATA_UNKNOWN;
}

uint64_t weir_view_odd(const weir_view *view, const weir_record *record) {
  bool odd = false;
  switch (record->event) {
  case WEIR_EVENT_BUFFER_UPDATED:
    odd = incoming_is_odd(view, record) || record->a == 0 || !view->given.ready || record->a > view->given.size ||
          weir_record_protocol(record) != view->given.protocol;
    break;
  case WEIR_EVENT_DATA_RECEIVED: odd = incoming_is_odd(view, record) || record->a == 0; break;
  case WEIR_EVENT_GET_BUFFER: odd = (int32_t)record->a < 1 && (int32_t)record->a != -1; break;
  case WEIR_EVENT_PEER_RECEIVED: odd = outgoing_is_odd(view, record); break;
  case WEIR_EVENT_DATA:
    odd = view->mixed == WEIR_EVENT_PEER_RECEIVED ? outgoing_is_odd(view, record) : incoming_is_odd(view, record);
    break;
  case WEIR_EVENT_SEND: odd = record->a == 0; break;
  case WEIR_EVENT_PAUSE_WRITING: odd = view->high < 0 || weir_view_buffered(view) <= (uint64_t)view->high; break;
  case WEIR_EVENT_CONNECTION_MADE: odd = true; break; /* once a connection */
  case WEIR_EVENT_CONNECTION_LOST:
  case WEIR_EVENT_EXCEPTION_HANDLER: odd = record->code != WEIR_EXCEPTION_NONE; break;
  case WEIR_EVENT_PEER_SAW_FIN: odd = view->drained < view->sure; break;
  default: break; /* a new one belongs into EVENTS_ODD as well */
  }
  return odd ? FACT(ODD) : 0;
}

/* ---- Payload ------------------------------------------------------------- */
/* After a stray run the next run of the stream tells the place again, so that
 * one defect is one finding. */
static void take_incoming(weir_view *view, const weir_record *record, uint64_t index) {
  if (record->code != WEIR_DATA_UNKNOWN) view->tried |= WEIR_TRIED_DATA_KNOWN;
  leave(view, FACT(SWITCHED_SINCE) | FACT(SWITCHED_IN_GET));
  switch (record->code) {
  case WEIR_DATA_STREAM:
    view->expected = record->b + record->a;
    leave(view, FACT(STRAYED));
    break;
  case WEIR_DATA_UNKNOWN: view->expected += record->a; break;
  case WEIR_DATA_MIXED: view->mixed = record->event; break;
  default: enter(view, WEIR_FACT_STRAYED, index); break;
  }
}

static void forget_spans(weir_view *view) {
  while (view->span_count > 0 && view->spans[view->span_first].end <= view->drained) {
    view->span_first = (uint8_t)((view->span_first + 1) % WEIR_SPANS_MAX);
    view->span_count--;
  }
}

static void note_reused(weir_view *view, weir_late late) {
  const weir_span *span = weir_view_span(view, view->drained);
  if (span != NULL && span->reused && span->event == WEIR_EVENT_WRITE && view->reused != WEIR_LATE_RAISED)
    view->reused = late;
}

static void take_outgoing(weir_view *view, const weir_record *record, uint64_t index) {
  switch (record->code) {
  case WEIR_DATA_STREAM:
    note_reused(view, WEIR_LATE_ACCEPTED);
    view->drained = record->b + record->a;
    leave(view, FACT(OUT_STRAYED));
    break;
  case WEIR_DATA_UNKNOWN: view->drained += record->a; break;
  case WEIR_DATA_MIXED: view->mixed = record->event; break;
  default: {
    const weir_span *span = weir_view_span(view, view->drained);
    if (span == NULL || !span->reused) {
      enter(view, WEIR_FACT_OUT_STRAYED, index);
      break;
    }
    note_reused(view, WEIR_LATE_RAISED); /* overwritten, but in its place */
    view->drained += record->a;
  }
  }
  forget_spans(view);
}

const weir_span *weir_view_span(const weir_view *view, uint64_t offset) {
  for (unsigned i = 0; i < view->span_count; i++) {
    const weir_span *span = &view->spans[(view->span_first + i) % WEIR_SPANS_MAX];
    if (span->end > offset) return span;
  }
  return NULL;
}

static void push_span(weir_view *view, const weir_record *record, uint64_t index) {
  weir_span span = {.end = view->accepted,
                    .index = index,
                    .event = record->event,
                    .in_made = (view->facts & FACT(MAKING)) != 0,
                    .reused = record->event == WEIR_EVENT_WRITE && record->code == WEIR_BYTES_REUSED,
                    .after_eof = (view->facts & FACT(EOF)) != 0};
  if (view->span_count == WEIR_SPANS_MAX) {
    unsigned last = (unsigned)(view->span_first + WEIR_SPANS_MAX - 1) % WEIR_SPANS_MAX;
    span.event = WEIR_EVENT_NONE;
    span.reused = span.reused || view->spans[last].reused;
    span.in_made = span.in_made && view->spans[last].in_made;
    span.after_eof = span.after_eof && view->spans[last].after_eof;
    view->spans[last] = span;
    return;
  }
  view->spans[(view->span_first + view->span_count) % WEIR_SPANS_MAX] = span;
  view->span_count++;
}

/* A write that was refused, and maybe others were made inside it: those that
 * began later move up. */
static void drop_span(weir_view *view, const weir_pair *pair) {
  unsigned kept = 0;
  for (unsigned i = 0; i < view->span_count; i++) {
    weir_span span = view->spans[(view->span_first + i) % WEIR_SPANS_MAX];
    bool own = span.index == pair->index && span.event != WEIR_EVENT_NONE;
    if (span.index >= pair->index) span.end -= pair->begin.a;
    if (!own) view->spans[(view->span_first + kept++) % WEIR_SPANS_MAX] = span;
  }
  view->span_count = (uint8_t)kept;
  forget_spans(view);
}

/* ---- Callbacks begin ------------------------------------------------------ */
static void hand_on(weir_view *view, const weir_record *record, bool handler) {
  for (unsigned event = WEIR_EVENT_CONNECTION_MADE; event <= WEIR_EVENT_RESUME_WRITING; event++) {
    weir_raise *raise = &view->raises[event];
    if (!raise->raised || raise->code != record->code || raise->number != record->a) continue;
    if (handler)
      raise->handled = true;
    else
      raise->lost = true;
  }
  if (record->code != WEIR_EXCEPTION_NONE) leave(view, FACT(UNUSABLE) | FACT(EMPTY));
}

static void use_buffer(weir_view *view, const weir_record *record, uint64_t index) {
  weir_given *given = &view->given;
  given->ready = false;
  given->used = true;
  take_incoming(view, record, index);
}

static void begin_get_buffer(weir_given *given, const weir_record *record, uint64_t index) {
  given->asked = true;
  given->ready = given->used = false;
  given->protocol = (uint8_t)weir_record_protocol(record);
  given->kind = 0;
  given->size = 0;
  given->hint = (int32_t)record->a;
  given->index = index;
}

static void begin_callback(weir_view *view, const weir_record *record, uint64_t index) {
  view->callbacks++;
  switch (record->event) {
  case WEIR_EVENT_CONNECTION_MADE:
    leave(view, FACT(UNMADE));
    enter(view, WEIR_FACT_MAKING, index);
    break;
  case WEIR_EVENT_GET_BUFFER: begin_get_buffer(&view->given, record, index); break;
  case WEIR_EVENT_BUFFER_UPDATED: use_buffer(view, record, index); break;
  case WEIR_EVENT_DATA_RECEIVED:
    view->given = (weir_given){.asked = false}; /* D6: as buffer_updated would, it ends what get_buffer began */
    take_incoming(view, record, index);
    break;
  case WEIR_EVENT_EOF_RECEIVED: enter(view, WEIR_FACT_EOF, index); break;
  case WEIR_EVENT_CONNECTION_LOST:
    enter(view, WEIR_FACT_LOST, index);
    if (record->code != WEIR_EXCEPTION_NONE) enter(view, WEIR_FACT_LOST_ERROR, index);
    hand_on(view, record, false);
    break;
  case WEIR_EVENT_PAUSE_WRITING: enter(view, WEIR_FACT_WRITE_PAUSED, index); break;
  case WEIR_EVENT_RESUME_WRITING: leave(view, FACT(WRITE_PAUSED)); break;
  default: break;
  }
  leave(view, FACT(PAUSE_OWED));
  bool flow = record->event == WEIR_EVENT_PAUSE_WRITING || record->event == WEIR_EVENT_RESUME_WRITING;
  if (flow && (view->open & EVENT(SET_LIMITS))) view->limits_acted = record->event;
}

/* ---- Calls begin ----------------------------------------------------------- */
static void begin_closing(weir_view *view, const weir_record *record, uint64_t index) {
  if (view->facts & FACT(LOST)) return;
  if (weir_view_callback(view) != 0) view->tried |= WEIR_TRIED_CLOSING_INSIDE;
  if (view->facts & FACT(CLOSING)) enter(view, WEIR_FACT_CLOSED_TWICE, index);
  if (weir_view_callback(view) == WEIR_EVENT_EOF_RECEIVED) enter(view, WEIR_FACT_CLOSING_IN_EOF, index);
  enter(view, record->event == WEIR_EVENT_CLOSE ? WEIR_FACT_CLOSE : WEIR_FACT_ABORT, index);
  enter(view, WEIR_FACT_CLOSING, index);
  leave(view, FACT(PAUSE_OWED));
}

static void begin_pause(weir_view *view, uint64_t index) {
  if (view->facts & (FACTS_GONE | FACT(PAUSED))) return;
  enter(view, WEIR_FACT_PAUSED, index);
  view->polls = 0;
  switch (weir_view_callback(view)) {
  case WEIR_EVENT_CONNECTION_MADE: enter(view, WEIR_FACT_PAUSED_IN_MADE, index); break;
  case WEIR_EVENT_GET_BUFFER: enter(view, WEIR_FACT_PAUSED_IN_GET, index); break;
  case WEIR_EVENT_BUFFER_UPDATED:
  case WEIR_EVENT_DATA_RECEIVED: enter(view, WEIR_FACT_PAUSED_IN_DATA, index); break;
  default: break;
  }
}

static void begin_resume(weir_view *view, uint64_t index) {
  if (!(view->facts & FACT(PAUSED))) return;
  leave(view, FACTS_PAUSED | FACT(POLLING) | FACT(RESUMED));
  enter(view, WEIR_FACT_RESUMED, index); /* the latest resume is the one that owes */
  view->sent_at_resume = view->sent_by_peer;
}

static void begin_write(weir_view *view, const weir_record *record, uint64_t index) {
  view->accepted += record->a;
  leave(view, FACT(LIMITS_FRESH));
  push_span(view, record, index);
  if (view->facts & FACT(MAKING)) view->tried |= WEIR_TRIED_WRITE_IN_MADE;
  if (record->a > 0 && (view->facts & FACT(WROTE_EOF))) view->tried |= WEIR_TRIED_WRITE_LATE;
  if (record->event != WEIR_EVENT_WRITE) return;
  if (record->a == 0) view->tried |= WEIR_TRIED_WRITE_NOTHING;
  if (weir_bytes_kind_is_bytes_like(record->code)) return;
  enter(view, WEIR_FACT_MISUSE, index);
  view->tried |= WEIR_TRIED_WRITE_BAD;
}

static void begin_call(weir_view *view, const weir_record *record, uint64_t index) {
  enter(view, WEIR_FACT_CALLS, index);
  if (view->open & (EVENT(PAUSE_WRITING) | EVENT(RESUME_WRITING))) view->tried |= WEIR_TRIED_CALL_IN_FLOW;
  if (record->event == WEIR_EVENT_SET_LIMITS && record->a == 0) view->tried |= WEIR_TRIED_HIGH_ZERO;
  switch (record->event) {
  case WEIR_EVENT_WRITE:
  case WEIR_EVENT_WRITELINES: begin_write(view, record, index); break;
  case WEIR_EVENT_WRITE_EOF: enter(view, WEIR_FACT_WROTE_EOF, index); break;
  case WEIR_EVENT_CLOSE:
  case WEIR_EVENT_ABORT: begin_closing(view, record, index); break;
  case WEIR_EVENT_PAUSE_READING: begin_pause(view, index); break;
  case WEIR_EVENT_RESUME_READING: begin_resume(view, index); break;
  default: break;
  }
}

/* ---- Socket and peer ------------------------------------------------------- */
static void take_errno(weir_view *view, int number, uint64_t index) {
  if (number == 0 || number == EAGAIN || number == EINTR) return;
  if (number < 128) view->errors[number / 64] |= UINT64_C(1) << (number % 64);
  enter(view, number == ENOBUFS || number == ENOMEM ? WEIR_FACT_SOFT_ERROR : WEIR_FACT_ERROR, index);
  leave(view, FACT(PAUSE_OWED));
}

static void take_recv(weir_view *view, const weir_record *record, uint64_t index) {
  int number = weir_result_errno(record->b);
  leave(view, FACT(RECV_AGAIN));
  if (number == EAGAIN || number == EINTR) enter(view, WEIR_FACT_RECV_AGAIN, index);
  take_errno(view, number, index);
  if (number != 0) return;
  if (view->facts & FACT(SWITCHED)) enter(view, WEIR_FACT_READ_SINCE, index);
  /* What is on the wire tells neither how much was received nor whether it ended (E10). */
  if (view->layer == WEIR_LAYER_TLS) return;
  view->received += record->b;
  /* recv into no room gives 0 as well, and 0 after a reset is no end of file. */
  if (record->b == 0 && record->a > 0 && !(view->facts & (FACT(ERROR) | FACT(RESET))))
    enter(view, WEIR_FACT_RECV_END, index);
}

static void take_socket(weir_view *view, const weir_record *record, uint64_t index) {
  const bool wire = view->layer == WEIR_LAYER_TLS;
  if (!wire) enter(view, WEIR_FACT_SOCKET, index);
  switch (record->event) {
  case WEIR_EVENT_RECV: take_recv(view, record, index); break;
  case WEIR_EVENT_SEND:
    take_errno(view, weir_result_errno(record->b), index);
    if ((int64_t)record->b > 0) {
      if (!wire) view->sent += record->b;
      leave(view, FACT(LIMITS_FRESH));
    }
    break;
  case WEIR_EVENT_SHUTDOWN: take_errno(view, weir_result_errno(record->b), index); break;
  case WEIR_EVENT_SOCKET_CLOSE: enter(view, WEIR_FACT_SOCKET_CLOSED, index); break;
  default: break;
  }
}

static void take_peer(weir_view *view, const weir_record *record, uint64_t index) {
  enter(view, WEIR_FACT_PEER, index);
  leave(view, FACT(PAUSE_OWED));
  switch (record->event) {
  case WEIR_EVENT_PEER_SEND: view->sent_by_peer += record->a; break;
  case WEIR_EVENT_PEER_TRUNCATE:
    if (!(view->facts & FACT(PEER_FIN))) enter(view, WEIR_FACT_TRUNCATED, index);
    break;
  case WEIR_EVENT_PEER_CLOSE:
    enter(view, WEIR_FACT_PEER_CLOSED, index);
    if (view->layer == WEIR_LAYER_WRITE_PIPE) break; /* nothing came from there that could end */
    /* fall through */
  case WEIR_EVENT_PEER_CLOSE_NOTIFY:
  case WEIR_EVENT_PEER_FIN:
    if (view->sent_by_peer > 0) view->tried |= WEIR_TRIED_DATA_BEFORE_FIN;
    enter(view, WEIR_FACT_PEER_FIN, index);
    break;
  case WEIR_EVENT_PEER_RESET: enter(view, WEIR_FACT_RESET, index); break;
  case WEIR_EVENT_PEER_STOP: enter(view, WEIR_FACT_PEER_STOPPED, index); break;
  case WEIR_EVENT_PEER_START: leave(view, FACT(PEER_STOPPED)); break;
  case WEIR_EVENT_PEER_RECEIVED: take_outgoing(view, record, index); break;
  case WEIR_EVENT_PEER_SAW_FIN: enter(view, WEIR_FACT_SAW_FIN, index); break;
  default: break;
  }
}

/* A timeout, or a recv that finds nothing, while nothing else happens (P8). */
static void count_polls(weir_view *view, const weir_record *record, uint64_t index) {
  bool poll = record->event == WEIR_EVENT_TIMEOUT ||
              (record->event == WEIR_EVENT_RECV && (view->facts & FACT(RECV_AGAIN)) != 0);
  if (!poll) {
    if (record->event == WEIR_EVENT_GET_BUFFER) return;
    view->polls = 0;
    leave(view, FACT(POLLING));
  } else if (++view->polls >= 3) {
    enter(view, WEIR_FACT_POLLING, index);
  }
}

/* A closing TLS connection waits for the peer's close_notify, and may give up. */
static void take_timeout(weir_view *view, uint64_t index) {
  const bool closing = (view->facts & (FACT(CLOSING) | FACT(EOF_FALSE))) != 0;
  if (view->layer == WEIR_LAYER_TLS && closing && !(view->facts & (FACT(LOST) | FACT(PEER_FIN))))
    enter(view, WEIR_FACT_UNANSWERED, index);
}

/* The peer, the loop, the probe and the run. */
static void take_other(weir_view *view, const weir_record *record, uint64_t index) {
  switch (weir_event_groups[record->event]) {
  case WEIR_GROUP_PEER: take_peer(view, record, index); break;
  case WEIR_GROUP_LOOP:
    if (record->event == WEIR_EVENT_EXCEPTION_HANDLER) hand_on(view, record, true);
    if (record->event == WEIR_EVENT_TIMEOUT) take_timeout(view, index);
    break;
  case WEIR_GROUP_PROBE:
    if (record->event != WEIR_EVENT_DATA) break;
    if (view->mixed == WEIR_EVENT_PEER_RECEIVED)
      take_outgoing(view, record, index);
    else
      take_incoming(view, record, index);
    break;
  default:
    if (record->event != WEIR_EVENT_OPEN) break;
    view->capabilities = record->a;
    view->layer = (uint8_t)record->b;
    enter(view, WEIR_FACT_CALLS, index);
    break;
  }
}

void weir_view_begin(weir_view *view, const weir_record *record, uint64_t index) {
  unsigned group = weir_event_groups[record->event];
  view->seen |= UINT64_C(1) << record->event;
  /* Branches that the processor foresees, where a long trace spends its time. */
  if (group == WEIR_GROUP_CALLBACK)
    begin_callback(view, record, index);
  else if (group == WEIR_GROUP_SOCKET)
    take_socket(view, record, index);
  else if (group == WEIR_GROUP_CALL)
    begin_call(view, record, index);
  else
    take_other(view, record, index);
  if (view->facts & FACT(PAUSED)) count_polls(view, record, index);
}

/* ---- Callbacks end --------------------------------------------------------- */
static void end_raised(weir_view *view, const weir_record *record, const weir_pair *pair, uint64_t index) {
  static const uint8_t facts[] = {
      [WEIR_EVENT_CONNECTION_MADE] = WEIR_FACT_MADE_RAISED,   [WEIR_EVENT_GET_BUFFER] = WEIR_FACT_GET_RAISED,
      [WEIR_EVENT_BUFFER_UPDATED] = WEIR_FACT_UPDATED_RAISED, [WEIR_EVENT_DATA_RECEIVED] = WEIR_FACT_DATA_RAISED,
      [WEIR_EVENT_EOF_RECEIVED] = WEIR_FACT_EOF_RAISED,       [WEIR_EVENT_CONNECTION_LOST] = WEIR_FACT_LOST_RAISED,
      [WEIR_EVENT_PAUSE_WRITING] = WEIR_FACT_FLOW_RAISED,     [WEIR_EVENT_RESUME_WRITING] = WEIR_FACT_FLOW_RAISED,
  };
  assert(record->event < sizeof facts);
  enter(view, (weir_fact)facts[record->event], index);
  weir_raise *raise = &view->raises[record->event];
  if (raise->raised && !raise->handled && !raise->lost) return; /* the first that nobody was told of */
  *raise = (weir_raise){.raised = true, .code = record->code, .number = record->a, .index = pair->index};
}

static void end_get_buffer(weir_view *view, const weir_record *record, const weir_pair *pair) {
  weir_given *given = &view->given;
  bool usable = weir_buffer_kind_usable((uint8_t)(record->b >> 56));
  if (!given->asked || given->index != pair->index || given->used) { /* something came inside it */
    if (!usable || (uint32_t)record->b == 0) enter(view, WEIR_FACT_BAD_BUFFER, pair->index);
    return;
  }
  given->size = (uint32_t)record->b;
  given->kind = (uint8_t)(record->b >> 56);
  given->ready = true;
  if (usable && given->size > 0) {
    if (given->hint > 0 ? (uint32_t)given->hint != given->size : given->size <= 1 || given->size >= 65536)
      enter(view, WEIR_FACT_ODD_SIZE, pair->index);
    if (given->kind != WEIR_BUFFER_BYTEARRAY) view->tried |= WEIR_TRIED_ODD_KIND;
    return;
  }
  enter(view, WEIR_FACT_BAD_BUFFER, pair->index);
  if (view->facts & FACTS_GONE) return; /* it closed in place of giving one */
  enter(view, usable ? WEIR_FACT_EMPTY : WEIR_FACT_UNUSABLE, pair->index);
}

static void end_callback(weir_view *view, const weir_record *record, const weir_pair *pair, uint64_t index) {
  if (record->event == WEIR_EVENT_CONNECTION_MADE) leave(view, FACT(MAKING));
  if (record->flags & WEIR_FLAG_RAISED) {
    end_raised(view, record, pair, index);
    return;
  }
  if (record->event == WEIR_EVENT_GET_BUFFER) end_get_buffer(view, record, pair);
  if (record->event != WEIR_EVENT_EOF_RECEIVED) return;
  if (record->b != 0) enter(view, WEIR_FACT_EOF_TRUE, pair->index);
  if (record->b != 0 && weir_view_eof_closes(view)) view->tried |= WEIR_TRIED_EOF_TRUE_TLS;
  if (record->b == 0 || weir_view_eof_closes(view)) enter(view, WEIR_FACT_EOF_FALSE, pair->index);
}

/* ---- Calls end ------------------------------------------------------------- */
/* A writelines() that brought a callback in which the connection was ended: it is
 * one write() for each element (D12), so that those behind are late ones (C7, W6). */
static bool ended_between_lines(const weir_view *view, const weir_record *record) {
  return record->event == WEIR_EVENT_WRITELINES && (view->facts & (FACT(CLOSING) | FACT(WROTE_EOF))) != 0;
}

static void end_write(weir_view *view, const weir_record *record, const weir_pair *pair) {
  bool raised = (record->flags & WEIR_FLAG_RAISED) != 0;
  weir_late late = raised ? WEIR_LATE_RAISED : WEIR_LATE_ACCEPTED;
  if (pair->facts & FACT(LOST))
    view->late_lost = late;
  else if (pair->facts & FACT(CLOSING))
    view->late_close = late;
  if (raised && record->code == WEIR_EXCEPTION_PROBE) {
    enter(view, WEIR_FACT_WRITES_UNSURE, pair->index); /* F7: nobody knows whether it was accepted */
    return;
  }
  if (raised) {
    view->accepted -= pair->begin.a;
    if (pair->facts & FACTS_DYING) view->refused += pair->begin.a;
    drop_span(view, pair);
    return;
  }
  if (record->event == WEIR_EVENT_WRITE && !weir_bytes_kind_is_bytes_like(pair->begin.code))
    enter(view, WEIR_FACT_WRITES_UNSURE, pair->index); /* W3 */
  bool late_from_the_start = (pair->facts & (FACTS_DYING | FACT(WROTE_EOF))) != 0;
  if (!late_from_the_start && !ended_between_lines(view, record)) view->sure += pair->begin.a;
  if (view->high < 0 || weir_view_buffered(view) <= (uint64_t)view->high) return;
  if ((view->facts & (FACTS_DYING | FACT(WRITE_PAUSED))) || !weir_view_can(view, WEIR_CAN_FLOW_CONTROL)) return;
  enter(view, WEIR_FACT_PAUSE_OWED, pair->index);
  view->owed_by = record->event;
}

/* A call that raised has not taken effect: what its begin made so is undone. */
static void end_refused(weir_view *view, const weir_record *record, const weir_pair *pair) {
  uint64_t undone = 0;
  switch (record->event) {
  case WEIR_EVENT_CLOSE: undone = FACT(CLOSE); break;
  case WEIR_EVENT_ABORT: undone = FACT(ABORT); break;
  case WEIR_EVENT_PAUSE_READING: undone = FACTS_PAUSED; break;
  case WEIR_EVENT_RESUME_READING: view->facts |= pair->facts & FACTS_PAUSED; break;
  case WEIR_EVENT_WRITE_EOF: undone = FACT(WROTE_EOF); break;
  default: break;
  }
  if (undone & (FACT(CLOSE) | FACT(ABORT))) undone |= FACT(CLOSING) | FACT(CLOSING_IN_EOF) | FACT(CLOSED_TWICE);
  leave(view, undone & ~pair->facts);
}

static void end_set_protocol(weir_view *view, const weir_pair *pair) {
  view->protocol = (uint8_t)pair->begin.a;
  leave(view, FACT(SWITCHED) | FACT(SWITCHED_SINCE) | FACT(READ_SINCE));
  enter(view, WEIR_FACT_SWITCHED, pair->index);
  enter(view, WEIR_FACT_SWITCHED_SINCE, pair->index);
  if (weir_view_callback(view) == WEIR_EVENT_GET_BUFFER) enter(view, WEIR_FACT_SWITCHED_IN_GET, pair->index);
  if (view->facts & FACT(EOF)) enter(view, WEIR_FACT_SWITCHED_AT_EOF, pair->index);
}

static void end_set_limits(weir_view *view, const weir_pair *pair) {
  int32_t high = (int32_t)pair->begin.a, low = (int32_t)(uint32_t)pair->begin.b;
  /* Set again inside, by a pause_writing that this call brought: which of the two holds is left open. */
  if ((view->facts & FACT(LIMITS_SET)) && view->since[WEIR_FACT_LIMITS_SET] > pair->index) high = low = INT32_MIN;
  leave(view, FACT(PAUSE_OWED) | FACT(LIMITS_FRESH) | FACT(LIMITS_SET)); /* the last set counts */
  enter(view, WEIR_FACT_LIMITS_SET, pair->index);
  enter(view, WEIR_FACT_LIMITS_FRESH, pair->index);
  view->sent_at_limits = view->sent;
  view->given_high = high;
  view->given_low = low;
  bool illegal = weir_limits_illegal(high, low); /* F4: accepted all the same, so nothing is known */
  view->high = high == INT32_MIN || illegal ? -1 : high;
  view->low = illegal ? -1 : low != INT32_MIN ? low : high == 0 ? 0 : -1;
}

static void end_get_limits(weir_view *view, const weir_record *record) {
  uint32_t low = (uint32_t)record->b, high = (uint32_t)(record->b >> 32);
  if (!(view->facts & FACT(LIMITS_SET)) && !(view->open & EVENT(SET_LIMITS))) {
    view->default_high = high;
    view->default_low = low;
  }
  if (view->high < 0) view->high = high;
  if (view->low < 0) view->low = low;
}

static void end_call(weir_view *view, const weir_record *record, const weir_pair *pair) {
  bool raised = (record->flags & WEIR_FLAG_RAISED) != 0;
  if (record->event == WEIR_EVENT_WRITE || record->event == WEIR_EVENT_WRITELINES) {
    end_write(view, record, pair);
    return;
  }
  if (raised) {
    if (record->event == WEIR_EVENT_SET_LIMITS &&
        weir_limits_illegal((int32_t)pair->begin.a, (int32_t)(uint32_t)pair->begin.b))
      enter(view, WEIR_FACT_MISUSE, pair->index);
    /* One that the probe raised further in came out of a call that was under way. */
    if (record->code != WEIR_EXCEPTION_PROBE) end_refused(view, record, pair);
    return;
  }
  switch (record->event) {
  case WEIR_EVENT_SET_PROTOCOL: end_set_protocol(view, pair); break;
  case WEIR_EVENT_SET_LIMITS: end_set_limits(view, pair); break;
  case WEIR_EVENT_GET_LIMITS: end_get_limits(view, record); break;
  case WEIR_EVENT_CAN_WRITE_EOF:
    enter(view, record->b != 0 ? WEIR_FACT_CAN_WRITE_EOF : WEIR_FACT_CANNOT_WRITE_EOF, pair->index);
    break;
  default: break;
  }
}

void weir_view_end(weir_view *view, const weir_record *record, const weir_pair *pair, uint64_t index) {
  if (EVENTS_CALLBACK >> record->event & 1)
    end_callback(view, record, pair, index);
  else
    end_call(view, record, pair);
}

/* ---- What long traces consist of --------------------------------------------- */
/* A record of an event that the compiler knows, so that hardly anything is left
 * of the functions above. */
static inline bool take_usual(weir_view *view, weir_record record, unsigned pair_flags, uint64_t index) {
  const unsigned pair_mask = WEIR_FLAG_BEGIN | WEIR_FLAG_END | WEIR_FLAG_RAISED;
  if ((record.flags & pair_mask) != pair_flags || weir_view_odd(view, &record) != 0) return false;
  weir_pair pair = {.begin = record, .index = index, .facts = view->facts};
  weir_view_begin(view, &record, index);
  if (pair_flags == 0) return true;
  assert((view->facts & ~pair.facts) == 0); /* or a monitor might have to be asked before the end */
  weir_view_end(view, &record, &pair, index);
  return true;
}

/* A read cycle of the next bytes of the stream, all of what recv gave, into the
 * buffer that was given, which is of a usual size. */
static inline bool is_usual_cycle(const weir_record *records, const weir_cycle_heads *heads, uint64_t expected) {
  const weir_record *get = &records[0], *recv = &records[1], *updated = &records[2];
  const uint32_t size = (uint32_t)get->b;
  const bool given = (get->a == UINT32_MAX) & (get->b >> 32 == (uint64_t)WEIR_BUFFER_BYTEARRAY << 24);
  const bool sizes = (size - 2 < 65534) & (updated->a - 1 < size) & (recv->b == updated->a);
  return weir_is_cycle(records, heads) & given & sizes & (updated->b == expected);
}

/* A row of read cycles, with what each of them leaves behind: how many records.
 * Nothing but the numbers below differs between the state before and behind one. */
static size_t take_cycles(weir_view *view, const weir_record *records, size_t count, uint64_t index) {
  const weir_cycle_heads heads = weir_cycle_of(records);
  uint64_t expected = view->expected;
  size_t done = 0;
  for (; count - done >= WEIR_CYCLE && is_usual_cycle(records + done, &heads, expected); done += WEIR_CYCLE)
    expected += records[done + 2].a;
  if (done == 0) return 0;
  const weir_record *get = &records[done - WEIR_CYCLE];
  view->callbacks += done / WEIR_CYCLE * 2;
  view->received += expected - view->expected;
  view->expected = expected;
  view->seen |= EVENT(GET_BUFFER) | EVENT(RECV) | EVENT(BUFFER_UPDATED);
  view->tried |= WEIR_TRIED_DATA_KNOWN;
  view->given = (weir_given){.asked = true,
                             .used = true,
                             .protocol = (uint8_t)weir_record_protocol(get),
                             .kind = WEIR_BUFFER_BYTEARRAY,
                             .hint = -1,
                             .size = (uint32_t)get->b,
                             .index = index + done - WEIR_CYCLE};
  leave(view, FACT(SWITCHED_SINCE) | FACT(SWITCHED_IN_GET) | FACT(STRAYED) | FACT(PAUSE_OWED) | FACT(RECV_AGAIN));
  return done;
}

/* Whether the facts are such that a read cycle is all that take_cycles knows of. */
static inline bool cycles_may_come(const weir_view *view, const uint64_t *asked) {
  const uint64_t any = asked[WEIR_EVENT_GET_BUFFER] | asked[WEIR_EVENT_RECV] | asked[WEIR_EVENT_BUFFER_UPDATED];
  const uint64_t odd = FACT(PAUSED) | FACT(SWITCHED);
  return ((any | odd) & view->facts) == 0 && (view->facts & FACT(SOCKET)) != 0 && view->depth == 0;
}

__attribute__((flatten)) size_t weir_view_take_usual(weir_view *view, const uint64_t *asked, const weir_record *records,
                                                     size_t count, uint64_t index) {
  const unsigned complete = WEIR_FLAG_BEGIN | WEIR_FLAG_END;
  const uint8_t connection = records->connection;
  for (size_t i = 0; i < count; i++) {
    if (records[i].event == WEIR_EVENT_GET_BUFFER && records[i].connection == connection &&
        cycles_may_come(view, asked))
      i += take_cycles(view, records + i, count - i, index + i);
    if (i == count) return count;
    weir_record record = records[i];
    if (record.connection != connection || record.event >= WEIR_EVENT_COUNT) return i;
    if (asked[record.event] & view->facts) return i;
    bool taken = false;
    switch (record.event) {
    case WEIR_EVENT_GET_BUFFER: taken = take_usual(view, record, complete, index + i); break;
    case WEIR_EVENT_BUFFER_UPDATED: taken = take_usual(view, record, complete, index + i); break;
    case WEIR_EVENT_RECV: taken = take_usual(view, record, 0, index + i); break;
    case WEIR_EVENT_PEER_SEND: taken = take_usual(view, record, 0, index + i); break;
    default: break;
    }
    if (!taken) return i;
  }
  return count;
}
