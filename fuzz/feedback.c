#include "feedback.h"

/* libFuzzer finds the counters by the name of their section.  It reads them
 * behind the compiler's back: static, or not `used`, they would be taken out as
 * written and never read. */
#ifndef FUZZ_NO_FEEDBACK
__attribute__((used, section("__libfuzzer_extra_counters")))
#endif
uint8_t fuzz_feedback[WEIR_COUNTER_COUNT];
