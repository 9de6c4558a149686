/* What the program says in a run, and what it is answered. */
#include <stdio.h>
#include <string.h>

#include "targets/remote.h"
#include "weir/payload.h"
#include "weir/transport.h"

/* A line, and where it is wrong. */
typedef struct spoken {
  weir_remote *remote;
  weir_line *line;
  weir_problem *problem;
} spoken;

static weir_status nonsense(const spoken *said, unsigned word, const char *right) {
  const char *found = word < said->line->count ? said->line->words[word] : "nothing";
  return weir_fail(said->problem, WEIR_BROKEN, 0, "the program said `%.20s`, and as word %u of it `%.40s`: %s is due",
                   said->line->words[0], word + 1, found, right);
}

static int find(const char *(*name)(unsigned), unsigned first, const char *word) {
  const char *found;
  for (unsigned number = first; (found = name(number)) != NULL; number++)
    if (strcmp(found, word) == 0) return (int)number;
  return -1;
}

static bool number_at(const spoken *said, unsigned word, int64_t least, int64_t most, int64_t *number) {
  return word < said->line->count && weir_line_number(said->line->words[word], least, most, number);
}

/* A connection that is open. */
static bool connection_at(const spoken *said, unsigned word, unsigned *connection) {
  int64_t number = 0;
  if (!number_at(said, word, 0, WEIR_CONNECTIONS - 1, &number)) return false;
  *connection = (unsigned)number;
  return said->remote->over || said->remote->application.probes[number] != NULL;
}

/* ---- Answers ------------------------------------------------------------------------ */
static unsigned depth_of(const weir_remote *remote) {
  return remote->application.depth <= WEIR_FRAMES_MAX ? remote->application.depth : WEIR_FRAMES_MAX;
}

static void say_decision(weir_remote *remote, const weir_decision *decision) {
  const weir_frame *frame = weir_application_top(&remote->application);
  const unsigned event = frame != NULL ? frame->event : 0;
  if (decision->raise != 0)
    weir_lines_say(&remote->lines, "decide raise %u", decision->raise);
  else if (event == WEIR_EVENT_GET_BUFFER)
    weir_lines_say(&remote->lines, "decide buffer %s %u", weir_buffer_kind_name(decision->kind), decision->size);
  else if (event == WEIR_EVENT_EOF_RECEIVED)
    weir_lines_say(&remote->lines, "decide return %s", decision->value != 0 ? "true" : "false");
  else
    weir_lines_say(&remote->lines, "decide ok");
}

static void say_payload(weir_remote *remote, const weir_call *call, size_t size) {
  uint64_t offset = call->offset;
  if (size == 0) weir_lines_say_bytes(&remote->lines, NULL, 0);
  while (size > 0) {
    const size_t part = size < WEIR_LOOPBACK_CHUNK ? size : WEIR_LOOPBACK_CHUNK;
    weir_payload_fill(weir_stream_outgoing(call->connection), offset, remote->chunk, part);
    weir_lines_say_bytes(&remote->lines, remote->chunk, part);
    offset += part;
    size -= part;
  }
}

static void say_limit(weir_remote *remote, int64_t limit) {
  if (limit == WEIR_NOT_GIVEN)
    weir_lines_say(&remote->lines, " -");
  else
    weir_lines_say(&remote->lines, " %lld", (long long)limit);
}

static const char *kind_of_protocol(bool buffered) {
  return buffered ? "buffered" : "plain";
}

static void say_call(weir_remote *remote, const weir_call *call) {
  weir_lines *lines = &remote->lines;
  const unsigned connection = call->connection;
  if (call->event == WEIR_EVENT_OPEN) {
    weir_remote_open(remote, connection);
    weir_lines_say(lines, "call %u open %u %s", connection, (unsigned)remote->connections[connection].port,
                   kind_of_protocol(!weir_probe_starts_plain(&remote->probes[connection])));
    return;
  }
  weir_lines_say(lines, "call %u %s", connection,
                 call->event == WEIR_EVENT_GET_BUFFER ? "resize" : weir_event_name(call->event));
  switch (call->event) {
  case WEIR_EVENT_GET_BUFFER: weir_lines_say(lines, " %lld", (long long)call->a); break;
  case WEIR_EVENT_WRITE:
    weir_lines_say(lines, " %s %lld ", weir_bytes_kind_name(call->option), (long long)call->a);
    say_payload(remote, call, weir_bytes_kind_is_bytes_like(call->option) ? (size_t)call->a : 0);
    break;
  case WEIR_EVENT_WRITELINES:
    weir_lines_say(lines, " %s %lld %lld ", weir_lines_kind_name(call->option), (long long)call->a, (long long)call->b);
    say_payload(remote, call, (size_t)(call->a * call->b));
    break;
  case WEIR_EVENT_SET_PROTOCOL:
    weir_lines_say(lines, " %lld %s", (long long)call->a, kind_of_protocol(call->b != 0));
    break;
  case WEIR_EVENT_SET_LIMITS:
    say_limit(remote, call->a);
    say_limit(remote, call->b);
    break;
  default: break;
  }
}

