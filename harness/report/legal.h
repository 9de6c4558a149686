/* What the machine of the specification (D6) allows at an event. */
#ifndef WEIR_REPORT_LEGAL_H
#define WEIR_REPORT_LEGAL_H

#include <stddef.h>

#include "weir/trace.h"

/* Where the machine forbids the callback that records[event] begins, writes
 * what it allows there: "in state eof: connection_lost, pause_writing,
 * resume_writing".  Empty where the event is none of the machine's, or is
 * allowed: then another rule forbids it, and its message says what it allows. */
void weir_legal_describe(const weir_record *records, uint32_t count, uint64_t event, char *out, size_t size);

#endif
