/* The rules and the machine, as data.
 *
 * harness/include/weir/rules.def is the one place where a rule is stated.  Whatever
 * lists rules (the validator's dispatch, `weir list rules`, the rule page, the
 * coverage map) is generated or driven from it. */
#ifndef WEIR_SPEC_H
#define WEIR_SPEC_H

#include <stdbool.h>
#include <stdint.h>

typedef enum weir_level { WEIR_MUST, WEIR_SHOULD, WEIR_PROFILE } weir_level;

/* When a rule is decided: at the event that breaks it, or at the end. */
enum { WEIR_SAFETY = 1, WEIR_LIVENESS = 2 };

typedef enum weir_rule {
#define RULE(id, level, kind, state, source, watches, sentence) WEIR_RULE_##id,
#include "weir/rules.def"
#undef RULE
  WEIR_RULE_COUNT
} weir_rule;

/* Whether a trace of this version can show the rule.  CHECKED: a monitor
 * judges it.  OBSERVED: a profile is recorded.  DRIVEN: no trace shows it; it
 * is judged by driving a protocol (harness/protocol).  LATER: it waits for a layer or
 * a role that is not there yet; never reported as kept. */
typedef enum weir_rule_state { WEIR_CHECKED, WEIR_OBSERVED, WEIR_DRIVEN, WEIR_LATER } weir_rule_state;

typedef struct weir_rule_info {
  const char *id; /* "C1" */
  weir_level level;
  unsigned kind; /* WEIR_SAFETY | WEIR_LIVENESS */
  weir_rule_state state;
  const char *source; /* "D8": see weir_source_get */
  uint64_t watches;   /* bit e: the monitor sees records of event e; bit of END: liveness */
  const char *sentence;
} weir_rule_info;

const weir_rule_info *weir_rule_get(unsigned rule); /* NULL past the end */
int weir_rule_find(const char *id);                 /* -1: no such rule */
const char *weir_level_name(weir_level level);      /* "MUST" */

/* A source by its short name ("D8"): a sentence and where it stands.  NULL: none. */
const char *weir_source_get(const char *name);
const char *weir_source_name(unsigned source); /* "D8"; NULL past the end */

/* The machine of the specification, D6.  States and the callbacks that move
 * between them; WEIR_STATE_BAD where a callback is not allowed. */
typedef enum weir_state {
  WEIR_STATE_START,  /* before connection_made */
  WEIR_STATE_OPEN,   /* connected, no buffer given out */
  WEIR_STATE_BUFFER, /* a get_buffer has returned, no buffer_updated yet */
  WEIR_STATE_EOF,    /* after eof_received */
  WEIR_STATE_LOST,   /* after connection_lost */
  WEIR_STATE_BAD,
  WEIR_STATE_COUNT
} weir_state;

/* The next state on the begin of a callback (weir_event). */
weir_state weir_machine_next(weir_state state, unsigned event);
const char *weir_state_name(weir_state state);

/* 64-bit FNV-1a over the table of rules and the machine; in every trace and result. */
uint64_t weir_spec_hash(void);

#endif
