/* What `weir check` stands on: many connections in one recording, and the JSON of its lines. */
#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "trace/json.h"
#include "validator/live.h"

enum { BOTH = WEIR_FLAG_BEGIN | WEIR_FLAG_END };

static weir_live *live;

static void set_up(void) {
  live = weir_live_new(WEIR_FINDINGS_MAX);
  ck_assert_ptr_nonnull(live);
}

static void tear_down(void) {
  weir_live_free(live);
}

static void feed(uint64_t connection, weir_record record) {
  weir_live_feed(live, &record, &connection, 1);
}

static void callback(uint64_t connection, weir_event event, uint32_t a, uint64_t b) {
  feed(connection, (weir_record){.event = (uint8_t)event, .flags = BOTH, .a = a, .b = b});
}

static void end(weir_end how) {
  feed(0, (weir_record){.event = WEIR_EVENT_END, .code = (uint8_t)how});
}

static void begin(uint64_t connection) {
  callback(connection, WEIR_EVENT_CONNECTION_MADE, 0, 0);
}

static void read_once(uint64_t connection) {
  callback(connection, WEIR_EVENT_GET_BUFFER, UINT32_MAX, 64);
  callback(connection, WEIR_EVENT_BUFFER_UPDATED, 10, 0);
}

static void close_and_lose(uint64_t connection) {
  callback(connection, WEIR_EVENT_CLOSE, 0, 0);
  callback(connection, WEIR_EVENT_CONNECTION_LOST, 0, 0);
}

static const weir_live_finding *finding(unsigned rule) {
  size_t count;
  const weir_live_finding *findings = weir_live_findings(live, &count);
  for (size_t i = 0; i < count; i++)
    if (findings[i].finding.rule == rule) return &findings[i];
  return NULL;
}

static size_t finding_count(void) {
  size_t count;
  (void)weir_live_findings(live, &count);
  return count;
}

/* Each is judged for itself, whatever the others do in between, and whatever their numbers are. */
START_TEST(connections_are_told_apart) {
  static const uint64_t numbers[] = {3, 259, 70000, INT64_MAX};
  for (unsigned i = 0; i < 4; i++) begin(numbers[i]);
  for (unsigned i = 0; i < 4; i++) callback(numbers[i], WEIR_EVENT_GET_BUFFER, UINT32_MAX, 64);
  callback(259, WEIR_EVENT_CLOSE, 0, 0);
  for (unsigned i = 0; i < 4; i++) callback(numbers[i], WEIR_EVENT_BUFFER_UPDATED, 10, 0);
  for (unsigned i = 0; i < 4; i++) close_and_lose(numbers[i]);
  end(WEIR_END_QUIESCENT);
  ck_assert_int_eq(weir_live_finish(live, NULL), WEIR_JUDGED);
  ck_assert_uint_eq(weir_live_connections(live), 4);
  ck_assert_uint_eq(finding_count(), 1);
  const weir_live_finding *found = finding(WEIR_RULE_C1);
  ck_assert_ptr_nonnull(found);
  ck_assert_uint_eq(found->connection, 259);
  ck_assert_uint_eq(found->connections, 1);
  ck_assert_uint_eq(found->event, 10);
  ck_assert_uint_eq(found->finding.event, 3);
  ck_assert_uint_eq(found->finding.since, 2);
  ck_assert_uint_eq(found->excerpt.from, 0);
  ck_assert_uint_eq(found->excerpt.count, 6);
  ck_assert_int_eq(found->excerpt.records[3].event, WEIR_EVENT_BUFFER_UPDATED);
}
END_TEST

/* More than there is room for at once, one after the other. */
START_TEST(lost_connections_make_room) {
  enum { MANY = 3 * WEIR_LIVE_OPEN_MAX };
  for (uint64_t i = 0; i < MANY; i++) {
    begin(i);
    read_once(i);
    close_and_lose(i);
    if (i % 1000 == 999) callback(i, WEIR_EVENT_EOF_RECEIVED, 0, 0);
  }
  end(WEIR_END_QUIESCENT);
  ck_assert_int_eq(weir_live_finish(live, NULL), WEIR_JUDGED);
  ck_assert_uint_eq(weir_live_connections(live), MANY);
  ck_assert_uint_eq(weir_live_open(live), 0);
  const weir_live_finding *found = finding(WEIR_RULE_L2);
  ck_assert_ptr_nonnull(found);
  ck_assert_uint_eq(found->connections, MANY / 1000);
  ck_assert_uint_eq(found->finding.count, MANY / 1000);
}
END_TEST

