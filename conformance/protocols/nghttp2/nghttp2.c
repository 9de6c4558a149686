/* nghttp2: the server's end of HTTP/2, fed by nghttp2_session_mem_recv.
 *
 * nghttp2.h on DATA: nghttp2_on_data_chunk_recv_callback is "called when a chunk
 * of data in DATA frame is received", so a frame may come in several, which the
 * log's merging covers.
 *
 * What it answers is made when it is asked to send: of several answers that wait,
 * those of more urgent kinds go first, and after a GOAWAY that ends the session
 * nothing else does (nghttp2_session_mem_send, nghttp2_session_terminate_session).
 * How many wait depends on how much came at once. */
#include <nghttp2/nghttp2.h>

#include "parts/session.h"

enum { SIZE = 4096 };

typedef struct http2 {
  session session;
  nghttp2_session *engine;
  char bytes[SIZE];
} http2;

/* ---- What nghttp2 tells */

static int on_begin_headers(nghttp2_session *engine, const nghttp2_frame *frame, void *user) {
  (void)engine;
  session_event(user, "begin headers", &frame->hd.stream_id, sizeof frame->hd.stream_id);
  return 0;
}

static int on_header(nghttp2_session *engine, const nghttp2_frame *frame, const uint8_t *name, size_t name_size,
                     const uint8_t *value, size_t value_size, uint8_t flags, void *user) {
  (void)engine;
  (void)frame;
  (void)flags;
  session_event(user, "header", name, name_size);
  session_event(user, "value", value, value_size);
  return 0;
}

static int on_data(nghttp2_session *engine, uint8_t flags, int32_t stream, const uint8_t *bytes, size_t size,
                   void *user) {
  (void)engine;
  (void)flags;
  (void)stream; /* the end of the frame tells it */
  session_data(user, "data", bytes, size);
  return 0;
}

/* Type, flags, stream and error code: what the frames without headers are about. */
static void tell_frame(session *base, const char *kind, const nghttp2_frame *frame, int code) {
  int32_t facts[] = {frame->hd.type, frame->hd.flags, frame->hd.stream_id, (int32_t)frame->hd.length, code};
  session_event(base, kind, facts, sizeof facts);
}

static int on_frame(nghttp2_session *engine, const nghttp2_frame *frame, void *user) {
  (void)engine;
  tell_frame(user, "frame", frame, 0);
  return 0;
}

static int on_invalid_frame(nghttp2_session *engine, const nghttp2_frame *frame, int code, void *user) {
  (void)engine;
  tell_frame(user, "invalid frame", frame, code);
  return 0;
}

static int on_stream_close(nghttp2_session *engine, int32_t stream, uint32_t code, void *user) {
  (void)engine;
  uint32_t facts[] = {(uint32_t)stream, code};
  session_event(user, "stream closed", facts, sizeof facts);
  return 0;
}

/* ---- The protocol */

static void send_all(http2 *self) {
  const uint8_t *bytes = NULL;
  ssize_t size = 0;
  while ((size = nghttp2_session_mem_send(self->engine, &bytes)) > 0)
    session_write(&self->session, bytes, (size_t)size);
}

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  (void)hint;
  buffer->base = ((http2 *)protocol)->bytes;
  buffer->size = SIZE;
  return WEIR_ERROR_NONE;
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  http2 *self = (http2 *)protocol;
  ssize_t taken = nghttp2_session_mem_recv(self->engine, (const uint8_t *)self->bytes, nbytes);
  send_all(self);
  if (taken < 0)
    session_fail(&self->session, taken, WEIR_POSITION_UNKNOWN, nghttp2_strerror((int)taken));
  else if (nghttp2_session_want_read(self->engine) == 0 && nghttp2_session_want_write(self->engine) == 0)
    session_close(&self->session);
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {SESSION_CALLBACKS(get_buffer, buffer_updated),
                                                  .eof_received = session_eof};

static nghttp2_session *engine_new(http2 *self) {
  nghttp2_session_callbacks *events = NULL;
  nghttp2_session *engine = NULL;
  if (nghttp2_session_callbacks_new(&events) != 0) return NULL;
  nghttp2_session_callbacks_set_on_begin_headers_callback(events, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(events, on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(events, on_data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(events, on_frame);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(events, on_invalid_frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(events, on_stream_close);
  if (nghttp2_session_server_new(&engine, events, self) != 0) engine = NULL;
  nghttp2_session_callbacks_del(events);
  return engine;
}

static weir_protocol *open_http2(const weir_observer *observer, const weir_transport_calls *calls) {
  http2 *self = (http2 *)session_new(sizeof *self, &callbacks, observer, calls);
  if (self == NULL) return NULL;
  self->engine = engine_new(self);
  if (self->engine != NULL && nghttp2_submit_settings(self->engine, NGHTTP2_FLAG_NONE, NULL, 0) == 0)
    return &self->session.protocol;
  nghttp2_session_del(self->engine);
  session_free(&self->session.protocol);
  return NULL;
}

static void release(weir_protocol *protocol) {
  nghttp2_session_del(((http2 *)protocol)->engine);
  session_free(protocol);
}

SESSION_PLUGIN("nghttp2", NGHTTP2_VERSION, WEIR_MAY_WRITES, open_http2, release);
