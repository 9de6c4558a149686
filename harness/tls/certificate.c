#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls/certificate.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

/* A constant, known to everybody: it protects nothing. */
static const unsigned char seed[32] = "Weir's peer: this key is no key";

static bool set_names(X509 *certificate, const char *host) {
  X509_NAME *name = X509_get_subject_name(certificate);
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)host, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1;
}

/* No wall clock: valid whenever a test is run. */
static bool set_times(X509 *certificate) {
  return ASN1_TIME_set_string(X509_getm_notBefore(certificate), "20000101000000Z") == 1 &&
         ASN1_TIME_set_string(X509_getm_notAfter(certificate), "99991231235959Z") == 1;
}

static bool add_extension(X509 *certificate, int nid, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
  const bool added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

/* What a strict verifier (RFC 5280; Python 3.13) wants of one that is root and leaf. */
static bool add_extensions(X509 *certificate, const char *host) {
  char names[128];
  (void)snprintf(names, sizeof names, "DNS:%s", host);
  return add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE") &&
         add_extension(certificate, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
         add_extension(certificate, NID_subject_key_identifier, "hash") &&
         add_extension(certificate, NID_authority_key_identifier, "keyid:always") &&
         add_extension(certificate, NID_subject_alt_name, names);
}

bool weir_certificate_make(weir_certificate *made, const char *host) {
  made->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed);
  made->certificate = X509_new();
  X509 *certificate = made->certificate;
  const bool done = made->key != NULL && certificate != NULL && X509_set_version(certificate, X509_VERSION_3) == 1 &&
                    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 && set_names(certificate, host) &&
                    set_times(certificate) && X509_set_pubkey(certificate, made->key) == 1 &&
                    add_extensions(certificate, host) && X509_sign(certificate, made->key, NULL) > 0;
  if (!done) weir_certificate_free(made);
  return done;
}

void weir_certificate_free(weir_certificate *made) {
  EVP_PKEY_free(made->key);
  X509_free(made->certificate);
  *made = (weir_certificate){.key = NULL};
}

char *weir_certificate_pem(const weir_certificate *made) {
  BIO *text = BIO_new(BIO_s_mem());
  if (text == NULL) return NULL;
  char *bytes = NULL, *copy = NULL;
  if (PEM_write_bio_X509(text, made->certificate) == 1 &&
      PEM_write_bio_PKCS8PrivateKey(text, made->key, NULL, NULL, 0, NULL, NULL) == 1) {
    const long size = BIO_get_mem_data(text, &bytes);
    copy = size > 0 ? strndup(bytes, (size_t)size) : NULL;
  }
  BIO_free(text);
  return copy;
}
