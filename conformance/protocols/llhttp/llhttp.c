/* llhttp, Node's HTTP parser: requests and responses, told piece by piece.
 *
 * Its README on span callbacks: they may be called many times for one string,
 * which the log's merging covers; the _complete callbacks end each. */
#include <llhttp.h>

#include "parts/session.h"

enum { SIZE = 4096 };

typedef struct http {
  session session;
  llhttp_t parser;
  uint64_t position; /* of bytes[0] in the stream */
  bool upgraded;     /* what follows is of another protocol */
  char bytes[SIZE];
} http;

/* ---- What llhttp tells */

#define DATA(function, kind)                                                                                           \
  static int function(llhttp_t *parser, const char *at, size_t size) {                                                 \
    session_data(parser->data, kind, at, size);                                                                        \
    return 0;                                                                                                          \
  }
DATA(on_url, "url")
DATA(on_status, "status")
DATA(on_method, "method")
DATA(on_version, "version")
DATA(on_field, "field")
DATA(on_value, "value")
DATA(on_body, "body")
DATA(on_extension, "extension")
DATA(on_extension_value, "extension value")

#define EVENT(function, kind)                                                                                          \
  static int function(llhttp_t *parser) {                                                                              \
    session_say(parser->data, kind, NULL);                                                                             \
    return 0;                                                                                                          \
  }
EVENT(on_begin, "message")
EVENT(on_complete, "complete")
EVENT(on_url_end, "url end")
EVENT(on_status_end, "status end")
EVENT(on_field_end, "field end")
EVENT(on_value_end, "value end")
EVENT(on_extension_end, "extension end")
EVENT(on_chunk_end, "chunk end")

/* The facts that are known once the headers are complete. */
static int on_headers(llhttp_t *parser) {
  unsigned char facts[] = {parser->type,
                           parser->http_major,
                           parser->http_minor,
                           parser->method,
                           (unsigned char)parser->status_code,
                           (unsigned char)(parser->status_code >> 8),
                           parser->upgrade,
                           (unsigned char)llhttp_should_keep_alive(parser)};
  session_event(parser->data, "headers", facts, sizeof facts);
  return 0;
}

static int on_chunk(llhttp_t *parser) {
  session_event(parser->data, "chunk", &parser->content_length, sizeof parser->content_length);
  return 0;
}

static const llhttp_settings_t settings = {.on_message_begin = on_begin,
                                           .on_url = on_url,
                                           .on_status = on_status,
                                           .on_method = on_method,
                                           .on_version = on_version,
                                           .on_header_field = on_field,
                                           .on_header_value = on_value,
                                           .on_chunk_extension_name = on_extension,
                                           .on_chunk_extension_value = on_extension_value,
                                           .on_headers_complete = on_headers,
                                           .on_body = on_body,
                                           .on_message_complete = on_complete,
                                           .on_url_complete = on_url_end,
                                           .on_status_complete = on_status_end,
                                           .on_header_field_complete = on_field_end,
                                           .on_header_value_complete = on_value_end,
                                           .on_chunk_extension_name_complete = on_extension_end,
                                           .on_chunk_header = on_chunk,
                                           .on_chunk_complete = on_chunk_end};

/* ---- The protocol */

static void parse(http *self, size_t size) {
  llhttp_errno_t code = llhttp_execute(&self->parser, self->bytes, size);
  size_t parsed = code == HPE_OK ? size : (size_t)(llhttp_get_error_pos(&self->parser) - self->bytes);
  self->position += parsed;
  if (code == HPE_PAUSED_UPGRADE) {
    self->upgraded = true;
    session_data(&self->session, "upgraded", self->bytes + parsed, size - parsed);
  } else if (code != HPE_OK) {
    session_fail(&self->session, (int64_t)code, self->position, llhttp_get_error_reason(&self->parser));
  }
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
  if (self->session.closed || self->upgraded) return WEIR_ERROR_NONE;
  llhttp_errno_t code = llhttp_finish(&self->parser);
  if (code != HPE_OK) session_fail(&self->session, (int64_t)code, self->position, llhttp_errno_name(code));
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {SESSION_CALLBACKS(get_buffer, buffer_updated),
                                                  .eof_received = eof_received};

static weir_protocol *open_http(const weir_observer *observer, const weir_transport_calls *calls) {
  http *self = (http *)session_new(sizeof *self, &callbacks, observer, calls);
  if (self == NULL) return NULL;
  llhttp_init(&self->parser, HTTP_BOTH, &settings);
  self->parser.data = &self->session;
  return &self->session.protocol;
}

SESSION_PLUGIN("llhttp", SESSION_VERSION(LLHTTP_VERSION_MAJOR, LLHTTP_VERSION_MINOR, LLHTTP_VERSION_PATCH), 0,
               open_http, session_free);
