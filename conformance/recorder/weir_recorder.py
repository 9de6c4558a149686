"""Records what happens between an asyncio transport and your protocol.

    import weir_recorder

    factory = weir_recorder.record(MyProtocol, "trace.jsonl")
    server = await loop.create_server(factory, host, port)

and then, on the command line:

    weir check trace.jsonl

One file, the standard library alone, Python 3.7 or later.  Every callback that
your protocol gets and every call that is made on its transport goes into the
file as a line of JSON; harness/doc/recording.md tells more.  The program does what
it does without the recorder: results and exceptions go through as they are.
"""

import array
import asyncio
import atexit
import ctypes
import json
import mmap
import os
import platform
import sys
import threading

__all__ = ["record", "Recorder"]

_CALLS = (
    "write", "writelines", "write_eof", "can_write_eof", "close", "abort", "is_closing", "pause_reading",
    "resume_reading", "is_reading", "set_protocol", "get_protocol", "set_write_buffer_limits",
    "get_write_buffer_limits", "get_write_buffer_size",
)
# Of the words for what a transport offers: half_close and write_eof are found out, raise is the test harness's own.
_CAPABILITIES = ("pause", "is_reading", "flow_control", "limits_query", "set_protocol", "plain", "writelines",
                 "buffer_kinds", "write_kinds")
_PROTOCOLS_MAX = 16
_MARK = "_weir_recorded"
_recorders = {}
_recorders_lock = threading.Lock()


def record(factory, path, exception_handler=False):
    """A protocol factory that does as `factory` does, and records each protocol into the file at `path`.

    The same path again goes on in the same file, so that a client and a server can be recorded together.
    "%p" in it is replaced by the number of the process.
    exception_handler=True records the loop's exception handler as well, by putting one in front of it.
    """
    path = os.path.abspath(os.fspath(path))
    with _recorders_lock:
        recorder = _recorders.get(path)
        if recorder is None or recorder.closed:
            recorder = _recorders[path] = Recorder(path, exception_handler)
    return recorder.factory(factory)


# ---- What things are

_EXCEPTIONS = (
    (NotImplementedError, "unsupported"), (RecursionError, "internal"), (MemoryError, "memory"),
    (UnicodeError, "internal"), (TypeError, "type"), (ValueError, "value"), (RuntimeError, "runtime"),
    (BufferError, "buffer"), (EOFError, "eof"), (AttributeError, "internal"), (AssertionError, "internal"),
    (LookupError, "internal"), (NameError, "internal"), (ArithmeticError, "internal"), (SystemError, "internal"),
    (asyncio.InvalidStateError, "internal"),
)


def _describe(exception, key):
    """The fields that tell of an exception, its word under `key`."""
    if exception is None:
        return {key: None}
    mark = getattr(exception, _MARK, None)
    if isinstance(mark, tuple):
        return {key: "probe", "number": mark[0]}
    if isinstance(exception, OSError):
        if type(exception).__name__ in ("SSLEOFError", "SSLZeroReturnError"):
            return {key: "eof"}
        # The numbers of the ssl module are its own.
        own = type(exception).__module__ == "ssl"
        number = exception.errno if isinstance(exception.errno, int) and not own else 0
        return {key: "os", "error": number if 0 <= number < 1 << 31 else 0}
    for kind, word in _EXCEPTIONS:
        if isinstance(exception, kind):
            return {key: word}
    return {key: "other"}


def _buffer(result):
    """Size and kind of what get_buffer returned."""
    try:
        view = memoryview(result)
    except (TypeError, ValueError, BufferError):
        return {"size": 0, "kind": "none"}
    with view:
        size = view.nbytes
        if view.readonly:
            kind = "readonly"
        elif not view.contiguous:
            kind = "noncontiguous"
        elif isinstance(result, bytearray):
            kind = "bytearray"
        elif isinstance(result, array.array):
            kind = "array"
        elif isinstance(result, mmap.mmap):
            kind = "mmap"
        elif isinstance(result, (ctypes.Array, ctypes.Structure, ctypes._SimpleCData)):
            kind = "ctypes"
        else:
            kind = "memoryview"
    return {"size": size, "kind": kind}


