/* expat: XML_GetBuffer and XML_ParseBuffer are get_buffer and buffer_updated.
 *
 * Its documentation lets it cut text where it likes (XML_SetCharacterDataHandler:
 * "a single block of contiguous text free of markup may still result in a
 * sequence of calls"), which the log's merging covers.
 *
 * It may put off an unfinished token until more has come
 * (XML_SetReparseDeferralEnabled), so that a reset finds it behind. */
#include <expat.h>
#include <limits.h>

#include "parts/session.h"

enum { SIZE = 4096 };

typedef struct document {
  session session;
  XML_Parser parser;
} document;

/* ---- What expat tells */

static void on_start(void *user, const XML_Char *name, const XML_Char **attributes) {
  session *base = user;
  session_say(base, "start", name);
  for (size_t i = 0; attributes[i] != NULL; i += 2) {
    session_say(base, "attribute", attributes[i]);
    session_say(base, "value", attributes[i + 1]);
  }
}

static void on_end(void *user, const XML_Char *name) {
  session_say(user, "end", name);
}

static void on_text(void *user, const XML_Char *text, int size) {
  session_data(user, "text", text, (size_t)size);
}

static void on_instruction(void *user, const XML_Char *target, const XML_Char *data) {
  session_say(user, "instruction", target);
  session_say(user, "instruction data", data);
}

static void on_comment(void *user, const XML_Char *text) {
  session_say(user, "comment", text);
}

static void on_cdata(void *user) {
  session_say(user, "cdata", NULL);
}

static void on_cdata_end(void *user) {
  session_say(user, "cdata end", NULL);
}

static void on_doctype(void *user, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal) {
  session_say(user, internal != 0 ? "doctype with subset" : "doctype", name);
  session_say(user, "system id", system);
  session_say(user, "public id", public);
}

static void on_entity(void *user, const XML_Char *name, int parameter, const XML_Char *value, int size,
                      const XML_Char *base, const XML_Char *system, const XML_Char *public, const XML_Char *notation) {
  (void)base;
  (void)public;
  (void)notation;
  session_say(user, parameter != 0 ? "parameter entity" : "entity", name);
  if (value != NULL) session_event(user, "entity value", value, (size_t)size);
  session_say(user, "system id", system);
}

/* ---- The protocol */

static void prepare(document *self) {
  XML_SetUserData(self->parser, &self->session);
  XML_SetHashSalt(self->parser, 1); /* the same work in each run */
  XML_SetElementHandler(self->parser, on_start, on_end);
  XML_SetCharacterDataHandler(self->parser, on_text);
  XML_SetProcessingInstructionHandler(self->parser, on_instruction);
  XML_SetCommentHandler(self->parser, on_comment);
  XML_SetCdataSectionHandler(self->parser, on_cdata, on_cdata_end);
  XML_SetStartDoctypeDeclHandler(self->parser, on_doctype);
  XML_SetEntityDeclHandler(self->parser, on_entity);
}

static void fail(document *self) {
  enum XML_Error code = XML_GetErrorCode(self->parser);
  session_fail(&self->session, (int64_t)code, (uint64_t)XML_GetErrorByteIndex(self->parser), XML_ErrorString(code));
}

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *buffer) {
  document *self = (document *)protocol;
  (void)hint;
  buffer->base = XML_GetBuffer(self->parser, SIZE);
  buffer->size = buffer->base != NULL ? SIZE : 0;
  return buffer->base != NULL ? WEIR_ERROR_NONE : WEIR_ERROR_STATE;
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  document *self = (document *)protocol;
  if (XML_ParseBuffer(self->parser, (int)nbytes, XML_FALSE) == XML_STATUS_ERROR) fail(self);
  return WEIR_ERROR_NONE;
}

static weir_error eof_received(weir_protocol *protocol, bool *keep_open) {
  document *self = (document *)protocol;
  *keep_open = false;
  if (!self->session.closed && XML_Parse(self->parser, "", 0, XML_TRUE) == XML_STATUS_ERROR) fail(self);
  return WEIR_ERROR_NONE;
}

static const weir_protocol_callbacks callbacks = {SESSION_CALLBACKS(get_buffer, buffer_updated),
                                                  .eof_received = eof_received};

static weir_protocol *open_document(const weir_observer *observer, const weir_transport_calls *calls) {
  document *self = (document *)session_new(sizeof *self, &callbacks, observer, calls);
  if (self == NULL) return NULL;
  self->parser = XML_ParserCreate(NULL);
  if (self->parser == NULL) {
    session_free(&self->session.protocol);
    return NULL;
  }
  prepare(self);
  return &self->session.protocol;
}

static void release(weir_protocol *protocol) {
  XML_ParserFree(((document *)protocol)->parser);
  session_free(protocol);
}

SESSION_PLUGIN("expat", SESSION_VERSION(XML_MAJOR_VERSION, XML_MINOR_VERSION, XML_MICRO_VERSION), WEIR_MAY_LAG,
               open_document, release);
