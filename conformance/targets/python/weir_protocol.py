"""A Python protocol, tested by Weir: what it observes of a byte stream in every
chunking, with every hint, ended at every byte.

    import asyncio, weir_protocol

    class Mine(asyncio.BufferedProtocol):
        ...

    def make(observe):
        return Mine(on_line=lambda line: observe.event("line", line))

    weir_protocol.test(make)

and then `weir test --stream FILE -- python3 mine.py`.  `make` is called for each
connection; what it returns is a buffered protocol (get_buffer, buffer_updated)
or a plain one (data_received).  `observe` has

    data(kind, bytes)       a piece of something that comes in pieces
    event(kind, bytes=b"")  something whole
    error(code, position=None, text="")

conformance/protocols/README.md is the page.  Python 3.7 and later.
"""

import asyncio
import ctypes
import os
import sys

ABI = 1
RAISED = -1000
UNKNOWN = 2**64 - 1
LIBERTIES = {"error_position": 1, "error_code": 2, "data_before_error": 4, "hint": 8, "writes": 16, "lag": 32}

_error = ctypes.c_int32
_pointer = ctypes.c_void_p
_size = ctypes.c_size_t


class _Buffer(ctypes.Structure):
    _fields_ = [("base", _pointer), ("size", _size)]


def _table(name, functions):
    """A struct of a size and functions, and their types by name."""
    types = {key: ctypes.CFUNCTYPE(*signature) for key, signature in functions}
    fields = [("size", ctypes.c_uint32)] + [(key, types[key]) for key, _ in functions]
    table = type(name, (ctypes.Structure,), {"_fields_": fields})
    return table, types


_Callbacks, _CALLBACK = _table("_Callbacks", [
    ("connection_made", (_error, _pointer, _pointer)),
    ("get_buffer", (_error, _pointer, ctypes.c_ssize_t, ctypes.POINTER(_Buffer))),
    ("buffer_updated", (_error, _pointer, _size)),
    ("data_received", (_error, _pointer, _pointer, _size)),
    ("eof_received", (_error, _pointer, ctypes.POINTER(ctypes.c_bool))),
    ("connection_lost", (_error, _pointer, _error)),
    ("pause_writing", (_error, _pointer)),
    ("resume_writing", (_error, _pointer)),
])
_Calls, _ = _table("_Calls", [
    ("open", (_error,)),
    ("release", (None, _pointer)),
    ("write", (_error, _pointer, _pointer, _size)),
    ("writelines", (_error, _pointer, _pointer, _size)),
    ("write_eof", (_error, _pointer)),
    ("can_write_eof", (ctypes.c_bool, _pointer)),
    ("close", (_error, _pointer)),
    ("abort", (_error, _pointer)),
    ("is_closing", (ctypes.c_bool, _pointer)),
    ("pause_reading", (_error, _pointer)),
    ("resume_reading", (_error, _pointer)),
    ("is_reading", (ctypes.c_bool, _pointer)),
    ("set_protocol", (_error, _pointer, _pointer)),
    ("get_protocol", (_pointer, _pointer)),
    ("set_write_buffer_limits", (_error, _pointer, ctypes.c_ssize_t, ctypes.c_ssize_t)),
    ("get_write_buffer_limits", (None, _pointer, ctypes.POINTER(_size), ctypes.POINTER(_size))),
    ("get_write_buffer_size", (_size, _pointer)),
])


class _Observer(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_uint32),
        ("log", _pointer),
        ("data", ctypes.CFUNCTYPE(None, _pointer, ctypes.c_char_p, ctypes.c_char_p, _size)),
        ("event", ctypes.CFUNCTYPE(None, _pointer, ctypes.c_char_p, ctypes.c_char_p, _size)),
        ("error", ctypes.CFUNCTYPE(None, _pointer, ctypes.c_int64, ctypes.c_uint64, ctypes.c_char_p)),
        ("reallocate", ctypes.CFUNCTYPE(_pointer, _pointer, _pointer, _size)),
    ]


_OPEN = ctypes.CFUNCTYPE(_pointer, ctypes.POINTER(_Observer), ctypes.POINTER(_Calls))
_RELEASE = ctypes.CFUNCTYPE(None, _pointer)


