/* The result as JSON, for programs.  The shape is a contract: keys are added,
 * never renamed.  harness/doc/results.md is the page. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "report/formats.h"
#include "report/text.h"

/* JSON is UTF-8; what a target says of itself need not be. */
static json_t *text(const char *string) {
  json_t *json = json_string(string);
  if (json != NULL) return json;
  char valid[WEIR_TEXT_LINE_MAX];
  weir_text_clean(string, valid, sizeof valid);
  return json_string(valid);
}

/* Takes the reference to value; false where one of the two is missing. */
static bool put(json_t *object, const char *key, json_t *value) {
  return json_object_set_new(object, key, value) == 0;
}

static bool append(json_t *array, json_t *value) {
  return json_array_append_new(array, value) == 0;
}

/* Gives a half-made object back where it could not be finished. */
static json_t *whole(json_t *object, bool is_whole) {
  if (is_whole) return object;
  json_decref(object);
  return NULL;
}

static json_t *lines(const char *all) {
  json_t *array = json_array();
  bool is_whole = true;
  while (is_whole && *all != '\0') {
    size_t length = strcspn(all, "\n");
    is_whole = append(array, json_stringn(all, length));
    all += length + (all[length] != '\0');
  }
  return whole(array, is_whole);
}

static json_t *finding_json(const weir_case_result *result, const weir_finding *finding) {
  const weir_rule_info *rule = weir_report_rule(finding);
  json_t *object = json_object();
  return whole(object, put(object, "rule", json_string(rule->id)) &&
                           put(object, "level", json_string(weir_level_name(rule->level))) &&
                           put(object, "event", json_integer((json_int_t)finding->event)) &&
                           put(object, "since", json_integer((json_int_t)finding->since)) &&
                           put(object, "connection", json_integer(finding->connection)) &&
                           put(object, "count", json_integer(finding->count)) &&
                           put(object, "known", json_boolean(weir_case_knows(result, finding->rule))) &&
                           put(object, "message", text(finding->message)));
}

static json_t *findings_json(const weir_case_result *result) {
  json_t *array = json_array();
  bool is_whole = true;
  for (size_t i = 0; is_whole && i < result->finding_count; i++)
    is_whole = append(array, finding_json(result, &result->findings[i]));
  return whole(array, is_whole);
}

/* The rules whose known deviation did not come. */
static json_t *gone_json(const weir_case_result *result) {
  json_t *array = json_array();
  bool is_whole = true;
  for (unsigned rule = 0; is_whole && rule < WEIR_RULE_COUNT; rule++)
    if ((result->gone[rule / 64] >> rule % 64 & 1) != 0) is_whole = append(array, json_string(weir_rule_get(rule)->id));
  return whole(array, is_whole);
}

static json_t *case_json(const weir_case_result *result) {
  json_t *object = json_object();
  bool is_whole = put(object, "case", text(weir_report_case_name(result))) &&
                  put(object, "verdict", json_string(weir_verdict_name(result->verdict))) &&
                  put(object, "expected", json_boolean(weir_case_expected(result)));
  if (is_whole && result->reason[0] != 0) is_whole = put(object, "reason", text(result->reason));
  if (is_whole && result->known_reason[0] != 0) is_whole = put(object, "known", text(result->known_reason));
  if (is_whole && weir_case_gone(result)) is_whole = put(object, "gone", gone_json(result));
  if (is_whole && result->unreached != 0) is_whole = put(object, "unreached", json_integer(result->unreached));
  if (is_whole && result->profile[0] != 0) is_whole = put(object, "profile", text(result->profile));
  if (is_whole && result->note[0] != 0) is_whole = put(object, "shown", text(result->note));
  if (is_whole && result->again[0] != 0) is_whole = put(object, "again", text(result->again));
  if (is_whole && result->stack != NULL) is_whole = put(object, "stack", lines(result->stack));
  if (is_whole && result->detail != NULL) is_whole = put(object, "detail", text(result->detail));
  return whole(object, is_whole && put(object, "findings", findings_json(result)));
}

static json_t *tally_json(const weir_target_result *target) {
  json_t *object = json_object();
  bool is_whole = true;
  for (unsigned i = 0; is_whole && i < WEIR_VERDICT_COUNT; i++)
    is_whole = put(object, weir_verdict_name((weir_verdict)i), json_integer((json_int_t)target->tally[i]));
  return whole(object, is_whole);
}

/* The checked rules that no case put to the test: they have not been kept. */
static json_t *untested_json(const weir_target_result *target) {
  json_t *array = json_array();
  bool is_whole = true;
  for (unsigned rule = 0; is_whole && rule < WEIR_RULE_COUNT; rule++)
    if (weir_report_judged(target, rule) && !weir_report_exercised(target, rule))
      is_whole = append(array, json_string(weir_rule_get(rule)->id));
  return whole(array, is_whole);
}

static json_t *target_json(const weir_target_result *target, bool expecting) {
  json_t *object = json_object();
  bool is_whole = put(object, "target", text(target->name)) && put(object, "version", text(target->version));
  if (is_whole && target->protocol) is_whole = put(object, "role", json_string("protocol"));
  if (target->unavailable[0] != 0)
    return whole(object, is_whole && put(object, "unavailable", text(target->unavailable)) &&
                             put(object, "cases", json_array()));
  json_t *cases = json_array();
  bool all = true;
  for (size_t i = 0; all && i < target->count; i++) all = append(cases, case_json(&target->cases[i]));
  if (expecting)
    is_whole = is_whole && put(object, "known", json_integer((json_int_t)target->known)) &&
               put(object, "gone", json_integer((json_int_t)target->gone));
  is_whole = is_whole && put(object, "tally", tally_json(target)) && put(object, "untested", untested_json(target));
  return whole(object, put(object, "cases", whole(cases, all)) && is_whole);
}

weir_status weir_report_json(const weir_result *result, FILE *out) {
  char spec[17];
  (void)snprintf(spec, sizeof spec, "%016" PRIx64, weir_spec_hash());
  json_t *results = json_array();
  bool all = true;
  for (size_t i = 0; all && i < result->count; i++)
    all = append(results, target_json(&result->targets[i], result->expecting));
  json_t *object = json_object();
  bool is_whole = put(object, "weir", json_string(WEIR_VERSION)) && put(object, "spec", json_string(spec)) &&
                  put(object, "seed", json_integer((json_int_t)result->seed)) &&
                  put(object, "strict", json_boolean(result->strict));
  object = whole(object, put(object, "results", whole(results, all)) && is_whole);
  if (object == NULL) return WEIR_NO_MEMORY;
  bool written = json_dumpf(object, out, JSON_INDENT(1)) == 0 && fputc('\n', out) != EOF;
  json_decref(object);
  if (written) return WEIR_OK;
  return ferror(out) ? WEIR_IO : WEIR_NO_MEMORY;
}