START_TEST(a_callback_long_after_the_end) {
  for (uint64_t i = 0; i < 2 * WEIR_LIVE_LOST_KEPT; i++) {
    begin(i);
    close_and_lose(i);
  }
  callback(5, WEIR_EVENT_IS_CLOSING, 0, 1);
  ck_assert_uint_eq(finding_count(), 0);
  callback(5, WEIR_EVENT_EOF_RECEIVED, 0, 0);
  end(WEIR_END_QUIESCENT);
  ck_assert_int_eq(weir_live_finish(live, NULL), WEIR_JUDGED);
  ck_assert_uint_eq(finding_count(), 1);
  ck_assert_ptr_nonnull(finding(WEIR_RULE_L2));
  ck_assert_uint_eq(finding(WEIR_RULE_L2)->connection, 5);
}
END_TEST

START_TEST(too_many_at_once) {
  for (uint64_t i = 0; i < WEIR_LIVE_OPEN_MAX; i++) begin(i);
  begin(WEIR_LIVE_OPEN_MAX);
  weir_problem problem = {.text = ""};
  ck_assert_int_eq(weir_live_finish(live, &problem), WEIR_UNREADABLE);
  ck_assert_int_eq(problem.status, WEIR_BOUND);
  ck_assert_ptr_nonnull(strstr(problem.text, "4096"));
}
END_TEST

/* What is cut is never a pass; liveness is not judged then. */
START_TEST(cut_recordings) {
  begin(1);
  callback(1, WEIR_EVENT_ABORT, 0, 0);
  if (_i == 1) end(WEIR_END_CUT);
  if (_i == 2) end(WEIR_END_QUIESCENT);
  ck_assert_int_eq(weir_live_finish(live, NULL), _i == 2 ? WEIR_JUDGED : WEIR_INCOMPLETE);
  ck_assert_uint_eq(weir_live_open(live), 1);
  ck_assert_int_eq(finding(WEIR_RULE_L5) != NULL, _i == 2);
}
END_TEST

START_TEST(nothing_after_the_end) {
  begin(1);
  end(WEIR_END_QUIESCENT);
  begin(2);
  ck_assert_int_eq(weir_live_finish(live, NULL), WEIR_UNREADABLE);
}
END_TEST

/* A spin is one finding, however many connections there are. */
START_TEST(a_spin_is_told_once) {
  begin(0);
  begin(1);
  end(WEIR_END_SPIN);
  ck_assert_int_eq(weir_live_finish(live, NULL), WEIR_JUDGED);
  ck_assert_ptr_nonnull(finding(WEIR_RULE_L12));
  ck_assert_uint_eq(finding(WEIR_RULE_L12)->connections, 1);
}
END_TEST

/* A finding far into a recording is shown with what was around it. */
START_TEST(excerpts_of_long_recordings) {
  begin(7);
  begin(8);
  for (unsigned i = 0; i < WEIR_LIVE_RECORDS; i++) {
    read_once(7);
    read_once(8);
  }
  callback(7, WEIR_EVENT_CLOSE, 0, 0);
  read_once(7);
  for (unsigned i = 0; i < WEIR_LIVE_RECORDS; i++) read_once(8);
  ck_assert_int_eq(weir_live_finish(live, NULL), WEIR_INCOMPLETE);
  const weir_live_finding *found = finding(WEIR_RULE_C1);
  ck_assert_ptr_nonnull(found);
  ck_assert_uint_gt(found->excerpt.count, 100);
  uint64_t at = found->finding.event - found->excerpt.from, since = found->finding.since - found->excerpt.from;
  ck_assert_uint_lt(at, found->excerpt.count);
  ck_assert_int_eq(found->excerpt.records[at].event, WEIR_EVENT_BUFFER_UPDATED);
  ck_assert_int_eq(found->excerpt.records[since].event, WEIR_EVENT_CLOSE);
}
END_TEST

/* ---- JSON */

static uint64_t random_next(uint64_t *seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  *seed ^= *seed << 17;
  return *seed;
}

