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
    "read_pipe": "pause set_protocol plain buffer_kinds raise".split(),
    "write_pipe": "write_eof flow_control limits_query set_protocol plain writelines write_kinds raise".split(),
}

if "is_reading" in vars(asyncio.unix_events._UnixReadPipeTransport):  # 3.7 to 3.10 have none
    CAPABILITIES["read_pipe"].append("is_reading")


async def open_unix(loop, connection):
    sock = socket.socket(fileno=connection.descriptor)
    sock.setblocking(False)
    await loop.create_unix_connection(connection.first, sock=sock)


async def open_read_pipe(loop, connection):
    await loop.connect_read_pipe(connection.first, os.fdopen(connection.descriptor, "rb", 0))


async def open_write_pipe(loop, connection):
    await loop.connect_write_pipe(connection.first, os.fdopen(connection.descriptor, "wb", 0))


WAYS = {"unix": open_unix, "read_pipe": open_read_pipe, "write_pipe": open_write_pipe}


def opens(way):
    """Makes the transport of one connection, in this way."""

    def open_transport(connection, loop):
        def connected(task):
            if not task.cancelled() and task.exception() is not None:
                connection.fail("%s: %r" % (way.__name__, task.exception()))

        task = loop.create_task(way(loop, connection))
        task.add_done_callback(connected)
        return task

    return open_transport


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
            tasks = adapter.connect(run, loop, opens(WAYS[layer]))
        except Exception as error:
            run.fail("the adapter failed: %r" % error)
            loop.close()
            continue
        adapter.drive(run, loop)
        adapter.clear_away(run, loop, tasks)


if __name__ == "__main__":
    main()
