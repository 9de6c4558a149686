/* The program's buffers as this side knows them: what get_buffer gave last, and
 * what the program says of their content.  The probe looks at these. */
#ifndef WEIR_TARGETS_MIRRORS_H
#define WEIR_TARGETS_MIRRORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WEIR_MIRRORS_KEPT = 8 /* more than the probe looks back at */ };

typedef struct weir_mirror {
  uint8_t *bytes;
  size_t size, room;
  uint32_t nth; /* which get_buffer; 0: none */
} weir_mirror;

typedef struct weir_mirrors {
  weir_mirror kept[WEIR_MIRRORS_KEPT];
  unsigned newest;
} weir_mirrors;

void weir_mirrors_clear(weir_mirrors *mirrors); /* for a new run */
void weir_mirrors_free(weir_mirrors *mirrors);
/* Memory for the buffer that the nth get_buffer gives, never NULL with a size of 0; NULL: no memory. */
uint8_t *weir_mirrors_give(weir_mirrors *mirrors, size_t size, uint32_t nth);
/* What buffer nth holds (0: the newest): poison where the content says nothing.
 * Its memory, NULL: it is not known any more. */
uint8_t *weir_mirrors_show(weir_mirrors *mirrors, uint32_t nth, const void *content, size_t size);
uint8_t *weir_mirrors_find(weir_mirrors *mirrors, uint32_t nth);

#endif
