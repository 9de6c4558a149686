/* The operations that are tried, and what is seen of each. */
#ifndef WEIR_TESTS_KERNEL_OPERATIONS_H
#define WEIR_TESTS_KERNEL_OPERATIONS_H

#include <stddef.h>

#include "ends.h"

/* clang-format off */
#define OPERATIONS(X) \
  X(PEER_SEND) X(PEER_FIN) X(PEER_READ) X(PEER_CLOSE) X(PEER_RESET) X(RECV) X(RECVFROM) X(RECVMSG) \
  X(READ) X(READV) X(SEND) X(SENDTO) X(SENDMSG) X(WRITE) X(WRITEV) X(SHUTDOWN) \
  X(CLOSE) X(DUP) X(LINGER) X(FILL) X(OPTION) X(NAMES) X(UNREAD) X(FLAGS) \
  X(KIND) X(EPOLL_CTL) X(EPOLL_WAIT) X(POLL) X(SELECT)
/* clang-format on */

typedef enum operation_kind {
#define X(name) OP_##name,
  OPERATIONS(X)
#undef X
      OPERATION_COUNT
} operation_kind;

typedef struct operation {
  operation_kind kind;
  uint32_t size;
  uint32_t flags; /* of the call, or which variant */
  uint32_t events;
} operation;

enum { SEEN_MAX = 8, SEEN_BYTES = 32 };

/* What an operation came to.  Compared as a whole. */
typedef struct seen {
  long result; /* or -errno */
  long more[SEEN_MAX];
  uint8_t bytes[SEEN_BYTES];
  int signals;    /* SIGPIPE */
  unsigned ready; /* poll(), asked for everything, afterwards */
} seen;

/* Draws one; *state is the random number generator's. */
operation operation_draw(uint64_t *state);
seen operation_try(ends *end, const operation *drawn);
/* For a person: the operation, and what was seen on both. */
size_t operation_print(const operation *drawn, const seen *real, const seen *simulated, char *out, size_t size);
/* Counts SIGPIPE from now on. */
void operation_catch_signals(void);

#endif
