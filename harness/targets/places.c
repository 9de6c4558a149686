#include "targets/places.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "targets/target.h"

#ifndef WEIR_LIBRARY_FOLDER
#define WEIR_LIBRARY_FOLDER "lib"
#endif

/* The folder above the one that the executable is in. */
static bool prefix_find(char *out, size_t size) {
  ssize_t length = readlink("/proc/self/exe", out, size - 1);
  if (length <= 0) return false;
  out[length] = '\0';
  for (unsigned up = 0; up < 2; up++) {
    char *slash = strrchr(out, '/');
    if (slash == NULL) return false;
    *slash = '\0';
  }
  return true;
}

static bool join(char *out, size_t size, const char *folder, const char *rest) {
  int length = snprintf(out, size, "%s/%s", folder, rest);
  return length > 0 && (size_t)length < size;
}

weir_status weir_data_folder(char *out, size_t size, weir_problem *problem) {
  const char *named = getenv("WEIR_DATA");
  if (named != NULL && named[0] != '\0') {
    int length = snprintf(out, size, "%s", named);
    if (length < 0 || (size_t)length >= size) return weir_fail(problem, WEIR_BOUND, 0, "WEIR_DATA is too long");
  } else {
    char prefix[WEIR_PLACE_MAX];
    if (!prefix_find(prefix, sizeof prefix) || !join(out, size, prefix, "share/weir"))
      return weir_fail(problem, WEIR_IO, 0, "the executable's own folder is not known: set WEIR_DATA");
  }
  struct stat about;
  if (stat(out, &about) == 0 && S_ISDIR(about.st_mode)) return WEIR_OK;
  return weir_fail(problem, WEIR_UNAVAILABLE, 0, "there is no data folder %s: set WEIR_DATA to the one with cases/",
                   out);
}

bool weir_installed_folder(char *out, size_t size) {
  const char *named = getenv("WEIR_TARGETS");
  if (named != NULL && named[0] != '\0') {
    int length = snprintf(out, size, "%s", named);
    return length > 0 && (size_t)length < size;
  }
  char prefix[WEIR_PLACE_MAX];
  if (!prefix_find(prefix, sizeof prefix)) return false;
  char *slash = strrchr(prefix, '/');
  if (slash == NULL) return false;
  *slash = '\0';
  return join(out, size, prefix, "targets");
}

/* One of the command's own libraries: what the variable names, or in a library folder beside it. */
static weir_status library_find(const char *variable, const char *file, char *out, size_t size, weir_problem *problem) {
  static const char *const folders[] = {"lib", WEIR_LIBRARY_FOLDER};
  const char *named = getenv(variable);
  if (named != NULL && named[0] != '\0') {
    int length = snprintf(out, size, "%s", named);
    if (length > 0 && (size_t)length < size && access(out, R_OK) == 0) return WEIR_OK;
    return weir_fail(problem, WEIR_UNAVAILABLE, 0, "%s names %s: %s", variable, named, strerror(errno));
  }
  char prefix[WEIR_PLACE_MAX], folder[WEIR_PLACE_MAX];
  if (prefix_find(prefix, sizeof prefix))
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
      if (join(folder, sizeof folder, prefix, folders[i]) && join(out, size, folder, file) && access(out, R_OK) == 0)
        return WEIR_OK;
  return weir_fail(problem, WEIR_UNAVAILABLE, 0, "%s is not beside this command: set %s", file, variable);
}

weir_status weir_preload_find(char *out, size_t size, weir_problem *problem) {
  return library_find("WEIR_PRELOAD", "libweir-preload.so", out, size, problem);
}

weir_status weir_protocol_library_find(char *out, size_t size, weir_problem *problem) {
  return library_find(WEIR_PROTOCOL_LIBRARY_VARIABLE, "libweir-protocol.so", out, size, problem);
}

static bool is_program(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && S_ISREG(about.st_mode) && access(path, X_OK) == 0;
}

static bool find_installed(const char *name, char *out, size_t size) {
  char folder[WEIR_PLACE_MAX], place[WEIR_PLACE_MAX];
  return weir_installed_folder(folder, sizeof folder) && join(place, sizeof place, folder, "bin") &&
         join(out, size, place, name) && is_program(out);
}

bool weir_program_find(const char *name, char *out, size_t size) {
  if (strchr(name, '/') != NULL) {
    int length = snprintf(out, size, "%s", name);
    return length > 0 && (size_t)length < size && is_program(out);
  }
  const char *path = getenv("PATH");
  while (path != NULL && *path != '\0') {
    size_t length = strcspn(path, ":");
    int all = snprintf(out, size, "%.*s/%s", (int)length, path, name);
    if (length > 0 && all > 0 && (size_t)all < size && is_program(out)) return true;
    path += length + (path[length] == ':');
  }
  return find_installed(name, out, size);
}

static _Noreturn void asked_run(char *const *argv, int output) {
  int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing >= 0 && dup2(nothing, 0) == 0 && dup2(nothing, 2) == 2 && dup2(output, 1) == 1)
    (void)execv(argv[0], argv);
  _exit(127);
}

static int left_ms(const struct timespec *begin, int most_ms) {
  struct timespec now;
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0;
  long passed = (long)(now.tv_sec - begin->tv_sec) * 1000 + (now.tv_nsec - begin->tv_nsec) / 1000000;
  return passed >= most_ms ? 0 : most_ms - (int)passed;
}

/* What comes until the end, the time or the room is over. */
static size_t read_all(int input, int most_ms, char *out, size_t size) {
  struct timespec begin;
  if (clock_gettime(CLOCK_MONOTONIC, &begin) != 0) return 0;
  size_t used = 0;
  while (used + 1 < size) {
    struct pollfd ready = {.fd = input, .events = POLLIN};
    int left = left_ms(&begin, most_ms);
    if (left == 0 || poll(&ready, 1, left) <= 0) break;
    ssize_t got = read(input, out + used, size - 1 - used);
    if (got <= 0) break;
    used += (size_t)got;
  }
  return used;
}

bool weir_program_ask(char *const *argv, int most_ms, char *out, size_t size) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  pid_t pid = fork();
  if (pid == 0) asked_run(argv, ends[1]);
  (void)close(ends[1]);
  size_t used = pid < 0 ? 0 : read_all(ends[0], most_ms, out, size);
  out[used] = '\0';
  (void)close(ends[0]);
  if (pid < 0) return false;
  int status = 0;
  pid_t ended = waitpid(pid, &status, WNOHANG);
  for (unsigned i = 0; ended == 0 && i < 200; i++) {
    (void)poll(NULL, 0, 5);
    ended = waitpid(pid, &status, WNOHANG);
  }
  if (ended == 0) {
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, &status, 0);
    return false;
  }
  return ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0 && used > 0;
}