def _written(data):
    """Size and kind of what write() was given; None: something of which no rule speaks."""
    if isinstance(data, str):
        return {"size": len(data), "kind": "str"}
    if data is None:
        return {"size": 0, "kind": "none"}
    if isinstance(data, int):
        return {"size": 0, "kind": "int"}
    if not isinstance(data, (bytes, bytearray, memoryview)):
        return None
    if isinstance(data, memoryview):
        kind = "shaped" if data.ndim != 1 else "wide" if data.itemsize != 1 else "memoryview"
        return {"size": data.nbytes, "kind": kind}
    return {"size": len(data), "kind": "bytearray" if isinstance(data, bytearray) else "bytes"}


def _limit(value):
    return value is None or (isinstance(value, int) and -(1 << 31) < value < 1 << 31)


# ---- The file

class Recorder:
    """A trace that is being written.  file: a path, or an object with write() and flush()."""

    def __init__(self, file, exception_handler=False):
        self.closed = False
        self._exception_handler = exception_handler
        self._loops = []
        self._lock = threading.RLock()
        self._connections = 0
        self._open = 0
        self._raised = 0
        self._pending = None  # a begin that nothing has followed yet: (connection, event, fields)
        self._path = file if isinstance(file, (str, bytes, os.PathLike)) else None
        self._file = None if self._path is not None else file
        self._header = {"weir": "0.1.0", "trace": 1, "target": platform.python_implementation(),
                        "version": platform.python_version()}
        atexit.register(self.close)

    def factory(self, factory):
        """A factory whose protocols are recorded."""
        def recorded(*arguments, **keywords):
            return self.protocol(factory(*arguments, **keywords))
        return recorded

    def protocol(self, protocol):
        """Stands in for one protocol, and records it."""
        return _wrap(protocol, _Connection(self))

    def watch(self, loop):
        """Records what the loop's exception handler is told of the recorded connections."""
        if any(known is loop for known in self._loops):
            return
        self._loops.append(loop)
        previous = loop.get_exception_handler()

        def handler(loop, context):
            self._handled(context)
            if previous is not None:
                previous(loop, context)
            else:
                loop.default_exception_handler(context)

        loop.set_exception_handler(handler)

    def close(self):
        """Writes the end of the trace.  Done at the exit of the program where nobody does it before."""
        with self._lock:
            if self.closed:
                return
            # With a connection open nobody knows what was still to come.
            if self._connections:
                self._emit(None, "end", {"how": "cut" if self._open else "quiescent"})
            self.closed = True
            if self._file is not None and self._path is not None:
                self._try(self._file.close)
            atexit.unregister(self.close)

    # What the parts below use.

    def _try(self, function, *arguments):
        """A trace that cannot be written is no reason to disturb the program."""
        try:
            return function(*arguments)
        except (OSError, ValueError) as error:
            self.closed = True
            print("weir_recorder: recording stops: %s" % error, file=sys.stderr)
            return None

    def _line(self, fields):
        if self._file is None:
            path = os.fsdecode(os.fspath(self._path)).replace("%p", str(os.getpid()))
            self._file = self._try(lambda: open(path, "w", encoding="utf-8", newline="\n"))
        if self._header is not None:
            fields, self._header, after = self._header, None, fields
            self._line(fields)
            fields = after
        if not self.closed:
            self._try(self._file.write, json.dumps(fields) + "\n")

    def _flush(self):
        with self._lock:
            if not self.closed and self._file is not None and hasattr(self._file, "flush"):
                self._try(self._file.flush)

    def _put_pending(self):
        if self._pending is None:
            return
        connection, event, fields = self._pending
        self._pending = None
        self._line(dict({"event": event, "at": "begin"}, **dict(connection, **fields)))

    def _emit(self, connection, event, fields, at=None):
        """A record; a begin and the end behind it become one line."""
        with self._lock:
            if self.closed:
                return
            where = {} if connection is None else connection._where()
            if at == "end" and self._pending is not None and self._pending[1] == event \
                    and self._pending[0] == where and "raised" not in fields:
                begin = self._pending[2]
                self._pending = None
                self._line(dict({"event": event}, **dict(where, **dict(begin, **fields))))
                return
            self._put_pending()
            if at == "begin":
                self._pending = (where, event, fields)
                return
            line = {"event": event}
            if at is not None:
                line["at"] = at
            self._line(dict(line, **dict(where, **fields)))

    def _new_connection(self):
        with self._lock:
            self._connections += 1
            self._open += 1
            return self._connections - 1

    def _mark(self, exception, connection):
        """An exception that the application raised: the same wherever it turns up."""
        with self._lock:
            if not hasattr(exception, _MARK):
                self._raised += 1
                try:
                    setattr(exception, _MARK, (self._raised, connection))
                except (AttributeError, TypeError):
                    pass

    def _handled(self, context):
        exception = context.get("exception")
        mark = getattr(exception, _MARK, None)
        connection = mark[1] if isinstance(mark, tuple) else None
        for key in ("protocol", "transport"):
            connection = getattr(context.get(key), "_weir_connection", connection)
        if exception is not None and isinstance(connection, _Connection) and connection.number is not None:
            self._emit(connection, "exception_handler", _describe(exception, "exception"))


