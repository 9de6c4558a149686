/* A scenario as bytes, for fuzzers.  harness/doc/scenario.md has the layout.
 *
 * Every step is read from wherever the one before it ended, and every field is
 * brought into its bounds, so that no input is refused.  Zero is the simplest
 * value of every byte.  Numbers are a prefix code in which every number has
 * exactly one form: a mutated byte always means something else. */
#include <assert.h>
#include <string.h>

#include "scenario/step.h"

/* ---- Numbers: 1 to 4 bytes; each length begins where the one before ends. */
enum {
  TWO_BYTES = 0xC0, /* first byte from here on: 5 + 8 bits */
  THREE_BYTES = 0xE0,
  FOUR_BYTES = 0xF0,
  TWO_BYTES_FROM = TWO_BYTES,
  THREE_BYTES_FROM = TWO_BYTES_FROM + (1 << 13),
  FOUR_BYTES_FROM = THREE_BYTES_FROM + (1 << 20),
  NUMBER_MAX = FOUR_BYTES_FROM + (1 << 28) - 1
};

_Static_assert((int)WEIR_MILLISECONDS_MAX <= (int)NUMBER_MAX, "every argument has a form");
_Static_assert(WEIR_STEPS_MAX *WEIR_STEP_BYTES_MAX <= WEIR_ENCODED_MAX, "every scenario has a form");

static inline const uint8_t *take_number(const uint8_t *at, uint32_t *number) {
  uint32_t head = *at;
  if (head < TWO_BYTES) {
    *number = head;
    return at + 1;
  }
  if (head < THREE_BYTES) {
    *number = TWO_BYTES_FROM + ((head - TWO_BYTES) << 8 | at[1]);
    return at + 2;
  }
  if (head < FOUR_BYTES) {
    *number = THREE_BYTES_FROM + ((head - THREE_BYTES) << 16 | (uint32_t)at[1] << 8 | at[2]);
    return at + 3;
  }
  *number = FOUR_BYTES_FROM + ((head - FOUR_BYTES) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]);
  return at + 4;
}

static uint8_t *put_number(uint8_t *at, uint32_t number) {
  assert(number <= NUMBER_MAX);
  if (number < TWO_BYTES_FROM) {
    *at++ = (uint8_t)number;
  } else if (number < THREE_BYTES_FROM) {
    number -= TWO_BYTES_FROM;
    *at++ = (uint8_t)(TWO_BYTES + (number >> 8));
    *at++ = (uint8_t)number;
  } else if (number < FOUR_BYTES_FROM) {
    number -= THREE_BYTES_FROM;
    *at++ = (uint8_t)(THREE_BYTES + (number >> 16));
    *at++ = (uint8_t)(number >> 8);
    *at++ = (uint8_t)number;
  } else {
    number -= FOUR_BYTES_FROM;
    *at++ = (uint8_t)(FOUR_BYTES + (number >> 24));
    *at++ = (uint8_t)(number >> 16);
    *at++ = (uint8_t)(number >> 8);
    *at++ = (uint8_t)number;
  }
  return at;
}

/* ---- What the codec has to know of a verb, in one cache line or less. */
typedef struct verb_row {
  uint32_t triggers;
  uint8_t actor;
  uint8_t options; /* 0: no byte for it */
  uint8_t a_how;
  uint8_t b_how;
  int32_t a_base; /* the value that 0 stands for (MAYBE: one below, where 0 is "not given") */
  int32_t b_base;
  uint32_t a_forms; /* how many values there are */
  uint32_t b_forms;
} verb_row;

#define I                           WEIR_TAKES_IDLE
#define A                           WEIR_TAKES_AFTER
#define C                           WEIR_TAKES_IN
#define O                           WEIR_TAKES_AT
#define S                           WEIR_TAKES_START
#define MAYBE(how)                  ((how) == WEIR_ARGUMENT_MAYBE ? 1 : 0)
#define ARG(name, least, most, how) (least, most, WEIR_ARGUMENT_##how)
#define NO_ARG                      (0, 0, WEIR_ARGUMENT_NONE)
#define ARG_HOW(least, most, how)   how
#define ARG_BASE(least, most, how)  (least) - MAYBE(how)
#define ARG_FORMS(least, most, how) (most) - (least) + 1 + MAYBE(how)

