/* The TLS peer: OpenSSL over two memory BIOs, as a wire of the simulation.
 *
 * TLS 1.2 or 1.3, and no choice beyond that: X25519, AES-128-GCM, an Ed25519
 * certificate whose key is a constant.  So every run has the same lengths, and
 * the program's side can be told what to trust before there is a connection.
 *
 * It is a shared object of its own, libweir-tls.so, which libweir-preload.so
 * opens where an adapter asks for TLS: OpenSSL is in it, hidden, and does not
 * meet the OpenSSL of the program. */
#ifndef WEIR_TLS_H
#define WEIR_TLS_H

#include "simulation/wire.h"
#include "weir/status.h"

typedef struct weir_tls_options {
  bool program_serves; /* the program is the server and the peer the client; else the other way round */
  int minor;           /* TLS 1.2 or 1.3 */
} weir_tls_options;

/* A peer for any number of connections, one at a time. */
typedef weir_status weir_tls_new_fn(const weir_tls_options *options, weir_wire **wire, weir_problem *problem);
typedef void weir_tls_free_fn(weir_wire *wire);
/* PEM: the certificate (for the host name WEIR_TLS_HOST, signed by itself) that the
 * peer has and the program may trust, and its private key, with which the program
 * may serve.  Owned by the wire. */
typedef const char *weir_tls_pem_fn(const weir_wire *wire);

#define WEIR_TLS_HOST    "weir.test"
#define WEIR_TLS_LIBRARY "libweir-tls.so"

/* What the shared object exports. */
__attribute__((visibility("default"))) weir_tls_new_fn weir_tls_new;
__attribute__((visibility("default"))) weir_tls_free_fn weir_tls_free;
__attribute__((visibility("default"))) weir_tls_pem_fn weir_tls_pem;

#endif
