/* A *.target file: an adapter or an error with a line. */
#include <string.h>

#include "fuzz.h"
#include "targets/adapters.h"

static void check_adapter(const weir_adapter *adapter) {
  FUZZ_CHECK(adapter->words > 0 && adapter->words <= WEIR_ADAPTER_WORDS_MAX);
  /* Every word ends inside the command, and has something in it. */
  const char *word = adapter->command, *end = adapter->command + sizeof adapter->command;
  for (unsigned i = 0; i < adapter->words; i++) {
    const char *stop = memchr(word, '\0', (size_t)(end - word));
    FUZZ_CHECK(stop != NULL && stop > word);
    word = stop + 1;
  }
  FUZZ_CHECK(memchr(adapter->runtime, '\0', sizeof adapter->runtime) != NULL);
  FUZZ_CHECK(memchr(adapter->least, '\0', sizeof adapter->least) != NULL);
  FUZZ_CHECK(memchr(adapter->summary, '\0', sizeof adapter->summary) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  FILE *in = size > 0 ? fmemopen((void *)(uintptr_t)data, size, "r") : fopen("/dev/null", "r");
  FUZZ_CHECK(in != NULL);
  static weir_adapter adapter;
  adapter = (weir_adapter){.words = 0};
  weir_problem problem = {.text = ""};
  weir_status status = weir_adapter_parse(in, &adapter, &problem);
  FUZZ_CHECK(fclose(in) == 0);
  if (status == WEIR_OK)
    check_adapter(&adapter);
  else
    FUZZ_CHECK(problem.status == status && problem.text[0] != '\0' && strchr(problem.text, '\n') == NULL);
  return 0;
}