static const verb_row rows[WEIR_VERB_COUNT] = {
#define X(verb, word, who, whens, words, first, second)                                                                \
  [WEIR_VERB_##verb] = {.triggers = WEIR_TRIGGERS_OF(WEIR_VERB_##verb, WEIR_ACTOR_##who, whens),                       \
                        .actor = WEIR_ACTOR_##who,                                                                     \
                        .options = WEIR_OPTION_COUNT(WEIR_VERB_##verb, words),                                         \
                        .a_how = ARG_HOW first,                                                                        \
                        .b_how = ARG_HOW second,                                                                       \
                        .a_base = ARG_BASE first,                                                                      \
                        .b_base = ARG_BASE second,                                                                     \
                        .a_forms = ARG_FORMS first,                                                                    \
                        .b_forms = ARG_FORMS second},
    WEIR_VERBS(X)
#undef X
};

static inline const uint8_t *take_argument(const uint8_t *at, unsigned how, int32_t base, uint32_t forms,
                                           int32_t *value) {
  if (how == WEIR_ARGUMENT_NONE) {
    *value = 0;
    return at;
  }
  uint32_t number;
  at = take_number(at, &number);
  if (number >= forms) number %= forms;
  *value = how == WEIR_ARGUMENT_MAYBE && number == 0 ? WEIR_NOT_GIVEN : base + (int32_t)number;
  return at;
}

static uint8_t *put_argument(uint8_t *at, unsigned how, int32_t base, int32_t value) {
  if (how == WEIR_ARGUMENT_NONE) return at;
  return put_number(at, value == WEIR_NOT_GIVEN ? 0 : (uint32_t)(value - base));
}

/* ---- Triggers: the low five bits of the trigger byte are the number of the
 * trigger, the high three say which one of its kind. */
enum { TRIGGER_BITS = 5, TRIGGER_MASK = (1 << TRIGGER_BITS) - 1 };

typedef enum nth_form {
  NTH_1,     /* the first */
  NTH_2,     /* the second */
  NTH_3,     /* the third */
  NTH_EVERY, /* all of them */
  NTH_2_ON,  /* all but the first */
  NTH_ONE,   /* a number follows: n - 1 */
  NTH_ON,    /* a number follows: first - 1, and all after it */
  NTH_RANGE  /* two numbers follow: first - 1, last - first - 1 */
} nth_form;

typedef struct trigger_row {
  uint8_t when;
  uint8_t event;
} trigger_row;

static const trigger_row trigger_rows[WEIR_TRIGGER_COUNT] = {[WEIR_TRIGGER_IDLE] = {WEIR_WHEN_IDLE, 0},
                                                             [WEIR_TRIGGER_SAME] = {WEIR_WHEN_SAME, 0},
                                                             [WEIR_TRIGGER_START] = {WEIR_WHEN_START, 0},
#define CALLBACK_0(name)
#define CALLBACK_1(name) [WEIR_TRIGGER_IN + WEIR_OCCASION_##name] = {WEIR_WHEN_IN, WEIR_OCCASION_##name},
#define OPERATION_1(name)
#define OPERATION_0(name)                                                                                              \
  [WEIR_TRIGGER_AT + WEIR_OCCASION_##name - WEIR_CALLBACK_COUNT] = {WEIR_WHEN_AT, WEIR_OCCASION_##name},
#define X(name, word, is_callback)                                                                                     \
  CALLBACK_##is_callback(name) OPERATION_##is_callback(name)[WEIR_TRIGGER_AFTER + WEIR_OCCASION_##name] = {            \
      WEIR_WHEN_AFTER, WEIR_OCCASION_##name},
                                                             WEIR_OCCASIONS(X)
#undef X
};

/* The trigger itself where the verb takes it, else the next one that it takes,
 * around the end: a mutated verb keeps its trigger, or one nearby. */
static inline unsigned trigger_fitting(uint32_t triggers, unsigned trigger) {
  assert(triggers != 0);
  uint32_t from = triggers & (UINT32_MAX << trigger);
  return (unsigned)__builtin_ctz(from != 0 ? from : triggers);
}

static inline const uint8_t *take_range(const uint8_t *at, unsigned form, weir_step *step) {
  static const uint16_t short_forms[NTH_ONE][2] = {
      [NTH_1] = {1, 1},
      [NTH_2] = {2, 2},
      [NTH_3] = {3, 3},
      [NTH_EVERY] = {1, WEIR_NTH_OPEN},
      [NTH_2_ON] = {2, WEIR_NTH_OPEN},
  };
  if (form < NTH_ONE) {
    step->first = short_forms[form][0];
    step->last = short_forms[form][1];
    return at;
  }
  uint32_t number;
  at = take_number(at, &number);
  uint32_t first = 1 + number % WEIR_NTH_MAX;
  uint32_t last = form == NTH_ONE ? first : WEIR_NTH_OPEN;
  if (form == NTH_RANGE) {
    at = take_number(at, &number);
    last = first + 1 + number;
    if (last > WEIR_NTH_MAX) last = WEIR_NTH_MAX;
  }
  step->first = (uint16_t)first;
  step->last = (uint16_t)last;
  return at;
}

static nth_form range_form(const weir_step *step) {
  if (step->last == WEIR_NTH_OPEN) return step->first == 1 ? NTH_EVERY : step->first == 2 ? NTH_2_ON : NTH_ON;
  if (step->last != step->first) return NTH_RANGE;
  return step->first <= 3 ? (nth_form)(NTH_1 + step->first - 1) : NTH_ONE;
}

/* ---- Steps */

/* Verb bytes from here on: a byte follows the trigger that says which connections
 * the step is about.  Below it is about connection 0 alone. */
enum { ELSEWHERE = 0xC0 };
_Static_assert((int)WEIR_VERB_COUNT <= 0x100 - (int)ELSEWHERE, "every verb has a form elsewhere");

static inline const uint8_t *take_step(const uint8_t *at, const weir_step *previous, weir_step *step) {
  bool elsewhere = at[0] >= ELSEWHERE;
  unsigned verb = (elsewhere ? at[0] - (unsigned)ELSEWHERE : at[0]) % WEIR_VERB_COUNT;
  const verb_row *row = &rows[verb];
  unsigned trigger = trigger_fitting(row->triggers, at[1] & TRIGGER_MASK);
  if (trigger == WEIR_TRIGGER_SAME && !weir_step_joins(row->actor, previous)) trigger = WEIR_TRIGGER_IDLE;
  unsigned form = at[1] >> TRIGGER_BITS;
  at += 2;

  *step = (weir_step){.verb = (uint8_t)verb, .when = trigger_rows[trigger].when, .event = trigger_rows[trigger].event};
  if (elsewhere) *step = weir_step_at(*step, *at++);
  if (weir_when_counts(step->when)) at = take_range(at, form, step);
  if (row->options != 0) {
    unsigned option = *at++;
    step->option = (uint8_t)(option < row->options ? option : option % row->options);
    /* The error is what the step is about; the operation moves. */
    if (verb == WEIR_VERB_SOCKET_ERROR && !weir_error_fits(step->option, step->event)) step->event = WEIR_OCCASION_SEND;
  }
  at = take_argument(at, row->a_how, row->a_base, row->a_forms, &step->a);
  at = take_argument(at, row->b_how, row->b_base, row->b_forms, &step->b);
  if (verb == WEIR_VERB_PEER_SEND && step->when != WEIR_WHEN_IDLE) step->b = WEIR_NOT_GIVEN;
  return at;
}

size_t weir_step_encode(const weir_step *step, uint8_t out[WEIR_STEP_BYTES_MAX]) {
  assert(step->verb < WEIR_VERB_COUNT);
  const verb_row *row = &rows[step->verb];
  unsigned trigger = weir_trigger_number(step->when, step->event);
  assert(trigger < WEIR_TRIGGER_COUNT);
  bool counts = weir_when_counts(step->when);
  nth_form form = counts ? range_form(step) : NTH_1;

  uint8_t *at = out;
  bool elsewhere = step->connection != 0 || step->of != 0;
  *at++ = (uint8_t)(elsewhere ? ELSEWHERE + step->verb : step->verb);
  *at++ = (uint8_t)((unsigned)form << TRIGGER_BITS | trigger);
  if (elsewhere) *at++ = (uint8_t)weir_step_place(step);
  if (form >= NTH_ONE) at = put_number(at, step->first - 1u);
  if (form == NTH_RANGE) at = put_number(at, (uint32_t)(step->last - step->first - 1));
  if (row->options != 0) *at++ = step->option;
  at = put_argument(at, row->a_how, row->a_base, step->a);
  at = put_argument(at, row->b_how, row->b_base, step->b);
  assert((size_t)(at - out) <= WEIR_STEP_BYTES_MAX);
  return (size_t)(at - out);
}

/* Reads steps as long as a whole one of any size fits before `end`, or, where
 * `end` is followed by zeros, as long as there is any byte.  Returns where it stopped. */
static const uint8_t *take_steps(const uint8_t *at, const uint8_t *end, weir_scenario *scenario) {
  uint32_t count = scenario->count;
  const weir_step *previous = count == 0 ? NULL : &scenario->steps[count - 1];
  while (at < end && count < WEIR_STEPS_MAX) {
    weir_step *step = &scenario->steps[count++];
    at = take_step(at, previous, step);
    previous = step;
  }
  scenario->count = count;
  return at;
}

void weir_scenario_decode(const uint8_t *bytes, size_t size, weir_scenario *scenario) {
  scenario->count = 0;
  if (size > WEIR_ENCODED_MAX) size = WEIR_ENCODED_MAX;
  size_t done = 0;
  if (size >= WEIR_STEP_BYTES_MAX) {
    const uint8_t *at = take_steps(bytes, bytes + (size - WEIR_STEP_BYTES_MAX + 1), scenario);
    done = (size_t)(at - bytes);
  }
  /* The rest, with zeros behind it for a step that was cut. */
  uint8_t rest[2 * WEIR_STEP_BYTES_MAX] = {0};
  size_t left = size - done;
  if (left == 0 || scenario->count == WEIR_STEPS_MAX) return;
  assert(left < WEIR_STEP_BYTES_MAX);
  memcpy(rest, bytes + done, left);
  (void)take_steps(rest, rest + left, scenario);
}

size_t weir_scenario_encode(const weir_scenario *scenario, uint8_t *out, size_t size) {
  assert(weir_scenario_valid(scenario));
  size_t done = 0;
  for (uint32_t index = 0; index < scenario->count; index++) {
    uint8_t bytes[WEIR_STEP_BYTES_MAX];
    size_t step = weir_step_encode(&scenario->steps[index], bytes);
    if (step > size - done) return 0;
    memcpy(out + done, bytes, step);
    done += step;
  }
  return done;
}
