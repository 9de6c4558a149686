/* Records the valid streams of this folder: what a client says to the server.
 *
 *     record_tls FOLDER */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openssl/server.h"

typedef struct conversation {
  SSL *client, *server;
  server_random of_client, of_server;
  FILE *out; /* gets what the client says */
} conversation;

static void carry(SSL *from, SSL *to, FILE *out) {
  char bytes[4096];
  int size = 0;
  while ((size = BIO_read(SSL_get_wbio(from), bytes, sizeof bytes)) > 0) {
    if (BIO_write(SSL_get_rbio(to), bytes, size) != size) exit(2);
    if (out != NULL && fwrite(bytes, 1, (size_t)size, out) != (size_t)size) exit(2);
  }
}

/* One turn of each side; the server throws away what it is told. */
static void turn(conversation *both) {
  char bytes[4096];
  server_draw_from(&both->of_client);
  (void)SSL_do_handshake(both->client);
  carry(both->client, both->server, both->out);
  server_draw_from(&both->of_server);
  while (SSL_read(both->server, bytes, sizeof bytes) > 0) continue;
  carry(both->server, both->client, NULL);
}

static void say(conversation *both, const char *text) {
  if (SSL_write(both->client, text, (int)strlen(text)) != (int)strlen(text)) exit(2);
  carry(both->client, both->server, both->out);
}

static void record(const char *folder, const char *name, int version, bool update, bool close) {
  char path[4096];
  if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) exit(2);
  conversation both = {.of_client = {.drawn = 1u << 20}, .out = fopen(path, "wb")};
  server_draw_from(&both.of_client);
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  if (both.out == NULL || context == NULL || SSL_CTX_set_max_proto_version(context, version) != 1) exit(2);
  both.client = server_connection(context, false);
  server_draw_from(&both.of_server);
  SSL_CTX *of_server = server_context();
  both.server = of_server != NULL ? server_connection(of_server, true) : NULL;
  if (both.client == NULL || both.server == NULL) exit(2);
  for (int turns = 0; turns < 4; turns++) turn(&both);
  if (!SSL_is_init_finished(both.client)) exit(2);
  server_draw_from(&both.of_client);
  say(&both, "hello");
  if (update && SSL_key_update(both.client, SSL_KEY_UPDATE_NOT_REQUESTED) != 1) exit(2);
  say(&both, ", ");
  say(&both, "world, of which there is more to say than fits into a short stream");
  if (close) (void)SSL_shutdown(both.client);
  carry(both.client, both.server, both.out);
  if (fclose(both.out) != 0) exit(2);
  SSL_free(both.client);
  SSL_free(both.server);
  SSL_CTX_free(context);
  SSL_CTX_free(of_server);
}

int main(int count, char **arguments) {
  if (count != 2) {
    fprintf(stderr, "usage: record_tls FOLDER\n");
    return 2;
  }
  record(arguments[1], "tls-1.3", TLS1_3_VERSION, false, true);
  record(arguments[1], "tls-1.3-key-update", TLS1_3_VERSION, true, true);
  record(arguments[1], "tls-1.3-truncated", TLS1_3_VERSION, false, false);
  record(arguments[1], "tls-1.2", TLS1_2_VERSION, false, true);
  return 0;
}