/* The next call, or what the callback is to end with. */
static weir_status answer_next(weir_remote *remote) {
  weir_decision decision = {.size = WEIR_BUFFER_SIZE_DEFAULT};
  weir_call call;
  const bool more =
      !remote->over && remote->application.depth > 0 && weir_application_next(&remote->application, &call, &decision);
  remote->decisions[depth_of(remote)] = decision;
  if (more)
    say_call(remote, &call);
  else
    say_decision(remote, &decision);
  return WEIR_OK;
}

/* After the end: whatever the program clears away in, nothing is to be done. */
static weir_status answer_nothing(weir_remote *remote, unsigned event) {
  if (event == WEIR_EVENT_GET_BUFFER)
    weir_lines_say(&remote->lines, "decide buffer bytearray %d", WEIR_BUFFER_SIZE_DEFAULT);
  else
    weir_lines_say(&remote->lines, event == WEIR_EVENT_EOF_RECEIVED ? "decide return false" : "decide ok");
  return WEIR_OK;
}

/* ---- Callbacks ---------------------------------------------------------------------- */
/* What stands behind the protocol's number. */
typedef struct arguments {
  int64_t a, b;
  const void *bytes;
  size_t size;
} arguments;

static weir_status read_arguments(const spoken *said, unsigned event, unsigned connection, arguments *given) {
  char *const *words = said->line->words;
  const unsigned count = said->line->count;
  switch (event) {
  case WEIR_EVENT_GET_BUFFER:
    return number_at(said, 4, INT32_MIN, INT32_MAX, &given->a) ? WEIR_OK : nonsense(said, 4, "the size hint");
  case WEIR_EVENT_BUFFER_UPDATED:
    if (!number_at(said, 4, 0, INT64_MAX, &given->a)) return nonsense(said, 4, "the number of bytes");
    if (count < 6 || !weir_line_bytes(words[5], &given->size))
      return nonsense(said, 5, "what the buffer holds, in hexadecimal,");
    (void)weir_mirrors_show(&said->remote->connections[connection].mirrors, 0, words[5], given->size);
    given->size = 0;
    return WEIR_OK;
  case WEIR_EVENT_DATA_RECEIVED:
    if (count < 5 || !weir_line_bytes(words[4], &given->size)) return nonsense(said, 4, "data in hexadecimal");
    given->bytes = words[4];
    return WEIR_OK;
  case WEIR_EVENT_CONNECTION_LOST:
    given->a = count > 4 ? find(weir_exception_name, 0, words[4]) : -1;
    if (given->a < 0) return nonsense(said, 4, "`none` or what kind of exception");
    if (count > 5 && !number_at(said, 5, 0, UINT32_MAX, &given->b)) return nonsense(said, 5, "its number");
    return WEIR_OK;
  default: return WEIR_OK;
  }
}

static weir_status hear_begin(const spoken *said) {
  weir_remote *remote = said->remote;
  const int event = said->line->count > 1 ? weir_event_find(said->line->words[1]) : -1;
  if (event < WEIR_EVENT_CONNECTION_MADE || event > WEIR_EVENT_RESUME_WRITING)
    return nonsense(said, 1, "a callback's name");
  if (remote->over) return answer_nothing(remote, (unsigned)event);
  unsigned connection = 0;
  int64_t protocol = 0;
  if (!connection_at(said, 2, &connection)) return nonsense(said, 2, "the number of a connection that is open");
  if (!number_at(said, 3, 0, WEIR_PROTOCOLS_MAX - 1, &protocol)) return nonsense(said, 3, "a protocol object's number");
  arguments given = {.a = 0};
  weir_status status = read_arguments(said, (unsigned)event, connection, &given);
  if (status == WEIR_OK) status = weir_remote_accept(remote, connection, said->problem);
  if (status != WEIR_OK) return status;
  weir_probe_begin(&remote->probes[connection], (weir_event)event, (unsigned)protocol, given.a, given.b, given.bytes,
                   given.size);
  return answer_next(remote);
}

