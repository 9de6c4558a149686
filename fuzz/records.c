/* The validator and the report on any records at all: what a broken or hostile
 * worker may leave in the shared memory. */
#include <string.h>

#include "fuzz.h"
#include "traces.h"

enum { RECORDS_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static weir_record records[RECORDS_MAX];
  size_t count = size / sizeof *records;
  if (count > RECORDS_MAX) count = RECORDS_MAX;
  if (count > 0) memcpy(records, data, count * sizeof *records);
  fuzz_check_judgement(records, count);
  return 0;
}
