/* Cost (R10, R11): counted, not timed. */
#include "protocol/check.h"

weir_status weir_check_cost(weir_check *check) {
  (void)snprintf(check->report->skip, sizeof check->report->skip, "not there yet");
  return WEIR_OK;
}

weir_status weir_check_memory(weir_check *check) {
  (void)snprintf(check->report->skip, sizeof check->report->skip, "not there yet");
  return WEIR_OK;
}
