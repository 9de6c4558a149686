"""aiofastnet's transports on asyncio's selector event loop under Weir."""

import asyncio
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "python"))
import loops  # noqa: E402


def main():
    aiofastnet = loops.installed("aiofastnet")
    loops.test("aiofastnet", aiofastnet.__version__, lambda: aiofastnet.patch_loop(asyncio.SelectorEventLoop()))


if __name__ == "__main__":
    main()
