/* The contract for adapters: the few lines, in a target's own language, that
 * join an unmodified implementation to the harness.
 *
 * The adapter runs in a process of its own under libweir-preload.so, which
 * holds the simulation and exports the functions below; a foreign-function
 * interface finds them in the process itself (Python: ctypes.CDLL(None)).
 * conformance/README.md is the page; conformance/targets/asyncio is an example.
 *
 *   weir_adapter_hello(WEIR_ABI, "asyncio", "3.12.1", capabilities)
 *   while ((weir_adapter_next(&run)) == 1) {
 *     make the implementation's transport on run.descriptor, with a probe;
 *     let the loop watch run.control for reading;
 *     run the loop until weir_adapter_wake() says WEIR_WAKE_STOP;
 *     throw transport and loop away;
 *   }
 *
 * The probe's callbacks, each:
 *   weir_adapter_begin(event, protocol, a, b, address, size)
 *   while (weir_adapter_call(&call, &decision)) {
 *     make that call; weir_adapter_done(exception, number, result);
 *   }
 *   make what the decision says;
 *   weir_adapter_end(address, size);     then return it, or raise
 * or, where run.idle has the callback, weir_adapter_pass() alone.
 *
 * When run.control is readable:
 *   weir_adapter_wake() == WEIR_WAKE_CALLS: the loop above, begun by
 *   weir_adapter_outside() in place of weir_adapter_begin().
 *
 * More than one connection (capability "connections"; who does not declare it
 * need not read on).  A call with event "open" asks for a transport on a further
 * descriptor: a is the handle of its first protocol object, b the descriptor,
 * option 1 for a plain protocol.  From then on numbers say which connection they
 * are about, in the bits above the lowest eight, 0 for the first:
 *   protocol object n of connection c is c << 8 | n   in weir_adapter_begin
 *   a call's event e of connection c is  c << 8 | e   in weir_adapter_call_info
 *   exception k of connection c is (c + 1) << 8 | k   in weir_adapter_exception;
 *                       k alone where it is not known
 *   buffer n of connection c is         c << 24 | n   in weir_adapter_held
 * Inside a callback of one connection a call may be about another. */
#ifndef WEIR_ADAPTER_H
#define WEIR_ADAPTER_H

#include <stddef.h>
#include <stdint.h>

typedef struct weir_adapter_run {
  int32_t descriptor; /* the connected stream socket */
  int32_t control;    /* watch it for reading; never read from it */
  int32_t plain;      /* 1: begin with a plain protocol, 0: a buffered one */
  uint32_t idle;      /* bit e: the scenario says nothing about callback e (weir_event), on any connection */
  /* What the first get_buffer will ask for, -1: no buffer.  For an implementation
   * that wants it before connection_made, when there is nothing yet to call. */
  int32_t first_size;
} weir_adapter_run;

/* Layouts as in harness/probe/probe.h: plain C structs without padding holes
 * that matter to an FFI; every field is naturally aligned. */
typedef struct weir_adapter_call_info {
  uint32_t event;
  uint32_t option;
  int64_t a;
  int64_t b;
  uint64_t offset;
  uint64_t address; /* write, writelines: the bytes to be written (a * b of them for writelines), valid until done */
  uint64_t size;    /* of those bytes */
} weir_adapter_call_info;

typedef struct weir_adapter_decision {
  uint32_t raise; /* 0, or the number to raise the probe's own exception with */
  uint32_t size;
  uint32_t kind;
  uint32_t value;
} weir_adapter_decision;

enum { WEIR_WAKE_NOTHING = 0, WEIR_WAKE_CALLS = 1, WEIR_WAKE_STOP = 2 };

/* Once, first.  0, or -1: this library is of another version (said on stderr). */
int weir_adapter_hello(int abi, const char *name, const char *version, uint32_t capabilities);
/* Before weir_adapter_hello: what the connections are made of, a word of WEIR_LAYERS
 * (weir/trace.h); "tcp" where it is not called.  0, or -1: there is no such
 * layer (said on stderr). */
int weir_adapter_layer(const char *words);
/* In place of that: every connection is TLS, and the peer its other side.
 * program_serves: 1: the program is the server; minor: 2 for TLS 1.2, 3 for
 * TLS 1.3.  The program begins the handshake at once.  Returns PEM text: the
 * certificate, to be trusted by a client for the host WEIR_TLS_HOST
 * ("weir.test"), and its private key, with which a server may serve.  NULL: no
 * TLS is to be had (said on stderr).  The scenario begins when the handshake is
 * over. */
const char *weir_adapter_tls(int program_serves, int minor);
/* Before weir_adapter_hello, in the thread that has the event loop: the program
 * makes system calls past libc, and those of this thread are to be seen as well.
 * SIGSYS is the harness's from then on.  0, or -1 and errno: the kernel or the
 * machine cannot do that (Linux 5.11 on x86-64 can). */
int weir_adapter_inlined(void);
/* Waits for the next scenario.  1: there is one; 0: no more, the process should end. */
int weir_adapter_next(weir_adapter_run *run);
/* The transport of this run could not even be made: an error of the adapter,
 * never a finding.  The run ends; go on with weir_adapter_next. */
void weir_adapter_fail(const char *message);

void weir_adapter_begin(int event, int protocol, int64_t a, int64_t b, const void *address, size_t size);
int weir_adapter_call(weir_adapter_call_info *call, weir_adapter_decision *decision);
/* A callback of `idle`, all of it in one call: begin, a call that there is none
 * of, and end; it returns normally.  get_buffer: address and size are its memory,
 * a bytearray of WEIR_ADAPTER_BUFFER bytes or its like. */
enum { WEIR_ADAPTER_BUFFER = 64 };
void weir_adapter_pass(int event, int protocol, int64_t a, int64_t b, void *address, size_t size);
void weir_adapter_done(int exception, uint32_t number, uint64_t result);
void weir_adapter_end(void *address, size_t size);
int weir_adapter_outside(void);
int weir_adapter_wake(void);
void weir_adapter_exception(int exception, uint32_t number);
void weir_adapter_held(uint32_t nth);
void weir_adapter_withdraw(const void *address);
/* The number of a word ("get_buffer", "close", ...), so that no adapter has a
 * table of numbers: list is "event", "exception", "buffer", "bytes", "lines",
 * "protocol" or "capability" (a bit).  -1: unknown. */
int weir_adapter_number(const char *list, const char *word);

#endif