# ---- One connection

class _Connection:
    def __init__(self, recorder):
        self.recorder = recorder
        self.number = None  # in order of connection_made
        self.thread = None
        self.protocol = 0  # number of the object in the callback in hand, only while a record is made
        self.protocols = []  # inner objects, in order of first use
        self.lost = False

    def _where(self):
        where = {"connection": self.number} if self.number else {}
        if self.protocol:
            where["protocol"] = self.protocol
        return where

    def begin(self):
        if self.number is None:
            self.number = self.recorder._new_connection()
            self.thread = threading.get_ident()

    def number_of(self, inner):
        for number, known in enumerate(self.protocols):
            if known is inner:
                return number
        if len(self.protocols) == _PROTOCOLS_MAX:
            return _PROTOCOLS_MAX - 1
        self.protocols.append(inner)
        return len(self.protocols) - 1

    def emit(self, event, fields, at=None, protocol=0):
        with self.recorder._lock:
            self.protocol = protocol
            self.recorder._emit(self, event, fields, at)
            self.protocol = 0

    def opened(self, transport, inner):
        """The first record: what kind of connection it is."""
        self.begin()
        if self.recorder._exception_handler:
            self.recorder.watch(asyncio.get_running_loop())
        capabilities = list(_CAPABILITIES)
        try:
            if transport.can_write_eof():
                capabilities += ["half_close", "write_eof"]
        except Exception:
            pass
        kind = "buffered" if isinstance(inner, asyncio.BufferedProtocol) else "plain"
        self.emit("open", {"kind": kind, "capabilities": capabilities})

    def callback(self, proxy, event, fields, arguments=(), result=None):
        """Hands a callback on to the protocol, and records it."""
        inner = proxy._weir_inner
        protocol = self.number_of(inner)
        self.begin()
        self.emit(event, fields, "begin", protocol)
        try:
            returned = getattr(inner, event)(*arguments)
        except BaseException as exception:
            self.recorder._mark(exception, self)
            self.emit(event, _describe(exception, "raised"), "end", protocol)
            raise
        else:
            self.emit(event, {} if result is None else result(returned), "end", protocol)
            return returned
        finally:
            if event == "connection_lost" and not self.lost:
                self.lost = True
                with self.recorder._lock:
                    self.recorder._open -= 1
                    if not self.recorder._open:
                        self.recorder._put_pending()
                self.recorder._flush()

    def call(self, name, method, arguments, keywords):
        """Makes a call on the transport, and records it."""
        arguments, fields, result = self._look(name, arguments, keywords)
        if fields is None or self.number is None:
            return method(*arguments, **keywords)
        # Calls from another thread do not nest with what happens in the loop's: they are told afterwards.
        nested = threading.get_ident() == self.thread
        if nested:
            self.emit(name, fields, "begin")
        try:
            returned = method(*arguments, **keywords)
        except BaseException as exception:
            if nested:
                self.emit(name, _describe(exception, "raised"), "end")
            else:
                self.emit(name, dict(fields, **_describe(exception, "raised")))
            raise
        fields = result(returned) if nested else dict(fields, **result(returned))
        self.emit(name, fields, "end" if nested else None)
        if name == "get_protocol":
            return getattr(returned, "_weir_inner", returned)
        return returned

    def _look(self, name, arguments, keywords):
        """The arguments to be passed on, the fields of the begin (None: it is not recorded), those of the end."""
        def nothing(returned):
            return {}

        try:
            if name == "write":
                return arguments, _written(*arguments, **keywords), nothing
            if name == "writelines":
                return self._look_at_lines(*arguments, **keywords) + (nothing,)
            if name == "set_protocol":
                inner = getattr(arguments[0], "_weir_inner", arguments[0])
                buffered = isinstance(inner, asyncio.BufferedProtocol)
                fields = {"to": self.number_of(inner), "kind": "buffered" if buffered else "plain"}
                return (_wrap(inner, self),) + tuple(arguments[1:]), fields, nothing
            if name == "get_protocol":
                return arguments, {}, lambda returned: {
                    "result": self.number_of(getattr(returned, "_weir_inner", returned))}
            if name == "set_write_buffer_limits":
                return arguments, self._look_at_limits(*arguments, **keywords), nothing
            if name == "get_write_buffer_limits":
                return arguments, {}, lambda returned: {"low": returned[0], "high": returned[1]}
            if name in ("is_closing", "is_reading", "can_write_eof"):
                return arguments, {}, lambda returned: {"result": bool(returned)}
            if name == "get_write_buffer_size":
                return arguments, {}, lambda returned: {"result": returned}
        except (TypeError, IndexError):  # not how it is called: the transport will say so
            return arguments, None, nothing
        return arguments, {} if not arguments and not keywords else None, nothing

    @staticmethod
    def _look_at_lines(lines):
        kind = "list" if isinstance(lines, list) else "tuple" if isinstance(lines, tuple) else "generator"
        # An iterator can be gone through once: the transport gets another one.
        kept = lines if kind != "generator" else list(lines)
        sizes = [_written(line) for line in kept]
        passed = (kept if kind != "generator" else iter(kept),)
        if any(size is None or size["kind"] in ("str", "none", "int") for size in sizes):
            return passed, None
        return passed, {"size": sum(size["size"] for size in sizes), "kind": kind}

    @staticmethod
    def _look_at_limits(high=None, low=None):
        if not _limit(high) or not _limit(low):
            return None
        given = {"high": high, "low": low}
        return {name: value for name, value in given.items() if value is not None}


