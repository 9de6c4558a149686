"""What every adapter for a Python implementation shares: the harness's functions
(weir/adapter.h) and the probe, a protocol that records every callback and does
in it what the scenario says.

    weir.hello("asyncio", version, ["half_close", ...])
    for run in weir.runs():
        ... make the implementation's transport on run.descriptor with the
            protocol run.first() ...
        ... watch run.control for reading, and call run.wake() when it is;
            stop the loop when that returns True ...
        ... throw everything away ...

With the capability "connections", run.connect is a function that makes a transport
on one more connection: it has a descriptor and first(), as the run has.

conformance/targets/README.md says more; ../asyncio/adapter.py is an example.
Python 3.7 and later.
"""

import array
import asyncio
import ctypes
import gc
import mmap
import os
import socket
import sys
import tempfile

ABI = 1
STOP = 2
NOT_GIVEN = -(2**31)
ANOTHER_PROTOCOL = 255
# Numbers that say which connection they are about (weir/adapter.h).
CONNECTION_BITS, BUFFER_BITS = 8, 24
POISON = b"\xa5"
# The core looks at its four latest buffers again; those here are kept alive.
BUFFERS_KEPT = 8
# What get_buffer gives where the scenario says nothing.
BUFFER_SIZE = 64
# Garbage of so many runs may wait, where nothing else is left of them.
GARBAGE_RUNS_MAX = 64
# A bytearray of at least this size can lose and regain a byte without moving.
SIZE_STABLE = 4


class ProbeError(Exception):
    """What the probe raises where the scenario says so."""

    def __init__(self, number):
        super().__init__("raised by the probe: number %d of this run" % number)
        self.number = number


class _Run(ctypes.Structure):
    _fields_ = [
        ("descriptor", ctypes.c_int32),
        ("control", ctypes.c_int32),
        ("plain", ctypes.c_int32),
        ("idle", ctypes.c_uint32),
        ("first_size", ctypes.c_int32),
    ]


class _Call(ctypes.Structure):
    _fields_ = [
        ("event", ctypes.c_uint32),
        ("option", ctypes.c_uint32),
        ("a", ctypes.c_int64),
        ("b", ctypes.c_int64),
        ("offset", ctypes.c_uint64),
        ("address", ctypes.c_uint64),
        ("size", ctypes.c_uint64),
    ]


