/* The interposing library, seen from the engine's end of the channel: programs
 * under it are given scenarios, and their traces are looked at.  Two programs:
 * this file itself, started again (its system calls one by one), and the
 * adapter for asyncio, where there is a python3. */
#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "targets/channel.h"
#include "weir/adapter.h"
#include "weir/payload.h"
#include "weir/transport.h"

#define PRELOAD WEIR_BINARY_FOLDER "/lib/libweir-preload.so"
#define TARGETS WEIR_SOURCE_FOLDER "/conformance/targets/"

enum { WAIT_MS = 20000, TRACE_TEXT_MAX = 16384 };

/* ---- The engine's end --------------------------------------------------------- */
typedef struct worker {
  weir_channel_memory *memory;
  int pair;
  pid_t process;
} worker;

static void run_child(char *const *command, int memory, int pair) {
  char channel[32];
  (void)snprintf(channel, sizeof channel, "%d,%d", memory, pair);
  (void)setenv(WEIR_CHANNEL_VARIABLE, channel, 1);
  (void)setenv("LD_PRELOAD", PRELOAD, 1);
  /* Where this file is built with sanitizers, their library is not the first. */
  (void)setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", 1);
  (void)setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
  (void)execvp(command[0], command);
  _exit(127);
}

static worker start(char *const *command) {
  int memory = memfd_create("channel", 0), pair[2];
  ck_assert_int_ge(memory, 0);
  ck_assert_int_eq(ftruncate(memory, sizeof(weir_channel_memory)), 0);
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
  worker made = {.pair = pair[0]};
  made.memory = mmap(NULL, sizeof(weir_channel_memory), PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  ck_assert_ptr_ne(made.memory, MAP_FAILED);
  made.memory->magic = WEIR_CHANNEL_MAGIC;
  made.memory->abi = WEIR_ABI;
  made.memory->size = sizeof(weir_channel_memory);
  made.process = fork();
  ck_assert_int_ge(made.process, 0);
  if (made.process == 0) {
    (void)close(pair[0]);
    run_child(command, memory, pair[1]);
  }
  (void)close(pair[1]);
  (void)close(memory);
  return made;
}

static void expect(const worker *of, char message) {
  struct pollfd polled = {.fd = of->pair, .events = POLLIN};
  ck_assert_msg(poll(&polled, 1, WAIT_MS) == 1, "the program does not answer");
  char heard = 0;
  ck_assert_msg(recv(of->pair, &heard, 1, 0) == 1, "the program is gone");
  ck_assert_int_eq(heard, message);
}

static void run_scenario(const worker *of, const weir_scenario *scenario) {
  memset(of->memory->records, 0, of->memory->items[0].record_count * sizeof(weir_record));
  of->memory->done = 0;
  of->memory->scenario = *scenario;
  ck_assert_int_eq(send(of->pair, "r", 1, MSG_NOSIGNAL), 1);
  expect(of, 'd');
  ck_assert_msg(!of->memory->failed, "%s", of->memory->problem.text);
}

static void run_text(const worker *of, const char *text) {
  static weir_scenario scenario;
  weir_problem problem;
  char whole[2048];
  (void)snprintf(whole, sizeof whole, "weir 1\n%s", text);
  weir_status status = weir_scenario_parse(whole, strlen(whole), &scenario, NULL, &problem);
  ck_assert_msg(status == WEIR_OK, "line %u: %s", problem.line, problem.text);
  run_scenario(of, &scenario);
}

/* The exit status, or 256 + the signal. */
static int stop(worker *of) {
  (void)send(of->pair, "q", 1, MSG_NOSIGNAL);
  int status = 0;
  ck_assert_int_eq(waitpid(of->process, &status, 0), of->process);
  (void)munmap(of->memory, sizeof *of->memory);
  (void)close(of->pair);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

/* ---- Traces as words ------------------------------------------------------------ */
static bool is_group(const weir_record *record, weir_event_group group) {
  return weir_event_group_of(record->event) == group;
}

static size_t add(char *text, size_t at, const char *word) {
  ck_assert_uint_lt(at + strlen(word) + 2, TRACE_TEXT_MAX);
  return at + (size_t)sprintf(text + at, at == 0 ? "%s" : " %s", word);
}

/* Callbacks and calls, nested: `get_buffer( close ) buffer_updated=10`; and how
 * the run ended.  Other records do not show, nor does whether there were any. */
static const char *told(const worker *of) {
  static char text[TRACE_TEXT_MAX];
  size_t at = 0;
  text[0] = 0;
  for (uint32_t i = 0; i < of->memory->items[0].record_count; i++) {
    const weir_record *record = &of->memory->records[i];
    char word[80];
    const char *name = weir_event_name(record->event);
    if (record->event == WEIR_EVENT_END)
      (void)snprintf(word, sizeof word, "%s", weir_end_name(record->code));
    else if (record->event == WEIR_EVENT_EXCEPTION_HANDLER)
      (void)snprintf(word, sizeof word, "handler:%s", weir_exception_name(record->code));
    else if (!is_group(record, WEIR_GROUP_CALLBACK) && !is_group(record, WEIR_GROUP_CALL))
      continue;
    else if (!(record->flags & WEIR_FLAG_BEGIN))
      (void)snprintf(word, sizeof word, record->flags & WEIR_FLAG_RAISED ? ")!%s" : ")",
                     weir_exception_name(record->code));
    else if (record->event == WEIR_EVENT_BUFFER_UPDATED || record->event == WEIR_EVENT_DATA_RECEIVED)
      (void)snprintf(word, sizeof word, "%s=%u%s", name, record->a, record->code == WEIR_DATA_STREAM ? "" : "?");
    else if (record->event == WEIR_EVENT_CONNECTION_LOST)
      (void)snprintf(word, sizeof word, "%s:%s", name, weir_exception_name(record->code));
    else
      (void)snprintf(word, sizeof word, "%s", name);
    if (!(record->flags & WEIR_FLAG_END) && (record->flags & WEIR_FLAG_BEGIN)) strcat(word, "(");
    if (strcmp(word, ")") == 0 && at > 0 && text[at - 1] == '(')
      text[--at] = 0;
    else
      at = add(text, at, word);
  }
  return text;
}

static uint64_t count_of(const worker *of, weir_event event, uint64_t *sum) {
  uint64_t count = 0;
  *sum = 0;
  for (uint32_t i = 0; i < of->memory->items[0].record_count; i++) {
    const weir_record *record = &of->memory->records[i];
    if (record->event != event) continue;
    count++;
    *sum += record->a;
  }
  return count;
}

#define EXPECT_TOLD(worker, text) ck_assert_str_eq(told(worker), text)

/* ---- This file as a program under the library ------------------------------------- */
#define DEMAND(condition)                                                                                              \
  do {                                                                                                                 \
    if (!(condition)) demand_failed(#condition, __LINE__, errno);                                                      \
  } while (0)

static void demand_failed(const char *condition, int line, int error) {
  (void)fprintf(stderr, "test_interpose.c:%d: %s (errno %d)\n", line, condition, error);
  _exit(1);
}

static struct {
  int (*hello)(int, const char *, const char *, uint32_t);
  int (*next)(weir_adapter_run *);
  int (*inlined)(void);
  int (*wake)(void);
  int (*outside)(void);
  int (*call)(weir_adapter_call_info *, weir_adapter_decision *);
  void (*done)(int, uint32_t, uint64_t);
  void (*end)(void *, size_t);
  int (*number)(const char *, const char *);
} harness;

static void find_function(void *function, const char *name) {
  void *found = dlsym(RTLD_DEFAULT, name);
  DEMAND(found != NULL);
  memcpy(function, &found, sizeof found);
}

static void join_harness(void) {
  find_function(&harness.hello, "weir_adapter_hello");
  find_function(&harness.next, "weir_adapter_next");
  find_function(&harness.inlined, "weir_adapter_inlined");
  find_function(&harness.wake, "weir_adapter_wake");
  find_function(&harness.outside, "weir_adapter_outside");
  find_function(&harness.call, "weir_adapter_call");
  find_function(&harness.done, "weir_adapter_done");
  find_function(&harness.end, "weir_adapter_end");
  find_function(&harness.number, "weir_adapter_number");
  DEMAND(harness.hello(WEIR_ABI + 1, "program", "0", 0) == -1);
  DEMAND(harness.hello(WEIR_ABI, "program", "1", WEIR_CAN_PAUSE | WEIR_CAN_CONNECTIONS) == 0);
}

/* The stream from `offset` on is received next. */
static void receive(int descriptor, uint64_t offset, size_t size) {
  uint8_t bytes[4096];
  DEMAND(size <= sizeof bytes && recv(descriptor, bytes, size, 0) == (ssize_t)size);
  DEMAND(weir_payload_match(weir_stream_incoming(0), offset, bytes, size) == size);
}

static void add_epoll(int epoll, int descriptor, unsigned events) {
  DEMAND(epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &(struct epoll_event){events, {.fd = descriptor}}) == 0);
}

/* Scenario: send 100; fin.  The calls of a program, and what they come to. */
static void program_calls(const weir_adapter_run *run) {
  uint8_t bytes[200];
  int fd = run->descriptor;
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  DEMAND(getpeername(fd, (struct sockaddr *)&address, &length) == 0 && address.ss_family == AF_INET);
  int value = -1;
  length = sizeof value;
  DEMAND(getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &length) == 0 && value == 0);
  DEMAND(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length) == 0 && value == SOCK_STREAM);
  DEMAND(recv(fd, bytes, 1, 0) == -1 && errno == EAGAIN);
  /* A wait that does not block gives nobody a turn. */
  struct pollfd polled[2] = {{.fd = fd, .events = POLLIN | POLLOUT}, {.fd = run->control, .events = POLLIN}};
  DEMAND(poll(polled, 2, 0) == 1 && polled[0].revents == POLLOUT && polled[0].fd == fd && polled[1].revents == 0);
  polled[0].events = POLLIN;
  DEMAND(poll(polled, 2, 0) == 0);
  polled[0].fd = ~fd; /* switched off */
  DEMAND(poll(polled, 2, 0) == 0 && polled[0].fd == ~fd && polled[0].revents == 0);
  polled[0].fd = fd;
  DEMAND(poll(polled, 2, -1) == 1 && polled[0].revents == POLLIN);
  DEMAND(ioctl(fd, FIONREAD, &value) == 0 && value == 100);
  receive(fd, 0, 10);
  DEMAND(read(fd, bytes, 10) == 10 && weir_payload_match(0, 10, bytes, 10) == 10);
  struct iovec slices[2] = {{bytes, 3}, {bytes + 100, 7}};
  DEMAND(readv(fd, slices, 2) == 10 && weir_payload_match(0, 20, bytes, 3) == 3);
  DEMAND(weir_payload_match(0, 23, bytes + 100, 7) == 7);
  DEMAND(recvmsg(fd, &(struct msghdr){.msg_iov = slices, .msg_iovlen = 1}, 0) == 3);
  receive(fd, 33, 67);
  DEMAND(recv(fd, bytes, 1, 0) == -1 && errno == EAGAIN);
  DEMAND(poll(polled, 2, -1) == 1 && (polled[0].revents & POLLIN));
  DEMAND(recv(fd, bytes, sizeof bytes, 0) == 0);
  /* What is sent is the outgoing stream; the peer sees it whole. */
  weir_payload_fill(weir_stream_outgoing(0), 0, bytes, sizeof bytes);
  DEMAND(send(fd, bytes, 50, MSG_NOSIGNAL) == 50 && write(fd, bytes + 50, 50) == 50);
  struct iovec parts[2] = {{bytes + 100, 60}, {bytes + 160, 40}};
  DEMAND(writev(fd, parts, 2) == 100);
  DEMAND(shutdown(fd, SHUT_WR) == 0);
  DEMAND(send(fd, bytes, 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
  int twin = dup(fd);
  DEMAND(twin >= 0 && close(fd) == 0);
  DEMAND(close(fd) == -1 && errno == EBADF);
  DEMAND(recv(fd, bytes, 1, 0) == -1 && errno == EBADF);
  DEMAND(recv(twin, bytes, 1, 0) == 0 && close(twin) == 0);
  DEMAND(poll(&polled[1], 1, -1) == 1 && harness.wake() == WEIR_WAKE_STOP);
}

/* Scenario: send 10; send 10; send 10.  Edges, levels, one shot. */
static void program_epoll(const weir_adapter_run *run) {
  struct epoll_event events[4];
  int fd = run->descriptor, epoll = epoll_create1(EPOLL_CLOEXEC), twin = dup(epoll);
  DEMAND(epoll >= 0 && twin >= 0);
  add_epoll(epoll, run->control, EPOLLIN);
  add_epoll(twin, fd, EPOLLIN | EPOLLET);
  DEMAND(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &events[0]) == -1 && errno == EEXIST);
  DEMAND(epoll_wait(epoll, events, 4, -1) == 1 && events[0].data.fd == fd && events[0].events == EPOLLIN);
  DEMAND(epoll_wait(twin, events, 4, 0) == 0); /* the edge was told */
  DEMAND(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &(struct epoll_event){EPOLLIN | EPOLLET, {.fd = fd}}) == 0);
  DEMAND(epoll_wait(epoll, events, 4, 0) == 1); /* ... and is fresh again */
  receive(fd, 0, 5);
  DEMAND(epoll_wait(epoll, events, 4, -1) == 1); /* the second send is a new edge */
  receive(fd, 5, 15);
  DEMAND(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &(struct epoll_event){EPOLLIN | EPOLLONESHOT, {.fd = fd}}) == 0);
  DEMAND(epoll_wait(epoll, events, 4, -1) == 1);
  DEMAND(epoll_wait(epoll, events, 4, 0) == 0);
  DEMAND(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &(struct epoll_event){EPOLLIN, {.fd = fd}}) == 0);
  DEMAND(epoll_wait(epoll, events, 4, 0) == 1 && epoll_wait(epoll, events, 4, 0) == 1);
  DEMAND(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) == 0);
  DEMAND(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) == -1 && errno == ENOENT);
  /* Real descriptors beside it work as ever, and come before any turn. */
  int pipes[2];
  DEMAND(pipe(pipes) == 0 && write(pipes[1], "x", 1) == 1);
  add_epoll(epoll, pipes[0], EPOLLIN);
  DEMAND(epoll_wait(epoll, events, 4, -1) == 1 && events[0].data.fd == pipes[0]);
  DEMAND(read(pipes[0], events, 1) == 1 && harness.wake() == WEIR_WAKE_NOTHING);
  DEMAND(epoll_wait(epoll, events, 4, -1) == 1 && events[0].data.fd == run->control);
  DEMAND(harness.wake() == WEIR_WAKE_STOP);
  (void)close(pipes[0]);
  (void)close(pipes[1]);
  (void)close(epoll);
  (void)close(twin); /* fd stays open: it must not reach the next run */
}

