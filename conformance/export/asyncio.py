#!/usr/bin/env python3
"""%TITLE%

%RULES%
%SCENARIO%

A connection over loopback%TLS% and an unmodified asyncio, with the standard library alone.  Whenever the event loop would
wait, the next step is taken: see `select`.  Run it with the Python in question:

    python3 THIS_FILE          1: the rule is broken, 0: it is kept, 2: it could not be run
"""

#rules L2 L4 L5 L10 L12 L13 B4 B8 B16 B17 B18 E1 E2 E7 E8 P1 P4 P5 P7 C1 C2 C8 W1 F1 F2 F9 
import asyncio
import collections
import logging
import os
import random
import selectors
import signal
import socket
#[ tls
import ssl
#]
import sys

# (who, when, event, first, last, what, option, a, b); last is None: and every one after it
STEPS = [
%STEPS%
]
LOOKED_AT = "%LOOKED_AT%".split()
INTERNAL = (AttributeError, AssertionError, LookupError, NameError, ArithmeticError, SystemError, RecursionError)

Step = collections.namedtuple("Step", "who when event first last what option a b")
STEPS = [Step(*step) for step in STEPS]
SENT = sum(step.a for step in STEPS if step.what == "send")


def some_bytes(generator, size):
    return generator.getrandbits(8 * size).to_bytes(size, "little") if size else b""


INCOMING = some_bytes(random.Random(1), SENT)  # what the peer sends
OUTGOING = random.Random(2)  # what is written



class ProbeError(Exception):
    """What a callback raises where the scenario wants it to."""


