"""asyncio's selector event loop under Weir:
adapter.py [--selector epoll|poll|select] [--tls client|server|start [--version 1.2|1.3]]"""

import argparse
import asyncio
import os
import selectors
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "python"))
import loops  # noqa: E402
import secure  # noqa: E402
import weir  # noqa: E402

SELECTORS = {"epoll": "EpollSelector", "poll": "PollSelector", "select": "SelectSelector"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--selector", choices=sorted(SELECTORS), default="epoll")
    secure.add_options(parser)
    options = parser.parse_args()
    selector = weir.watched(getattr(selectors, SELECTORS[options.selector]))
    loops.test("asyncio", weir.version(), lambda: asyncio.SelectorEventLoop(selector()), **secure.arguments(options))


if __name__ == "__main__":
    main()
