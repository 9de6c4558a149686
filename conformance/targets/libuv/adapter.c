/* libuv's streams under Weir: a program on uv_read_start's alloc_cb and read_cb.
 *
 *   alloc_cb                   get_buffer
 *   read_cb, nread > 0         buffer_updated
 *   read_cb, UV_EOF            eof_received; a false result: close()
 *   read_cb or write_cb, error uv_close(), connection_lost with it
 *   uv_write                   write(), writelines()
 *   uv_shutdown                write_eof()
 *   uv_read_stop, uv_read_start   pause_reading(), resume_reading()
 *   uv_shutdown, uv_close      close(): what is written before goes out first
 *   uv_close                   abort()
 *   its callback               connection_lost
 *
 * What has no counterpart is not declared: write buffer limits, a second
 * protocol, exceptions, is_reading().  Build: scripts/targets. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "weir/adapter.h"

enum { ABI = 1, BUFFERS_KEPT = 8 };

/* A loop that listens to the harness.  It stays as long as a run leaves nothing
 * behind: making one costs ten system calls. */
typedef struct house {
  uv_loop_t loop;
  uv_poll_t control; /* its data: the connection of the run */
} house;

typedef struct connection {
  house *in;
  uv_tcp_t tcp;
  uv_shutdown_t shutdown;
  uv_buf_t kept[BUFFERS_KEPT]; /* the harness looks at the latest again */
  unsigned asked;
  int error; /* what connection_lost will bring */
  int paused, ended_by_peer, ended, shutting, closing, lost;
} connection;

typedef struct pending_write {
  uv_write_t request;
  connection *of;
  char bytes[];
} pending_write;

/* Numbers of words, asked for once. */
static struct {
  int made, get_buffer, updated, eof, gone;
  int write, writelines, write_eof, can_write_eof, close, abort, is_closing, pause, resume;
  int none, os, misuse, wrong_type, unsupported, no_buffer, no_bytes;
} word;

static void fail(const char *what, int status) {
  char text[256];
  (void)snprintf(text, sizeof text, "%s: %s", what, uv_strerror(status));
  weir_adapter_fail(text);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer);
static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer);

/* ---- Ending ------------------------------------------------------------------- */
static void make_calls(connection *self, weir_adapter_decision *decision);

static void on_closed(uv_handle_t *handle) {
  connection *self = handle->data;
  weir_adapter_decision decision;
  self->lost = 1;
  weir_adapter_begin(word.gone, 0, self->error != 0 ? word.os : word.none, -self->error, NULL, 0);
  make_calls(self, &decision);
  weir_adapter_end(NULL, 0);
}

static void close_now(connection *self, int error) {
  self->closing = 1;
  if (uv_is_closing((uv_handle_t *)&self->tcp)) return;
  self->error = error;
  uv_close((uv_handle_t *)&self->tcp, on_closed);
}

static void on_shutdown(uv_shutdown_t *request, int status) {
  connection *self = request->data;
  if (status == UV_ECANCELED) return;
  self->ended = 1;
  if (status < 0)
    close_now(self, status == UV_ENOTCONN && self->closing ? 0 : status);
  else if (self->closing)
    close_now(self, 0);
}

static int shut_down(connection *self) {
  if (self->shutting) return 0;
  self->shutting = 1;
  self->shutdown.data = self;
  return uv_shutdown(&self->shutdown, (uv_stream_t *)&self->tcp, on_shutdown);
}

/* Nothing is read any more, and what was written goes out. */
static void close_gently(connection *self) {
  if (self->closing) return;
  self->closing = 1;
  (void)uv_read_stop((uv_stream_t *)&self->tcp);
  if (self->ended || shut_down(self) != 0) close_now(self, 0);
}

/* ---- Writing ------------------------------------------------------------------ */
static void on_written(uv_write_t *request, int status) {
  pending_write *written = (pending_write *)request;
  if (status < 0 && status != UV_ECANCELED) close_now(written->of, status);
  free(written);
}

