#include "interpose/addresses.h"

#include <netinet/in.h>
#include <string.h>

int weir_address_port(const struct sockaddr *address, socklen_t length) {
  struct sockaddr_in there;
  if (address == NULL || length < sizeof there || address->sa_family != AF_INET) return WEIR_PORT_NONE;
  memcpy(&there, address, sizeof there);
  return there.sin_addr.s_addr == htonl(INADDR_LOOPBACK) ? ntohs(there.sin_port) : WEIR_PORT_NONE;
}

void weir_address_tell(int port, struct sockaddr *address, socklen_t *length) {
  struct sockaddr_in here = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  memcpy(address, &here, *length < sizeof here ? *length : sizeof here);
  *length = sizeof here;
}
