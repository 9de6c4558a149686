"""The harness's functions (weir/adapter.h) for where there is no libweir-preload.so:
the program talks to the harness in lines over a TCP connection, and what it is
tested on is a real one (../README.md, "Without LD_PRELOAD").  weir.py takes these in
place of the library's where the environment has WEIR_LINES.

The loop has to tell the harness when it would block: its selector is wrapped by
watched().  Python 3.7 and later.
"""

import ctypes
import os
import socket
import sys

POISON = 0xA5
GUARDED = 65536  # of a buffer, at most this much is filled with poison and looked at
KEPT = 4
# As the harness's own peer: small, so that one who does not read is felt soon.
SEND_BUFFER = 16384
NOT_GIVEN = -(2**31)
CALLS, STOP = 1, 2
CALL_LISTS = {"write": "bytes", "writelines": "lines"}


class _Words:
    """Numbers for words, as this process needs them."""

    def __init__(self):
        self.known, self.numbers = {}, {}

    def number(self, table, word):
        words = self.known.setdefault(table, [])
        if (table, word) not in self.numbers:
            index = len(words)
            words.append(word)
            self.numbers[table, word] = 1 << index if table == "capability" else index
        return self.numbers[table, word]

    def word(self, table, number):
        return self.known[table][number]


class _Given:
    """A buffer that get_buffer has given."""

    def __init__(self, address, size, nth):
        self.address, self.nth = address, nth
        self.guarded = min(size, GUARDED)
        self.size = size
        self.read = False
        self.fill()

    def fill(self):
        ctypes.memset(self.address, POISON, self.guarded)

    def content(self, size):
        return ctypes.string_at(self.address, min(max(size, self.guarded), self.size))

    def is_touched(self):
        content = ctypes.string_at(self.address, self.guarded)
        return content.count(POISON) != self.guarded


def _hex(data):
    return data.hex() or "-"