class _Decision(ctypes.Structure):
    _fields_ = [
        ("raised", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("kind", ctypes.c_uint32),
        ("value", ctypes.c_uint32),
    ]


def _find_lines():
    """The functions over lines, where the harness has put no library into the process."""
    if "WEIR_LINES" not in os.environ:
        return None
    import weir_lines

    return weir_lines.Carrier(os.environ["WEIR_LINES"], (_Run, _Call, _Decision))


_lines = _find_lines()


def _bind(library, name, result, *parameters):
    if _lines is not None:
        return getattr(_lines, name)
    try:
        function = getattr(library, "weir_adapter_" + name)
    except AttributeError:
        sys.exit("weir: this adapter is started by `weir test`, which puts libweir-preload.so under it")
    function.restype = result
    function.argtypes = parameters
    return function


# Without the lock released around every call; the one that waits releases it.
_quick, _waiting = ctypes.PyDLL(None), ctypes.CDLL(None)
_int, _uint32, _int64 = ctypes.c_int, ctypes.c_uint32, ctypes.c_int64
_pointer, _size, _text = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
_hello = _bind(_waiting, "hello", _int, _int, _text, _text, _uint32)
_tls = _bind(_waiting, "tls", _text, _int, _int)
_layer = _bind(_quick, "layer", _int, _text)
_next = _bind(_waiting, "next", _int, _pointer)
_fail = _bind(_quick, "fail", None, _text)
_begin = _bind(_quick, "begin", None, _int, _int, _int64, _int64, _pointer, _size)
_call = _bind(_quick, "call", _int, _pointer, _pointer)
_done = _bind(_quick, "done", None, _int, _uint32, ctypes.c_uint64)
_end = _bind(_quick, "end", None, _pointer, _size)
_pass = _bind(_quick, "pass", None, _int, _int, _int64, _int64, _pointer, _size)
_outside = _bind(_quick, "outside", _int)
_wake = _bind(_quick, "wake", _int)
_exception = _bind(_quick, "exception", None, _int, _uint32)
_held = _bind(_quick, "held", None, _uint32)
_withdraw = _bind(_quick, "withdraw", None, _pointer)
_number = _bind(_quick, "number", _int, _text, _text)


def number(table, word):
    """The number of a word in one of the harness's lists."""
    found = _number(table.encode(), word.encode())
    if found < 0:
        raise LookupError("the harness knows no %s %r" % (table, word))
    return found


def _numbers(table, *words):
    return [number(table, word) for word in words]


(_MADE, _GET_BUFFER, _UPDATED, _DATA, _EOF, _LOST, _PAUSE, _RESUME) = _numbers(
    "event",
    "connection_made",
    "get_buffer",
    "buffer_updated",
    "data_received",
    "eof_received",
    "connection_lost",
    "pause_writing",
    "resume_writing",
)

_OPEN = number("event", "open")

_GIVES_ANY, _READS_ANY = 1 << _GET_BUFFER, 1 << _UPDATED

# One of each is enough: nothing is read from them after the next call.
_the_call, _the_decision = _Call(), _Decision()
_call_address = ctypes.addressof(_the_call)
_decision_address = ctypes.addressof(_the_decision)


# ---- Exceptions --------------------------------------------------------------

# The first class that fits decides.  Errors that nobody asked for are internal.
_CLASSES = [
    (kind, number("exception", word))
    for kind, word in [
        (NotImplementedError, "unsupported"),
        (RecursionError, "internal"),
        (RuntimeError, "runtime"),
        (UnicodeError, "internal"),
        (ValueError, "value"),
        (TypeError, "type"),
        (BufferError, "buffer"),
        (EOFError, "eof"),
        (MemoryError, "memory"),
        (AttributeError, "internal"),
        (AssertionError, "internal"),
        (LookupError, "internal"),
        (NameError, "internal"),
        (ArithmeticError, "internal"),
        (SystemError, "internal"),
        (asyncio.InvalidStateError, "internal"),
        (Exception, "other"),
        (BaseException, "other"),
    ]
]
_NO_ERROR, _PROBE_ERROR, _OS_ERROR, _EOF_ERROR, _OTHER_ERROR, _UNSUPPORTED = _numbers(
    "exception", "none", "probe", "os", "eof", "other", "unsupported"
)
_TRUNCATED = ("SSLEOFError", "SSLZeroReturnError")


def classify(error):
    """(kind, number) of an exception, as the trace has it."""
    if error is None:
        return _NO_ERROR, 0
    if isinstance(error, ProbeError):
        return _PROBE_ERROR, error.number
    if type(error).__name__ in _TRUNCATED:
        return _EOF_ERROR, 0
    if type(error).__module__ == "ssl":  # its errno is a number of OpenSSL's
        return _OS_ERROR, 0
    if isinstance(error, OSError):
        return _OS_ERROR, error.errno if isinstance(error.errno, int) and error.errno > 0 else 0
    for kind, found in _CLASSES:
        if isinstance(error, kind):
            return found, 0
    return _OTHER_ERROR, 0


# ---- Buffers -----------------------------------------------------------------


def _address(writable):
    """Where the memory of a writable buffer is; no export outlives the call."""
    return ctypes.addressof(ctypes.c_char.from_buffer(writable)) if len(writable) else None


def _bytearray(size):
    made = bytearray(size)
    return made, _address(made), size


def _memoryview(size):
    made = memoryview(bytearray(size))
    return made, _address(made), size


def _array(size):
    made = array.array("I", bytes(size - size % 4))
    return made, _address(made), len(made) * made.itemsize


def _mmap(size):
    if size == 0:  # mmap has no empty ones
        return _bytearray(size)
    made = mmap.mmap(-1, size)
    return made, _address(made), size


def _ctypes(size):
    made = (ctypes.c_char * size)()
    return made, ctypes.addressof(made) if size else None, size


_BYTEARRAY = number("buffer", "bytearray")
_BUFFER_MAKERS = {
    number("buffer", word): make
    for word, make in [
        ("bytearray", _bytearray),
        ("memoryview", _memoryview),
        ("array", _array),
        ("mmap", _mmap),
        ("ctypes", _ctypes),
        ("readonly", lambda size: (bytes(size), None, size)),
        ("noncontiguous", lambda size: (memoryview(bytearray(2 * size))[::2], None, size)),
        ("none", lambda size: (None, None, 0)),
    ]
}


# ---- What is written ---------------------------------------------------------


def _wide(data):
    return memoryview(data).cast("I") if data else memoryview(array.array("I"))


def _shaped(data):
    return memoryview(data).cast("B", [len(data) // 2, 2]) if data else memoryview(data)


_REUSED = number("bytes", "reused")
_BYTES_MAKERS = {
    number("bytes", word): make
    for word, make in [
        ("bytes", lambda data, size: data),
        ("bytearray", lambda data, size: bytearray(data)),
        ("memoryview", lambda data, size: memoryview(data)),
        ("wide", lambda data, size: _wide(data)),
        ("shaped", lambda data, size: _shaped(data)),
        ("reused", lambda data, size: bytearray(data)),
        ("str", lambda data, size: "x" * size),
        ("none", lambda data, size: None),
        ("int", lambda data, size: size),
    ]
}


def _holes(elements):
    made = [b""]
    for element in elements:
        made += [element, b""]
    return made


_LINES_MAKERS = {
    number("lines", word): make
    for word, make in [
        ("list", list),
        ("tuple", tuple),
        ("generator", lambda elements: (element for element in elements)),
        ("holes", _holes),
        ("views", lambda elements: [memoryview(element) for element in elements]),
    ]
}


# ---- Transport calls ---------------------------------------------------------


class _Request:
    """A call to be made, read out of the structure that the next one reuses."""

    __slots__ = ("option", "a", "b", "data")

    def __init__(self, call):
        self.option, self.a, self.b = call.option, call.a, call.b
        self.data = ctypes.string_at(call.address, call.size) if call.size else b""


def _write(run, method, request):
    data = _BYTES_MAKERS[request.option](request.data, request.a)
    method(data)
    if request.option == _REUSED:
        data[:] = POISON * len(data)


def _writelines(run, method, request):
    size = request.b
    elements = [request.data[i * size : (i + 1) * size] for i in range(request.a)]
    method(_LINES_MAKERS[request.option](elements))


def _set_limits(run, method, request):
    limits = {"high": request.a, "low": request.b}
    method(**{name: value for name, value in limits.items() if value != NOT_GIVEN})


def _get_limits(run, method, request):
    low, high = method()
    return (low & 0xFFFFFFFF) | (high & 0xFFFFFFFF) << 32


def _set_protocol(run, method, request):
    method(run.protocol(request.a, request.b))


def _get_protocol(run, method, request):
    found = method()
    return found.number if getattr(found, "run", None) is run else ANOTHER_PROTOCOL


def _plain_call(run, method, request):
    method()


def _ask(run, method, request):
    return int(method())


# By event: the transport's method, and how it is called.
_CALLS = {
    number("event", name): (name, how)
    for name, how in [
        ("write", _write),
        ("writelines", _writelines),
        ("write_eof", _plain_call),
        ("can_write_eof", _ask),
        ("close", _plain_call),
        ("abort", _plain_call),
        ("is_closing", _ask),
        ("pause_reading", _plain_call),
        ("resume_reading", _plain_call),
        ("is_reading", _ask),
        ("set_protocol", _set_protocol),
        ("get_protocol", _get_protocol),
        ("set_write_buffer_limits", _set_limits),
        ("get_write_buffer_limits", _get_limits),
        ("get_write_buffer_size", _ask),
    ]
}


# ---- A run -------------------------------------------------------------------


# Family, type and protocol of the connections, which are all of a kind: the
# kernel is asked once, and not for each of them.
_kind_of_socket = []


class Connection:
    """One connection: its protocol objects and its buffers."""

    def __init__(self, run, index, descriptor, plain):
        self.run, self.index, self.descriptor = run, index, descriptor
        self.transport = None
        self.lost = False  # connection_lost() has been called
        self.socket = None  # what make_socket() has made
        self.idle = 0  # bit e: the scenario says nothing about callback e
        self._plain = bool(plain)
        self._protocols = {}
        self._kept = [None] * BUFFERS_KEPT
        self._asked = 0  # get_buffer calls so far
        self._latest = None  # (buffer, address, number) while it is a bytearray that nobody has resized
        self._updated = False  # the latest buffer's span is over

    def make_socket(self):
        """The connection as a socket object, which the loop is to close."""
        self.socket = socket.socket(*_kind_of_socket, fileno=self.descriptor)
        self.socket.setblocking(False)
        if not _kind_of_socket:
            _kind_of_socket.extend((self.socket.family, self.socket.type, self.socket.proto))
        return self.socket

    def first(self):
        """The protocol that the connection begins with."""
        return self.protocol(0, not self._plain)

    def protocol(self, which, buffered):
        if which not in self._protocols:
            self._protocols[which] = (Probe if buffered else PlainProbe)(self, which)
        return self._protocols[which]

    def fail(self, text):
        """The transport could not even be made: the adapter's fault or the harness's."""
        self.run.failed = True
        _fail(text.encode("utf-8", "backslashreplace"))

    def make_calls(self):
        """Makes the call that lies ready, and all that follow it in this callback."""
        self.run.make_calls()

    def make_call(self, event, request):
        name, how = _CALLS[event]
        method = getattr(self.transport, name, None)
        if self.transport is None:
            self.fail("the application was to call %s() before connection_made()" % name)
        if method is None:
            _done(_UNSUPPORTED, 0, 0)
            return
        try:
            result = how(self, method, request) or 0
        except Exception as error:
            _done(*classify(error), 0)
        else:
            _done(_NO_ERROR, 0, result)

    # Buffers.

    def make_buffer(self, kind, size):
        """(object, address, size in bytes); kept alive as long as the core looks at it."""
        made, address, size = _BUFFER_MAKERS[kind](size)
        self._kept[self._asked % BUFFERS_KEPT] = made
        self._asked += 1
        self._latest = (made, address, self._asked) if type(made) is bytearray and size else None
        self._updated = False
        return made, address, size

    def updated(self):
        self._updated = True

    def check_held(self, always=False):
        """Rule B6: a bytearray that is still exported cannot lose a byte.  Outside
        get_buffer only a buffer whose buffer_updated has returned must be free."""
        if self._latest is None or not (always or self._updated):
            return
        buffer, address, nth = self._latest
        self._latest = None
        if len(buffer) < SIZE_STABLE:
            _withdraw(address)
        try:
            buffer.append(buffer.pop())
        except BufferError:
            _held(nth | self.index << BUFFER_BITS)

    def resize(self, size):
        if self._latest is None:
            return
        buffer, address, _ = self._latest
        self._latest = None
        _withdraw(address)
        try:
            if size < len(buffer):
                del buffer[size:]
            else:
                buffer.extend(bytes(size - len(buffer)))
        except BufferError:  # B7: a profile of the implementation, no fault
            pass


class Run(Connection):
    """One scenario, and the connection that is there from its beginning."""

    def __init__(self, run):
        super().__init__(self, 0, run.descriptor, run.plain)
        self.idle = run.idle
        self.control = run.control
        self.failed = False
        # Set where nothing is left of the run but memory, so that garbage may wait.
        self.clean = False
        self.connections = [self]
        # Makes a transport on one more connection; an adapter that declares "connections" sets it.
        self.connect = None

    def wake(self):
        """The control descriptor is readable: acts where the application is to
        act.  True: the run is over, and the loop should be stopped."""
        if _wake() == STOP:
            return True
        if _outside():
            if _call(_call_address, _decision_address):
                self.make_calls()
            _end(None, 0)
        return False

    def is_over(self):
        """Whether the harness has seen all that it wants to see."""
        return _wake() == STOP

    def exception(self, error, protocol=None):
        """The loop's exception handler was called; about whose connection, if that is told."""
        kind, which = (_OTHER_ERROR, 0) if error is None else classify(error)
        if isinstance(protocol, _Callbacks):
            kind |= (protocol.run.index + 1) << CONNECTION_BITS
        _exception(kind, which)

    def make_calls(self):
        more = True
        while more:
            event, connection = _the_call.event, self
            if event >> CONNECTION_BITS and event & 0xFF != _OPEN:
                connection = self._of(event >> CONNECTION_BITS)
                event &= 0xFF
            if event == _GET_BUFFER:
                connection.resize(_the_call.a)
                _done(_NO_ERROR, 0, 0)
            elif event & 0xFF == _OPEN:
                self._open(event >> CONNECTION_BITS, _the_call.b, _the_call.option)
            else:
                connection.make_call(event, _Request(_the_call))
            more = _call(_call_address, _decision_address)

    def _of(self, index):
        return next(connection for connection in self.connections if connection.index == index)

    def _open(self, index, descriptor, plain):
        connection = Connection(self, index, descriptor, plain)
        connection.idle = self.idle
        self.connections.append(connection)
        try:
            self.connect(connection)
        except Exception as error:
            connection.fail("the adapter cannot open one more connection: %r" % error)
        _done(_NO_ERROR, 0, 0)


# ---- The probe ---------------------------------------------------------------


class _Callbacks:
    """What buffered and plain protocols have in common."""

    def __init__(self, run, number):
        self.run, self.number = run, number  # run: the connection that it belongs to
        self.handle = run.index << CONNECTION_BITS | number

    def connection_made(self, transport):
        self.run.transport = transport
        self._callback(_MADE)

    def eof_received(self):
        self.run.check_held()
        return self._callback(_EOF) != 0

    def connection_lost(self, error):
        self.run.lost = True
        self.run.check_held()
        self._callback(_LOST, *classify(error))

    def pause_writing(self):
        self._callback(_PAUSE)

    def resume_writing(self):
        self._callback(_RESUME)

    def _callback(self, event, a=0, b=0, data=None, size=0):
        if self.run.idle >> event & 1:
            _pass(event, self.handle, a, b, data, size)
            return 0
        _begin(event, self.handle, a, b, data, size)
        return self._act(None, 0)

    def _act(self, address, size):
        if _call(_call_address, _decision_address):
            self.run.make_calls()
        raised, value = _the_decision.raised, _the_decision.value
        _end(address, size)
        if raised:
            raise ProbeError(raised)
        return value


class Probe(_Callbacks, asyncio.BufferedProtocol):
    """The buffered probe."""

    def get_buffer(self, sizehint):
        run = self.run
        run.check_held(always=True)
        if run.idle & _GIVES_ANY:
            made, address, size = run.make_buffer(_BYTEARRAY, BUFFER_SIZE)
            _pass(_GET_BUFFER, self.handle, sizehint, 0, address, size)
            return made
        _begin(_GET_BUFFER, self.handle, sizehint, 0, None, 0)
        if _call(_call_address, _decision_address):
            run.make_calls()
        raised = _the_decision.raised
        if raised:
            _end(None, 0)
            raise ProbeError(raised)
        made, address, size = run.make_buffer(_the_decision.kind, _the_decision.size)
        _end(address, size)
        return made

    def buffer_updated(self, nbytes):
        if self.run.idle & _READS_ANY:
            _pass(_UPDATED, self.handle, nbytes, 0, None, 0)
            self.run.updated()
            return
        _begin(_UPDATED, self.handle, nbytes, 0, None, 0)
        try:
            self._act(None, 0)
        finally:
            self.run.updated()


class PlainProbe(_Callbacks, asyncio.Protocol):
    """The probe without buffers of its own."""

    def data_received(self, data):
        data = bytes(data)
        self._callback(_DATA, 0, 0, data, len(data))


# ---- The engine --------------------------------------------------------------


def layer(word):
    """Before hello: what the connections are made of, where that is not TCP."""
    if _layer(word.encode()) != 0:
        sys.exit(2)


def hello(name, version, capabilities):
    """Once, first: what this is and what it can do."""
    bits = 0
    for word in capabilities:
        bits |= number("capability", word)
    if _hello(ABI, name.encode(), version.encode(), bits) != 0:
        sys.exit(2)


# The host name in the certificate that tls() gives.
TLS_HOST = "weir.test"


def tls(server_side, version):
    """Every connection is TLS ("1.2" or "1.3"); the context for this side of them."""
    import ssl

    text = _tls(server_side, int(version.split(".")[1]))
    if text is None:
        sys.exit(2)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT)
    with tempfile.NamedTemporaryFile() as both:
        both.write(text)
        both.flush()
        if server_side:
            context.load_cert_chain(both.name)
        else:
            context.load_verify_locations(both.name)
    return context


def runs():
    """One Run for each scenario.  Garbage is collected between them only, so that
    no trace depends on what came before it."""
    if gc.isenabled():
        gc.disable()
        gc.collect()
        gc.freeze()
    record = _Run()
    waiting = 0
    while _next(ctypes.addressof(record)) == 1:
        run = Run(record)
        yield run
        waiting += 1
        if not run.clean or waiting == GARBAGE_RUNS_MAX:
            del run
            gc.collect()
            waiting = 0


def watched(selector):
    """The class of selector that a loop has to have: over lines, one that asks the
    harness before it waits."""
    if _lines is None:
        return selector
    import weir_lines

    return weir_lines.watched(selector, _lines)


def version():
    """The interpreter's version, as `python3 --version` says it."""
    return sys.version.split()[0]
