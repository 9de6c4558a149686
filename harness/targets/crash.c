/* A signal handler has no argument to hold its state: what is static here is
 * written once, before the handlers are set.  Libc alone, since this is also
 * part of the interposing library. */
#include "targets/crash.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum { STACK_SIZE = 1 << 16, INNER_FRAMES = 8 /* of the handler itself, at most */ };

static const int watched_signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
enum { SIGNALS = sizeof watched_signals / sizeof *watched_signals };

static struct {
  weir_crash *place;
  struct sigaction before[SIGNALS];
  char executable[WEIR_CRASH_FILE_MAX];
} watch;

/* ---- Noting: nothing here may allocate ---------------------------------------- */

/* Where the program was, 0: this machine's context is not known here. */
static uintptr_t program_counter(const void *context) {
  const ucontext_t *where = context;
#if defined __x86_64__
  return (uintptr_t)where->uc_mcontext.gregs[REG_RIP];
#elif defined __aarch64__
  return (uintptr_t)where->uc_mcontext.pc;
#else
  (void)where;
  return 0;
#endif
}

static void note_frame(weir_crash_frame *frame, uintptr_t address) {
  Dl_info about = {.dli_fname = NULL};
  struct link_map *file = NULL;
  *frame = (weir_crash_frame){.place = 0};
  union {
    uintptr_t number;
    void *pointer;
  } code = {.number = address};
  if (dladdr1(code.pointer, &about, (void **)&file, RTLD_DL_LINKMAP) == 0 || file == NULL) return;
  const char *name = file->l_name[0] != '\0' ? file->l_name : watch.executable;
  size_t length = strnlen(name, sizeof frame->file - 1);
  memcpy(frame->file, name, length);
  frame->file[length] = '\0';
  frame->place = address - file->l_addr;
}

/* The handler's own frames come first; behind them is the place of the fault,
 * and then calls, whose return addresses are one byte past the call at least. */
static void note(int number, const void *context) {
  void *addresses[INNER_FRAMES + WEIR_CRASH_FRAMES];
  weir_crash *place = watch.place;
  int count = backtrace(addresses, INNER_FRAMES + WEIR_CRASH_FRAMES), first = 0;
  const uintptr_t at = program_counter(context);
  while (first < count && (uintptr_t)addresses[first] != at) first++;
  place->count = 0;
  place->signal = (uint32_t)number;
  if (first == count) note_frame(&place->frames[place->count++], at); /* a jump into nowhere, say */
  for (int i = first; i < count && place->count < WEIR_CRASH_FRAMES; i++)
    note_frame(&place->frames[place->count++], (uintptr_t)addresses[i] - (i > first));
}

/* ---- Handing on ------------------------------------------------------------------ */

static void hand_on(const struct sigaction *before, int number, siginfo_t *info, void *context) {
  if (before->sa_flags & SA_SIGINFO) {
    before->sa_sigaction(number, info, context);
  } else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN) {
    before->sa_handler(number);
  } else {
    /* The fault comes again when the handler returns; what was only sent does not. */
    (void)sigaction(number, before, NULL);
    if (info->si_code <= 0) (void)raise(number);
  }
}

static void on_crash(int number, siginfo_t *info, void *context) {
  int error = errno;
  note(number, context);
  errno = error;
  for (unsigned i = 0; i < SIGNALS; i++)
    if (watched_signals[i] == number) hand_on(&watch.before[i], number, info, context);
}

/* ---- Setting up -------------------------------------------------------------------- */

/* Where the stack is what has run out, the handler needs another. */
static void provide_stack(void) {
  stack_t now = {.ss_flags = 0};
  if (sigaltstack(NULL, &now) != 0 || !(now.ss_flags & SS_DISABLE)) return;
  void *memory = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) return;
  const stack_t other = {.ss_sp = memory, .ss_size = STACK_SIZE};
  if (sigaltstack(&other, NULL) != 0) (void)munmap(memory, STACK_SIZE);
}

static void watch_signal(unsigned i) {
  const struct sigaction *before = &watch.before[i];
  if (sigaction(watched_signals[i], NULL, &watch.before[i]) != 0) return;
  if (!(before->sa_flags & SA_SIGINFO) && before->sa_handler == SIG_IGN) return;
  struct sigaction ours = {.sa_flags = SA_SIGINFO | SA_ONSTACK | (before->sa_flags & SA_NODEFER),
                           .sa_mask = before->sa_mask};
  ours.sa_sigaction = on_crash;
  (void)sigaction(watched_signals[i], &ours, NULL);
}

void weir_crash_watch(weir_crash *place) {
  void *address;
  (void)backtrace(&address, 1); /* loads what it needs, which must not happen in the handler */
  ssize_t length = readlink("/proc/self/exe", watch.executable, sizeof watch.executable - 1);
  watch.executable[length > 0 ? length : 0] = '\0';
  bool again = watch.place != NULL;
  watch.place = place;
  if (again) return; /* the handler before ours is not to be ourselves */
  provide_stack();
  for (unsigned i = 0; i < SIGNALS; i++) watch_signal(i);
}