static weir_status hear_outside(const spoken *said) {
  weir_remote *remote = said->remote;
  if (!remote->over && weir_application_outside(&remote->application)) return answer_next(remote);
  weir_lines_say(&remote->lines, "decide none");
  return WEIR_OK;
}

static weir_status read_exception(const spoken *said, unsigned word, weir_outcome *outcome) {
  const int kind = said->line->count > word ? find(weir_exception_name, 0, said->line->words[word]) : -1;
  if (kind < 0) return nonsense(said, word, "`none` or what kind of exception");
  outcome->exception = (uint8_t)kind;
  int64_t number = 0;
  if (kind == WEIR_EXCEPTION_NONE || said->line->count <= word + 1) return WEIR_OK;
  if (!number_at(said, word + 1, 0, UINT32_MAX, &number)) return nonsense(said, word + 1, "its number");
  outcome->number = (uint32_t)number;
  return WEIR_OK;
}

static weir_status hear_done(const spoken *said) {
  weir_remote *remote = said->remote;
  weir_outcome outcome = {.result = 0};
  weir_status status = read_exception(said, 1, &outcome);
  if (status != WEIR_OK) return status;
  int64_t low = 0, high = 0;
  if (outcome.exception == WEIR_EXCEPTION_NONE) {
    if (said->line->count > 2 && !number_at(said, 2, INT64_MIN, INT64_MAX, &low)) return nonsense(said, 2, "a result");
    if (said->line->count > 3 && !number_at(said, 3, 0, UINT32_MAX, &high)) return nonsense(said, 3, "a high limit");
    outcome.result = said->line->count > 3 ? ((uint64_t)low & UINT32_MAX) | (uint64_t)high << 32 : (uint64_t)low;
  }
  if (remote->over) return answer_nothing(remote, 0);
  const weir_frame *frame = weir_application_top(&remote->application);
  if (frame == NULL || frame->pending.event == 0)
    return nonsense(said, 0, "no `done` where there was no `call`; `end`");
  weir_application_done(&remote->application, outcome);
  return answer_next(remote);
}

/* The frame of get_buffer: its memory on this side; NULL: none that could be looked at. */
static weir_status give(const spoken *said, const weir_frame *frame, const weir_decision *decision, size_t size,
                        uint8_t **base) {
  *base = NULL;
  if (decision->raise != 0 || !weir_buffer_kind_usable(decision->kind)) return WEIR_OK;
  const unsigned connection = frame->probe->connection;
  *base = weir_mirrors_give(&said->remote->connections[connection].mirrors, size, frame->nth);
  return *base != NULL ? WEIR_OK : weir_fail(said->problem, WEIR_NO_MEMORY, 0, "no memory for a buffer");
}

static weir_status hear_end(const spoken *said) {
  weir_remote *remote = said->remote;
  int64_t size = 0;
  if (said->line->count > 1 && !number_at(said, 1, 0, WEIR_SIZE_MAX, &size))
    return nonsense(said, 1, "a buffer's size");
  if (!remote->over) {
    if (remote->application.depth == 0) return nonsense(said, 0, "`begin` before it");
    const weir_decision decision = remote->decisions[depth_of(remote)];
    const weir_frame *frame = weir_application_top(&remote->application);
    uint8_t *base = NULL;
    weir_status status = WEIR_OK;
    if (frame != NULL && frame->event == WEIR_EVENT_GET_BUFFER)
      status = give(said, frame, &decision, (size_t)size, &base);
    if (status != WEIR_OK) return status;
    weir_application_end(&remote->application, &decision, base, (size_t)size);
  }
  weir_lines_say(&remote->lines, "%s", weir_remote_due(remote));
  return WEIR_OK;
}

