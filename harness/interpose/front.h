/* The interposing library's only state: the run in hand, the descriptors that
 * belong to it, and one lock over everything.
 *
 * An interposed function looks its descriptor up (weir_front_knows, no lock);
 * one that is not ours goes to libc.  Otherwise it takes the lock, asks the
 * simulation, and lets go before anything that may block. */
#ifndef WEIR_INTERPOSE_FRONT_H
#define WEIR_INTERPOSE_FRONT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "probe/probe.h"
#include "simulation/network.h"
#include "simulation/wire.h"
#include "targets/channel.h"

enum {
  WEIR_DESCRIPTORS_MAX = 65536, /* descriptors above are never ours */
  WEIR_OBJECTS_MAX = 128,       /* objects behind descriptors, number 0 unused */
  WEIR_WATCHED_MAX = 8,         /* simulated descriptors in one epoll set */
  WEIR_OUTGOING_MAX = 1 << 20,  /* what the peer may leave unread */
  WEIR_BOUNCE_SIZE = 65536,     /* bytes of one scattered receive */
  WEIR_TIMEOUTS_MAX = 1000,     /* waits in a row that only ran out, before a run counts as quiescent */
  WEIR_SETTLE_MS = 200          /* how long other threads get before virtual time is moved */
};

/* What a descriptor stands for. */
typedef enum weir_object_kind {
  WEIR_OBJECT_NONE,
  WEIR_OBJECT_CONNECTION, /* a connection of the run in hand */
  WEIR_OBJECT_LEFT,       /* a connection of an earlier run, which its program never closed */
  WEIR_OBJECT_PARKED,     /* closed, but its placeholder is kept for the next connection: EBADF */
  WEIR_OBJECT_CONTROL,    /* readable when the application's turn or the end has come: a byte for each wait */
  WEIR_OBJECT_LISTENER,   /* bound to 127.0.0.1:7: readable while a connection waits to be accepted */
  WEIR_OBJECT_EPOLL,      /* an epoll instance */
  WEIR_OBJECT_TIMER       /* a timerfd: the kernel shows it, virtual time sets it off (timers.h) */
} weir_object_kind;

/* A simulated descriptor in an epoll set, in order of registration. */
typedef struct weir_watched {
  int descriptor;
  uint8_t object;
  bool spent; /* EPOLLONESHOT, reported */
  uint32_t events;
  uint64_t data;
  uint64_t seen; /* weir_simulation_edges() when last looked at, for EPOLLET */
} weir_watched;

/* A timerfd, in nanoseconds of virtual time. */
typedef struct weir_timer {
  int descriptor; /* that it was made with */
  bool of_day;    /* its points in time are times of day */
  uint32_t periods;
  uint32_t periods_at; /* how often it came in a row with nothing recorded in between; the trace's length then */
  int64_t end;         /* when it comes next; 0: it is not set */
  int64_t interval;
  uint64_t expirations; /* since it was last read */
} weir_timer;

typedef struct weir_object {
  weir_object_kind kind;
  uint32_t references; /* descriptors that stand for it */
  uint32_t watched_count;
  weir_watched watched[WEIR_WATCHED_MAX]; /* of an epoll instance */
  uint32_t asleep;                        /* threads that the kernel blocks with it (doorbell.h) */
  bool rung;                              /* the bell is in it */
  uint32_t changes;                       /* of what it watches of ours */
  weir_timer timer;
} weir_object;

/* The fixed numbers of objects; a connection's is its index behind the first. */
enum {
  WEIR_THE_PARKED = 1,
  WEIR_THE_CONTROL = 2,
  WEIR_THE_CONNECTION = 3,
  WEIR_OBJECTS_FIXED = WEIR_THE_CONNECTION + WEIR_CONNECTIONS
};

typedef struct weir_scratch {
  uint8_t *bytes;
  size_t size;
} weir_scratch;