static int add_write(connection *self, const weir_adapter_call_info *call, unsigned count) {
  if (self->closing || self->lost || count == 0) return 0;
  pending_write *made = malloc(sizeof *made + call->size);
  uv_buf_t *slices = calloc(count > 0 ? count : 1, sizeof *slices);
  if (made == NULL || slices == NULL) {
    free(made);
    free(slices);
    return UV_ENOMEM;
  }
  made->of = self;
  if (call->size > 0) memcpy(made->bytes, (const void *)(uintptr_t)call->address, call->size);
  for (unsigned i = 0; i < count; i++)
    slices[i] = uv_buf_init(made->bytes + call->size / count * i, (unsigned)(call->size / count));
  int status = uv_write(&made->request, (uv_stream_t *)&self->tcp, slices, count, on_written);
  free(slices);
  if (status != 0) free(made);
  return status;
}

/* ---- What the application does -------------------------------------------------- */
static void read_again(connection *self) {
  if (self->paused || self->ended_by_peer || self->closing || self->lost) return;
  int status = uv_read_start((uv_stream_t *)&self->tcp, on_alloc, on_read);
  if (status != 0 && status != UV_EALREADY) fail("uv_read_start", status);
}

static void pause_reading(connection *self, int paused) {
  if (self->closing || self->lost) return;
  self->paused = paused;
  if (!paused)
    read_again(self);
  else
    (void)uv_read_stop((uv_stream_t *)&self->tcp);
}

/* What went wrong as a kind of exception; *error: its number. */
static int make_call(connection *self, const weir_adapter_call_info *call, int *error, uint64_t *result) {
  int event = (int)call->event;
  *result = 0;
  *error = 0;
  if (event == word.write || event == word.writelines) {
    if (event == word.write && (int)call->option == word.no_bytes) return word.wrong_type; /* no uv_buf_t of that */
    *error = -add_write(self, call, event == word.write ? 1 : (unsigned)call->a);
    if (*error == EPIPE && self->shutting) return word.misuse;
    return *error != 0 ? word.os : word.none;
  }
  if (event == word.write_eof)
    (void)(self->closing || self->lost ? 0 : shut_down(self));
  else if (event == word.can_write_eof)
    *result = 1;
  else if (event == word.close)
    close_gently(self);
  else if (event == word.abort)
    close_now(self, 0);
  else if (event == word.is_closing)
    *result = self->closing || self->lost;
  else if (event == word.pause || event == word.resume)
    pause_reading(self, event == word.pause);
  else if (event != word.get_buffer) /* a buffer of C does not change its size */
    return word.unsupported;
  return word.none;
}

static void make_calls(connection *self, weir_adapter_decision *decision) {
  weir_adapter_call_info call;
  while (weir_adapter_call(&call, decision)) {
    uint64_t result;
    int error, exception = make_call(self, &call, &error, &result);
    weir_adapter_done(exception, (uint32_t)error, result);
  }
}

/* ---- Callbacks ------------------------------------------------------------------ */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  connection *self = handle->data;
  weir_adapter_decision decision;
  weir_adapter_begin(word.get_buffer, 0, (int64_t)suggested, 0, NULL, 0);
  make_calls(self, &decision);
  uv_buf_t *kept = &self->kept[self->asked++ % BUFFERS_KEPT];
  free(kept->base);
  if (decision.kind == (uint32_t)word.no_buffer) decision.size = 0;
  *kept = uv_buf_init(decision.size > 0 ? malloc(decision.size) : NULL, decision.size);
  if (decision.size > 0 && kept->base == NULL) weir_adapter_fail("no memory for a buffer");
  *buffer = *kept;
  weir_adapter_end(kept->base, kept->len);
}

static void on_eof(connection *self) {
  weir_adapter_decision decision;
  self->ended_by_peer = 1;
  weir_adapter_begin(word.eof, 0, 0, 0, NULL, 0);
  make_calls(self, &decision);
  weir_adapter_end(NULL, 0);
  if (decision.value == 0) close_gently(self);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
  connection *self = stream->data;
  weir_adapter_decision decision;
  (void)buffer;
  if (size == UV_EOF) {
    on_eof(self);
  } else if (size < 0) {
    close_now(self, (int)size);
  } else if (size > 0) {
    weir_adapter_begin(word.updated, 0, size, 0, NULL, 0);
    make_calls(self, &decision);
    weir_adapter_end(NULL, 0);
  }
}

