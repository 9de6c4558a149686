/* Any transport in C, as the plug-in that it is, under any scenario:
 *
 *   WEIR_PLUGIN=./libmine.so fuzz_plugin ...
 *
 * One that was compiled with -fsanitize=fuzzer-no-link is seen by the fuzzer,
 * as a part of this program would be. */
#include <dlfcn.h>
#include <string.h>

#include "fuzz.h"
#include "input.h"
#include "scenario/mutate.h"
#include "weir/transport.h"

static void stop(const char *what, const char *why) {
  (void)fprintf(stderr, "fuzz_plugin: %s: %s\n", what, why);
  exit(2);
}

static const weir_target *load(void) {
  const char *path = getenv("WEIR_PLUGIN");
  if (path == NULL) stop("WEIR_PLUGIN", "is not set: it names the shared object with the transport");
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) stop(path, dlerror());
  void *place = dlsym(library, WEIR_PLUGIN_SYMBOL);
  if (place == NULL) stop(path, "exports no " WEIR_PLUGIN_SYMBOL "()");
  weir_plugin_fn *plugin;
  memcpy(&plugin, &place, sizeof plugin);
  return plugin();
}

static const weir_target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv);
/* Before the fuzzer looks at what is loaded. */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  target = load();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static weir_scenario scenario;
  static fuzz_trial *trial;
  if (trial == NULL) trial = fuzz_trial_new(target);
  FUZZ_CHECK(trial != NULL);
  weir_scenario_decode(data, size, &scenario);
  weir_scenario_lighten(&scenario);
  weir_scenario_confine(&scenario, target->capabilities);
  fuzz_input(trial, &scenario, data, size);
  return 0;
}
