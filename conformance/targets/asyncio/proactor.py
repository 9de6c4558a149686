"""asyncio's proactor transport, which asyncio uses on Windows, unmodified:
proactor.py [--tls client|server|start [--version 1.2|1.3]]

The transport asks a proactor to receive and to send, and is told when that is done.
Here the proactor does it on a non-blocking descriptor, as overlapped operations of
Windows do: at once where it can be done at once, and what is to be sent, all of it.
A connection that has failed fails every operation from then on; Linux would tell the
first one alone, and show the next an end of the stream.
"""

import argparse
import asyncio
import os
import selectors
import sys
import weakref
from asyncio import proactor_events

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "python"))
import loops  # noqa: E402
import secure  # noqa: E402
import weir  # noqa: E402

IN_ORDER = (selectors.EVENT_READ, selectors.EVENT_WRITE)


class Operation(asyncio.Future):
    """Something under way on a descriptor.  Cancelled, it is not done any more."""

    def __init__(self, proactor, sock, event, advance):
        super().__init__(loop=proactor.loop)
        self.proactor, self.sock, self.event, self.advance = proactor, sock, event, advance
        self.descriptor = sock.fileno()

    def cancel(self, *arguments, **named):
        self.proactor.forget(self)
        return super().cancel(*arguments, **named)

    def go_on(self):
        """True: it is done, or has failed."""
        failures = self.proactor.failures
        try:
            if self.sock in failures:
                raise failures[self.sock]
            self.set_result(self.advance())
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            failures[self.sock] = error
            self.set_exception(error)
        return True


class Proactor:
    """What BaseProactorEventLoop asks of an IocpProactor for a connected socket."""

    def __init__(self):
        self.loop = None
        self.selector = selectors.EpollSelector()
        self.failures = weakref.WeakKeyDictionary()  # by socket

    def set_loop(self, loop):
        self.loop = loop

    @property
    def _fd_to_key(self):  # what loops.Harness looks at
        return self.selector._fd_to_key

    # What the transports ask for.

    def recv(self, sock, size, flags=0):
        return self.start(sock, selectors.EVENT_READ, lambda: sock.recv(size, flags))

    def recv_into(self, sock, buffer, flags=0):
        return self.start(sock, selectors.EVENT_READ, lambda: sock.recv_into(buffer, 0, flags))

    def send(self, sock, data, flags=0):
        total = len(data)
        rest = memoryview(data)

        def advance():
            nonlocal rest
            while rest:
                rest = rest[sock.send(rest, flags) :]
            return total

        return self.start(sock, selectors.EVENT_WRITE, advance)

    def start(self, sock, event, advance):
        operation = Operation(self, sock, event, advance)
        if not operation.go_on():
            self.change(operation.descriptor, event, operation)
        return operation

    # Who waits for what, by descriptor: {event: operation or callback}.

    def change(self, descriptor, event, waiting):
        try:
            known = dict(self.selector.get_key(descriptor).data)
        except KeyError:
            known = {}
        if waiting is None:
            known.pop(event, None)
        else:
            known[event] = waiting
        try:
            self.selector.unregister(descriptor)
        except KeyError:
            pass
        if known:
            self.selector.register(descriptor, sum(known), known)

    def forget(self, operation):
        try:
            known = self.selector.get_key(operation.descriptor).data
        except KeyError:
            return
        if known.get(operation.event) is operation:
            self.change(operation.descriptor, operation.event, None)

    # What the loop asks for.

    def select(self, timeout=None):
        for key, ready in self.selector.select(timeout):
            for event in IN_ORDER:
                waiting = key.data.get(event) if ready & event else None
                if not isinstance(waiting, Operation):
                    if waiting is not None:
                        self.loop.call_soon(waiting)
                elif not waiting.done() and waiting.go_on():
                    self.forget(waiting)
        return []

    def _stop_serving(self, sock):
        pass

    def close(self):
        self.selector.close()


class Loop(proactor_events.BaseProactorEventLoop):
    """With the one thing that the harness needs of a loop beside the transport."""

    def __init__(self):
        super().__init__(Proactor())

    def add_reader(self, descriptor, callback):
        self._proactor.change(descriptor, selectors.EVENT_READ, callback)

    def remove_reader(self, descriptor):
        self._proactor.change(descriptor, selectors.EVENT_READ, None)


def main():
    parser = argparse.ArgumentParser()
    secure.add_options(parser)
    loops.test("asyncio", weir.version(), Loop, **secure.arguments(parser.parse_args()))


if __name__ == "__main__":
    main()
