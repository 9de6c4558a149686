/* A search for byte streams on which a protocol breaks a rule: streams that have
 * shown something before are changed, byte by byte and spliced, and each is
 * checked by a family drawn for it, with little work.  What is led by is which
 * kinds of observations came one after the other (weir_check_report.shown).
 *
 * The same protocol, seed, streams and number of runs give the same. */
#ifndef WEIR_ENGINE_STREAM_SEARCH_H
#define WEIR_ENGINE_STREAM_SEARCH_H

#include "engine/streams.h"

enum { WEIR_STREAM_SEARCH_SIZE = 4096 /* of a stream that is made */ };

/* What was found, once for each rule and wording without numbers. */
typedef struct weir_stream_found {
  weir_rule rule;
  uint64_t key;
  uint64_t run;
  bool minimal; /* no byte can be left out */
  const uint8_t *bytes;
  size_t size;
  const char *family;
  const weir_check_finding *finding;
} weir_stream_found;

typedef struct weir_stream_search_options {
  uint64_t seed;
  uint64_t runs_before; /* of earlier parts of the search */
  /* A stream shows something new: it stays.  A rule is broken as never before. */
  void (*keep)(void *context, const uint8_t *bytes, size_t size);
  void (*found)(void *context, const weir_stream_found *found);
  bool (*stop)(void *context); /* asked while a finding is reduced */
  void *context;
} weir_stream_search_options;

typedef struct weir_stream_search weir_stream_search;

WEIR_MUST_USE weir_status weir_stream_search_new(weir_driven *driven, const weir_stream_search_options *options,
                                                 weir_stream_search **search, weir_problem *problem);
void weir_stream_search_free(weir_stream_search *search);
/* A stream as it is. */
WEIR_MUST_USE weir_status weir_stream_search_try(weir_stream_search *search, const uint8_t *bytes, size_t size,
                                                 weir_problem *problem);
/* One that is made; there has to be one that was tried before. */
WEIR_MUST_USE weir_status weir_stream_search_run(weir_stream_search *search, weir_problem *problem);
/* What was found in an earlier part is not told again. */
void weir_stream_search_know(weir_stream_search *search, uint64_t key);

uint64_t weir_stream_search_runs(const weir_stream_search *search); /* of all parts */
size_t weir_stream_search_pool(const weir_stream_search *search);

#endif
