/* Rules L, and which rules there are. */
#include "naive.h"

#define IS(name) (story->moments[moment].event == WEIR_EVENT_##name)
#define BEGINS(name) (IS(name) && story->moments[moment].begins)

static bool is_callback_begin(const naive_story *story, int moment) {
  return story->moments[moment].begins && naive_is_callback(story->moments[moment].event);
}

bool naive_L1(const naive_story *story, int moment) {
  if (naive_ends(story, moment, WEIR_END_QUIESCENT))
    return naive_began(story, WEIR_EVENT_OPEN, moment) && !naive_began(story, WEIR_EVENT_CONNECTION_MADE, moment);
  if (!is_callback_begin(story, moment)) return false;
  bool made = naive_began(story, WEIR_EVENT_CONNECTION_MADE, moment);
  return IS(CONNECTION_MADE) ? made : !made;
}

bool naive_L2(const naive_story *story, int moment) {
  return is_callback_begin(story, moment) && naive_lost(story, moment);
}

bool naive_L3(const naive_story *story, int moment) {
  if (!is_callback_begin(story, moment) || IS(CONNECTION_MADE) || IS(CONNECTION_LOST)) return false;
  return !naive_began(story, WEIR_EVENT_CONNECTION_MADE, moment) || naive_lost(story, moment);
}

bool naive_L4(const naive_story *story, int moment) {
  if (!BEGINS(CONNECTION_LOST)) return false;
  int close = naive_close(story, moment), failure = naive_failure(story, moment);
  bool regular = close != NAIVE_NEVER || naive_saw_end(story, moment);
  if (naive_begin(story, moment)->code == WEIR_EXCEPTION_NONE)
    return !regular || (failure != NAIVE_NEVER && (close == NAIVE_NEVER || failure < close));
  return regular && naive_trouble(story, moment) == NAIVE_NEVER && naive_sees_socket(story, moment);
}

bool naive_L5(const naive_story *story, int moment) {
  if (!naive_ends(story, moment, WEIR_END_QUIESCENT) || naive_lost(story, moment)) return false;
  if (!naive_began(story, WEIR_EVENT_CONNECTION_MADE, moment)) return false;
  if (naive_began(story, WEIR_EVENT_ABORT, moment) || naive_failure(story, moment) != NAIVE_NEVER) return true;
  /* What is not flushed yet may take as long as the peer likes. */
  bool closes = naive_close(story, moment) != NAIVE_NEVER || naive_let_go(story, moment);
  return closes && naive_unsent(story, moment) == 0;
}

bool naive_L6(const naive_story *story, int moment) {
  return BEGINS(CONNECTION_LOST) &&
         (naive_stands_in(story, moment, WEIR_EVENT_WRITE) || naive_stands_in(story, moment, WEIR_EVENT_CLOSE) ||
          naive_stands_in(story, moment, WEIR_EVENT_ABORT));
}

bool naive_L7(const naive_story *story, int moment) {
  if (!story->moments[moment].begins || !naive_is_reading(story->moments[moment].event)) return false;
  return naive_stands_in(story, moment, WEIR_EVENT_CONNECTION_MADE);
}

/* Whether a call ended here by an exception, other than that it is not offered. */
static bool call_raises(const naive_story *story, int moment) {
  return story->moments[moment].ends && naive_is_call(story->moments[moment].event) &&
         (naive_begin(story, moment)->flags & WEIR_FLAG_RAISED) &&
         naive_begin(story, moment)->code != WEIR_EXCEPTION_UNSUPPORTED;
}

bool naive_L10(const naive_story *story, int moment) {
  if (naive_ends(story, moment, WEIR_END_QUIESCENT))
    return naive_lost(story, moment) && naive_sees_socket(story, moment) &&
           !naive_began(story, WEIR_EVENT_SOCKET_CLOSE, moment);
  if (!story->moments[moment].ends) return false;
  int begin = story->moments[moment].other;
  if (naive_close(story, begin) == NAIVE_NEVER && !naive_lost(story, begin)) return false;
  if (IS(IS_CLOSING) && naive_returned(story, begin, moment + 1)) return naive_result(story, begin) == 0;
  return call_raises(story, moment) &&
         (IS(CLOSE) || IS(ABORT) || IS(PAUSE_READING) || IS(RESUME_READING) || IS(IS_READING));
}

bool naive_L11(const naive_story *story, int moment) {
  if (naive_ends(story, moment, WEIR_END_CRASH)) return true;
  if (story->moments[moment].ends) return false;
  bool payload = naive_is_delivery(story->moments[moment].event) || IS(PEER_RECEIVED) || IS(DATA);
  return payload && naive_begin(story, moment)->code == WEIR_DATA_FOREIGN;
}

bool naive_L12(const naive_story *story, int moment) { return naive_ends(story, moment, WEIR_END_SPIN); }

bool naive_L13(const naive_story *story, int moment) {
  bool tells = IS(EXCEPTION_HANDLER) || BEGINS(CONNECTION_LOST) || call_raises(story, moment);
  return tells && naive_begin(story, moment)->code == WEIR_EXCEPTION_INTERNAL;
}

static naive_rule *const rules[WEIR_RULE_COUNT] = {
#define CHECK_WEIR_CHECKED(id)  naive_##id
#define CHECK_WEIR_OBSERVED(id) NULL
#define CHECK_WEIR_LATER(id)    NULL
#define RULE(id, level, kind, state, source, watches, sentence) CHECK_##state(id),
#include "weir/rules.def"
#undef RULE
};

void naive_judge(const naive_story *story, naive_verdict *verdict) {
  for (unsigned rule = 0; rule < WEIR_RULE_COUNT; rule++) {
    verdict->broken_at[rule] = UINT32_MAX;
    for (int moment = 0; rules[rule] != NULL && moment < story->count; moment++)
      if (rules[rule](story, moment)) {
        verdict->broken_at[rule] = story->moments[moment].record;
        break;
      }
  }
}
