/* wslay: the server's end of a WebSocket, after the handshake.  It asks for its
 * input through a callback, which gives it what the last update brought.
 *
 * Whole messages are events, the payload of each frame is data as it comes.
 *
 * Answers wait until wslay_event_send, and a close goes before what waits:
 * wslay_event_recv "automatically queues close control frame", wslay_event_send
 * sends nothing after it.  How many wait depends on how much came at once. */
#include <wslay/wslay.h>

#include "parts/session.h"

enum { SIZE = 4096 };

typedef struct websocket {
  session session;
  wslay_event_context_ptr context;
  const char *unread;
  size_t left;
  char bytes[SIZE];
} websocket;

/* ---- What wslay asks for and tells */

static ssize_t on_recv(wslay_event_context_ptr context, uint8_t *out, size_t size, int flags, void *user) {
  websocket *self = user;
  (void)flags;
  if (self->left == 0) {
    wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
    return -1;
  }
  size_t taken = size < self->left ? size : self->left;
  memcpy(out, self->unread, taken);
  self->unread += taken;
  self->left -= taken;
  return (ssize_t)taken;
}

static ssize_t on_send(wslay_event_context_ptr context, const uint8_t *bytes, size_t size, int flags, void *user) {
  websocket *self = user;
  (void)context;
  (void)flags;
  session_write(&self->session, bytes, size);
  return (ssize_t)size;
}

static void on_frame(wslay_event_context_ptr context, const struct wslay_event_on_frame_recv_start_arg *frame,
                     void *user) {
  unsigned char facts[] = {frame->fin, frame->rsv, frame->opcode};
  (void)context;
  session_event(user, "frame", facts, sizeof facts);
}

static void on_payload(wslay_event_context_ptr context, const struct wslay_event_on_frame_recv_chunk_arg *chunk,
                       void *user) {
  (void)context;
  session_data(user, "payload", chunk->data, chunk->data_length);
}

static void on_frame_end(wslay_event_context_ptr context, void *user) {
  (void)context;
  session_say(user, "frame end", NULL);
}

static void on_message(wslay_event_context_ptr context, const struct wslay_event_on_msg_recv_arg *message, void *user) {
  unsigned char facts[] = {message->rsv, message->opcode, (unsigned char)(message->status_code >> 8),
                           (unsigned char)message->status_code};
  (void)context;
  session_event(user, "message", facts, sizeof facts);
  session_event(user, "text", message->msg, message->msg_length);
}

/* ---- The protocol */

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  (void)hint;
  buffer->base = ((websocket *)protocol)->bytes;
  buffer->size = SIZE;
  return WEIR_ERROR_NONE;
}

/* wslay reads no more: after the other end's close, or because of a fault that it
 * has answered with a close of its own. */
static void finish(websocket *self) {
  int status = wslay_event_get_status_code_sent(self->context);
  if (wslay_event_get_close_received(self->context) == 0)
    session_fail(&self->session, status, WEIR_POSITION_UNKNOWN, "wslay closed because of a fault");
  else
    session_close(&self->session);
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  websocket *self = (websocket *)protocol;
  self->unread = self->bytes;
  self->left = nbytes;
  int code = wslay_event_recv(self->context);
  if (code == 0) code = wslay_event_send(self->context);
  if (code != 0)
    session_fail(&self->session, code, WEIR_POSITION_UNKNOWN, "wslay gives up");
  else if (wslay_event_get_read_enabled(self->context) == 0)
    finish(self);
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {SESSION_CALLBACKS(get_buffer, buffer_updated),
                                                  .eof_received = session_eof};

static weir_protocol *open_websocket(const weir_observer *observer, const weir_transport_calls *calls) {
  static const struct wslay_event_callbacks events = {.recv_callback = on_recv,
                                                      .send_callback = on_send,
                                                      .on_frame_recv_start_callback = on_frame,
                                                      .on_frame_recv_chunk_callback = on_payload,
                                                      .on_frame_recv_end_callback = on_frame_end,
                                                      .on_msg_recv_callback = on_message};
  websocket *self = (websocket *)session_new(sizeof *self, &callbacks, observer, calls);
  if (self == NULL) return NULL;
  if (wslay_event_context_server_init(&self->context, &events, self) == 0) return &self->session.protocol;
  session_free(&self->session.protocol);
  return NULL;
}

static void release(weir_protocol *protocol) {
  wslay_event_context_free(((websocket *)protocol)->context);
  session_free(protocol);
}

SESSION_PLUGIN("wslay", WSLAY_VERSION, WEIR_MAY_WRITES, open_websocket, release);
