import asyncio, weir_protocol

class Lines(asyncio.BufferedProtocol):
    def __init__(self, observe):
        self.observe, self.buffer, self.rest = observe, bytearray(64), b""

    def get_buffer(self, sizehint):
        return self.buffer

    def buffer_updated(self, nbytes):
        *lines, self.rest = (self.rest + self.buffer[:nbytes]).split(b"\n")
        for line in lines:
            self.observe.event("line", line)

weir_protocol.test(Lines)
