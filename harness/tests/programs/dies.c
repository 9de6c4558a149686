/* A program on the harness that dies of a null pointer, a few functions deep,
 * in its every run.  Its first argument says what it has set up beside:
 * "plain" nothing, "handler" a handler of its own, which leaves with status 7,
 * "escape" one that gets out of it, so that only its second fault is its end. */
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "weir/adapter.h"
#include "weir/transport.h"

static sigjmp_buf out;

static void leave(int number) {
  (void)number;
  _exit(7);
}

static void escape(int number) {
  (void)number;
  siglongjmp(out, 1);
}

static __attribute__((noinline)) void dies_here(volatile int *where) {
  *where = 1;
}

static __attribute__((noinline)) bool dies_below(int *where) {
  dies_here(where);
  return where != NULL;
}

static bool run(const char *how) {
  if (strcmp(how, "escape") == 0 && sigsetjmp(out, 1) != 0) {
    (void)signal(SIGSEGV, SIG_DFL);
    return true;
  }
  return dies_below(NULL);
}

int main(int argc, char **argv) {
  union {
    void *found;
    int (*hello)(int abi, const char *name, const char *version, uint32_t capabilities);
  } hello = {.found = dlsym(RTLD_DEFAULT, "weir_adapter_hello")};
  union {
    void *found;
    int (*next)(weir_adapter_run *run);
  } next = {.found = dlsym(RTLD_DEFAULT, "weir_adapter_next")};
  if (argc != 2 || hello.found == NULL || next.found == NULL) return 9;
  if (strcmp(argv[1], "handler") == 0) (void)signal(SIGSEGV, leave);
  if (strcmp(argv[1], "escape") == 0) (void)signal(SIGSEGV, escape);
  if (hello.hello(WEIR_ABI, "dies", "1", 0) != 0) return 9;
  weir_adapter_run given;
  while (next.next(&given) == 1)
    if (!run(argv[1])) return 9;
  return 0;
}
