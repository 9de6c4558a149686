/* Drives a fuzz target under AFL++: persistent, inputs in shared memory, and an
 * input is a batch of scenarios, since an execution costs AFL++ more than a
 * scenario takes.
 *
 * What traces show goes into edges of their own: as many guards as there are
 * counters, which AFL++'s runtime gives places in its map as it does the
 * compiler's.  The most of a batch counts and not the sum, so that a scenario
 * of a batch whose like is in it already can be left out (AFL++'s trimming). */
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "feedback.h"
#include "fuzz.h"

#ifdef __AFL_FUZZ_INIT
__AFL_FUZZ_INIT()

extern uint8_t *__afl_area_ptr;
void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop);

static uint32_t guards[WEIR_COUNTER_COUNT];

/* Before the runtime tells AFL++ how large its map is. */
__attribute__((constructor)) static void take_places(void) {
  __sanitizer_cov_trace_pc_guard_init(guards, guards + WEIR_COUNTER_COUNT);
}

static void show(void) {
  for (unsigned i = 0; i < WEIR_COUNTER_COUNT; i++) {
    uint8_t *at = &__afl_area_ptr[guards[i]];
    if (fuzz_feedback[i] > *at) *at = fuzz_feedback[i];
  }
}

static void give_batch(const uint8_t *data, size_t size) {
  fuzz_batch batch = {.data = data, .size = size};
  const uint8_t *one = NULL;
  size_t length = 0;
  while (fuzz_batch_next(&batch, &one, &length)) {
    memset(fuzz_feedback, 0, sizeof fuzz_feedback);
    (void)LLVMFuzzerTestOneInput(one, length);
    show();
  }
}

int main(void) {
  enum { EXECUTIONS = 100000 };
#ifdef __AFL_HAVE_MANUAL_CONTROL
  __AFL_INIT();
#endif
  const uint8_t *data = __AFL_FUZZ_TESTCASE_BUF;
  while (__AFL_LOOP(EXECUTIONS)) give_batch(data, (size_t)__AFL_FUZZ_TESTCASE_LEN);
  return 0;
}
#else
#error "this is for afl-clang-fast"
#endif
