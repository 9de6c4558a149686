#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include "tls/certificate.h"
#include "tls/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

typedef struct tls_peer {
  weir_wire wire;
  SSL_CTX *context;
  SSL *ssl;
  BIO *in, *out; /* owned by ssl: what the peer hears, what it says */
  bool serves;   /* the peer is the server */
  weir_certificate certificate;
  char *pem;
} tls_peer;

static tls_peer *of(weir_wire *wire) {
  return (tls_peer *)wire;
}

static const tls_peer *of_const(const weir_wire *wire) {
  return (const tls_peer *)wire;
}

/* ---- One connection -------------------------------------------------------------- */
static bool attach(tls_peer *peer) {
  peer->in = BIO_new(BIO_s_mem());
  peer->out = BIO_new(BIO_s_mem());
  if (peer->in == NULL || peer->out == NULL) {
    BIO_free(peer->in);
    BIO_free(peer->out);
    return false;
  }
  SSL_set_bio(peer->ssl, peer->in, peer->out);
  return true;
}

/* A client speaks first. */
static bool begin(weir_wire *wire) {
  tls_peer *peer = of(wire);
  SSL_free(peer->ssl);
  peer->ssl = SSL_new(peer->context);
  if (peer->ssl == NULL || !attach(peer)) return false;
  if (peer->serves) {
    SSL_set_accept_state(peer->ssl);
    return true;
  }
  SSL_set_connect_state(peer->ssl);
  if (SSL_set_tlsext_host_name(peer->ssl, WEIR_TLS_HOST) != 1) return false;
  (void)SSL_do_handshake(peer->ssl);
  return true;
}

static bool made(const weir_wire *wire) {
  return SSL_is_init_finished(of_const(wire)->ssl);
}

/* ---- Saying ------------------------------------------------------------------------ */
static bool say(weir_wire *wire, const void *bytes, size_t size) {
  assert(size > 0 && size <= INT_MAX);
  ERR_clear_error();
  return made(wire) && SSL_write(of(wire)->ssl, bytes, (int)size) == (int)size;
}

static bool end(weir_wire *wire) {
  ERR_clear_error();
  return made(wire) && SSL_shutdown(of(wire)->ssl) >= 0;
}

/* RFC 8446 4.6: TLS 1.2 has no such messages, and tickets are a server's. */
static bool message(weir_wire *wire, weir_tls_message what) {
  tls_peer *peer = of(wire);
  ERR_clear_error();
  if (!made(wire) || SSL_version(peer->ssl) != TLS1_3_VERSION) return false;
  const int asked = what == WEIR_TLS_TICKET ? peer->serves && SSL_new_session_ticket(peer->ssl)
                                            : SSL_key_update(peer->ssl, SSL_KEY_UPDATE_REQUESTED);
  return asked == 1 && SSL_do_handshake(peer->ssl) == 1;
}

static size_t pending(const weir_wire *wire) {
  return BIO_ctrl_pending(of_const(wire)->out);
}

static size_t fetch(weir_wire *wire, void *buffer, size_t size) {
  const int count = BIO_read(of(wire)->out, buffer, size > INT_MAX ? INT_MAX : (int)size);
  return count > 0 ? (size_t)count : 0;
}

/* ---- Hearing ------------------------------------------------------------------------ */
static void hear(weir_wire *wire, const void *bytes, size_t size) {
  tls_peer *peer = of(wire);
  assert(size <= INT_MAX);
  ERR_clear_error();
  (void)BIO_write(peer->in, bytes, (int)size);
  if (!made(wire)) (void)SSL_do_handshake(peer->ssl);
}

static size_t read_plain(weir_wire *wire, void *buffer, size_t size) {
  ERR_clear_error();
  if (!made(wire)) return 0;
  const int count = SSL_read(of(wire)->ssl, buffer, size > INT_MAX ? INT_MAX : (int)size);
  return count > 0 ? (size_t)count : 0;
}

static bool ended(const weir_wire *wire) {
  return (SSL_get_shutdown(of_const(wire)->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
}

static const weir_wire_calls calls = {
    .begin = begin,
    .made = made,
    .say = say,
    .end = end,
    .message = message,
    .pending = pending,
    .fetch = fetch,
    .hear = hear,
    .read = read_plain,
    .ended = ended,
};

/* ---- All connections ------------------------------------------------------------------ */
/* One suite, one group: nothing is left to be chosen.  Tickets only where the scenario has one sent. */
static bool set_up(SSL_CTX *context, int version) {
  return SSL_CTX_set_min_proto_version(context, version) == 1 && SSL_CTX_set_max_proto_version(context, version) == 1 &&
         SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") == 1 &&
         SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES128-GCM-SHA256") == 1 &&
         SSL_CTX_set1_groups_list(context, "X25519") == 1 && SSL_CTX_set_num_tickets(context, 0) == 1;
}

static bool make_context(tls_peer *peer, const weir_tls_options *options) {
  (void)OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
  peer->context = SSL_CTX_new(peer->serves ? TLS_server_method() : TLS_client_method());
  if (peer->context == NULL || !weir_certificate_make(&peer->certificate, WEIR_TLS_HOST)) return false;
  (void)SSL_CTX_set_session_cache_mode(peer->context, SSL_SESS_CACHE_OFF);
  if (options->minor == 2) (void)SSL_CTX_set_options(peer->context, SSL_OP_NO_TICKET);
  peer->pem = weir_certificate_pem(&peer->certificate);
  return peer->pem != NULL && set_up(peer->context, options->minor == 2 ? TLS1_2_VERSION : TLS1_3_VERSION) &&
         (!peer->serves || (SSL_CTX_use_certificate(peer->context, peer->certificate.certificate) == 1 &&
                            SSL_CTX_use_PrivateKey(peer->context, peer->certificate.key) == 1));
}

weir_status weir_tls_new(const weir_tls_options *options, weir_wire **wire, weir_problem *problem) {
  tls_peer *peer = calloc(1, sizeof *peer);
  if (peer == NULL) return weir_fail(problem, WEIR_NO_MEMORY, 0, "no memory for a TLS peer");
  peer->wire.calls = &calls;
  peer->serves = !options->program_serves;
  if (!make_context(peer, options)) {
    weir_tls_free(&peer->wire);
    return weir_fail(problem, WEIR_BROKEN, 0, "OpenSSL refused to set up the TLS peer: %s",
                     ERR_reason_error_string(ERR_get_error()));
  }
  *wire = &peer->wire;
  return WEIR_OK;
}

void weir_tls_free(weir_wire *wire) {
  if (wire == NULL) return;
  tls_peer *peer = of(wire);
  SSL_free(peer->ssl);
  SSL_CTX_free(peer->context);
  weir_certificate_free(&peer->certificate);
  free(peer->pem);
  free(peer);
}

const char *weir_tls_pem(const weir_wire *wire) {
  return of_const(wire)->pem;
}