static double seconds(void) {
  struct timespec now;
  DEMAND(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Scenario: an application step, then a peer's sleep.  select, and time. */
static void program_select(const weir_adapter_run *run) {
  double began = seconds();
  struct timeval hour = {.tv_sec = 3600};
  fd_set in;
  FD_ZERO(&in);
  FD_SET(run->control, &in);
  FD_SET(run->descriptor, &in);
  DEMAND(select(FD_SETSIZE, &in, NULL, NULL, &hour) == 1 && FD_ISSET(run->control, &in));
  DEMAND(harness.wake() == WEIR_WAKE_CALLS && harness.outside() == 1);
  weir_adapter_call_info call;
  weir_adapter_decision decision;
  DEMAND(harness.call(&call, &decision) == 1 && (int)call.event == harness.number("event", "write"));
  DEMAND(call.size == 5 && call.address != 0);
  DEMAND(send(run->descriptor, (const void *)(uintptr_t)call.address, 5, 0) == 5);
  harness.done(0, 0, 0);
  DEMAND(harness.call(&call, &decision) == 0);
  harness.end(NULL, 0);
  FD_SET(run->descriptor, &in);
  DEMAND(select(FD_SETSIZE, &in, NULL, NULL, &hour) == 0 && !FD_ISSET(run->control, &in));
  double took = seconds() - began;
  DEMAND(took > 3599.9 && took < 3600.1); /* one hour, 3 s of which the scenario let pass */
  FD_SET(run->control, &in);
  DEMAND(select(FD_SETSIZE, &in, NULL, NULL, NULL) == 1 && harness.wake() == WEIR_WAKE_STOP);
  /* A real sleep is real, and virtual time knows of it. */
  began = seconds();
  DEMAND(clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_nsec = 2000000}, NULL) == 0);
  DEMAND(nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL) == 0);
  DEMAND(seconds() - began >= 0.004);
  /* A child has nothing to do with it. */
  pid_t child = fork();
  if (child == 0) {
    (void)execl("/proc/self/exe", "child", "clock", NULL);
    _exit(1);
  }
  int status = 1;
  DEMAND(waitpid(child, &status, 0) == child && status == 0);
  DEMAND(close(run->descriptor) == 0);
}

