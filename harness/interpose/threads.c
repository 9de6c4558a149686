#include "interpose/threads.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/single_threaded.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "interpose/front.h"
#include "interpose/real.h"

enum { IDLE_MS = 1, SYSCALL_TEXT_MAX = 256 };

/* The links of the folder are its entries: one a thread, and two more. */
static bool has_others(void) {
  if (__libc_single_threaded) return false;
  struct stat tasks;
  return stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink > 3;
}

/* Whether a thread waits to be woken by another (futex) or by a descriptor; one
 * that runs, sleeps, or reads from something slow does not. */
static bool waits(const char *thread) {
  char path[64], text[SYSCALL_TEXT_MAX];
  (void)snprintf(path, sizeof path, "/proc/self/task/%.20s/syscall", thread);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  ssize_t size = weir_real()->read(file, text, sizeof text - 1);
  (void)weir_real()->close(file);
  if (size <= 0) return false;
  text[size] = '\0';
  char *end = text;
  long number = strtol(text, &end, 10);
  if (end == text) return false;
  return number == SYS_futex || number == SYS_epoll_pwait
#ifdef SYS_epoll_wait
         || number == SYS_epoll_wait
#endif
      ;
}

static bool others_wait(void) {
  DIR *tasks = opendir("/proc/self/task");
  if (tasks == NULL) return false;
  long self = weir_real()->syscall(SYS_gettid);
  bool all = true;
  for (struct dirent *task = readdir(tasks); task != NULL && all; task = readdir(tasks))
    if (task->d_name[0] != '.' && strtol(task->d_name, NULL, 10) != self) all = waits(task->d_name);
  (void)closedir(tasks);
  return all;
}

int weir_threads_settle(void) {
  if (!has_others()) return 0;
  return others_wait() ? IDLE_MS : WEIR_SETTLE_MS;
}
