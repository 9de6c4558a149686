"""asyncio's selector event loop under Weir:
adapter.py [--selector epoll|poll|select] [--tls client|server|start] [--version 1.2|1.3]"""

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
CAPABILITIES = "pause is_reading flow_control limits_query set_protocol plain writelines buffer_kinds write_kinds raise"
PLAIN_ALONE = "half_close write_eof"

RESTARTS_MAX = 1000


# ---- Three ways to a transport -------------------------------------------------


async def connect(loop, run, connection, context):
    """As a client, plain or TLS."""
    secure = {} if context is None else {"ssl": context, "server_hostname": weir.TLS_HOST}
    await loop.create_connection(run.first, sock=connection, **secure)


async def accept(loop, run, connection, context):
    """As a server whose connection was accepted elsewhere."""
    await loop.connect_accepted_socket(run.first, connection, ssl=context)


async def start_tls(loop, run, connection, context):
    """Plain first.  The application's protocol knows of the connection once it is TLS (T5)."""
    plain, _ = await loop.create_connection(asyncio.Protocol, sock=connection)
    protocol = run.first()
    secure = await loop.start_tls(plain, protocol, context, server_hostname=weir.TLS_HOST)
    if secure is None:  # 3.7 to 3.10, where connection_lost came first
        raise ConnectionAbortedError("start_tls gave no transport")
    protocol.connection_made(secure)


WAYS = {None: connect, "client": connect, "server": accept, "start": start_tls}


def open_transport(run, loop, way, context):
    """Makes the transport, and has the loop listen to the harness."""

    def wake():
        if run.wake():
            loop.stop()

    def opened(task):
        if not task.cancelled() and task.exception() is not None and run.transport is None:
            run.fail("%s: %r" % (WAYS[way].__name__, task.exception()))

    loop.set_exception_handler(lambda _, context: run.exception(context.get("exception")))
    loop.add_reader(run.control, wake)
    connection = socket.socket(fileno=run.descriptor)
    connection.setblocking(False)
    task = loop.create_task(WAYS[way](loop, run, connection, context))
    task.add_done_callback(opened)
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--selector", choices=sorted(SELECTORS), default="epoll")
    parser.add_argument("--tls", choices=sorted(filter(None, WAYS)))
    parser.add_argument("--version", choices=["1.2", "1.3"], default="1.3")
    options = parser.parse_args()
    selector = getattr(selectors, SELECTORS[options.selector])
    logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)
    context = weir.tls(options.tls == "server", options.version) if options.tls else None
    weir.hello("asyncio", weir.version(), (CAPABILITIES + " " + ("tls" if context else PLAIN_ALONE)).split())
    for run in weir.runs():
        loop = asyncio.SelectorEventLoop(selector())
        try:
            task = open_transport(run, loop, options.tls, context)
        except Exception as error:
            run.fail("the adapter failed: %r" % error)
            loop.close()
            continue
        drive(run, loop)
        clear_away(run, loop, task)


if __name__ == "__main__":
    main()