static int set_timer(int timer, int flags, double first, long again) {
  struct itimerspec value = {.it_value = {.tv_sec = (time_t)first}, .it_interval = {.tv_sec = again}};
  value.it_value.tv_nsec = (long)((first - (double)value.it_value.tv_sec) * 1e9);
  return timerfd_settime(timer, flags, &value, NULL);
}

static double left_of(int timer) {
  struct itimerspec value;
  DEMAND(timerfd_gettime(timer, &value) == 0);
  return (double)value.it_value.tv_sec + (double)value.it_value.tv_nsec * 1e-9;
}

/* The timer comes next, `after` seconds of virtual time from now. */
static void expect_timer(int epoll, int timer, double after) {
  double began = seconds();
  struct epoll_event event;
  uint64_t count = 0;
  DEMAND(epoll_wait(epoll, &event, 1, -1) == 1 && event.data.fd == timer);
  DEMAND(read(timer, &count, sizeof count) == sizeof count && count == 1);
  DEMAND(read(timer, &count, sizeof count) == -1 && errno == EAGAIN);
  DEMAND(seconds() - began > after - 0.1 && seconds() - began < after + 0.1);
}

/* Scenario: a peer's sleep of ten seconds.  Timers go by virtual time. */
static void program_timers(const weir_adapter_run *run) {
  struct timespec real_begin, real_end;
  (void)clock_gettime(CLOCK_REALTIME, &real_begin);
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), epoll = epoll_create1(0);
  uint64_t count = 0;
  DEMAND(timer >= 0 && epoll >= 0);
  add_epoll(epoll, timer, EPOLLIN);
  add_epoll(epoll, run->control, EPOLLIN);
  add_epoll(epoll, run->descriptor, EPOLLIN);
  DEMAND(set_timer(timer, 0, 3600, 0) == 0 && left_of(timer) > 3599.9 && left_of(timer) <= 3600.0);
  DEMAND(read(timer, &count, sizeof count) == -1 && errno == EAGAIN);
  expect_timer(epoll, timer, 3600); /* the scenario's ten seconds are part of it */
  DEMAND(left_of(timer) == 0);
  DEMAND(set_timer(timer, TFD_TIMER_ABSTIME, seconds() + 86400, 0) == 0);
  DEMAND(poll(&(struct pollfd){.fd = timer, .events = POLLIN}, 1, 1000) == 0); /* a wait that is over before */
  expect_timer(epoll, timer, 86400 - 1);
  int blocking = timerfd_create(CLOCK_BOOTTIME, 0);
  DEMAND(blocking >= 0 && set_timer(blocking, 0, 60, 0) == 0);
  double began = seconds();
  DEMAND(read(blocking, &count, sizeof count) == sizeof count && count == 1);
  DEMAND(seconds() - began > 59.9 && seconds() - began < 60.1 && close(blocking) == 0);
  /* A period that nothing else happens in is no reason to go on. */
  DEMAND(set_timer(timer, 0, 4, 4) == 0);
  expect_timer(epoll, timer, 4);
  expect_timer(epoll, timer, 4);
  struct epoll_event event;
  DEMAND(epoll_wait(epoll, &event, 1, -1) == 1 && event.data.fd == run->control && harness.wake() == WEIR_WAKE_STOP);
  DEMAND(close(timer) == 0 && close(epoll) == 0 && close(run->descriptor) == 0);
  (void)clock_gettime(CLOCK_REALTIME, &real_end);
  DEMAND(real_end.tv_sec - real_begin.tv_sec < 5);
}

