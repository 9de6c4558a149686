/* weir_adapter_tls: opens the TLS peer (tls/tls.h), which lies beside this library. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "interpose/front.h"
#include "interpose/real.h"
#include "tls/tls.h"
#include "weir/adapter.h"

enum { PATH_SIZE = 4096 };

static const char *refuse(const char *what, const char *why) {
  (void)fprintf(stderr, "weir: %s: %s\n", what, why);
  return NULL;
}

static void *open_library(void) {
  Dl_info self;
  char path[PATH_SIZE];
  if (dladdr(&weir_the_front, &self) == 0 || self.dli_fname == NULL) return NULL;
  const char *slash = strrchr(self.dli_fname, '/');
  const int folder = slash != NULL ? (int)(slash - self.dli_fname) + 1 : 0;
  const int size = snprintf(path, sizeof path, "%.*s%s", folder, self.dli_fname, WEIR_TLS_LIBRARY);
  if (size < 0 || (size_t)size >= sizeof path) return NULL;
  return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

/* ISO C has no way from an object pointer to a function. */
static bool find(void *library, const char *name, void *function) {
  void *found = dlsym(library, name);
  memcpy(function, &found, sizeof found);
  return found != NULL;
}

WEIR_EXPORT const char *weir_adapter_tls(int program_serves, int minor) {
  if (minor != 2 && minor != 3) return refuse("weir_adapter_tls", "TLS 1.2 and 1.3 are what there is");
  void *library = open_library();
  if (library == NULL)
    return refuse("there is no TLS here: " WEIR_TLS_LIBRARY " was not built or is not found", dlerror());
  weir_tls_new_fn *make;
  weir_tls_pem_fn *pem;
  if (!find(library, "weir_tls_new", &make) || !find(library, "weir_tls_pem", &pem))
    return refuse(WEIR_TLS_LIBRARY, "it is of another version");
  const weir_tls_options options = {.program_serves = program_serves != 0, .minor = minor};
  weir_wire *wire = NULL;
  weir_problem problem;
  if (make(&options, &wire, &problem) != WEIR_OK) return refuse("the TLS peer", problem.text);
  weir_front *front = weir_front_lock();
  front->wire = wire;
  front->layer = WEIR_LAYER_TLS;
  weir_front_unlock(front);
  return pem(wire);
}
