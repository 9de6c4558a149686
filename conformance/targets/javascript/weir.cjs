'use strict';
// What adapters for JavaScript share: the harness's functions (weir/adapter.h, through weir.c) and the
// words of a run.
//
//   weir.test('node', process.versions.node, ['half_close', ...], (run) => { ... });
//
// The function makes the connection (connect to weir.PORT) and hands over, in run.transport, a method for
// each call that it offers.  Node, Deno and Bun.

const net = require('node:net');
const path = require('node:path');

/** What scripts/targets builds of weir.c. */
function load() {
  const place = path.join(process.env.WEIR_TARGETS || '', 'javascript', 'weir.node');
  try {
    return require(place);
  } catch (error) {
    console.error(`the harness cannot be loaded: ${error.message}; \`scripts/targets\` builds it`);
    process.exit(77);
  }
}

const harness = load();

const ABI = 1;
const STOP = 2;
const HOST = '127.0.0.1';
const PORT = 7; // the run's connection
const CONTROL_PORT = 9; // something can be read when the application is to act

const event = (word) => harness.number('event', word);
const events = {};
for (const word of ['connection_made', 'get_buffer', 'buffer_updated', 'eof_received', 'connection_lost'])
  events[word] = event(word);
const names = {};
for (const word of ['write', 'write_eof', 'can_write_eof', 'close', 'abort', 'is_closing', 'pause_reading', 'resume_reading'])
  names[event(word)] = word;

const exceptions = {};
for (const word of ['none', 'os', 'runtime', 'type', 'internal', 'other', 'unsupported'])
  exceptions[word] = harness.number('exception', word);

const NO_BUFFER = harness.number('buffer', 'none');
const BYTES = { none: harness.number('bytes', 'none'), str: harness.number('bytes', 'str') };

/** What goes wrong in a call, as the trace has it: [kind, number]. */
function classify(error) {
  if (error === null || error === undefined) return [exceptions.none, 0];
  const number = require('node:os').constants.errno[error.code];
  if (number !== undefined) return [exceptions.os, number];
  if (error.code === 'ERR_STREAM_WRITE_AFTER_END' || error.code === 'ERR_STREAM_DESTROYED') return [exceptions.runtime, 0];
  if (error instanceof TypeError) return [exceptions.type, 0];
  return [exceptions.other, 0];
}

/** One scenario. */
class Run {
  constructor() {
    this.over = false;
    this.transport = {};
    this.kept = [];
    this.ready = harness.told[3] < 0 ? null : new Uint8Array(harness.told[3]);
    this.asked = 0;
  }

  /** A callback with no buffer; what it is to return. */
  callback(word, a = 0, b = 0) {
    harness.begin(events[word], 0, a, b, null);
    this.calls();
    const value = harness.told[8];
    harness.end(null);
    return value;
  }

  lost(error) {
    const [kind, number] = classify(error);
    this.callback('connection_lost', kind, number);
  }

  /** The first buffer is asked for before there is a connection: it is had ready, and told of afterwards. */
  firstBuffer() {
    return this.ready;
  }

  tellFirst(hint) {
    if (this.asked === 0) this.getBuffer(hint);
  }

  getBuffer(hint) {
    harness.begin(events.get_buffer, 0, hint, 0, null);
    this.calls();
    const made = this.asked++ === 0 ? this.ready : harness.told[7] === NO_BUFFER ? null : new Uint8Array(harness.told[6]);
    this.kept = [made, ...this.kept.slice(0, 7)];
    harness.end(made);
    return made;
  }

  calls() {
    while (harness.call()) this.call(harness.told[0], harness.told[1]);
  }

  call(number, option) {
    const method = this.transport[names[number]];
    if (number === events.get_buffer) return harness.done(exceptions.none, 0, 0);
    if (method === undefined) return harness.done(exceptions.unsupported, 0, 0);
    try {
      const result = names[number] === 'write' ? method(this.bytes(option)) : method();
      harness.done(exceptions.none, 0, Number(result === true));
    } catch (error) {
      harness.done(...classify(error), 0);
    }
  }

  bytes(option) {
    if (option === BYTES.none) return null;
    return harness.bytes();
  }

  fail(error) {
    if (!this.over) harness.fail(String(error));
  }
}

/** Says hello, and runs what the harness asks for. */
function test(name, version, capabilities, connect) {
  let run = null;

  function begin() {
    if (harness.next() !== 1) process.exit(0);
    run = new Run();
    connect(run);
  }

  function finish() {
    run.over = true;
    run.transport.clear();
    run = null;
    // Closing takes its turns of the loop.
    setImmediate(() => setImmediate(begin));
  }

  function woken() {
    if (run === null) return;
    if (harness.wake() === STOP) return finish();
    if (!harness.outside()) return;
    run.calls();
    harness.end(null);
  }

  const bits = capabilities.reduce((sum, word) => sum | harness.number('capability', word), 0);
  if (harness.hello(ABI, name, version, bits) !== 0) process.exit(2);
  begin();
  net.connect({ host: HOST, port: CONTROL_PORT }).on('data', woken);
}

/** Before test(): the program makes system calls past libc; whether those are seen from now on. */
function inlined() {
  return harness.inlined() === 0;
}

module.exports = { HOST, PORT, inlined, test };
