/* A transfer over the loopback: received into the protocol's own buffer by the
 * reference, by libuv into one buffer, and by the reference for a plain protocol. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef WEIR_LIBUV
#include <uv.h>
#endif

#include "bench/bench.h"
#include "bench/measure.h"
#include "reference/reference.h"
#include "targets/real.h"

enum { MEGABYTES = 128, BLOCK = 65536, WAIT_MS = 10000 };

static uint8_t buffer[BLOCK];

/* ---- The sender, a process of its own --------------------------------------------- */
typedef struct transfer {
  int ours;
  pid_t sender;
} transfer;

static void send_all(int descriptor) {
  static uint8_t block[BLOCK];
  for (size_t left = (size_t)MEGABYTES << 20; left > 0;) {
    const ssize_t sent = send(descriptor, block, left < BLOCK ? left : BLOCK, MSG_NOSIGNAL);
    if (sent <= 0) _exit(1);
    left -= (size_t)sent;
  }
  _exit(0);
}

static transfer begin(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  bool good = listener >= 0 && bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 1) == 0 &&
              getsockname(listener, (struct sockaddr *)&address, &size) == 0;
  const int peer = good ? socket(AF_INET, SOCK_STREAM, 0) : -1;
  good = peer >= 0 && connect(peer, (struct sockaddr *)&address, size) == 0;
  transfer made = {.ours = good ? accept(listener, NULL, NULL) : -1};
  if (made.ours < 0) weir_bench_fail("a connection over the loopback");
  made.sender = fork();
  if (made.sender < 0) weir_bench_fail("a process");
  if (made.sender == 0) {
    (void)close(made.ours); /* or nobody would see the end of it */
    send_all(peer);
  }
  (void)close(listener);
  (void)close(peer);
  return made;
}

static void end(const transfer *done, size_t received) {
  int status = 1;
  (void)waitpid(done->sender, &status, 0);
  if (status != 0 || received != (size_t)MEGABYTES << 20) weir_bench_fail("a transfer that arrives");
}

/* ---- The reference ------------------------------------------------------------------ */
typedef struct counting {
  weir_protocol protocol;
  size_t received;
} counting;

static weir_error made(weir_protocol *protocol, weir_transport *transport) {
  (void)protocol;
  (void)transport;
  return 0;
}

static weir_error get_buffer(weir_protocol *protocol, ptrdiff_t hint, weir_buffer *out) {
  (void)protocol;
  (void)hint;
  *out = (weir_buffer){.base = buffer, .size = sizeof buffer};
  return 0;
}

static weir_error buffer_updated(weir_protocol *protocol, size_t nbytes) {
  ((counting *)(void *)protocol)->received += nbytes;
  return 0;
}

static weir_error data_received(weir_protocol *protocol, const void *data, size_t size) {
  (void)data;
  ((counting *)(void *)protocol)->received += size;
  return 0;
}

static weir_error eof_received(weir_protocol *protocol, bool *keep_open) {
  (void)protocol;
  (void)keep_open;
  return 0;
}

static weir_error lost(weir_protocol *protocol, weir_error error) {
  (void)protocol;
  return error == 0 ? 0 : error;
}

static weir_error flow(weir_protocol *protocol) {
  (void)protocol;
  return 0;
}

static const weir_protocol_callbacks buffered = {.size = sizeof buffered,
                                                 .connection_made = made,
                                                 .get_buffer = get_buffer,
                                                 .buffer_updated = buffer_updated,
                                                 .eof_received = eof_received,
                                                 .connection_lost = lost,
                                                 .pause_writing = flow,
                                                 .resume_writing = flow};
static const weir_protocol_callbacks plain = {.size = sizeof plain,
                                              .connection_made = made,
                                              .data_received = data_received,
                                              .eof_received = eof_received,
                                              .connection_lost = lost,
                                              .pause_writing = flow,
                                              .resume_writing = flow};

/* context: the callbacks. */
static void by_reference(void *context) {
  const transfer transferring = begin();
  const weir_transport_calls *calls = weir_reference()->transport;
  counting protocol = {.protocol = {.callbacks = context}};
  weir_transport *transport = NULL;
  weir_real *real = weir_real_new(transferring.ours);
  if (real == NULL || calls->open(weir_real_host(real), weir_real_socket(real), &protocol.protocol, &transport) != 0)
    weir_bench_fail("a transport on a real socket");
  if (!weir_real_run(real, WAIT_MS)) weir_bench_fail("a transfer that goes on");
  calls->release(transport);
  weir_real_free(real);
  end(&transferring, protocol.received);
}

/* ---- libuv -------------------------------------------------------------------------- */
#ifdef WEIR_LIBUV
static void uv_give(uv_handle_t *handle, size_t suggested, uv_buf_t *out) {
  (void)handle;
  (void)suggested;
  *out = uv_buf_init((char *)buffer, sizeof buffer);
}

static void uv_take(uv_stream_t *stream, ssize_t count, const uv_buf_t *given) {
  (void)given;
  if (count > 0)
    *(size_t *)stream->data += (size_t)count;
  else if (count < 0)
    uv_close((uv_handle_t *)stream, NULL);
}

static void by_libuv(void *context) {
  (void)context;
  const transfer transferring = begin();
  size_t received = 0;
  uv_loop_t loop;
  uv_tcp_t stream;
  if (uv_loop_init(&loop) != 0 || uv_tcp_init(&loop, &stream) != 0 || uv_tcp_open(&stream, transferring.ours) != 0)
    weir_bench_fail("a stream of libuv's");
  stream.data = &received;
  if (uv_read_start((uv_stream_t *)&stream, uv_give, uv_take) != 0) weir_bench_fail("a stream that is read");
  (void)uv_run(&loop, UV_RUN_DEFAULT);
  (void)uv_loop_close(&loop);
  end(&transferring, received);
}
#endif

void weir_bench_transfer(void) {
  union {
    const weir_protocol_callbacks *in;
    void *out;
  } own = {.in = &buffered}, copied = {.in = &plain};
  const double reference = MEGABYTES / weir_bench_time_outside(by_reference, own.out);
  double libuv = 0;
#ifdef WEIR_LIBUV
  libuv = MEGABYTES / weir_bench_time_outside(by_libuv, NULL);
#endif
  weir_bench_head("transfer over the loopback", "MB/s", libuv > 0 ? "libuv" : NULL);
  weir_bench_say(&(weir_bench_figure){.name = "reference, into the protocol's buffer",
                                      .value = reference,
                                      .ceiling = libuv,
                                      .goal = libuv > 0 ? 1 : 0});
  if (libuv == 0) weir_bench_skip("libuv beside it", "there is no libuv1-dev");
  weir_bench_head("... for a plain protocol", "MB/s", "buffered");
  weir_bench_say(&(weir_bench_figure){.name = "reference, data_received",
                                      .value = MEGABYTES / weir_bench_time_outside(by_reference, copied.out),
                                      .ceiling = reference});
}
