'use strict';
// net.Socket with `onread` under Weir, of Node, Deno and Bun.
//
//   onread.buffer             get_buffer; the first, which comes before 'connect', is told after it
//   onread.callback           buffer_updated
//   'end'                     eof_received; a false result: close()
//   'error', 'close'          connection_lost
//   destroySoon(), destroy()  close(), abort()
//   end()                     write_eof()
//   pause(), resume()         pause_reading(), resume_reading()
//
// What has no counterpart is not declared: a call before data is written over the limit, a second protocol,
// writelines(), exceptions.

const net = require('node:net');
const weir = require('./weir.cjs');

function runtime() {
  if (process.versions.bun) return ['bun', process.versions.bun];
  if (process.versions.deno) return ['deno', process.versions.deno];
  return ['node', process.versions.node];
}

function connect(run) {
  let made = false;
  let reason = null;
  let closing = false;
  const onread = {
    buffer: () => (made ? run.getBuffer(-1) : run.firstBuffer()),
    callback: (size) => {
      if (closing) return false;
      run.tellFirst(-1);
      run.callback('buffer_updated', size);
      return true;
    },
  };
  const socket = net.connect({ host: weir.HOST, port: weir.PORT, allowHalfOpen: true, onread });
  // What is told after destroySoon() is told as ever; asyncio's close() wants no more of it.
  const close = () => {
    if (closing) return;
    closing = true;
    socket.pause();
    socket.destroySoon();
  };
  run.transport = {
    write: (bytes) => closing || void socket.write(bytes),
    write_eof: () => closing || void socket.end(),
    can_write_eof: () => true,
    close,
    abort: () => void socket.destroy(),
    is_closing: () => closing || socket.destroyed,
    pause_reading: () => void socket.pause(),
    resume_reading: () => void socket.resume(),
    clear: () => void socket.destroy(),
  };
  socket.on('connect', () => {
    made = true;
    run.callback('connection_made');
    if (!socket.isPaused() && !socket.destroyed) run.tellFirst(-1);
  });
  socket.on('end', () => closing || run.callback('eof_received') || close());
  socket.on('error', (error) => (reason = error));
  socket.on('close', () => run.over || run.lost(reason));
}

// Their results were not confirmed yet, and a false alarm is worse than a gap.
const unconfirmed = {
  bun: 'its timers, one a second, keep each run from its end',
  deno: 'what it breaks is not confirmed with real sockets yet',
};
const why = unconfirmed[runtime()[0]];
if (why !== undefined && !process.argv.includes('--unconfirmed')) {
  console.error(`${runtime()[0]} is not judged yet: ${why}`);
  process.exit(77);
}
const [name, version] = runtime();
if (name === 'bun' && !weir.inlined()) {
  console.error('the system calls that bun makes past libc cannot be seen here (Syscall User Dispatch)');
  process.exit(77);
}
weir.test(name, version, ['half_close', 'write_eof', 'pause'], connect);