/* The same inputs are accepted as by jansson, with the same members. */
static void compare(const char *bytes, size_t size) {
  char text[512];
  memcpy(text, bytes, size);
  weir_json value;
  static weir_json_object object;
  weir_json_error error = {.what = NULL};
  bool read = weir_json_read(text, size, &value, &object, &error);
  json_error_t theirs;
  json_t *json = json_loadb(bytes, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &theirs);
  if (json == NULL) {
    /* Values that nobody reads are not looked into for these. */
    bool left =
        json_error_code(&theirs) == json_error_duplicate_key || json_error_code(&theirs) == json_error_numeric_overflow;
    ck_assert_msg(!read || left, "%.*s: %s", (int)size, bytes, theirs.text);
    return;
  }
  ck_assert_msg(read, "%.*s: refused at %zu: %s", (int)size, bytes, error.at, error.what);
  if (json_is_object(json)) {
    ck_assert_uint_eq(object.count, json_object_size(json));
    for (uint32_t i = 0; i < object.count; i++) {
      const json_t *other = json_object_get(json, object.members[i].name);
      const weir_json *own = &object.members[i].value;
      ck_assert_ptr_nonnull(other);
      ck_assert_int_eq(json_is_string(other), own->type == WEIR_JSON_STRING);
      ck_assert_int_eq(json_is_integer(other), own->type == WEIR_JSON_INTEGER);
      ck_assert_int_eq(json_is_real(other), own->type == WEIR_JSON_REAL);
      ck_assert_int_eq(json_is_array(other), own->type == WEIR_JSON_ARRAY);
      if (json_is_string(other)) ck_assert_str_eq(json_string_value(other), own->text);
      if (json_is_integer(other)) ck_assert_int_eq(json_integer_value(other), own->integer);
      weir_json item;
      size_t items = 0;
      if (json_is_array(other))
        for (size_t cursor = 0; weir_json_next(own, &cursor, &item);) items++;
      if (json_is_array(other)) ck_assert_uint_eq(items, json_array_size(other));
    }
  }
  json_decref(json);
}

START_TEST(json_as_jansson_reads_it) {
  static const char *const texts[] = {
      "{\"event\":\"get_buffer\",\"hint\":-1,\"size\":65536,\"kind\":\"bytearray\"}",
      "{\"a\":\"\\u00e9\\ud83d\\ude00\\n\\\"\",\"b\":[1,\"x\",[],{}],\"c\":{\"d\":[true,{\"e\":null}]},\"f\":-0.5e+3}",
      "{\"\xC3\xA9\":9223372036854775807,\"n\":-9223372036854775808,\"z\":0,\"t\":true,\"u\":false,\"v\":null}",
      "[1, 2 ,{\"a\" : [ ] } ]",
      "{\"capabilities\":[\"pause\", \"is_reading\",3]}",
      "{}",
  };
  static const char alphabet[] = "{}[]\",:\\u0129eE+-. tfn\x01\x80\xC3\xE2\xED\xF0\xBF";
  uint64_t seed = 88172645463325252;
  for (unsigned round = 0; round < 60000; round++) {
    char text[512];
    const char *from = texts[random_next(&seed) % (sizeof texts / sizeof *texts)];
    size_t size = strlen(from);
    memcpy(text, from, size);
    for (uint64_t changes = random_next(&seed) % 4; changes > 0 && size > 0; changes--) {
      size_t at = random_next(&seed) % size;
      switch (random_next(&seed) % 3) {
      case 0: text[at] = alphabet[random_next(&seed) % (sizeof alphabet - 1)]; break;
      case 1: memmove(text + at, text + at + 1, --size - at); break;
      default:
        memmove(text + at + 1, text + at, size++ - at);
        text[at] = alphabet[random_next(&seed) % (sizeof alphabet - 1)];
      }
    }
    compare(text, size);
  }
}
END_TEST

START_TEST(json_bounds) {
  static weir_json_object object;
  weir_json value;
  weir_json_error error;
  char text[4096];
  memset(text, '[', 100);
  ck_assert(!weir_json_read(text, 100, &value, &object, &error));
  ck_assert_ptr_nonnull(strstr(error.what, "64 deep"));
  size_t size = 0;
  for (unsigned i = 0; i <= WEIR_JSON_MEMBERS_MAX; i++)
    size += (size_t)sprintf(text + size, "%c\"%u\":0", i == 0 ? '{' : ',', i);
  text[size++] = '}';
  ck_assert(!weir_json_read(text, size, &value, &object, &error));
  ck_assert_ptr_nonnull(strstr(error.what, "128 names"));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("check");
  TCase *recordings = tcase_create("recordings");
  tcase_add_checked_fixture(recordings, set_up, tear_down);
  tcase_add_test(recordings, connections_are_told_apart);
  tcase_add_test(recordings, lost_connections_make_room);
  tcase_add_test(recordings, a_callback_long_after_the_end);
  tcase_add_test(recordings, too_many_at_once);
  tcase_add_loop_test(recordings, cut_recordings, 0, 3);
  tcase_add_test(recordings, nothing_after_the_end);
  tcase_add_test(recordings, a_spin_is_told_once);
  tcase_add_test(recordings, excerpts_of_long_recordings);
  suite_add_tcase(suite, recordings);
  TCase *json = tcase_create("json");
  tcase_add_test(json, json_as_jansson_reads_it);
  tcase_add_test(json, json_bounds);
  suite_add_tcase(suite, json);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