/* The application's turn comes, and asks for a further connection: its descriptor. */
static int expect_open(int epoll, int control, unsigned connection) {
  struct epoll_event event;
  weir_adapter_call_info call;
  weir_adapter_decision decision;
  DEMAND(epoll_wait(epoll, &event, 1, -1) == 1 && event.data.fd == control && harness.wake() == WEIR_WAKE_CALLS);
  DEMAND(harness.outside() == 1 && harness.call(&call, &decision) == 1);
  DEMAND(call.event == ((unsigned)harness.number("event", "open") | connection << 8) && call.a == connection << 8);
  harness.done(0, 0, 0);
  DEMAND(harness.call(&call, &decision) == 0);
  harness.end(NULL, 0);
  return (int)call.b;
}

/* Scenario: open 1; its peer sends 10; close of 0, open 2, its peer sends 20.  Each
 * descriptor is its connection's, and a closed one's number is the next one's at once. */
static void program_connections(const weir_adapter_run *run) {
  struct epoll_event event;
  uint8_t bytes[64];
  int epoll = epoll_create1(0);
  add_epoll(epoll, run->control, EPOLLIN);
  add_epoll(epoll, run->descriptor, EPOLLIN);
  int second = expect_open(epoll, run->control, 1);
  DEMAND(second >= 0 && second != run->descriptor);
  add_epoll(epoll, second, EPOLLIN);
  DEMAND(epoll_wait(epoll, &event, 1, -1) == 1 && event.data.fd == second);
  DEMAND(recv(run->descriptor, bytes, sizeof bytes, 0) == -1 && errno == EAGAIN);
  DEMAND(recv(second, bytes, sizeof bytes, 0) == 10);
  DEMAND(weir_payload_match(weir_stream_incoming(1), 0, bytes, 10) == 10);
  DEMAND(close(run->descriptor) == 0);
  int third = expect_open(epoll, run->control, 2);
  DEMAND(third == run->descriptor);
  /* What watched the number before does not watch it now. */
  DEMAND(epoll_ctl(epoll, EPOLL_CTL_DEL, third, NULL) == -1 && errno == ENOENT);
  add_epoll(epoll, third, EPOLLIN);
  DEMAND(epoll_wait(epoll, &event, 1, -1) == 1 && event.data.fd == third);
  DEMAND(recv(third, bytes, sizeof bytes, 0) == 20);
  DEMAND(weir_payload_match(weir_stream_incoming(2), 0, bytes, 20) == 20);
  DEMAND(epoll_wait(epoll, &event, 1, -1) == 1 && event.data.fd == run->control && harness.wake() == WEIR_WAKE_STOP);
  DEMAND(close(second) == 0 && close(third) == 0 && close(epoll) == 0);
}

/* Scenario: nothing.  A program that never waits for anything is stopped. */
static void program_spin(const weir_adapter_run *run) {
  struct pollfd polled[2] = {{.fd = run->descriptor, .events = POLLOUT}, {.fd = run->control, .events = POLLIN}};
  for (unsigned turn = 0; turn < 100000 && harness.wake() == WEIR_WAKE_NOTHING; turn++)
    DEMAND(poll(polled, 2, -1) >= 1);
  DEMAND(harness.wake() == WEIR_WAKE_STOP);
}

