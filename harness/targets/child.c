#include "targets/child.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SLICE_MS = 20, END_MS_MAX = 10000 };

static int64_t clock_ms(clockid_t clock) {
  struct timespec now = {0};
  if (clock_gettime(clock, &now) != 0) return -1;
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- In the child */

/* High, and left open on exec. */
static int raise_descriptor(int descriptor) {
  int high = fcntl(descriptor, F_DUPFD, WEIR_CHILD_DESCRIPTOR_LEAST);
  return high >= 0 ? high : fcntl(descriptor, F_DUPFD, 3);
}

static void close_others(int keep, int too) {
  unsigned low = (unsigned)(keep < too ? keep : too), high = (unsigned)(keep < too ? too : keep);
  if (low > 3) (void)close_range(3, low - 1, 0);
  if (high > low + 1) (void)close_range(low + 1, high - 1, 0);
  (void)close_range(high + 1, ~0u, 0);
}

/* Standard input is empty, and standard output goes where standard error goes:
 * the engine's own is for results. */
static bool redirect(int errors) {
  int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  return nothing >= 0 && dup2(nothing, 0) == 0 && (errors < 0 || dup2(errors, 2) == 2) && dup2(2, 1) == 1;
}

/* Where memory gets short, it is this process that is to go, and not the engine. */
static void offer_oneself(void) {
  int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  (void)!write(file, "1000", 4);
  (void)close(file);
}

static _Noreturn void child_run(weir_child_become *become, void *context, int memory, int pair, int errors,
                                pid_t parent) {
  (void)setpgid(0, 0);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(127);
  sigset_t none;
  (void)sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
  (void)signal(SIGPIPE, SIG_DFL);
  if (!redirect(errors)) _exit(127);
  offer_oneself();
  int high_memory = raise_descriptor(memory), high_pair = raise_descriptor(pair);
  if (high_memory < 0 || high_pair < 0) _exit(127);
  close_others(high_memory, high_pair);
  become(context, high_memory, high_pair);
  _exit(127);
}

/* ---- In the engine */

static void close_both(const int ends[2]) {
  if (ends[0] >= 0) (void)close(ends[0]);
  if (ends[1] >= 0) (void)close(ends[1]);
}

static weir_status child_fork(weir_child *child, weir_child_become *become, void *context, int memory,
                              const int pair[2], const int errors[2], weir_problem *problem) {
  pid_t parent = getpid(), pid = fork();
  if (pid < 0) return weir_fail(problem, WEIR_IO, 0, "fork: %s", strerror(errno));
  if (pid == 0) child_run(become, context, memory, pair[1], errors[1], parent);
  (void)setpgid(pid, pid); /* the child does it too: whoever comes first */
  child->pid = pid;
  if (clock_getcpuclockid(pid, &child->clock) != 0) child->clock = CLOCK_MONOTONIC;
  return WEIR_OK;
}

weir_status weir_child_start(weir_child *child, weir_child_become *become, void *context, int memory, bool show_errors,
                             weir_problem *problem) {
  *child = (weir_child){.pair = -1, .errors = -1, .memory_mib = child->memory_mib};
  int pair[2] = {-1, -1}, errors[2] = {-1, -1};
  weir_status status = WEIR_OK;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    return weir_fail(problem, WEIR_IO, 0, "socketpair: %s", strerror(errno));
  if (!show_errors && pipe2(errors, O_CLOEXEC | O_NONBLOCK) != 0)
    status = weir_fail(problem, WEIR_IO, 0, "pipe: %s", strerror(errno));
  /* The writing end blocks, as a program expects of its standard error. */
  if (status == WEIR_OK && !show_errors) (void)fcntl(errors[1], F_SETFL, 0);
  if (status == WEIR_OK) status = child_fork(child, become, context, memory, pair, errors, problem);
  if (status != WEIR_OK) {
    close_both(pair);
    close_both(errors);
    return status;
  }
  (void)close(pair[1]);
  if (errors[1] >= 0) (void)close(errors[1]);
  child->pair = pair[0];
  child->errors = errors[0];
  return WEIR_OK;
}

static void tail_add(weir_child *child, const char *bytes, size_t size) {
  if (size > WEIR_CHILD_TAIL_MAX) {
    bytes += size - WEIR_CHILD_TAIL_MAX;
    size = WEIR_CHILD_TAIL_MAX;
  }
  size_t room = WEIR_CHILD_TAIL_MAX - child->tail_size;
  if (size > room) {
    memmove(child->tail, child->tail + (size - room), child->tail_size - (size - room));
    child->tail_size -= size - room;
  }
  memcpy(child->tail + child->tail_size, bytes, size);
  child->tail_size += size;
}

static void errors_drain(weir_child *child) {
  char bytes[4096];
  for (unsigned reads = 0; child->errors >= 0 && reads < 64; reads++) {
    ssize_t size = read(child->errors, bytes, sizeof bytes);
    if (size > 0) {
      tail_add(child, bytes, (size_t)size);
    } else if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
      return;
    } else {
      (void)close(child->errors);
      child->errors = -1;
    }
  }
}

bool weir_child_alive(const weir_child *child) {
  siginfo_t info = {0};
  return child->pid != 0 && waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0;
}