class Carrier:
    """The functions, by the names that they have in weir/adapter.h without their prefix."""

    def __init__(self, place, layouts):
        """layouts: what run, call and decision look like in memory."""
        host, port = place.rsplit(":", 1)
        self.host, self.words = host, _Words()
        self.run_at, self.call_at, self.decision_at = (layout.from_address for layout in layouts)
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lines = self.socket.makefile("rb")
        # What the loop watches: a byte lies there when the application's turn or the end has come.
        self.control, self.bell = socket.socketpair()
        self.rung = None
        self.events = []  # of the callbacks under way
        self.buffers = {}
        self.asked = {}
        self.answer = None
        self.data = None

    # The line.

    def tell(self, *words):
        self.socket.sendall((" ".join(map(str, words)) + "\n").encode())

    def hear(self):
        line = self.lines.readline()
        if not line:
            os._exit(3)  # the harness is gone
        return line.decode().split()

    def ask(self, *words):
        self.tell(*words)
        return self.hear()

    def ring(self, why):
        if self.rung is None:
            self.bell.send(b"!")
        self.rung = why if self.rung != STOP else STOP

    # The engine.

    def number(self, table, word):
        return self.words.number(table.decode(), word.decode())

    def hello(self, version, name, its_version, capabilities):
        known = self.words.known.get("capability", [])
        words = [word for index, word in enumerate(known) if capabilities >> index & 1]
        self.tell("hello", version, name.decode(), its_version.decode(), ",".join(words) or "-")
        return 0

    def tls(self, *_):
        print("weir: there is no TLS over lines", file=sys.stderr)

    def layer(self, word):
        if word == b"tcp":
            return 0
        print("weir: over lines a connection is one of TCP", file=sys.stderr)
        return -1

    def connect(self, port):
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        made.connect((self.host, int(port)))
        return made.detach()

    def next(self, address):
        run = self.run_at(address)
        said = self.ask("next")
        if said[0] != "run":
            return 0
        if self.rung is not None:
            self.control.recv(16)
        self.rung, self.events, self.buffers, self.asked = None, [], {}, {}
        run.descriptor = self.connect(said[1])
        run.control = self.control.fileno()
        run.plain = said[2] == "plain"
        run.idle = 0
        return 1

    def fail(self, message):
        self.tell("fail", message.decode().replace("\n", " "))
        self.ring(STOP)

    # Callbacks.

    def begin(self, event, handle, a, b, data, size):
        name, connection = self.words.word("event", event), handle >> 8
        words = ["begin", name, connection, handle & 0xFF]
        if name == "get_buffer":
            words.append(a)
            newest = self.newest(connection)
            if newest is not None and not newest.read:
                newest.fill()
                newest.read = True
        elif name == "buffer_updated":
            words += [a, self.take_content(connection, a)]
        elif name == "data_received":
            words.append(_hex(data))
        elif name == "connection_lost":
            words += [self.words.word("exception", a), b]
        self.events.append((name, connection))
        self.show_touched()
        self.answer = self.ask(*words)

    def newest(self, connection):
        kept = self.buffers.get(connection)
        return kept[-1] if kept else None

    def take_content(self, connection, nbytes):
        newest = self.newest(connection)
        if newest is None:
            return "-"
        content = newest.content(nbytes)
        newest.fill()
        newest.read = True
        return _hex(content.rstrip(bytes([POISON])) if nbytes < len(content) else content)

    def show_touched(self):
        """Buffers that were written to outside their span."""
        for connection, kept in self.buffers.items():
            for buffer in kept:
                if buffer.read and buffer.is_touched():
                    self.tell("memory", connection, buffer.nth, _hex(buffer.content(0)))
                    buffer.fill()

    def call(self, call_address, decision_address):
        """Whether a call is to be made; fills in the structures."""
        call, decision = self.call_at(call_address), self.decision_at(decision_address)
        said, self.answer = self.answer, None
        if said[0] == "call":
            self._read_call(call, int(said[1]), said[2], said[3:])
            return 1
        decision.raised = int(said[2]) if said[1] == "raise" else 0
        decision.value = said[1:] == ["return", "true"]
        if said[1] == "buffer":
            decision.kind, decision.size = self.words.number("buffer", said[2]), int(said[3])
        return 0

    def _read_call(self, call, connection, name, words):
        call.option = call.a = call.b = call.size = 0
        event = self.words.number("event", "get_buffer" if name == "resize" else name)
        call.event = event | connection << 8
        if name in CALL_LISTS:
            call.option = self.words.number(CALL_LISTS[name], words[0])
            call.a = int(words[1])
            call.b = int(words[2]) if name == "writelines" else 0
            data = b"" if words[-1] == "-" else bytes.fromhex(words[-1])
            self.data = ctypes.create_string_buffer(data, len(data) + 1)
            call.address, call.size = ctypes.addressof(self.data), len(data)
        elif name == "set_protocol":
            call.a, call.b = int(words[0]), words[1] == "buffered"
        elif name == "set_write_buffer_limits":
            call.a, call.b = (NOT_GIVEN if word == "-" else int(word) for word in words)
        elif name == "resize":
            call.a = int(words[0])
        elif name == "open":
            call.a, call.b = connection << 8, self.connect(words[0])
            call.option = words[1] == "plain"

    def done(self, exception, number, result):
        word = self.words.word("exception", exception)
        result = result - 2**64 if result >= 2**63 else result
        self.answer = self.ask("done", word, result if word == "none" else number)

    def end(self, address, size):
        name, connection = self.events.pop()
        if name == "get_buffer":
            self.asked[connection] = nth = self.asked.get(connection, 0) + 1
            kept = self.buffers.setdefault(connection, [])
            if address:
                kept.append(_Given(address, size, nth))
                del kept[:-KEPT]
        said = self.ask("end", size) if name == "get_buffer" else self.ask("end")
        if said[0] != "go":
            self.ring(STOP if said[0] == "stop" else CALLS)

    def outside(self):
        self.answer = self.ask("outside")
        if self.answer[1] == "none":
            return 0
        self.events.append(("outside", 0))
        return 1

    def wake(self):
        if self.rung == CALLS:
            self.control.recv(1)
            self.rung = None
            return CALLS
        return self.rung or 0

    def exception(self, exception, number):
        connection = (exception >> 8) - 1
        word = self.words.word("exception", exception & 0xFF)
        self.tell("exception", connection if connection >= 0 else "-", word, number)

    def held(self, nth):
        self.tell("held", nth >> 24, nth & 0xFFFFFF)

    def withdraw(self, address):
        for connection, kept in self.buffers.items():
            for buffer in [buffer for buffer in kept if buffer.address == address]:
                kept.remove(buffer)
                self.tell("withdraw", connection, buffer.nth)

    # Waiting.

    def idle(self, timeout):
        """The program would block: what it is to do instead.  True: to wait after all."""
        if self.rung == STOP:
            return True
        self.show_touched()
        said = self.ask("idle") if timeout is None else self.ask("idle", int(timeout * 1000) + 1)
        if said[0] == "wait":
            return True
        if said[0] != "look":
            self.ring(STOP if said[0] == "stop" else CALLS)
        return False


# Only for callbacks of run.idle, of which there are none here.
setattr(Carrier, "pass", None)


def watched(selector, carrier):
    """The class of a selector that asks the harness before it waits."""

    class Watched(selector):
        def select(self, timeout=None):
            events = super().select(0)
            while not events and (timeout is None or timeout > 0):
                if carrier.idle(timeout):
                    return super().select(timeout)
                events = super().select(0)
            return events

    return Watched
