"""Programs that do what an application may do, over loopback sockets, recorded.

    live.py --list
    live.py PROGRAM TRACE     (weir_recorder has to be importable)

What the applications do is legal, so that `weir check` has nothing to say; a
program whose name begins with broken_ has a transport that breaks a rule.
"""

import asyncio
import socket
import struct
import sys

import weir_recorder

BOUND = 20  # seconds for a whole program
TRACE = None
programs = {}


def program(function):
    programs[function.__name__] = function
    return function


class Buffered(asyncio.BufferedProtocol):
    """Takes what comes; subclasses change a callback."""

    size = 4096

    def __init__(self):
        self.lost = asyncio.get_running_loop().create_future()
        self.ended = asyncio.get_running_loop().create_future()
        self.received = bytearray()
        self.buffer = bytearray(self.size)
        self.transport = None
        self.resumed = asyncio.Event()
        self.resumed.set()

    def connection_made(self, transport):
        self.transport = transport

    def get_buffer(self, sizehint):
        return self.buffer

    def buffer_updated(self, nbytes):
        self.received += self.buffer[:nbytes]

    def eof_received(self):
        if not self.ended.done():
            self.ended.set_result(None)
        return False

    def pause_writing(self):
        self.resumed.clear()

    def resume_writing(self):
        self.resumed.set()

    def connection_lost(self, exc):
        self.resumed.set()
        if not self.lost.done():
            self.lost.set_result(exc)


class Echo(Buffered):
    def buffer_updated(self, nbytes):
        self.transport.write(bytes(self.buffer[:nbytes]))


class Kept(Buffered):
    def eof_received(self):
        super().eof_received()
        return True


class Plain(asyncio.Protocol):
    def __init__(self):
        self.lost = asyncio.get_running_loop().create_future()
        self.received = bytearray()

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data

    def connection_lost(self, exc):
        self.lost.set_result(exc)


def recorded(factory):
    return weir_recorder.record(factory, TRACE, exception_handler=True)


class Pair:
    """A recorded server and a recorded client, connected."""

    def __init__(self, server=Buffered, client=Buffered, **keywords):
        self.factories, self.keywords, self.accepted = (server, client), keywords, []

    async def __aenter__(self):
        loop = asyncio.get_running_loop()

        def accept():
            self.accepted.append(self.factories[0]())
            return self.accepted[-1]

        self.listener = await loop.create_server(recorded(accept), "127.0.0.1", 0)
        self.port = self.listener.sockets[0].getsockname()[1]
        self.transport, self.client = await self.connect()
        while not self.accepted or self.accepted[0].transport is None:
            await asyncio.sleep(0)
        self.server = self.accepted[0]
        return self

    async def connect(self):
        loop = asyncio.get_running_loop()
        return await loop.create_connection(recorded(self.factories[1]), "127.0.0.1", self.port)

    async def __aexit__(self, *error):
        self.listener.close()


async def both_lost(pair):
    await pair.client.lost
    await pair.server.lost


@program
async def echo():
    """Much data there and back, then the client closes."""
    async with Pair(Echo) as pair:
        data = bytes(range(256)) * 4000
        pair.transport.write(data)
        while len(pair.client.received) < len(data):
            await asyncio.sleep(0.001)
        assert pair.client.received == data
        pair.transport.close()
        await both_lost(pair)


@program
async def small_buffers():
    class Small(Echo):
        size = 3

    async with Pair(Small, Small) as pair:
        pair.client.buffer_updated = lambda nbytes: None
        pair.transport.write(b"x" * 1000)
        await asyncio.sleep(0.02)
        pair.transport.close()
        await both_lost(pair)


@program
async def pause_and_resume():
    class Pausing(Buffered):
        def buffer_updated(self, nbytes):
            super().buffer_updated(nbytes)
            self.transport.pause_reading()
            self.transport.pause_reading()
            assert not self.transport.is_reading()
            asyncio.get_running_loop().call_later(0.002, self.again)

        def again(self):
            self.transport.resume_reading()
            self.transport.resume_reading()

    async with Pair(Pausing) as pair:
        for _ in range(10):
            pair.transport.write(b"x" * 10000)
            await asyncio.sleep(0.005)
        while len(pair.server.received) < 100000:
            await asyncio.sleep(0.001)
        pair.transport.close()
        await both_lost(pair)