class Run:
    def __init__(self):
        self.broken = collections.OrderedDict()
        self.count = collections.Counter()
        self.turns = []  # steps that wait for the loop to be idle, one group a turn
        for step in STEPS:
            if step.when == "idle":
                self.turns.append([step])
            elif step.when == "same":
                self.turns[-1].append(step)
        self.due = []  # the application's steps that are due outside any callback
        self.progress, self.fruitless, self.over = True, 0, False
        self.transport = self.protocol = None
        self.closed = self.aborted = self.lost = self.eof = self.fin = self.reset = self.write_eof = False
        self.kind = None  # of the last buffer
        self.paused = self.writing_paused = self.protocols_changed = False
        self.inside = []  # callbacks under way
        self.delivered = self.sent = self.injected = 0
        self.accepted, self.late, self.received = [], [], bytearray()
        self.reads, self.switched, self.raised, self.waited = True, False, False, 0

    def breaks(self, rule, text):
        if rule in LOOKED_AT:
            self.broken.setdefault(rule, text)

    # ---- Steps

    def steps_at(self, when, event, nth):
        for step in STEPS:
            if step.when == when and step.event == event and step.first <= nth <= (step.last or nth):
                yield step

    def happened(self, event):
        """An occasion has ended: what hangs on it follows."""
        self.progress |= event not in ("recv", "send")
        for step in self.steps_at("after", event, self.count[event]):
            if step.who == "peer":
                peer.act(step)
            else:
                self.due.append(step)

    def take_due(self):
        steps, self.due = self.due, []
        self.act(steps)

    def act(self, steps):
        """The application's calls; the rest is how a callback ends."""
        for step in steps:
            if step.what not in ("size", "raise", "return", "resize"):
                self.progress = True
                self.call(step)

    def call(self, step):
        name = step.what
        if self.transport is None:
            return
        try:
            result = CALLS.get(name, plain_call)(self, step)
        except INTERNAL as error:
            self.breaks("L13", "%s() raised %r" % (name, error))
            if self.closed:
                self.breaks("L10", "%s() raised %r" % (name, error))
        except Exception as error:
            if self.closed and name in ("close", "abort", "pause_reading", "resume_reading", "is_reading"):
                self.breaks("L10", "%s() on a closing transport raised %r" % (name, error))
        else:
            if name == "is_closing" and self.closed and not result:
                self.breaks("L10", "is_closing() is false after close()")
        if name in ("close", "abort"):
            self.closed, self.aborted = True, self.aborted or name == "abort"

    def write(self, step, name, data, given):
        """What write() or writelines() took has to reach the peer."""
        open_before = not (self.closed or self.lost or self.write_eof)
        piece = bytearray(data)
        (self.accepted if open_before else self.late).append(piece)  # of what is late, nobody says what becomes of it
        try:
            getattr(self.transport, name)(given)
        except Exception:
            if open_before:
                piece.clear()
            raise
        #[ F1 F9
        size = self.transport.get_write_buffer_size() if open_before and not self.closed else 0
        if size > self.transport.get_write_buffer_limits()[1] and not self.writing_paused:
            text = "%s() buffered %d bytes and pause_writing was not called" % (name, size)
            self.breaks("F1", text)
            if name == "writelines":
                self.breaks("F9", text)
        #]

    def next_bytes(self, size):
        return some_bytes(OUTGOING, size)

    # ---- Callbacks

    def callback(self, event, act=True):
        self.count[event] += 1
        if self.lost:
            self.breaks("L2", "%s after connection_lost" % event)
        steps = list(self.steps_at("in", event, self.count[event]))
        self.inside.append(event)
        self.act(steps)
        return steps

    def ended(self, event, steps):
        self.inside.pop()
        self.happened(event)
        if any(step.what == "raise" for step in steps):
            self.raised = True
            raise ProbeError("raised by the application in %s" % event)

    def data(self, name, data):
        """buffer_updated or data_received brings this."""
        if self.closed:
            self.breaks("C1", "%s(%d) after close() or abort()" % (name, len(data)))
        if self.paused:
            for rule in {"P1", {"connection_made": "P4", "get_buffer": "P7", "buffer_updated": "P5"}.get(self.paused, "P1")}:
                self.breaks(rule, "%s(%d) while reading is paused" % (name, len(data)))
        if self.eof:
            self.breaks("E2", "%s(%d) after eof_received" % (name, len(data)))
        if INCOMING[self.delivered : self.delivered + len(data)] != bytes(data):
            rule = "B4" if name == "buffer_updated" else "B17"
            self.breaks(rule, "%s(%d): these are not the next bytes of the stream" % (name, len(data)))
        self.delivered += len(data)

    def judge(self):
        """The end: nothing is ready and nobody has anything left to do."""
        if self.closed and not self.lost:
            self.breaks("L5", "connection_lost was not called after close()")
        whole = not (self.aborted or self.reset or self.injected) and self.reads
        accepted = b"".join(self.accepted)
        if not (accepted + b"".join(self.late)).startswith(self.received):
            self.breaks("W1", "the peer received other bytes than were written")
            self.breaks("C2", "the peer received other bytes than were written")
        elif whole and len(self.received) < len(accepted):
            text = "%d bytes were written and the peer received %d" % (len(accepted), len(self.received))
            self.breaks("W1", text)
            if self.closed:
                self.breaks("C2", text)
        if self.switched and connection.got > self.delivered and not self.closed and type(peer) is Peer:
            self.breaks("B16", "%d bytes were read and told to no protocol" % (connection.got - self.delivered))
        disturbed = self.closed or self.paused or self.reset or self.injected or self.raised
        if self.fin and self.delivered < self.sent and not disturbed:
            self.breaks("B17", "the peer ended its side after %d bytes, and %d came" % (self.sent, self.delivered))
        if self.fin and not (self.closed or self.paused or self.reset or self.eof or self.lost or self.injected):
            self.breaks("B18", "the peer's end was never told")


#[ write writelines write_eof
# ---- What the application writes


