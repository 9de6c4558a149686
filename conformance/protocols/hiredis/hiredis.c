/* hiredis: the reply reader, fed by redisReaderFeed; each whole reply is told
 * by redisReaderGetReply. */
#include <hiredis/hiredis.h>

#include "parts/session.h"

enum { SIZE = 4096 };

typedef struct replies {
  session session;
  redisReader *reader;
  char bytes[SIZE];
} replies;

/* A reply as events, those of an array within it; hiredis bounds the nesting. */
static void tell(session *base, const redisReply *reply) {
  switch (reply->type) {
  case REDIS_REPLY_STRING: session_event(base, "string", reply->str, reply->len); break;
  case REDIS_REPLY_STATUS: session_event(base, "status", reply->str, reply->len); break;
  case REDIS_REPLY_ERROR: session_event(base, "error", reply->str, reply->len); break;
  case REDIS_REPLY_INTEGER: session_event(base, "integer", &reply->integer, sizeof reply->integer); break;
  case REDIS_REPLY_ARRAY:
    session_event(base, "array", &reply->elements, sizeof reply->elements);
    for (size_t i = 0; i < reply->elements; i++) tell(base, reply->element[i]);
    break;
  default: session_event(base, "other", &reply->type, sizeof reply->type);
  }
}

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  (void)hint;
  buffer->base = ((replies *)protocol)->bytes;
  buffer->size = SIZE;
  return WEIR_ERROR_NONE;
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  replies *self = (replies *)protocol;
  void *reply = NULL;
  int outcome = redisReaderFeed(self->reader, self->bytes, nbytes);
  while (outcome == REDIS_OK && (outcome = redisReaderGetReply(self->reader, &reply)) == REDIS_OK && reply != NULL) {
    tell(&self->session, reply);
    freeReplyObject(reply);
  }
  if (outcome != REDIS_OK) session_fail(&self->session, self->reader->err, WEIR_POSITION_UNKNOWN, self->reader->errstr);
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {SESSION_CALLBACKS(get_buffer, buffer_updated),
                                                  .eof_received = session_eof};

static weir_protocol *open_replies(const weir_observer *observer, const weir_transport_calls *calls) {
  replies *self = (replies *)session_new(sizeof *self, &callbacks, observer, calls);
  if (self == NULL) return NULL;
  self->reader = redisReaderCreate();
  if (self->reader != NULL) return &self->session.protocol;
  session_free(&self->session.protocol);
  return NULL;
}

static void release(weir_protocol *protocol) {
  redisReaderFree(((replies *)protocol)->reader);
  session_free(protocol);
}

SESSION_PLUGIN("hiredis", SESSION_VERSION(HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH), 0, open_replies, release);
