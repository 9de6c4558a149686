/* libc's own functions, as they are behind the interposed ones. */
#ifndef WEIR_INTERPOSE_REAL_H
#define WEIR_INTERPOSE_REAL_H

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

/* The interposed functions are what this library exports; all else is hidden. */
#define WEIR_EXPORT __attribute__((visibility("default")))

/* X(name, type of result, parameters). */
#define WEIR_REAL_FUNCTIONS(X)                                                                                         \
  X(recv, ssize_t, (int, void *, size_t, int))                                                                         \
  X(recvfrom, ssize_t, (int, void *, size_t, int, struct sockaddr *, socklen_t *))                                     \
  X(recvmsg, ssize_t, (int, struct msghdr *, int))                                                                     \
  X(read, ssize_t, (int, void *, size_t))                                                                              \
  X(readv, ssize_t, (int, const struct iovec *, int))                                                                  \
  X(send, ssize_t, (int, const void *, size_t, int))                                                                   \
  X(sendto, ssize_t, (int, const void *, size_t, int, const struct sockaddr *, socklen_t))                             \
  X(sendmsg, ssize_t, (int, const struct msghdr *, int))                                                               \
  X(write, ssize_t, (int, const void *, size_t))                                                                       \
  X(writev, ssize_t, (int, const struct iovec *, int))                                                                 \
  X(sendfile, ssize_t, (int, int, off_t *, size_t))                                                                    \
  X(connect, int, (int, const struct sockaddr *, socklen_t))                                                           \
  X(bind, int, (int, const struct sockaddr *, socklen_t))                                                              \
  X(listen, int, (int, int))                                                                                           \
  X(accept, int, (int, struct sockaddr *, socklen_t *))                                                                \
  X(accept4, int, (int, struct sockaddr *, socklen_t *, int))                                                          \
  X(shutdown, int, (int, int))                                                                                         \
  X(close, int, (int))                                                                                                 \
  X(getsockname, int, (int, struct sockaddr *, socklen_t *))                                                           \
  X(getpeername, int, (int, struct sockaddr *, socklen_t *))                                                           \
  X(getsockopt, int, (int, int, int, void *, socklen_t *))                                                             \
  X(setsockopt, int, (int, int, int, const void *, socklen_t))                                                         \
  X(ioctl, int, (int, unsigned long, ...))                                                                             \
  X(fcntl, int, (int, int, ...))                                                                                       \
  X(dup, int, (int))                                                                                                   \
  X(dup2, int, (int, int))                                                                                             \
  X(dup3, int, (int, int, int))                                                                                        \
  X(sigaction, int, (int, const struct sigaction *, struct sigaction *))                                               \
  X(syscall, long, (long, ...))                                                                                        \
  X(epoll_create, int, (int))                                                                                          \
  X(epoll_create1, int, (int))                                                                                         \
  X(epoll_ctl, int, (int, int, int, struct epoll_event *))                                                             \
  X(epoll_pwait, int, (int, struct epoll_event *, int, int, const sigset_t *))                                         \
  X(epoll_pwait2, int, (int, struct epoll_event *, int, const struct timespec *, const sigset_t *))                    \
  X(ppoll, int, (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *))                                  \
  X(select, int, (int, fd_set *, fd_set *, fd_set *, struct timeval *))                                                \
  X(pselect, int, (int, fd_set *, fd_set *, fd_set *, const struct timespec *, const sigset_t *))                      \
  X(timerfd_create, int, (int, int))                                                                                   \
  X(timerfd_settime, int, (int, int, const struct itimerspec *, struct itimerspec *))                                  \
  X(timerfd_gettime, int, (int, struct itimerspec *))                                                                  \
  X(clock_gettime, int, (clockid_t, struct timespec *))                                                                \
  X(clock_nanosleep, int, (clockid_t, int, const struct timespec *, struct timespec *))                                \
  X(pthread_cond_timedwait, int, (pthread_cond_t *, pthread_mutex_t *, const struct timespec *))                       \
  X(pthread_cond_clockwait, int, (pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *))            \
  X(sem_clockwait, int, (sem_t *, clockid_t, const struct timespec *))

typedef struct weir_real_functions {
#define X(name, result, parameters) result(*name) parameters;
  WEIR_REAL_FUNCTIONS(X)
#undef X
} weir_real_functions;

/* Resolved at the first use, which may come before any constructor.  A function
 * that this libc lacks is NULL. */
const weir_real_functions *weir_real(void);

#endif
