/* The addresses of the run's connections: there is nothing behind them. */
#ifndef WEIR_INTERPOSE_ADDRESSES_H
#define WEIR_INTERPOSE_ADDRESSES_H

#include <stdbool.h>
#include <sys/socket.h>

/* Ports of 127.0.0.1. */
enum {
  WEIR_PORT_CONNECTION = 7, /* where a client connects to, and a server listens */
  WEIR_PORT_CONTROL = 9,    /* what is connected to it is the control descriptor */
  WEIR_PORT_OTHER = 49152,  /* the client's own */
  WEIR_PORT_NONE = -1
};

/* The port of an address on 127.0.0.1, or WEIR_PORT_NONE. */
int weir_address_port(const struct sockaddr *address, socklen_t length);
/* Writes that address, as getsockname does. */
void weir_address_tell(int port, struct sockaddr *address, socklen_t *length);
/* Whether the program has bound the descriptor to WEIR_PORT_CONNECTION. */
bool weir_listens(int descriptor);

#endif
