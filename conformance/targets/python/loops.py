"""What every asyncio event loop is driven with: a connection on the simulated
socket, the loop run until the harness says stop, everything thrown away.

    loops.test("mine", mine.__version__, mine.new_event_loop, loops.CAPABILITIES)

../asyncio/adapter.py and ../uvloop/adapter.py are examples.  Python 3.7 and later.
"""

import contextlib
import importlib
import logging
import os
import sys

import weir

# What asyncio documents for a stream transport.
CAPABILITIES = (
    "half_close write_eof pause is_reading flow_control limits_query set_protocol plain writelines "
    "buffer_kinds write_kinds raise connections"
).split()
RESTARTS_MAX = 1000
UNAVAILABLE = 77


def installed(name, own=False):
    """The module of an implementation: the one that scripts/targets installed for this
    interpreter, or else (own: in any case) the interpreter's own."""
    folder = os.environ.get("WEIR_TARGETS")
    if folder is not None and not own:
        sys.path.insert(0, os.path.join(folder, name, "%d.%d" % sys.version_info[:2]))
    try:
        return importlib.import_module(name)
    except ImportError as error:
        print("%s cannot be imported: %s; `scripts/targets` installs it" % (name, error), file=sys.stderr)
        sys.exit(UNAVAILABLE)


async def create_connection(loop, connection):
    """The way to a transport: here as a client.  secure.py has others."""
    await loop.create_connection(connection.first, sock=connection.make_socket())


class Harness:
    """A loop that listens to the harness, for one run after another.  As long as a
    run leaves nothing behind, the next one has the same loop; after any other it
    is thrown away."""

    def __init__(self, loop, control, way):
        self.loop, self.control, self.way = loop, control, way
        self.run = None
        loop.set_exception_handler(self.handle)
        loop.add_reader(control, self.wake)
        # The loop's own pipe and the harness's descriptor.
        self.watched = dict(getattr(getattr(loop, "_selector", None), "_fd_to_key", ()))

    def begin(self, run):
        self.run, self.tasks, self.odd = run, [], False
        run.connect = self.connect
        run.connect(run)

    def wake(self):
        if self.run.wake():
            self.loop.stop()

    def handle(self, _, context):
        self.odd = True
        self.run.exception(context.get("exception"), context.get("protocol"))

    def connect(self, connection):
        """Makes the transport of one connection."""

        def connected(task):
            if not task.cancelled() and task.exception() is not None and connection.transport is None:
                connection.fail("%s: %r" % (self.way.__name__, task.exception()))

        task = self.loop.create_task(self.way(self.loop, connection))
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
        the loop has nothing to do, to wait for or to look at.  Of a loop that cannot be
        looked into, that is not known."""
        if self.odd or self.run.failed or self.loop.is_closed() or not all(task.done() for task in self.tasks):
            return False
        for connection in self.run.connections:
            sock = connection.socket
            if not connection.lost or sock is None or sock.fileno() >= 0:
                return False
        try:
            queued = self.loop._ready or self.loop._scheduled or self.loop._stopping
            return not queued and self.loop._selector._fd_to_key == self.watched
        except AttributeError:
            return False

    def clear_away(self):
        """What fails here has been judged in the run, or is nobody's business."""
        with contextlib.suppress(Exception):
            self.loop.remove_reader(self.control)
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


def test(name, version, new_loop, capabilities=CAPABILITIES, way=create_connection):
    """Says hello, and runs what the harness asks for.  way(loop, connection) is a
    coroutine function that makes the transport of one connection."""
    hello(name, version, capabilities)
    serve(new_loop, way)


def hello(name, version, capabilities=CAPABILITIES):
    logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)
    weir.hello(name, version, capabilities)


def serve(new_loop, way=create_connection, harness=None):
    """Runs what the harness asks for, until it asks for nothing more.  Returns what
    may be given again where it asks for more later (fuzz/cpython.py)."""
    for run in weir.runs():
        try:
            if harness is None:
                harness = Harness(new_loop(), run.control, way)
            harness.begin(run)
        except Exception as error:
            run.fail("the adapter failed: %r" % error)
        else:
            harness.drive()
        run.clean = harness is not None and harness.is_clean()
        if harness is not None and not run.clean:
            harness.clear_away()
            harness = None
    return harness