@program
async def paused_from_the_beginning():
    class Paused(Buffered):
        def connection_made(self, transport):
            super().connection_made(transport)
            transport.pause_reading()
            asyncio.get_running_loop().call_later(0.01, transport.resume_reading)

    async with Pair(Paused) as pair:
        pair.transport.write(b"hello")
        pair.transport.write_eof()
        await both_lost(pair)
        assert pair.server.received == b"hello"


@program
async def half_close():
    class Answer(Kept):
        def eof_received(self):
            asyncio.get_running_loop().call_soon(self.answer)
            return True

        def answer(self):
            self.transport.write(b"answer")
            self.transport.writelines([b" of", b"", b" parts"])
            self.transport.write_eof()
            asyncio.get_running_loop().call_later(0.01, self.transport.close)

    async with Pair(Answer) as pair:
        assert pair.transport.can_write_eof()
        pair.transport.write(b"question")
        pair.transport.write_eof()
        await both_lost(pair)
        assert pair.client.received == b"answer of parts"


@program
async def eof_false_with_unsent():
    """The peer's end arrives while much is still to be sent; it is flushed, then comes connection_lost(None)."""
    class Full(Buffered):
        def connection_made(self, transport):
            super().connection_made(transport)
            transport.write(b"x" * 3000000)

    async with Pair(Full, Kept) as pair:
        pair.transport.write_eof()
        await pair.server.lost
        await pair.client.ended
        assert len(pair.client.received) == 3000000
        pair.transport.close()
        await both_lost(pair)


@program
async def abort_with_unsent():
    async with Pair() as pair:
        pair.server.transport.pause_reading()
        pair.transport.write(b"x" * 10000000)
        await asyncio.sleep(0.01)
        pair.transport.abort()
        pair.transport.abort()
        await pair.client.lost
        pair.server.transport.resume_reading()
        await both_lost(pair)


@program
async def close_everywhere():
    def closing_in(name, how):
        class Closing(Buffered):
            pass

        def callback(self, *arguments):
            result = getattr(Buffered, name)(self, *arguments)
            getattr(self.transport, how)()
            assert self.transport.is_closing()
            self.transport.close()
            return result

        # CPython delivers to a get_buffer that has closed: no place for this one.
        setattr(Closing, name, callback)
        return Closing

    for how in ("close", "abort"):
        for name in ("connection_made", "buffer_updated", "eof_received", "connection_lost", "pause_writing"):
            async with Pair(closing_in(name, how)) as pair:
                pair.server.transport.set_write_buffer_limits(high=1)
                if name == "pause_writing":
                    pair.server.transport.write(b"y" * 5000000)
                pair.transport.write(b"x" * 10)
                await asyncio.sleep(0.002)
                if name != "pause_writing":
                    try:
                        pair.transport.write_eof()
                    except OSError:  # it was aborted meanwhile
                        pass
                await both_lost(pair)


@program
async def flow_control():
    async with Pair() as pair:
        pair.transport.set_write_buffer_limits(high=10000, low=100)
        assert pair.transport.get_write_buffer_size() == 0
        for _ in range(300):
            pair.transport.write(b"x" * 20000)
            await pair.client.resumed.wait()
        pair.transport.set_write_buffer_limits(high=0)
        for _ in range(100):
            pair.transport.writelines(part for part in [b"y" * 30000, b"z"])
            await pair.client.resumed.wait()
        pair.transport.set_write_buffer_limits()
        for wrong in ((1, 2), (-1, None)):
            try:
                pair.transport.set_write_buffer_limits(*wrong)
                raise AssertionError("limits that are wrong were taken")
            except ValueError:
                pass
        if hasattr(pair.transport, "get_write_buffer_limits"):
            pair.transport.get_write_buffer_limits()
        pair.transport.close()
        await both_lost(pair)


