#include "interpose/dispatch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "interpose/front.h"
#include "interpose/real.h"

static void *pointer(long argument) {
  return (void *)(uintptr_t)argument; /* NOLINT(performance-no-int-to-ptr): that is what a system call gets */
}

static int number_of(long argument) {
  return (int)argument;
}

/* io_uring would take the connection past the simulation: the kernel lacks it. */
static long refuse(void) {
  errno = ENOSYS;
  return -1;
}

static bool transfer(long number, const long a[], long *result) {
  int descriptor = number_of(a[0]);
  switch (number) {
  case SYS_read: *result = read(descriptor, pointer(a[1]), (size_t)a[2]); return true;
  case SYS_write: *result = write(descriptor, pointer(a[1]), (size_t)a[2]); return true;
  case SYS_readv: *result = readv(descriptor, pointer(a[1]), number_of(a[2])); return true;
  case SYS_writev: *result = writev(descriptor, pointer(a[1]), number_of(a[2])); return true;
  case SYS_recvfrom:
    *result = recvfrom(descriptor, pointer(a[1]), (size_t)a[2], number_of(a[3]), pointer(a[4]), pointer(a[5]));
    return true;
  case SYS_sendto:
    *result = sendto(descriptor, pointer(a[1]), (size_t)a[2], number_of(a[3]), pointer(a[4]), (socklen_t)a[5]);
    return true;
  case SYS_recvmsg: *result = recvmsg(descriptor, pointer(a[1]), number_of(a[2])); return true;
  case SYS_sendmsg: *result = sendmsg(descriptor, pointer(a[1]), number_of(a[2])); return true;
  case SYS_sendfile: *result = sendfile(descriptor, number_of(a[1]), pointer(a[2]), (size_t)a[3]); return true;
  default: return false;
  }
}

static bool descriptor_call(long number, const long a[], long *result) {
  int descriptor = number_of(a[0]);
  switch (number) {
  case SYS_close: *result = close(descriptor); return true;
  case SYS_connect: *result = connect(descriptor, pointer(a[1]), (socklen_t)a[2]); return true;
  case SYS_shutdown: *result = shutdown(descriptor, number_of(a[1])); return true;
  case SYS_dup: *result = dup(descriptor); return true;
  case SYS_dup3: *result = dup3(descriptor, number_of(a[1]), number_of(a[2])); return true;
#ifdef SYS_dup2
  case SYS_dup2: *result = dup2(descriptor, number_of(a[1])); return true;
#endif
  case SYS_fcntl: *result = fcntl(descriptor, number_of(a[1]), pointer(a[2])); return true;
  case SYS_ioctl: *result = ioctl(descriptor, (unsigned long)a[1], pointer(a[2])); return true;
  case SYS_getsockname: *result = getsockname(descriptor, pointer(a[1]), pointer(a[2])); return true;
  case SYS_getpeername: *result = getpeername(descriptor, pointer(a[1]), pointer(a[2])); return true;
  case SYS_getsockopt:
    *result = getsockopt(descriptor, number_of(a[1]), number_of(a[2]), pointer(a[3]), pointer(a[4]));
    return true;
  case SYS_setsockopt:
    *result = setsockopt(descriptor, number_of(a[1]), number_of(a[2]), pointer(a[3]), (socklen_t)a[4]);
    return true;
  default: return false;
  }
}

static bool opening_call(long number, const long a[], long *result) {
  int descriptor = number_of(a[0]);
  switch (number) {
  case SYS_connect: *result = connect(descriptor, pointer(a[1]), (socklen_t)a[2]); return true;
  case SYS_bind: *result = bind(descriptor, pointer(a[1]), (socklen_t)a[2]); return true;
  case SYS_listen: *result = listen(descriptor, number_of(a[1])); return true;
  case SYS_accept: *result = accept(descriptor, pointer(a[1]), pointer(a[2])); return true;
  case SYS_accept4: *result = accept4(descriptor, pointer(a[1]), pointer(a[2]), number_of(a[3])); return true;
  default: return false;
  }
}

static bool timer_call(long number, const long a[], long *result) {
  switch (number) {
  case SYS_timerfd_create: *result = timerfd_create(number_of(a[0]), number_of(a[1])); return true;
  case SYS_timerfd_settime:
    *result = timerfd_settime(number_of(a[0]), number_of(a[1]), pointer(a[2]), pointer(a[3]));
    return true;
  case SYS_timerfd_gettime: *result = timerfd_gettime(number_of(a[0]), pointer(a[1])); return true;
  default: return false;
  }
}

static bool wait_call(long number, const long a[], long *result) {
  int first = number_of(a[0]);
  switch (number) {
#ifdef SYS_epoll_create
  case SYS_epoll_create: *result = epoll_create(first); return true;
  case SYS_epoll_wait: *result = epoll_wait(first, pointer(a[1]), number_of(a[2]), number_of(a[3])); return true;
  case SYS_poll: *result = poll(pointer(a[0]), (nfds_t)a[1], number_of(a[2])); return true;
#endif
  case SYS_epoll_create1: *result = epoll_create1(first); return true;
  case SYS_epoll_ctl: *result = epoll_ctl(first, number_of(a[1]), number_of(a[2]), pointer(a[3])); return true;
  case SYS_epoll_pwait:
    *result = epoll_pwait(first, pointer(a[1]), number_of(a[2]), number_of(a[3]), pointer(a[4]));
    return true;
  case SYS_epoll_pwait2:
    *result = epoll_pwait2(first, pointer(a[1]), number_of(a[2]), pointer(a[3]), pointer(a[4]));
    return true;
  case SYS_ppoll: *result = ppoll(pointer(a[0]), (nfds_t)a[1], pointer(a[2]), pointer(a[3])); return true;
  case SYS_clock_gettime: *result = clock_gettime((clockid_t)a[0], pointer(a[1])); return true;
  default: return false;
  }
}

bool weir_dispatch(long number, const long arguments[WEIR_SYSCALL_ARGUMENTS], long *result) {
  if (!weir_the_front.enabled) return false;
  switch (number) {
  case SYS_io_uring_setup:
  case SYS_io_uring_enter:
  case SYS_io_uring_register: *result = refuse(); return true;
  default: break;
  }
  return transfer(number, arguments, result) || descriptor_call(number, arguments, result) ||
         opening_call(number, arguments, result) || timer_call(number, arguments, result) ||
         wait_call(number, arguments, result);
}
