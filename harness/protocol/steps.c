#include "protocol/steps.h"

#include <stdlib.h>
#include <ucontext.h>

#if defined(__x86_64__)

enum { TRAP_FLAG = 0x100 };

/* Runs after each instruction: reads nothing but its own stack. */
static void count_one(int signal_number, siginfo_t *info, void *context) {
  (void)signal_number;
  (void)info;
  ucontext_t *at = context;
  weir_steps *steps = at->uc_stack.ss_sp;
  ++steps->work[steps->now];
  if ((steps->count & 0xFFF) == 0 && steps->beat != NULL) ++*steps->beat;
  if (++steps->count >= steps->most) at->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
}

/* Below the red zone, which belongs to the function around. */
static inline void set_flag(void) {
  __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tlea 128(%%rsp), %%rsp"
                   :
                   :
                   : "memory", "cc");
}

static inline void clear_flag(void) {
  __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\tandq $-257, (%%rsp)\n\tpopfq\n\tlea 128(%%rsp), %%rsp"
                   :
                   :
                   : "memory", "cc");
}

static bool in_range(weir_steps *steps) {
  for (unsigned i = 0; i < steps->ranges; i++) {
    if (steps->tick < steps->first[i] || steps->tick - steps->first[i] >= steps->length) continue;
    steps->now = i;
    return true;
  }
  return false;
}

void weir_steps_on(weir_steps *steps) {
  if (steps != NULL && steps->count < steps->most && in_range(steps)) set_flag();
}

void weir_steps_off(weir_steps *steps) {
  if (steps != NULL) clear_flag();
}

static bool take_signals(weir_steps *steps) {
  stack_t stack = {.ss_sp = steps, .ss_size = WEIR_STEPS_STACK};
  struct sigaction action = {.sa_sigaction = count_one, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  (void)sigemptyset(&action.sa_mask);
  if (sigaltstack(&stack, &steps->old_stack) != 0) return false;
  if (sigaction(SIGTRAP, &action, &steps->old_action) == 0) return true;
  (void)sigaltstack(&steps->old_stack, NULL);
  return false;
}

/* Where the flag has no effect, as under some emulators, nothing is counted. */
static bool works(weir_steps *steps) {
  steps->most = 10000;
  steps->ranges = 1;
  steps->length = 1;
  weir_steps_on(steps);
  for (volatile int i = 0; i < 10; i++) continue;
  weir_steps_off(steps);
  return steps->count >= 20 && steps->count < steps->most;
}

weir_steps *weir_steps_new(void) {
  weir_steps *steps = calloc(1, WEIR_STEPS_STACK);
  if (steps == NULL) return NULL;
  if (!take_signals(steps)) {
    free(steps);
    return NULL;
  }
  if (works(steps)) return steps;
  weir_steps_free(steps);
  return NULL;
}

void weir_steps_free(weir_steps *steps) {
  if (steps == NULL) return;
  (void)sigaction(SIGTRAP, &steps->old_action, NULL);
  (void)sigaltstack(&steps->old_stack, NULL);
  free(steps);
}

void weir_steps_clear(weir_steps *steps) {
  steps->tick = steps->count = 0;
  for (unsigned i = 0; i < WEIR_STEPS_RANGES; i++) steps->work[i] = 0;
}

void weir_steps_add(weir_steps *steps, uint64_t work) {
  if (steps != NULL && in_range(steps)) steps->work[steps->now] += work;
}

#else

weir_steps *weir_steps_new(void) {
  return NULL;
}
void weir_steps_free(weir_steps *steps) {
  (void)steps;
}
void weir_steps_clear(weir_steps *steps) {
  (void)steps;
}
void weir_steps_add(weir_steps *steps, uint64_t work) {
  (void)steps;
  (void)work;
}
void weir_steps_on(weir_steps *steps) {
  (void)steps;
}
void weir_steps_off(weir_steps *steps) {
  (void)steps;
}

#endif
