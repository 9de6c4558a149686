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
    "buffer_kinds write_kinds raise"
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


def connect(run, loop):
    """Makes the transport, and has the loop listen to the harness."""

    def wake():
        if run.wake():
            loop.stop()

    def connected(task):
        if not task.cancelled() and task.exception() is not None:
            run.fail("create_connection: %r" % task.exception())

    loop.set_exception_handler(lambda _, context: run.exception(context.get("exception")))
    loop.add_reader(run.control, wake)
    connection = socket.socket(fileno=run.descriptor)
    connection.setblocking(False)
    task = loop.create_task(loop.create_connection(run.first, sock=connection))
    task.add_done_callback(connected)
    return task


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


def clear_away(run, loop, task):
    """What fails here has been judged in the run, or is nobody's business."""
    with contextlib.suppress(Exception):
        loop.remove_reader(run.control)
        task.cancel()
        if run.transport is not None:
            with contextlib.suppress(Exception):
                run.transport.abort()
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


def test(name, version, new_loop, capabilities=CAPABILITIES, connect=connect):
    """Says hello, and runs what the harness asks for."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)
    weir.hello(name, version, capabilities)
    for run in weir.runs():
        loop = new_loop()
        try:
            task = connect(run, loop)
        except Exception as error:
            run.fail("the adapter failed: %r" % error)
            loop.close()
            continue
        drive(run, loop)
        clear_away(run, loop, task)