/* Scenario: send 20; fin.  The same calls by their numbers, as libuv and Node make some. */
static void program_syscall(const weir_adapter_run *run) {
  uint8_t bytes[20];
  struct epoll_event events[2];
  int fd = run->descriptor, pipes[2];
  DEMAND(syscall(SYS_io_uring_setup, 8, NULL) == -1 && errno == ENOSYS);
  int epoll = (int)syscall(SYS_epoll_create1, 0);
  DEMAND(epoll >= 0);
  DEMAND(syscall(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, fd, &(struct epoll_event){EPOLLIN, {.fd = fd}}) == 0);
  add_epoll(epoll, run->control, EPOLLIN);
  DEMAND(syscall(SYS_epoll_pwait, epoll, events, 2, -1, NULL, 8) == 1 && events[0].data.fd == fd);
  DEMAND(syscall(SYS_read, fd, bytes, 10) == 10 && weir_payload_match(0, 0, bytes, 10) == 10);
  DEMAND(syscall(SYS_recvfrom, fd, bytes, 10, 0, NULL, NULL) == 10 && weir_payload_match(0, 10, bytes, 10) == 10);
  weir_payload_fill(weir_stream_outgoing(0), 0, bytes, sizeof bytes);
  DEMAND(syscall(SYS_write, fd, bytes, 10) == 10);
  DEMAND(syscall(SYS_sendto, fd, bytes + 10, 10, MSG_NOSIGNAL, NULL, 0) == 10);
  DEMAND(syscall(SYS_shutdown, fd, SHUT_WR) == 0);
  DEMAND(syscall(SYS_close, fd) == 0 && syscall(SYS_close, fd) == -1 && errno == EBADF);
  /* What is not ours is the kernel's. */
  DEMAND(syscall(SYS_getpid) == getpid() && syscall(SYS_pipe2, pipes, 0) == 0);
  DEMAND(syscall(SYS_write, pipes[1], "x", 1) == 1 && syscall(SYS_read, pipes[0], bytes, 1) == 1 && bytes[0] == 'x');
  DEMAND(syscall(SYS_close, pipes[0]) == 0 && syscall(SYS_close, pipes[1]) == 0);
  DEMAND(syscall(SYS_epoll_pwait, epoll, events, 2, -1, NULL, 8) == 1 && events[0].data.fd == run->control);
  int timer = (int)syscall(SYS_timerfd_create, CLOCK_MONOTONIC, TFD_NONBLOCK);
  const struct itimerspec hour = {.it_value.tv_sec = 3600};
  struct itimerspec left;
  DEMAND(timer >= 0 && syscall(SYS_timerfd_settime, timer, 0, &hour, NULL) == 0);
  DEMAND(syscall(SYS_timerfd_gettime, timer, &left) == 0 && left.it_value.tv_sec == 3600); /* time stands still */
  DEMAND(close(timer) == 0);
  DEMAND(syscall(SYS_close, epoll) == 0);
}

/* Scenario: send 20; fin.  A client that connects by itself, and reads what the control has to say. */
static void program_connect(const weir_adapter_run *run) {
  uint8_t bytes[20];
  struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(7), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const struct sockaddr *address = (const struct sockaddr *)&there;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = -1;
  int control = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  socklen_t length = sizeof error;
  DEMAND(fd >= 0 && control >= 0);
  DEMAND(connect(fd, address, sizeof there) == -1 && errno == EINPROGRESS);
  DEMAND(connect(fd, address, sizeof there) == -1 && errno == EISCONN);
  DEMAND(recv(run->descriptor, bytes, 1, 0) == -1 && errno == EBADF); /* its place is taken */
  struct pollfd polled = {.fd = fd, .events = POLLOUT};
  DEMAND(poll(&polled, 1, -1) == 1 && polled.revents == POLLOUT);
  DEMAND(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0);
  there.sin_port = htons(9);
  DEMAND(connect(control, address, sizeof there) == -1 && errno == EINPROGRESS);
  length = sizeof there;
  DEMAND(getpeername(control, (struct sockaddr *)&there, &length) == 0);
  DEMAND(recv(control, bytes, 1, 0) == -1 && errno == EAGAIN);
  polled.events = POLLIN;
  DEMAND(poll(&polled, 1, -1) == 1);
  receive(fd, 0, 20);
  DEMAND(close(fd) == 0);
  polled = (struct pollfd){.fd = control, .events = POLLIN};
  DEMAND(poll(&polled, 1, -1) == 1 && harness.wake() == WEIR_WAKE_STOP);
  DEMAND(recv(control, bytes, sizeof bytes, 0) == 1 && recv(control, bytes, 1, 0) == -1 && errno == EAGAIN);
  DEMAND(close(control) == 0);
}

#ifdef __x86_64__
/* A system call as a program makes it that does not ask libc. */
static long make_call(long number, long a, const void *b, long c, long d, long e, long f) {
  register long fourth __asm__("r10") = d;
  register long fifth __asm__("r8") = e;
  register long sixth __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                   : "rcx", "r11", "memory");
  return result;
}

static void note(int number) {
  (void)number;
}

/* Scenario: send 20; fin.  The same calls made in the program itself, as Bun makes some. */
static void program_inlined(const weir_adapter_run *run) {
  uint8_t bytes[20];
  struct epoll_event events[2];
  struct sigaction action = {.sa_handler = note};
  const sigset_t *none = NULL;
  int fd = run->descriptor, pipes[2], epoll = epoll_create1(0);
  sigset_t mask;
  if (harness.inlined() != 0) { /* this kernel lacks it */
    program_syscall(run);
    return;
  }
  add_epoll(epoll, fd, EPOLLIN);
  add_epoll(epoll, run->control, EPOLLIN);
  DEMAND(sigaction(SIGSYS, &action, NULL) == 0); /* and it is still the harness's */
  DEMAND(make_call(SYS_epoll_pwait2, epoll, events, 2, 0, 0, 8) == 1 && events[0].data.fd == fd);
  DEMAND(make_call(SYS_read, fd, bytes, 20, 0, 0, 0) == 20 && weir_payload_match(0, 0, bytes, 20) == 20);
  DEMAND(make_call(SYS_read, fd, bytes, 20, 0, 0, 0) == -EAGAIN);
  DEMAND(make_call(SYS_write, fd, bytes, 0, 0, 0, 0) == 0);
  DEMAND(make_call(SYS_close, fd, NULL, 0, 0, 0, 0) == 0 && make_call(SYS_close, fd, NULL, 0, 0, 0, 0) == -EBADF);
  /* What is not ours is the kernel's, a mask of signals among it. */
  DEMAND(make_call(SYS_getpid, 0, NULL, 0, 0, 0, 0) == getpid() && pipe(pipes) == 0);
  DEMAND(make_call(SYS_write, pipes[1], "x", 1, 0, 0, 0) == 1 && make_call(SYS_read, pipes[0], bytes, 1, 0, 0, 0) == 1);
  DEMAND(bytes[0] == 'x' && close(pipes[0]) == 0 && close(pipes[1]) == 0);
  (void)sigemptyset(&mask);
  (void)sigaddset(&mask, SIGUSR1);
  (void)sigaddset(&mask, SIGSYS);
  DEMAND(make_call(SYS_rt_sigprocmask, SIG_BLOCK, &mask, 0, 8, 0, 0) == 0);
  DEMAND(sigprocmask(SIG_BLOCK, none, &mask) == 0 && sigismember(&mask, SIGUSR1) == 1);
  DEMAND(sigismember(&mask, SIGSYS) == 0);
  DEMAND(make_call(SYS_epoll_pwait2, epoll, events, 2, 0, 0, 8) == 1 && events[0].data.fd == run->control);
  DEMAND(close(epoll) == 0);
}
#else
static void program_inlined(const weir_adapter_run *run) {
  program_syscall(run);
}
#endif

