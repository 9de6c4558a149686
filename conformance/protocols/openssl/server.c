#define OPENSSL_SUPPRESS_DEPRECATED /* RAND_set_rand_method has no successor for a whole process */
#include "server.h"

#include <openssl/rand.h>
#include <openssl/x509.h>
#include <string.h>

static server_random *current;

static int draw(unsigned char *out, int size) {
  if (current == NULL) return 0;
  for (int i = 0; i < size; i++) {
    uint64_t mixed = (++current->drawn + 0x9E3779B97F4A7C15u) * 0xBF58476D1CE4E5B9u;
    out[i] = (unsigned char)(mixed >> 56);
  }
  return 1;
}

static int ready(void) {
  return 1;
}

void server_draw_from(server_random *random) {
  static const RAND_METHOD method = {.bytes = draw, .pseudorand = draw, .status = ready};
  current = random;
  (void)RAND_set_rand_method(&method);
}

static bool sign(X509 *certificate, EVP_PKEY *key) {
  X509_NAME *name = X509_get_subject_name(certificate);
  return X509_set_version(certificate, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
         ASN1_TIME_set_string(X509_getm_notBefore(certificate), "20200101000000Z") == 1 &&
         ASN1_TIME_set_string(X509_getm_notAfter(certificate), "99991231235959Z") == 1 &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"weir", -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
         X509_sign(certificate, key, NULL) > 0;
}

static bool identify(SSL_CTX *context) {
  unsigned char secret[32];
  memset(secret, 'w', sizeof secret);
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, sizeof secret);
  X509 *certificate = X509_new();
  bool done = key != NULL && certificate != NULL && sign(certificate, key) &&
              SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1;
  X509_free(certificate);
  EVP_PKEY_free(key);
  return done;
}

SSL_CTX *server_context(void) {
  SSL_CTX *context = SSL_CTX_new(TLS_method());
  if (context == NULL) return NULL;
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  if (identify(context)) return context;
  SSL_CTX_free(context);
  return NULL;
}

SSL *server_connection(SSL_CTX *context, bool accepts) {
  SSL *ssl = SSL_new(context);
  BIO *in = BIO_new(BIO_s_mem());
  BIO *out = BIO_new(BIO_s_mem());
  if (ssl == NULL || in == NULL || out == NULL) {
    SSL_free(ssl);
    BIO_free(in);
    BIO_free(out);
    return NULL;
  }
  SSL_set_bio(ssl, in, out);
  if (accepts)
    SSL_set_accept_state(ssl);
  else
    SSL_set_connect_state(ssl);
  return ssl;
}
