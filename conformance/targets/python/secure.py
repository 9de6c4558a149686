"""TLS: three ways from a connected socket to a transport, for loops.test(way=...)."""

import asyncio

import weir


def client(context):
    async def create_connection(loop, connection):
        await loop.create_connection(
            connection.first, sock=connection.make_socket(), ssl=context, server_hostname=weir.TLS_HOST
        )

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


def choose(side, version, capabilities):
    """What loops.test() needs for the way `side`, as its keyword arguments."""
    context = weir.tls(side == "server", version)
    return {
        "way": WAYS[side](context),
        "capabilities": [word for word in capabilities if word not in MISSING] + ["tls"],
    }
