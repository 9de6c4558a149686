"""asyncio's transports on what no network lies behind: local.py unix|read_pipe|write_pipe"""

import argparse
import asyncio
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "python"))
import loops  # noqa: E402
import weir  # noqa: E402

READ_PIPE = "pause set_protocol plain buffer_kinds raise".split()
WRITE_PIPE = "write_eof flow_control limits_query set_protocol plain writelines write_kinds raise".split()
if "is_reading" in vars(asyncio.unix_events._UnixReadPipeTransport):  # 3.7 to 3.10 have none
    READ_PIPE.append("is_reading")


async def create_unix_connection(loop, connection):
    await loop.create_unix_connection(connection.first, sock=connection.make_socket())


async def connect_read_pipe(loop, connection):
    await loop.connect_read_pipe(connection.first, os.fdopen(connection.descriptor, "rb", 0))


async def connect_write_pipe(loop, connection):
    await loop.connect_write_pipe(connection.first, os.fdopen(connection.descriptor, "wb", 0))


WAYS = {
    "unix": (create_unix_connection, loops.CAPABILITIES),
    "read_pipe": (connect_read_pipe, READ_PIPE),
    "write_pipe": (connect_write_pipe, WRITE_PIPE),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("layer", choices=sorted(WAYS))
    layer = parser.parse_args().layer
    way, capabilities = WAYS[layer]
    weir.layer(layer)
    loops.test("asyncio", weir.version(), asyncio.SelectorEventLoop, capabilities, way)


if __name__ == "__main__":
    main()
