#include "validator/occasions.h"

#include <string.h>

/* A rule is put to the test where all these facts have held, all of this was
 * tried, and one of these events has come (0: no event is needed).  Several
 * rows: any of them. */
typedef struct row {
  uint64_t facts;
  uint64_t events;
  uint32_t tried;
  uint8_t rule;
} row;

static const row rows[] = {
#define WHEN(rule, facts, events)                                                                                      \
  { facts, events, 0, WEIR_RULE_##rule }
#define TRIED(rule, what, events)                                                                                      \
  { 0, events, WEIR_TRIED_##what, WEIR_RULE_##rule }
#define DELIVERY (EVENT(BUFFER_UPDATED) | EVENT(DATA_RECEIVED))
#define WRITES   (EVENT(WRITE) | EVENT(WRITELINES))
#define FLOW     (EVENT(PAUSE_WRITING) | EVENT(RESUME_WRITING))
#define CLOSES   (EVENT(CLOSE) | EVENT(ABORT))
    WHEN(L1, 0, EVENTS_CALLBACK | EVENT(END)),
    WHEN(L2, FACT(LOST), 0),
    WHEN(L3, 0, DELIVERY | EVENT(GET_BUFFER) | EVENT(EOF_RECEIVED) | FLOW),
    WHEN(L4, FACT(LOST), 0),
    WHEN(L5, FACT(CLOSING), 0),
    WHEN(L5, FACT(EOF_FALSE), 0),
    WHEN(L5, FACT(ERROR), 0),
    WHEN(L5, FACT(RESET), 0),
    WHEN(L6, FACT(LOST), WRITES | CLOSES),
    WHEN(L7, FACT(MAKING), EVENT(GET_BUFFER) | EVENT(DATA_RECEIVED)),
    WHEN(L10, FACT(CLOSING), EVENT(IS_CLOSING) | EVENT(PAUSE_READING) | EVENT(RESUME_READING) | EVENT(IS_READING)),
    WHEN(L10, 0, EVENT(IS_CLOSING)),
    WHEN(L10, FACT(CLOSED_TWICE), 0),
    WHEN(L10, FACT(LOST), EVENT(IS_CLOSING) | CLOSES | EVENT(PAUSE_READING) | EVENT(RESUME_READING)),
    WHEN(L10, FACT(LOST) | FACT(SOCKET), 0),
    WHEN(L11, 0, EVENTS_CALLBACK),
    WHEN(L12, 0, EVENT(END)),
    WHEN(L13, 0, EVENTS_CALLBACK),
    WHEN(B1, 0, EVENT(BUFFER_UPDATED)),
    WHEN(B2, 0, EVENT(BUFFER_UPDATED)),
    WHEN(B3, 0, EVENT(BUFFER_UPDATED)),
    TRIED(B4, DATA_KNOWN, EVENT(BUFFER_UPDATED)),
    TRIED(B5, DATA_KNOWN, EVENT(BUFFER_UPDATED)),
    TRIED(B6, DATA_KNOWN, EVENT(BUFFER_UPDATED)),
    TRIED(B8, ODD_KIND, 0),
    WHEN(B9, FACT(UNUSABLE), 0),
    WHEN(B10, 0, EVENT(GET_BUFFER)),
    WHEN(B11, FACT(ODD_SIZE), 0),
    WHEN(B12, FACT(EMPTY), 0),
    WHEN(B14, FACT(UPDATED_RAISED), 0),
    WHEN(B14, FACT(DATA_RAISED), 0),
    WHEN(B15, FACT(RECV_AGAIN), EVENT(GET_BUFFER)),
    WHEN(B15, FACT(RECV_END), EVENT(GET_BUFFER)),
    WHEN(B16, FACT(SWITCHED_IN_GET), 0),
    TRIED(B17, DATA_KNOWN, DELIVERY),
    WHEN(B17, FACT(PEER), EVENT(PEER_SEND)),
    TRIED(B18, DATA_BEFORE_FIN, EVENT(EOF_RECEIVED) | EVENT(CONNECTION_LOST)),
    WHEN(B21, 0, EVENT(DATA_RECEIVED)),
    WHEN(E1, FACT(EOF), 0),
    WHEN(E2, FACT(EOF), 0),
    WHEN(E3, FACT(EOF_FALSE), 0),
    WHEN(E4, FACT(EOF_TRUE), 0),
    TRIED(E5, EOF_TRUE_TLS, 0),
    WHEN(E7, FACT(PEER_FIN) | FACT(CLOSING), 0),
    WHEN(E8, FACT(PEER_FIN) | FACT(PAUSED), 0),
    WHEN(E9, FACT(CLOSING_IN_EOF), 0),
    WHEN(E12, FACT(EOF), 0),
    WHEN(E12, FACT(EMPTY), 0),
    WHEN(E12, FACT(RESET), 0),
    WHEN(E13, FACT(PEER_FIN), 0),
    WHEN(E13, FACT(RECV_END), 0),
    WHEN(P1, FACT(PAUSED), EVENT(PEER_SEND) | DELIVERY),
    WHEN(P2, FACT(PAUSED), 0),
    WHEN(P2, 0, EVENT(RESUME_READING)),
    WHEN(P2, FACT(CLOSING), EVENT(PAUSE_READING) | EVENT(RESUME_READING)),
    WHEN(P3, 0, EVENT(IS_READING)),
    WHEN(P4, FACT(PAUSED_IN_MADE), 0),
    WHEN(P5, FACT(PAUSED_IN_DATA), 0),
    WHEN(P6, FACT(RESUMED), EVENT(PEER_SEND)),
    WHEN(P7, FACT(PAUSED_IN_GET), 0),
    WHEN(P8, FACT(PAUSED), 0),
    WHEN(C1, FACT(CLOSING), 0),
    WHEN(C8, FACT(CLOSING), 0),
    WHEN(C2, FACT(CLOSE), 0),
    WHEN(C3, FACT(ABORT), 0),
    WHEN(C4, FACT(CLOSED_TWICE), 0),
    TRIED(C5, CLOSING_INSIDE, 0),
    WHEN(W1, 0, WRITES),
    TRIED(W3, WRITE_BAD, 0),
    TRIED(W4, WRITE_NOTHING, 0),
    WHEN(W5, 0, EVENT(WRITELINES)),
    TRIED(W6, WRITE_LATE, 0),
    WHEN(W7, FACT(WROTE_EOF), 0),
    WHEN(W8, 0, EVENT(CAN_WRITE_EOF)),
    TRIED(W10, WRITE_IN_MADE, 0),
    WHEN(F1, 0, EVENT(PAUSE_WRITING)),
    WHEN(F1, FACT(SOCKET), WRITES),
    WHEN(F2, 0, FLOW),
    WHEN(F3, FACT(WRITE_PAUSED), 0),
    WHEN(F4, 0, EVENT(SET_LIMITS) | EVENT(GET_LIMITS)),
    TRIED(F5, HIGH_ZERO, 0),
    WHEN(F7, FACT(FLOW_RAISED), 0),
    WHEN(F8, FACT(LOST), FLOW),
    WHEN(F9, FACT(SOCKET) | FACT(LIMITS_SET), EVENT(WRITELINES)),
    WHEN(F10, 0, EVENT(GET_SIZE)),
    TRIED(F11, CALL_IN_FLOW, 0),
    WHEN(T1, FACT(SWITCHED), 0),
    WHEN(T2, FACT(SWITCHED_AT_EOF), 0),
};

_Static_assert(sizeof rows / sizeof *rows <= UINT8_MAX, "a row has a number of a byte");

static void put(uint64_t rules[WEIR_RULE_WORDS], unsigned rule) {
  rules[rule / 64] |= UINT64_C(1) << rule % 64;
}

void weir_occasions_make(weir_occasions *occasions) {
  memset(occasions, 0, sizeof *occasions);
  for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
    const bool tried = rows[i].tried != 0, facts = rows[i].facts != 0, events = rows[i].events != 0;
    if (events && !tried && !facts) {
      occasions->events |= rows[i].events;
      for (uint64_t left = rows[i].events; left != 0; left &= left - 1)
        put(occasions->by_event[__builtin_ctzll(left)], rows[i].rule);
    } else if (!events && !tried && (rows[i].facts & (rows[i].facts - 1)) == 0) {
      occasions->facts |= rows[i].facts;
      put(occasions->by_fact[__builtin_ctzll(rows[i].facts)], rows[i].rule);
    } else {
      occasions->rest[occasions->count++] = (uint8_t)i;
    }
  }
}

static inline void join(uint64_t rules[WEIR_RULE_WORDS], const uint64_t more[WEIR_RULE_WORDS]) {
  for (unsigned word = 0; word < WEIR_RULE_WORDS; word++) rules[word] |= more[word];
}

void weir_occasions_add(const weir_occasions *occasions, const weir_view *view, uint64_t rules[WEIR_RULE_WORDS]) {
  for (uint64_t seen = view->seen & occasions->events; seen != 0; seen &= seen - 1)
    join(rules, occasions->by_event[__builtin_ctzll(seen)]);
  for (uint64_t held = view->ever & occasions->facts; held != 0; held &= held - 1)
    join(rules, occasions->by_fact[__builtin_ctzll(held)]);
  for (unsigned i = 0; i < occasions->count; i++) {
    const row *asked = &rows[occasions->rest[i]];
    const bool lacking = ((asked->facts & ~view->ever) | (asked->tried & ~view->tried)) != 0;
    if (!lacking && (asked->events == 0 || (asked->events & view->seen) != 0)) put(rules, asked->rule);
  }
}
