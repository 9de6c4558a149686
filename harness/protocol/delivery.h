/* A delivery: one legal way to bring a byte stream to a protocol.
 *
 * In text, as a report prints it and `weir test --delivery` takes it: the sizes
 * of the pieces (`3 1x17 0` three bytes, seventeen of one byte, and all the rest
 * at once), then how it ends and what else is unkind about it:
 *   fin | reset       how the peer ends the stream, behind the last byte
 *   upto N            ... behind byte N
 *   hint N|varied     what get_buffer is asked for (-1: any)
 *   ask twice         get_buffer twice before each buffer_updated
 *   ask in-vain       get_buffer once with no buffer_updated before each piece
 *   ask held          as in-vain, but the data comes into the buffer asked for then
 *   fill N            what stands in the buffer behind the data
 *   slow              the peer reads what is written a byte at a time, and the transport's write limits are 0 */
#ifndef WEIR_PROTOCOL_DELIVERY_H
#define WEIR_PROTOCOL_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/status.h"

typedef enum weir_ending { WEIR_ENDING_FIN, WEIR_ENDING_RESET, WEIR_ENDING_COUNT } weir_ending;

typedef enum weir_asking { WEIR_ASK_ONCE, WEIR_ASK_TWICE, WEIR_ASK_IN_VAIN, WEIR_ASK_HELD, WEIR_ASK_COUNT } weir_asking;

/* Beside the hints of D3; 0 stands for -1. */
enum { WEIR_HINT_VARIED = -2 };

enum { WEIR_DELIVERY_TEXT_MAX = 240 };

/* A set of cuts: bit i, and a piece ends behind byte i. */
typedef struct weir_delivery {
  const uint8_t *bytes;
  size_t size;
  const uint64_t *cuts; /* for `size` bits; NULL: one piece */
  weir_ending ending;
  weir_asking asking;
  ptrdiff_t hint;
  uint8_t fill; /* 0: the buffer is left as it is */
  bool slow;
  /* As fast as can be: what costs time and is looked at elsewhere is left out. */
  bool lean;
} weir_delivery;

static inline size_t weir_cuts_words(size_t size) {
  return size / 64 + 1;
}
static inline bool weir_cuts_get(const uint64_t *cuts, size_t i) {
  return (cuts[i / 64] >> (i % 64) & 1) != 0;
}
static inline void weir_cuts_set(uint64_t *cuts, size_t i, bool cut) {
  uint64_t bit = UINT64_C(1) << (i % 64);
  cuts[i / 64] = cut ? cuts[i / 64] | bit : cuts[i / 64] & ~bit;
}
/* Pieces of `each` bytes, and the rest. */
void weir_cuts_every(uint64_t *cuts, size_t size, size_t each);

/* Writes the text; what does not fit ends in "...". */
void weir_delivery_print(const weir_delivery *delivery, size_t stream_size, char *out, size_t size);
/* Reads it: delivery->bytes and size are the stream's on entry; cuts has room
 * for it, and holds delivery->cuts on return. */
WEIR_MUST_USE weir_status weir_delivery_parse(const char *text, weir_delivery *delivery, uint64_t *cuts,
                                              weir_problem *problem);

#endif
