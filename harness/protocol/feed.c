#include "protocol/feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static weir_feed *of_socket(weir_socket *socket) {
  return (weir_feed *)(void *)socket;
}

static weir_feed *of_loop(weir_loop *loop) {
  return (weir_feed *)(void *)loop;
}

/* ---- The socket */

/* The end of the piece that begins at the position. */
static size_t next_end(const weir_feed *feed) {
  const weir_delivery *delivery = feed->delivery;
  if (delivery->cuts == NULL) return delivery->size;
  size_t word = feed->position / 64, words = weir_cuts_words(delivery->size);
  uint64_t bits = delivery->cuts[word] >> (feed->position % 64) << (feed->position % 64);
  while (bits == 0 && ++word < words) bits = delivery->cuts[word];
  if (bits == 0) return delivery->size;
  size_t end = word * 64 + (size_t)__builtin_ctzll(bits) + 1;
  return end < delivery->size ? end : delivery->size;
}

static ptrdiff_t feed_recv(weir_socket *socket, void *buffer, size_t size) {
  weir_feed *feed = of_socket(socket);
  const weir_delivery *delivery = feed->delivery;
  if (feed->again) {
    feed->again = false;
    return -EAGAIN;
  }
  feed->again = delivery->asking >= WEIR_ASK_IN_VAIN;
  if (feed->position == delivery->size) {
    feed->ended = true;
    return delivery->ending == WEIR_ENDING_FIN ? 0 : -ECONNRESET;
  }
  if (feed->position >= feed->piece) feed->piece = next_end(feed);
  size_t count = feed->piece - feed->position;
  if (count > size) count = size;
  feed->receiving = true;
  const uint8_t *from = delivery->bytes + feed->position;
  if (count == 1) /* much of what is proven comes so */
    *(uint8_t *)buffer = *from;
  else
    memcpy(buffer, from, count);
  feed->receiving = false;
  feed->position += count;
  return (ptrdiff_t)count;
}

static ptrdiff_t feed_send(weir_socket *socket, const void *bytes, size_t size) {
  weir_feed *feed = of_socket(socket);
  (void)bytes;
  if (!feed->delivery->slow || size == 0) return (ptrdiff_t)size;
  if (feed->full) return -EAGAIN;
  feed->full = true;
  return 1;
}

static ptrdiff_t feed_sendv(weir_socket *socket, const weir_slice *slices, size_t count) {
  size_t total = 0;
  for (size_t i = 0; i < count; i++) total += slices[i].size;
  return feed_send(socket, NULL, total);
}

static int feed_shutdown(weir_socket *socket) {
  of_socket(socket)->shut = true;
  return 0;
}

static void feed_close(weir_socket *socket) {
  of_socket(socket)->closed = true;
}

/* ---- The loop */

static int feed_watch(weir_loop *loop, weir_socket *socket, unsigned interest, weir_ready_fn *ready, void *context) {
  weir_feed *feed = of_loop(loop);
  (void)socket;
  feed->interest = interest;
  feed->ready = ready;
  feed->context = context;
  return 0;
}

static int feed_call_soon(weir_loop *loop, weir_soon_fn *soon, void *context) {
  weir_feed *feed = of_loop(loop);
  if (feed->count == WEIR_FEED_SOON_MAX) return -ENOMEM;
  unsigned i = (feed->first + feed->count++) % WEIR_FEED_SOON_MAX;
  feed->soon[i].soon = soon;
  feed->soon[i].context = context;
  return 0;
}

static void feed_exception(weir_loop *loop, weir_error error, const char *message) {
  (void)message;
  of_loop(loop)->exception = error;
}

/* A connection takes one block for as long as it is there, the transport
 * itself: the next one gets the same. */
static void *feed_reallocate(weir_loop *loop, void *memory, size_t size) {
  weir_feed *feed = of_loop(loop);
  if (memory == NULL && size > 0 && size <= feed->slot_size && !feed->slot_taken) {
    feed->slot_taken = true;
    return feed->slot;
  }
  if (memory != NULL && memory == feed->slot) {
    if (size > 0) return NULL; /* a transport has one size */
    feed->slot_taken = false;
    return NULL;
  }
  if (size == 0) {
    free(memory);
    return NULL;
  }
  void *given = realloc(memory, size);
  feed->starved = feed->starved || given == NULL;
  return given;
}

void weir_feed_init(weir_feed *feed) {
  enum { SLOT = 512 };
  *feed = (weir_feed){.slot = malloc(SLOT)};
  feed->slot_size = feed->slot != NULL ? SLOT : 0;
  feed->host = (weir_host){.size = sizeof(weir_host),
                           .loop = (weir_loop *)(void *)feed,
                           .recv = feed_recv,
                           .send = feed_send,
                           .sendv = feed_sendv,
                           .shutdown = feed_shutdown,
                           .close = feed_close,
                           .watch = feed_watch,
                           .call_soon = feed_call_soon,
                           .exception = feed_exception,
                           .reallocate = feed_reallocate};
}

void weir_feed_free(weir_feed *feed) {
  free(feed->slot);
  feed->slot = NULL;
}

void weir_feed_load(weir_feed *feed, const weir_delivery *delivery) {
  feed->delivery = delivery;
  feed->position = feed->piece = 0;
  feed->again = delivery->asking >= WEIR_ASK_IN_VAIN;
  feed->ended = feed->closed = feed->shut = feed->receiving = feed->full = feed->starved = false;
  feed->interest = feed->first = feed->count = 0;
  feed->exception = 0;
}

bool weir_feed_turn(weir_feed *feed) {
  if (feed->count > 0) {
    unsigned i = feed->first;
    feed->first = (i + 1) % WEIR_FEED_SOON_MAX;
    feed->count--;
    feed->soon[i].soon(feed->soon[i].context);
    return true;
  }
  unsigned ready = 0;
  if ((feed->interest & WEIR_READABLE) != 0 && !feed->ended) ready |= WEIR_READABLE;
  if ((feed->interest & WEIR_WRITABLE) != 0) {
    feed->full = false; /* the peer has read */
    ready |= WEIR_WRITABLE;
  }
  if (ready == 0) return false;
  feed->ready(feed->context, ready);
  return true;
}
