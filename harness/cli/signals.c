#include <signal.h>
#include <time.h>

#include "cli/cli.h"

/* Blocked and asked for, so that nothing is interrupted anywhere. */
static void make_set(sigset_t *set) {
  (void)sigemptyset(set);
  (void)sigaddset(set, SIGINT);
  (void)sigaddset(set, SIGTERM);
  (void)sigaddset(set, SIGHUP);
}

void weir_cli_signals_hold(void) {
  sigset_t set;
  make_set(&set);
  (void)sigprocmask(SIG_BLOCK, &set, NULL);
}

int weir_cli_signals_take(void) {
  sigset_t set;
  make_set(&set);
  int signal = sigtimedwait(&set, NULL, &(struct timespec){.tv_sec = 0});
  return signal > 0 ? signal : 0;
}
