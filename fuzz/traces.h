/* What holds for every trace, wherever it came from. */
#ifndef WEIR_FUZZ_TRACES_H
#define WEIR_FUZZ_TRACES_H

#include "trace/codec.h"

/* Reads bytes as a trace of either form, and checks what was read. */
void fuzz_check_trace(const uint8_t *data, size_t size);
/* Judges any records at all, those that no recorder writes too. */
void fuzz_check_judgement(const weir_record *records, size_t count);

#endif
