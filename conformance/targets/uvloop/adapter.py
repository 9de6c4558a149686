"""uvloop under Weir: adapter.py [--tls client|server|start [--version 1.2|1.3]]"""

import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "python"))
import loops  # noqa: E402
import secure  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--own", action="store_true", help="the interpreter's own uvloop")
    secure.add_options(parser)
    options = parser.parse_args()
    uvloop = loops.installed("uvloop", options.own)
    loops.test("uvloop", uvloop.__version__, uvloop.new_event_loop, **secure.arguments(options))


if __name__ == "__main__":
    main()
