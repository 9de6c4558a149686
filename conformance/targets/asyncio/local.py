"""asyncio's transports on what no network lies behind: local.py unix|read_pipe|write_pipe"""

import argparse
import asyncio
import logging
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "python"))
import adapter  # noqa: E402
import weir  # noqa: E402

CAPABILITIES = {
    "unix": adapter.CAPABILITIES,
    "read_pipe": "pause is_reading set_protocol plain buffer_kinds raise".split(),
    "write_pipe": "write_eof flow_control limits_query set_protocol plain writelines write_kinds raise".split(),
}


async def open_unix(loop, run):
    connection = socket.socket(fileno=run.descriptor)
    connection.setblocking(False)
    await loop.create_unix_connection(run.first, sock=connection)


async def open_read_pipe(loop, run):
    await loop.connect_read_pipe(run.first, os.fdopen(run.descriptor, "rb", 0))


async def open_write_pipe(loop, run):
    await loop.connect_write_pipe(run.first, os.fdopen(run.descriptor, "wb", 0))


WAYS = {"unix": open_unix, "read_pipe": open_read_pipe, "write_pipe": open_write_pipe}


def connect(run, loop, way):
    """Makes the transport, and has the loop listen to the harness."""

    def wake():
        if run.wake():
            loop.stop()

    def connected(task):
        if not task.cancelled() and task.exception() is not None:
            run.fail("%s: %r" % (way.__name__, task.exception()))

    loop.set_exception_handler(lambda _, context: run.exception(context.get("exception")))
    loop.add_reader(run.control, wake)
    task = loop.create_task(way(loop, run))
    task.add_done_callback(connected)
    return task


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("layer", choices=sorted(WAYS))
    layer = parser.parse_args().layer
    logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)
    weir.layer(layer)
    weir.hello("asyncio", weir.version(), CAPABILITIES[layer])
    for run in weir.runs():
        loop = asyncio.SelectorEventLoop()
        try:
            task = connect(run, loop, WAYS[layer])
        except Exception as error:
            run.fail("the adapter failed: %r" % error)
            loop.close()
            continue
        adapter.drive(run, loop)
        adapter.clear_away(run, loop, task)


if __name__ == "__main__":
    main()
