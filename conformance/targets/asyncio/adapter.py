"""asyncio's selector event loop under Weir: adapter.py [--selector epoll|poll|select]"""

import argparse
import asyncio
import contextlib
import logging
import os
import selectors
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "python"))
import weir  # noqa: E402

SELECTORS = {"epoll": "EpollSelector", "poll": "PollSelector", "select": "SelectSelector"}
CAPABILITIES = (
    "half_close write_eof pause is_reading flow_control limits_query set_protocol plain writelines "
    "buffer_kinds write_kinds raise connections"
).split()


RESTARTS_MAX = 1000


class Harness:
    """A loop that listens to the harness, for one run after another.  As long as a
    run leaves nothing behind, the next one has the same loop; after any other it
    is thrown away."""

    def __init__(self, selector, run):
        self.loop = asyncio.SelectorEventLoop(selector)
        self.begin(run)
        self.loop.set_exception_handler(self.handle)
        self.loop.add_reader(run.control, self.wake)
        # The loop's own pipe and the harness's descriptor.
        self.watched = dict(getattr(self.loop._selector, "_fd_to_key", ()))

    def begin(self, run):
        self.run, self.tasks, self.sockets, self.odd = run, [], [], False

    def wake(self):
        if self.run.wake():
            self.loop.stop()

    def handle(self, _, context):
        self.odd = True
        self.run.exception(context.get("exception"), context.get("protocol"))

    def connect(self, connection):
        """Makes the transport of one connection."""

        def connected(task):
            if not task.cancelled() and task.exception() is not None:
                connection.fail("create_connection: %r" % task.exception())

        sock = socket.socket(fileno=connection.descriptor)
        sock.setblocking(False)
        self.sockets.append(sock)
        task = self.loop.create_task(self.loop.create_connection(connection.first, sock=sock))
        task.add_done_callback(connected)
        self.tasks.append(task)

    def drive(self):
        """Runs the loop until the harness says stop.  A loop that gives up by itself
        (select() refuses a closed descriptor that is still watched) is a fault of the
        implementation's, and goes on being asked."""
        for _ in range(RESTARTS_MAX):
            try:
                self.loop.run_forever()
                return
            except Exception as error:
                self.odd = True
                self.run.exception(error)
            if self.run.is_over():
                return
        self.run.fail("the loop gives up whenever it is run")

    def is_clean(self):
        """Nothing is left of the run: every connection was lost and its socket closed, and
        the loop has nothing to do, to wait for or to look at."""
        if self.odd or self.run.failed or self.loop.is_closed():
            return False
        if not all(connection.lost for connection in self.run.connections):
            return False
        if not all(task.done() for task in self.tasks) or any(sock.fileno() >= 0 for sock in self.sockets):
            return False
        try:
            queued = self.loop._ready or self.loop._scheduled or self.loop._stopping
            return not queued and self.loop._selector._fd_to_key == self.watched
        except AttributeError:
            return False

    def clear_away(self):
        """What fails here has been judged in the run, or is nobody's business."""
        with contextlib.suppress(Exception):
            self.loop.remove_reader(self.run.control)
            for task in self.tasks:
                task.cancel()
            for connection in self.run.connections:
                if connection.transport is not None:
                    with contextlib.suppress(Exception):
                        connection.transport.abort()
            # Twice: connection_lost is called in the turn after abort().
            for _ in range(2):
                self.loop.call_soon(self.loop.stop)
                self.loop.run_forever()
        with contextlib.suppress(Exception):
            self.loop.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--selector", choices=sorted(SELECTORS), default="epoll")
    selector = getattr(selectors, SELECTORS[parser.parse_args().selector])
    logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)
    weir.hello("asyncio", weir.version(), CAPABILITIES)
    harness = None
    for run in weir.runs():
        try:
            if harness is None:
                harness = Harness(selector(), run)
            harness.begin(run)
            run.connect = harness.connect
            run.connect(run)
        except Exception as error:
            run.fail("the adapter failed: %r" % error)
        else:
            harness.drive()
        run.clean = harness is not None and harness.is_clean()
        if harness is not None and not run.clean:
            harness.clear_away()
            harness = None


if __name__ == "__main__":
    main()