@program
async def writes_of_all_kinds():
    async with Pair() as pair:
        for data in (b"a", bytearray(b"b"), memoryview(b"c"), memoryview(b"dddd").cast("I"), b""):
            pair.transport.write(data)
        for wrong in ("text", None, 5):
            try:
                pair.transport.write(wrong)
                raise AssertionError("what is not bytes was taken")
            except TypeError:
                pass
        for wrong in (["text"], 5):
            try:
                pair.transport.writelines(wrong)
            except TypeError:
                pass
        try:
            pair.transport.set_write_buffer_limits("many")
        except TypeError:
            pass
        pair.transport.close()
        await both_lost(pair)


@program
async def raises_in_callbacks():
    """What the application raises goes where asyncio says, and is no internal error."""
    class Wrong(Exception):
        pass

    def raising_in(name):
        class Raising(Buffered):
            pass

        def callback(self, *arguments):
            getattr(Buffered, name)(self, *arguments)
            raise Wrong(name)

        setattr(Raising, name, callback)
        return Raising

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    for name in ("get_buffer", "buffer_updated", "eof_received", "connection_lost", "pause_writing"):
        async with Pair(raising_in(name)) as pair:
            pair.server.transport.set_write_buffer_limits(high=1)
            pair.transport.write(b"x")
            if name == "pause_writing":
                pair.server.transport.write(b"y" * 5000000)
            await asyncio.sleep(0.01)
            pair.transport.write_eof()
            await both_lost(pair)


@program
async def close_then_raise():
    class Raising(Buffered):
        def buffer_updated(self, nbytes):
            self.transport.close()
            raise KeyError("after close")

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    async with Pair(Raising) as pair:
        pair.transport.write(b"x")
        await both_lost(pair)


@program
async def reset_by_peer():
    async with Pair() as pair:
        loop = asyncio.get_running_loop()
        raw = socket.create_connection(("127.0.0.1", pair.port))
        while len(pair.accepted) < 2 or pair.accepted[1].transport is None:
            await asyncio.sleep(0)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.close()
        exc = await pair.accepted[1].lost
        assert isinstance(exc, ConnectionResetError), exc
        pair.accepted[1].transport.close()
        pair.accepted[1].transport.write(b"late")
        pair.transport.close()
        await both_lost(pair)
        assert loop.is_running()


@program
async def reset_while_half_open():
    """After a true eof_received the connection may still fail; that is no close that nobody asked for."""
    async with Pair(Kept) as pair:
        raw = socket.create_connection(("127.0.0.1", pair.port))
        while len(pair.accepted) < 2 or pair.accepted[1].transport is None:
            await asyncio.sleep(0)
        raw.shutdown(socket.SHUT_WR)
        await pair.accepted[1].ended
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.close()
        for _ in range(100):
            pair.accepted[1].transport.write(b"x" * 1000)
            pair.accepted[1].transport.is_closing()
            pair.accepted[1].transport.is_reading()
            if pair.accepted[1].lost.done():
                break
            await asyncio.sleep(0.001)
        await pair.accepted[1].lost
        pair.transport.close()
        pair.server.transport.close()
        await both_lost(pair)


@program
async def close_in_eof_then_reset():
    class Closing(Buffered):
        def eof_received(self):
            self.transport.write(b"x" * 5000000)
            self.transport.close()

    async with Pair(Closing) as pair:
        raw = socket.create_connection(("127.0.0.1", pair.port))
        raw.shutdown(socket.SHUT_WR)
        while len(pair.accepted) < 2 or pair.accepted[1].transport is None:
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.close()
        await pair.accepted[1].lost
        pair.transport.close()
        await both_lost(pair)


