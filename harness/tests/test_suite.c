/* The suite: files below a folder, in order, and what is wrong with one said in a line. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/engine.h"

static char folder[64];
static weir_problem problem;

static const char *place(const char *name) {
  static char path[512];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void write_case(const char *name, const char *text) {
  FILE *out = fopen(place(name), "w");
  ck_assert_ptr_nonnull(out);
  (void)fputs(text, out);
  ck_assert_int_eq(fclose(out), 0);
}

static const char *const names[] = {"b/two.weir", "b/one.weir", "b/notes.txt", "b/.hidden.weir", "a.weir", "bad.weir"};

static void make_folder(void) {
  const char *temporary = getenv("TMPDIR");
  int length = snprintf(folder, sizeof folder, "%s/weir-test-XXXXXX", temporary != NULL ? temporary : P_tmpdir);
  ck_assert_int_lt(length, (int)sizeof folder);
  ck_assert_ptr_nonnull(mkdtemp(folder));
  ck_assert_int_eq(mkdir(place("b"), 0777), 0);
  write_case("b/two.weir", "weir 1\ntitle the second\nrules C1 L2\npeer fin\n");
  write_case("b/one.weir", "weir 1\npeer send 3\n");
  write_case("b/notes.txt", "not a scenario\n");
  write_case("b/.hidden.weir", "not a scenario\n");
  write_case("a.weir", "weir 1\n");
}

static void drop_folder(void) {
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) (void)remove(place(names[i]));
  (void)remove(place("b"));
  (void)remove(folder);
}

static weir_suite load(const char *path, const char *glob) {
  weir_suite suite = {.count = 0};
  ck_assert_msg(weir_suite_load(path, glob, &suite, &problem) == WEIR_OK, "%s", problem.text);
  return suite;
}

START_TEST(sorted_and_named) {
  weir_suite suite = load(folder, NULL);
  ck_assert_uint_eq(suite.count, 3);
  ck_assert_str_eq(suite.cases[0].name, "a");
  ck_assert_str_eq(suite.cases[1].name, "b/one");
  ck_assert_str_eq(suite.cases[2].name, "b/two");
  ck_assert_str_eq(suite.cases[2].path, place("b/two.weir"));
  ck_assert_str_eq(suite.cases[2].about.title, "the second");
  ck_assert_str_eq(suite.cases[2].about.rules, "C1 L2");
  ck_assert_uint_eq(suite.cases[0].scenario->count, 0);
  ck_assert_uint_eq(suite.cases[1].scenario->count, 1);
  weir_suite_free(&suite);
}
END_TEST

START_TEST(slashes_behind_the_folder) {
  weir_suite suite = load(place("//"), NULL);
  ck_assert_uint_eq(suite.count, 3);
  ck_assert_str_eq(suite.cases[0].name, "a");
  weir_suite_free(&suite);
}
END_TEST

START_TEST(glob_filters) {
  static const struct {
    const char *glob;
    size_t count;
  } rows[] = {{"*", 3}, {"b/*", 2}, {"*o*", 2}, {"a", 1}, {"b", 0}, {"b/[p-z]*", 1}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    weir_suite suite = load(folder, rows[i].glob);
    ck_assert_msg(suite.count == rows[i].count, "%s: %zu", rows[i].glob, suite.count);
    weir_suite_free(&suite);
  }
}
END_TEST

START_TEST(one_file_and_more_places) {
  weir_suite suite = load(place("b/two.weir"), NULL);
  ck_assert_uint_eq(suite.count, 1);
  ck_assert_str_eq(suite.cases[0].name, place("b/two.weir"));
  ck_assert_int_eq(weir_suite_load(folder, NULL, &suite, &problem), WEIR_OK);
  ck_assert_uint_eq(suite.count, 4);
  ck_assert_str_eq(suite.cases[1].name, "a");
  weir_suite_free(&suite);
  ck_assert_ptr_null(suite.cases);
}
END_TEST

/* What was loaded before a bad one stays. */
static void expect_bad(const char *text, const char *words) {
  weir_suite suite = load(place("b"), NULL);
  write_case("bad.weir", text);
  ck_assert_int_eq(weir_suite_load(folder, NULL, &suite, &problem), WEIR_BAD_INPUT);
  ck_assert_msg(strstr(problem.text, words) != NULL, "`%s` does not tell of `%s`", problem.text, words);
  ck_assert_ptr_null(strchr(problem.text, '\n'));
  ck_assert_uint_eq(suite.count, 2);
  ck_assert_str_eq(suite.cases[1].name, "two");
  weir_suite_free(&suite);
  (void)remove(place("bad.weir"));
}

START_TEST(bad_files) {
  expect_bad("", "bad.weir:");
  expect_bad("weir 1\n\npeer sned 3\n", "bad.weir:3: ");
  expect_bad("weir 1\nrules C1 X9\npeer fin\n", "there is no rule X9");
  weir_suite suite = {.count = 0};
  ck_assert_int_eq(weir_suite_load(place("none"), NULL, &suite, &problem), WEIR_BAD_INPUT);
  ck_assert_ptr_nonnull(strstr(problem.text, "No such file"));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("suite");
  TCase *all = tcase_create("suite");
  tcase_add_checked_fixture(all, make_folder, drop_folder);
  tcase_add_test(all, sorted_and_named);
  tcase_add_test(all, slashes_behind_the_folder);
  tcase_add_test(all, glob_filters);
  tcase_add_test(all, one_file_and_more_places);
  tcase_add_test(all, bad_files);
  suite_add_tcase(suite, all);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
