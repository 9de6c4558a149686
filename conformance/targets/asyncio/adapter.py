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


def open_transport(connection, loop):
    """Makes the transport of one connection."""

    def connected(task):
        if not task.cancelled() and task.exception() is not None:
            connection.fail("create_connection: %r" % task.exception())

    sock = socket.socket(fileno=connection.descriptor)
    sock.setblocking(False)
    task = loop.create_task(loop.create_connection(connection.first, sock=sock))
    task.add_done_callback(connected)
    return task


def connect(run, loop):
    """Has the loop listen to the harness, and makes the first transport."""
    tasks = []

    def wake():
        if run.wake():
            loop.stop()

    def handle(_, context):
        run.exception(context.get("exception"), context.get("protocol"))

    loop.set_exception_handler(handle)
    loop.add_reader(run.control, wake)
    run.connect = lambda connection: tasks.append(open_transport(connection, loop))
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--selector", choices=sorted(SELECTORS), default="epoll")
    selector = getattr(selectors, SELECTORS[parser.parse_args().selector])
    logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)
    weir.hello("asyncio", weir.version(), CAPABILITIES)
    for run in weir.runs():
        loop = asyncio.SelectorEventLoop(selector())
        try:
            tasks = connect(run, loop)
        except Exception as error:
            run.fail("the adapter failed: %r" % error)
            loop.close()
            continue
        drive(run, loop)
        clear_away(run, loop, tasks)


if __name__ == "__main__":
    main()
