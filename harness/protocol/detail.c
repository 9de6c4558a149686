/* Both logs side by side, for a person: the first entry that differs marked. */
#include <inttypes.h>

#include "protocol/check.h"

enum { COLUMN = 34, BEFORE = 3, BEHIND = 3 };

static void put_line(const weir_log *left, const weir_log *right, size_t i, bool marked, char *out, size_t size) {
  char one[COLUMN], two[COLUMN];
  weir_log_describe(left, i, one, sizeof one);
  weir_log_describe(right, i, two, sizeof two);
  if (i > left->count) one[0] = '\0';
  if (i > right->count) two[0] = '\0';
  (void)snprintf(out, size, "%s %4zu  %-*s %s\n", marked ? "-->" : "   ", i, COLUMN - 1, one, two);
}

void weir_check_detail(const weir_log *left, const weir_log *right, const weir_difference *difference, char *out,
                       size_t size) {
  size_t used = 0, most = left->count > right->count ? left->count : right->count;
  out[0] = '\0';
  if (difference->written) return;
  size_t first = difference->entry > BEFORE ? difference->entry - BEFORE : 0;
  for (size_t i = first; i <= difference->entry + BEHIND && i <= most && used + 100 < size; i++) {
    put_line(left, right, i, i == difference->entry, out + used, size - used);
    while (out[used] != '\0') used++;
  }
}
