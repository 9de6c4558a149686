/* Transports that are broken on purpose, for what looks for and shrinks
 * failures: the reference with one fault each, which shows only after some
 * steps that have to come together. */
#ifndef WEIR_TESTS_FAULTS_H
#define WEIR_TESTS_FAULTS_H

#include "reference/internal.h"
#include "reference/reference.h"
#include "weir/scenario.h"
#include "weir/trace.h"

/* Forgets to pause while it has something to flush. */
static weir_error fault_pause(weir_transport *transport) {
  if (transport->backlog.size > 0) return WEIR_ERROR_NONE;
  return weir_transport_pause_reading(transport);
}

/* Reads on after the end of the stream. */
static weir_error fault_resume(weir_transport *transport) {
  if (transport->eof_seen && transport->stage == WEIR_STAGE_OPEN) transport->eof_seen = false;
  return weir_transport_resume_reading(transport);
}

/* Drops what it had not sent yet. */
static weir_error fault_write_eof(weir_transport *transport) {
  if (transport->stage == WEIR_STAGE_OPEN && transport->backlog.size > 0)
    weir_backlog_consume(&transport->backlog, transport->backlog.size);
  return weir_transport_write_eof(transport);
}

/* Loses the last byte where others wait before it. */
static weir_error fault_write(weir_transport *transport, const void *bytes, size_t size) {
  bool waiting = bytes != NULL && size > 0 && transport->backlog.size > 0;
  return weir_transport_write(transport, bytes, waiting ? size - 1 : size);
}

/* Forgets that it said pause_writing. */
static weir_error fault_limits(weir_transport *transport, ptrdiff_t high, ptrdiff_t low) {
  transport->told_pause = false;
  return weir_transport_set_limits(transport, high, low);
}

/* Says that it reads while it does not. */
static bool fault_is_reading(weir_transport *transport) {
  return transport->paused || weir_transport_is_reading(transport);
}

enum { FAULT_COUNT = 6 };

typedef struct fault {
  const char *name;
  weir_transport_calls calls;
  weir_target target;
} fault;

/* Makes fault `which` of FAULT_COUNT in *out, which must stay where it is. */
static void fault_make(unsigned which, fault *out) {
  static const char *const names[FAULT_COUNT] = {"pause", "resume", "write_eof", "write", "limits", "is_reading"};
  out->name = names[which];
  out->calls = *weir_reference()->transport;
  switch (which) {
  case 0: out->calls.pause_reading = fault_pause; break;
  case 1: out->calls.resume_reading = fault_resume; break;
  case 2: out->calls.write_eof = fault_write_eof; break;
  case 3: out->calls.write = fault_write; break;
  case 4: out->calls.set_write_buffer_limits = fault_limits; break;
  default: out->calls.is_reading = fault_is_reading;
  }
  out->target = *weir_reference();
  out->target.name = out->name;
  out->target.transport = &out->calls;
}

/* ---- Scenarios that get to the faults */

/* Whether a step leaves little of the connection for those behind it. */
static inline bool fault_ends_connection(const weir_step *step) {
  switch (step->verb) {
  case WEIR_VERB_PEER_FIN:
  case WEIR_VERB_PEER_RESET:
  case WEIR_VERB_PEER_CLOSE:
  case WEIR_VERB_SOCKET_ERROR:
  case WEIR_VERB_APP_RAISE:
  case WEIR_VERB_APP_CLOSE:
  case WEIR_VERB_APP_ABORT: return true;
  case WEIR_VERB_APP_SIZE: return step->a == 0 || !weir_buffer_kind_usable(step->option);
  default: return false;
  }
}

/* Numbers as a fuzzer's mostly are.  A write at every callback of a long run
 * would measure how gigabytes are copied. */
static inline void fault_tame(weir_step *step, int32_t most) {
  const weir_verb_info *verb = weir_verb_get(step->verb);
  if (verb->a.how != WEIR_ARGUMENT_NONE && step->a > most) step->a = most;
  if (verb->b.how != WEIR_ARGUMENT_NONE && step->b > most) step->b = most;
  if (step->verb == WEIR_VERB_APP_WRITE || step->verb == WEIR_VERB_APP_WRITELINES) step->last = step->first;
}

#endif
