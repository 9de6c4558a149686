#include "weir/status.h"

#include <stdarg.h>
#include <stdio.h>

weir_status weir_fail(weir_problem *problem, weir_status status, uint32_t line, const char *format, ...) {
  if (problem == NULL) return status;
  problem->status = status;
  problem->line = line;
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(problem->text, sizeof problem->text, format, arguments);
  va_end(arguments);
  return status;
}

const char *weir_status_name(weir_status status) {
  switch (status) {
  case WEIR_OK: return "ok";
  case WEIR_NO_MEMORY: return "no memory";
  case WEIR_BAD_INPUT: return "bad input";
  case WEIR_BOUND: return "a bound was reached";
  case WEIR_IO: return "input/output";
  case WEIR_UNAVAILABLE: return "unavailable";
  case WEIR_VERSION_MISMATCH: return "another version";
  case WEIR_BROKEN: return "broken harness or adapter";
  }
  return "unknown status";
}
