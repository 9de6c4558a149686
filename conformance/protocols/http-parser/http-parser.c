/* http-parser: requests and responses, told piece by piece.
 *
 * http_parser.h on its data callbacks: "It will be called arbitrarily many times
 * for each string", which the log's merging covers. */
#include <http_parser.h>

#include "parts/session.h"

enum { SIZE = 4096 };

typedef struct http {
  session session;
  http_parser parser;
  uint64_t position; /* of bytes[0] in the stream */
  bool upgraded;     /* what follows is of another protocol */
  char bytes[SIZE];
} http;

/* ---- What http-parser tells */

static int on_begin(http_parser *parser) {
  session_say(parser->data, "message", NULL);
  return 0;
}

#define DATA(function, kind)                                                                                           \
  static int function(http_parser *parser, const char *at, size_t size) {                                              \
    session_data(parser->data, kind, at, size);                                                                        \
    return 0;                                                                                                          \
  }
DATA(on_url, "url")
DATA(on_status, "status")
DATA(on_field, "field")
DATA(on_value, "value")
DATA(on_body, "body")

/* The facts that are known once the headers are complete. */
static int on_headers(http_parser *parser) {
  unsigned char facts[] = {(unsigned char)parser->type,        (unsigned char)parser->http_major,
                           (unsigned char)parser->http_minor,  (unsigned char)parser->method,
                           (unsigned char)parser->status_code, (unsigned char)(parser->status_code >> 8),
                           (unsigned char)parser->upgrade,     (unsigned char)http_should_keep_alive(parser)};
  session_event(parser->data, "headers", facts, sizeof facts);
  return 0;
}

static int on_complete(http_parser *parser) {
  session_say(parser->data, "complete", NULL);
  return 0;
}

static int on_chunk(http_parser *parser) {
  session_event(parser->data, "chunk", &parser->content_length, sizeof parser->content_length);
  return 0;
}

static int on_chunk_end(http_parser *parser) {
  session_say(parser->data, "chunk end", NULL);
  return 0;
}

static const http_parser_settings settings = {.on_message_begin = on_begin,
                                              .on_url = on_url,
                                              .on_status = on_status,
                                              .on_header_field = on_field,
                                              .on_header_value = on_value,
                                              .on_headers_complete = on_headers,
                                              .on_body = on_body,
                                              .on_message_complete = on_complete,
                                              .on_chunk_header = on_chunk,
                                              .on_chunk_complete = on_chunk_end};

/* ---- The protocol */

static void parse(http *self, size_t size) {
  size_t parsed = http_parser_execute(&self->parser, &settings, self->bytes, size);
  self->position += parsed;
  enum http_errno code = HTTP_PARSER_ERRNO(&self->parser);
  if (code != HPE_OK)
    session_fail(&self->session, (int64_t)code, self->position, http_errno_description(code));
  else if (self->parser.upgrade != 0 && size > 0)
    self->upgraded = true;
  if (self->upgraded) session_data(&self->session, "upgraded", self->bytes + parsed, size - parsed);
}

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  (void)hint;
  buffer->base = ((http *)protocol)->bytes;
  buffer->size = SIZE;
  return WEIR_ERROR_NONE;
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  http *self = (http *)protocol;
  if (self->upgraded)
    session_data(&self->session, "upgraded", self->bytes, nbytes);
  else
    parse(self, nbytes);
  return WEIR_ERROR_NONE;
}

static weir_error eof_received(weir_protocol *protocol, bool *keep_open) {
  http *self = (http *)protocol;
  *keep_open = false;
  if (!self->session.closed && !self->upgraded) parse(self, 0);
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {SESSION_CALLBACKS(get_buffer, buffer_updated),
                                                  .eof_received = eof_received};

static weir_protocol *open_http(const weir_observer *observer, const weir_transport_calls *calls) {
  http *self = (http *)session_new(sizeof *self, &callbacks, observer, calls);
  if (self == NULL) return NULL;
  http_parser_init(&self->parser, HTTP_BOTH);
  self->parser.data = &self->session;
  return &self->session.protocol;
}

SESSION_PLUGIN("http-parser",
               SESSION_VERSION(HTTP_PARSER_VERSION_MAJOR, HTTP_PARSER_VERSION_MINOR, HTTP_PARSER_VERSION_PATCH), 0,
               open_http, session_free);
