/* What a scenario asks for that Linux does not do on the connection that a
 * target has.  It is not run: a verdict on it would be about nothing. */
#include <errno.h>
#include <stdio.h>

#include "simulation/layers.h"
#include "targets/runner.h"

/* Why a step cannot come to pass; NULL: it can. */
typedef const char *objection(unsigned layer, bool posix, const weir_step *step);

static const char *about_errors(unsigned layer, bool posix, const weir_step *step) {
  if (step->verb != WEIR_VERB_SOCKET_ERROR) return NULL;
  const int error = weir_socket_error_number(step->option);
  if (error == EINTR) return posix ? NULL : "EINTR, which Linux never gives on a non-blocking socket: --faults posix";
  return weir_layer_has_error(layer, (weir_occasion)step->event, error) ? NULL
                                                                        : "an error that Linux does not give there";
}

/* What arrives, and the callbacks that tell of it. */
static bool is_incoming(const weir_step *step) {
  if (step->verb == WEIR_VERB_PEER_SEND || step->verb == WEIR_VERB_PEER_FIN) return true;
  const bool at = step->when == WEIR_WHEN_AT || step->when == WEIR_WHEN_IN || step->when == WEIR_WHEN_AFTER;
  return at && (step->event == WEIR_OCCASION_RECV || step->event == WEIR_OCCASION_GET_BUFFER ||
                step->event == WEIR_OCCASION_BUFFER_UPDATED || step->event == WEIR_OCCASION_DATA_RECEIVED ||
                step->event == WEIR_OCCASION_EOF_RECEIVED);
}

static bool is_outgoing(const weir_step *step) {
  switch (step->verb) {
  case WEIR_VERB_PEER_STOP:
  case WEIR_VERB_PEER_START:
  case WEIR_VERB_PEER_READ:
  case WEIR_VERB_SOCKET_BUFFER:
  case WEIR_VERB_APP_WRITE:
  case WEIR_VERB_APP_WRITELINES:
  case WEIR_VERB_APP_WRITE_EOF:
  case WEIR_VERB_APP_ABORT: return true; /* what it drops is what was written: no reading transport has it */
  default: break;
  }
  const bool at = step->when == WEIR_WHEN_AT || step->when == WEIR_WHEN_IN || step->when == WEIR_WHEN_AFTER;
  return at && (step->event == WEIR_OCCASION_SEND || step->event == WEIR_OCCASION_PAUSE_WRITING ||
                step->event == WEIR_OCCASION_RESUME_WRITING);
}

static const char *about_direction(unsigned layer, bool posix, const weir_step *step) {
  (void)posix;
  if (layer == WEIR_LAYER_WRITE_PIPE && step->verb == WEIR_VERB_APP_WRITE_EOF)
    return "half a close, and a write pipe has one half";
  if (layer == WEIR_LAYER_WRITE_PIPE && is_incoming(step)) return "what arrives, and nothing arrives at a write pipe";
  if (layer == WEIR_LAYER_READ_PIPE && is_outgoing(step)) return "writing, and a read pipe is not written to";
  return NULL;
}

/* Up to a page is written whole or not at all, and that is the least that a pipe has room for (pipe(7)). */
static const char *about_pages(unsigned layer, bool posix, const weir_step *step) {
  (void)posix;
  if (layer != WEIR_LAYER_WRITE_PIPE) return NULL;
  if (step->verb == WEIR_VERB_SOCKET_SHORT && step->event == WEIR_OCCASION_SEND)
    return "a short write, and a pipe takes up to a page whole";
  if (step->verb == WEIR_VERB_SOCKET_BUFFER) return "a small buffer, and a pipe has whole pages";
  return NULL;
}

/* What a real socket cannot be made to show, and nobody sees there. */
static const char *about_reality(const weir_step *step) {
  const weir_verb_info *verb = weir_verb_get(step->verb);
  if (verb->actor == WEIR_ACTOR_SOCKET) return "a fault of the socket, and a real one has none to order";
  if (step->verb == WEIR_VERB_PEER_SLEEP) return "virtual time, and over a real socket time is real";
  const bool seen = weir_occasion_is_callback(step->event);
  if ((step->when == WEIR_WHEN_AFTER || step->when == WEIR_WHEN_AT) && !seen)
    return "a step that hangs on a socket operation, and those on a real socket are not seen";
  return NULL;
}

bool weir_runner_refuses(const weir_runner *runner, const weir_scenario *scenario, char *reason, size_t size) {
  static objection *const objections[] = {about_errors, about_direction, about_pages};
  for (uint32_t i = 0; i < scenario->count; i++)
    for (size_t j = 0; j < sizeof objections / sizeof *objections; j++) {
      const char *why = objections[j](runner->layer, runner->posix, &scenario->steps[i]);
      if (why == NULL && runner->real) why = about_reality(&scenario->steps[i]);
      if (why == NULL) continue;
      (void)snprintf(reason, size, "asks for %s", why);
      return true;
    }
  return false;
}
