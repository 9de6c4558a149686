/* The certificate, made anew at each start and always the same. */
#ifndef WEIR_TLS_CERTIFICATE_H
#define WEIR_TLS_CERTIFICATE_H

#include <stdbool.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

typedef struct weir_certificate {
  EVP_PKEY *key;
  X509 *certificate;
} weir_certificate;

/* False: OpenSSL refused, or no memory; nothing is left to be freed. */
bool weir_certificate_make(weir_certificate *made, const char *host);
void weir_certificate_free(weir_certificate *made);
/* Certificate and key as PEM, in memory of malloc(); NULL: no memory. */
char *weir_certificate_pem(const weir_certificate *made);

#endif
