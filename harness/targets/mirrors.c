#include "targets/mirrors.h"

#include <stdlib.h>
#include <string.h>

#include "weir/payload.h"

void weir_mirrors_clear(weir_mirrors *mirrors) {
  for (unsigned i = 0; i < WEIR_MIRRORS_KEPT; i++) mirrors->kept[i].nth = 0;
}

void weir_mirrors_free(weir_mirrors *mirrors) {
  for (unsigned i = 0; i < WEIR_MIRRORS_KEPT; i++) free(mirrors->kept[i].bytes);
  *mirrors = (weir_mirrors){.newest = 0};
}

uint8_t *weir_mirrors_give(weir_mirrors *mirrors, size_t size, uint32_t nth) {
  mirrors->newest = (mirrors->newest + 1) % WEIR_MIRRORS_KEPT;
  weir_mirror *mirror = &mirrors->kept[mirrors->newest];
  if (mirror->bytes == NULL || mirror->room < size) {
    uint8_t *larger = realloc(mirror->bytes, size > 0 ? size : 1);
    if (larger == NULL) return NULL;
    mirror->bytes = larger;
    mirror->room = size;
  }
  mirror->size = size;
  mirror->nth = nth;
  return mirror->bytes;
}

static weir_mirror *find(weir_mirrors *mirrors, uint32_t nth) {
  if (nth == 0) return &mirrors->kept[mirrors->newest];
  for (unsigned i = 0; i < WEIR_MIRRORS_KEPT; i++)
    if (mirrors->kept[i].nth == nth) return &mirrors->kept[i];
  return NULL;
}

uint8_t *weir_mirrors_find(weir_mirrors *mirrors, uint32_t nth) {
  const weir_mirror *mirror = find(mirrors, nth);
  return mirror != NULL && mirror->nth != 0 ? mirror->bytes : NULL;
}

uint8_t *weir_mirrors_show(weir_mirrors *mirrors, uint32_t nth, const void *content, size_t size) {
  weir_mirror *mirror = find(mirrors, nth);
  if (mirror == NULL || mirror->nth == 0) return NULL;
  const size_t known = size < mirror->size ? size : mirror->size;
  memset(mirror->bytes, WEIR_POISON, mirror->size);
  memcpy(mirror->bytes, content, known);
  return mirror->bytes;
}
