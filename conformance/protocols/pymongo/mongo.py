"""pymongo's PyMongoProtocol, as its connection pool uses it: whoever waits for a
message gets it, and then lets the transport go on reading.

    weir test --stream conformance/protocols/pymongo/streams -- python3 conformance/protocols/pymongo/mongo.py
"""

import asyncio

from pymongo.network_layer import PyMongoProtocol

import weir_protocol

# The protocol makes futures of the running loop; nothing here has to run.
asyncio._set_running_loop(asyncio.new_event_loop())


class Reader(PyMongoProtocol):
    def __init__(self, observe):
        super().__init__()
        self.observe = observe

    def buffer_updated(self, nbytes):
        super().buffer_updated(nbytes)
        while self._done_messages:
            code, compressor, answered, data = self._done_messages.popleft().result()
            self.observe.event("message", f"{code} {compressor} {answered} ".encode() + bytes(data))
            self.transport.resume_reading()

    def close(self, exc=None):
        if exc is not None:
            self.observe.error(1, None, str(exc))
        super().close(exc)


weir_protocol.test(Reader)