static int port_at(int descriptor, int (*ask)(int, struct sockaddr *, socklen_t *)) {
  struct sockaddr_in there = {.sin_port = 0};
  socklen_t length = sizeof there;
  DEMAND(ask(descriptor, (struct sockaddr *)&there, &length) == 0 && length == sizeof there);
  DEMAND(there.sin_family == AF_INET && there.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
  return ntohs(there.sin_port);
}

static int ask_own(int descriptor, struct sockaddr *address, socklen_t *length) {
  return getsockname(descriptor, address, length);
}

static int ask_other(int descriptor, struct sockaddr *address, socklen_t *length) {
  return getpeername(descriptor, address, length);
}

static void expect_closed_by_peer(int epoll, const weir_adapter_run *run, int descriptor) {
  struct epoll_event events[4];
  uint8_t byte;
  DEMAND(epoll_wait(epoll, events, 4, -1) == 1 && events[0].data.fd == descriptor);
  DEMAND(recv(descriptor, &byte, 1, 0) == 0 && close(descriptor) == 0);
  DEMAND(epoll_wait(epoll, events, 4, -1) == 1 && events[0].data.fd == run->control);
  DEMAND(harness.wake() == WEIR_WAKE_STOP);
}

/* Scenario: send 20; fin.  A server that knows the port alone. */
static void program_accept(const weir_adapter_run *run) {
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(7), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const struct sockaddr *address = (const struct sockaddr *)&here;
  int server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), epoll = epoll_create1(0);
  DEMAND(server >= 0 && bind(server, address, sizeof here) == 0 && listen(server, 100) == 0);
  DEMAND(bind(server, address, sizeof here) == -1 && errno == EINVAL && port_at(server, ask_own) == 7);
  add_epoll(epoll, server, EPOLLIN);
  add_epoll(epoll, run->control, EPOLLIN);
  struct epoll_event events[4];
  DEMAND(epoll_wait(epoll, events, 4, -1) == 1 && events[0].data.fd == server && events[0].events == EPOLLIN);
  struct pollfd polled = {.fd = server, .events = POLLIN};
  DEMAND(poll(&polled, 1, 0) == 1 && polled.revents == POLLIN);
  socklen_t length = sizeof here;
  int fd = accept4(server, (struct sockaddr *)&here, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  DEMAND(fd >= 0 && length == sizeof here && ntohs(here.sin_port) == 49152);
  DEMAND(fcntl(fd, F_GETFL) & O_NONBLOCK && fcntl(fd, F_GETFD) == FD_CLOEXEC);
  DEMAND(port_at(fd, ask_own) == 7 && port_at(fd, ask_other) == 49152);
  DEMAND(accept(server, NULL, NULL) == -1 && errno == EAGAIN);
  DEMAND(syscall(SYS_accept4, server, NULL, NULL, 0) == -1 && errno == EAGAIN);
  DEMAND(poll(&polled, 1, 0) == 0);
  add_epoll(epoll, fd, EPOLLIN);
  DEMAND(epoll_wait(epoll, events, 4, -1) == 1 && events[0].data.fd == fd);
  receive(fd, 0, 20);
  expect_closed_by_peer(epoll, run, fd);
  DEMAND(close(server) == 0 && close(epoll) == 0);
}

static void *wait_for_one(void *epoll) {
  static struct epoll_event event;
  return epoll_wait(*(const int *)epoll, &event, 1, -1) == 1 ? &event : NULL;
}

/* Scenario: send 20; fin.  The connection comes into a set that another thread waits with. */
static void program_doorbell(const weir_adapter_run *run) {
  int epoll = epoll_create1(0), ends[2];
  pthread_t other;
  void *seen = NULL;
  DEMAND(pipe(ends) == 0);
  add_epoll(epoll, ends[0], EPOLLIN);
  DEMAND(pthread_create(&other, NULL, wait_for_one, &epoll) == 0);
  DEMAND(poll(NULL, 0, 50) == 0); /* it waits by now; if not, it is the easier */
  add_epoll(epoll, run->descriptor, EPOLLIN);
  DEMAND(pthread_join(other, &seen) == 0 && seen != NULL);
  DEMAND(((struct epoll_event *)seen)->data.fd == run->descriptor);
  receive(run->descriptor, 0, 20);
  add_epoll(epoll, run->control, EPOLLIN);
  expect_closed_by_peer(epoll, run, run->descriptor);
  DEMAND(close(epoll) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
}

static int program(void) {
  static void (*const programs[])(const weir_adapter_run *) = {
      program_calls,   program_epoll,   program_select,  program_timers, program_connections, program_spin,
      program_syscall, program_connect, program_inlined, program_accept, program_doorbell};
  join_harness();
  weir_adapter_run run;
  size_t count = 0;
  int first = -1;
  while (harness.next(&run) == 1) {
    DEMAND(count < sizeof programs / sizeof *programs);
    /* A closed connection's number comes back; one that was left open does not. */
    if (count == 0) first = run.descriptor;
    if (count == 1) DEMAND(run.descriptor == first);
    if (count == 2) DEMAND(run.descriptor != first && recv(first, &count, 1, 0) == 0);
    programs[count++](&run);
  }
  return 0;
}

static char *itself[] = {"/proc/self/exe", "program", NULL};

START_TEST(test_calls_of_a_program) {
  worker under = start(itself);
  expect(&under, 'h');
  ck_assert_str_eq(under.memory->name, "program");
  ck_assert_uint_eq(under.memory->capabilities, WEIR_CAN_PAUSE | WEIR_CAN_CONNECTIONS);
  uint64_t bytes;
  run_text(&under, "peer send 100\npeer fin\n");
  EXPECT_TOLD(&under, "quiescent");
  ck_assert_uint_ge(count_of(&under, WEIR_EVENT_PEER_RECEIVED, &bytes), 1);
  ck_assert_uint_eq(bytes, 200);
  ck_assert_uint_eq(count_of(&under, WEIR_EVENT_SOCKET_CLOSE, &bytes), 1);
  run_text(&under, "peer send 10\npeer send 10\npeer send 10\n");
  EXPECT_TOLD(&under, "quiescent");
  run_text(&under, "app when idle: write 5\npeer sleep 3000\n");
  EXPECT_TOLD(&under, "write quiescent");
  ck_assert_uint_eq(count_of(&under, WEIR_EVENT_TIMEOUT, &bytes), 1);
  run_text(&under, "peer sleep 10000\n");
  EXPECT_TOLD(&under, "quiescent");
  run_text(&under, "app @1 when idle: open\npeer @1 send 10\napp @2 when idle: open\npeer @2 send 20\n");
  EXPECT_TOLD(&under, "quiescent");
  run_text(&under, "");
  EXPECT_TOLD(&under, "spin");
  run_text(&under, "peer send 20\npeer fin\n");
  EXPECT_TOLD(&under, "quiescent");
  ck_assert_uint_eq(count_of(&under, WEIR_EVENT_SOCKET_CLOSE, &bytes), 1);
  run_text(&under, "peer send 20\npeer fin\n");
  EXPECT_TOLD(&under, "quiescent");
  ck_assert_uint_eq(count_of(&under, WEIR_EVENT_SOCKET_CLOSE, &bytes), 1);
  for (unsigned program = 0; program < 3; program++) {
    run_text(&under, "peer send 20\npeer fin\n");
    EXPECT_TOLD(&under, "quiescent");
    ck_assert_uint_eq(count_of(&under, WEIR_EVENT_SOCKET_CLOSE, &bytes), 1);
  }
  ck_assert_int_eq(stop(&under), 0);
}
END_TEST

/* ---- asyncio ---------------------------------------------------------------------- */
static bool has_python(void) {
  if (system("python3 -c 'import sys; sys.exit(sys.version_info < (3, 7))' 2>/dev/null") == 0) return true;
  (void)fprintf(stderr, "no python3 of 3.7 or later: asyncio is not tested\n");
  return false;
}

static worker start_asyncio(char *selector) {
  char *command[] = {"python3", TARGETS "asyncio/adapter.py", "--selector", selector, NULL};
  worker made = start(command);
  expect(&made, 'h');
  ck_assert_str_eq(made.memory->name, "asyncio");
  return made;
}

/* What every version from 3.7 on does. */
static const struct {
  const char *scenario, *told;
} known[] = {
    {"", "connection_made quiescent"},
    {"peer send 10\npeer fin\n", "connection_made get_buffer buffer_updated=10 get_buffer eof_received "
                                 "connection_lost:none quiescent"},
    {"peer send 10\napp get_buffer 1: size 4\n",
     "connection_made get_buffer buffer_updated=4 get_buffer buffer_updated=6 quiescent"},
    {"app protocol plain\npeer send 10\npeer fin\n",
     "connection_made data_received=10 eof_received connection_lost:none quiescent"},
    {"peer send 10\napp get_buffer 1: raise\n",
     "connection_made get_buffer( )!probe handler:probe connection_lost:probe quiescent"},
    {"peer send 10\npeer reset\n",
     "connection_made get_buffer buffer_updated=10 get_buffer connection_lost:os quiescent"},
    {"peer send 10\napp buffer_updated 1: write 5; close\n",
     "connection_made get_buffer buffer_updated=10( write close ) connection_lost:none quiescent"},
    {"peer send 1\napp when idle: write 5 none\napp when idle: write 5 str\n",
     "connection_made get_buffer buffer_updated=1 write( )!type write( )!type quiescent"},
    {"app when idle: set_write_buffer_limits high 1 low 2\napp when idle: is_closing\napp when idle: get_protocol\n",
     "connection_made set_write_buffer_limits( )!value is_closing get_protocol quiescent"},
    {"peer send 4\npeer send 4\napp buffer_updated 1: set_protocol plain\n",
     "connection_made get_buffer buffer_updated=4( set_protocol ) data_received=4 quiescent"},
};

START_TEST(test_asyncio_tells_what_is_known) {
  static char *const selectors[] = {"epoll", "poll", "select"};
  if (!has_python()) return;
  worker under = start_asyncio(selectors[_i]);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    run_text(&under, known[i].scenario);
    EXPECT_TOLD(&under, known[i].told);
  }
  ck_assert_int_eq(stop(&under), 0);
}
END_TEST

/* What goes out arrives, whatever the kind of object.  Without `holes`: from 3.12 on
 * an empty element at the end makes asyncio spin. */
static const char *const written[] = {"app when idle: write 8\n",
                                      "app when idle: write 8 bytearray\n",
                                      "app when idle: write 8 memoryview\n",
                                      "app when idle: write 8 wide\n",
                                      "app when idle: write 8 shaped\n",
                                      "app when idle: write 8 reused\n",
                                      "app when idle: writelines 2 of 4\n",
                                      "app when idle: writelines 2 tuple of 4\n",
                                      "app when idle: writelines 2 generator of 4\n",
                                      "app when idle: writelines 2 views of 4\n"};

START_TEST(test_asyncio_writes_every_kind) {
  if (!has_python()) return;
  worker under = start_asyncio("epoll");
  for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
    run_text(&under, written[i]);
    uint64_t bytes;
    (void)count_of(&under, WEIR_EVENT_PEER_RECEIVED, &bytes);
    ck_assert_msg(bytes == 8, "%s: the peer received %lu bytes: %s", written[i], bytes, told(&under));
    ck_assert_uint_eq(count_of(&under, WEIR_EVENT_DATA, &bytes), 0);
  }
  ck_assert_int_eq(stop(&under), 0);
}
END_TEST

