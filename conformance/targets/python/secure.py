"""TLS: three ways from a connected socket to a transport, for loops.test().

    secure.add_options(parser)
    loops.test(..., **secure.arguments(parser.parse_args()))
"""

import asyncio

import loops
import weir


def client(context):
    async def create_connection(loop, connection):
        sock = connection.make_socket()
        await loop.create_connection(connection.first, sock=sock, ssl=context, server_hostname=weir.TLS_HOST)

    return create_connection


def server(context):
    async def connect_accepted_socket(loop, connection):
        await loop.connect_accepted_socket(connection.first, connection.make_socket(), ssl=context)

    return connect_accepted_socket


def start(context):
    """Plain first.  The application's protocol is set, and told of the connection, once
    it is TLS: start_tls() does not call connection_made (T5), and may read before it
    has returned."""

    async def start_tls(loop, connection):
        plain, _ = await loop.create_connection(asyncio.Protocol, sock=connection.make_socket())
        secure = await loop.start_tls(plain, asyncio.Protocol(), context, server_hostname=weir.TLS_HOST)
        protocol = connection.first()
        secure.set_protocol(protocol)
        loop.call_soon(protocol.connection_made, secure)

    return start_tls


WAYS = {"client": client, "server": server, "start": start}
# Not over TLS: half-close (D7).  Not yet: several connections.
MISSING = ("half_close", "write_eof", "connections")


def add_options(parser):
    parser.add_argument("--tls", choices=sorted(WAYS))
    parser.add_argument("--version", choices=["1.2", "1.3"], default="1.3")


def arguments(options):
    """The keyword arguments of loops.test() for such options."""
    if options.tls is None:
        return {}
    context = weir.tls(options.tls == "server", options.version)
    capabilities = [word for word in loops.CAPABILITIES if word not in MISSING]
    return {"way": WAYS[options.tls](context), "capabilities": capabilities + ["tls"]}
