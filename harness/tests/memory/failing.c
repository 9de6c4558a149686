#include "failing.h"

#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The linker sends calls of NAME to __wrap_NAME, and those of __real_NAME to NAME. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
int __real_setenv(const char *name, const char *value, int overwrite);
FILE *__real_fopen(const char *path, const char *mode);
FILE *__real_fdopen(int descriptor, const char *mode);
DIR *__real_opendir(const char *path);
void *__real_mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset);
error_t __real_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, int *index, void *input);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);
int __wrap_asprintf(char **out, const char *format, ...);
int __wrap_setenv(const char *name, const char *value, int overwrite);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fdopen(int descriptor, const char *mode);
DIR *__wrap_opendir(const char *path);
void *__wrap_mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset);
error_t __wrap_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, int *index, void *input);

static unsigned left;      /* until one fails; 0: none does.  A child has its own */
static atomic_uint *fired; /* in memory that children share */

static bool fails(void) {
  if (left == 0 || --left > 0) return false;
  atomic_fetch_add(fired, 1);
  errno = ENOMEM;
  return true;
}

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size) {
  return fails() ? NULL : __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text) {
  return fails() ? NULL : __real_strdup(text);
}

int __wrap_asprintf(char **out, const char *format, ...) {
  /* What stands there after a failure is not defined: nothing that may be freed. */
  *out = (char *)(uintptr_t)1;
  if (fails()) return -1;
  va_list arguments;
  va_start(arguments, format);
  int size = vasprintf(out, format, arguments);
  va_end(arguments);
  return size;
}

int __wrap_setenv(const char *name, const char *value, int overwrite) {
  return fails() ? -1 : __real_setenv(name, value, overwrite);
}

FILE *__wrap_fopen(const char *path, const char *mode) {
  return fails() ? NULL : __real_fopen(path, mode);
}

FILE *__wrap_fdopen(int descriptor, const char *mode) {
  return fails() ? NULL : __real_fdopen(descriptor, mode);
}

DIR *__wrap_opendir(const char *path) {
  return fails() ? NULL : __real_opendir(path);
}

void *__wrap_mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset) {
  return fails() ? MAP_FAILED : __real_mmap(address, size, protection, flags, descriptor, offset);
}

error_t __wrap_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, int *index, void *input) {
  return fails() ? ENOMEM : __real_argp_parse(argp, argc, argv, flags, index, input);
}

bool failing_set_up(void) {
  json_set_alloc_funcs(__wrap_malloc, free);
  void *shared = __real_mmap(NULL, sizeof *fired, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  fired = shared != MAP_FAILED ? shared : NULL;
  return fired != NULL;
}

void failing_begin(unsigned k) {
  atomic_store(fired, 0);
  left = k;
}

bool failing_end(void) {
  left = 0;
  return atomic_load(fired) > 0;
}
