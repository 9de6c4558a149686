/* A TLS server whose randomness is a counter: it answers the same bytes with the
 * same bytes, so that a client's side of a connection can be recorded once and
 * given to it again in any chunking. */
#ifndef SERVER_H
#define SERVER_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

/* What OpenSSL is told for random bytes; zeroed is a fresh one. */
typedef struct server_random {
  uint64_t drawn;
} server_random;

/* The source that OpenSSL draws from until the next call of this function: a
 * process has one, whatever the library context is. */
void server_draw_from(server_random *random);

/* A context with an Ed25519 key and its certificate, always the same; without
 * tickets, which have the time in them.  NULL: no memory. */
SSL_CTX *server_context(void);

/* An SSL on memory BIOs, as server or as client.  NULL: no memory. */
SSL *server_connection(SSL_CTX *context, bool accepts);

#endif