/* What stands on the pair now: 1 a message, 0 nothing, -1 its end. */
static int pair_look(weir_child *child, char *message, int how) {
  ssize_t size = recv(child->pair, message, 1, MSG_DONTWAIT | how);
  if (size == 1) return 1;
  return size < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

/* What it has in memory, in MiB; 0: nobody knows. */
static uint64_t resident_mib(pid_t pid) {
  char path[40], text[100];
  (void)snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t size = read(file, text, sizeof text - 1);
  (void)close(file);
  text[size > 0 ? size : 0] = '\0';
  uint64_t pages = 0;
  long page = sysconf(_SC_PAGESIZE);
  return page > 0 && sscanf(text, "%*s %" SCNu64, &pages) == 1 ? pages * (uint64_t)page >> 20 : 0;
}

/* A hang does not run at all: so much real time with no processor time used.
 * Where real time runs out and the child has run meanwhile, it spins on a busy
 * machine. */
enum { IDLE_MS_MAX = 3000 };

/* Most answers come at once, and then nobody asks for the time. */
static bool hear_at_once(weir_child *child, char *message, int how) {
  struct pollfd ready = {.fd = child->pair, .events = POLLIN};
  return poll(&ready, 1, SLICE_MS) == 1 && pair_look(child, message, how) == 1;
}

static uint32_t step_of(const _Atomic uint32_t *progress) {
  return progress != NULL ? atomic_load_explicit(progress, memory_order_relaxed) : 0;
}

/* how: MSG_PEEK or 0 */
static weir_heard hear(weir_child *child, uint32_t spin_ms, uint32_t hang_ms, const _Atomic uint32_t *progress,
                       char *message, int how) {
  if (hear_at_once(child, message, how)) return WEIR_HEARD_MESSAGE;
  uint32_t step = step_of(progress);
  int64_t begin = clock_ms(CLOCK_MONOTONIC), used = clock_ms(child->clock);
  int64_t ran = begin, used_then = used; /* when it was last seen to have run, and what it had used by then */
  const uint64_t had = child->memory_mib != 0 ? resident_mib(child->pid) : 0;
  for (;;) {
    struct pollfd ready[2] = {{.fd = child->pair, .events = POLLIN}, {.fd = child->errors, .events = POLLIN}};
    (void)poll(ready, 2, SLICE_MS);
    if (ready[1].revents != 0) errors_drain(child);
    bool alive = ready[0].revents != 0 || weir_child_alive(child);
    int seen = pair_look(child, message, how);
    if (seen > 0) return WEIR_HEARD_MESSAGE;
    if (seen < 0 || !alive) return WEIR_HEARD_DEATH;
    if (child->memory_mib != 0 && resident_mib(child->pid) > had + child->memory_mib) return WEIR_HEARD_MEMORY;
    int64_t used_now = clock_ms(child->clock), now = clock_ms(CLOCK_MONOTONIC);
    if (step_of(progress) != step) {
      step = step_of(progress);
      begin = ran = now;
      used = used_then = used_now;
    }
    if (used_now - used > (int64_t)spin_ms) return WEIR_HEARD_SPIN;
    if (used_now > used_then) ran = now;
    used_then = used_now;
    if (now - ran > IDLE_MS_MAX) return WEIR_HEARD_HANG;
    if (now - begin > (int64_t)hang_ms) return (now - ran) * 2 < now - begin ? WEIR_HEARD_SPIN : WEIR_HEARD_HANG;
  }
}

weir_heard weir_child_hear(weir_child *child, uint32_t spin_ms, uint32_t hang_ms, const _Atomic uint32_t *progress,
                           char *message) {
  return hear(child, spin_ms, hang_ms, progress, message, 0);
}

weir_heard weir_child_await(weir_child *child, uint32_t spin_ms, uint32_t hang_ms) {
  char first;
  return hear(child, spin_ms, hang_ms, NULL, &first, MSG_PEEK);
}

bool weir_child_tell(weir_child *child, char message) {
  return send(child->pair, &message, 1, MSG_NOSIGNAL) == 1;
}

/* Waits until it has exited, without reaping: so long its number is its own. */
static void await_exit(weir_child *child, uint32_t most_ms) {
  int64_t begin = clock_ms(CLOCK_MONOTONIC);
  while (weir_child_alive(child) && clock_ms(CLOCK_MONOTONIC) - begin < (int64_t)most_ms) {
    struct pollfd errors = {.fd = child->errors, .events = POLLIN};
    (void)poll(&errors, 1, 1);
    if (errors.revents != 0) errors_drain(child);
  }
}

uint32_t weir_child_end(weir_child *child, uint32_t grace_ms) {
  if (child->pid == 0) return 0;
  await_exit(child, grace_ms);
  (void)kill(-child->pid, SIGKILL);
  (void)kill(child->pid, SIGKILL);
  await_exit(child, END_MS_MAX);
  errors_drain(child);
  siginfo_t info = {0};
  uint32_t how = SIGKILL;
  if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0)
    how = (uint32_t)info.si_status + (info.si_code == CLD_EXITED ? 256u : 0u);
  (void)close(child->pair);
  if (child->errors >= 0) (void)close(child->errors);
  child->pid = 0;
  child->pair = child->errors = -1;
  return how;
}

void weir_child_last_words(const weir_child *child, char *out, size_t size) {
  size_t end = child->tail_size;
  while (end > 0 && (unsigned char)child->tail[end - 1] <= ' ') end--;
  size_t begin = end > size - 1 ? end - (size - 1) : 0, used = 0;
  for (size_t i = begin; i < end; i++) {
    char byte = child->tail[i];
    if (byte == '\n') byte = '|';
    if (byte == 127 || (byte >= 0 && byte < ' ')) byte = ' ';
    out[used++] = byte;
  }
  out[used] = '\0';
}