static const char *const buffers[] = {"bytearray", "memoryview", "array", "mmap", "ctypes"};

START_TEST(test_asyncio_fills_every_kind_of_buffer) {
  if (!has_python()) return;
  worker under = start_asyncio("epoll");
  for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) {
    char text[200];
    (void)snprintf(text, sizeof text, "peer send 20\napp get_buffer 1: size 12 %s\npeer fin\n", buffers[i]);
    run_text(&under, text);
    EXPECT_TOLD(&under, "connection_made get_buffer buffer_updated=12 get_buffer buffer_updated=8 get_buffer "
                        "eof_received connection_lost:none quiescent");
    uint64_t sum;
    ck_assert_uint_eq(count_of(&under, WEIR_EVENT_BUFFER_HELD, &sum), 0);
    ck_assert_uint_eq(count_of(&under, WEIR_EVENT_BUFFER_TOUCHED, &sum), 0);
  }
  ck_assert_int_eq(stop(&under), 0);
}
END_TEST

/* The same scenario gives the same trace, whatever ran before it and in
 * whichever process (ARCHITECTURE.md: determinism). */
START_TEST(test_asyncio_repeats_itself) {
  if (!has_python()) return;
  static weir_scenario scenario;
  static weir_record kept[WEIR_CHANNEL_RECORDS];
  worker one = start_asyncio("epoll"), other = start_asyncio("epoll");
  for (unsigned seed = 1; seed <= 200; seed++) {
    uint8_t bytes[64];
    weir_payload_fill(seed, 0, bytes, sizeof bytes);
    weir_scenario_decode(bytes, seed % sizeof bytes, &scenario);
    run_scenario(&one, &scenario);
    uint32_t count = one.memory->items[0].record_count;
    ck_assert_uint_le(count, WEIR_CHANNEL_RECORDS);
    memcpy(kept, one.memory->records, count * sizeof *kept);
    if (seed % 3 == 0) run_text(&other, known[seed % 5].scenario);
    run_scenario(&other, &scenario);
    ck_assert_uint_eq(other.memory->items[0].record_count, count);
    ck_assert_mem_eq(other.memory->records, kept, count * sizeof *kept);
  }
  ck_assert_int_eq(stop(&one), 0);
  ck_assert_int_eq(stop(&other), 0);
}
END_TEST

