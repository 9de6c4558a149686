/* Read cycles, which long traces mostly consist of: get_buffer, recv and
 * buffer_updated, three records with nothing inside or between them.
 *
 * The first four bytes of a record say what it is: one comparison each. */
#ifndef WEIR_TRACE_CYCLES_H
#define WEIR_TRACE_CYCLES_H

#include <string.h>

#include "weir/trace.h"

enum { WEIR_CYCLE = 3 /* records */ };

/* The heads of the records of a cycle of one connection and protocol. */
typedef struct weir_cycle_heads {
  uint32_t head[WEIR_CYCLE];
} weir_cycle_heads;

static inline uint32_t weir_record_head(const weir_record *record) {
  uint32_t head;
  memcpy(&head, record, sizeof head);
  return head;
}

/* `first` is the record that the cycle begins with. */
static inline weir_cycle_heads weir_cycle_of(const weir_record *first) {
  const uint8_t flags = (uint8_t)((first->flags & 0xF0) | WEIR_FLAG_BEGIN | WEIR_FLAG_END);
  const weir_record records[WEIR_CYCLE] = {
      {.event = WEIR_EVENT_GET_BUFFER, .connection = first->connection, .flags = flags},
      {.event = WEIR_EVENT_RECV, .connection = first->connection},
      {.event = WEIR_EVENT_BUFFER_UPDATED, .connection = first->connection, .flags = flags, .code = WEIR_DATA_STREAM}};
  return (weir_cycle_heads){
      {weir_record_head(&records[0]), weir_record_head(&records[1]), weir_record_head(&records[2])}};
}

static inline bool weir_is_cycle(const weir_record *records, const weir_cycle_heads *heads) {
  return ((weir_record_head(&records[0]) ^ heads->head[0]) | (weir_record_head(&records[1]) ^ heads->head[1]) |
          (weir_record_head(&records[2]) ^ heads->head[2])) == 0;
}

#endif
