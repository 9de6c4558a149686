/* System calls that a program makes itself, past libc (Bun's): the kernel turns
 * those of one thread into SIGSYS (Syscall User Dispatch), and the handler lands
 * in the functions that the program could have called.  Those in libc's own text
 * go on as ever, so that what is not ours is passed on from there. */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "interpose/dispatch.h"
#include "interpose/real.h"
#include "weir/adapter.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON           1
#endif

enum { MASK_SIZE = 8 }; /* the kernel's sigset_t */

/* Once this is on, SIGSYS is ours. */
static _Atomic bool on;

/* The kernel's SYSCALL_DISPATCH_FILTER_BLOCK. */
static char selector = 1;

#ifdef __x86_64__

/* What the mask became, for it is the interrupted context's that stays. */
static void keep_mask(ucontext_t *context) {
  sigset_t mask;
  (void)sigemptyset(&mask);
  (void)weir_real()->syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, MASK_SIZE);
  (void)sigdelset(&mask, SIGSYS);
  memcpy(&context->uc_sigmask, &mask, MASK_SIZE);
}

static long perform(long number, const long a[WEIR_SYSCALL_ARGUMENTS]) {
  long result;
  if (number == SYS_rt_sigaction && a[0] == SIGSYS) return 0;
  errno = 0;
  if (!weir_dispatch(number, a, &result)) result = weir_real()->syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return result == -1 && errno != 0 ? -errno : result;
}

static void handle(int signal, siginfo_t *info, void *place) {
  (void)signal;
  ucontext_t *context = place;
  greg_t *registers = context->uc_mcontext.gregs;
  const long a[WEIR_SYSCALL_ARGUMENTS] = {registers[REG_RDI], registers[REG_RSI], registers[REG_RDX],
                                          registers[REG_R10], registers[REG_R8],  registers[REG_R9]};
  int error = errno;
  registers[REG_RAX] = perform(info->si_syscall, a);
  if (info->si_syscall == SYS_rt_sigprocmask) keep_mask(context);
  errno = error;
}

#endif

/* The executable segment that a function lies in. */
typedef struct text {
  uintptr_t inside, start, size;
} text;

static int find_text(struct dl_phdr_info *object, size_t size, void *place) {
  (void)size;
  text *found = place;
  for (unsigned i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
    uintptr_t start = object->dlpi_addr + segment->p_vaddr;
    if (segment->p_type != PT_LOAD || (segment->p_flags & PF_X) == 0) continue;
    if (found->inside < start || found->inside - start >= segment->p_memsz) continue;
    found->start = start;
    found->size = segment->p_memsz;
    return 1;
  }
  return 0;
}

WEIR_EXPORT int sigaction(int number, const struct sigaction *restrict action, struct sigaction *restrict old) {
  if (number != SIGSYS || action == NULL || !atomic_load(&on)) return weir_real()->sigaction(number, action, old);
  if (old != NULL) *old = (struct sigaction){.sa_handler = SIG_DFL};
  return 0;
}

WEIR_EXPORT int weir_adapter_inlined(void) {
#ifdef __x86_64__
  struct sigaction action = {.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART};
  action.sa_sigaction = handle;
  text libc = {0};
  memcpy(&libc.inside, &weir_real()->syscall, sizeof libc.inside);
  if (dl_iterate_phdr(find_text, &libc) == 0 || weir_real()->sigaction(SIGSYS, &action, NULL) != 0) return -1;
  atomic_store(&on, true);
  return prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, libc.start, libc.size, &selector) == 0 ? 0 : -1;
#else
  errno = ENOSYS;
  return -1;
#endif
}
