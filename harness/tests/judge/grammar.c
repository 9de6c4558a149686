#define PCRE2_CODE_UNIT_WIDTH 8
#include "grammar.h"

#include <pcre2.h>
#include <stdlib.h>

#include "weir/trace.h"

/* start -> connection_made [-> get_buffer [-> buffer_updated]?]* [-> eof_received]? -> connection_lost -> end,
 * and for a plain protocol -> data_received in place of the brackets. */
static const char *const documented = "\\A m (?: g u? | d )* e? l \\z";

struct grammar {
  pcre2_code *code;
  pcre2_match_data *data;
};

grammar *grammar_open(void) {
  grammar *rule = calloc(1, sizeof *rule);
  if (rule == NULL) return NULL;
  int error = 0;
  PCRE2_SIZE at = 0;
  rule->code = pcre2_compile((PCRE2_SPTR)documented, PCRE2_ZERO_TERMINATED, PCRE2_EXTENDED, &error, &at, NULL);
  rule->data = rule->code == NULL ? NULL : pcre2_match_data_create_from_pattern(rule->code, NULL);
  if (rule->data != NULL) return rule;
  grammar_close(rule);
  return NULL;
}

void grammar_close(grammar *rule) {
  if (rule == NULL) return;
  pcre2_match_data_free(rule->data);
  pcre2_code_free(rule->code);
  free(rule);
}

char grammar_letter(unsigned event) {
  switch (event) {
  case WEIR_EVENT_CONNECTION_MADE: return 'm';
  case WEIR_EVENT_GET_BUFFER: return 'g';
  case WEIR_EVENT_BUFFER_UPDATED: return 'u';
  case WEIR_EVENT_DATA_RECEIVED: return 'd';
  case WEIR_EVENT_EOF_RECEIVED: return 'e';
  case WEIR_EVENT_CONNECTION_LOST: return 'l';
  default: return 0;
  }
}

/* A partial match: more letters could make it a whole one. */
static bool begins_well(const grammar *rule, const char *letters, size_t count) {
  if (count == 0) return true;
  int found = pcre2_match(rule->code, (PCRE2_SPTR)letters, count, 0, PCRE2_PARTIAL_SOFT, rule->data, NULL);
  return found > 0 || found == PCRE2_ERROR_PARTIAL;
}

size_t grammar_allows(const grammar *rule, const char *letters, size_t count) {
  if (begins_well(rule, letters, count)) return count;
  size_t good = 0, bad = count; /* a beginning of a good beginning is good */
  while (bad - good > 1) {
    size_t middle = good + (bad - good) / 2;
    *(begins_well(rule, letters, middle) ? &good : &bad) = middle;
  }
  return good;
}