# ---- In front of the protocol

def _wrap(protocol, connection):
    if protocol is None or isinstance(getattr(type(protocol), "_weir_proxy", None), bool):
        return protocol
    kind = _Buffered if isinstance(protocol, asyncio.BufferedProtocol) else _Plain
    return kind(protocol, connection)


class _Proxy:
    """What both kinds have in common: what is no callback is the protocol's own."""

    __slots__ = ()
    _weir_proxy = True

    def __init__(self, inner, connection):
        object.__setattr__(self, "_weir_inner", inner)
        object.__setattr__(self, "_weir_connection", connection)

    @property
    def __class__(self):
        return type(self._weir_inner)

    def __getattr__(self, name):
        return getattr(self._weir_inner, name)

    def __setattr__(self, name, value):
        setattr(self._weir_inner, name, value)

    def __delattr__(self, name):
        delattr(self._weir_inner, name)

    def __dir__(self):
        return dir(self._weir_inner)

    def __repr__(self):
        return repr(self._weir_inner)

    def __str__(self):
        return str(self._weir_inner)

    def __eq__(self, other):
        return self._weir_inner == getattr(other, "_weir_inner", other)

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(self._weir_inner)

    def connection_made(self, transport):
        connection = self._weir_connection
        connection.opened(transport, self._weir_inner)
        transport = _wrap_transport(transport, connection)
        return connection.callback(self, "connection_made", {}, (transport,))

    def connection_lost(self, exc):
        fields = _describe(exc, "exception")
        return self._weir_connection.callback(self, "connection_lost", fields, (exc,))

    def eof_received(self):
        return self._weir_connection.callback(self, "eof_received", {}, (), lambda kept: {"result": bool(kept)})

    def pause_writing(self):
        return self._weir_connection.callback(self, "pause_writing", {})

    def resume_writing(self):
        return self._weir_connection.callback(self, "resume_writing", {})