KINDS = {
    "bytes": lambda data, size: data,
    "bytearray": lambda data, size: bytearray(data),
    "memoryview": lambda data, size: memoryview(data),
    "wide": lambda data, size: memoryview(data).cast("I") if data else memoryview(data),
    "shaped": lambda data, size: memoryview(data).cast("B", [len(data) // 2, 2]) if data else memoryview(data),
    "reused": lambda data, size: bytearray(data),
    "str": lambda data, size: "x" * size,
    "none": lambda data, size: None,
    "int": lambda data, size: size,
}


def write(run, step):
    size = step.a & ~3 if step.option == "wide" else step.a & ~1 if step.option == "shaped" else step.a
    data = b"" if step.option in ("str", "none", "int") else run.next_bytes(size)
    given = KINDS[step.option](data, step.a)
    run.write(step, "write", data, given)
    if step.option == "reused":
        given[:] = b"\xee" * len(given)


def writelines(run, step):
    elements = [run.next_bytes(step.b if step.b is not None else 10) for _ in range(step.a)]
    given = {
        "tuple": tuple(elements),
        "generator": (element for element in elements),
        "holes": [b""] + [part for element in elements for part in (element, b"")],
        "views": [memoryview(element) for element in elements],
    }.get(step.option, elements)
    run.write(step, "writelines", b"".join(elements), given)


def write_eof(run, step):
    run.transport.write_eof()
    run.write_eof = True


#]
#[ set_write_buffer_limits
def set_limits(run, step):
    run.transport.set_write_buffer_limits(high=step.a, low=step.b)


#]
#[ set_protocol
def set_protocol(run, step):
    new = run.first if step.option == "first" else Plain() if step.option == "plain" else Buffered()
    run.transport.set_protocol(new)
    run.switched |= "get_buffer" in run.inside
    run.protocol = new


#]
#[ pause_reading resume_reading
def pause_reading(run, step):
    run.transport.pause_reading()
    if not (run.closed or run.lost):
        run.paused = run.inside[-1] if run.inside else "outside"


def resume_reading(run, step):
    run.paused = False
    run.transport.resume_reading()


#]
def plain_call(run, step):
    return getattr(run.transport, step.what)()


CALLS = {
    #[ write
    "write": write,
    #]
    #[ writelines
    "writelines": writelines,
    #]
    #[ write_eof
    "write_eof": write_eof,
    #]
    #[ set_write_buffer_limits
    "set_write_buffer_limits": set_limits,
    #]
    #[ set_protocol
    "set_protocol": set_protocol,
    #]
    #[ pause_reading resume_reading
    "pause_reading": pause_reading,
    #]
    #[ pause_reading resume_reading
    "resume_reading": resume_reading,
    #]
}


# ---- The application's protocol


class Common:
    def connection_made(self, transport):
        run.transport = transport
        run.ended("connection_made", run.callback("connection_made"))

    def eof_received(self):
        if run.eof:
            run.breaks("E1", "eof_received came again")
        if run.closed:
            run.breaks("E7", "eof_received after close() or abort()")
        if run.paused and type(peer) is Peer:  # over TLS it may have been read before
            run.breaks("E8", "eof_received while reading is paused")
        if run.delivered < run.sent and not run.closed and not run.injected:
            run.breaks("B18", "eof_received after %d of %d bytes" % (run.delivered, run.sent))
        run.eof = True
        steps = run.callback("eof_received")
        run.ended("eof_received", steps)
        return any(step.what == "return" and step.option == "true" for step in steps)

    def connection_lost(self, error):
        steps = run.callback("connection_lost")
        if isinstance(error, INTERNAL):
            run.breaks("L13", "connection_lost(%r)" % error)
        if error is not None and not (run.reset or run.injected) and not isinstance(error, ProbeError):
            run.breaks("L4", "connection_lost(%r) although nothing went wrong" % error)
        if error is None and not run.closed and not run.eof:
            run.breaks("L4", "connection_lost(None) without an end of file")
        run.lost = True
        run.raised |= error is not None
        run.ended("connection_lost", steps)

    def pause_writing(self):
        if run.writing_paused:
            run.breaks("F2", "pause_writing came twice")
        run.writing_paused = True
        run.ended("pause_writing", run.callback("pause_writing"))

    def resume_writing(self):
        if not run.writing_paused:
            run.breaks("F2", "resume_writing came without pause_writing")
        run.writing_paused = False
        run.ended("resume_writing", run.callback("resume_writing"))


class Buffered(Common, asyncio.BufferedProtocol):
    buffer = None

    def get_buffer(self, sizehint):
        if run.closed:
            run.breaks("C8", "get_buffer after close() or abort()")
        if run.eof:
            run.breaks("E2", "get_buffer after eof_received")
        steps = run.callback("get_buffer")
        size, kind = 64, None
        for step in steps:
            if step.what == "size":
                size, kind = step.a, step.option
        self.buffer = bytearray(size)
        #[ memoryview array mmap ctypes readonly noncontiguous none
        self.buffer = BUFFERS.get(kind, bytearray)(size)
        #]
        run.kind = kind
        run.injected += size == 0 or kind in ("readonly", "noncontiguous", "none")
        run.ended("get_buffer", steps)
        return self.buffer

    def buffer_updated(self, nbytes):
        if self.buffer is None or run.protocol is not self:
            run.breaks("B16", "buffer_updated(%d) on another object than the one that was set" % nbytes)
            run.delivered += nbytes
        else:
            with memoryview(self.buffer) as view, view.cast("B") as flat:
                run.data("buffer_updated", bytes(flat[:nbytes]))
        buffer, self.buffer = self.buffer, None
        steps = run.callback("buffer_updated")
        for step in steps:
            if step.what == "resize" and isinstance(buffer, bytearray):
                buffer[step.a :] = bytes(max(0, step.a - len(buffer)))
        run.ended("buffer_updated", steps)


#[ plain first
class Plain(Common, asyncio.Protocol):
    def data_received(self, data):
        run.data("data_received", data)
        run.ended("data_received", run.callback("data_received"))


#]
#[ memoryview array mmap ctypes readonly noncontiguous none
def array_of(size):
    import array

    return array.array("I", bytes(size - size % 4))


def mmap_of(size):
    import mmap

    return mmap.mmap(-1, size) if size else bytearray()


def ctypes_of(size):
    import ctypes

    return (ctypes.c_char * size)()


BUFFERS = {
    "memoryview": lambda size: memoryview(bytearray(size)),
    "array": array_of,
    "mmap": mmap_of,
    "ctypes": ctypes_of,
    "readonly": bytes,
    "noncontiguous": lambda size: memoryview(bytearray(2 * size))[::2],
    "none": lambda size: None,
}


#]
# ---- The other end


class Peer:
    made = True  # the connection is

    def __init__(self, connection):
        self.socket = connection
        self.socket.setblocking(False)
        self.ended = False
        self.drained = 0  # bytes read from the socket

    def act(self, step):
        run.progress = True
        try:
            getattr(self, step.what)(step)
        except OSError:  # the connection is gone: there is nothing left to do
            pass

    def send(self, step):
        size = step.a
        self.socket.setblocking(True)
        self.socket.sendall(INCOMING[run.sent : run.sent + size])
        self.socket.setblocking(False)
        run.sent += size

    def fin(self, step):
        self.socket.shutdown(socket.SHUT_WR)
        run.fin = True

    def reset(self, step):
        run.reset, connection.room = True, None
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.socket.close()

    def close(self, step):
        run.fin = run.reset = True  # whatever is written from now on is answered by a reset
        connection.room = None
        self.socket.close()

    def stop(self, step):
        run.reads = False

    def start(self, step):
        run.reads = True

    def read(self, step):
        self.take(step.a)

    def sleep(self, step):
        pass

    def take(self, most):
        """Reads what was written.  Whether there was anything."""
        if self.ended:
            return False
        try:
            data = self.socket.recv(most)
        except BlockingIOError:
            return False
        except OSError:
            self.ended = True
            return False
        self.ended = not data
        self.drained += len(data)
        self.heard(data)
        return True

    def heard(self, data):
        run.received += data


#[ tls
def secure(protocol):
    """TLS without a certificate: the ciphers are anonymous."""
    context = ssl.SSLContext(protocol)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AECDH-AES256-SHA:@SECLEVEL=0")
    return context


class SecurePeer(Peer):
    """The same, over TLS."""

    made = said_end = False

    def __init__(self, connection):
        super().__init__(connection)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = secure(ssl.PROTOCOL_TLS_SERVER)
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)

    def flush(self):
        data = self.outgoing.read()
        self.socket.setblocking(True)
        self.socket.sendall(data)
        self.socket.setblocking(False)

    def send(self, step):
        self.tls.write(INCOMING[run.sent : run.sent + step.a])
        run.sent += step.a
        self.flush()

    def close_notify(self, step=None):
        if self.said_end:
            return
        self.said_end = run.fin = True
        try:
            self.tls.unwrap()
        except ssl.SSLError:  # it does not wait for the answer
            pass
        self.flush()

    def fin(self, step):
        self.close_notify()
        super().fin(step)

    def close(self, step):
        self.close_notify()
        super().close(step)

    def truncate(self, step):
        run.injected += 1
        self.socket.shutdown(socket.SHUT_WR)

    def heard(self, data):
        self.incoming.write(data)
        try:
            if not self.made:
                self.tls.do_handshake()
                self.made = True
            while data:
                data = self.tls.read(1 << 20)
                run.received += data
            self.close_notify()  # that was the program's, and this is the answer
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            self.ended = True
        self.flush()


#]
class Socket(socket.socket):
    """A real socket, which may also take less than it is given, as a kernel may."""

    room = None  # how many bytes it takes while the peer does not read
    unready = ()  # directions that would block
    taken = got = 0  # bytes, so far

    def fault(self, operation):
        if run.transport is None:  # a handshake
            return sys.maxsize
        run.count[operation] += 1
        most, faults = sys.maxsize, []
        for step in run.steps_at("at", operation, run.count[operation]):
            if step.what == "short":
                most = min(most, step.a)
            else:
                faults.append(step)
        for step in faults:
            run.progress = True
            if step.what == "again":
                raise BlockingIOError(11, "Resource temporarily unavailable")
            import errno

            run.injected += 1
            raise OSError(getattr(errno, step.option), step.option)
        if operation == "send" and self.room is not None:
            most = min(most, self.room - (self.taken - peer.drained))
            if most <= 0:
                self.unready = (selectors.EVENT_WRITE,)
                raise BlockingIOError(11, "Resource temporarily unavailable")
        return most

    def did(self, operation, count):
        run.progress |= count > 0
        run.happened(operation)
        return count

    def send(self, data, *flags):
        most = self.fault("send")
        count = super().send(memoryview(data).cast("B")[:most], *flags)
        self.taken += count
        return self.did("send", count)

    def sendmsg(self, buffers, *rest):
        return self.send(b"".join(bytes(buffer) for buffer in buffers))

    def recv_into(self, buffer, *rest):
        most = self.fault("recv")
        count = super().recv_into(memoryview(buffer).cast("B")[:most] if len(memoryview(buffer)) else buffer, *rest)
        self.got += count
        return self.did("recv", count)

    def recv(self, size, *flags):
        data = super().recv(min(size, self.fault("recv")), *flags)
        self.got += len(data)
        self.did("recv", len(data))
        return data


# ---- The loop


class Selector(selectors.DefaultSelector):
    def select(self, timeout=None):
        """The next step is taken whenever the loop would wait."""
        run.fruitless = 0 if run.progress else run.fruitless + 1
        run.progress = False
        if run.fruitless > 1000:
            run.breaks("L12", "the loop keeps running although there is nothing to do")
            run.over = True
            loop.stop()
            return []
        if run.due and not run.over:
            loop.call_soon(run.take_due)
            return []
        events = self.look(0)
        while not events and not run.over and (timeout is None or timeout > 0):
            connection.unready = ()
            if run.due:
                loop.call_soon(run.take_due)
                return []
            if not self.turn():
                return []
            events = self.look(0.01)  # the kernel delivers
        return events

    def look(self, timeout):
        shown = []
        for key, mask in super().select(timeout):
            if key.fileobj == connection_number:
                mask &= ~sum(connection.unready)
                if connection.room is not None and connection.taken - peer.drained >= connection.room:
                    mask &= ~selectors.EVENT_WRITE
            if mask:
                shown.append((key, mask))
        return shown

    def turn(self):
        """False: the application or the end has its turn in the loop."""
        if (run.reads or not peer.made) and peer.take(1 << 20):
            run.progress = True
            return True
        #[ tls
        if run.transport is None and run.waited < 200:  # the handshake goes on
            run.waited += 1
            return True
        #]
        if not run.turns:
            run.over = True
            loop.stop()
            return False
        steps = run.turns[0]
        if steps[0].who == "app":
            loop.call_soon(run.act, run.turns.pop(0))
            run.progress = True
            return False
        first = steps[0]
        if first.what == "send" and first.b and first.a > first.b:  # in parts: a turn each
            peer.act(first._replace(a=first.b))
            steps[0] = first._replace(a=first.a - first.b)
            return True
        for step in run.turns.pop(0):
            peer.act(step)
        return True


def pair():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        client = socket.create_connection(listener.getsockname())
        return client, listener.accept()[0]


def stuck(*_):
    run.breaks("L12", "the loop has not come back to wait for 10 seconds")
    finish()


def finish():
    for rule, text in run.broken.items():
        print("%s is broken: %s" % (rule, text))
    if not run.broken:
        print("%s: kept" % " ".join(LOOKED_AT))
    sys.stdout.flush()
    os._exit(1 if run.broken else 0)  # nothing that the rest of the loop would say is of interest


def handle(loop, context):
    error = context.get("exception")
    if isinstance(error, TypeError) and run.kind in ("array", "mmap", "ctypes"):
        run.breaks("B8", "a buffer of kind %s is refused: %r" % (run.kind, error))
    elif not isinstance(error, (ProbeError, OSError)) and not run.injected:
        run.breaks("L13", "the loop's exception handler was called: %r" % error)


signal.signal(signal.SIGALRM, stuck)
signal.alarm(10)
logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)
run = Run()
client, server = pair()
connection = Socket(client.family, client.type, client.proto, client.detach())
connection.setblocking(False)
connection_number = connection.fileno()
peer = Peer(server)
#[ tls
peer = SecurePeer(server)
#]
plain = False
for step in STEPS:
    if step.when == "start" and step.what == "buffer":
        connection.room = step.a
    elif step.when == "start" and step.what == "protocol":
        plain = step.option == "plain"
    elif step.when == "start":
        peer.act(step)
run.first = run.protocol = Plain() if plain else Buffered()
loop = asyncio.SelectorEventLoop(Selector())
loop.set_exception_handler(handle)
options = {}
#[ tls
options = {"ssl": secure(ssl.PROTOCOL_TLS_CLIENT), "server_hostname": "localhost"}
#]
task = loop.create_task(loop.create_connection(lambda: run.first, sock=connection, **options))
for _ in range(100):
    try:
        loop.run_forever()
        break
    except Exception as error:
        handle(loop, {"exception": error})
        run.progress = False
if run.transport is None:
    print("no connection was made: %r" % (task.exception() if task.done() else "the loop stopped"), file=sys.stderr)
    sys.exit(2)
if "L12" not in run.broken:
    run.judge()
finish()