typedef struct weir_front {
  pthread_mutex_t lock;
  bool locked;          /* the lock is held: there are several threads */
  bool enabled;         /* WEIR_CHANNEL is set: time is virtual */
  uint32_t records_max; /* of a trace; 0: WEIR_CHANNEL_RECORDS */
  weir_worker worker;
  uint32_t capabilities;
  uint8_t layer;   /* weir_layer of every connection */
  weir_wire *wire; /* NULL: the peer's bytes are those on the socket */

  /* Descriptors. */
  _Atomic uint8_t object_of[WEIR_DESCRIPTORS_MAX]; /* by descriptor; 0: not ours */
  weir_object objects[WEIR_OBJECTS_MAX];
  int placeholders[WEIR_CONNECTIONS]; /* descriptors of connections, in use or parked; -1: none */
  int control;
  int bell;        /* doorbell.h; -1: there is none */
  uint32_t timers; /* objects that are timers: mostly none, and nobody is asked */

  /* The run. */
  bool running;     /* between weir_adapter_next and the next one */
  bool over;        /* the trace is closed: STOP */
  bool reported;    /* the engine knows how it came out */
  bool called;      /* the control descriptor's byte was read since the last wait */
  uint64_t notices; /* of those bytes, so far */
  uint32_t timeouts, timeouts_at;
  uint8_t taken;     /* connections that the program has connected or accepted, a bit each */
  uint8_t accepted;  /* ... accepted: it is the server */
  uint64_t arrivals; /* of connections that can be accepted, so far */
  weir_trace trace;
  weir_network network;
  weir_application application;
  weir_probe probes[WEIR_CONNECTIONS];
  weir_simulation *simulation;                  /* the connection that the call in hand is about (weir_calls_enter) */
  weir_decision decisions[WEIR_FRAMES_MAX + 1]; /* of the callbacks under way, by depth */
  weir_scratch writes[WEIR_FRAMES_MAX + 1];     /* the bytes of the calls under way, by depth */
  uint8_t outgoing[WEIR_CONNECTIONS][WEIR_OUTGOING_MAX];
  uint8_t bounce[WEIR_BOUNCE_SIZE];

  /* The clock: nanoseconds; read without the lock. */
  _Atomic int64_t clock_run;   /* virtual time of the run */
  _Atomic int64_t clock_slept; /* what was really slept, outside the simulation */
} weir_front;

extern weir_front weir_the_front;

/* The lock, and with it the right to touch everything else. */
weir_front *weir_front_lock(void);
void weir_front_unlock(weir_front *front);

/* Whether the kernel must not be asked about its readiness. */
static inline bool weir_object_is_simulated(const weir_object *object) {
  return object->kind != WEIR_OBJECT_NONE && object->kind != WEIR_OBJECT_EPOLL && object->kind != WEIR_OBJECT_TIMER;
}

/* The kind of object behind a descriptor, without the lock. */
static inline bool weir_front_knows(int descriptor) {
  return (unsigned)descriptor < WEIR_DESCRIPTORS_MAX &&
         atomic_load_explicit(&weir_the_front.object_of[descriptor], memory_order_relaxed) != 0;
}
static inline weir_object *weir_front_object(weir_front *front, int descriptor) {
  if ((unsigned)descriptor >= WEIR_DESCRIPTORS_MAX) return &front->objects[0];
  return &front->objects[atomic_load_explicit(&front->object_of[descriptor], memory_order_relaxed)];
}

/* The connection that an object of kind WEIR_OBJECT_CONNECTION is. */
static inline unsigned weir_front_connection(const weir_front *front, const weir_object *object) {
  return (unsigned)(object - front->objects) - WEIR_THE_CONNECTION;
}

/* The run begins on the scenario in the channel; it ends, for good. */
void weir_front_begin(weir_front *front);
/* Opens a further connection: its descriptor, or -1 where none is to be had. */
int weir_front_open(weir_front *front, unsigned connection);
void weir_front_finish(weir_front *front, weir_end how);
/* Ends a run whose trace is full or whose program spins. */
void weir_front_check(weir_front *front);
/* Whether the control descriptor is readable. */
bool weir_front_calls(const weir_front *front);
/* The simulation's clock is the program's. */
void weir_front_clock(weir_front *front);

#endif
