"""What every asyncio event loop is driven with: a connection on the simulated
socket, the loop run until the harness says stop, everything thrown away.

    loops.test("mine", mine.__version__, mine.new_event_loop, loops.CAPABILITIES)

../asyncio/adapter.py and ../uvloop/adapter.py are examples.  Python 3.7 and later.
"""

import contextlib
import importlib
import logging
import os
import socket
import sys

import secure
import weir

# What asyncio documents for a stream transport.
CAPABILITIES = (
    "half_close write_eof pause is_reading flow_control limits_query set_protocol plain writelines "
    "buffer_kinds write_kinds raise connections"
).split()
RESTARTS_MAX = 1000
UNAVAILABLE = 77


def installed(name):
    """The module of an implementation: the interpreter's own, or else the one that
    scripts/targets installed for it."""
    folder = os.environ.get("WEIR_TARGETS")
    if folder is not None:
        sys.path.append(os.path.join(folder, name, "%d.%d" % sys.version_info[:2]))
    try:
        return importlib.import_module(name)
    except ImportError as error:
        print("%s cannot be imported: %s; `scripts/targets` installs it" % (name, error), file=sys.stderr)
        sys.exit(UNAVAILABLE)


async def plain(loop, connection, sock):
    """The way to a transport: here as a client.  secure.py has others."""
    await loop.create_connection(connection.first, sock=sock)


def open_transport(connection, loop, way):
    """Makes the transport of one connection.  What fails behind connection_made is
    for the harness to see."""

    def connected(task):
        if not task.cancelled() and task.exception() is not None and connection.transport is None:
            connection.fail("%s: %r" % (way.__name__, task.exception()))

    sock = socket.socket(fileno=connection.descriptor)
    sock.setblocking(False)
    task = loop.create_task(way(loop, connection, sock))
    task.add_done_callback(connected)
    return task


def connect(run, loop, way):
    """Has the loop listen to the harness, and makes the first transport."""
    tasks = []

    def wake():
        if run.wake():
            loop.stop()

    def handle(_, context):
        run.exception(context.get("exception"), context.get("protocol"))

    loop.set_exception_handler(handle)
    loop.add_reader(run.control, wake)
    run.connect = lambda connection: tasks.append(open_transport(connection, loop, way))
    run.connect(run)
    return tasks


def drive(run, loop):
    """Runs the loop until the harness says stop.  A loop that gives up by itself
    (select() refuses a closed descriptor that is still watched) is a fault of the
    implementation's, and goes on being asked."""
    for _ in range(RESTARTS_MAX):
        try:
            loop.run_forever()
            return
        except Exception as error:
            run.exception(error)
        if run.is_over():
            return
    run.fail("the loop gives up whenever it is run")


def clear_away(run, loop, tasks):
    """What fails here has been judged in the run, or is nobody's business."""
    with contextlib.suppress(Exception):
        loop.remove_reader(run.control)
        for task in tasks:
            task.cancel()
        for connection in run.connections:
            if connection.transport is not None:
                with contextlib.suppress(Exception):
                    connection.transport.abort()
        # Twice: connection_lost is called in the turn after abort().
        for _ in range(2):
            loop.call_soon(loop.stop)
            loop.run_forever()
    with contextlib.suppress(Exception):
        loop.close()


def add_tls_options(parser):
    parser.add_argument("--tls", choices=sorted(secure.WAYS))
    parser.add_argument("--version", choices=["1.2", "1.3"], default="1.3")


def tls(options):
    """The keyword arguments of test() for such options."""
    return secure.choose(options.tls, options.version, CAPABILITIES) if options.tls else {}


def test(name, version, new_loop, capabilities=CAPABILITIES, way=plain):
    """Says hello, and runs what the harness asks for."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)
    weir.hello(name, version, capabilities)
    for run in weir.runs():
        loop = new_loop()
        try:
            tasks = connect(run, loop, way)
        except Exception as error:
            run.fail("the adapter failed: %r" % error)
            loop.close()
            continue
        drive(run, loop)
        clear_away(run, loop, tasks)