class _Target(ctypes.Structure):
    _fields_ = [
        ("abi", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("name", ctypes.c_char_p),
        ("version", ctypes.c_char_p),
        ("liberties", ctypes.c_uint32),
        ("open", _OPEN),
        ("release", _RELEASE),
        ("reset", _RELEASE),
    ]


class Observe:
    """What a protocol's user would see, told to Weir."""

    def __init__(self, observer):
        self._observer = observer

    def data(self, kind, data):
        data = bytes(data)
        self._observer.data(self._observer.log, kind.encode(), data, len(data))

    def event(self, kind, data=b""):
        data = data.encode() if isinstance(data, str) else bytes(data)
        self._observer.event(self._observer.log, kind.encode(), data, len(data))

    def error(self, code, position=None, text=""):
        position = UNKNOWN if position is None else position
        self._observer.error(self._observer.log, code, position, text.encode())


class Transport(asyncio.Transport):
    """Weir's reference transport, as asyncio has them."""

    def __init__(self, calls, handle):
        super().__init__()
        self._calls, self._handle, self.protocol = calls, handle, None

    def _call(self, name, *arguments):
        error = getattr(self._calls, name)(self._handle, *arguments)
        if error:
            raise RuntimeError("%s(): error %d" % (name, error))

    def write(self, data):
        data = bytes(data)
        self._call("write", ctypes.cast(ctypes.c_char_p(data), _pointer), len(data))

    def writelines(self, lines):
        self.write(b"".join(lines))

    def write_eof(self):
        self._call("write_eof")

    def can_write_eof(self):
        return self._calls.can_write_eof(self._handle)

    def close(self):
        self._call("close")

    def abort(self):
        self._call("abort")

    def is_closing(self):
        return self._calls.is_closing(self._handle)

    def pause_reading(self):
        self._call("pause_reading")

    def resume_reading(self):
        self._call("resume_reading")

    def is_reading(self):
        return self._calls.is_reading(self._handle)

    def get_protocol(self):
        return self.protocol

    def set_write_buffer_limits(self, high=None, low=None):
        default = -(2**63)
        self._call("set_write_buffer_limits", default if high is None else high, default if low is None else low)

    def get_write_buffer_size(self):
        return self._calls.get_write_buffer_size(self._handle)


class _Connection:
    """One protocol object, and the struct that stands for it in C."""

    def __init__(self, make, observer, calls, loop):
        self.calls, self.loop = calls, loop
        self.protocol = make(Observe(observer))
        self.transport = None
        self.view = None  # of the buffer given last: nobody may resize it so long
        buffered = hasattr(self.protocol, "get_buffer")
        names = ["connection_made", "eof_received", "connection_lost", "pause_writing", "resume_writing"]
        names += ["get_buffer", "buffer_updated"] if buffered else ["data_received"]
        for name in names[:3] + names[5:]:
            if not callable(getattr(self.protocol, name, None)):
                raise TypeError("%s has no %s()" % (type(self.protocol).__name__, name))
        self.callbacks = _Callbacks(ctypes.sizeof(_Callbacks))
        for name in names:
            setattr(self.callbacks, name, _CALLBACK[name](self._guarded(getattr(self, name))))
        self.struct = _pointer(ctypes.addressof(self.callbacks))

    def _guarded(self, callback):
        def call(_protocol, *arguments):
            try:
                callback(*arguments)
                self._turn()
            except Exception as error:  # what asyncio would take for a fatal error
                if os.environ.get("WEIR_PROTOCOL_LOG"):
                    print("%s raised %r" % (callback.__name__, error), file=sys.stderr)
                return RAISED
            return 0

        return call

    def _turn(self):
        """What the protocol has put off to the loop's next turn."""
        if self.loop._ready:
            self.loop.call_soon(self.loop.stop)
            self.loop.run_forever()

    def connection_made(self, transport):
        self.transport = Transport(self.calls, transport)
        self.transport.protocol = self.protocol
        self.protocol.connection_made(self.transport)

    def get_buffer(self, hint, buffer):
        self.view = None
        given = memoryview(self.protocol.get_buffer(hint)).cast("B")
        buffer.contents.size = len(given)
        if len(given) > 0:
            self.view = (ctypes.c_char * len(given)).from_buffer(given)
            buffer.contents.base = ctypes.addressof(self.view)

    def buffer_updated(self, nbytes):
        self.view = None  # as with recv_into: the buffer is free again
        self.protocol.buffer_updated(nbytes)

    def data_received(self, data, size):
        self.protocol.data_received(ctypes.string_at(data, size))

    def eof_received(self, keep_open):
        keep_open[0] = bool(self.protocol.eof_received())

    def connection_lost(self, error):
        self.view = None
        self.protocol.connection_lost(OSError(error, os.strerror(error)) if error > 0 else None)

    def pause_writing(self):
        self.protocol.pause_writing()

    def resume_writing(self):
        self.protocol.resume_writing()


def _library():
    path = os.environ.get("WEIR_PROTOCOL_LIBRARY")
    if not path:
        sys.exit("weir_protocol: start this program with `weir test --stream FILE -- python3 %s`" % sys.argv[0])
    return ctypes.CDLL(path)


def test(make, name="python", version="%d.%d.%d" % sys.version_info[:3], liberties=()):
    """Serves the tests that `weir` asks for, and exits."""
    library = _library()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    connections = {}

    def open_connection(observer, calls):
        try:
            connection = _Connection(make, observer.contents, calls.contents, loop)
        except Exception as error:
            Observe(observer.contents).error(RAISED, None, "the protocol cannot be made: %r" % error)
            return None
        address = ctypes.addressof(connection.struct)
        connections[address] = connection
        return address

    def release(address):
        connections.pop(address, None)

    declared = 0
    for liberty in liberties:
        declared |= LIBERTIES[liberty]
    target = _Target(ABI, ctypes.sizeof(_Target), name.encode(), version.encode(), declared, _OPEN(open_connection),
                     _RELEASE(release))
    sys.exit(library.weir_protocol_main(ctypes.byref(target)))
