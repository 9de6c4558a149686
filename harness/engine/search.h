/* A search for scenarios that break a rule: random changes of those that have
 * shown something before (pool.h), on any target, its traces being all that is
 * seen of it.
 *
 * What it finds is grouped by rule and by shape (shape.h) of the least scenario
 * that shows it (shrink.h), which a second run has confirmed.  A function of
 * target, seed and number of runs. */
#ifndef WEIR_ENGINE_SEARCH_H
#define WEIR_ENGINE_SEARCH_H

#include "engine/engine.h"
#include "engine/pool.h"
#include "engine/shape.h"

enum {
  WEIR_SEARCH_STEPS = 48, /* of a scenario: longer ones are slow, and show no more */
  WEIR_SEARCH_SHAPES = 16 /* of one rule: what it is broken by beyond that is counted, and not looked at */
};

typedef enum weir_discovery_kind {
  WEIR_DISCOVERY_NEW,     /* a rule that was not known to be broken */
  WEIR_DISCOVERY_SHAPE,   /* a rule that was, in another way */
  WEIR_DISCOVERY_KNOWN,   /* known in this shape: given with weir_search_know */
  WEIR_DISCOVERY_UNSTEADY /* a second run did not show it: the target does not do the same thing twice */
} weir_discovery_kind;

/* What was found: a rule, broken in one way. */
typedef struct weir_discovery {
  unsigned rule; /* weir_rule */
  weir_discovery_kind kind;
  char shape[WEIR_SHAPE_MAX];
  char message[WEIR_MESSAGE_MAX];
  weir_scenario *scenario; /* the least */
  bool minimal;
  uint64_t run;  /* that showed it first, from 1; 0: known before */
  uint64_t seen; /* runs that came to this by shape or by what stood before it */
} weir_discovery;

typedef struct weir_search_options {
  uint64_t seed;
  uint64_t runs_before; /* of an earlier part of the same search: it goes on with other chances */
  /* Told of each discovery when it is made, WEIR_DISCOVERY_KNOWN left out.  May be NULL. */
  void (*found)(void *context, const weir_discovery *discovery);
  weir_pool_watch *watch;      /* may be NULL */
  bool (*stop)(void *context); /* asked while shrinking; may be NULL */
  void *context;
} weir_search_options;

typedef struct weir_search weir_search;

/* The runner must outlive the search. */
WEIR_MUST_USE weir_status weir_search_new(weir_runner *runner, const weir_search_options *options, weir_search **search,
                                          weir_problem *problem);
void weir_search_free(weir_search *self);

/* Runs one scenario of its own making.  WEIR_BROKEN: the target or its adapter
 * cannot be run any more, after many tries. */
WEIR_MUST_USE weir_status weir_search_run(weir_search *search, weir_problem *problem);
/* Runs this scenario, as one that another search has found worth keeping. */
WEIR_MUST_USE weir_status weir_search_try(weir_search *search, const weir_scenario *scenario, weir_problem *problem);
/* What this scenario breaks, if anything, is known from now on.  rule: only
 * that one; -1: every one. */
WEIR_MUST_USE weir_status weir_search_know(weir_search *search, const weir_scenario *scenario, int rule,
                                           weir_problem *problem);

const weir_discovery *weir_search_discoveries(const weir_search *self, size_t *count);
const weir_pool *weir_search_pool(const weir_search *self);

typedef struct weir_search_tally {
  uint64_t runs;                /* of scenarios of its own; those of runs_before are among them */
  uint64_t all_runs;            /* and those for shrinking, this time */
  uint64_t cut;                 /* that came to a bound of the harness */
  uint64_t broken;              /* that gave no trace, or one that cannot be judged */
  char reason[WEIR_REASON_MAX]; /* of the last of these */
} weir_search_tally;
const weir_search_tally *weir_search_tally_of(const weir_search *self);

#endif