static void on_control(uv_poll_t *control, int status, int events) {
  connection *self = control->data;
  weir_adapter_decision decision;
  (void)events;
  if (status < 0) fail("uv_poll", status);
  if (status < 0 || weir_adapter_wake() == WEIR_WAKE_STOP) {
    uv_stop(&self->in->loop);
  } else if (weir_adapter_outside()) {
    make_calls(self, &decision);
    weir_adapter_end(NULL, 0);
  }
}

/* ---- A run ---------------------------------------------------------------------- */
static void close_handle(uv_handle_t *handle, void *unused) {
  (void)unused;
  if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static void close_house(house *in) {
  uv_walk(&in->loop, close_handle, NULL);
  (void)uv_run(&in->loop, UV_RUN_DEFAULT);
  (void)uv_loop_close(&in->loop);
  free(in);
}

/* NULL: the harness knows why. */
static house *open_house(int control) {
  house *in = calloc(1, sizeof *in);
  int status = in != NULL ? uv_loop_init(&in->loop) : UV_ENOMEM;
  if (status != 0) {
    fail("uv_loop_init", status);
    free(in);
    return NULL;
  }
  status = uv_poll_init(&in->loop, &in->control, control);
  if (status == 0) status = uv_poll_start(&in->control, UV_READABLE, on_control);
  if (status == 0) return in;
  fail("uv_poll_start", status);
  close_house(in);
  return NULL;
}

static int connect_stream(connection *self, int descriptor) {
  weir_adapter_decision decision;
  int status = uv_tcp_init(&self->in->loop, &self->tcp);
  if (status != 0) return status;
  self->in->control.data = self->tcp.data = self;
  status = uv_tcp_open(&self->tcp, descriptor);
  if (status != 0) return status;
  weir_adapter_begin(word.made, 0, 0, 0, NULL, 0);
  make_calls(self, &decision);
  weir_adapter_end(NULL, 0);
  read_again(self);
  return 0;
}

/* Whether the loop is as it was before. */
static int drive(connection *self, int descriptor) {
  int status = connect_stream(self, descriptor);
  if (status == 0)
    (void)uv_run(&self->in->loop, UV_RUN_DEFAULT);
  else
    fail("the stream cannot be made", status);
  return status == 0 && self->lost;
}

static void test(const weir_adapter_run *run, house **in) {
  connection *self = calloc(1, sizeof *self);
  if (self == NULL) fail("a connection", UV_ENOMEM);
  if (*in == NULL) *in = open_house(run->control);
  if (self != NULL && *in != NULL) {
    self->in = *in;
    if (!drive(self, run->descriptor)) {
      close_house(*in);
      *in = NULL;
    }
    for (unsigned i = 0; i < BUFFERS_KEPT; i++) free(self->kept[i].base);
  }
  free(self);
}

static int event(const char *name) {
  return weir_adapter_number("event", name);
}

static void learn_words(void) {
  word.made = event("connection_made");
  word.get_buffer = event("get_buffer");
  word.updated = event("buffer_updated");
  word.eof = event("eof_received");
  word.gone = event("connection_lost");
  word.write = event("write");
  word.writelines = event("writelines");
  word.write_eof = event("write_eof");
  word.can_write_eof = event("can_write_eof");
  word.close = event("close");
  word.abort = event("abort");
  word.is_closing = event("is_closing");
  word.pause = event("pause_reading");
  word.resume = event("resume_reading");
  word.none = weir_adapter_number("exception", "none");
  word.no_buffer = weir_adapter_number("buffer", "none");
  word.misuse = weir_adapter_number("exception", "runtime");
  word.no_bytes = weir_adapter_number("bytes", "none");
  word.wrong_type = weir_adapter_number("exception", "type");
  word.os = weir_adapter_number("exception", "os");
  word.unsupported = weir_adapter_number("exception", "unsupported");
}

int main(void) {
  static const char *const names[] = {"half_close", "write_eof", "pause", "writelines"};
  uint32_t capabilities = 0;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    capabilities |= (uint32_t)weir_adapter_number("capability", names[i]);
  learn_words();
  (void)signal(SIGPIPE, SIG_IGN);
  if (weir_adapter_hello(ABI, "libuv", uv_version_string(), capabilities) != 0) return 2;
  weir_adapter_run run;
  house *in = NULL;
  while (weir_adapter_next(&run) == 1) test(&run, &in);
  if (in != NULL) close_house(in);
  return 0;
}