class _Plain(_Proxy, asyncio.Protocol):
    __slots__ = ("_weir_inner", "_weir_connection", "__weakref__")

    def data_received(self, data):
        return self._weir_connection.callback(self, "data_received", {"size": len(data)}, (data,))


class _Buffered(_Proxy, asyncio.BufferedProtocol):
    __slots__ = ("_weir_inner", "_weir_connection", "__weakref__")

    def get_buffer(self, sizehint):
        return self._weir_connection.callback(self, "get_buffer", {"hint": sizehint}, (sizehint,), _buffer)

    def buffer_updated(self, nbytes):
        return self._weir_connection.callback(self, "buffer_updated", {"nbytes": nbytes}, (nbytes,))


# ---- Around the transport

def _is_own(transport):
    """Whether the transport itself is calling: what it does inside is not what the application asked for."""
    frame = sys._getframe(2)
    code = frame.f_code
    return code.co_argcount > 0 and frame.f_locals.get(code.co_varnames[0]) is transport


def _replace(transport, connection, name):
    method = getattr(transport, name)

    def recorded(*arguments, **keywords):
        if _is_own(transport):
            return method(*arguments, **keywords)
        return connection.call(name, method, arguments, keywords)

    recorded.__name__ = name
    recorded.__doc__ = method.__doc__
    setattr(transport, name, recorded)


def _wrap_transport(transport, connection):
    """Replaces the methods of this one transport, so that whoever has it is recorded; one that lets nobody do
    so gets a stand-in, and calls are recorded that are made on that."""
    if getattr(transport, "_weir_connection", None) is not None:
        return transport
    try:
        transport._weir_connection = connection
    except (AttributeError, TypeError):
        return _Transport(transport, connection)
    for name in _CALLS:
        if hasattr(transport, name):
            _replace(transport, connection, name)
    return transport


class _Transport:
    __slots__ = ("_weir_inner", "_weir_connection", "__weakref__")

    def __init__(self, inner, connection):
        object.__setattr__(self, "_weir_inner", inner)
        object.__setattr__(self, "_weir_connection", connection)

    @property
    def __class__(self):
        return type(self._weir_inner)

    def __getattr__(self, name):
        value = getattr(self._weir_inner, name)
        if name not in _CALLS:
            return value
        connection = self._weir_connection

        def recorded(*arguments, **keywords):
            return connection.call(name, value, arguments, keywords)

        return recorded

    def __setattr__(self, name, value):
        setattr(self._weir_inner, name, value)

    def __repr__(self):
        return repr(self._weir_inner)

    def __eq__(self, other):
        return self._weir_inner == getattr(other, "_weir_inner", other)

    def __hash__(self):
        return hash(self._weir_inner)