/* ---- What is only told ---------------------------------------------------------------- */
static weir_status hear_exception(const spoken *said) {
  weir_remote *remote = said->remote;
  weir_outcome outcome = {.result = 0};
  weir_status status = read_exception(said, 2, &outcome);
  if (status != WEIR_OK || remote->over) return status;
  unsigned connection = weir_application_blame(&remote->application, (weir_exception)outcome.exception, outcome.number);
  if (strcmp(said->line->words[1], "-") != 0 && !connection_at(said, 1, &connection))
    return nonsense(said, 1, "the number of a connection that is open, or `-`,");
  weir_probe_exception(&remote->probes[connection], (weir_exception)outcome.exception, outcome.number);
  return WEIR_OK;
}

/* held, withdraw, memory: CONNECTION NTH */
static weir_status hear_buffer(const spoken *said) {
  weir_remote *remote = said->remote;
  const char *word = said->line->words[0];
  unsigned connection = 0;
  int64_t nth = 0;
  if (!connection_at(said, 1, &connection)) return nonsense(said, 1, "the number of a connection that is open");
  if (!number_at(said, 2, 1, UINT32_MAX, &nth)) return nonsense(said, 2, "which get_buffer it was, from 1,");
  size_t size = 0;
  const bool shows = strcmp(word, "memory") == 0;
  if (shows && (said->line->count < 4 || !weir_line_bytes(said->line->words[3], &size)))
    return nonsense(said, 3, "what the buffer holds, in hexadecimal,");
  if (remote->over) return WEIR_OK;
  weir_mirrors *mirrors = &remote->connections[connection].mirrors;
  const uint8_t *base = weir_mirrors_find(mirrors, (uint32_t)nth);
  if (strcmp(word, "held") == 0) weir_probe_held(&remote->probes[connection], (uint32_t)nth);
  if (strcmp(word, "withdraw") == 0 && base != NULL) weir_probe_withdraw(&remote->probes[connection], base);
  if (shows) (void)weir_mirrors_show(mirrors, (uint32_t)nth, said->line->words[3], size);
  return WEIR_OK;
}

static weir_status hear_idle(const spoken *said) {
  int64_t milliseconds = -1;
  if (said->remote->application.depth > 0 && !said->remote->over)
    return nonsense(said, 0, "`end` of the callback before `idle`");
  if (said->line->count > 1 && !number_at(said, 1, 0, INT64_MAX, &milliseconds))
    return nonsense(said, 1, "milliseconds, or nothing,");
  return weir_remote_idle(said->remote, milliseconds, said->problem);
}

static weir_status hear_fail(const spoken *said) {
  char text[200] = "";
  for (unsigned i = 1; i < said->line->count; i++) {
    const size_t used = strlen(text);
    (void)snprintf(text + used, sizeof text - used, "%s%s", i > 1 ? " " : "", said->line->words[i]);
  }
  return weir_fail(said->problem, WEIR_BROKEN, 0, "%s", text);
}

/* ---- A line ----------------------------------------------------------------------------- */
weir_status weir_remote_hear(weir_remote *remote, weir_line *line, weir_problem *problem) {
  static const struct {
    const char *word;
    weir_status (*hear)(const spoken *said);
    bool answered;
  } words[] = {
      {"begin", hear_begin, true},  {"done", hear_done, true},       {"end", hear_end, true},
      {"idle", hear_idle, true},    {"outside", hear_outside, true}, {"exception", hear_exception, false},
      {"held", hear_buffer, false}, {"memory", hear_buffer, false},  {"withdraw", hear_buffer, false},
      {"fail", hear_fail, false},
  };
  const spoken said = {.remote = remote, .line = line, .problem = problem};
  if (line->count == 0) return weir_fail(problem, WEIR_BROKEN, 0, "the program said an empty line");
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strcmp(words[i].word, line->words[0]) != 0) continue;
    const weir_status status = words[i].hear(&said);
    if (status != WEIR_OK || !words[i].answered || weir_lines_send(&remote->lines)) return status;
    return weir_fail(problem, WEIR_IO, 0, "the program does not read its answers");
  }
  return weir_fail(problem, WEIR_BROKEN, 0,
                   "the program said `%.40s`, which is no word of the lines: see conformance/targets/README.md",
                   line->words[0]);
}