@program
async def switch_protocols():
    """A plain protocol reads a line, and a buffered one what follows."""
    class First(Plain):
        transport = None

        def data_received(self, data):
            super().data_received(data)
            self.second = Buffered()
            self.second.transport = self.transport
            self.transport.set_protocol(self.second)
            assert self.transport.get_protocol() is self.second
            self.transport.write(b"go on")

    async with Pair(First) as pair:
        pair.transport.write(b"line")
        while not pair.client.received:
            await asyncio.sleep(0.001)
        pair.transport.write(b"more")
        pair.transport.close()
        await pair.client.lost
        await pair.server.second.lost
        assert pair.server.second.received == b"more"


@program
async def plain_protocols():
    class PlainEcho(Plain):
        transport = None

        def data_received(self, data):
            self.transport.write(data)

    async with Pair(PlainEcho, Plain) as pair:
        pair.transport.write(b"x" * 1000)
        await asyncio.sleep(0.01)
        pair.transport.close()
        await both_lost(pair)


@program
async def many_connections():
    async with Pair(Echo) as pair:
        others = [await pair.connect() for _ in range(150)]
        for transport, _ in others:
            transport.write(b"x" * 100)
        await asyncio.sleep(0.05)
        for transport, client in others:
            transport.close()
            await client.lost
        for _ in range(150):
            transport, client = await pair.connect()
            transport.abort()
            await client.lost
        pair.transport.close()
        await both_lost(pair)
        for server in pair.accepted:
            await server.lost


@program
async def empty_buffer():
    """An error of the application's, reported as one."""
    class Empty(Buffered):
        size = 0

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    async with Pair(Empty) as pair:
        pair.transport.write(b"x")
        exc = await pair.server.lost
        assert isinstance(exc, RuntimeError), exc
        await both_lost(pair)


@program
async def sends_a_file():
    import tempfile
    async with Pair() as pair:
        with tempfile.TemporaryFile() as file:
            file.write(b"f" * 200000)
            file.seek(0)
            pair.transport.write(b"head")
            await asyncio.get_running_loop().sendfile(pair.transport, file)
        pair.transport.write(b"tail")
        pair.transport.close()
        await both_lost(pair)
        assert len(pair.server.received) == 200008


@program
async def streams_on_top():
    """A StreamReaderProtocol, as asyncio.open_connection makes it."""
    loop = asyncio.get_running_loop()
    async with Pair(Echo) as pair:
        reader = asyncio.StreamReader(limit=100)
        transport, protocol = await loop.create_connection(
            recorded(lambda: asyncio.StreamReaderProtocol(reader)), "127.0.0.1", pair.port)
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        writer.write(b"z" * 5000)
        await writer.drain()
        assert await reader.readexactly(5000) == b"z" * 5000
        writer.close()
        await writer.wait_closed()
        pair.transport.close()
        await both_lost(pair)
        for server in pair.accepted:
            await server.lost


@program
async def left_alone():
    """What stands in front of a protocol is as good as the protocol."""
    class Own(Buffered):
        def __init__(self):
            super().__init__()
            self.number = 5

    async with Pair(Own, Own) as pair:
        client = pair.client
        assert isinstance(client, Own) and isinstance(client, asyncio.BufferedProtocol)
        client.number += 1
        inner = pair.transport.get_protocol()
        assert inner.number == 6 and type(inner) is Own and client == inner and client in {inner}
        assert pair.transport.get_extra_info("peername")[1] == pair.port
        pair.transport.close()
        await both_lost(pair)


@program
async def left_open():
    """The program ends with a connection open: nobody knows what was to come."""
    async with Pair() as pair:
        pair.transport.write(b"x")
        await asyncio.sleep(0.01)


@program
async def broken_close_in_get_buffer():
    """Unmodified CPython reads on into the buffer of a get_buffer that closed."""
    class Closing(Buffered):
        def get_buffer(self, sizehint):
            self.transport.close()
            return self.buffer

    async with Pair(Closing) as pair:
        pair.transport.write(b"x")
        await both_lost(pair)


async def run(name):
    await asyncio.wait_for(programs[name](), BOUND)


if sys.argv[1] == "--list":
    print("\n".join(programs))
else:
    TRACE = sys.argv[2]
    asyncio.run(run(sys.argv[1]))
