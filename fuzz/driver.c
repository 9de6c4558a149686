/* Gives a fuzz target every file below the places named, once: what libFuzzer
 * does where it is told not to search.  For machines without it, and for tests. */
#include <ftw.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "fuzz.h"

enum { FILE_MAX = 1 << 21, DESCRIPTORS = 16 };

static unsigned given; /* nftw passes no context on */

static int give(const char *path, const struct stat *about, int type, struct FTW *where) {
  (void)where;
  if (type != FTW_F || about->st_size > FILE_MAX) return 0;
  FILE *in = fopen(path, "rb");
  /* Of exactly its size, so that a read past the end is seen. */
  uint8_t *bytes = malloc(about->st_size > 0 ? (size_t)about->st_size : 1);
  size_t size = in != NULL && bytes != NULL ? fread(bytes, 1, (size_t)about->st_size, in) : 0;
  bool failed = in == NULL || bytes == NULL || ferror(in) != 0;
  if (!failed) (void)LLVMFuzzerTestOneInput(bytes, size);
  if (in != NULL) (void)fclose(in);
  free(bytes);
  if (failed) (void)fprintf(stderr, "%s cannot be read\n", path);
  given++;
  return failed ? 1 : 0;
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    if (nftw(argv[i], give, DESCRIPTORS, FTW_PHYS) != 0) return 1;
  (void)printf("%u inputs\n", given);
  return given > 0 ? 0 : 1;
}
