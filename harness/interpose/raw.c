/* syscall(2): libuv and Node close their sockets and set up io_uring through it
 * (SIMULATION.md: what each program calls). */
#include <stdarg.h>

#include "interpose/dispatch.h"
#include "interpose/real.h"

WEIR_EXPORT long syscall(long number, ...) {
  long a[WEIR_SYSCALL_ARGUMENTS], result;
  va_list arguments;
  va_start(arguments, number);
  for (int i = 0; i < WEIR_SYSCALL_ARGUMENTS; i++) a[i] = va_arg(arguments, long);
  va_end(arguments);
  if (weir_dispatch(number, a, &result)) return result;
  return weir_real()->syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
