/* OpenSSL over memory BIOs: the server's end of a TLS connection.  The streams
 * are what a client said to just this server (record.c).
 *
 * How the plaintext is cut is SSL_read's business, which the log's merging
 * covers. */
#include <openssl/err.h>

#include "openssl/server.h"
#include "parts/session.h"

enum { SIZE = 4096 };

typedef struct secured {
  session session;
  SSL_CTX *context;
  SSL *ssl;
  server_random random;
  bool told; /* that the handshake is over */
  char bytes[SIZE];
} secured;

static void send_all(secured *self) {
  char out[SIZE];
  int size = 0;
  while ((size = BIO_read(SSL_get_wbio(self->ssl), out, sizeof out)) > 0)
    session_write(&self->session, out, (size_t)size);
}

/* What is to be said when SSL_read has no more. */
static void settle(secured *self, int outcome) {
  int why = SSL_get_error(self->ssl, outcome);
  unsigned long code = ERR_peek_error();
  ERR_clear_error();
  send_all(self);
  if (why == SSL_ERROR_ZERO_RETURN) {
    session_say(&self->session, "close_notify", NULL);
    session_close(&self->session);
  } else if (why != SSL_ERROR_WANT_READ) {
    session_fail(&self->session, ERR_GET_REASON(code), WEIR_POSITION_UNKNOWN, ERR_reason_error_string(code));
  }
}

static void read_all(secured *self) {
  char text[SIZE];
  int size = 0;
  do {
    size = SSL_read(self->ssl, text, sizeof text);
    if (!self->told && SSL_is_init_finished(self->ssl)) {
      self->told = true;
      session_say(&self->session, "version", SSL_get_version(self->ssl));
      session_say(&self->session, "cipher", SSL_get_cipher_name(self->ssl));
    }
    if (size > 0) session_data(&self->session, "plaintext", text, (size_t)size);
  } while (size > 0);
  settle(self, size);
}

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  (void)hint;
  buffer->base = ((secured *)protocol)->bytes;
  buffer->size = SIZE;
  return WEIR_ERROR_NONE;
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  secured *self = (secured *)protocol;
  server_draw_from(&self->random);
  if (BIO_write(SSL_get_rbio(self->ssl), self->bytes, (int)nbytes) != (int)nbytes) return WEIR_ERROR_STATE;
  read_all(self);
  return WEIR_ERROR_NONE;
}

static weir_error eof_received(weir_protocol *protocol, bool *keep_open) {
  secured *self = (secured *)protocol;
  *keep_open = false;
  if (!self->session.closed) session_say(&self->session, "truncated", NULL);
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {SESSION_CALLBACKS(get_buffer, buffer_updated),
                                                  .eof_received = eof_received};

static void release(weir_protocol *protocol) {
  secured *self = (secured *)protocol;
  SSL_free(self->ssl);
  SSL_CTX_free(self->context);
  session_free(protocol);
}

static weir_protocol *open_secured(const weir_observer *observer, const weir_transport_calls *calls) {
  secured *self = (secured *)session_new(sizeof *self, &callbacks, observer, calls);
  if (self == NULL) return NULL;
  server_draw_from(&self->random);
  self->context = server_context();
  if (self->context != NULL) self->ssl = server_connection(self->context, true);
  if (self->ssl != NULL) return &self->session.protocol;
  release(&self->session.protocol);
  return NULL;
}

SESSION_PLUGIN("openssl", OPENSSL_VERSION_STR, 0, open_secured, release);
