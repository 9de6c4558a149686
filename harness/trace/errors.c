/* The names of the errors that sockets give, the same on every system: their
 * numbers are not, and a trace may come from elsewhere. */
#include <errno.h>
#include <string.h>

#include "trace/fields.h"

#define ERRORS(X)                                                                                                      \
  X(EAGAIN)                                                                                                            \
  X(ECONNRESET)                                                                                                        \
  X(EPIPE)                                                                                                             \
  X(ETIMEDOUT)                                                                                                         \
  X(EHOSTUNREACH)                                                                                                      \
  X(ENETUNREACH)                                                                                                       \
  X(ENETDOWN)                                                                                                          \
  X(ENETRESET)                                                                                                         \
  X(ENOBUFS)                                                                                                           \
  X(ENOMEM)                                                                                                            \
  X(EINTR)                                                                                                             \
  X(ENOTCONN)                                                                                                          \
  X(EISCONN)                                                                                                           \
  X(ECONNABORTED)                                                                                                      \
  X(ECONNREFUSED)                                                                                                      \
  X(EADDRINUSE)                                                                                                        \
  X(EALREADY)                                                                                                          \
  X(EINPROGRESS)                                                                                                       \
  X(EBADF)                                                                                                             \
  X(EINVAL)                                                                                                            \
  X(EFAULT)                                                                                                            \
  X(EIO)                                                                                                               \
  X(EPERM)                                                                                                             \
  X(EACCES)                                                                                                            \
  X(ENOENT)                                                                                                            \
  X(EEXIST)                                                                                                            \
  X(EMFILE)                                                                                                            \
  X(ENFILE)                                                                                                            \
  X(ENOSPC)                                                                                                            \
  X(ENOTSOCK)                                                                                                          \
  X(EMSGSIZE)                                                                                                          \
  X(EOPNOTSUPP)                                                                                                        \
  X(EPROTO)

static const struct {
  int number;
  const char *name;
} errors[] = {
#define X(name) {name, #name},
    ERRORS(X)
#undef X
};

enum { ERROR_COUNT = sizeof errors / sizeof errors[0] };

const char *weir_errno_name(int number) {
  for (size_t i = 0; i < ERROR_COUNT; i++)
    if (errors[i].number == number) return errors[i].name;
  return NULL;
}

int weir_errno_find(const char *name) {
  if (strcmp(name, "EWOULDBLOCK") == 0) return EWOULDBLOCK;
  for (size_t i = 0; i < ERROR_COUNT; i++)
    if (strcmp(errors[i].name, name) == 0) return errors[i].number;
  return -1;
}
