/* Duplicates of descriptors: Deno, for one, has its epoll instance twice
 * (SIMULATION.md: what each program calls). */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include "interpose/calls.h"
#include "interpose/descriptors.h"
#include "interpose/real.h"

static bool is_parked(int descriptor) {
  weir_front *front = weir_front_lock();
  bool parked = weir_front_object(front, descriptor)->kind == WEIR_OBJECT_PARKED;
  weir_front_unlock(front);
  return parked;
}

static int alias(int original, int made) {
  if (made < 0) return made;
  int error = errno;
  weir_front *front = weir_front_lock();
  weir_descriptors_alias(front, original, made);
  weir_front_unlock(front);
  errno = error;
  return made;
}

static int control_flags(int descriptor, int command, void *argument) {
  if (!weir_front_knows(descriptor)) return weir_real()->fcntl(descriptor, command, argument);
  if (is_parked(descriptor)) return (int)weir_calls_answer(-EBADF);
  int result = weir_real()->fcntl(descriptor, command, argument);
  bool duplicates = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
  return duplicates ? alias(descriptor, result) : result;
}

WEIR_EXPORT int fcntl(int descriptor, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  return control_flags(descriptor, command, argument);
}

WEIR_EXPORT int fcntl64(int descriptor, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  return control_flags(descriptor, command, argument);
}

WEIR_EXPORT int dup(int descriptor) {
  if (!weir_front_knows(descriptor)) return weir_real()->dup(descriptor);
  return is_parked(descriptor) ? (int)weir_calls_answer(-EBADF) : alias(descriptor, weir_real()->dup(descriptor));
}

/* What stood behind `made` is closed by the duplication. */
static bool make_way(int original, int made) {
  if (weir_front_knows(original) && is_parked(original)) return false;
  if (original == made || !weir_front_knows(made)) return true;
  weir_front *front = weir_front_lock();
  weir_descriptors_replace(front, made);
  weir_front_unlock(front);
  return true;
}

WEIR_EXPORT int dup2(int descriptor, int made) {
  if (!weir_front_knows(descriptor) && !weir_front_knows(made)) return weir_real()->dup2(descriptor, made);
  if (!make_way(descriptor, made)) return (int)weir_calls_answer(-EBADF);
  int result = weir_real()->dup2(descriptor, made);
  return descriptor == made || !weir_front_knows(descriptor) ? result : alias(descriptor, result);
}

WEIR_EXPORT int dup3(int descriptor, int made, int flags) {
  if (!weir_front_knows(descriptor) && !weir_front_knows(made)) return weir_real()->dup3(descriptor, made, flags);
  if (!make_way(descriptor, made)) return (int)weir_calls_answer(-EBADF);
  int result = weir_real()->dup3(descriptor, made, flags);
  return descriptor == made || !weir_front_knows(descriptor) ? result : alias(descriptor, result);
}