/* ---- Refusals ---------------------------------------------------------------------- */
START_TEST(test_channel_of_another_version) {
  worker under = start(itself);
  expect(&under, 'h');
  (void)stop(&under);
  weir_worker attached;
  weir_problem problem;
  (void)unsetenv(WEIR_CHANNEL_VARIABLE);
  ck_assert_int_eq(weir_worker_attach(&attached, &problem), WEIR_UNAVAILABLE);
  (void)setenv(WEIR_CHANNEL_VARIABLE, "nonsense", 1);
  ck_assert_int_eq(weir_worker_attach(&attached, &problem), WEIR_BAD_INPUT);
  (void)setenv(WEIR_CHANNEL_VARIABLE, "9999,9998", 1);
  ck_assert_int_eq(weir_worker_attach(&attached, &problem), WEIR_IO);
  int memory = memfd_create("channel", 0);
  char text[32];
  (void)snprintf(text, sizeof text, "%d,%d", memory, memory);
  (void)setenv(WEIR_CHANNEL_VARIABLE, text, 1);
  ck_assert_int_eq(weir_worker_attach(&attached, &problem), WEIR_VERSION_MISMATCH);
  ck_assert_int_eq(ftruncate(memory, sizeof(weir_channel_memory)), 0);
  ck_assert_int_eq(weir_worker_attach(&attached, &problem), WEIR_VERSION_MISMATCH);
  (void)unsetenv(WEIR_CHANNEL_VARIABLE);
  (void)close(memory);
}
END_TEST

/* Started by hand, an adapter says so, and ends. */
START_TEST(test_adapter_without_the_harness) {
  if (!has_python()) return;
  ck_assert_int_eq(system("python3 -B " TARGETS "asyncio/adapter.py 2>&1 | grep -q 'started by .weir test.'"), 0);
  ck_assert_int_ne(system("python3 -B " TARGETS "asyncio/adapter.py 2>/dev/null"), 0);
}
END_TEST

/* As a child of the program: time is real, without a call that sleeps. */
static int child(void) {
  double began = seconds();
  for (unsigned tries = 0; tries < 100000000; tries++)
    if (seconds() > began) return 0;
  return 1;
}

int main(int count, char **arguments) {
  if (count == 2 && strcmp(arguments[1], "clock") == 0) return child();
  if (count == 2 && strcmp(arguments[1], "program") == 0) return program();
  Suite *suite = suite_create("interpose");
  TCase *calls = tcase_create("calls"), *python = tcase_create("asyncio");
  tcase_add_test(calls, test_calls_of_a_program);
  tcase_add_test(calls, test_channel_of_another_version);
  tcase_add_loop_test(python, test_asyncio_tells_what_is_known, 0, 3);
  tcase_add_test(python, test_asyncio_writes_every_kind);
  tcase_add_test(python, test_asyncio_fills_every_kind_of_buffer);
  tcase_add_test(python, test_asyncio_repeats_itself);
  tcase_add_test(python, test_adapter_without_the_harness);
  tcase_set_timeout(python, 60);
  suite_add_tcase(suite, calls);
  suite_add_tcase(suite, python);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
