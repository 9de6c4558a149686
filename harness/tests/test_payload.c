#include "weir/payload.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "weir/trace.h"

enum { IN = 0, OUT = 1, SIZE = 4096 };

/* splitmix64: the seed of a property's inputs. */
static uint64_t random_next(uint64_t *state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

static void expect_run(const weir_payload_run *run, uint8_t data, uint32_t size, uint64_t offset) {
  ck_assert_uint_eq(run->data, data);
  ck_assert_uint_eq(run->size, size);
  ck_assert_uint_eq(run->offset, offset);
}

/* The property that everything else stands on: a byte depends on its place alone. */
START_TEST(a_byte_depends_on_its_offset_alone) {
  static uint8_t whole[SIZE * 3], part[SIZE * 3];
  uint64_t state = 1;
  for (int round = 0; round < 200; round++) {
    const uint64_t base = random_next(&state) >> (round % 2 ? 24 : 44);
    const weir_stream stream = (weir_stream)(random_next(&state) % 512);
    weir_payload_fill(stream, base, whole, sizeof whole);
    for (int piece = 0; piece < 20; piece++) {
      const size_t from = random_next(&state) % sizeof whole;
      const size_t size = random_next(&state) % (piece % 2 ? 40 : sizeof whole);
      const size_t fits = size < sizeof whole - from ? size : sizeof whole - from;
      part[fits] = 0x77;
      weir_payload_fill(stream, base + from, part, fits);
      ck_assert_mem_eq(part, whole + from, fits);
      if (fits < sizeof part) ck_assert_uint_eq(part[fits], 0x77);
    }
  }
}
END_TEST

START_TEST(no_byte_is_poison) {
  static uint8_t bytes[1 << 20];
  for (weir_stream stream = 0; stream < 8; stream++) {
    weir_payload_fill(stream, stream * 1000003u, bytes, sizeof bytes);
    ck_assert_ptr_null(memchr(bytes, WEIR_POISON, sizeof bytes));
  }
}
END_TEST

START_TEST(match_stops_at_the_first_other_byte) {
  static uint8_t bytes[SIZE];
  uint64_t state = 2;
  for (int round = 0; round < 5000; round++) {
    const uint64_t offset = random_next(&state) % 100000;
    const size_t size = 1 + random_next(&state) % (round % 2 ? 80 : SIZE);
    const size_t wrong = random_next(&state) % size;
    weir_payload_fill(OUT, offset, bytes, size);
    ck_assert_uint_eq(weir_payload_match(OUT, offset, bytes, size), size);
    bytes[wrong] ^= (uint8_t)(1 << round % 8);
    ck_assert_uint_eq(weir_payload_match(OUT, offset, bytes, size), wrong);
  }
  ck_assert_uint_eq(weir_payload_match(OUT, 5, bytes, 0), 0);
}
END_TEST

static int compare(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return (a > b) - (a < b);
}

/* Four bytes in a row, of two connections' four streams, within the reach. */
START_TEST(four_bytes_are_hardly_ever_ambiguous) {
  const size_t reach = WEIR_PAYLOAD_REACH, count = reach * 4;
  uint8_t *bytes = malloc(reach + 4);
  uint32_t *windows = malloc(count * sizeof *windows);
  ck_assert(bytes != NULL && windows != NULL);
  for (weir_stream stream = 0; stream < 4; stream++) {
    weir_payload_fill(stream, 0, bytes, reach + 4);
    for (size_t at = 0; at < reach; at++) memcpy(&windows[stream * reach + at], bytes + at, 4);
  }
  qsort(windows, count, sizeof *windows, compare);
  size_t same = 0;
  for (size_t at = 1; at < count; at++) same += windows[at] == windows[at - 1];
  ck_assert_uint_lt(same, count / 2000);
  free(windows);
  free(bytes);
}
END_TEST

START_TEST(lost_bytes_are_a_jump_forward) {
  uint8_t bytes[100];
  weir_payload_run runs[8];
  weir_payload_fill(IN, 50, bytes, 40);
  weir_payload_fill(IN, 97, bytes + 40, 60);
  ck_assert_uint_eq(weir_payload_identify(IN, 50, 1, bytes, sizeof bytes, runs, 8), 2);
  expect_run(&runs[0], WEIR_DATA_STREAM, 40, 50);
  expect_run(&runs[1], WEIR_DATA_STREAM, 60, 97);
}
END_TEST

START_TEST(doubled_bytes_are_a_jump_back) {
  uint8_t bytes[100];
  weir_payload_run runs[8];
  weir_payload_fill(IN, 1020, bytes, 50);
  weir_payload_fill(IN, 1060, bytes + 50, 50);
  ck_assert_uint_eq(weir_payload_identify(IN, 1020, 1, bytes, sizeof bytes, runs, 8), 2);
  expect_run(&runs[0], WEIR_DATA_STREAM, 50, 1020);
  expect_run(&runs[1], WEIR_DATA_STREAM, 50, 1060);
}
END_TEST

START_TEST(poison_is_poison) {
  uint8_t bytes[64];
  weir_payload_run runs[8];
  weir_payload_fill(IN, 0, bytes, 64);
  memset(bytes + 20, WEIR_POISON, 3);
  ck_assert_uint_eq(weir_payload_identify(IN, 0, 1, bytes, 64, runs, 8), 3);
  expect_run(&runs[0], WEIR_DATA_STREAM, 20, 0);
  expect_run(&runs[1], WEIR_DATA_POISON, 3, 0);
  expect_run(&runs[2], WEIR_DATA_STREAM, 41, 23);
}
END_TEST

START_TEST(reverse_and_foreign_are_named) {
  uint8_t bytes[90];
  weir_payload_run runs[8];
  weir_payload_fill(weir_stream_incoming(3), 500000, bytes, 30);
  weir_payload_fill(weir_stream_outgoing(3), 7, bytes + 30, 30);
  weir_payload_fill(weir_stream_incoming(5), 4090, bytes + 60, 30);
  ck_assert_uint_eq(weir_payload_identify(weir_stream_incoming(3), 500000, 6, bytes, 90, runs, 8), 3);
  expect_run(&runs[0], WEIR_DATA_STREAM, 30, 500000);
  expect_run(&runs[1], WEIR_DATA_REVERSE, 30, 7);
  expect_run(&runs[2], WEIR_DATA_FOREIGN, 30, (uint64_t)5 << 56 | 4090);
  ck_assert_uint_eq(weir_payload_identify(weir_stream_incoming(3), 500000, 4, bytes, 90, runs, 8), 3);
  expect_run(&runs[2], WEIR_DATA_NONSENSE, 30, 0);
}
END_TEST

START_TEST(short_strays_are_nonsense) {
  uint8_t bytes[63];
  weir_payload_run runs[8];
  weir_payload_fill(IN, 0, bytes, 30);
  memcpy(bytes + 30, "\x80\x81\x82", 3); /* no stream has bytes of high bits 10 */
  weir_payload_fill(IN, 30, bytes + 33, 30);
  ck_assert_uint_eq(weir_payload_identify(IN, 0, 1, bytes, sizeof bytes, runs, 8), 3);
  expect_run(&runs[1], WEIR_DATA_NONSENSE, 3, 0);
  expect_run(&runs[2], WEIR_DATA_STREAM, 30, 30);
}
END_TEST

/* Whatever the bytes: the runs add up, and what is called a stream is one. */
START_TEST(runs_tell_the_truth) {
  static uint8_t bytes[SIZE], again[SIZE];
  uint64_t state = 3;
  for (int round = 0; round < 300; round++) {
    size_t size = 0;
    while (size < SIZE / 2) {
      const size_t piece = 1 + random_next(&state) % 300;
      const weir_stream stream = (weir_stream)(random_next(&state) % 4);
      if (random_next(&state) % 6 == 0)
        memset(bytes + size, (int)(random_next(&state) % 256), piece);
      else
        weir_payload_fill(stream, random_next(&state) % 60000, bytes + size, piece);
      size += piece;
    }
    weir_payload_run runs[64];
    const size_t most = 1 + random_next(&state) % 64;
    const size_t count = weir_payload_identify(IN, random_next(&state) % 60000, 2, bytes, size, runs, most);
    ck_assert_uint_ge(count, 1);
    ck_assert_uint_le(count, most);
    size_t at = 0;
    for (size_t index = 0; index < count; index++) {
      const weir_payload_run *run = &runs[index];
      ck_assert_uint_gt(run->size, 0);
      if (run->data == WEIR_DATA_POISON) memset(again, WEIR_POISON, run->size);
      if (run->data == WEIR_DATA_STREAM) weir_payload_fill(IN, run->offset, again, run->size);
      if (run->data == WEIR_DATA_REVERSE) weir_payload_fill(OUT, run->offset, again, run->size);
      if (run->data != WEIR_DATA_NONSENSE && run->data != WEIR_DATA_FOREIGN)
        ck_assert_mem_eq(again, bytes + at, run->size);
      at += run->size;
    }
    ck_assert_uint_eq(at, size);
  }
}
END_TEST

/* A stray run is found wherever it stands, over the edges of blocks too. */
START_TEST(every_place_is_found) {
  uint8_t bytes[24];
  weir_payload_run runs[8];
  size_t wrong = 0;
  for (uint64_t offset = 0; offset < WEIR_PAYLOAD_REACH; offset++) {
    weir_payload_fill(IN, offset, bytes, sizeof bytes);
    size_t count = weir_payload_identify(IN, 70000, 1, bytes, sizeof bytes, runs, 8);
    wrong += count != 1 || runs[0].data != WEIR_DATA_STREAM || runs[0].offset != offset;
  }
  ck_assert_uint_lt(wrong, 4);
}
END_TEST

START_TEST(a_mebibyte_of_nonsense_is_bounded_work) {
  const size_t size = 1 << 20;
  uint8_t *bytes = malloc(size);
  ck_assert_ptr_nonnull(bytes);
  uint64_t state = 4;
  for (size_t at = 0; at < size; at++) bytes[at] = (uint8_t)(0x80 | (random_next(&state) & 0x1F));
  weir_payload_run runs[4];
  ck_assert_uint_eq(weir_payload_identify(IN, 0, 1, bytes, size, runs, 4), 1);
  expect_run(&runs[0], WEIR_DATA_NONSENSE, (uint32_t)size, 0);
  free(bytes);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("payload");
  TCase *tests = tcase_create("payload");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, a_byte_depends_on_its_offset_alone);
  tcase_add_test(tests, no_byte_is_poison);
  tcase_add_test(tests, match_stops_at_the_first_other_byte);
  tcase_add_test(tests, four_bytes_are_hardly_ever_ambiguous);
  tcase_add_test(tests, lost_bytes_are_a_jump_forward);
  tcase_add_test(tests, doubled_bytes_are_a_jump_back);
  tcase_add_test(tests, poison_is_poison);
  tcase_add_test(tests, reverse_and_foreign_are_named);
  tcase_add_test(tests, short_strays_are_nonsense);
  tcase_add_test(tests, runs_tell_the_truth);
  tcase_add_test(tests, every_place_is_found);
  tcase_add_test(tests, a_mebibyte_of_nonsense_is_bounded_work);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
