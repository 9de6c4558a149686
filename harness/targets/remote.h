/* One run over lines: the probe and the script on this side, the program on the
 * other, real connections between them.  What the program says is answered line
 * by line; what there is to say stands in conformance/targets/README.md.
 *
 *   remote.c        a run: its beginning, its turns, its end
 *   remote_words.c  what each word of the program's does
 *   mirrors.c       the program's buffers, as this side knows them */
#ifndef WEIR_TARGETS_REMOTE_H
#define WEIR_TARGETS_REMOTE_H

#include "probe/probe.h"
#include "simulation/network.h"
#include "targets/lines.h"
#include "targets/loopback.h"
#include "targets/mirrors.h"

enum {
  WEIR_REMOTE_SETTLE_MS = 2, /* with nothing new, before nothing is left */
  WEIR_REMOTE_FLIGHT_MS =
      300, /* ... where bytes that were written have not arrived: the kernel has timers of its own */
  WEIR_REMOTE_CONNECT_MS = 2000,
  WEIR_REMOTE_WAITS_MAX = 16, /* timers of the program's that a run waits for, ... */
  WEIR_REMOTE_WAIT_MS = 1000, /* ... and how long each may be */
  WEIR_REMOTE_ABI = 1
};

typedef struct weir_remote_connection {
  int listener;
  uint16_t port;
  bool accepted;
  weir_loopback loopback;
  weir_mirrors mirrors;
} weir_remote_connection;

typedef struct weir_remote {
  weir_lines lines;
  weir_remote_connection connections[WEIR_CONNECTIONS];
  weir_network network;
  weir_application application;
  weir_probe probes[WEIR_CONNECTIONS];
  weir_trace trace;
  weir_decision decisions[WEIR_FRAMES_MAX + 1]; /* by depth */
  uint32_t capabilities;
  uint32_t settled_at; /* length of the trace when the program was last told to look though nothing was left */
  unsigned waits;
  bool settled;
  bool over;         /* nothing is recorded any more */
  bool stopped;      /* ... and the program knows */
  uint8_t unused[1]; /* memory that the simulation wants and has no use for */
  uint8_t chunk[WEIR_LOOPBACK_CHUNK];
} weir_remote;

/* NULL: no memory, or no socket to be had (errno). */
weir_remote *weir_remote_new(void);
void weir_remote_free(weir_remote *remote); /* NULL is fine */

/* The program has said `next`: begins a run, and tells it.  False: it does not read. */
bool weir_remote_begin(weir_remote *remote, const weir_scenario *scenario, uint32_t capabilities, weir_record *records,
                       uint32_t capacity);
/* Takes and answers one line of a run.  WEIR_BROKEN: it is not what the page says. */
WEIR_MUST_USE weir_status weir_remote_hear(weir_remote *remote, weir_line *line, weir_problem *problem);
/* Ends the run where it is not over. */
void weir_remote_end(weir_remote *remote, weir_end how, uint32_t number);
/* ... and its connections, of which nothing is recorded any more. */
void weir_remote_hang_up(weir_remote *remote);

/* ---- Between the two files */
/* The peer's end of a connection that the program has made by now. */
WEIR_MUST_USE weir_status weir_remote_accept(weir_remote *remote, unsigned connection, weir_problem *problem);
/* One more connection, which the program is about to make. */
void weir_remote_open(weir_remote *remote, unsigned connection);
/* The program has nothing to do; milliseconds to its next timer, -1: none. */
WEIR_MUST_USE weir_status weir_remote_idle(weir_remote *remote, int64_t milliseconds, weir_problem *problem);
/* What the program is to do before it waits, as it is told behind a callback. */
const char *weir_remote_due(weir_remote *remote);

#endif
