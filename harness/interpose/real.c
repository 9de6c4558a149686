#include "interpose/real.h"

#include <dlfcn.h>
#include <string.h>

/* Written once, with the same values whoever comes first. */
static weir_real_functions functions;
static pthread_once_t resolved = PTHREAD_ONCE_INIT;

/* Condition variables have an older, incompatible version on x86-64, which
 * dlsym() may prefer. */
static void *find(const char *name) {
  void *place = strncmp(name, "pthread_cond_", 13) == 0 ? dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2") : NULL;
  return place != NULL ? place : dlsym(RTLD_NEXT, name);
}

static void resolve(void) {
  void *place;
#define X(name, result, parameters)                                                                                    \
  place = find(#name);                                                                                                 \
  memcpy(&functions.name, &place, sizeof place);
  WEIR_REAL_FUNCTIONS(X)
#undef X
}

const weir_real_functions *weir_real(void) {
  (void)pthread_once(&resolved, resolve);
  return &functions;
}
