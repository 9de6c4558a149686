"""asyncio's selector event loop under Weir: adapter.py [--selector epoll|poll|select]"""

import argparse
import asyncio
import os
import selectors
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "python"))
import loops  # noqa: E402
import weir  # noqa: E402

SELECTORS = {"epoll": "EpollSelector", "poll": "PollSelector", "select": "SelectSelector"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--selector", choices=sorted(SELECTORS), default="epoll")
    selector = getattr(selectors, SELECTORS[parser.parse_args().selector])
    loops.test("asyncio", weir.version(), lambda: asyncio.SelectorEventLoop(selector()))


if __name__ == "__main__":
    main()
